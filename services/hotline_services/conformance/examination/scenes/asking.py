"""It wants to fly, and asks us for consent."""

from datetime import timedelta
from typing import Any

from hotline_protocol.events import NegotiationEnded, PlanStatus
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.injection import CancelPlan, SubmitPlan
from hotline_protocol.ledger import agreement_id_of
from hotline_protocol.line import (
    Concur,
    Confirm,
    Counter,
    Decline,
    Entered,
    HangUp,
    Propose,
    Reason,
    Release,
    Ring,
)
from hotline_protocol.message import Message
from hotline_services.conformance.examination.air import Air, names_itself, offer_of
from hotline_services.conformance.examination.case import Case, Taking
from hotline_services.conformance.examination.scene import NotTestedError, Script, scene, step

FOR_CONSENT = frozenset({Reason.ROUTINE, Reason.SHORT_NOTICE, Reason.EMERGENCY})


def have_it_ask(case: Case) -> FlightPlan:
    """Give it a plan that needs our consent."""
    air = Air(case.peer)
    plan = air.plan(air.held_by(case.brief.us) or air.contested, air.window())
    case.inject(SubmitPlan, plan=plan)
    return plan


def _its_ring(case: Case, plan: FlightPlan) -> Taking[Ring | None]:
    """Its ring about this plan. Raises NotTestedError when it will not fly that: then it need not ask."""

    def wanted(message: Ring | PlanStatus) -> bool:
        if isinstance(message, Ring):
            return message.reason in FOR_CONSENT
        return message.plan_id == plan.plan_id and message.state is PlanState.REFUSED

    heard = yield from case.hear(Ring, PlanStatus, within_s=case.offer_s + case.timing.redial_s, where=wanted)
    if isinstance(heard, PlanStatus):
        raise NotTestedError("it refuses the plan, and need not ask for consent then")
    return heard if isinstance(heard, Ring) else None


def its_proposal(case: Case, plan: FlightPlan) -> Taking[Propose]:
    """Its ring, answered, and what it proposes then. Raises NotTestedError when it does not."""
    ring = yield from _its_ring(case, plan)
    case.take_call(case.needed(ring, "it was given a plan that needs consent, and did not ring"))
    proposal = yield from case.hear(Propose, within_s=case.timing.silence_s, where=case.in_call)
    return case.needed(proposal, "it rang, and did not propose")


def grant(case: Case, proposal: Propose, *, hold_s: float) -> Concur:
    """Hold for it what it proposes."""
    return case.say(
        Concur,
        call_id=proposal.call_id,
        negotiation_id=proposal.negotiation_id,
        offer=proposal.offer,
        hold_until=case.peer.later(hold_s),
        cause=proposal.id,
    )


def its_status(case: Case, plan: FlightPlan, *states: PlanState, within_s: float) -> Taking[PlanStatus | None]:
    """The first status of this plan with one of these states, or None if there is none in time."""
    return (
        yield from case.hear(
            PlanStatus, within_s=within_s, where=lambda m: m.plan_id == plan.plan_id and m.state in states
        )
    )


@scene(
    "It asks, and we grant",
    plan=step("We have it plan a flight that needs our consent: it rings, and proposes.", "ASK-1"),
    sound=step("Its proposal is what its digest names.", "ASK-2"),
    hold=step("We concur: it takes up the hold before that ends.", "ASK-3"),
    wait=step("We do not enter it yet: the plan is not accepted.", "ASK-4"),
    enter=step("We enter it: the plan is accepted.", "ASK-5"),
)
def granted(case: Case) -> Script:
    """An agreement exists when its entry has arrived."""
    case.step("plan")
    case.see_that_it_lives()
    plan = have_it_ask(case)
    ring = yield from _its_ring(case, plan)
    heard = None
    if ring is not None:
        case.take_call(ring)
        heard = yield from case.hear(Propose, within_s=case.timing.silence_s, where=case.in_call)
    case.check("ASK-1", heard, "a ring, and propose", heard or ring)
    proposal = case.needed(heard, "it does not ask")
    case.step("sound")
    sound = case.check("ASK-2", names_itself(proposal), "an offer named by its digest", proposal.offer)
    case.needed(sound or None, "its proposal is not what its digest names")
    case.step("hold")
    grant(case, proposal, hold_s=case.timing.hold_s)
    confirm = yield from case.hear(
        Confirm, within_s=case.timing.hold_s, where=lambda m: m.negotiation_id == proposal.negotiation_id
    )
    case.check("ASK-3", confirm and confirm.offer == proposal.offer, f"confirm of {proposal.offer}", confirm)
    case.step("wait")
    early = yield from its_status(case, plan, PlanState.ACCEPTED, within_s=case.timing.silence_s / 3)
    case.check("ASK-4", early is None, "no plan-status: accepted", early)
    case.needed(confirm, "it does not take up what is held for it")
    case.step("enter")
    enter(case, proposal)
    accepted = yield from its_status(case, plan, PlanState.ACCEPTED, within_s=case.timing.silence_s)
    case.check("ASK-5", early or accepted, f"plan-status of {plan.plan_id}: accepted", accepted)
    case.inject(CancelPlan, plan_id=plan.plan_id)


