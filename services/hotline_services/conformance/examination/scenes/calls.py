"""Calls: who rings, who answers, who hangs up, and when."""

from datetime import datetime, timedelta

from hotline_protocol.events import CallEnded
from hotline_protocol.injection import Advice, AdviceKind, PassAdvice
from hotline_protocol.line import (
    Advise,
    Affirm,
    Answer,
    Busy,
    CallOutcome,
    HangUp,
    LineCheck,
    LineChecked,
    Noted,
    ReadBack,
    Reason,
    Ring,
)
from hotline_services.conformance.examination.air import Air
from hotline_services.conformance.examination.case import Case, Taking
from hotline_services.conformance.examination.scene import Script, scene, step


@scene(
    "A call from us",
    ring=step("We ring its duty officer.", "CALL-1", "WIRE-5"),
    beside=step("While we talk, we ring once more, in another call.", "CALL-2"),
    over=step("We hang up, and then ask for a line check in the call that is over.", "CALL-3"),
    again=step("We ring again.", "CALL-4"),
)
def a_call(case: Case) -> Script:
    """From the ring to the next one."""
    case.step("ring")
    ring = case.ring()
    answer = yield from case.answer_to(ring)
    if isinstance(answer, Busy):
        case.check("CALL-1", kept=True, expected="an answer, or busy", came=answer)
        yield from case.pause(case.timing.redial_s)
        yield from case.call()
    else:
        case.check("CALL-1", answer, f"answer or busy in {case.timing.ring_s:g} s", answer)
        answer = case.needed(answer, "it does not answer")
        case.call_id = ring.call_id
        case.check("WIRE-5", answer.cause == ring.id, f"cause {ring.id}", answer.cause)
    case.step("beside")
    other = case.ring()
    beside = yield from case.answer_to(other)
    case.check("CALL-2", isinstance(beside, Busy), f"busy, for {other.call_id}", beside)
    case.step("over")
    over = str(case.call_id)
    case.hang_up()
    yield from case.pause(case.brief.slack_s)
    case.say(LineCheck, call_id=over, agreement=case.rules.digest, heads=case.peer.books.heads)
    words = yield from case.hear(LineChecked, within_s=case.timing.silence_s, where=lambda m: m.call_id == over)
    case.check("CALL-3", words is None, "nothing, or a hang-up", words)
    case.step("again")
    free = yield from _rings_again(case)
    case.check("CALL-4", isinstance(free, Answer), "an answer", free)


def _rings_again(case: Case) -> Taking[Answer | Busy | None]:
    ring = case.ring()
    answer = yield from case.answer_to(ring)
    if isinstance(answer, Answer):
        case.call_id = ring.call_id
    return answer


@scene(
    "A call in which we say nothing",
    ring=step("We ring, are answered, and are silent: it waits as long as agreed, and hangs up.", "SIL-2", "SIL-3"),
)
def silence(case: Case) -> Script:
    """The agreed silence."""
    case.step("ring")
    yield from case.call()
    since = case.now
    silence_s = case.timing.silence_s
    over = yield from case.hear(HangUp, within_s=silence_s, where=case.in_call)
    case.check("SIL-2", over, f"a hang-up after {silence_s:g} s", over)
    if over is not None:
        case.call_id = None
        waited_s = (case.now - since).total_seconds() + case.brief.slack_s
        case.check("SIL-3", waited_s >= silence_s, f"none for {silence_s:g} s", f"one after {waited_s:.1f} s")


# It rings us: it is given something to tell ------------------------------------------------------------------


def have_it_ring(case: Case, *, holds_s: float) -> PassAdvice:
    """Give it something to tell us. It holds for so long: afterwards it need not be told any more."""
    spot = Air(case.peer).contested
    end: datetime = case.now + timedelta(seconds=holds_s)
    advice = Advice(kind=AdviceKind.INQUIRY, at=spot, start=case.now, end=end, statement="an exercise: please note")
    return case.inject(PassAdvice, peer=case.brief.us, advice=advice)


def _its_ring(case: Case) -> Taking[Ring]:
    ring = yield from case.rung(within_s=case.timing.redial_s + case.offer_s)
    return case.needed(ring, "it was given something to tell us, and did not ring")


