"""Areas and paths as other programs draw them: rings and points in degrees, close enough that it does not matter
whether they draw straight lines on a globe, on a map, or through the ground.

Between two points that are :data:`STEP_M` apart a great circle, a line of the protocol's plane and one that is straight
in degrees lie within 2 m of each other, and a chord dips 2 m below the globe.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import shapely

from hotline_protocol.airspace import Area, Position
from hotline_protocol.geometry import METRES_PER_FOOT, area_problem, shape_of, to_plane, to_position
from hotline_protocol.sky import FlightPath
from hotline_protocol.theatre import remembered
from hotline_services.monitor.positions import part_way

STEP_M: Final = 10_000.0
PLACES: Final = 6  # of a degree: 10 cm
LONGEST_S: Final = 30 * 86_400.0  # nothing flies so long: a time beyond that may not be on any calendar

Ring = list[tuple[float, float]]


class Stop(NamedTuple):
    """Where something is at a time; straight and steady to the next."""

    at: datetime
    lon_deg: float
    lat_deg: float
    altitude_ft: float


def later(at: datetime, span: timedelta) -> datetime:
    """This time and so long after it, but no later than the calendar's end: a message may claim any time."""
    try:
        return at + span
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def metres(feet: float) -> float:
    """Feet as metres, to a decimetre."""
    return round(feet * METRES_PER_FOOT, 1)


def rings(area: Area, *, coarse_m: float = 0.0) -> list[Ring]:
    """The outline of this area, then its holes: closed, outlines against the clock, holes with it (RFC 7946).

    With ``coarse_m`` an outline may lie so far off, for fewer points. Empty for an area that cannot be drawn.
    """
    if area_problem(area):
        return []
    shape = shape_of(area)
    if coarse_m:
        shape = shapely.simplify(shape, coarse_m)
    shape = shapely.orient_polygons(shapely.segmentize(shape, STEP_M), exterior_cw=False)
    return [_degrees(ring) for ring in (shape.exterior, *shape.interiors)]


def _degrees(ring: shapely.LinearRing) -> Ring:
    found = [rounded(to_position(point)) for point in ring.coords[:-1]]
    return [*found, found[0]]


def rounded(position: Position) -> tuple[float, float]:
    """Longitude and latitude to :data:`PLACES`."""
    return round(position.lon_deg, PLACES), round(position.lat_deg, PLACES)


def course(positions: Sequence[Position]) -> Ring:
    """A line on the map with points no further apart than a step."""
    line = shapely.segmentize(shapely.LineString(to_plane(positions)), STEP_M)
    return [rounded(to_position(point)) for point in line.coords]


def stops(start: datetime, path: FlightPath, until: datetime | None) -> Iterator[Stop]:
    """Along this path, whose first fix is passed at ``start``, up to this time or to its end."""
    if not path:
        return
    end_s = LONGEST_S if until is None else min(LONGEST_S, (until - start).total_seconds())
    for after_s, east_m, north_m, altitude_ft in _along(path, min(path[-1].after_s, end_s)):
        if math.isfinite(east_m + north_m):
            lon, lat = _where(round(east_m, 1), round(north_m, 1))
            yield Stop(later(start, timedelta(seconds=after_s)), lon, lat, round(altitude_ft))


@remembered(maxsize=65_536)
def _where(east_m: float, north_m: float) -> tuple[float, float]:
    """Remembered: whoever holds an area comes by the same places again and again."""
    return rounded(to_position((east_m, north_m)))


def _along(path: FlightPath, last_s: float) -> Iterator[tuple[float, float, float, float]]:
    """Seconds, metres of the plane and feet at each fix, at each step on the way to the next one, and at ``last_s``."""
    points = to_plane(Position(fix.lon_deg, fix.lat_deg) for fix in path)
    for (a, p), (b, q) in itertools.pairwise(zip(path, points, strict=True)):
        parts = _parts(math.dist(p, q))
        for n in range(parts):
            after_s = a.after_s + (b.after_s - a.after_s) * n / parts
            if after_s >= last_s:
                break
            yield after_s, *part_way(a, p, b, q, n / parts)
        if b.after_s >= last_s >= a.after_s:
            span_s = b.after_s - a.after_s
            yield last_s, *part_way(a, p, b, q, (last_s - a.after_s) / span_s if span_s else 0.0)
            return
    if len(path) == 1 and path[0].after_s <= last_s:
        yield path[0].after_s, *points[0], path[0].altitude_ft


def _parts(far_m: float) -> int:
    return max(1, math.ceil(far_m / STEP_M)) if math.isfinite(far_m) else 1
