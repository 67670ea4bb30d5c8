"""How a flight is flown that does what its plan says: a path through its air from the plan's start to its end.

What lies before and after (the way from the base and back) is in no plan, asks for nobody's consent and is not
flown here. An area is held in a racetrack: two long legs joined by short ones in the place of the turns, as long as
the area lets it be and as broad as the aircraft turns. A route is flown end to end in the plan's time. Every flight
comes in at the bottom of its block and climbs to a level of its own. It keeps half of the vertical minimum from the
block's bounds, as adjoining levels do, and half a mile from the area's edge.

A path has few legs, since each is compared with those of others: a lap has four, and takes three minutes or more.
"""

import itertools
import math
import operator
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import shapely

from hotline_protocol.agreement import Separation
from hotline_protocol.airspace import Area, Circle, Corridor, Volume4D
from hotline_protocol.geometry import METRES_PER_NM, footprint
from hotline_protocol.theatre import remembered

from .laps import Laps, Spot
from .path import Path
from .performance import Performance

EDGE_M: Final = 0.5 * METRES_PER_NM
EDGE_SHARE: Final = 0.1
LEVEL_STEP_FT: Final = 500
SHORTEST_LAP_S: Final = 180.0
SHORTEST_LEG_S: Final = 0.01
SHRINK: Final = 0.9
SMALLEST: Final = 0.01


class Racetrack(msgspec.Struct, frozen=True):
    """A closed way round: its corners in order, the share of a lap at which each stands, and its length."""

    corners: tuple[Spot, ...]
    shares: tuple[float, ...]
    lap_m: float

    @classmethod
    def round(cls, corners: Sequence[Spot]) -> "Racetrack":
        """Through these corners and back to the first."""
        legs = [math.dist(a, b) for a, b in itertools.pairwise((*corners, corners[0]))]
        lap_m = math.fsum(legs)
        shares = [flown / lap_m for flown in itertools.accumulate(legs[:-1], initial=0.0)]
        return cls(tuple(corners), tuple(shares), lap_m)

    def at(self, share: float) -> Spot:
        """Where one is after this share of a lap, or of several."""
        share %= 1.0
        n = bisect_right(self.shares, share)
        before, after = self.shares[n - 1], self.shares[n] if n < len(self.shares) else 1.0
        (ax, ay), (bx, by) = self.corners[n - 1], self.corners[n % len(self.corners)]
        part = (share - before) / (after - before)
        return ax + (bx - ax) * part, ay + (by - ay) * part


class Course(NamedTuple):
    """A path on the map, without heights: seconds, east, north."""

    t_s: list[float]
    x_m: list[float]
    y_m: list[float]

    def level(self, z_ft: float) -> Path:
        """The path at one height."""
        heights = (z_ft,) * len(self.t_s)
        return Path(t_s=tuple(self.t_s), x_m=tuple(self.x_m), y_m=tuple(self.y_m), z_ft=heights)


class Flown(NamedTuple):
    """A path; whether it stays within its air, or the aircraft cannot fly as fast as its plan has it; and the laps of
    which the path consists, if it holds an area.
    """

    path: Path
    keeps_to_plan: bool
    laps: Laps | None


class Manner(NamedTuple):
    """How it flies where its plan leaves that open, from 0 to 1: where in its lap it begins, and on which level."""

    lap: float
    level: float


class Window(NamedTuple):
    """From when until when, in seconds of the paths' epoch."""

    start_s: float
    end_s: float

    def shifted(self, by_s: float) -> "Window":
        return Window(self.start_s + by_s, self.end_s + by_s)


class HeightBlock(NamedTuple):
    """Between which heights in feet."""

    lower_ft: float
    upper_ft: float

    def levels(self, separation: Separation) -> tuple[float, float]:
        """The lowest and the highest that keep half of the vertical minimum from either bound, if it has room."""
        low = self.lower_ft + _half_minimum_ft(self.lower_ft, separation)
        high = self.upper_ft - _half_minimum_ft(self.upper_ft, separation)
        return (low, high) if low <= high else ((self.lower_ft + self.upper_ft) / 2,) * 2


def _half_minimum_ft(bound_ft: float, separation: Separation) -> float:
    high = bound_ft > separation.high_above_ft
    return (separation.vertical_high_ft if high else separation.vertical_ft) / 2


