"""The theatre as a plane: what areas look like in metres, and how a plan becomes volumes of air.

The plane is a Lambert conformal conic on WGS 84, the projection of aeronautical charts. Its origin is the middle of the
theatre's bounds, and its standard parallels are a quarter of their height from the south and from the north: of a
theatre of 31 N to 39 N, 33 N and 37 N. It is conformal, so that a half-width is the same to every side, and its
straight lines lie close to great circles. Its scale is wrong by at most 0.18 % at such bounds (J. P. Snyder, *Map
Projections: A Working Manual*, USGS 1395, 1987, chapter 15); distances are taken in the plane as it is.

Both sides must come to the same verdicts: projected points are rounded to a millimetre, so that the last digits of
a library's arithmetic decide nothing, and what meets what is a matter of distances between them.

Everything here but :func:`area_problem` wants areas in which ``area_problem`` finds nothing.

What is worked out of an area is remembered by its value, for some thousands of areas: those of an air force are few
and come back every day, in messages that each bring a copy of their own. Equal areas may be written otherwise, with 8
for 8.0: what is remembered is the same to the byte, whichever of them came first.
"""

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

import msgspec
import shapely
from pyproj import Transformer
from pyproj.enums import TransformDirection

from .airspace import MAX_VOLUMES, Area, Circle, Corridor, Polygon, Position, Volume4D
from .flightplan import FlightPlan
from .rounding import rounded
from .theatre import Bounds, in_words, remembered, theatre_now

METRES_PER_NM: Final = 1852.0
METRES_PER_FOOT: Final = 0.3048
KNOT_M_S: Final = METRES_PER_NM / 3_600
ARC_SEGMENTS: Final = 16
FAR_M: Final = 1.0
MAX_LEG_NM: Final = 60.0
MAX_LEGS: Final = MAX_VOLUMES
LEG_PADDING: Final = timedelta(minutes=5)

Point = tuple[float, float]

_TO_DEGREES: Final = TransformDirection.INVERSE

SLENDEREST_DEG: Final = 1e-6


def bounds_deg() -> Bounds:
    """West, south, east, north of the theatre."""
    return theatre_now().bounds_deg


class _Parallels(msgspec.Struct, frozen=True):
    """The latitudes of the plane: its two standard parallels, and that of its origin."""

    south: float
    north: float
    origin: float

    @property
    def are_opposite(self) -> bool:
        """Whether they lie about the equator: the cone is a cylinder then, or too slender to be worked out."""
        return abs(self.south + self.north) < SLENDEREST_DEG


def _parallels() -> _Parallels:
    _, south, _, north = bounds_deg()
    quarter = (north - south) / 4
    return _Parallels(south + quarter, north - quarter, (south + north) / 2)


@remembered(maxsize=1)
def _meridian_deg() -> float:
    """Where the plane's north is true north."""
    west, _, east, _ = bounds_deg()
    return (west + east) / 2


@remembered(maxsize=1)
def _plane() -> Transformer:
    at = _parallels()
    shape = f"+lon_0={_meridian_deg():.12g} +ellps=WGS84 +units=m"
    if at.are_opposite:
        return Transformer.from_pipeline(f"+proj=merc +lat_ts={at.north:.12g} {shape}")
    latitudes = f"+lat_1={at.south:.12g} +lat_2={at.north:.12g} +lat_0={at.origin:.12g}"
    return Transformer.from_pipeline(f"+proj=lcc {latitudes} {shape}")


@remembered(maxsize=1)
def _cone() -> float:
    """How much the plane's north turns with each degree of longitude (Snyder, USGS 1395, equation 15-3, on the sphere:
    within 0.02 degrees of the ellipsoid's at the bounds)."""
    at = _parallels()
    if at.are_opposite:
        return 0.0
    return math.log(math.cos(math.radians(at.south)) / math.cos(math.radians(at.north))) / math.log(
        math.tan(math.radians(45 + at.north / 2)) / math.tan(math.radians(45 + at.south / 2))
    )


def to_plane(positions: Iterable[Position]) -> list[Point]:
    """East and north of the plane's origin in metres, rounded to the millimetre."""
    # Asked point by point: cheaper than arrays up to some ten points, and most areas have fewer.
    project = _plane().transform
    points = [project(position.lon_deg, position.lat_deg) for position in positions]
    return [(rounded(east, 3), rounded(north, 3)) for east, north in points]


