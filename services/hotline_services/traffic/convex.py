"""Areas as convex parts, so that a straight leg is inside each of them for one stretch at most.

A footprint is everything within a reach of its spine: a disc, a capsule for each leg of a route, or a polygon, cut
into triangles where it is not convex, with a capsule along each edge if it has a reach.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final, Self

import msgspec
import shapely

from hotline_protocol.geometry import Footprint, Point
from hotline_protocol.theatre import remembered

RIM_M: Final = 0.001
"""Laid around each part: points of the plane are rounded to a millimetre, and who flies along an edge is inside."""

Stretch = tuple[float, float]
"""From which share of a leg to which."""

WHOLE: Final[Stretch] = (0.0, 1.0)


class Disc(msgspec.Struct, frozen=True):
    """Everything within ``reach_m`` of ``centre``."""

    centre: Point
    reach_m: float

    def holds(self, points: Sequence[Point]) -> list[bool]:
        """Which of the points are inside."""
        (x, y), reach_m = self.centre, self.reach_m
        return [math.hypot(east - x, north - y) <= reach_m for east, north in points]

    def stretch(self, start: Point, end: Point) -> Stretch | None:
        """Where the leg from start to end is inside."""
        x, y = start[0] - self.centre[0], start[1] - self.centre[1]
        ux, uy = end[0] - start[0], end[1] - start[1]
        length_2 = ux * ux + uy * uy
        if not length_2:
            return WHOLE if math.hypot(x, y) <= self.reach_m else None
        passing_2 = (x * uy - y * ux) ** 2 / length_2
        room = self.reach_m * self.reach_m - passing_2
        if room < 0:
            return None
        nearest, half = -(x * ux + y * uy) / length_2, math.sqrt(room / length_2)
        return common((nearest - half, nearest + half), WHOLE)


class ConvexPolygon(msgspec.Struct, frozen=True):
    """What lies on the inner side of each edge: ``(x, y, limit)`` with ``x * east + y * north <= limit``."""

    edges: tuple[tuple[float, float, float], ...]

    @classmethod
    def of(cls, ring: Sequence[Point], rim_m: float) -> Self:
        """Of an anticlockwise ring whose last point is its first, each edge moved out by the rim."""
        edges = []
        for (ax, ay), (bx, by) in itertools.pairwise(ring):
            length = math.hypot(bx - ax, by - ay)
            if length:
                x, y = (by - ay) / length, (ax - bx) / length
                edges.append((x, y, x * ax + y * ay + rim_m))
        return cls(tuple(edges))

    def holds(self, points: Sequence[Point]) -> list[bool]:
        """Which of the points are inside."""
        held = []
        for east, north in points:
            for x, y, limit in self.edges:
                if not x * east + y * north <= limit:
                    held.append(False)
                    break
            else:
                held.append(True)
        return held

    def stretch(self, start: Point, end: Point) -> Stretch | None:
        """Where the leg is inside, edge by edge (M. Cyrus and J. Beck, Computers & Graphics 3, 1978)."""
        stretch: Stretch | None = WHOLE
        for x, y, limit in self.edges:
            before, after = start[0] * x + start[1] * y, end[0] * x + end[1] * y
            stretch = common(stretch, stretch_between(before, after, -math.inf, limit))
        return stretch


class Capsule(msgspec.Struct, frozen=True):
    """Everything within a reach of the straight line between two points: a disc about each, and the box between."""

    pieces: tuple[Disc, ConvexPolygon, Disc]

    @classmethod
    def of(cls, a: Point, b: Point, reach_m: float) -> Self:
        length = math.dist(a, b)
        x, y = (b[1] - a[1]) / length * reach_m, (a[0] - b[0]) / length * reach_m  # to the right of a leg from a to b
        ring = [(a[0] + x, a[1] + y), (b[0] + x, b[1] + y), (b[0] - x, b[1] - y), (a[0] - x, a[1] - y)]
        return cls((Disc(a, reach_m), ConvexPolygon.of([*ring, ring[0]], 0.0), Disc(b, reach_m)))

    def holds(self, points: Sequence[Point]) -> list[bool]:
        """Which of the points are inside."""
        return [any(held) for held in zip(*(piece.holds(points) for piece in self.pieces), strict=True)]

    def stretch(self, start: Point, end: Point) -> Stretch | None:
        """Where the leg is inside: one stretch from piece to piece, since the whole is convex."""
        found = [stretch for piece in self.pieces if (stretch := piece.stretch(start, end))]
        return (min(low for low, _ in found), max(high for _, high in found)) if found else None


Part = Disc | ConvexPolygon | Capsule


def stretch_between(start: float, end: float, low: float, high: float) -> Stretch | None:
    """Where a number that goes evenly from ``start`` to ``end`` is from ``low`` to ``high``."""
    if low <= start <= high and low <= end <= high:
        return WHOLE
    change = end - start
    if not change:
        return None
    bounds = (low - start) / change, (high - start) / change
    return common((min(bounds), max(bounds)), WHOLE)


def common(one: Stretch | None, other: Stretch | None) -> Stretch | None:
    """What two stretches share."""
    if one is None or other is None:
        return None
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None


@remembered(maxsize=4096)
def parts_of(mark: Footprint) -> tuple[Part, ...]:
    """The convex parts that the footprint consists of; they may overlap. Empty if nothing is left of the area."""
    return tuple(_parts(mark.spine, mark.reach_m))


def _parts(spine: shapely.Geometry, reach_m: float) -> Iterator[Part]:
    match spine.geom_type:
        case "Point":
            yield Disc(_points(spine)[0], reach_m + RIM_M)
        case "LineString":
            for a, b in itertools.pairwise(_points(spine)):
                yield Capsule.of(a, b, reach_m + RIM_M)
        case "Polygon":
            yield from _polygon_parts(spine, reach_m)
        case _:  # a polygon with a rim taken off it may have come apart
            for piece in spine.geoms:
                yield from _parts(piece, reach_m)


def _polygon_parts(polygon: shapely.Polygon, reach_m: float) -> Iterator[Part]:
    if polygon.is_empty:
        return
    convex = shapely.convex_hull(polygon).area - polygon.area <= RIM_M * polygon.length
    for piece in [polygon] if convex else shapely.constrained_delaunay_triangles(polygon).geoms:
        yield ConvexPolygon.of(_points(shapely.orient_polygons(piece).exterior), RIM_M)
    if reach_m > 0:
        for a, b in itertools.pairwise(_points(polygon.exterior)):
            yield Capsule.of(a, b, reach_m + RIM_M)


def _points(shape: shapely.Geometry) -> list[Point]:
    return [(x, y) for x, y in shapely.get_coordinates(shape).tolist()]
