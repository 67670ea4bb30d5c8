"""When two that move lose separation and how close they come, against closed forms and against very small steps."""

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.agreement import Separation
from hotline_services.traffic.approach import Encounter, Minima, encounters
from hotline_services.traffic.path import Path

steady = settings(deadline=None, max_examples=60)  # a busy machine is no failure

MINIMA = Minima.of(Separation())
LATERAL_M = 9_260.0
TO_THE_TWENTIETH_S = 0.05


def straight(
    x_m: float,
    y_m: float,
    z_ft: float,
    *,
    east_m_s: float = 0.0,
    north_m_s: float = 0.0,
    up_ft_s: float = 0.0,
    start_s: float = 0.0,
    span_s: float = 1_000.0,
) -> Path:
    """One leg from a point at a steady speed."""
    end = (start_s + span_s, x_m + east_m_s * span_s, y_m + north_m_s * span_s, z_ft + up_ft_s * span_s)
    return Path.through([(start_s, x_m, y_m, z_ft), end])


def only(one: Path, other: Path) -> Encounter:
    (encounter,) = encounters(one, other, MINIMA)
    return encounter


def test_head_on_it_is_lost_while_both_are_within_five_miles_of_each_other() -> None:
    west, east = straight(0, 0, 20_000, east_m_s=250), straight(200_000, 0, 20_500, east_m_s=-150)
    met = only(west, east)
    assert met.closest_s == pytest.approx(500.0)
    assert met.began_s == pytest.approx(500.0 - LATERAL_M / 400)
    assert met.ended_s == pytest.approx(500.0 + LATERAL_M / 400)
    assert (met.horizontal_m, met.vertical_ft) == pytest.approx((0.0, 500.0), abs=1e-6)


def test_crossing_at_right_angles_the_closest_is_where_the_relative_track_passes() -> None:
    eastbound, northbound = straight(-50_000, 0, 20_000, east_m_s=200), straight(0, -54_000, 20_000, north_m_s=200)
    met = only(eastbound, northbound)
    passing_m = 4_000 / math.sqrt(2)  # the relative track lies at 45 degrees, 4 km to the side of the other
    assert met.horizontal_m == pytest.approx(passing_m)
    assert met.closest_s == pytest.approx((50_000 + 54_000) / 2 / 200)
    half_s = math.sqrt(LATERAL_M**2 - passing_m**2) / (200 * math.sqrt(2))
    assert met.began_s == pytest.approx(met.closest_s - half_s)
    assert met.ended_s == pytest.approx(met.closest_s + half_s)


def test_overtaking_it_is_lost_for_long() -> None:
    slow, fast = straight(0, 0, 15_000, east_m_s=100), straight(-30_000, 1_000, 15_000, east_m_s=180)
    met = only(slow, fast)
    half_s = math.sqrt(LATERAL_M**2 - 1_000**2) / 80
    assert met.closest_s == pytest.approx(375.0)
    assert (met.began_s, met.ended_s) == pytest.approx((375.0 - half_s, 375.0 + half_s))
    assert met.horizontal_m == pytest.approx(1_000.0)


def test_beside_each_other_it_is_lost_for_all_of_the_time_and_the_first_counts_as_the_closest() -> None:
    one, other = straight(0, 0, 15_000, east_m_s=200), straight(0, 9_000, 15_000, east_m_s=200)
    assert only(one, other) == Encounter(0.0, 1_000.0, 0.0, 9_000.0, 0.0)


def test_climbing_through_it_is_lost_between_the_levels_that_are_one_minimum_away() -> None:
    level, climbing = straight(0, 0, 20_000, east_m_s=200), straight(0, 1_852, 15_000, east_m_s=200, up_ft_s=25)
    met = only(level, climbing)
    assert (met.began_s, met.closest_s, met.ended_s) == (160.0, 200.0, 240.0)
    assert (met.horizontal_m, met.vertical_ft) == (1_852.0, 0.0)


