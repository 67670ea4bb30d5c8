"""Every row of the life cycles of calls, negotiations, reviews and plans is reached by real centres."""

import ast
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

import hotline_services.aoc
from hotline_protocol.agreement import TierRule, Timing
from hotline_protocol.airspace import Position
from hotline_protocol.injection import CancelPlan, DeclareEmergency
from hotline_protocol.lifecycle import CALL, NEGOTIATION, PLAN, REVIEW
from hotline_protocol.line import (
    CallOutcome,
    Concur,
    Confirm,
    CounterTrace,
    Decline,
    Entered,
    Entries,
    HangUp,
    Propose,
    Ring,
    Tier,
)
from hotline_protocol.message import Author, Message
from hotline_protocol.orders import AnswerRing, RaiseTier, TakeDesk
from hotline_protocol.service import Presence
from hotline_services.aoc import desk, plans
from hotline_services.aoc.config import Costs, PartyConfig, Posture
from hotline_services.aoc.request import RequestRole
from hotline_services.aoc.review.reviewer import Reviewer
from hotline_services.simulation.chance import Chance

from .joined import PROMPT, Joined, agreement, config, plan
from .review_world import rules, side
from .torn import Journaled, Torn

TABLES: Mapping[str, Mapping[Any, Any]] = {
    "call": CALL,
    "negotiation": NEGOTIATION,
    "review": REVIEW,
    "plan": PLAN,
}
PICKY = config(costs=Costs(line=0.5, content=1.0))
HARD = config(costs=Costs(line=1.0, walk_away=1.0))
SLOW = config(think_s=50)
GARRISON = Position(38.0, 33.4)
ONE_ROUND = agreement(tiers=(TierRule(tier=Tier.DUTY_OFFICER, rounds=1),))
"""One offer of each side, and nobody above."""

Row = tuple[str, Any]


class Watched(dict[Any, Any]):
    """A life-cycle table that records which of its rows were used."""

    def __init__(self, name: str, taken: set[Row]) -> None:
        super().__init__(TABLES[name])
        self.name, self.taken = name, taken

    def __getitem__(self, row: Any) -> Any:
        self.taken.add((self.name, row))
        return super().__getitem__(row)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> set[Row]:
    """The rows that centres take from now on."""
    rows: set[Row] = set()
    monkeypatch.setattr(desk, "CALL", Watched("call", rows))
    monkeypatch.setattr(plans, "PLAN", Watched("plan", rows))
    roles: tuple[tuple[Any, str], ...] = ((RequestRole, "negotiation"), (Reviewer, "review"))
    for role, name in roles:
        monkeypatch.setattr(role, "KIND", msgspec.structs.replace(role.KIND, table=Watched(name, rows)))
    return rows


def asked(us: PartyConfig = PROMPT, ru: PartyConfig = PROMPT, **options: Any) -> Joined:
    """The side of ``us`` has something to ask for, and rings."""
    world = Joined(us, ru, **options)
    world.file("us", plan("near"))
    return world


def asked_without(*kinds: type[Message], us: PartyConfig = PROMPT, ru: PartyConfig = PROMPT) -> Joined:
    """The same, and messages of these kinds are held back."""
    world = Joined(us, ru)
    world.holds = lambda message: isinstance(message, kinds)
    world.file("us", plan("near"))
    return world


def cancelled(world: Joined) -> None:
    world.tell("us", CancelPlan, plan_id="near")
    world.release_held()
    world.run(minutes=5)


def with_person(world: Joined, party: str) -> Joined:
    world.tell(party, TakeDesk, sitting="s-1", operator="Col. X", lease_s=86_400)
    return world


# Calls --------------------------------------------------------------------------------------------------------------


def a_call_that_is_answered() -> None:
    asked().run(minutes=5)


def a_call_that_rings_in_vain() -> None:
    asked(ru=config(think_s=500)).run(minutes=5)


def a_hang_up_while_it_rings() -> None:
    for source, peer in (("us", "ru"), ("ru", "us")):
        world = asked(ru=SLOW)
        call_id, outcome = world.all(Ring)[-1].call_id, CallOutcome.NO_ANSWER
        world.deliver(Author(source, "x").say(HangUp, world.now, to=peer, call_id=call_id, outcome=outcome))