def flown(
    volumes: Sequence[Volume4D],
    block: HeightBlock,
    window: Window,
    aircraft: Performance,
    manner: Manner,
    separation: Separation,
) -> Flown:
    """The path of a flight that has this air from start to end. Areas are such that ``area_problem`` finds nothing."""
    low, high = block.levels(separation)
    level = low + LEVEL_STEP_FT * int(manner.level * ((high - low) // LEVEL_STEP_FT + 1))
    climb_ft_s = aircraft.climb_fpm / 60
    if isinstance(volumes[0].area, Corridor):
        course, keeps = _along(route_of(tuple(volume.area for volume in volumes)), window, aircraft)
        return Flown(_climbing(course, low, level, climb_ft_s), keeps_to_plan=keeps, laps=None)
    track = racetrack(volumes[0].area, aircraft.turn_radius_m)
    laps = laps_of(track, aircraft.working_m_s, window, manner.lap)
    return Flown(_climbing(orbit(track, laps, window), low, level, climb_ft_s), keeps_to_plan=True, laps=laps)


# Areas: the racetrack.


@remembered(maxsize=4096)
def racetrack(area: Area, turn_radius_m: float) -> Racetrack:
    """The way round in this area, which is a circle or a polygon."""
    if isinstance(area, Circle):
        mark = footprint(area)
        east, north = mark.spine.x, mark.spine.y
        radius_m = mark.reach_m - min(EDGE_M, EDGE_SHARE * mark.reach_m)
        aside = min(turn_radius_m, 0.6 * radius_m)
        along = math.sqrt(radius_m**2 - aside**2)
        return Racetrack.round(rectangle((east, north), (1.0, 0.0), along, aside))
    return _track_in(footprint(area).spine, turn_radius_m)


def _track_in(polygon: shapely.Polygon, turn_radius_m: float) -> Racetrack:
    """Along the longer side of the smallest rectangle about the polygon, shrunk until it lies inside."""
    room = shapely.buffer(polygon, -EDGE_M, quad_segs=2)
    if room.is_empty:
        room = polygon
    room = max(shapely.get_parts(room).tolist(), key=lambda part: float(part.area))
    shapely.prepare(room)
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(room))[:3].tolist()
    (ax, ay), (bx, by), (cx, cy) = ring
    one, other = math.hypot(bx - ax, by - ay), math.hypot(cx - bx, cy - by)
    axis = ((bx - ax) / one, (by - ay) / one) if one >= other else ((cx - bx) / other, (cy - by) / other)
    along, aside = max(one, other) / 2, min(turn_radius_m, 0.9 * min(one, other) / 2)
    middle = (
        room.centroid if room.covers(room.centroid) else shapely.get_point(shapely.maximum_inscribed_circle(room), 0)
    )
    size = 1.0
    while size > SMALLEST:
        corners = rectangle((middle.x, middle.y), axis, along * size, aside * size)
        if room.covers(shapely.Polygon(corners)):
            break
        size *= SHRINK
    return Racetrack.round(corners)


def rectangle(middle: Spot, axis: Spot, along: float, aside: float) -> list[Spot]:
    """Corners about a middle, so far along an axis (a unit vector) and so far to its sides; anticlockwise."""
    (x, y), (ux, uy) = middle, axis
    return [
        (x + ux * a * along - uy * b * aside, y + uy * a * along + ux * b * aside)
        for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]


def laps_of(track: Racetrack, speed_m_s: float, window: Window, begin: float) -> Laps:
    """Of this racetrack at this speed, the window beginning at this share of one."""
    lap_s = max(track.lap_m / speed_m_s, SHORTEST_LAP_S)
    into_s = tuple(share * lap_s for share in track.shares)
    return Laps(track.corners, into_s, lap_s, window.start_s - begin % 1.0 * lap_s)


def orbit(track: Racetrack, laps: Laps, window: Window) -> Course:
    """These laps of the track for as long as the window lasts."""
    start_s, end_s = window
    _, all_into_s, lap_s, began_s = laps
    amount = math.ceil((end_s - began_s) / lap_s)
    laps_s = [began_s + lap * lap_s for lap in range(amount)]
    t_s = list(itertools.starmap(operator.add, itertools.product(laps_s, all_into_s)))
    first, last = bisect_right(t_s, start_s + SHORTEST_LEG_S), bisect_left(t_s, end_s - SHORTEST_LEG_S)
    east, north = zip(*track.corners, strict=True)
    x_start, y_start = track.at((start_s - began_s) / lap_s)
    x_end, y_end = track.at((end_s - began_s) / lap_s)
    return Course(
        [start_s, *t_s[first:last], end_s],
        [x_start, *(east * amount)[first:last], x_end],
        [y_start, *(north * amount)[first:last], y_end],
    )


# Routes: end to end.


@remembered(maxsize=4096)
def route_of(areas: tuple[Area, ...]) -> tuple[Spot, ...]:
    """The route through these corridors, one after the other, in the plane."""
    spots: list[Spot] = []
    for area in areas:
        for x, y in shapely.get_coordinates(footprint(area).spine).tolist():
            if not spots or math.dist(spots[-1], (x, y)) >= 1.0:
                spots.append((x, y))
    return tuple(spots)


def _along(route: Sequence[Spot], window: Window, aircraft: Performance) -> tuple[Course, bool]:
    """At the speed that the plan's time asks for: slow is taken to be with some holding, but none flies faster than it
    can.
    """
    metres = list(itertools.accumulate((math.dist(a, b) for a, b in itertools.pairwise(route)), initial=0.0))
    needed_s = metres[-1] / aircraft.fastest_m_s
    lasts_s = max(window.end_s - window.start_s, needed_s)
    s_per_m = lasts_s / metres[-1]
    east, north = zip(*route, strict=True)
    return Course([window.start_s + flown_m * s_per_m for flown_m in metres], list(east), list(north)), (
        lasts_s > needed_s
    )


def _climbing(course: Course, low_ft: float, level_ft: float, climb_ft_s: float) -> Path:
    """The course with a climb from one height to another that begins with it."""
    if level_ft <= low_ft:
        return course.level(low_ft)
    t_s, x_m, y_m = course
    began, level_s = t_s[0], t_s[0] + (level_ft - low_ft) / climb_ft_s
    n = bisect_left(t_s, level_s)
    if 0 < n < len(t_s) and t_s[n - 1] + SHORTEST_LEG_S < level_s < t_s[n] - SHORTEST_LEG_S:
        part = (level_s - t_s[n - 1]) / (t_s[n] - t_s[n - 1])
        x_m.insert(n, x_m[n - 1] + (x_m[n] - x_m[n - 1]) * part)
        y_m.insert(n, y_m[n - 1] + (y_m[n] - y_m[n - 1]) * part)
        t_s.insert(n, level_s)
    z_ft = [low_ft + (at_s - began) * climb_ft_s for at_s in t_s[:n]] + [level_ft] * (len(t_s) - n)
    return Path(t_s=tuple(t_s), x_m=tuple(x_m), y_m=tuple(y_m), z_ft=tuple(z_ft))