def test_the_closest_weighs_distance_and_height_by_their_minima() -> None:
    level = straight(0, 0, 20_000)
    climbing = straight(-20_000, 0, 19_700, east_m_s=200, up_ft_s=2)
    met = only(level, climbing)

    t_s = np.arange(0.0, 1_000.0, 0.001)
    apart = ((-20_000 + 200 * t_s) / LATERAL_M) ** 2 + ((-300 + 2 * t_s) / 1_000) ** 2
    assert met.closest_s == pytest.approx(t_s[apart.argmin()], abs=1e-3)
    assert (met.horizontal_m / LATERAL_M) ** 2 + (met.vertical_ft / 1_000) ** 2 == pytest.approx(apart.min())


@pytest.mark.parametrize("aside_m", [LATERAL_M, LATERAL_M + 0.001, 3 * LATERAL_M])
def test_passing_at_the_lateral_minimum_or_farther_loses_nothing(aside_m: float) -> None:
    assert encounters(straight(0, 0, 0, east_m_s=200), straight(90_000, aside_m, 0, east_m_s=-200), MINIMA) == []


def test_passing_a_metre_inside_the_lateral_minimum_loses_it_for_a_moment() -> None:
    passing_m = LATERAL_M - 1.0
    met = only(straight(0, 0, 0, east_m_s=200), straight(90_000, passing_m, 0, east_m_s=-200))
    assert met.ended_s - met.began_s == pytest.approx(2 * math.sqrt(LATERAL_M**2 - passing_m**2) / 400, abs=1e-6)


@pytest.mark.parametrize(("apart_ft", "lost"), [(999.9, True), (1_000.0, False), (1_000.1, False)])
def test_flying_at_the_vertical_minimum_or_farther_loses_nothing(apart_ft: float, lost: bool) -> None:
    one, other = straight(0, 0, 20_000, east_m_s=200), straight(50_000, 0, 20_000 + apart_ft, east_m_s=-200)
    assert bool(encounters(one, other, MINIMA)) is lost


def test_levelling_off_at_the_vertical_minimum_touches_it_and_loses_nothing() -> None:
    below = straight(0, 0, 20_000)
    coming_down = Path.through([(0.0, 0.0, 0.0, 25_000.0), (500.0, 0.0, 0.0, 21_000.0), (999.0, 0.0, 0.0, 25_000.0)])
    assert encounters(below, coming_down, MINIMA) == []


@pytest.mark.parametrize(
    ("one_ft", "other_ft", "lost"),
    [
        (28_000, 29_000, False),  # FL290 itself is not above FL290
        (27_400, 28_900, False),
        (28_500, 29_900, True),
        (29_000, 30_000, True),
        (29_100, 31_000, True),
        (29_000, 31_000, False),
    ],
)
def test_above_flight_level_290_the_vertical_minimum_is_2000_feet(one_ft: float, other_ft: float, lost: bool) -> None:
    one, other = straight(0, 0, one_ft, east_m_s=200), straight(50_000, 0, other_ft, east_m_s=-200)
    assert bool(encounters(one, other, MINIMA)) is lost


def test_climbing_past_flight_level_290_together_loses_it_from_there_on() -> None:
    lower = straight(0, 0, 26_000, east_m_s=200, up_ft_s=10)
    upper = straight(0, 1_000, 27_500, east_m_s=200, up_ft_s=10)
    assert only(lower, upper) == Encounter(150.0, 1_000.0, 150.0, 1_000.0, 1_500.0)


def test_over_a_turn_it_is_one_encounter_and_its_closest_is_the_closest_of_both_legs() -> None:
    turning = Path.through(
        [(0.0, -40_000.0, 0.0, 9_000.0), (200.0, 0.0, 0.0, 9_000.0), (400.0, 0.0, 40_000.0, 9_000.0)]
    )
    standing = straight(-1_000, 3_000, 9_000)
    met = only(turning, standing)
    assert met.began_s == pytest.approx(200.0 - (1_000 + math.sqrt(LATERAL_M**2 - 3_000**2)) / 200)
    assert met.ended_s == pytest.approx(200.0 + (3_000 + math.sqrt(LATERAL_M**2 - 1_000**2)) / 200)
    assert (met.closest_s, met.horizontal_m) == pytest.approx((215.0, 1_000.0))


