"""A centre where somebody lies, is long away, or is in distress: one test for each thing that once went wrong."""

from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

import msgspec
import pytest

from hotline_protocol.agreement import LineCheckRule
from hotline_protocol.airspace import Position
from hotline_protocol.conflicts import in_conflict
from hotline_protocol.events import CallEnded, EscalationKind, LedgerChanged, PlanStatus
from hotline_protocol.flightplan import Flexibility, FlightPlan, PlanState, Priority
from hotline_protocol.geometry import expand
from hotline_protocol.injection import DeclareEmergency, ReportSighting, SightingKind, SubmitPlan
from hotline_protocol.ledger import agreement_id_of
from hotline_protocol.line import (
    CallOutcome,
    Concur,
    Confirm,
    Counter,
    Decline,
    Entered,
    Entries,
    HangUp,
    Lapsed,
    LineChecked,
    Noted,
    Propose,
    Reason,
    Reconcile,
    Release,
    Ring,
    Tier,
)
from hotline_protocol.service import Presence
from hotline_protocol.topics import encode
from hotline_services.aoc.books import FULL_LOAD
from hotline_services.aoc.config import Costs, Posture
from hotline_services.aoc.ledger import PairLedger

from .hostile import Siege, menu_of
from .joined import FAR_EAST, ON_THE_LINE, Joined, agreement, config, plan

DAY_MIN = 24 * 60
FIXED = Flexibility(max_shift_min=0, max_offset_nm=0, other_blocks=False)
HIGH = {"lower_ft": 26_000, "upper_ft": 28_000}


def calls_in(siege: Siege, peer: str) -> None:
    """This peer rings, and is answered."""
    siege.call_ids.append(f"{peer}-c{len(siege.call_ids)}")
    siege.peer_says(peer, Ring, "now", call_id=siege.call_ids[-1], reason=Reason.ROUTINE, tier=Tier.DUTY_OFFICER)


def asks(siege: Siege, peer: str, name: str, heights: tuple[int, int], where: Position = ON_THE_LINE) -> list[Any]:
    """It proposes this; what is said to it."""
    before = len(siege.said)
    siege.propose(peer, name, menu_of(where, heights, siege.now + timedelta(hours=1)), Priority.ROUTINE, "now")
    return siege.said[before:]


def hangs_up(siege: Siege, peer: str) -> None:
    siege.peer_says(peer, HangUp, "now", call_id=siege.call_ids[-1], outcome=CallOutcome.COMPLETED)


# Names ------------------------------------------------------------------------------------------------------


def test_a_peer_that_calls_a_negotiation_like_a_plan_of_ours_cannot_take_its_air() -> None:
    siege = Siege()
    siege.tell(SubmitPlan, plan=plan("us-1", FAR_EAST, hours=1))
    calls_in(siege, "ru")
    asks(siege, "ru", "us-1", (30_000, 31_000))
    (answer, *_) = asks(siege, "ru", "ru-n2", (18_000, 20_000), FAR_EAST)
    assert not isinstance(answer, Concur)


def test_two_peers_may_call_their_negotiations_the_same() -> None:
    siege = Siege()
    for peer, heights in (("ru", (18_000, 20_000)), ("tr", (26_000, 28_000))):
        calls_in(siege, peer)
        (concur, *_) = asks(siege, peer, "n1", heights)
        assert isinstance(concur, Concur)
        assert concur.to == peer
        hangs_up(siege, peer)


def test_nobody_can_take_up_what_is_held_for_somebody_else() -> None:
    siege = Siege()
    calls_in(siege, "ru")
    (concur, *_) = asks(siege, "ru", "n1", (18_000, 20_000))
    before = len(siege.said)
    siege.peer_says("tr", Confirm, "now", negotiation_id="n1", offer=concur.offer)
    assert [type(said) for said in siege.said[before:]] == [Lapsed]
    assert siege.centre.ledgers["tr"].chain("us") == ()


