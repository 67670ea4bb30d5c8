"""We want to fly, and it is asked for consent."""

from typing import Any

import msgspec

from hotline_protocol.airspace import Position
from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.injection import CancelPlan, SubmitPlan
from hotline_protocol.line import Concur, Counter, Decline, Entered, Withdraw
from hotline_protocol.menu import Choice, Menu, Window
from hotline_protocol.message import Message
from hotline_services.conformance.examination.air import AS_WANTED, OTHERWISE, Air
from hotline_services.conformance.examination.bargaining import Bargain, ask
from hotline_services.conformance.examination.case import Case, Taking
from hotline_services.conformance.examination.scene import Script, scene, step


@scene(
    "We ask for consent",
    propose=step("We ring and propose; it answers while the proposal stands.", "NEG-1"),
    names=step("Its answer names the offer that it answers, and what it offers itself.", "NEG-2", "NEG-3"),
    twice=step("The same proposal comes again: it is not answered again.", "DUP-3"),
    hold=step("If it concurs, it holds that for no longer than agreed.", "NEG-10"),
    take=step("If it concurs, we take up the hold in time: it is entered.", "NEG-7"),
    again=step("The confirmation comes again, with the same `id` and with another: nothing more is entered.", "DUP-4"),
)
def a_proposal(case: Case) -> Script:
    """From a proposal to an entry."""
    case.step("propose")
    yield from case.call()
    bargain = Bargain(case, Air(case.peer))
    proposal = bargain.propose()
    heard = yield from bargain.reply()
    case.check("NEG-1", heard, f"an answer in {case.offer_s:g} s", heard)
    answer = case.needed(heard, "it does not answer a proposal")
    case.step("names")
    judge_answer(case, bargain, answer, proposal.offer)
    case.step("twice")
    case.peer.send(proposal)
    again = yield from bargain.reply(within_s=min(case.offer_s, case.timing.hold_s) / 2)
    case.check("DUP-3", again is None, "nothing", again)
    case.step("hold")
    held_s = (hold_of(case, answer).hold_until - case.now).total_seconds()
    longest_s = case.timing.hold_s + case.brief.slack_s
    case.check("NEG-10", 0 < held_s <= longest_s, f"a hold of {case.timing.hold_s:g} s", f"one of {held_s:.1f} s")
    case.step("take")
    confirm = bargain.confirm(proposal.offer)
    entered = yield from bargain.outcome(proposal.offer)
    right = isinstance(entered, Entered) and bargain.holds(entered.entry, proposal.offer, AS_WANTED)
    case.check("NEG-7", right, f"entered, for {proposal.offer}", entered)
    entry = case.needed(entered.entry if isinstance(entered, Entered) else None, "it did not enter what was taken up")
    case.step("again")
    case.peer.send(confirm)
    bargain.confirm(proposal.offer)
    while (more := (yield from bargain.outcome(proposal.offer, within_s=case.brief.slack_s))) is not None:
        same = isinstance(more, Entered) and more.entry == entry
        case.check("DUP-4", same, f"the same entry, {entry.index}", more)
    case.check("DUP-4", kept=True, expected="no other entry")


def hold_of(case: Case, answer: Message | None) -> Concur:
    """The hold, if it has concurred. Raises NotTestedError."""
    return case.needed(answer if isinstance(answer, Concur) else None, "it did not concur")


def judge_answer(case: Case, bargain: Bargain, answer: Message, offer: str) -> bool:
    """Whether an answer names what it answers, and offers what it says that it offers; returns the latter."""
    match answer:
        case Decline(answers=named) | Concur(offer=named):
            case.check("NEG-2", named == offer, f"an answer to {offer}", f"to {named}")
        case Counter(answers=named, choice=choice, offer=theirs):
            case.check("NEG-2", named == offer, f"an answer to {offer}", f"to {named}")
            on_menu = is_on(bargain.menu, choice)
            right = on_menu and theirs == bargain.offer(choice)
            wanted = bargain.offer(choice) if on_menu else "an offer on the menu"
            return case.check("NEG-3", right, wanted, f"{theirs} for {choice}")
        case _:
            pass  # a disclosure names no offer
    return True


def is_on(menu: Menu, choice: Choice) -> bool:
    """Whether this can be chosen."""
    try:
        menu.outcome(choice)
    except IndexError:
        return False
    return True


