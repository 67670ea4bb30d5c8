"""When a flight counts as outside its air, and what is told of that."""

import pytest

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.geometry import footprint, to_plane
from hotline_services.traffic.conforming import Air, Turnover, Verdict, excursions, judged_anew, turnovers, verdict
from hotline_services.traffic.passage import Span
from hotline_services.traffic.path import Path

CENTRE = Position(40.5, 35.5)
RADIUS_NM = 5.0
METRES = RADIUS_NM * 1852.0
AIR = Air(footprint(Circle(centre=CENTRE, radius_nm=RADIUS_NM)), 10_000.0, 12_000.0, 0.0, 1_000.0)


def straight_through(start_s: float = 0.0, height_ft: float = 11_000.0) -> Path:
    """West to east through the middle at 100 m/s, from 10 NM before it to 10 NM beyond."""
    ((x, y),) = to_plane([CENTRE])
    lasts_s = 4 * METRES / 100
    return Path.through([(start_s, x - 2 * METRES, y, height_ft), (start_s + lasts_s, x + 2 * METRES, y, height_ft)])


def test_outside_is_what_lies_before_and_after_its_air() -> None:
    outside = excursions(straight_through(), None, [AIR], 0.0)
    assert [edge for span in outside for edge in span] == pytest.approx([0.0, 92.6, 277.8, 370.4], abs=0.05)


def test_too_high_is_outside_and_so_is_too_late() -> None:
    assert excursions(straight_through(height_ft=12_500), None, [AIR], 0.0) == [pytest.approx(Span(0.0, 370.4))]
    late = excursions(straight_through(start_s=800.0), None, [AIR], 0.0)
    assert late[1].began_s == 1_000.0


def test_what_is_inside_one_of_several_volumes_is_inside() -> None:
    two = [AIR._replace(end_s=180.0), AIR._replace(start_s=180.0)]
    assert excursions(straight_through(), None, two, 0.0) == excursions(straight_through(), None, [AIR], 0.0)


def test_the_past_is_judged_by_what_counted_then() -> None:
    before = [Span(0.0, 100.0), Span(300.0, 400.0)]
    assert judged_anew(before, [Span(350.0, 360.0)], 320.0) == [
        Span(0.0, 100.0),
        Span(300.0, 320.0),
        Span(350.0, 360.0),
    ]
    assert judged_anew(before, [Span(320.0, 330.0)], 320.0) == [Span(0.0, 100.0), Span(300.0, 330.0)]


def test_a_verdict_has_the_share_inside_and_the_longest_time_outside() -> None:
    assert verdict([Span(0.0, 30.0), Span(100.0, 110.0)], 0.0, 1_000.0) == Verdict(0.96, 30.0)
    assert not Verdict(0.96, 30.0).conforming
    assert Verdict(0.96, 10.0).conforming
    assert not Verdict(0.94, 10.0).conforming
    assert verdict([], 0.0, 1_000.0) == Verdict(1.0, 0.0)


def test_of_a_flight_that_was_broken_off_only_what_was_flown_counts() -> None:
    assert verdict([Span(50.0, 500.0)], 0.0, 100.0) == Verdict(0.5, 50.0)


def test_an_excursion_is_told_after_ten_seconds_and_a_shorter_one_not_at_all() -> None:
    assert turnovers([Span(100.0, 110.0)], 1_000.0) == []
    assert turnovers([Span(100.0, 130.0)], 1_000.0) == [Turnover(110.0, False, 10.0), Turnover(130.0, True, 30.0)]


def test_leaving_with_every_lap_is_told_once() -> None:
    laps = [Span(100.0, 200.0), Span(400.0, 500.0), Span(700.0, 705.0), Span(720.0, 800.0)]
    assert turnovers(laps, 9_000.0) == [Turnover(110.0, False, 10.0), Turnover(800.0, True, 280.0)]


def test_being_outside_again_long_after_is_told_again() -> None:
    assert len(turnovers([Span(100.0, 200.0), Span(800.0, 900.0)], 9_000.0)) == 4


def test_who_comes_down_outside_does_not_come_back() -> None:
    assert turnovers([Span(100.0, 1_000.0)], 1_000.0) == [Turnover(110.0, False, 10.0)]


def test_times_outside_add_up_exactly() -> None:
    assert verdict([Span(0.0, 0.1)] * 10, 0.0, 1.0).share == 0.0