def enter(case: Case, proposal: Propose) -> Entered:
    """Write into our chain what we have concurred with, and say so."""
    volumes = proposal.menu.volumes(proposal.choice)
    name = agreement_id_of(proposal.negotiation_id, proposal.offer)
    entry = case.peer.books.write(name, volumes, proposal.offer, case.now)
    return case.say(Entered, entry=entry)


@scene(
    "It asks, and we counter wrongly",
    plan=step("We have it plan a flight that needs our consent: it rings, and proposes."),
    stale=step("We counter something that it has never offered: it does not concur.", "ASK-8"),
    false=step("We counter with an offer that is not what its digest names: it does not concur.", "ASK-7"),
)
def wrong_counters(case: Case) -> Script:
    """What it must not be talked into."""
    case.step("plan")
    plan = have_it_ask(case)
    proposal = yield from its_proposal(case, plan)
    case.step("stale")
    yield from _counters(case, proposal, "ASK-8", answers="0" * 16)
    case.step("false")
    yield from _counters(case, proposal, "ASK-7", offer="f" * 16)
    case.inject(CancelPlan, plan_id=plan.plan_id)


def _counters(case: Case, proposal: Propose, requirement: str, **wrong: Any) -> Script:
    right = {
        "answers": proposal.offer,
        "offer": offer_of(proposal.negotiation_id, proposal.call_id, proposal.menu, proposal.choice),
    }
    case.say(
        Counter,
        call_id=proposal.call_id,
        negotiation_id=proposal.negotiation_id,
        choice=proposal.choice,
        round=proposal.round + 1,
        expires_at=case.peer.later(case.offer_s),
        **(right | wrong),
    )

    def ours(message: Message) -> bool:
        return getattr(message, "negotiation_id", "") == proposal.negotiation_id

    answer = yield from case.hear(Concur, Confirm, within_s=case.offer_s / 3, where=ours)
    case.check(requirement, answer is None, "no concur", answer)


@scene(
    "It asks, and we decline",
    plan=step("We have it plan a flight that needs our consent: it rings, and proposes."),
    decline=step("We decline at each tier that rings about it: it ends, and that is told once.", "ASK-6"),
)
def declined(case: Case) -> Script:
    """Nothing is asked for ever."""
    case.step("plan")
    plan = have_it_ask(case)
    proposal = yield from its_proposal(case, plan)
    case.step("decline")
    until = case.now + timedelta(seconds=2 * case.timing.negotiation_s)
    ended = yield from _decline_all(case, proposal, until)
    case.check("ASK-6", ended, f"negotiation-ended of {proposal.negotiation_id}", ended)
    if ended is not None:
        more = yield from case.hear(NegotiationEnded, within_s=1.0, where=lambda m: m.plan_id == plan.plan_id)
        case.check("ASK-6", more is None, "no other end", more)
    case.inject(CancelPlan, plan_id=plan.plan_id)


def _decline_all(case: Case, proposal: Propose, until: Any) -> Taking[NegotiationEnded | None]:
    """Say no to whatever it offers in this negotiation, until it tells that it is over."""
    mine = proposal.negotiation_id
    heard: Message | None = proposal
    while case.now < until:
        match heard:
            case NegotiationEnded():
                return heard
            case Ring():
                case.take_call(heard)
            case Propose() | Counter():
                case.say(
                    Decline,
                    call_id=heard.call_id,
                    negotiation_id=mine,
                    answers=heard.offer,
                    reason="an exercise: no",
                    cause=heard.id,
                )
            case HangUp():
                case.call_id = None
            case _:
                pass
        left_s = (until - case.now).total_seconds()
        heard = yield from case.hear(
            Ring, Propose, Counter, HangUp, NegotiationEnded, within_s=left_s, where=lambda m: _is_about(m, mine, case)
        )
        if heard is None:
            return None
    return None


def _is_about(message: Message, negotiation_id: str, case: Case) -> bool:
    if isinstance(message, Ring):
        return case.call_id is None and message.reason in FOR_CONSENT
    if isinstance(message, HangUp):
        return case.in_call(message)
    return getattr(message, "negotiation_id", "") == negotiation_id


@scene(
    "It asks, and we grant too late",
    plan=step("We have it plan a flight that needs our consent: it rings, and proposes."),
    cancel=step("It takes up the hold; the flight is cancelled before the entry comes."),
    enter=step("We enter it then: it is given back.", "ASK-9"),
)
def too_late(case: Case) -> Script:
    """What is granted and not wanted any more."""
    case.step("plan")
    plan = have_it_ask(case)
    proposal = yield from its_proposal(case, plan)
    case.step("cancel")
    grant(case, proposal, hold_s=case.timing.hold_s)
    confirm = yield from case.hear(
        Confirm, within_s=case.timing.hold_s, where=lambda m: m.negotiation_id == proposal.negotiation_id
    )
    case.needed(confirm, "it does not take up what is held for it")
    case.inject(CancelPlan, plan_id=plan.plan_id)
    yield from case.pause(case.brief.slack_s)
    case.step("enter")
    entry = enter(case, proposal).entry
    given = yield from case.hear(
        Release, within_s=case.timing.silence_s, where=lambda m: m.agreement_id == entry.agreement_id
    )
    case.check("ASK-9", given, f"release of {entry.agreement_id}", given)