def two_who_ring_each_other() -> None:
    for first, second in (("ru", "us"), ("us", "ru")):
        world = Joined()
        world.holds = lambda message: isinstance(message, Ring)
        world.file(first, plan("a"))
        world.holds = lambda _: False
        world.file(second, plan("b", lower_ft=26_000, upper_ft=28_000))


def a_peer_that_is_lost() -> None:
    for lost in ("us", "ru"):
        asked(ru=SLOW).health(lost, Presence.DOWN)
    asked_without(Propose).health("ru", Presence.DOWN)


def silence_in_a_call() -> None:
    asked_without(Propose).run(minutes=10)


# Negotiations -------------------------------------------------------------------------------------------------------


def offers_and_counter_offers() -> None:
    asked(ru=PICKY).run(minutes=5)
    world = Joined()
    world.file("ru", plan("theirs"))
    world.file("us", plan("near"))


def refusals_by_either_side() -> None:
    asked(ru=HARD).run(minutes=20)
    world = Joined(ru=config(costs=Costs(walk_away=0.95)), rules=ONE_ROUND)
    world.file("us", plan("ours", GARRISON))
    world.file("ru", plan("theirs", GARRISON))
    world.run(minutes=20)


def a_hold_that_is_not_taken_up_in_time() -> None:
    world = asked_without(Confirm)
    world.run(minutes=6)
    world.release_held()
    world.run(minutes=5)


def an_entry_that_never_arrives() -> None:
    asked_without(Entered).run(minutes=20)


def a_peer_that_is_never_there() -> None:
    asked_without(Ring).run(minutes=180)


def a_flight_that_is_cancelled() -> None:
    cancelled(asked_without(Ring))
    cancelled(asked_without(Concur))
    cancelled(asked_without(Entered))
    world = with_person(Joined(PROMPT, PROMPT), "ru")
    world.holds = lambda message: isinstance(message, Decline)
    world.file("us", plan("near"))
    answer_the_phone(world)
    cancelled(world)


def answer_the_phone(world: Joined) -> None:
    world.tell("ru", AnswerRing, sitting="s-1", call_id=world.all(Ring)[-1].call_id)


def a_proposal_that_is_heard_again() -> None:
    world = with_person(Joined(), "ru")
    world.file("us", plan("near"))
    answer_the_phone(world)
    world.deliver(world.all(Propose)[-1])
    world = asked_without(Confirm)
    world.deliver(world.all(Propose)[-1])


def a_tier_that_is_raised_by_order() -> None:
    world = with_person(Joined(config(gather_s=3_600)), "us")
    world.file("us", plan("near", hours=8))
    about = world.status("near").negotiation_id
    world.tell("us", RaiseTier, sitting="s-1", negotiation_id=about, tier=Tier.DUTY_OFFICER)


class Forgetful(Torn):
    """``us`` loses its state. Its former grants come back from the peer while ``us`` asks for air again."""

    def __init__(self, ru: PartyConfig = PROMPT) -> None:
        self.config = {"us": PROMPT, "ru": ru}
        super().__init__()
        self.file("us", plan("near"))
        self.run(minutes=5)

    def centre(self, party: str) -> Journaled:
        return Journaled(party, self.config[party], agreement(), epoch="0", chance=Chance(1))

    def forget(self, *held: type[Message]) -> None:
        self.holds = lambda message: isinstance(message, held)
        self.lose("us", 0)
        self.release_held()


def a_grant_to_an_earlier_life() -> None:
    Forgetful().forget()
    Forgetful().forget(Entered, Entries, Concur)
    world = Forgetful(PICKY)
    with_person(world, "us")
    world.forget(Entered, Entries)


# Reviews ------------------------------------------------------------------------------------------------------------


def reviewed(us: PartyConfig = side(10, 2), ru: PartyConfig = side(2, 8), **changes: Any) -> Joined:
    """A minute before the review is due."""
    world = Joined(us, ru, rules=rules(**changes))
    world.run(minutes=119)
    return world


