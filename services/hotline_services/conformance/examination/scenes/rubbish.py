"""What cannot be used."""

from typing import Final

import msgspec

from hotline_protocol.events import InputRejected, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import CancelPlan, SubmitPlan
from hotline_protocol.line import Answer, Busy, Reason, Ring
from hotline_protocol.topics import INJECT, LINE, encode
from hotline_services.conformance.examination.air import Air
from hotline_services.conformance.examination.case import Case, Taking
from hotline_services.conformance.examination.scene import NotTestedError, Script, scene, step

CLAIMS: Final = 5


@scene(
    "Rubbish",
    call=step("We ring, to see that it answers, and hang up."),
    bytes=step("We say bytes that are no JSON.", "REJ-1", "REJ-4"),
    type=step("We say a message of a type that there is not.", "REJ-2", "REJ-4"),
    field=step("We ring and leave out for what reason.", "REJ-3", "REJ-4"),
    plan=step("We have it fly a plan that ends before it begins.", "REJ-5", "REJ-4"),
    more=step("We ring, with a field more than there is: it answers.", "WIRE-4", "REJ-4"),
)
def rubbish(case: Case) -> Script:
    """Whose fault it is, is said; and nothing else comes of it."""
    case.step("call")
    yield from case.see_that_it_answers()
    topic, envelope = LINE.filter(source=case.brief.us, to=case.brief.them), _a_ring(case)
    case.step("bytes")
    case.peer.utter(topic, b"\xff\xfe{ this is no message")
    told = yield from _rejected(case, topic)
    yield from _goes_on(case, case.check("REJ-1", _says_why(told), f"input-rejected, of {topic}", told))
    case.step("type")
    case.peer.utter(topic, _changed(case, envelope, {"type": "sing"}))
    told = yield from _rejected(case, topic)
    yield from _goes_on(case, case.check("REJ-2", _says_why(told), f"input-rejected, of {topic}", told))
    case.step("field")
    case.peer.utter(topic, _changed(case, {name: value for name, value in envelope.items() if name != "reason"}, {}))
    told = yield from _rejected(case, topic)
    named = told is not None and "reason" in f"{told.problem.field} {told.problem.reason}"
    yield from _goes_on(case, case.check("REJ-3", named, "input-rejected that names the field reason", told))
    yield from _bad_plan(case)
    yield from _one_field_more(case, topic)


@scene(
    "False names",
    call=step("We ring, to see that it answers, and hang up."),
    claim=step("On `inject`, where anybody may type, orders claim to be ours, in our next numbers.", "REJ-6"),
    ring=step("We ring, in one of these numbers: it answers.", "REJ-7"),
)
def false_names(case: Case) -> Script:
    """A name in a message is a claim. Whoever believes it takes what its bearer says next for a repetition."""
    case.step("call")
    yield from case.see_that_it_answers()
    case.step("claim")
    us, them, epoch = case.brief.us, case.brief.them, case.brief.epoch
    topic, said = INJECT.filter(to=them), case.peer.last_seq
    for number in range(said + 1, said + 1 + CLAIMS):
        name = f"{us}-{epoch}-{number}"
        claim = CancelPlan(id=name, source=us, seq=number, epoch=epoch, time=case.now, to=them, plan_id="none")
        case.peer.utter(topic, encode(claim))
    told = yield from _rejected(case, topic)
    case.check("REJ-6", _says_why(told), f"input-rejected, of {topic}", told)
    case.step("ring")
    ring = case.ring()
    answer = yield from case.answer_to(ring)
    case.check("REJ-7", answer, f"an answer to {ring.call_id}, number {ring.seq}", answer)
    if isinstance(answer, Answer):
        case.call_id = answer.call_id


def _a_ring(case: Case) -> dict[str, object]:
    """The fields of a ring that is not said."""
    case.peer.calls += 1
    call_id = f"{case.brief.us}-{case.brief.epoch}-c{case.peer.calls}"
    ring = case.peer.draft(Ring, call_id=call_id, reason=Reason.ROUTINE, tier=case.rules.tiers[0].tier)
    fields: dict[str, object] = msgspec.json.decode(encode(ring))
    return fields


def _changed(case: Case, envelope: dict[str, object], changes: dict[str, object]) -> bytes:
    return msgspec.json.encode(envelope | {"id": case.peer.next_id("odd")} | changes)


def _goes_on(case: Case, answered: bool) -> Script:  # noqa: FBT001  the verdict that led here
    """Where nothing was said to rubbish: whether it is still there. Raises NotTestedError when it is not."""
    if answered:
        return
    try:
        yield from case.see_that_it_answers()
    except NotTestedError as error:
        case.check("REJ-4", kept=False, expected="an answer to a ring, as before", came=error)
        raise NotTestedError("it has not answered any more since it heard rubbish") from error


def _rejected(case: Case, topic: str) -> Taking[InputRejected | None]:
    return (yield from case.hear(InputRejected, within_s=case.brief.real(5), where=lambda m: m.topic == topic))


def _says_why(told: InputRejected | None) -> bool:
    return told is not None and bool(told.problem.field and told.problem.reason)


def _bad_plan(case: Case) -> Script:
    case.step("plan")
    air = Air(case.peer)
    window = air.window()
    plan = air.plan(air.contested, window)
    plan = msgspec.structs.replace(plan, start=window.end, end=window.start)
    case.inject(SubmitPlan, plan=plan)
    status = yield from case.hear(PlanStatus, within_s=case.offer_s, where=lambda m: m.plan_id == plan.plan_id)
    refused = status is not None and status.state is PlanState.REFUSED and status.problem is not None
    why = f"{status.state.value}: {status.problem}" if status else None
    kept = case.check("REJ-5", refused, f"plan-status of {plan.plan_id}: refused, with its problem", why)
    yield from _goes_on(case, kept)


def _one_field_more(case: Case, topic: str) -> Script:
    yield from case.see_that_it_answers()
    case.step("more")
    case.check("REJ-4", kept=True, expected="an answer to a ring, as before")
    ring = _a_ring(case)
    call_id = ring["call_id"]
    case.peer.utter(topic, msgspec.json.encode(ring | {"mood": "fair", "notes": [1, {"of": "a later version"}]}))
    answer = yield from case.hear(Answer, Busy, within_s=case.timing.ring_s, where=lambda m: m.call_id == call_id)
    case.check("WIRE-4", answer, f"an answer to {call_id}", answer)
    if isinstance(answer, Answer):
        case.call_id = answer.call_id
