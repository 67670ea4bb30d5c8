"""What cannot be used."""

import msgspec

from hotline_protocol.events import InputRejected, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.line import Answer, Busy, Reason, Ring
from hotline_protocol.topics import encode
from hotline_services.conformance.air import Air
from hotline_services.conformance.case import Case, Taking
from hotline_services.conformance.scene import Script, scene, step


@scene(
    "Rubbish",
    bytes=step("We say bytes that are no JSON.", "REJ-1"),
    type=step("We say a message of a type that there is not.", "REJ-2"),
    field=step("We ring and leave out for what reason.", "REJ-3"),
    plan=step("We have it fly a plan that ends before it begins.", "REJ-5"),
    more=step("We ring, with a field more than there is: it answers.", "WIRE-4", "REJ-4"),
)
def rubbish(case: Case) -> Script:
    """Whose fault it is, is said; and nothing else comes of it."""
    case.step("bytes")
    topic = case.peer.utter_on_line(b"\xff\xfe{ this is no message")
    told = yield from _rejected(case, topic)
    case.check("REJ-1", _says_why(told), f"input-rejected, of {topic}", told)
    case.step("type")
    template = case.peer.draft(Ring, call_id="none", reason=Reason.ROUTINE, tier=case.rules.tiers[0].tier)
    envelope = msgspec.json.decode(encode(template))
    case.peer.utter_on_line(msgspec.json.encode(envelope | {"type": "sing", "id": case.peer.next_id("odd")}))
    told = yield from _rejected(case, topic)
    case.check("REJ-2", _says_why(told), f"input-rejected, of {topic}", told)
    case.step("field")
    lacking = {name: value for name, value in envelope.items() if name != "reason"}
    case.peer.utter_on_line(msgspec.json.encode(lacking | {"id": case.peer.next_id("odd")}))
    told = yield from _rejected(case, topic)
    named = told is not None and "reason" in f"{told.problem.field} {told.problem.reason}"
    case.check("REJ-3", named, "input-rejected that names the field reason", told)
    yield from _bad_plan(case)
    yield from _one_field_more(case)


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
    case.check("REJ-5", refused, f"plan-status of {plan.plan_id}: refused, with its problem", why)


def _one_field_more(case: Case) -> Script:
    case.step("more")
    case.peer.calls += 1
    call_id = f"{case.brief.us}-{case.brief.epoch}-c{case.peer.calls}"
    ring = case.peer.draft(Ring, call_id=call_id, reason=Reason.ROUTINE, tier=case.rules.tiers[0].tier)
    fields = msgspec.json.decode(encode(ring)) | {"mood": "fair", "notes": [1, {"of": "a later version"}]}
    case.peer.utter_on_line(msgspec.json.encode(fields))
    answer = yield from case.hear(Answer, Busy, within_s=case.timing.ring_s, where=lambda m: m.call_id == call_id)
    if case.check("WIRE-4", answer, f"an answer to {call_id}", answer):
        case.check("REJ-4", kept=True, expected="that it goes on")
        case.call_id = call_id if isinstance(answer, Answer) else None
        return
    yield from case.call()  # without the field more: is it there at all?
    case.check("REJ-4", kept=True, expected="that it goes on")
