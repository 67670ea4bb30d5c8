"""A sky that is told nonsense says so, remembers little of it, and flies on."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import msgspec
import pytest

from hotline_protocol.airspace import Position
from hotline_protocol.events import InputRejected
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.injection import Deviate, DeviationKind
from hotline_protocol.intake import LONGEST_FLIGHT
from hotline_protocol.message import Author
from hotline_protocol.sky import FlightBegan, FlightFlown
from hotline_services.director.setting import Sky as Setting
from hotline_services.simulation.chance import Chance
from hotline_services.traffic.state import SkyState
from hotline_services.traffic.strips import ORDERS_EACH, Strips

from .skies import DAWN, FAR_EAST, MINUTE, NOON, Watched, plan

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FIRST_MOMENT = datetime(1, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def refused(watched: Watched) -> list[tuple[str, str]]:
    return [(rejected.problem.code, rejected.problem.field) for rejected in watched.all(InputRejected)]


def begun(watched: Watched) -> list[str]:
    return [began.flyer.plan_id for began in watched.all(FlightBegan)]


@pytest.mark.parametrize("clock", [FIRST_MOMENT, LAST_MOMENT])
def test_a_centre_with_a_wrong_clock_makes_the_sky_forget_nothing(clock: datetime) -> None:
    watched = Watched()
    watched.clear("us", plan("p-1", FAR_EAST))
    wrong = watched.status("us", plan("p-2", FAR_EAST), PlanState.ACCEPTED)
    watched.feed(msgspec.structs.replace(wrong, time=clock))
    watched.clear("us", plan("p-3", FAR_EAST))
    watched.run(NOON + 2 * HOUR)
    assert begun(watched) == ["p-1", "p-2", "p-3"]
    assert len(watched.all(FlightFlown)) == 3


def untimely(start: datetime) -> FlightPlan:
    return plan("p-1", FAR_EAST, start=start, end=start + HOUR)


@pytest.mark.parametrize("start", [LAST_MOMENT - HOUR, NOON + 32 * DAY, NOON - 32 * DAY, FIRST_MOMENT])
@pytest.mark.parametrize("order", [*permutations(("status", "deviate"))])
def test_air_of_another_age_is_refused_whatever_else_was_ordered(start: datetime, order: tuple[str, ...]) -> None:
    watched, its_plan = Watched(), untimely(start)
    for what in order:
        if what == "status":
            watched.tell("us", its_plan, PlanState.ACCEPTED)
        else:
            watched.deviate("us", its_plan, kind=DeviationKind.LATE, minutes=360)
    watched.run(NOON + 2 * HOUR)
    assert refused(watched) == [("unflyable", "volumes")]
    assert begun(watched) == []


def test_what_bargaining_has_put_a_little_later_than_any_plan_may_be_is_flown() -> None:
    watched = Watched()
    watched.tell("us", untimely(DAWN + 30 * DAY + HOUR), PlanState.ACCEPTED)
    watched.run(DAWN + 31 * DAY)
    assert begun(watched) == ["p-1"]


@pytest.mark.parametrize("at", [Position(-179, -89), Position(0, 0), Position(44.1, 35)])
@pytest.mark.parametrize("aloft", [False, True])
def test_nobody_is_sent_out_of_the_theatre(at: Position, aloft: bool) -> None:
    watched, its_plan = Watched(), plan("p-1", FAR_EAST)
    watched.clear("us", its_plan)
    watched.run(NOON + 20 * MINUTE if aloft else DAWN)
    watched.deviate("us", its_plan, kind=DeviationKind.RETASKED, at=at)
    watched.run(NOON + 2 * HOUR)
    assert refused(watched) == [("bad-place", "at")]
    assert watched.only(FlightFlown).ended_at == NOON + HOUR


def test_a_flight_that_is_sent_to_and_fro_lands_after_a_day_at_last() -> None:
    watched, its_plan = Watched(), plan("p-1", FAR_EAST)
    watched.clear("us", its_plan)
    watched.run(NOON + 30 * MINUTE)
    corners = (Position(35, 32), Position(43, 38))
    for turn in range(60):
        watched.deviate("us", its_plan, kind=DeviationKind.RETASKED, at=corners[turn % 2])
        watched.run(watched.now + 30 * MINUTE)
    assert watched.only(FlightFlown).ended_at <= NOON + LONGEST_FLIGHT
    assert watched.only(FlightFlown).ended_at > NOON + 12 * HOUR


def test_of_many_orders_to_a_flight_that_nobody_knows_the_last_few_are_kept() -> None:
    strips, author = Strips(Setting(), Chance(1)), Author("director")
    state = SkyState(author=Author("sky"))
    for minutes in range(50):
        order = author.say(
            Deviate, DAWN, to="sky", side="us", plan_id="p-1", kind=DeviationKind.LATE, minutes=float(minutes)
        )
        strips.order(state, order)
    (kept,) = state.orders.values()
    assert [order.minutes for order in kept] == [*map(float, range(50 - ORDERS_EACH, 50))]
    watched = Watched()
    flight = strips.heard(state, watched.status("us", plan("p-1"), PlanState.ACCEPTED), DAWN)
    assert flight is not None
    flight = strips.with_departures(state, flight)
    assert flight.departures is not None
    assert flight.departures.shift_s == 49 * 60


def test_nothing_unannounced_flies_for_a_side_that_is_none() -> None:
    watched = Watched()
    watched.fly_unannounced(plan("t-1", FAR_EAST), side="zz")
    watched.run(NOON + 2 * HOUR)
    assert refused(watched) == [("unknown-party", "side")]
    assert "us" in watched.only(InputRejected).problem.reason
    assert begun(watched) == []