def test_what_is_granted_to_one_peer_is_not_free_for_another() -> None:
    siege = Siege()
    calls_in(siege, "ru")
    asks(siege, "ru", "n1", (18_000, 20_000))
    siege.go_along(1, "concur", "now")
    hangs_up(siege, "ru")
    calls_in(siege, "tr")
    (answer, *_) = asks(siege, "tr", "n1", (18_000, 20_000))
    assert isinstance(answer, Counter | Decline)


# The ledger -------------------------------------------------------------------------------------------------


def test_an_entry_for_other_air_than_was_agreed_is_given_back() -> None:
    siege = Siege()
    siege.tell(SubmitPlan, plan=plan("us-1", flexibility=FIXED))
    siege.go_along(2, "concur", "now")
    confirm = next(said for said in siege.said if isinstance(said, Confirm))
    name = agreement_id_of(confirm.negotiation_id, confirm.offer)
    elsewhere = expand(plan("x", FAR_EAST))
    entry = siege.chains[confirm.to].grant(name, elsewhere, confirm.offer, Priority.ROUTINE, siege.now)
    siege.peer_says(confirm.to, Entered, "now", entry=entry)
    assert siege.said[-1].agreement_id == name  # type: ignore[attr-defined]
    assert isinstance(siege.said[-1], Release)
    assert siege.centre.plans["us-1"].state is PlanState.NEGOTIATING


def test_old_grants_that_come_with_a_lost_ledger_are_not_given_back_one_by_one() -> None:
    siege = Siege()
    for number in range(3):
        siege.chains["ru"].grant(f"n{number}.x", expand(plan("x", hours=-2)), "0" * 16, Priority.ROUTINE, siege.now)
    before = len(siege.said)
    siege.peer_says("ru", Entries, "now", entries=siege.chains["ru"].chain("ru"))
    assert [type(said) for said in siege.said[before:]] == [LedgerChanged]


@pytest.mark.parametrize(("volumes", "most"), [(1, FULL_LOAD), (12, 60)])
def test_a_long_chain_is_fetched_load_by_load_in_messages_that_any_broker_takes(volumes: int, most: int) -> None:
    world = Joined()
    ours, theirs = world.centres["us"].ledgers["ru"], world.centres["ru"].ledgers["us"]
    past = expand(plan("x", hours=-2))[:1] * volumes
    for number in range(2 * FULL_LOAD + 7):
        ours.grant(f"n{number}.x", past, "0" * 16, Priority.ROUTINE, world.now)
    world.health("ru", Presence.UP, "s2")
    world.health("us", Presence.UP, "s2")
    assert theirs.heads == ours.heads
    pages = world.all(Entries)
    assert max(len(encode(page)) for page in pages) < 128 * 1024
    assert most / 2 < max(len(page.entries) for page in pages) <= most
    assert sum(len(page.entries) for page in pages) == 2 * FULL_LOAD + 7


WHEN = datetime(2017, 6, 18, tzinfo=UTC)


def test_an_entry_that_is_longer_than_a_page_is_sent_alone() -> None:
    ledger = PairLedger("us", "ru")
    for number in range(3):
        ledger.grant(
            f"n{number}.x", expand(plan("x")) * (1_000 if number == 0 else 1), "0" * 16, Priority.ROUTINE, WHEN
        )
    assert [entry.index for entry in ledger.tail(0, FULL_LOAD)] == [1]
    assert [entry.index for entry in ledger.tail(1, FULL_LOAD)] == [2, 3]


def test_two_sides_that_both_lack_something_they_cannot_get_do_not_ask_for_ever() -> None:
    world = Joined()
    for party, peer in (("us", "ru"), ("ru", "us")):
        for number in range(2):
            world.centres[party].ledgers[peer].grant(f"{party}{number}.x", (), "0" * 16, Priority.ROUTINE, world.now)
    world.lost = lambda message: isinstance(message, Entries)
    world.health("ru", Presence.UP, "s2")
    assert len(world.all(Reconcile)) <= 4