def to_position(point: Point) -> Position:
    """The position of a point of the plane, rounded to 1e-8 degrees: about a millimetre."""
    lon_deg, lat_deg = to_degrees(*point)
    return Position(rounded(lon_deg, 8), rounded(lat_deg, 8))


def to_degrees(east: float, north: float) -> Point:
    """Longitude and latitude of a point of the plane, not rounded."""
    lon_deg, lat_deg = _plane().transform(east, north, direction=_TO_DEGREES)
    return lon_deg, lat_deg


def course_deg(east: float, north: float, lon_deg: float) -> float:
    """The true course, from 0 to 360 degrees, of what moves so in the plane, at this longitude."""
    return (math.degrees(math.atan2(east, north)) + _cone() * (lon_deg - _meridian_deg())) % 360


class Footprint(msgspec.Struct, frozen=True, eq=False):
    """An area as everything within ``reach_m`` of its ``spine``: a route, a centre, or a polygon with a reach of 0.

    Distances between spines decide what meets, so that no arc has to be drawn as a polygon for it. ``bounds`` are
    west, south, east and north in metres, none of them a number if nothing is left of the area.
    """

    spine: shapely.Geometry
    reach_m: float
    bounds: tuple[float, float, float, float]

    def meets(self, other: "Footprint") -> bool:
        """Whether the two share a point."""
        return not self._is_far(other) and bool(shapely.dwithin(self.spine, other.spine, self.reach_m + other.reach_m))

    def _is_far(self, other: "Footprint") -> bool:
        """Whether bounds alone tell, whatever their rounding, that the two share no point."""
        west, south, east, north = self.bounds
        its_west, its_south, its_east, its_north = other.bounds
        return (
            west - its_east > FAR_M or its_west - east > FAR_M or south - its_north > FAR_M or its_south - north > FAR_M
        )


@remembered(maxsize=8192)
def footprint(area: Area, rim_m: float = 0.0) -> Footprint:
    """The area with a rim of this many metres laid around it or, below 0, taken off it."""
    match area:
        case Polygon():
            polygon = shapely.Polygon(to_plane(area.vertices))
            if rim_m >= 0:
                return _footprint(polygon, rim_m)
            # Round joins: nothing of the new outline is closer than the rim to the old one.
            return _footprint(shapely.buffer(polygon, rim_m, quad_segs=2), 0.0)
        case Corridor():
            route = shapely.LineString(to_plane(area.route))
            return _footprint(route, area.half_width_nm * METRES_PER_NM + rim_m)
        case Circle():
            (east, north), reach_m = to_plane([area.centre])[0], area.radius_nm * METRES_PER_NM + rim_m
            bounds = (east - reach_m, north - reach_m, east + reach_m, north + reach_m)
            return Footprint(shapely.Point(east, north), reach_m, bounds)
        case _:
            assert_never(area)


def _footprint(spine: shapely.Geometry, reach_m: float) -> Footprint:
    west, south, east, north = spine.bounds
    return Footprint(spine, reach_m, (west - reach_m, south - reach_m, east + reach_m, north + reach_m))


@remembered(maxsize=2048)
def shape_of(area: Area) -> shapely.Polygon:
    """The area's outline in the plane, to be drawn or measured. A corridor's ends and outer turns are round.

    Arcs are polygons of ``ARC_SEGMENTS`` to a quarter, inscribed: at most 0.12 % of the radius short.
    """
    mark = footprint(area)
    if isinstance(area, Polygon):
        return mark.spine
    # Leg by leg: in one go, GEOS would simplify a route first, by up to a hundredth of the half-width.
    parts = (
        map(shapely.LineString, itertools.pairwise(mark.spine.coords)) if isinstance(area, Corridor) else [mark.spine]
    )
    return shapely.union_all([shapely.buffer(part, mark.reach_m, quad_segs=ARC_SEGMENTS) for part in parts])


