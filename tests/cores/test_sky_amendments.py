"""The sky flies the version of a plan that is in force, before and after it has taken off."""

from datetime import timedelta

import msgspec
import pytest

from hotline_protocol.airspace import Circle, Corridor, Position
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.geometry import to_plane
from hotline_protocol.sky import FlightBegan, FlightFlown

from .skies import DAWN, EAST, FAR_EAST, MINUTE, NOON, WEST, Watched, plan

LATER = NOON + timedelta(hours=6)


def amended(of: FlightPlan, **changes: object) -> FlightPlan:
    return msgspec.structs.replace(of, version=2, **changes)


def negotiate(watched: Watched, first: FlightPlan, second: FlightPlan, state: PlanState) -> None:
    """What a centre says of a version beside which the first one stands."""
    watched.submit("us", second)
    watched.tell("us", second, state, version=2, amends=first.digest, in_force=1)


def clear(watched: Watched, first: FlightPlan, second: FlightPlan, state: PlanState = PlanState.ACCEPTED) -> None:
    negotiate(watched, first, second, PlanState.NEGOTIATING)
    watched.tell("us", second, state, version=2, amends=first.digest)


@pytest.mark.parametrize("state", [PlanState.NEGOTIATING, PlanState.REFUSED, PlanState.WITHDRAWN])
def test_what_becomes_of_a_version_that_is_not_in_force_calls_nothing_off(state: PlanState) -> None:
    watched, first = Watched(), plan("p-1", FAR_EAST)
    watched.clear("us", first)
    negotiate(watched, first, amended(first, start=first.start + 30 * MINUTE, end=first.end + 30 * MINUTE), state)
    watched.run(LATER)
    flown = watched.only(FlightFlown)
    assert (flown.began_at, flown.ended_at) == (first.start, first.end)


def test_another_plan_of_the_same_id_that_is_refused_calls_nothing_off() -> None:
    watched, first = Watched(), plan("p-1", FAR_EAST)
    watched.clear("us", first)
    other = msgspec.structs.replace(first, remarks="other")
    watched.submit("us", other)
    watched.tell("us", other, PlanState.REFUSED, in_force=1)
    watched.run(LATER)
    assert watched.only(FlightFlown).began_at == first.start


def test_a_flight_that_has_not_begun_is_flown_as_amended() -> None:
    watched, first = Watched(), plan("p-1", FAR_EAST)
    watched.clear("us", first)
    second = amended(
        first, start=first.start + 30 * MINUTE, end=first.end + 30 * MINUTE, lower_ft=30_000, upper_ft=32_000
    )
    clear(watched, first, second)
    watched.run(second.start + 10 * MINUTE)
    assert watched.only(FlightBegan).time == second.start
    (flight,) = watched.core.flying
    assert 30_000 <= flight.path.at(flight.flown.start_s + 600).z_ft <= 32_000
    watched.run(LATER)
    flown = watched.only(FlightFlown)
    assert (flown.began_at, flown.ended_at, flown.conforming_share) == (second.start, second.end, 1.0)


def test_a_flight_in_the_air_stays_longer_where_it_is() -> None:
    watched, first = Watched(), plan("p-1", FAR_EAST)
    watched.clear("us", first)
    watched.run(NOON + 40 * MINUTE)
    clear(watched, first, amended(first, end=first.end + 30 * MINUTE), PlanState.ACTIVATED)
    watched.run(LATER)
    flown = watched.only(FlightFlown)
    assert (flown.began_at, flown.ended_at, flown.conforming_share) == (first.start, first.end + 30 * MINUTE, 1.0)


def test_a_flight_in_the_air_goes_over_to_its_new_place_and_height() -> None:
    watched, first = Watched(), plan("p-1", EAST)
    watched.clear("us", first)
    watched.run(NOON + 20 * MINUTE)
    second = amended(first, area=Circle(centre=WEST, radius_nm=8), lower_ft=24_000, upper_ft=26_000)
    clear(watched, first, second, PlanState.ACTIVATED)
    watched.run(NOON + 45 * MINUTE)
    (flight,) = watched.core.flying
    here = flight.path.at(45 * 60 + (NOON - DAWN).total_seconds())
    (there,) = to_plane([WEST])
    assert abs(here.x_m - there[0]) < 8 * 1852
    assert 24_000 <= here.z_ft <= 26_000
    watched.run(LATER)
    assert watched.only(FlightFlown).ended_at == first.end


def test_a_flight_in_the_air_takes_another_route_from_where_it_is() -> None:
    watched = Watched()
    legs = (Position(40.5, 34.8), Position(40.5, 35.3), Position(40.5, 35.9))
    first = plan("p-1", area=Corridor(route=legs, half_width_nm=5), minutes=30)
    watched.clear("us", first)
    watched.run(NOON + 5 * MINUTE)
    turned = Corridor(route=(*legs[:2], Position(41.1, 35.6)), half_width_nm=5)
    clear(watched, first, amended(first, area=turned), PlanState.ACTIVATED)
    watched.run(NOON + 29 * MINUTE)
    (flight,) = watched.core.flying
    (end,) = to_plane([Position(41.1, 35.6)])
    at_last = flight.path.at(flight.path.end_s)
    assert (at_last.x_m, at_last.y_m) == pytest.approx(end, abs=1.0)
    watched.run(LATER)
    assert watched.only(FlightFlown).conforming_share > 0.9