# Calls ------------------------------------------------------------------------------------------------------


def test_a_line_check_that_nobody_answers_for_days_stays_one_and_is_rung_ever_more_seldom() -> None:
    world = Joined(rules=agreement(line_check=LineCheckRule(caller="us", at=(time(7), time(19)))))
    world.lost = lambda message: getattr(message, "to", "") == "ru"
    world.run(minutes=5 * DAY_MIN)
    assert len(world.all(Ring)) < 5 * 90
    assert len(world.centres["us"].parts.desk.waiting) <= 1
    world.lost = lambda _: False
    world.run(minutes=30)
    assert len(world.all(LineChecked)) == 1
    assert len(world.escalations(EscalationKind.LINE_DOWN)) == 1


def test_a_call_that_is_dropped_at_once_is_not_rung_again_at_once() -> None:
    world = Joined(rules=agreement(line_check=LineCheckRule(caller="us", at=(time(6, 1),))))
    world.lost = lambda message: isinstance(message, LineChecked)
    world.run(minutes=30)
    dropped = [call for call in world.all(CallEnded) if call.outcome is CallOutcome.DROPPED]
    assert 1 < len(dropped) <= 30 / (5 + 2)


def test_an_answer_to_something_else_does_not_end_what_the_call_is_about() -> None:
    siege = Siege()
    siege.tell(SubmitPlan, plan=plan("us-1"))
    siege.go_along(1, "concur", "now")
    call_id = siege.call_of("ru", 0)
    siege.peer_says("ru", Noted, "now", call_id=call_id)
    siege.peer_says("ru", LineChecked, "now", call_id=call_id, agreement="0" * 16, heads={})
    assert siege.centre.open_calls() == [call_id]
    assert siege.centre.parts.desk.call.current is not None  # type: ignore[union-attr]


def test_what_failed_in_a_call_is_tried_again_in_another() -> None:
    world = Joined()
    world.lost = lambda message: isinstance(message, Propose)
    world.file("us", plan("us-1"))
    world.run(minutes=4)
    assert len(world.all(Ring)) == len(world.all(Propose)) == 1
    world.run(minutes=3)
    assert len(world.all(Ring)) == len(world.all(Propose)) == 2


def test_a_sighting_at_a_pole_is_protested_like_any_other() -> None:
    siege = Siege()
    kind = SightingKind.LINE_CROSSING
    siege.tell(ReportSighting, kind=kind, by="ru", at=Position(0.0, -90.0), seen_at=siege.clock("at the end of time"))
    assert isinstance(siege.said[-1], Ring)


def test_a_side_that_does_not_protest_keeps_no_sightings() -> None:
    world = Joined(us=config(posture=Posture(protests=False)))
    world.tell("us", ReportSighting, kind=SightingKind.SHOW_OF_FORCE, by="ru", at=ON_THE_LINE, seen_at=world.now)
    assert len(world.escalations(EscalationKind.SIGHTING)) == 1
    assert world.centres["us"].untold() == []


# Plans ------------------------------------------------------------------------------------------------------


def test_a_plan_long_over_is_forgotten_but_its_id_stays_taken_and_its_status_is_told() -> None:
    world = Joined()
    world.file("us", plan("far", FAR_EAST, hours=1))
    world.run(minutes=3 * DAY_MIN)
    world.file("us", plan("other", FAR_EAST, hours=3 * 24 + 1))
    world.run(minutes=3 * 60)
    assert set(world.centres["us"].plans) == {"other"}
    world.file("us", plan("far", FAR_EAST, hours=1))
    assert world.status("far").state is PlanState.ENDED
    world.file("us", plan("far", FAR_EAST, hours=100))
    problem = world.status("far").problem
    assert problem is not None
    assert problem.code == "duplicate-id"