def test_who_comes_back_loses_it_twice() -> None:
    there_and_back = Path.through(
        [(0.0, 0.0, 0.0, 5_000.0), (500.0, 100_000.0, 0.0, 5_000.0), (1_000.0, 0.0, 0.0, 5_000.0)]
    )
    first, second = encounters(there_and_back, straight(50_000, 0, 5_000), MINIMA)
    assert (first.closest_s, second.closest_s) == pytest.approx((250.0, 750.0))


def test_it_lasts_no_longer_than_both_fly() -> None:
    one, other = straight(0, 0, 0, span_s=100), straight(0, 100, 0, start_s=40, span_s=100)
    assert only(one, other) == Encounter(40.0, 100.0, 40.0, 100.0, 0.0)
    assert encounters(one, straight(0, 0, 0, start_s=100), MINIMA) == []


@pytest.mark.parametrize("bearing_deg", range(0, 360, 45))
@pytest.mark.parametrize(("aside_m", "climb_ft_s"), [(0.0, 0.0), (6_500.0, 12.5), (-9_000.0, -40.0)])
def test_entry_and_exit_agree_with_steps_of_a_millisecond(bearing_deg: int, aside_m: float, climb_ft_s: float) -> None:
    east, north = math.sin(math.radians(bearing_deg)), math.cos(math.radians(bearing_deg))
    one = straight(0, 0, 20_000, east_m_s=90, north_m_s=-70)
    start = -60_000 * east + aside_m * north, -60_000 * north - aside_m * east
    other = straight(
        *start, 20_400 - 200 * climb_ft_s, east_m_s=300 * east + 90, north_m_s=300 * north - 70, up_ft_s=climb_ft_s
    )
    t_s = np.arange(0.0, 1_000.0, 0.001)
    below = (apart_m(one, other, t_s) < LATERAL_M) & (np.abs(heights(one, t_s) - heights(other, t_s)) < 1_000)
    steps = t_s[below]
    met = only(one, other)
    assert met.began_s == pytest.approx(steps[0], abs=TO_THE_TWENTIETH_S)
    assert met.ended_s == pytest.approx(steps[-1], abs=TO_THE_TWENTIETH_S)


Floats = npt.NDArray[np.float64]


def apart_m(one: Path, other: Path, t_s: Floats) -> Floats:
    x = np.interp(t_s, one.t_s, one.x_m) - np.interp(t_s, other.t_s, other.x_m)
    y = np.interp(t_s, one.t_s, one.y_m) - np.interp(t_s, other.t_s, other.y_m)
    return np.asarray(np.hypot(x, y))


def heights(path: Path, t_s: Floats) -> Floats:
    return np.asarray(np.interp(t_s, path.t_s, path.z_ft))


@st.composite
def paths(draw: st.DrawFn) -> Path:
    """Some legs in a box of 80 km about flight level 290, on whole numbers: with repeats, touches and parallels."""
    count = draw(st.integers(2, 24))
    start = draw(st.integers(0, 1_500))
    spans = draw(st.lists(st.sampled_from([30, 60, 90, 200]), min_size=count - 1, max_size=count - 1))
    kilometres = st.integers(-40, 40).map(lambda km: km * 1_000.0)
    levels = st.sampled_from([27_000.0, 28_000.0, 28_500.0, 29_000.0, 29_500.0, 30_000.0, 32_000.0])
    times = itertools.accumulate(spans, initial=start)
    return Path.through((float(t), draw(kilometres), draw(kilometres), draw(levels)) for t in times)


def moved(path: Path, *, t_s: float = 0.0, x_m: float = 0.0, y_m: float = 0.0, z_ft: float = 0.0) -> Path:
    return Path(
        t_s=tuple(t + t_s for t in path.t_s),
        x_m=tuple(x + x_m for x in path.x_m),
        y_m=tuple(y + y_m for y in path.y_m),
        z_ft=tuple(z + z_ft for z in path.z_ft),
    )