def a_review_that_is_agreed() -> None:
    for us, ru in ((side(10, 2), side(2, 8)), (side(6, 2), side(2, 8))):
        reviewed(us, ru).run(minutes=60)


def a_review_without_a_line_for_both() -> None:
    reviewed(side(10, -3), side(5, 2)).run(minutes=60)


def an_offer_that_is_forged() -> None:
    world = reviewed()
    world.holds = lambda message: isinstance(message, CounterTrace)
    world.run(minutes=2)
    world.deliver(msgspec.structs.replace(world.held[0], offer="f" * 16))
    world.holds = lambda _: False
    world.deliver(msgspec.structs.replace(world.held[0], offer="f" * 16))


def reviews_that_nobody_answers() -> None:
    world = reviewed()
    world.lost = lambda message: isinstance(message, CounterTrace)
    world.run(minutes=120)
    world = reviewed(timing=Timing(negotiation_s=200))
    world.lost = lambda message: isinstance(message, CounterTrace)
    world.run(minutes=10)


# Plans --------------------------------------------------------------------------------------------------------------

BOLD = config(posture=Posture(flies_without_consent=True))
SOON = plan("near", hours=0.5)
BEFORE, ALOFT, AFTER = 10, 40, 120
"""Minutes from now to before, into and after that flight."""


def after(minutes: float, us: PartyConfig = PROMPT, *held: type[Message]) -> Joined:
    """The plan has been filed, and so much time has passed since; these messages are held back."""
    world = Joined(us)
    world.holds = lambda message: isinstance(message, held)
    world.file("us", SOON)
    world.run(minutes=minutes)
    return world


def flights_that_end_in_time() -> None:
    after(AFTER)
    after(AFTER, BOLD, Ring)


def a_flight_that_is_amended_while_it_flies() -> None:
    after(ALOFT).file("us", msgspec.structs.replace(SOON, end=SOON.end + timedelta(hours=1), version=2))


def flights_that_are_taken_back() -> None:
    cancelled(after(BEFORE))
    cancelled(after(ALOFT))
    cancelled(after(ALOFT, BOLD, Ring))


def flights_in_distress() -> None:
    for world in (after(BEFORE, PROMPT, Ring), after(BEFORE), after(ALOFT), after(ALOFT, BOLD, Ring)):
        world.tell("us", DeclareEmergency, plan_id="near")
    world.run(minutes=AFTER)
    world = after(ALOFT)
    world.tell("us", DeclareEmergency, plan_id="near")
    cancelled(world)


WORLDS: tuple[Callable[[], None], ...] = (
    a_call_that_is_answered,
    a_call_that_rings_in_vain,
    a_hang_up_while_it_rings,
    two_who_ring_each_other,
    a_peer_that_is_lost,
    silence_in_a_call,
    offers_and_counter_offers,
    refusals_by_either_side,
    a_hold_that_is_not_taken_up_in_time,
    an_entry_that_never_arrives,
    a_peer_that_is_never_there,
    a_flight_that_is_cancelled,
    a_proposal_that_is_heard_again,
    a_tier_that_is_raised_by_order,
    a_grant_to_an_earlier_life,
    a_review_that_is_agreed,
    a_review_without_a_line_for_both,
    an_offer_that_is_forged,
    reviews_that_nobody_answers,
    flights_that_end_in_time,
    a_flight_that_is_amended_while_it_flies,
    flights_that_are_taken_back,
    flights_in_distress,
)


def test_every_row_of_the_life_cycles_is_reached(taken: set[Row]) -> None:
    for play in WORLDS:
        play()
    missing = {(name, row) for name, table in TABLES.items() for row in table} - taken
    assert not missing, "\n".join(sorted(f"{name}: {state.name} {step.name}" for name, (state, step) in missing))


def test_a_plan_changes_its_state_only_by_its_life_cycle() -> None:
    written = set()
    for path in Path(hotline_services.aoc.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and not ast.unparse(node.func).endswith(".say"):
                values = (ast.unparse(keyword.value) for keyword in node.keywords if keyword.arg == "state")
                written |= {value for value in values if "PLAN[" in value or "PlanState" in value}
    assert written == {"PlanState.NEGOTIATING", "PLAN[filed.state, step]"}