def test_a_plan_in_local_time_is_kept_clear_of_what_is_there_at_that_time() -> None:
    damascus = timezone(timedelta(hours=3))
    world = Joined()
    world.file("ru", plan("ru-1"))
    mine = plan("us-1")
    local: FlightPlan = msgspec.structs.replace(
        mine, start=mine.start.astimezone(damascus), end=mine.end.astimezone(damascus)
    )
    world.file("us", local)
    (proposal,) = (said for said in world.all(Propose) if said.source == "us")
    offers: list[Propose | Counter] = [proposal, *world.all(Counter)]
    offered = [said for said in offers if said.source == "ru"]
    (theirs,) = expand(plan("ru-1"))
    for offer in offered:
        rule = agreement().boundary_rule
        assert not any(in_conflict(air, theirs, rule) for air in proposal.menu.volumes(offer.choice))
    assert world.status("us-1").state is PlanState.ACCEPTED


def test_of_two_flights_of_ours_none_is_bargained_into_the_others_air() -> None:
    picky = config(costs=Costs(line=1.0, content=1.0, walk_away=0.1))
    world = Joined(config(gather_s=300), picky)
    world.file("ru", plan("ru-1"))
    world.run(minutes=10)
    names = ("us-1", "us-2", "us-3")
    for number, name in enumerate(names):
        world.file("us", plan(name, lower_ft=14_000 + 4_000 * number, upper_ft=15_000 + 4_000 * number))
    world.run(minutes=150)
    flown = {name: status.volumes for name in names if (status := world.status(name)).state is PlanState.ACCEPTED}
    assert flown
    rule = agreement().boundary_rule
    for one, air in flown.items():
        for other, more_air in flown.items():
            assert one == other or not any(in_conflict(a, b, rule) for a in air for b in more_air)


def test_a_plan_at_the_edge_of_the_theatre_is_bargained_about_within_it() -> None:
    """Its menu once held a sector beyond the edge, and was declined whole."""
    rules = agreement(line=None, zones=(agreement().zones[0],))
    zone = msgspec.structs.replace(rules.zones[0], area=plan("x", Position(43.8, 35.5)).area, holder=None)
    world = Joined(rules=msgspec.structs.replace(rules, zones=(zone,)))
    world.file("us", plan("edge", Position(43.8, 35.5)))
    assert world.status("edge").state is PlanState.ACCEPTED


def test_what_is_still_asked_for_when_its_flight_is_over_is_withdrawn() -> None:
    world = Joined()
    world.lost = lambda message: getattr(message, "to", "") == "ru"
    world.file("us", plan("mayday", hours=0.1, lasts=0.2, priority=Priority.EMERGENCY))
    world.run(minutes=7)
    world.tell("us", DeclareEmergency, plan_id="mayday")
    world.run(minutes=12)
    assert world.status("mayday").state is PlanState.ENDED
    assert world.centres["us"].open_negotiations() == []


def test_a_flight_in_distress_without_any_slack_still_gets_its_call() -> None:
    world = Joined()
    world.file("us", plan("us-1", hours=0.5, flexibility=FIXED))
    world.run(minutes=45)
    world.tell("us", DeclareEmergency, plan_id="us-1")
    world.run(minutes=1)
    assert world.all(Ring)[-1].reason is Reason.EMERGENCY
    assert len(world.centres["ru"].ledgers["us"].chain("ru")) >= 1
    assert world.status("us-1").state is PlanState.CONTINGENT


def test_a_flight_filed_in_distress_takes_the_air_of_our_own() -> None:
    world = Joined()
    world.file("us", plan("us-1", FAR_EAST))
    world.file("us", plan("mayday", FAR_EAST, priority=Priority.EMERGENCY))
    assert world.status("mayday").state is PlanState.ACCEPTED
    assert world.status("us-1").state is PlanState.WITHDRAWN
    assert [status.problem.code for status in world.all(PlanStatus) if status.problem] == ["gave-way"]
