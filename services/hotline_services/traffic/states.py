"""Who of very many aircraft will lose separation, if each goes on as it goes now: all pairs, most never looked at.

The question is that of state-based conflict detection in BlueSky (J. M. Hoekstra and J. Ellerbroek, *BlueSky ATC
Simulator Project*, ICRAT 2016), and so are the units and the geometry, so that answers can be compared: SI units, a
sphere of 6,371 km, and for each pair a flat earth about its mean latitude. Between two at 35 N that are 100 km
apart, that is wrong by less than 50 m; the difference of sphere and ellipsoid is larger (up to 0.3 %).

**The pruning** leaves out only pairs that cannot meet. Each aircraft sweeps a box in latitude, longitude and height
until the look-ahead is over, half of each minimum laid around it. The boxes stand in the cells of a grid, and in
each cell they are sorted by their lower side: those that overlap in height are then a run in it, which is found by
bisection. Pairs whose boxes overlap on all three axes go to the exact test.
"""

from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

EARTH_M: Final = 6_371_000.0
RIM_M: Final = 1e-6
"""Who is closer than a minimum by less than this touches it, and loses nothing: levels in metres are rounded."""

STILL_M_S: Final = 1e-6
"""Two that move against each other by less than this do not."""

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


class States(msgspec.Struct, frozen=True, kw_only=True):
    """Where each aircraft is and how it moves: a column a quantity, a row an aircraft. Raises ValueError.

    The columns are of one length, all numbers finite, and latitudes within 85 degrees of the equator, since the flat
    earth of a pair has no poles. No two are to be on either side of the date line.
    """

    lat_deg: Floats
    lon_deg: Floats
    track_deg: Floats
    speed_m_s: Floats
    altitude_m: Floats
    climb_m_s: Floats

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            column = getattr(self, name)
            if column.shape != (len(self.lat_deg),):
                raise ValueError(f"{name}: of shape {column.shape}, not a column of {len(self.lat_deg)} numbers")
            if not np.isfinite(column).all():
                raise ValueError(f"{name}: holds a number that is not finite")
        if np.abs(self.lat_deg).max(initial=0.0) > 85:
            raise ValueError("lat_deg: holds a latitude within 5 degrees of a pole")

    def __len__(self) -> int:
        return len(self.lat_deg)


class Conflicts(NamedTuple):
    """Pairs that lose separation, each once, ``one`` the lower number; seconds from now, metres.

    ``began_s`` is below 0 if it is lost already. ``closest_s`` and ``closest_m`` are the horizontal closest point.
    """

    one: Numbers
    other: Numbers
    began_s: Floats
    ended_s: Floats
    closest_s: Floats
    closest_m: Floats


class _Boxes(NamedTuple):
    """What each aircraft sweeps, minima included, a row an aircraft: radians, radians, metres."""

    west: Floats
    south: Floats
    lower: Floats
    east: Floats
    north: Floats
    upper: Floats


def conflicts(states: States, lateral_m: float, vertical_m: float, ahead_s: float) -> Conflicts:
    """The pairs that are below both minima at once at some time from now until ``ahead_s``, in order."""
    east_m_s, north_m_s = _velocities(states)
    one, other = _candidates(_swept(states, east_m_s, north_m_s, lateral_m, vertical_m, ahead_s))
    return _exact(states, east_m_s, north_m_s, (one, other), lateral_m, vertical_m, ahead_s)


def all_pairs(states: States, lateral_m: float, vertical_m: float, ahead_s: float) -> Conflicts:
    """The same with nothing pruned, to check it by: memory and time grow with the square of the number."""
    one, other = np.triu_indices(len(states), k=1)
    return _exact(states, *_velocities(states), (one, other), lateral_m, vertical_m, ahead_s)


def _velocities(states: States) -> tuple[Floats, Floats]:
    track = np.radians(states.track_deg)
    return states.speed_m_s * np.sin(track), states.speed_m_s * np.cos(track)


def _swept(
    states: States, east_m_s: Floats, north_m_s: Floats, lateral_m: float, vertical_m: float, ahead_s: float
) -> _Boxes:
    lat, lon = np.radians(states.lat_deg), np.radians(states.lon_deg)
    # A pair's metres to a radian of longitude are those of its mean latitude: the fewest that any pair has make
    # every box wide enough.
    metres_east = EARTH_M * np.cos(np.abs(lat).max(initial=0.0))
    west, east = _sweep(lon, east_m_s / metres_east, lateral_m / metres_east, ahead_s)
    south, north = _sweep(lat, north_m_s / EARTH_M, lateral_m / EARTH_M, ahead_s)
    lower, upper = _sweep(states.altitude_m, states.climb_m_s, vertical_m, ahead_s)
    return _Boxes(west, south, lower, east, north, upper)


def _sweep(start: Floats, speed: Floats, minimum: float, ahead_s: float) -> tuple[Floats, Floats]:
    end = start + speed * ahead_s
    return np.minimum(start, end) - minimum / 2, np.maximum(start, end) + minimum / 2


