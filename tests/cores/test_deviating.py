"""Flights that do not do what their plan says."""

import math
from typing import Any

import pytest

from hotline_protocol.airspace import Position
from hotline_protocol.geometry import KNOT_M_S, METRES_PER_NM, to_plane
from hotline_protocol.injection import Deviate, DeviationKind
from hotline_protocol.message import Author
from hotline_services.director.setting import Deviations
from hotline_services.simulation.chance import Chance
from hotline_services.traffic.deviating import (
    AS_PLANNED,
    EMERGENCY_BETWEEN,
    FLOOR_FT,
    RETASKED_BETWEEN,
    Departures,
    Dice,
    Turn,
    drawn,
    ordered,
    turned,
)
from hotline_services.traffic.path import Path
from hotline_services.traffic.performance import STRIKER

from .skies import NOON

EASTWARDS = Path.through([(0.0, 0.0, 0.0, 20_000.0), (1_000.0, 150_000.0, 0.0, 20_000.0)])
ALWAYS = Deviations(late=1.0, timing_min=10, retasked=1.0, retasked_nm=20, emergency=1.0)


def dice(number: int, seed: int = 1) -> Dice:
    return Dice(Chance(seed), f"us/plan-{number}")


def order(kind: DeviationKind, **fields: Any) -> Deviate:
    return Author("director").say(Deviate, NOON, to="sky", side="us", plan_id="p", kind=kind, **fields)


def test_without_odds_everything_is_flown_as_planned() -> None:
    assert drawn(None, dice(1)) == AS_PLANNED
    assert all(drawn(Deviations(), dice(number)) == AS_PLANNED for number in range(50))


def test_as_many_flights_depart_as_the_scenario_says() -> None:
    odds = Deviations(late=0.2, off_route=0.1)
    departures = [drawn(odds, dice(number)) for number in range(2_000)]
    late = sum(each.shift_s > 0 for each in departures) / 2_000
    off_route = sum(DeviationKind.OFF_ROUTE in each.kinds for each in departures) / 2_000
    assert late == pytest.approx(0.2, abs=0.03)
    assert off_route == pytest.approx(0.1, abs=0.03)


def test_more_of_one_kind_leaves_the_others_as_they_were() -> None:
    few, many = Deviations(late=0.1, off_route=0.1), Deviations(late=0.6, off_route=0.1)
    for number in range(200):
        before, after = drawn(few, dice(number)), drawn(many, dice(number))
        assert before.turns == after.turns
        assert before.shift_s in {0.0, after.shift_s}


def test_how_far_it_goes_is_half_to_one_and_a_half_of_the_average() -> None:
    found = [drawn(ALWAYS, dice(number)) for number in range(300)]
    minutes = [each.shift_s / 60 for each in found]
    assert 5 <= min(minutes) < 6
    assert 14 < max(minutes) <= 15
    retasked = [turn for each in found for turn in each.turns if turn.kind is DeviationKind.RETASKED]
    away_nm = [math.hypot(*turn.offset) / METRES_PER_NM for turn in retasked]
    assert min(away_nm) >= 10
    assert max(away_nm) <= 30
    assert all(RETASKED_BETWEEN[0] <= turn.after <= RETASKED_BETWEEN[1] for turn in retasked)


def test_a_flight_in_distress_may_have_been_sent_elsewhere_before() -> None:
    both = drawn(ALWAYS, dice(7))
    assert both.kinds == (DeviationKind.LATE, DeviationKind.RETASKED, DeviationKind.EMERGENCY)
    assert EMERGENCY_BETWEEN[0] <= both.turns[1].after <= EMERGENCY_BETWEEN[1]


def test_early_is_before_its_time() -> None:
    early = drawn(Deviations(early=1.0, timing_min=10), dice(1))
    assert early.shift_s < 0
    assert early.kinds == (DeviationKind.EARLY,)


def test_off_its_route_from_the_start_it_flies_beside_it_all_the_way() -> None:
    beside = turned(EASTWARDS, Turn(kind=DeviationKind.OFF_ROUTE, after=0.0, offset=(0.0, 5_000.0)), STRIKER, 0.0)
    assert beside.at(0.0) == (0.0, 5_000.0, 20_000.0)
    assert beside.at(1_000.0) == (150_000.0, 5_000.0, 20_000.0)


