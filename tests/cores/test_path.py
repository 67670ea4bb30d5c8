"""Where something on a path is at which time, and what a path refuses to be."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_services.traffic.path import Path, Point, Velocity

steady = settings(deadline=None, max_examples=60)  # a busy machine is no failure

HOOK = Path.through([(0.0, 0.0, 0.0, 1_000.0), (10.0, 1_000.0, 0.0, 2_000.0), (20.0, 1_000.0, 3_000.0, 2_000.0)])


@st.composite
def paths(draw: st.DrawFn) -> Path:
    count = draw(st.integers(2, 30))
    times = itertools.accumulate(draw(st.lists(st.integers(1, 600), min_size=count, max_size=count)))
    metres, feet = st.integers(-200_000, 200_000), st.integers(0, 40_000)
    return Path.through((float(t), float(draw(metres)), float(draw(metres)), float(draw(feet))) for t in times)


def test_between_two_points_it_goes_straight_at_a_steady_speed() -> None:
    assert HOOK.at(5.0) == Point(500.0, 0.0, 1_500.0)
    assert HOOK.at(12.5) == Point(1_000.0, 750.0, 2_000.0)
    assert HOOK.velocity(5.0) == Velocity(100.0, 0.0, 100.0)


def test_at_a_point_it_moves_as_on_the_leg_that_begins_there() -> None:
    assert HOOK.velocity(10.0) == Velocity(0.0, 300.0, 0.0)


def test_out_of_its_time_it_is_at_its_ends() -> None:
    assert HOOK.at(-1.0) == HOOK.at(0.0) == Point(0.0, 0.0, 1_000.0)
    assert HOOK.at(99.0) == HOOK.at(20.0) == Point(1_000.0, 3_000.0, 2_000.0)
    assert HOOK.velocity(-1.0) == HOOK.velocity(0.0)
    assert HOOK.velocity(99.0) == HOOK.velocity(19.0)


def test_its_bounds_are_the_box_that_it_touches_on_every_side() -> None:
    assert HOOK.bounds == (0.0, 0.0, 1_000.0, 1_000.0, 3_000.0, 2_000.0)


def test_it_can_be_cut_at_a_point_and_between_points() -> None:
    assert HOOK.until(10.0).t_s == (0.0, 10.0)
    assert HOOK.until(15.0).t_s == (0.0, 10.0, 15.0)
    assert HOOK.since(10.0).t_s == (10.0, 20.0)
    assert HOOK.since(15.0).x_m == (1_000.0, 1_000.0)


def test_it_can_be_cut_and_gone_on_with_differently() -> None:
    other = Path.through([(15.0, 1_000.0, 1_500.0, 2_000.0), (25.0, 0.0, 0.0, 1_000.0)])
    retasked = HOOK.until(15.0).joined(other)
    assert (retasked.start_s, retasked.end_s) == (0.0, 25.0)
    assert retasked.at(5.0) == HOOK.at(5.0)
    assert retasked.at(25.0) == Point(0.0, 0.0, 1_000.0)


@pytest.mark.parametrize(
    ("points", "problem"),
    [
        ([], "at least 2 points"),
        ([(0.0, 0.0, 0.0, 0.0)], "at least 2 points"),
        ([(0.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0)], r"t_s\[1\]: 0.0 is not later"),
        ([(0.0, 0.0, 0.0, 0.0), (9.0, 1.0, 0.0, 0.0), (8.0, 1.0, 0.0, 0.0)], r"t_s\[2\]: 8.0 is not later"),
        ([(0.0, 0.0, 0.0, 0.0), (1.0, math.nan, 0.0, 0.0)], "x_m: holds a number that is not finite"),
        ([(0.0, 0.0, 0.0, 0.0), (math.inf, 0.0, 0.0, 0.0)], "t_s: holds a number that is not finite"),
    ],
)
def test_what_is_no_path_is_refused_with_its_reason(points: list[tuple[float, ...]], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Path.through(points)  # type: ignore[arg-type]


def test_columns_of_different_lengths_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="z_ft: 1 numbers for 2 times"):
        Path(t_s=(0.0, 1.0), x_m=(0.0, 0.0), y_m=(0.0, 0.0), z_ft=(0.0,))


@pytest.mark.parametrize("t_s", [-1.0, 0.0, 20.1])
def test_nothing_is_left_before_its_start_and_nothing_is_cut_after_its_end(t_s: float) -> None:
    with pytest.raises(ValueError, match="t_s"):
        HOOK.until(t_s)


@pytest.mark.parametrize("t_s", [-0.1, 20.0, 21.0])
def test_nothing_is_left_from_its_end_on(t_s: float) -> None:
    with pytest.raises(ValueError, match="t_s"):
        HOOK.since(t_s)


def test_only_what_begins_when_and_where_it_ends_can_be_joined() -> None:
    with pytest.raises(ValueError, match="begins -5 s after the end"):
        HOOK.joined(HOOK.since(15.0))
    elsewhere = Path.through([(20.0, 0.0, 0.0, 2_000.0), (30.0, 0.0, 0.0, 2_000.0)])
    with pytest.raises(ValueError, match="this one ends at"):
        HOOK.joined(elsewhere)


@steady
@given(paths(), st.floats(0, 1))
def test_cut_anywhere_and_joined_again_it_is_where_it_was(path: Path, share: float) -> None:
    cut = path.start_s + share * (path.end_s - path.start_s)
    if not path.start_s < cut < path.end_s:
        return
    again = path.until(cut).joined(path.since(cut))
    for n in range(41):
        t_s = path.start_s + n / 40 * (path.end_s - path.start_s)
        assert again.at(t_s) == pytest.approx(path.at(t_s), abs=1e-6)


@steady
@given(paths(), st.floats(0, 1))
def test_it_never_leaves_its_bounds_nor_its_blocks(path: Path, share: float) -> None:
    t_s = path.start_s + share * (path.end_s - path.start_s)
    boxes = [path.bounds, *(block.bounds for block in path.blocks if block.start_s <= t_s <= block.end_s)]
    assert len(boxes) > 1
    for low, high in ((box[:3], box[3:]) for box in boxes):
        assert all(a - 1e-6 <= x <= b + 1e-6 for a, x, b in zip(low, path.at(t_s), high, strict=True))


@steady
@given(paths())
def test_its_blocks_are_all_its_legs_each_once(path: Path) -> None:
    assert [leg for block in path.blocks for leg in block.legs] == list(range(len(path.t_s) - 1))
