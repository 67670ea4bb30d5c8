"""What was offered and does not stand any more."""

from hotline_protocol.injection import CancelPlan
from hotline_protocol.line import Concur, Confirm, Counter, Entered, Lapsed
from hotline_services.conformance.examination.air import AS_WANTED, OTHERWISE, Air
from hotline_services.conformance.examination.bargaining import Bargain, ask
from hotline_services.conformance.examination.case import Case
from hotline_services.conformance.examination.scene import Script, scene, step

from .granting import hold_of, its_own_flight

GRACE = 0.25
"""An answer may take so much of an offer's life longer to arrive."""


@scene(
    "What has lapsed",
    proposal=step("We propose what has lapsed before it arrives: it does not concur.", "STALE-1"),
    hold=step("We propose, it concurs, and we let the hold lapse."),
    late=step("We take it up after that: it has lapsed, and that is said.", "STALE-2"),
    never=step("We confirm what was never offered: it is not entered.", "STALE-5"),
)
def lapsed(case: Case) -> Script:
    """Its clock for what it holds, ours for what we offer."""
    air = Air(case.peer)
    case.step("proposal")
    yield from case.call()
    bargain = Bargain(case, air)
    bargain.propose(expires_at=case.peer.later(-case.brief.slack_s - case.offer_s))
    answer = yield from bargain.reply(within_s=min(case.offer_s, case.timing.silence_s / 2))
    case.check("STALE-1", not isinstance(answer, Concur), "anything but concur", answer)
    case.hang_up()
    yield from case.pause(case.brief.slack_s)
    case.step("hold")
    bargain, answer = yield from ask(case, air)
    hold = hold_of(case, answer)
    case.hang_up()
    held_s = (hold.hold_until - case.now).total_seconds()
    case.needed(held_s if held_s <= case.timing.hold_s + case.brief.slack_s else None, "it holds for too long")
    yield from case.pause(max(held_s, 0.0) + case.brief.slack_s)
    case.step("late")
    bargain.confirm(bargain.offer())
    outcome = yield from bargain.outcome(bargain.offer())
    case.check("STALE-2", isinstance(outcome, Lapsed), "lapsed", outcome)
    case.step("never")
    bargain.confirm(bargain.offer(OTHERWISE))
    outcome = yield from bargain.outcome(bargain.offer(OTHERWISE))
    case.check("STALE-5", not isinstance(outcome, Entered), "lapsed", outcome)


@scene(
    "What it has countered",
    counter=step("We have it plan a flight of its own, and propose to fly through that, until it counters."),
    stale=step("We counter something else than its last offer: it does not concur.", "STALE-4"),
    late=step("We let its offer lapse, and concur with it then: it is not entered.", "STALE-3"),
)
def countered(case: Case) -> Script:
    """Only the last offer stands, and only as long as it says."""
    air = Air(case.peer)
    case.step("counter")
    plan, spot, window = yield from its_own_flight(case, air)
    bargain, answer = yield from ask(case, air, where=spot, window=window)
    try:
        counter = case.needed(answer if isinstance(answer, Counter) else None, "it did not counter")
        yield from _stale(case, bargain, counter)
        yield from _late(case, bargain, counter)
    finally:
        case.inject(CancelPlan, plan_id=plan.plan_id)


def _stale(case: Case, bargain: Bargain, counter: Counter) -> Script:
    case.step("stale")
    ours = bargain.offer(OTHERWISE)
    case.say(
        Counter,
        call_id=str(case.call_id),
        negotiation_id=bargain.id,
        answers=bargain.offer(AS_WANTED),
        choice=counter.choice,
        offer=counter.offer,
        round=2,
        expires_at=case.peer.later(case.offer_s),
    )
    life_s = (counter.expires_at - case.now).total_seconds()
    answer = yield from bargain.reply(Concur, within_s=max(0.0, min(life_s, case.timing.silence_s / 2)))
    case.check("STALE-4", answer is None, f"no concur with {ours}", answer)


def _late(case: Case, bargain: Bargain, counter: Counter) -> Script:
    case.step("late")
    over_s = (counter.expires_at - case.now).total_seconds() + GRACE * case.offer_s
    yield from case.pause(max(over_s, 0.0) + 2 * case.brief.slack_s)
    bargain.concur(counter.offer)
    outcome = yield from bargain.outcome(counter.offer)
    case.check("STALE-3", not isinstance(outcome, Entered), "lapsed, or nothing", outcome)
    case.say(Confirm, negotiation_id=bargain.id, offer=counter.offer)
    outcome = yield from bargain.outcome(counter.offer)
    case.check("STALE-3", not isinstance(outcome, Entered), "lapsed, or nothing", outcome)
