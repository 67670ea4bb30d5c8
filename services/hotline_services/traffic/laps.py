"""Round and round: what comes of one lap comes of each, so that it is worked out once.

Most flights hold an area for hours. Their paths are what is measured and met; but where such a path goes over a line,
or is inside an area, is known from one lap of it. It is remembered, too: air forces hold the same areas every day.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from hotline_protocol.geometry import Footprint
from hotline_protocol.theatre import remembered

from .passage import Line, Span, crossings, inside, union
from .path import Path

Spot = tuple[float, float]
"""East and north in metres of the protocol's plane."""


class Laps(NamedTuple):
    """Laps through these corners, at these times of a lap that takes ``lap_s``; one of them began at ``began_s``."""

    corners: tuple[Spot, ...]
    into_s: tuple[float, ...]
    lap_s: float
    began_s: float

    def moved(self, offset: Spot) -> "Laps":
        """The same so many metres to the east and north."""
        return self._replace(corners=tuple((x + offset[0], y + offset[1]) for x, y in self.corners))

    def crossings(self, line: Line, start_s: float, end_s: float) -> list[tuple[float, bool]]:
        """When it goes over the line between these times, and whether to what is on the left of it."""
        found = _crossings_of_lap(self.corners, self.into_s, self.lap_s, line)
        if not found:
            return []
        times = ((began + into_s, leftwards) for began in self._laps(start_s, end_s) for into_s, leftwards in found)
        return [(t_s, leftwards) for t_s, leftwards in times if start_s < t_s < end_s]

    def inside(self, mark: Footprint, start_s: float, end_s: float) -> list[Span]:
        """When it is in this area between these times, whatever the height."""
        found = _inside_in_lap(self.corners, self.into_s, self.lap_s, mark)
        if not found or start_s >= end_s:
            return []
        if found == (Span(0.0, self.lap_s),):
            return [Span(start_s, end_s)]
        spans = (Span(began + a, began + b) for began in self._laps(start_s, end_s) for a, b in found)
        return union(Span(max(a, start_s), min(b, end_s)) for a, b in spans if a < end_s and b > start_s)

    def _laps(self, start_s: float, end_s: float) -> Iterator[float]:
        """When those laps began that lie, if only in part, between these times."""
        first = math.floor((start_s - self.began_s) / self.lap_s)
        last = math.ceil((end_s - self.began_s) / self.lap_s)
        return (self.began_s + lap * self.lap_s for lap in range(first, last))


@remembered(maxsize=4096)
def _crossings_of_lap(
    corners: tuple[Spot, ...], into_s: tuple[float, ...], lap_s: float, line: Line
) -> tuple[tuple[float, bool], ...]:
    """When in a lap it goes over the line, and whether to what is on the left of it."""
    return tuple((crossing.t_s, crossing.leftwards) for crossing in crossings(_once(corners, into_s, lap_s), line))


@remembered(maxsize=4096)
def _inside_in_lap(
    corners: tuple[Spot, ...], into_s: tuple[float, ...], lap_s: float, mark: Footprint
) -> tuple[Span, ...]:
    """When in a lap it is in this area, whatever the height."""
    return tuple(inside(_once(corners, into_s, lap_s), mark, 0.0, 0.0))


def _once(corners: tuple[Spot, ...], into_s: tuple[float, ...], lap_s: float) -> Path:
    """One lap on the map, its time counted from its beginning."""
    east, north = zip(*corners, corners[0], strict=True)
    return Path(t_s=(*into_s, lap_s), x_m=east, y_m=north, z_ft=(0.0,) * len(east))


def time_inside(
    path: Path, laps: Laps | None, mark: Footprint, lower_ft: float, upper_ft: float, start_s: float, end_s: float
) -> list[Span]:
    """When the path, which consists of these laps if of any, is in a volume: see :func:`~.passage.inside`."""
    box = path.bounds
    if laps is None or box.lower_ft < lower_ft or box.upper_ft > upper_ft:
        return inside(path, mark, lower_ft, upper_ft, start_s, end_s)
    return laps.inside(mark, max(start_s, path.start_s), min(end_s, path.end_s))
