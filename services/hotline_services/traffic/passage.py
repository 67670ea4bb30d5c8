"""When a path crosses a line on the map, and when it is inside a volume of air: exactly, leg by leg."""

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from hotline_protocol.geometry import Footprint
from hotline_protocol.geometry import Point as PlanePoint

from .convex import Part, common, parts_of, stretch_between
from .path import Bounds, Path, Point

SHORTEST_S: Final = 1e-3
"""Out and back again within this time is a touch, and no crossing, no visit and no absence: it is rounding."""

RIM_FT: Final = 1e-6

ROOM_M: Final = 100.0
"""Further than this outside an area's bounds, nothing is in one of its parts, whatever their rims and rounding."""


class Crossing(NamedTuple):
    """``leftwards``: to what is on the left hand of who follows the line as it is drawn."""

    t_s: float
    at: Point
    leftwards: bool


class Span(NamedTuple):
    """A time from when until when."""

    began_s: float
    ended_s: float


class Line(msgspec.Struct, frozen=True, dict=True, eq=False):
    """A line through points of the plane (``geometry.to_plane``), straight between them. Raises ValueError.

    Equal to itself alone: what is remembered of a line costs no look at its points.
    """

    points: tuple[PlanePoint, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise ValueError(f"points: a line has at least 2, not {len(self.points)}")

    @cached_property
    def legs(self) -> tuple[tuple[PlanePoint, PlanePoint], ...]:
        """From point to point."""
        return tuple(itertools.pairwise(self.points))


def crossings(path: Path, line: Line) -> list[Crossing]:
    """Where the path goes from one side of the line to the other, in the order of time.

    What lies on the line counts as left of it, so that a point on it is crossed once or not at all. Out and back
    within a millisecond is a touch and left out.
    """
    west, south, _, east, north, _ = path.bounds
    found: list[Crossing] = []
    for start, end in line.legs:
        (ax, ay), (bx, by) = start, end
        if (ax < west and bx < west) or (ax > east and bx > east):
            continue
        if (ay < south and by < south) or (ay > north and by > north):
            continue
        found.extend(_over(path, start, end))
    return _without_touches(sorted(found, key=lambda crossing: crossing.t_s))


def _over(path: Path, start: PlanePoint, end: PlanePoint) -> Iterator[Crossing]:
    """Where the path goes over one leg of a line."""
    (ax, ay), ux, uy = start, end[0] - start[0], end[1] - start[1]
    aside = [ux * (y - ay) - uy * (x - ax) for x, y in zip(path.x_m, path.y_m, strict=True)]
    if min(aside) >= 0 or max(aside) < 0:
        return  # all of it is on one side
    for n, (before, after) in enumerate(itertools.pairwise(aside)):
        if (before >= 0) == (after >= 0):
            continue
        # Over the leg, or over where it would go on beyond its ends?
        here, there = (path.x_m[n], path.y_m[n]), (path.x_m[n + 1], path.y_m[n + 1])
        if (_aside(start, here, there) >= 0) != (_aside(end, here, there) >= 0):
            yield _crossing(path, n, before, after)


def _aside(point: PlanePoint, start: PlanePoint, end: PlanePoint) -> float:
    """How far to the left of the leg from start to end a point lies, in lengths of the leg."""
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])


def _crossing(path: Path, n: int, before: float, after: float) -> Crossing:
    """Where, on its leg ``n``, it goes from so far to the left of a line to so far."""
    t_s = path.t_s[n] + (path.t_s[n + 1] - path.t_s[n]) * (before / (before - after))
    return Crossing(t_s, path.at(t_s), after >= 0)


def _without_touches(found: list[Crossing]) -> list[Crossing]:
    kept: list[Crossing] = []
    for crossing in found:
        if kept and crossing.leftwards != kept[-1].leftwards and crossing.t_s - kept[-1].t_s < SHORTEST_S:
            kept.pop()
        else:
            kept.append(crossing)
    return kept


def inside(
    path: Path,
    mark: Footprint,
    lower_ft: float,
    upper_ft: float,
    start_s: float = -math.inf,
    end_s: float = math.inf,
) -> list[Span]:
    """When the path is in the volume, from ``start_s`` to ``end_s``, in the order of time; its skin is part of it."""
    start_s, end_s = max(start_s, path.start_s), min(end_s, path.end_s)
    west, south, east, north = mark.bounds
    box = path.bounds
    if start_s >= end_s or not (  # not the other way round: bounds of nothing are no numbers
        box.west_m <= east and box.east_m >= west and box.south_m <= north and box.north_m >= south
    ):
        return []
    first, last = bisect_right(path.t_s, start_s) - 1, bisect_left(path.t_s, end_s)
    room = Bounds(west - ROOM_M, south - ROOM_M, lower_ft - RIM_FT, east + ROOM_M, north + ROOM_M, upper_ft + RIM_FT)
    found = [span for part in parts_of(mark) for span in _spans(path, first, last, part, room)]
    return union([Span(max(began, start_s), min(ended, end_s)) for began, ended in found])


def _spans(path: Path, first: int, last: int, part: Part, room: Bounds) -> Iterator[Span]:
    """When the path is in this part between the heights of ``room``, leg by leg from point ``first`` to ``last``.

    Nothing of the part lies beyond the sides of ``room``.
    """
    west, south, lower_ft, east, north, upper_ft = room
    times, heights = path.t_s[first : last + 1], path.z_ft[first : last + 1]
    points = list(zip(path.x_m[first : last + 1], path.y_m[first : last + 1], strict=True))
    held = [flat and lower_ft <= z <= upper_ft for flat, z in zip(part.holds(points), heights, strict=True)]
    if all(held):
        yield Span(times[0], times[-1])  # between points in something convex: that is what most flights are
        return
    for n in range(last - first):
        began, ended = times[n], times[n + 1]
        if held[n] and held[n + 1]:
            yield Span(began, ended)
            continue
        (ax, ay), (bx, by) = points[n], points[n + 1]
        if (ax < west and bx < west) or (ax > east and bx > east):
            continue
        if (ay < south and by < south) or (ay > north and by > north):
            continue
        high = stretch_between(heights[n], heights[n + 1], lower_ft, upper_ft)
        stretch = common(high, part.stretch(points[n], points[n + 1])) if high else None
        if stretch:
            yield Span(began + (ended - began) * stretch[0], began + (ended - began) * stretch[1])


def union(spans: Iterable[Span]) -> list[Span]:
    """The time that is in at least one of them; gaps and spans shorter than a millisecond are rounding."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.began_s - joined[-1].ended_s < SHORTEST_S:
            joined[-1] = Span(joined[-1].began_s, max(joined[-1].ended_s, span.ended_s))
        else:
            joined.append(span)
    return [span for span in joined if span.ended_s - span.began_s >= SHORTEST_S]


def gaps(spans: Sequence[Span], start_s: float, end_s: float) -> list[Span]:
    """The time from start to end that is in none of these, which are as :func:`union` gives them."""
    marks = [start_s, *(mark for span in spans for mark in span), end_s]
    pairs = (Span(began, ended) for began, ended in zip(marks[::2], marks[1::2], strict=True))
    return [span for span in pairs if span.ended_s - span.began_s >= SHORTEST_S]
