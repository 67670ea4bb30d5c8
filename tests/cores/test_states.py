"""Who of many will lose separation, against closed forms and against all pairs looked at."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_services.traffic.states import EARTH_M, Conflicts, States, all_pairs, conflicts

steady = settings(deadline=None, max_examples=60)  # a busy machine is no failure

LATERAL_M, VERTICAL_M, AHEAD_S = 9_260.0, 300.0, 300.0
DEGREE_M = np.radians(1.0) * EARTH_M


def states(*rows: tuple[float, float, float, float, float, float]) -> States:
    """Of aircraft as latitude, longitude, track, speed, altitude, climb."""
    return States(
        **{
            name: np.array([row[n] for row in rows], dtype=np.float64)
            for n, name in enumerate(("lat_deg", "lon_deg", "track_deg", "speed_m_s", "altitude_m", "climb_m_s"))
        }
    )


def found(*rows: tuple[float, float, float, float, float, float]) -> Conflicts:
    return conflicts(states(*rows), LATERAL_M, VERTICAL_M, AHEAD_S)


def pairs(those: Conflicts) -> list[tuple[int, int]]:
    return list(zip(those.one.tolist(), those.other.tolist(), strict=True))


def test_head_on_along_a_meridian_it_is_lost_from_five_miles_before_to_five_miles_after() -> None:
    south, north = (35.0, 39.0, 0.0, 200.0, 6_000.0, 0.0), (36.0, 39.0, 180.0, 250.0, 6_000.0, 0.0)
    those = found(south, north)
    assert pairs(those) == [(0, 1)]
    assert those.closest_s == pytest.approx([DEGREE_M / 450])
    assert those.closest_m == pytest.approx([0.0], abs=1e-6)
    assert those.began_s == pytest.approx([(DEGREE_M - LATERAL_M) / 450])
    assert those.ended_s == pytest.approx([(DEGREE_M + LATERAL_M) / 450])


def test_what_is_lost_only_after_the_look_ahead_is_not_told() -> None:
    south, north = (35.0, 39.0, 0.0, 100.0, 6_000.0, 0.0), (36.0, 39.0, 180.0, 100.0, 6_000.0, 0.0)
    assert pairs(found(south, north)) == []
    assert pairs(conflicts(states(south, north), LATERAL_M, VERTICAL_M, 600.0)) == [(0, 1)]


def test_what_is_lost_already_began_before_now_and_what_is_over_is_not_told() -> None:
    one, beside = (35.0, 39.0, 0.0, 100.0, 6_000.0, 0.0), (35.05, 39.0, 180.0, 100.0, 6_000.0, 0.0)
    those = found(one, beside)
    assert those.began_s[0] < 0 < those.ended_s[0]
    assert pairs(found((35.0, 39.0, 180.0, 200.0, 6_000.0, 0.0), (35.1, 39.0, 0.0, 200.0, 6_000.0, 0.0))) == []


def test_side_by_side_it_is_lost_for_ever_and_at_the_minimum_never() -> None:
    one = (35.0, 39.0, 90.0, 200.0, 6_000.0, 0.0)
    beside, farther = (35.05, 39.0, 90.0, 200.0, 6_000.0, 0.0), (35.09, 39.0, 90.0, 200.0, 6_000.0, 0.0)
    assert pairs(found(one, beside)) == [(0, 1)]
    assert pairs(found(one, farther)) == []


@pytest.mark.parametrize(("apart_m", "lost"), [(299.9, True), (300.0, False), (300.0 - 1e-9, False)])
def test_at_the_vertical_minimum_but_for_rounding_nothing_is_lost(apart_m: float, lost: bool) -> None:
    those = found((35.0, 39.0, 0.0, 200.0, 6_000.0, 0.0), (35.5, 39.0, 180.0, 200.0, 6_000.0 + apart_m, 0.0))
    assert bool(pairs(those)) is lost


def test_climbing_through_it_is_lost_between_the_levels_one_minimum_away() -> None:
    those = found((35.0, 39.0, 90.0, 200.0, 6_000.0, 0.0), (35.01, 39.0, 90.0, 200.0, 5_000.0, 10.0))
    assert [*those.began_s, *those.ended_s] == pytest.approx([70.0, 130.0])


def test_nobody_and_one_alone_lose_nothing() -> None:
    assert pairs(found()) == []
    assert pairs(found((35.0, 39.0, 90.0, 200.0, 6_000.0, 0.0))) == []


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        ({"climb_m_s": np.zeros(3)}, r"climb_m_s: of shape \(3,\), not a column of 2"),
        ({"lon_deg": np.array([39.0, np.nan])}, "lon_deg: holds a number that is not finite"),
        ({"lat_deg": np.array([39.0, 88.0])}, "lat_deg: holds a latitude within 5 degrees of a pole"),
    ],
)
def test_what_is_no_state_is_refused_by_the_name_of_its_column(column: dict[str, np.ndarray], problem: str) -> None:
    names = ("lat_deg", "lon_deg", "track_deg", "speed_m_s", "altitude_m", "climb_m_s")
    with pytest.raises(ValueError, match=problem):
        States(**({name: np.zeros(2) for name in names} | column))


SPEEDS = st.sampled_from([0.0, 60.0, 100.0, 200.0, 250.0, 700.0])
CLIMBS = st.sampled_from([0.0, 0.0, 0.0, 5.0, -12.5, 60.0])
LEVELS = st.integers(0, 12).map(lambda level: level * 300.0)


@st.composite
def skies(draw: st.DrawFn) -> States:
    """On a coarse grid of round numbers, so that many touch, stand on one another and fly in parallel."""
    spread = draw(st.sampled_from([0.05, 0.2, 1.0]))
    lat = draw(st.sampled_from([-60, 0, 35, 70]))
    grid = st.integers(-10, 10).map(lambda n: n * spread)
    aircraft = st.tuples(grid, grid, st.sampled_from(range(0, 360, 15)), SPEEDS, LEVELS, CLIMBS)
    rows = draw(st.lists(aircraft, min_size=1, max_size=40))
    return states(*((lat + row[0], 39.0 + row[1], *row[2:]) for row in rows))


@steady
@given(skies())
def test_what_is_pruned_would_have_been_found_to_be_clear(sky: States) -> None:
    pruned, all_of_them = conflicts(sky, LATERAL_M, VERTICAL_M, AHEAD_S), all_pairs(sky, LATERAL_M, VERTICAL_M, AHEAD_S)
    for column, whole in zip(pruned, all_of_them, strict=True):
        np.testing.assert_array_equal(column, whole)


@steady
@given(skies())
def test_every_pair_is_told_once_with_a_time_that_has_still_to_end_and_begins_within_the_look_ahead(
    sky: States,
) -> None:
    those = conflicts(sky, LATERAL_M, VERTICAL_M, AHEAD_S)
    told = pairs(those)
    assert told == sorted(set(told))
    assert all(one < other for one, other in told)
    assert (those.began_s < those.ended_s).all()
    assert (those.began_s < AHEAD_S).all()
    assert (those.ended_s > 0).all()


@steady
@given(skies())
def test_at_every_ten_seconds_it_says_what_the_positions_say(sky: States) -> None:
    those = conflicts(sky, LATERAL_M, VERTICAL_M, AHEAD_S)
    spans = {pair: span for pair, *span in zip(pairs(those), those.began_s, those.ended_s, strict=True)}
    t_s = np.arange(0.0, AHEAD_S, 10.0)
    track = np.radians(sky.track_deg)
    for i, j in itertools.combinations(range(min(len(sky), 12)), 2):
        mean = np.cos(np.radians((sky.lat_deg[i] + sky.lat_deg[j]) / 2))
        vx, vy = (sky.speed_m_s[j] * turn(track[j]) - sky.speed_m_s[i] * turn(track[i]) for turn in (np.sin, np.cos))
        x = DEGREE_M * (sky.lon_deg[j] - sky.lon_deg[i]) * mean + vx * t_s
        y = DEGREE_M * (sky.lat_deg[j] - sky.lat_deg[i]) + vy * t_s
        across = np.hypot(x, y)
        up = np.abs(sky.altitude_m[j] - sky.altitude_m[i] + (sky.climb_m_s[j] - sky.climb_m_s[i]) * t_s)
        clear = (np.abs(across - LATERAL_M) > 0.01) & (np.abs(up - VERTICAL_M) > 0.01)
        began, ended = spans.get((i, j), (np.inf, -np.inf))
        assert ((began <= t_s) & (t_s <= ended) == (across < LATERAL_M) & (up < VERTICAL_M))[clear].all()
