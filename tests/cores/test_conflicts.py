"""The conflict rule on each of its axes at 1 cm, 1 ft and 1 s, and the index against the rule itself."""

from datetime import UTC, datetime, timedelta

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Area, Circle, Corridor, Polygon, Position, Volume4D
from hotline_protocol.conflicts import VolumeIndex, areas_meet, heights_meet, in_conflict
from hotline_protocol.geometry import Point, area_problem, moved, shape_of, to_position

CLEAR = BoundaryRule.TOUCHING_IS_CLEAR
CONFLICT = BoundaryRule.TOUCHING_IS_CONFLICT
BOTH = (CLEAR, CONFLICT)

NOON = datetime(2017, 6, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
SIDE = 40_000.0


def drawn(*points: Point) -> Polygon:
    """The polygon with these corners in the plane, in metres."""
    return Polygon(vertices=tuple(to_position(point) for point in points))


def square(east: float = 0.0, north: float = 0.0) -> Polygon:
    return drawn((east, north), (east + SIDE, north), (east + SIDE, north + SIDE), (east, north + SIDE))


def held(
    area: Area, *, lower_ft: int = 20_000, upper_ft: int = 22_000, start: datetime = NOON, end: datetime = NOON + HOUR
) -> Volume4D:
    return Volume4D(area=area, lower_ft=lower_ft, upper_ft=upper_ft, start=start, end=end)


HERE = held(square())

OVERLAPPING = {
    "east by 1 cm": held(square(east=SIDE - 0.01)),
    "west by 1 cm": held(square(east=0.01 - SIDE)),
    "north by 1 cm": held(square(north=SIDE - 0.01)),
    "south by 1 cm": held(square(north=0.01 - SIDE)),
    "a corner by 1 cm": held(square(east=SIDE - 0.01, north=SIDE - 0.01)),
    "above by 1 ft": held(square(), lower_ft=21_999, upper_ft=24_000),
    "below by 1 ft": held(square(), lower_ft=18_000, upper_ft=20_001),
    "after by 1 s": held(square(), start=NOON + HOUR - SECOND, end=NOON + 2 * HOUR),
    "before by 1 s": held(square(), start=NOON - HOUR, end=NOON + SECOND),
}
TOUCHING = {
    "east": held(square(east=SIDE)),
    "west": held(square(east=-SIDE)),
    "north": held(square(north=SIDE)),
    "south": held(square(north=-SIDE)),
    "at a corner": held(square(east=SIDE, north=SIDE)),
    "above": held(square(), lower_ft=22_000, upper_ft=24_000),
    "below": held(square(), lower_ft=18_000, upper_ft=20_000),
    "after": held(square(), start=NOON + HOUR, end=NOON + 2 * HOUR),
    "before": held(square(), start=NOON - HOUR, end=NOON),
}
APART = {
    "east by 1 cm": held(square(east=SIDE + 0.01)),
    "west by 1 cm": held(square(east=-0.01 - SIDE)),
    "north by 1 cm": held(square(north=SIDE + 0.01)),
    "south by 1 cm": held(square(north=-0.01 - SIDE)),
    "above by 1 ft": held(square(), lower_ft=22_001, upper_ft=24_000),
    "below by 1 ft": held(square(), lower_ft=18_000, upper_ft=19_999),
    "after by 1 s": held(square(), start=NOON + HOUR + SECOND, end=NOON + 2 * HOUR),
    "before by 1 s": held(square(), start=NOON - HOUR, end=NOON - SECOND),
}


def found(a: Volume4D, b: Volume4D, touching: BoundaryRule) -> bool:
    """What the rule says, after the index has said the same, without a grid and with one."""
    verdict = in_conflict(a, b, touching)
    for few in (1, 0):
        index: VolumeIndex[str] = VolumeIndex(touching, few)
        index.insert("b", b)
        assert index.conflicts(a) == (["b"] if verdict else [])
    assert in_conflict(b, a, touching) is verdict
    return verdict


@pytest.mark.parametrize("touching", BOTH)
@pytest.mark.parametrize("other", OVERLAPPING.values(), ids=OVERLAPPING)
def test_the_least_overlap_on_one_axis_is_a_conflict(other: Volume4D, touching: BoundaryRule) -> None:
    assert found(HERE, other, touching)


@pytest.mark.parametrize("touching", BOTH)
@pytest.mark.parametrize("other", APART.values(), ids=APART)
def test_the_least_gap_on_one_axis_is_none(other: Volume4D, touching: BoundaryRule) -> None:
    assert not found(HERE, other, touching)


@pytest.mark.parametrize("other", TOUCHING.values(), ids=TOUCHING)
def test_touching_is_what_the_agreement_says(other: Volume4D) -> None:
    assert not found(HERE, other, CLEAR)
    assert found(HERE, other, CONFLICT)


# Two triangles on either side of one slanting edge; the second has an extra corner in the middle of it,
# which, rounded to the millimetre, does not lie on it exactly.
BELOW = drawn((0, 0), (33_333, 0), (33_333, 17_777))


def above(gap_m: float) -> Polygon:
    shift = gap_m * shapely.Point(0, 0).distance(shapely.Point(33_333, 17_777)) / 33_333  # north, for a gap across
    return drawn((0, shift), (12_345, 12_345 * 17_777 / 33_333 + shift), (33_333, 17_777 + shift), (0, 30_000))


@pytest.mark.parametrize("touching", BOTH)
def test_a_slanting_edge_shared_with_other_corners_is_touching(touching: BoundaryRule) -> None:
    assert found(held(BELOW), held(above(0)), touching) is (touching is CONFLICT)


@pytest.mark.parametrize("touching", BOTH)
def test_one_centimetre_across_a_slanting_edge_decides(touching: BoundaryRule) -> None:
    assert found(held(BELOW), held(above(-0.01)), touching)
    assert not found(held(BELOW), held(above(0.01)), touching)


@pytest.mark.parametrize("touching", BOTH)
def test_one_centimetre_between_the_tips_of_two_needles_is_a_gap(touching: BoundaryRule) -> None:
    left = drawn((0, 0), (-30_000, 500), (-30_000, -500))
    right = drawn((0.01, 0), (30_000, 500), (30_000, -500))
    assert not found(held(left), held(right), touching)


@pytest.mark.parametrize("touching", BOTH)
@pytest.mark.parametrize(("gap_m", "verdict"), [(-0.01, True), (0.01, False)])
def test_two_corridors_side_by_side_are_decided_by_a_centimetre(
    gap_m: float, verdict: bool, touching: BoundaryRule
) -> None:
    routes = (((0, 0), (50_000, 0)), ((0, 2 * 5 * 1852 + gap_m), (50_000, 2 * 5 * 1852 + gap_m)))
    one, other = (Corridor(route=tuple(map(to_position, route)), half_width_nm=5) for route in routes)
    assert found(held(one), held(other), touching) is verdict


@pytest.mark.parametrize("touching", BOTH)
def test_what_lies_inside_is_in_conflict(touching: BoundaryRule) -> None:
    inside = drawn((1, 1), (2, 1), (2, 2), (1, 2))
    assert found(HERE, held(inside, lower_ft=21_000, upper_ft=21_001, start=NOON, end=NOON + SECOND), touching)


@pytest.mark.parametrize(
    "nothing",
    [
        held(square(), lower_ft=21_000, upper_ft=21_000),
        held(square(), start=NOON + SECOND, end=NOON + SECOND),
        held(square(), start=NOON + HOUR, end=NOON),
        held(drawn((0, 0), (SIDE, 0), (SIDE, 0.001), (0, 0.001))),
    ],
    ids=["no height", "no time", "ends before it starts", "no breadth"],
)
def test_a_volume_without_a_body_is_in_conflict_with_nothing(nothing: Volume4D) -> None:
    assert not found(HERE, nothing, CLEAR)
    assert not found(nothing, nothing, CLEAR)


def test_times_in_two_offsets_are_the_same_instant() -> None:
    moscow = datetime.fromisoformat("2017-06-18T16:00:00+03:00")
    assert found(HERE, held(square(), start=moscow - HOUR, end=moscow), CLEAR)
    assert not found(HERE, held(square(), start=moscow, end=moscow + HOUR), CLEAR)


def test_areas_and_heights_alone_follow_the_same_rule() -> None:
    assert [areas_meet(square(), square(east=SIDE), touching) for touching in BOTH] == [False, True]
    assert [heights_meet((0, 10_000), (10_000, 20_000), touching) for touching in BOTH] == [False, True]
    assert heights_meet((0, 10_000), (9_999, 20_000), CLEAR)


positions = st.builds(
    Position, lon_deg=st.integers(350, 430).map(lambda n: n / 10), lat_deg=st.integers(320, 380).map(lambda n: n / 10)
)
areas: st.SearchStrategy[Area] = st.one_of(
    st.builds(Circle, centre=positions, radius_nm=st.sampled_from((5, 20, 60))),
    st.builds(Corridor, route=st.tuples(positions, positions), half_width_nm=st.sampled_from((2, 5, 20))),
    st.builds(Polygon, vertices=st.tuples(positions, positions, positions)),
).filter(lambda area: area_problem(area) is None)


@st.composite
def volumes(draw: st.DrawFn) -> Volume4D:
    """Round numbers, so that many of them touch; from minutes to months long."""
    lower_ft = draw(st.integers(0, 50)) * 1_000
    start = NOON + timedelta(minutes=30) * draw(st.integers(0, 20))
    return held(
        draw(areas),
        lower_ft=lower_ft,
        upper_ft=lower_ft + 1_000 * draw(st.sampled_from((1, 2, 4, 10))),
        start=start,
        end=start + timedelta(minutes=30) * draw(st.sampled_from((1, 2, 6, 48, 1_440))),
    )


steady = settings(deadline=None, max_examples=60)  # a busy machine is no failure


@steady
@given(volumes(), volumes(), st.sampled_from(BOTH))
def test_a_conflict_is_mutual(a: Volume4D, b: Volume4D, touching: BoundaryRule) -> None:
    found(a, b, touching)


@steady
@given(volumes(), volumes())
def test_what_is_a_conflict_when_touching_is_clear_is_one_when_it_is_not(a: Volume4D, b: Volume4D) -> None:
    assert in_conflict(a, b, CONFLICT) or not in_conflict(a, b, CLEAR)


@steady
@given(volumes(), st.sampled_from(BOTH))
def test_every_volume_is_in_conflict_with_itself(a: Volume4D, touching: BoundaryRule) -> None:
    assert found(a, a, touching)


@steady
@given(areas, areas)
def test_areas_meet_when_their_shapes_do(a: Area, b: Area) -> None:
    apart_m = shape_of(a).distance(shape_of(b))
    if not shape_of(a).intersection(shape_of(b)).buffer(-0.01).is_empty:
        assert areas_meet(a, b, CLEAR)
    # Shapes have polygons for arcs, which fall short by up to 0.12 % of a radius: 133 m of 60 NM.
    if apart_m > 2 * 134:
        assert not areas_meet(a, b, CONFLICT)


@steady
@given(areas, areas, st.integers(-30, 30), st.integers(-30, 30))
def test_moving_both_changes_nothing(a: Area, b: Area, east_nm: int, north_nm: int) -> None:
    one, other = (moved(area, east_nm, north_nm) for area in (a, b))
    assume(areas_meet(a, b, CLEAR) or not areas_meet(a, b, CONFLICT))  # they do not merely touch
    assert areas_meet(one, other, CLEAR) is areas_meet(a, b, CLEAR)


class IndexAgainstOracle(RuleBasedStateMachine):
    """The index after any inserts and removals, against looking at every volume with the rule itself."""

    @initialize(touching=st.sampled_from(BOTH), few=st.sampled_from((0, 8, 1_000)))
    def begin(self, touching: BoundaryRule, few: int) -> None:
        self.touching = touching
        self.index: VolumeIndex[int] = VolumeIndex(touching, few)
        self.oracle: dict[int, Volume4D] = {}
        self.used = 0

    @rule(several=st.lists(volumes(), min_size=1, max_size=8))
    def insert(self, several: list[Volume4D]) -> None:
        for volume in several:
            self.used += 1
            self.index.insert(self.used, volume)
            self.oracle[self.used] = volume

    @precondition(lambda self: self.oracle)
    @rule(which=st.integers(0))
    def remove(self, which: int) -> None:
        key = sorted(self.oracle)[which % len(self.oracle)]
        self.index.remove(key)
        del self.oracle[key]

    @rule(asked=volumes())
    def ask(self, asked: Volume4D) -> None:
        expected = [key for key, volume in self.oracle.items() if in_conflict(asked, volume, self.touching)]
        assert self.index.conflicts(asked) == expected

    @invariant()
    def holds_what_was_inserted(self) -> None:
        assert len(self.index) == len(self.oracle)
        assert all(self.index.get(key) is volume for key, volume in self.oracle.items())


TestIndexAgainstOracle = IndexAgainstOracle.TestCase
TestIndexAgainstOracle.settings = settings(deadline=None, max_examples=40, stateful_step_count=20)


def test_a_key_stands_for_one_volume_at_a_time() -> None:
    index: VolumeIndex[str] = VolumeIndex(CLEAR)
    index.insert("us-1", HERE)
    with pytest.raises(KeyError, match="us-1"):
        index.insert("us-1", HERE)
    index.remove("us-1")
    with pytest.raises(KeyError):
        index.remove("us-1")
    with pytest.raises(KeyError):
        index.get("us-1")
    index.insert("us-1", HERE)
    assert index.conflicts(HERE) == ["us-1"]


def test_an_emptied_index_keeps_no_cells() -> None:
    index: VolumeIndex[int] = VolumeIndex(CLEAR, few=5)
    for key, volume in enumerate((*OVERLAPPING.values(), *TOUCHING.values())):
        index.insert(key, volume)
    for key in range(len(index)):
        index.remove(key)
    assert (len(index), index._bodies) == (0, {})
    assert index._grid is not None
    assert index._grid._spans == {}


def test_a_volume_that_lasts_for_ever_is_stored_and_asked_in_bounded_time() -> None:
    index: VolumeIndex[str] = VolumeIndex(CLEAR)
    always = held(square(), start=datetime(1, 1, 1, tzinfo=UTC), end=datetime(9999, 12, 31, tzinfo=UTC))
    index.insert("always", always)
    index.insert("here", HERE)
    assert index.conflicts(always) == ["always", "here"]
    assert index.conflicts(HERE) == ["always", "here"]