def its_own_flight(case: Case, air: Air) -> Taking[tuple[FlightPlan, Position, Window]]:
    """Have it plan a flight of its own, where it needs nobody's consent. Raises NotTestedError if it does not."""
    spot = case.needed(air.held_by(case.brief.them), "the agreement has no zone of its own in which it could fly")
    window = air.window()
    plan = air.plan(spot, window)
    case.inject(SubmitPlan, plan=plan)
    status = yield from case.hear(
        PlanStatus, within_s=case.offer_s, where=lambda m: m.plan_id == plan.plan_id and m.state is PlanState.ACCEPTED
    )
    case.needed(status, "it was given a flight of its own, and did not accept it")
    return plan, spot, window


@scene(
    "We ask for air that it uses itself",
    plan=step("We have it plan a flight in its own zone, where it needs nobody's consent."),
    propose=step("We propose to fly through that: it does not concur.", "NEG-6"),
    counter=step("If it counters, its offer is on the menu and named by its digest.", "NEG-2", "NEG-3"),
    concur=step("We concur with its counter in time: it is entered.", "NEG-8"),
)
def its_own_air(case: Case) -> Script:
    """The first of what must never be."""
    case.step("plan")
    air = Air(case.peer)
    plan, spot, window = yield from its_own_flight(case, air)
    case.step("propose")
    bargain, answer = yield from ask(case, air, where=spot, window=window)
    case.needed(answer, "it does not answer a proposal")
    case.check("NEG-6", not isinstance(answer, Concur), "anything but concur", answer)
    if isinstance(answer, Counter):
        case.step("counter")
        named = judge_answer(case, bargain, answer, bargain.offer())
        case.needed(named or None, "its counter is not what its digest names")
        case.step("concur")
        bargain.concur(answer.offer)
        entered = yield from bargain.outcome(answer.offer)
        right = isinstance(entered, Entered) and bargain.holds(entered.entry, answer.offer, answer.choice)
        case.check("NEG-8", right, f"entered, for {answer.offer}", entered)
    case.inject(CancelPlan, plan_id=plan.plan_id)


@scene(
    "We ask for what cannot be",
    digest=step("We propose one thing and name another: it declines.", "NEG-4"),
    choice=step("We propose what is not on the menu: the same.", "NEG-4"),
    backwards=step("We propose to be out before we are in: the same.", "NEG-5"),
    areas=step("We propose more areas than windows: the same.", "NEG-5"),
)
def unsound(case: Case) -> Script:
    """What can be read and makes no sense."""
    air = Air(case.peer)
    yield from case.call()
    case.step("digest")
    bargain = Bargain(case, air)
    yield from _refused(case, bargain, "NEG-4", offer=bargain.offer(OTHERWISE))
    case.step("choice")
    bargain = Bargain(case, air)
    beyond = Choice(sector=0, block=len(bargain.menu.blocks), shift=0)
    yield from _refused(case, bargain, "NEG-4", choice=beyond, offer=bargain.offer(beyond))
    case.step("backwards")
    window = bargain.menu.windows[0]
    swapped = msgspec.structs.replace(window, start=window.end, end=window.start)
    yield from _refused_menu(case, air, windows=(swapped,))
    case.step("areas")
    sector = bargain.menu.sectors[0]
    yield from _refused_menu(case, air, sectors=(msgspec.structs.replace(sector, areas=sector.areas * 2),))


def _refused_menu(case: Case, air: Air, **changes: Any) -> Script:
    """Propose from another menu than one that can be flown."""
    bargain = Bargain(case, air)
    bargain.menu = msgspec.structs.replace(bargain.menu, **changes)
    yield from _refused(case, bargain, "NEG-5")


def _refused(case: Case, bargain: Bargain, requirement: str, **changes: Any) -> Script:
    bargain.propose(**changes)
    answer = yield from bargain.reply()
    case.check(requirement, isinstance(answer, Decline), "decline", answer)


@scene(
    "We withdraw",
    propose=step("We ring and propose, until it concurs."),
    withdraw=step("We withdraw, and then take up the hold all the same: it is not entered.", "NEG-9"),
)
def withdrawn(case: Case) -> Script:
    """What is not wanted any more."""
    case.step("propose")
    bargain, answer = yield from ask(case, Air(case.peer))
    hold_of(case, answer)
    case.step("withdraw")
    case.say(Withdraw, call_id=str(case.call_id), negotiation_id=bargain.id, reason="not wanted any more")
    yield from case.pause(case.brief.slack_s)
    bargain.confirm(bargain.offer())
    outcome = yield from bargain.outcome(bargain.offer())
    case.check("NEG-9", not isinstance(outcome, Entered), "lapsed", outcome)