def test_off_its_route_on_the_way_it_takes_its_time_to_get_there() -> None:
    turn = Turn(kind=DeviationKind.OFF_ROUTE, after=0.0, offset=(0.0, 26_752.0))  # 100 s at 520 kt
    beside = turned(EASTWARDS, turn, STRIKER, 400.0)
    assert beside.at(400.0) == pytest.approx((60_000.0, 0.0, 20_000.0))
    assert beside.at(500.0) == pytest.approx((75_000.0, 26_752.0, 20_000.0), abs=10)
    assert beside.at(1_000.0) == pytest.approx((150_000.0, 26_752.0, 20_000.0))


def test_off_its_route_just_before_its_end_it_ends_in_time() -> None:
    turn = Turn(kind=DeviationKind.OFF_ROUTE, after=0.0, offset=(0.0, 26_752.0))
    assert turned(EASTWARDS, turn, STRIKER, 950.0).end_s == 1_000.0


def test_sent_elsewhere_it_flies_there_at_its_fastest_and_stays_until_its_end() -> None:
    turn = Turn(kind=DeviationKind.RETASKED, after=0.0, to=(30_000.0, 50_000.0))
    path = turned(EASTWARDS, turn, STRIKER, 200.0)
    assert path.end_s == 1_000.0
    assert math.hypot(*path.velocity(210.0)[:2]) == pytest.approx(STRIKER.fastest_kt * KNOT_M_S)
    here = path.at(900.0)
    assert math.dist(here[:2], (30_000.0, 50_000.0)) < 6 * METRES_PER_NM
    assert here.z_ft == 20_000


def test_sent_elsewhere_late_it_stays_for_a_lap_nevertheless() -> None:
    turn = Turn(kind=DeviationKind.RETASKED, after=0.0, to=(150_000.0, 100_000.0))
    path = turned(EASTWARDS, turn, STRIKER, 990.0)
    assert path.end_s > 1_000.0 + 180


def test_in_distress_it_goes_down_where_it_is_and_that_is_its_end() -> None:
    path = turned(EASTWARDS, Turn(kind=DeviationKind.EMERGENCY, after=0.0), STRIKER, 100.0)
    assert path.end_s == pytest.approx(100 + 60 * (20_000 - FLOOR_FT) / STRIKER.descent_fpm)
    assert path.at(path.end_s).z_ft == FLOOR_FT
    assert path.at(50.0) == EASTWARDS.at(50.0)
    assert path.at(200.0)[:2] == pytest.approx(EASTWARDS.at(200.0)[:2])


def test_in_distress_at_the_end_of_its_way_it_goes_on_downwards() -> None:
    path = turned(EASTWARDS, Turn(kind=DeviationKind.EMERGENCY, after=0.0), STRIKER, 990.0)
    assert path.end_s > 1_100
    assert path.at(path.end_s).x_m > 160_000


def test_what_an_order_leaves_open_is_as_chance_has_it() -> None:
    there = Position(41.0, 35.0)
    told = ordered(order(DeviationKind.RETASKED, at=there), dice(1), None, after=0.4)
    assert told == Turn(kind=DeviationKind.RETASKED, after=0.4, to=to_plane([there])[0])
    open_ = ordered(order(DeviationKind.OFF_ROUTE), dice(1), Deviations(offset_nm=6), after=0.0)
    assert open_ is not None
    assert math.hypot(*open_.offset) == pytest.approx(6 * METRES_PER_NM)
    assert ordered(order(DeviationKind.LATE, minutes=20), dice(1), None, after=0.0) is None


def test_an_order_takes_the_place_of_what_chance_had_in_store_of_its_kind() -> None:
    first = Departures(turns=(Turn(kind=DeviationKind.RETASKED, after=0.5, offset=(1.0, 0.0)),))
    second = first.with_turn(Turn(kind=DeviationKind.RETASKED, after=0.1, to=(5.0, 5.0)))
    assert [turn.to for turn in second.turns] == [(5.0, 5.0)]
    assert second.shifted_by(order(DeviationKind.EARLY, minutes=5)).shift_s == -300
