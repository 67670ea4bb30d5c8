"""When a path crosses a line and when it is inside a volume, against closed forms and against very small steps."""

import itertools
import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hotline_protocol.geometry import Footprint
from hotline_services.traffic.passage import Line, Span, crossings, gaps, inside, union
from hotline_services.traffic.path import Path

steady = settings(deadline=None, max_examples=60)  # a busy machine is no failure


def around(spine: shapely.Geometry, reach_m: float) -> Footprint:
    west, south, east, north = spine.bounds
    return Footprint(spine, reach_m, (west - reach_m, south - reach_m, east + reach_m, north + reach_m))


EASTBOUND = Path.through([(0.0, -10_000.0, 0.0, 5_000.0), (200.0, 10_000.0, 0.0, 5_000.0)])
SQUARE = shapely.box(-5_000, -5_000, 5_000, 5_000)
COMB = shapely.Polygon(
    [(-5e3, -5e3), (5e3, -5e3), (5e3, 5e3), (4e3, 5e3), (4e3, -1e3), (-4e3, -1e3), (-4e3, 5e3), (-5e3, 5e3)]
)
HAIRPIN = shapely.LineString([(-6e3, -9e3), (-6e3, 9e3), (6e3, 9e3), (6e3, -9e3)])
APART = shapely.MultiPolygon([shapely.box(-8e3, -1, -7e3, 1), shapely.box(7e3, -1, 8e3, 1)])
A_MILLIMETRE_S = 1e-4


def test_from_right_to_left_of_a_line_it_crosses_leftwards() -> None:
    northbound = Line(((0.0, -1_000.0), (0.0, 1_000.0)))
    (crossing,) = crossings(EASTBOUND, northbound)
    assert (crossing.t_s, crossing.leftwards) == (100.0, False)
    assert crossing.at == (0.0, 0.0, 5_000.0)
    (back,) = crossings(EASTBOUND, Line(northbound.points[::-1]))
    assert back.leftwards


def test_a_line_that_ends_before_the_path_is_not_crossed() -> None:
    assert crossings(EASTBOUND, Line(((0.0, 1.0), (0.0, 1_000.0)))) == []
    assert crossings(EASTBOUND, Line(((-20_000.0, -5.0), (-15_000.0, 5.0)))) == []


def test_through_a_bend_of_the_line_it_is_crossed_once() -> None:
    for bend in ((0.0, 0.0), (3.0, 0.0)):
        line = Line(((-500.0, -1_000.0), bend, (-500.0, 1_000.0)))
        assert [crossing.leftwards for crossing in crossings(EASTBOUND, line)] == [False]


