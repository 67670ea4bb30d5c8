"""Overlaps of millimetres: a verdict does not depend on where the areas lie, and is held against exact arithmetic."""

import itertools
import math
import random
from fractions import Fraction

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Proj

from hotline_protocol.airspace import Area, Circle, Corridor, Polygon, Position
from hotline_protocol.conflicts import areas_meet
from hotline_protocol.geometry import Point, to_plane, to_position

from .test_conflicts import BOTH, CLEAR, CONFLICT, drawn, found, held

PLANE = Proj("+proj=lcc +lat_1=33 +lat_2=37 +lat_0=35 +lon_0=39 +ellps=WGS84 +units=m")
NARROW_M, WIDE_M, RULE_M = 0.0005, 0.0035, 0.002

steady = settings(deadline=None, max_examples=150)
easts = st.integers(-350_000, 350_000).map(float)
norths = st.integers(-350_000, 350_000).map(float)


def exact_points(area: Polygon) -> list[Point]:
    """The corners in the plane, in metres, not rounded."""
    return [PLANE(vertex.lon_deg, vertex.lat_deg) for vertex in area.vertices]


def _edges(points: list[Point]) -> list[tuple[Fraction, Fraction, Fraction, Fraction]]:
    """Of a convex ring, each edge as (a, b, length, c): inside is where a x + b y >= c."""
    exact = [(Fraction(x), Fraction(y)) for x, y in points]
    turned = sum(px * qy - qx * py for (px, py), (qx, qy) in zip(exact, exact[1:] + exact[:1], strict=True))
    ring = exact if turned > 0 else exact[::-1]
    edges = []
    for (px, py), (qx, qy) in zip(ring, ring[1:] + ring[:1], strict=True):
        a, b = py - qy, qx - px
        squared = a * a + b * b
        length = Fraction(math.isqrt(squared.numerator * squared.denominator * 10**40), squared.denominator * 10**20)
        edges.append((a, b, length, a * px + b * py))
    return edges


def widest_circle_m(one: list[Point], other: list[Point]) -> float:
    """How wide the widest circle inside both convex polygons is; below 0 where they do not overlap.

    The greatest r for which some point is r away from every edge: at a corner of that linear programme, three edges
    decide. All in fractions, the lengths of edges to 20 digits.
    """
    edges = _edges(one) + _edges(other)
    best: Fraction | None = None
    for three in itertools.combinations(edges, 3):
        solved = _solved(three)
        if solved is None or (best is not None and solved[2] <= best):
            continue
        x, y, r = solved
        if all(a * x + b * y - length * r >= c - length / 10**15 for a, b, length, c in edges):
            best = r
    return -math.inf if best is None else 2 * float(best)


def _solved(
    three: tuple[tuple[Fraction, Fraction, Fraction, Fraction], ...],
) -> tuple[Fraction, Fraction, Fraction] | None:
    (a, b, c, j), (d, e, f, k), (g, h, i, m) = ((a, b, -length, c) for a, b, length, c in three)
    det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if not det:
        return None
    return (
        (j * (e * i - f * h) - b * (k * i - f * m) + c * (k * h - e * m)) / det,
        (a * (k * i - f * m) - j * (d * i - f * g) + c * (d * m - k * g)) / det,
        (a * (e * m - k * h) - b * (d * m - k * g) + j * (d * h - e * g)) / det,
    )


def test_the_widest_circle_of_a_known_overlap_is_right() -> None:
    square: list[Point] = [(0, 0), (10, 0), (10, 10), (0, 10)]
    assert widest_circle_m(square, [(9, 0), (20, 0), (20, 10), (9, 10)]) == pytest.approx(1)
    assert widest_circle_m(square, [(10, 0), (20, 0), (20, 10), (10, 10)]) == pytest.approx(0)
    assert widest_circle_m(square, [(11, 0), (20, 0), (20, 10), (11, 10)]) < 0
    # The circle in a right-angled triangle of sides 3, 4 and 5 is 2 wide.
    assert widest_circle_m([(0, 0), (4, 0), (0, 3)], square) == pytest.approx(2)


def turned(points: list[Point], degrees: float, east: float, north: float) -> Polygon:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return drawn(*((east + x * cos - y * sin, north + x * sin + y * cos) for x, y in points))


def wedge(half_angle_deg: float, tip: float, length: float, *, up: bool) -> list[Point]:
    """A triangle with its tip at (0, tip), from where it goes up or down."""
    half, sign = length * math.tan(math.radians(half_angle_deg)), 1 if up else -1
    return [(0.0, tip), (-half, tip + sign * length), (half, tip + sign * length)]


@st.composite
def pointed(draw: st.DrawFn) -> tuple[Polygon, Polygon]:
    """Two wedges that point at each other, or one into a square, overlapping by millimetres to decimetres."""
    place = draw(st.integers(0, 359)), draw(easts), draw(norths)
    half_angle = draw(st.sampled_from([1, 2, 2.5, 5, 10, 32, 45, 60]))
    depth = draw(st.integers(-20, 400)) / 1_000
    length = draw(st.sampled_from([48.0, 5_000.0]))
    one = wedge(half_angle, 0.0, length, up=True)
    if draw(st.booleans()):
        other = wedge(draw(st.sampled_from([2.5, 5, 32])), depth, length, up=False)
    else:
        other = [(-length, depth), (length, depth), (length, depth - length), (-length, depth - length)]
    return turned(one, *place), turned(other, *place)