def _candidates(boxes: _Boxes) -> tuple[Numbers, Numbers]:
    """Pairs of boxes that overlap on all three axes, each once, the lower number first."""
    if not len(boxes.west):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    first_x, columns = _cells_covered(boxes.west, boxes.east)
    first_y, rows = _cells_covered(boxes.south, boxes.north)
    who, place = _counted(columns * rows)
    x, y = first_x[who] + place % columns[who], first_y[who] + place // columns[who]
    cell = x * (int(y.max()) + 1) + y
    one, other = _overlapping_runs(cell, boxes.lower[who], boxes.upper[who])
    for low, high in ((boxes.west[who], boxes.east[who]), (boxes.south[who], boxes.north[who])):
        meet = np.flatnonzero((low[one] < high[other]) & (low[other] < high[one]))
        one, other = one[meet], other[meet]
    i, j = who[one], who[other]
    # Of the cells that two boxes share, the first counts.
    once = (np.maximum(first_x[i], first_x[j]) == x[one]) & (np.maximum(first_y[i], first_y[j]) == y[one])
    i, j = i[once], j[once]
    return np.minimum(i, j), np.maximum(i, j)


def _cells_covered(low: Floats, high: Floats) -> tuple[Numbers, Numbers]:
    """The first of the grid's cells along one axis that each box covers, and how many it does.

    Cells are as wide as boxes are on average: narrower ones would hold each box many times, wider ones many boxes.
    """
    origin, width = low.min(), (high - low).mean()
    first = ((low - origin) / width).astype(np.int64)
    return first, ((high - origin) / width).astype(np.int64) - first + 1


def _counted(counts: Numbers) -> tuple[Numbers, Numbers]:
    """Each row's number as often as it counts, beside 0, 1, 2 ... for each row anew."""
    who = np.repeat(np.arange(len(counts)), counts)
    begins = np.cumsum(counts) - counts
    return who, np.arange(len(who)) - begins[who]


def _overlapping_runs(cell: Numbers, low: Floats, high: Floats) -> tuple[Numbers, Numbers]:
    """Pairs of entries in one cell whose spans overlap, each once."""
    bottom, height = low.min(), high.max() - low.min()
    begin = cell * (2 * height) + (low - bottom)  # cells on end along one axis, with room between them
    order = np.argsort(begin)
    begin = begin[order]
    end = begin + (high - low)[order]
    place = np.arange(len(order))
    one, nth = _counted(np.searchsorted(begin, end, side="left") - place - 1)
    return order[one], order[one + 1 + nth]


def _exact(
    states: States,
    east_m_s: Floats,
    north_m_s: Floats,
    pairs: tuple[Numbers, Numbers],
    lateral_m: float,
    vertical_m: float,
    ahead_s: float,
) -> Conflicts:
    """Those of the pairs that lose separation, in order."""
    i, j = pairs
    lateral_m, vertical_m = lateral_m - RIM_M, vertical_m - RIM_M
    climb, height = states.climb_m_s[j] - states.climb_m_s[i], states.altitude_m[j] - states.altitude_m[i]
    began, ended = _below(height, climb, vertical_m)
    near = np.flatnonzero((began < ahead_s) & (ended > 0))
    i, j, began, ended = i[near], j[near], began[near], ended[near]

    lat, lon = np.radians(states.lat_deg), np.radians(states.lon_deg)
    x, y = EARTH_M * (lon[j] - lon[i]) * np.cos((lat[i] + lat[j]) / 2), EARTH_M * (lat[j] - lat[i])
    vx, vy = east_m_s[j] - east_m_s[i], north_m_s[j] - north_m_s[i]
    speed = np.maximum(np.hypot(vx, vy), STILL_M_S)
    closest_s = -(x * vx + y * vy) / speed**2
    closest_m = np.hypot(x + vx * closest_s, y + vy * closest_s)
    half_s = np.sqrt(np.maximum(lateral_m**2 - closest_m**2, 0.0)) / speed
    began, ended = np.maximum(began, closest_s - half_s), np.minimum(ended, closest_s + half_s)

    lost = np.flatnonzero((closest_m < lateral_m) & (began < ended) & (began < ahead_s) & (ended > 0))
    lost = lost[np.lexsort((j[lost], i[lost]))]
    return Conflicts(i[lost], j[lost], began[lost], ended[lost], closest_s[lost], closest_m[lost])


def _below(height: Floats, climb: Floats, vertical_m: float) -> tuple[Floats, Floats]:
    """From when until when the height between two is below the minimum; from the end to the start where never."""
    still = np.abs(climb) < STILL_M_S
    rate = np.where(still, STILL_M_S, climb)
    always_or_never = np.where(np.abs(height) < vertical_m, np.inf, -np.inf)
    level, half = np.where(still, 0.0, -height / rate), np.where(still, always_or_never, vertical_m / np.abs(rate))
    return level - half, level + half