def test_a_point_of_the_path_on_the_line_is_one_crossing_or_a_touch() -> None:
    line = Line(((0.0, -9_000.0), (0.0, 9_000.0)))
    through = Path.through([(0.0, -9.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (2.0, 9.0, 0.0, 0.0)])
    assert [crossing.t_s for crossing in crossings(through, line)] == [1.0]
    for side in (-9.0, 9.0):
        touching = Path.through([(0.0, side, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (2.0, side, 9.0, 0.0)])
        assert crossings(touching, line) == []


def test_each_crossing_of_a_winding_line_is_told_in_the_order_of_time() -> None:
    zigzag = Line(tuple((-8_000.0 + 1_000.0 * n, (-1) ** n * 700.0) for n in range(17)))
    found = crossings(EASTBOUND, zigzag)
    assert [crossing.t_s for crossing in found] == pytest.approx([25.0 + 10.0 * n for n in range(16)])
    assert [crossing.leftwards for crossing in found] == [n % 2 == 0 for n in range(16)]


def test_a_line_of_one_point_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        Line(((0.0, 0.0),))


@pytest.mark.parametrize(
    ("mark", "spans"),
    [
        (around(shapely.Point(0, 0), 5_000.0), [(50.0, 150.0)]),
        (around(shapely.Point(0, 3_000), 5_000.0), [(60.0, 140.0)]),
        (around(shapely.Point(0, 5_100), 5_000.0), []),
        (around(shapely.LineString([(0, -9e3), (0, 9e3)]), 2_000.0), [(80.0, 120.0)]),
        (around(shapely.LineString([(-6e3, 0), (6e3, 0)]), 2_000.0), [(20.0, 180.0)]),
        (around(HAIRPIN, 1_000.0), [(30.0, 50.0), (150.0, 170.0)]),
        (around(SQUARE, 0.0), [(50.0, 150.0)]),
        (around(SQUARE, 1_000.0), [(40.0, 160.0)]),
        (around(COMB, 0.0), [(50.0, 60.0), (140.0, 150.0)]),
        (around(COMB, 500.0), [(45.0, 65.0), (135.0, 155.0)]),
        (around(APART, 0.0), [(20.0, 30.0), (170.0, 180.0)]),
        (around(shapely.Polygon(), 0.0), []),
    ],
)
def test_it_is_inside_an_area_from_edge_to_edge(mark: Footprint, spans: list[tuple[float, float]]) -> None:
    found = inside(EASTBOUND, mark, 0, 10_000)
    assert len(found) == len(spans)
    for span, wanted in zip(found, spans, strict=True):
        assert span == pytest.approx(wanted, abs=A_MILLIMETRE_S)


def test_it_is_inside_a_volume_only_between_its_heights_and_in_the_time_asked_about() -> None:
    climbing = Path.through([(0.0, -10_000.0, 0.0, 0.0), (200.0, 10_000.0, 0.0, 20_000.0)])
    everywhere = around(SQUARE, 20_000.0)
    assert inside(climbing, everywhere, 8_000, 11_000) == [pytest.approx((80.0, 110.0))]
    assert inside(climbing, everywhere, 0, 60_000, start_s=90.0, end_s=95.0) == [Span(90.0, 95.0)]
    assert inside(climbing, around(SQUARE, 0.0), 8_000, 60_000, end_s=120.0) == [pytest.approx((80.0, 120.0))]
    assert inside(climbing, everywhere, 0, 60_000, start_s=200.0) == []
    assert inside(climbing, everywhere, 30_000, 60_000) == []


def test_along_an_edge_and_at_a_bound_it_is_inside() -> None:
    along = Path.through([(0.0, -5_000.0, 5_000.0, 5_000.0), (100.0, 5_000.0, 5_000.0, 5_000.0)])
    assert inside(along, around(SQUARE, 0.0), 5_000, 6_000) == [Span(0.0, 100.0)]
    assert inside(along, around(SQUARE, 0.0), 4_000, 5_000) == [Span(0.0, 100.0)]


def test_what_is_in_none_of_the_spans_are_the_gaps() -> None:
    spans = union([Span(5.0, 7.0), Span(1.0, 2.0), Span(6.0, 9.0), Span(9.0005, 9.5), Span(3.0, 3.0)])
    assert spans == [Span(1.0, 2.0), Span(5.0, 9.5)]
    assert gaps(spans, 0.0, 10.0) == [Span(0.0, 1.0), Span(2.0, 5.0), Span(9.5, 10.0)]
    assert gaps(spans, 1.0, 9.5) == [Span(2.0, 5.0)]
    assert gaps([], 1.0, 9.5) == [Span(1.0, 9.5)]


KILOMETRES = st.integers(-20, 20).map(lambda km: km * 1_000.0)
POINTS = st.tuples(KILOMETRES, KILOMETRES)


@st.composite
def paths(draw: st.DrawFn) -> Path:
    points = draw(st.lists(st.tuples(KILOMETRES, KILOMETRES, st.integers(0, 20)), min_size=2, max_size=12))
    return Path.through((100.0 * n, x, y, z * 1_000.0) for n, (x, y, z) in enumerate(points))


@st.composite
def marks(draw: st.DrawFn) -> Footprint:
    kind = draw(st.sampled_from(["disc", "route", "polygon"]))
    reach_m = draw(st.integers(1, 8)) * 1_000.0
    if kind == "disc":
        return around(shapely.Point(draw(POINTS)), reach_m)
    if kind == "route":
        return around(shapely.LineString(draw(st.lists(POINTS, min_size=2, max_size=5, unique=True))), reach_m)
    corners = draw(st.integers(3, 9))
    rays = draw(st.lists(st.integers(2, 20), min_size=corners, max_size=corners))
    turns = [math.tau * n / corners for n in range(corners)]
    ring = [(1e3 * r * math.cos(turn), 1e3 * r * math.sin(turn)) for turn, r in zip(turns, rays, strict=True)]
    return around(shapely.Polygon(ring), draw(st.sampled_from([0.0, reach_m])))


@steady
@given(paths(), marks())
def test_at_every_second_it_says_what_the_position_says(path: Path, mark: Footprint) -> None:
    t_s = np.arange(0.0, path.end_s, 1.0)
    x, y, z = (np.interp(t_s, path.t_s, column) for column in (path.x_m, path.y_m, path.z_ft))
    aside_m = shapely.distance(shapely.points(x, y), mark.spine)
    # Of a polygon without a reach the distance to it tells not how deep inside a point is: that to its edge does.
    edge_m = shapely.distance(shapely.points(x, y), shapely.boundary(mark.spine)) if mark.reach_m == 0 else aside_m
    clear = (np.abs(edge_m - mark.reach_m) > 0.01) & (np.abs(z - 4_000) > 0.01) & (np.abs(z - 15_000) > 0.01)
    within = (aside_m <= mark.reach_m) & (z >= 4_000) & (z <= 15_000)
    said = np.zeros(len(t_s), dtype=bool)
    for began, ended in inside(path, mark, 4_000, 15_000):
        said |= (began <= t_s) & (t_s <= ended)
    assert (said == within)[clear].all()


@steady
@given(paths(), st.lists(POINTS, min_size=2, max_size=8, unique_by=lambda point: point[0]).map(sorted))
def test_it_crosses_a_line_where_a_general_geometry_library_has_the_two_meet(
    path: Path, points: list[tuple[float, float]]
) -> None:
    line = Line(tuple((x + 111.0, y - 222.0) for x, y in points))
    drawn = shapely.LineString(line.points)
    legs = [
        shapely.LineString(leg) for leg in itertools.pairwise(zip(path.x_m, path.y_m, strict=True)) if leg[0] != leg[1]
    ]
    assume(all(shapely.distance(shapely.MultiPoint(line.points), leg) > 1.0 for leg in legs))
    assume(all(shapely.distance(shapely.Point(leg.coords[n]), drawn) > 1.0 for leg in legs for n in (0, 1)))
    wanted = sum(shapely.get_num_coordinates(shapely.intersection(leg, drawn)) for leg in legs)
    found = crossings(path, line)
    assert len(found) == wanted
    for crossing in found:
        assert shapely.distance(shapely.Point(crossing.at[:2]), drawn) < 0.001


@steady
@given(paths(), st.integers(-20, 20))
def test_across_a_line_without_ends_it_goes_to_and_fro_by_turns(path: Path, km: int) -> None:
    found = crossings(path, Line(((km * 1_000.0 + 0.4, -99_000.0), (km * 1_000.0 + 0.4, 99_000.0))))
    assert all(a.leftwards != b.leftwards for a, b in itertools.pairwise(found))
    assert len(found) % 2 == ((path.x_m[0] > km * 1_000.0) != (path.x_m[-1] > km * 1_000.0))