@scene(
    "A call from it",
    busy=step("We have it tell us something; it rings, and we are busy: that call is told to have ended so.", "CALL-7"),
    later=step("It rings again.", "CALL-8"),
    affirm=step("We answer, hear its advice, and read it back.", "TALK-3"),
    noted=step("We note it: all is said, and it hangs up and tells that the call was completed.", "CALL-6", "CALL-7"),
)
def rung(case: Case) -> Script:
    """It speaks, and completes the call."""
    have_it_ring(case, holds_s=case.timing.negotiation_s)
    ring = yield from _its_ring(case)
    case.step("busy")
    case.say(Busy, call_id=ring.call_id, cause=ring.id)
    yield from _told_end(case, ring, CallOutcome.BUSY)
    case.step("later")
    again = yield from case.rung(within_s=2 * case.timing.redial_s)
    case.check("CALL-8", again, f"a ring after a pause of {case.timing.redial_s:g} s", again)
    again = case.needed(again, "it did not ring again")
    case.take_call(again)
    heard = yield from case.hear(Advise, within_s=case.timing.silence_s, where=case.in_call)
    advise = case.needed(heard, "it rang and did not say what it was given to tell")
    case.step("affirm")
    read = case.say(ReadBack, call_id=again.call_id, at=advise.advice.at, cause=advise.id)
    affirm = yield from case.hear(Affirm, within_s=case.timing.silence_s / 2, where=case.in_call)
    case.check("TALK-3", affirm and affirm.at == advise.advice.at, f"affirm of {read.id}", affirm)
    case.step("noted")
    case.say(Noted, call_id=again.call_id, cause=advise.id)
    end = yield from case.hear(HangUp, within_s=case.timing.silence_s, where=case.in_call)
    completed = end is not None and end.outcome is CallOutcome.COMPLETED
    case.check("CALL-6", completed, "hang-up, completed", end and end.outcome.value)
    if end is not None:
        case.call_id = None
    if completed:
        yield from _told_end(case, again, CallOutcome.COMPLETED)


def _told_end(case: Case, ring: Ring, outcome: CallOutcome) -> Script:
    """Once, and with this outcome."""
    soon_s = case.timing.redial_s / 2  # before it rings again
    told = yield from case.hear(CallEnded, within_s=soon_s, where=lambda m: m.call_id == ring.call_id)
    right = told is not None and told.outcome is outcome
    case.check("CALL-7", right, f"call-ended of {ring.call_id}: {outcome.value}", told and told.outcome.value)
    if told is not None:
        more = yield from case.hear(CallEnded, within_s=1.0, where=lambda m: m.call_id == ring.call_id)
        case.check("CALL-7", more is None, "no other call-ended", more)


@scene(
    "A call from it that nobody takes",
    ring=step("We have it tell us something and let it ring: it gives up when the agreed time is over.", "SIL-1"),
    early=step("It has rung as long as agreed.", "SIL-3"),
)
def nobody_answers(case: Case) -> Script:
    """The agreed time for ringing."""
    ring_s = case.timing.ring_s
    have_it_ring(case, holds_s=ring_s + 2 * case.brief.slack_s + case.offer_s)
    ring = yield from _its_ring(case)
    since = case.now
    case.step("ring")
    over = yield from case.hear(HangUp, within_s=ring_s, where=lambda m: m.call_id == ring.call_id)
    case.check("SIL-1", over, f"a hang-up after {ring_s:g} s", over)
    if over is not None:
        case.step("early")
        waited_s = (case.now - since).total_seconds() + case.brief.slack_s
        case.check("SIL-3", waited_s >= ring_s, f"none for {ring_s:g} s", f"one after {waited_s:.1f} s")


@scene(
    "Both ring at once",
    call=step("We ring, to see that it answers, and hang up."),
    ring=step("It rings to tell us something; meanwhile we have rung about an emergency: it answers that.", "CALL-5"),
)
def both_ring(case: Case) -> Script:
    """Who gives way."""
    case.step("call")
    yield from case.see_that_it_answers()
    have_it_ring(case, holds_s=case.timing.ring_s + case.timing.redial_s + case.offer_s)
    yield from _its_ring(case)
    case.step("ring")
    ours = case.ring(Reason.EMERGENCY)
    answer = yield from case.answer_to(ours)
    if case.check("CALL-5", isinstance(answer, Answer), f"an answer to {ours.call_id}", answer):
        case.call_id = ours.call_id