def expand(plan: FlightPlan) -> tuple[Volume4D, ...]:
    """The air that a plan needs. A held area is one volume; a corridor is flown end to end, one volume a leg.

    Legs longer than 60 NM are cut into equal parts, and when there are more than 64 legs neighbours are joined.
    Each leg has the share of the plan's window that its length has of the route, and five minutes before and
    after it, to whole seconds and never beyond the plan's own window.
    """
    match plan.area:
        case Corridor():
            return _legs(plan, plan.area)
        case Polygon() | Circle():
            return (_volume(plan, plan.area, plan.start, plan.end),)
        case _:
            assert_never(plan.area)


def _volume(plan: FlightPlan, area: Area, start: datetime, end: datetime) -> Volume4D:
    return Volume4D(area=area, lower_ft=plan.lower_ft, upper_ft=plan.upper_ft, start=start, end=end)


def _legs(plan: FlightPlan, corridor: Corridor) -> tuple[Volume4D, ...]:
    volumes = []
    for leg, before, after in _shares(corridor):
        start = _at(plan, before) - LEG_PADDING
        end = _at(plan, after) + LEG_PADDING
        volumes.append(_volume(plan, leg, max(plan.start, start), min(plan.end, end)))
    return tuple(volumes)


@remembered(maxsize=1024)
def _shares(corridor: Corridor) -> tuple[tuple[Corridor, float, float], ...]:
    """The legs, each with the shares of the route that lie behind at its beginning and at its end."""
    routes = _joined(_cut(_in_floats(corridor.route)))
    flown_m = list(itertools.accumulate(map(_length_m, routes), initial=0.0))
    return tuple(
        (Corridor(route=route, half_width_nm=float(corridor.half_width_nm)), before / flown_m[-1], after / flown_m[-1])
        for route, (before, after) in zip(routes, itertools.pairwise(flown_m), strict=True)
    )


def _at(plan: FlightPlan, share: float) -> datetime:
    """When this share of the plan's window has passed, to a whole second: the padding covers what that leaves out."""
    return (plan.start + (plan.end - plan.start) * share).replace(microsecond=0)


def _cut(route: Sequence[Position]) -> list[tuple[Position, ...]]:
    legs: list[tuple[Position, ...]] = []
    for a, b in itertools.pairwise(route):
        parts = max(1, math.ceil(_length_m((a, b)) / (MAX_LEG_NM * METRES_PER_NM)))
        (ax, ay), (bx, by) = to_plane((a, b))
        shares = (n / parts for n in range(1, parts))
        stops = [a, *(to_position((ax + (bx - ax) * s, ay + (by - ay) * s)) for s in shares), b]
        legs.extend(itertools.pairwise(stops))
    return legs