CASE = (
    [[(0.0, 0.0000001), (-0.0003, -0.00042), (0.0003, -0.00042)], [(0.0, 0.0), (-0.0003, 0.00042), (0.0003, 0.00042)]],
    [[(0.0, 0.0), (0.0003, 0.0), (0.0003, 0.0003), (0.0, 0.0003)], [(0.0001, 0.0001), (0.001, 0.0), (0.0, 0.001)]],
)


@pytest.mark.parametrize("pair", CASE)
def test_a_pair_of_areas_that_overlap_has_one_verdict_wherever_it_lies(pair: list[list[Point]]) -> None:
    chance = random.Random(23)
    for _ in range(300):
        lon, lat = chance.uniform(34.1, 43.9), chance.uniform(31.1, 38.9)
        one, other = (
            Polygon(vertices=tuple(Position(round(lon + x, 7), round(lat + y, 7)) for x, y in ring)) for ring in pair
        )
        assert [areas_meet(one, other, rule) for rule in BOTH] == [True, True], (lon, lat)


@steady
@given(pointed())
def test_the_widest_circle_in_an_overlap_decides_and_not_the_place(pair: tuple[Polygon, Polygon]) -> None:
    one, other = pair
    width_m = widest_circle_m(exact_points(one), exact_points(other))
    if width_m >= WIDE_M:
        assert all(found(held(one), held(other), touching) for touching in BOTH)
    if width_m <= NARROW_M:
        assert not found(held(one), held(other), CLEAR)


@steady
@given(pointed())
def test_of_rounded_corners_the_rule_is_exact_to_a_micrometre(pair: tuple[Polygon, Polygon]) -> None:
    one, other = pair
    width_m = widest_circle_m(to_plane(one.vertices), to_plane(other.vertices))
    if abs(width_m - RULE_M) > 1e-6:
        assert found(held(one), held(other), CLEAR) is (width_m > RULE_M)


@steady
@given(pointed())
def test_a_gap_decides_when_touching_is_a_conflict(pair: tuple[Polygon, Polygon]) -> None:
    one, other = pair
    origin = exact_points(one)[0]  # near it a double holds a nanometre
    shapes = [shapely.Polygon([(x - origin[0], y - origin[1]) for x, y in exact_points(area)]) for area in (one, other)]
    gap_m = shapes[0].distance(shapes[1])
    if gap_m >= WIDE_M:
        assert not found(held(one), held(other), CONFLICT)
    if gap_m <= NARROW_M:
        assert found(held(one), held(other), CONFLICT)


@steady
@given(
    st.lists(st.integers(1, 99), min_size=1, max_size=6, unique=True),
    st.integers(0, 359),
    easts,
    norths,
    st.sampled_from([50.0, 3_333.0, 60_000.0]),
    st.booleans(),
)
def test_neighbours_that_share_an_edge_only_touch(
    shares: list[int], degrees: int, east: float, north: float, length: float, corners_on_both_sides: bool
) -> None:
    """Also where one has further corners on that edge, which rounding puts beside it, or both have the same ones."""
    edge = [(length * share / 100, 0.0) for share in (0, *sorted(shares), 100)]
    left = [*edge, (length, length / 2), (0.0, length / 3)]
    right = [*(edge if corners_on_both_sides else (edge[0], edge[-1])), (length, -length / 3), (0.0, -length / 2)]
    one, other = turned(left, degrees, east, north), turned(right, degrees, east, north)
    assert not found(held(one), held(other), CLEAR)
    assert found(held(one), held(other), CONFLICT)


@steady
@given(st.integers(4, 12), st.integers(0, 359), easts, norths, st.sampled_from([30.0, 40_000.0]))
def test_squares_that_overlap_by_a_strip_of_millimetres_are_in_conflict(
    strip_mm: int, degrees: int, east: float, north: float, side: float
) -> None:
    one: list[Point] = [(0, 0), (side, 0), (side, side), (0, side)]
    other = [(x + side - strip_mm / 1_000 - 0.001, y) for x, y in one]  # a millimetre for writing corners as degrees
    pair = turned(one, degrees, east, north), turned(other, degrees, east, north)
    assert all(found(held(pair[0]), held(pair[1]), touching) for touching in BOTH)


@steady
@given(st.integers(-12, 12).filter(lambda mm: abs(mm) >= 4), st.integers(0, 359), easts, norths, st.booleans())
def test_corridors_and_circles_that_overlap_by_millimetres_follow_the_same_rule(
    strip_mm: int, degrees: int, east: float, north: float, circles: bool
) -> None:
    apart = 2 * 5 * 1852.0 - strip_mm / 1_000
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def at(x: float, y: float) -> Position:
        return to_position((east + x * cos - y * sin, north + x * sin + y * cos))

    routes = [(at(0, y), at(9_999, y)) for y in (0.0, apart)]
    areas: list[Area] = [
        Circle(centre=route[0], radius_nm=5) if circles else Corridor(route=route, half_width_nm=5) for route in routes
    ]
    # As given: the ends are written as degrees, to a millimetre.
    spines = [
        shapely.LineString([PLANE(each.lon_deg, each.lat_deg) for each in (route[:1] * 2 if circles else route)])
        for route in routes
    ]
    depth_m = 2 * 5 * 1852.0 - spines[0].distance(spines[1])
    if depth_m >= WIDE_M:
        assert all(found(held(areas[0]), held(areas[1]), touching) for touching in BOTH)
    if depth_m <= -WIDE_M:
        assert not any(found(held(areas[0]), held(areas[1]), touching) for touching in BOTH)