def near(found: list[Encounter], wanted: list[Encounter], later_s: float = 0.0) -> bool:
    """The same encounters, told some seconds later, but for rounding: touches of a moment aside."""
    found, wanted = ([met for met in some if met.ended_s - met.began_s > 0.01] for some in (found, wanted))
    return len(found) == len(wanted) and all(
        math.isclose(a.began_s, b.began_s + later_s, abs_tol=2e-3)
        and math.isclose(a.ended_s, b.ended_s + later_s, abs_tol=2e-3)
        for a, b in zip(found, wanted, strict=True)
    )


@steady
@given(paths(), paths())
def test_it_does_not_matter_which_of_the_two_is_named_first(one: Path, other: Path) -> None:
    assert near(encounters(one, other, MINIMA), encounters(other, one, MINIMA))


@steady
@given(paths(), paths(), st.integers(-100_000, 100_000), st.integers(-300_000, 300_000))
def test_it_does_not_matter_where_nor_when_it_happens(one: Path, other: Path, t_s: int, m: int) -> None:
    there = moved(one, t_s=t_s, x_m=m, y_m=-m / 2), moved(other, t_s=t_s, x_m=m, y_m=-m / 2)
    assert near(encounters(*there, MINIMA), encounters(one, other, MINIMA), later_s=t_s)


@steady
@given(paths(), paths())
def test_at_every_second_it_says_what_the_positions_say(one: Path, other: Path) -> None:
    t_s = np.arange(max(one.start_s, other.start_s), min(one.end_s, other.end_s), 1.0)
    across, up = apart_m(one, other, t_s), np.abs(heights(one, t_s) - heights(other, t_s))
    top = np.maximum(heights(one, t_s), heights(other, t_s))
    minimum = np.where(top > 29_000, 2_000, 1_000)
    # What is undecided to half a metre or half a foot is left to the other tests.
    clear = (np.abs(across - LATERAL_M) > 0.5) & (np.abs(up - minimum) > 0.5) & (np.abs(top - 29_000) > 0.5)
    below = (across < LATERAL_M) & (up < minimum)
    said = np.zeros(len(t_s), dtype=bool)
    for met in encounters(one, other, MINIMA):
        said |= (met.began_s <= t_s) & (t_s <= met.ended_s)
    assert (said == below)[clear].all()


@steady
@given(paths(), paths())
def test_the_closest_is_no_farther_than_any_second_of_the_encounter(one: Path, other: Path) -> None:
    first, second = (
        Path(t_s=path.t_s, x_m=path.x_m, y_m=path.y_m, z_ft=tuple(z / 2 for z in path.z_ft)) for path in (one, other)
    )
    for met in encounters(first, second, MINIMA):
        assert met.began_s <= met.closest_s <= met.ended_s
        here, there = (path.at(met.closest_s) for path in (first, second))
        assert math.dist(here[:2], there[:2]) == pytest.approx(met.horizontal_m, abs=1e-3)
        assert abs(here.z_ft - there.z_ft) == pytest.approx(met.vertical_ft, abs=1e-3)
        t_s = np.arange(met.began_s, met.ended_s, 1.0)
        up = (heights(first, t_s) - heights(second, t_s)) / 1_000
        apart = (apart_m(first, second, t_s) / LATERAL_M) ** 2 + up**2
        assert (met.horizontal_m / LATERAL_M) ** 2 + (met.vertical_ft / 1_000) ** 2 <= apart.min() + 1e-6


@steady
@given(paths(), paths())
def test_leaving_out_what_is_far_loses_nothing(one: Path, other: Path) -> None:
    legs = [[path.since(a).until(b) for a, b in itertools.pairwise(path.t_s)] for path in (one, other)]
    alone = [met for a, b in itertools.product(*legs) for met in encounters(a, b, MINIMA)]
    together = encounters(one, other, MINIMA)
    assert sum(met.ended_s - met.began_s for met in together) == pytest.approx(
        sum(met.ended_s - met.began_s for met in alone), abs=0.05
    )