def _joined(legs: list[tuple[Position, ...]]) -> list[tuple[Position, ...]]:
    """Neighbours made one where there are too many: two that are left beside each other exceed the bound together."""
    if len(legs) <= MAX_LEGS:
        return legs
    bound_m = math.fsum(map(_length_m, legs)) / (MAX_LEGS // 2 - 1)
    joined = [legs[0]]
    for leg in legs[1:]:
        together = joined[-1] + leg[1:]
        if _length_m(together) <= bound_m:
            joined[-1] = together
        else:
            joined.append(leg)
    return joined


def _length_m(route: Sequence[Position]) -> float:
    return math.fsum(math.dist(a, b) for a, b in itertools.pairwise(to_plane(route)))


def length_nm(corridor: Corridor) -> float:
    """How long the route is in nautical miles, along its straight legs in the plane."""
    return _length_m(corridor.route) / METRES_PER_NM


@remembered(maxsize=2048)
def moved(area: Area, east_nm: float, north_nm: float) -> Area:
    """The area somewhere else, shape unchanged.

    East and north are the plane's, which lie up to 2.9 degrees off the parallel and the meridian at the bounds.
    """
    east_m, north_m = east_nm * METRES_PER_NM, north_nm * METRES_PER_NM

    def there(positions: Iterable[Position]) -> tuple[Position, ...]:
        if not east_nm and not north_nm:
            return _in_floats(positions)
        return tuple(to_position((x + east_m, y + north_m)) for x, y in to_plane(positions))

    match area:
        case Polygon():
            return Polygon(vertices=there(area.vertices))
        case Corridor():
            return Corridor(route=there(area.route), half_width_nm=float(area.half_width_nm))
        case Circle():
            return Circle(centre=there([area.centre])[0], radius_nm=float(area.radius_nm))
        case _:
            assert_never(area)


def _in_floats(positions: Iterable[Position]) -> tuple[Position, ...]:
    """The same positions, all numbers as floats, and 0.0 for -0.0: those of equal areas are the same to the byte."""
    return tuple(Position(position.lon_deg + 0.0, position.lat_deg + 0.0) for position in positions)


@remembered(maxsize=2048)
def centre(area: Area) -> Position:
    """A position in the middle of the area: half-way along a route; the centroid of a polygon if that lies inside."""
    match area:
        case Circle():
            return _in_floats([area.centre])[0]
        case Corridor():
            middle = shapely.LineString(to_plane(area.route)).interpolate(0.5, normalized=True)
        case Polygon():
            shape = shape_of(area)
            middle = shape.centroid if shape.covers(shape.centroid) else shape.representative_point()
        case _:
            assert_never(area)
    return to_position((middle.x, middle.y))


@remembered(maxsize=2048)
def area_problem(area: Area) -> tuple[str, str] | None:
    """The first thing that makes this area unusable: the field and the reason, or None."""
    match area:
        case Polygon():
            return _misplaced("area.vertices", area.vertices) or _polygon_problem(area)
        case Corridor():
            return (
                _misplaced("area.route", area.route)
                or _route_problem(area.route)
                or _breadth_problem("area.half_width_nm", area.half_width_nm)
            )
        case Circle():
            problem = _misplaced("area.centre", (area.centre,))
            return ("area.centre", problem[1]) if problem else _breadth_problem("area.radius_nm", area.radius_nm)
        case _:
            assert_never(area)


def _misplaced(field: str, positions: Sequence[Position]) -> tuple[str, str] | None:
    bounds = west, south, east, north = bounds_deg()
    for n, position in enumerate(positions):
        where = f"{position.lon_deg:g}, {position.lat_deg:g} (longitude, latitude)"
        if abs(position.lat_deg) >= 89:
            return f"{field}[{n}]", f"{where} lies at a pole"
        if n and abs(position.lon_deg - positions[n - 1].lon_deg) > 180:
            return f"{field}[{n}]", f"{where} lies over the date line from the position before it"
        # Not the other way round: a longitude that is not a number is not inside either.
        if not (west <= position.lon_deg <= east and south <= position.lat_deg <= north):
            return f"{field}[{n}]", f"{where} lies outside {in_words(bounds)}"
    return None


def _polygon_problem(area: Polygon) -> tuple[str, str] | None:
    field, no_area = "area.vertices", "the polygon encloses no area (it is nowhere 1 m wide)"
    points = to_plane(area.vertices)
    if len(set(points)) < 3 or _narrow(shapely.MultiPoint(points).convex_hull):
        return field, no_area
    shape = shapely.Polygon(points)
    if not shape.is_valid:
        return field, "the polygon crosses or touches itself" + _near(shapely.is_valid_reason(shape))
    return (field, no_area) if _narrow(shape) else None


def _narrow(shape: shapely.Geometry) -> bool:
    return bool(shapely.buffer(shape, -0.5, quad_segs=1).is_empty)


def _near(reason: str) -> str:
    """Where it is, if GEOS has said so ("Self-intersection[1234.5 -678.9]")."""
    found = re.search(r"\[(-?[\d.e+-]+) (-?[\d.e+-]+)\]", reason)
    if not found:
        return ""
    position = to_position((float(found[1]), float(found[2])))
    return f" near {position.lon_deg:.4f}, {position.lat_deg:.4f} (longitude, latitude)"


def _route_problem(route: Sequence[Position]) -> tuple[str, str] | None:
    for n, (a, b) in enumerate(itertools.pairwise(to_plane(route)), start=1):
        if math.dist(a, b) < 1.0:
            return f"area.route[{n}]", "repeats the position before it (less than 1 m away)"
    return None


def _breadth_problem(field: str, breadth_nm: float) -> tuple[str, str] | None:
    # Not "<": a breadth that is not a number is refused as well.
    return None if breadth_nm * METRES_PER_NM >= 1.0 else (field, f"{breadth_nm:g} NM is less than 1 m")
