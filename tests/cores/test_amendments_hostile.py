"""Amendments that are made to do harm: air is given away meanwhile, versions run out, and thousands come at once."""

import tracemalloc

import msgspec
import pytest

from hotline_protocol.agreement import BoundaryRule, Zone
from hotline_protocol.airspace import Circle, Corridor, Position
from hotline_protocol.conflicts import in_conflict
from hotline_protocol.events import InputRejected, PlanStatus
from hotline_protocol.flightplan import HIGHEST_VERSION, OVER, Flexibility, FlightPlan, PlanState
from hotline_protocol.geometry import length_nm
from hotline_protocol.injection import ChangePlan
from hotline_protocol.line import Concur

from .joined import FAR_EAST, ON_THE_LINE, Joined, agreement, minutes, plan

FIXED = Flexibility(max_shift_min=0, max_offset_nm=0, other_blocks=False)
GARRISON = Position(39.0, 35.0)
OURS = agreement(zones=(Zone(name="garrison", area=Circle(centre=GARRISON, radius_nm=20), holder="us"),))
ALONG_THE_LINE = (Position(40.0, 35.0), Position(40.0, 35.3), Position(40.0, 35.5))


def along(plan_id: str, *further: Position) -> FlightPlan:
    """A flight along the line, and further, at the same speed however far."""
    first, area = (Corridor(route=(*ALONG_THE_LINE, *more), half_width_nm=3) for more in ((), further))
    filed = plan(plan_id, lasts=0.5, area=first, flexibility=FIXED)
    return msgspec.structs.replace(
        filed, area=area, end=filed.start + (filed.end - filed.start) * (length_nm(area) / length_nm(first))
    )


@pytest.mark.parametrize("minutes_held", [0, 3])
@pytest.mark.parametrize("amends", [True, False])
def test_air_that_was_granted_to_the_peer_while_it_was_asked_for_other_air_is_not_flown_in(
    minutes_held: int, *, amends: bool
) -> None:
    world = Joined(rules=OURS)
    second = along("p", Position(39.0, 35.5), GARRISON)  # it ends where we ask nobody, and the peer asks us
    if amends:
        world.file("us", along("p"))
        second = msgspec.structs.replace(second, version=2)
    world.holds = lambda message: isinstance(message, Concur)
    world.file("us", second)
    world.holds = lambda message: isinstance(message, Concur) and message.source == "ru"
    theirs = {"start": second.start, "end": second.end, "flexibility": FIXED}
    world.file("ru", msgspec.structs.replace(plan("theirs"), area=Circle(centre=GARRISON, radius_nm=4), **theirs))
    world.run(minutes=minutes_held)
    world.release_held()
    world.run(minutes=30)
    mine, other = (world.centres[party].plans[plan_id] for party, plan_id in (("us", "p"), ("ru", "theirs")))
    flown = [each for each in (mine, other) if each.state not in OVER]
    assert flown
    assert other.state is PlanState.ACCEPTED or mine.plan.number == second.number
    if len(flown) > 1:
        assert not any(
            one.start < two.end and two.start < one.end and in_conflict(one, two, BoundaryRule.TOUCHING_IS_CLEAR)
            for one in mine.volumes
            for two in other.volumes
        )


def test_the_highest_version_is_told_to_be_the_last_and_every_status_can_be_read() -> None:
    world = Joined()
    world.file("us", plan("p", FAR_EAST, version=HIGHEST_VERSION))
    world.tell("us", ChangePlan, plan_id="p", shift_min=5)
    (rejected,) = world.all(InputRejected)
    assert rejected.problem.code == "no-more-versions"
    assert world.status("p").version == HIGHEST_VERSION
    for status in world.all(PlanStatus):
        assert msgspec.json.decode(msgspec.json.encode(status), type=PlanStatus) == status


@pytest.mark.parametrize(("where", "loses_calls"), [(FAR_EAST, False), (ON_THE_LINE, True)])
def test_thousands_of_amendments_of_one_plan_leave_no_more_behind_than_one(
    where: Position, *, loses_calls: bool
) -> None:
    world = Joined()
    world.file("us", plan("p", where))
    world.lost = lambda message: loses_calls and hasattr(message, "call_id")

    def amend(times: int) -> int:
        for number in range(times):
            world.tell("us", ChangePlan, plan_id="p", shift_min=1 if number % 2 else -1)
            world.said.clear()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = amend(2_000)
        after = amend(4_000)
    finally:
        tracemalloc.stop()
    assert after - before < 4_000 * 60  # bytes; 300 of each were kept once
    world.run(minutes=minutes(300) / minutes(1))
    assert world.centres["us"].plans["p"].state is not PlanState.ACTIVATED


def test_a_flight_that_is_amended_thousands_of_times_in_the_air_still_ends() -> None:
    world, first = Joined(), plan("p", FAR_EAST, hours=1)
    world.file("us", first)
    world.run(minutes=70)
    for number in range(3_000):
        world.tell("us", ChangePlan, plan_id="p", end=first.end - minutes(number % 30))
        world.said.clear()
    world.run(minutes=60)
    assert world.status("p").state is PlanState.ENDED
