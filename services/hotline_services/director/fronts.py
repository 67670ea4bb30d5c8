"""Where the two sides' fronts run at a time, and places along them: as they close up, both sides fly in one valley.

Both fronts are parallels of one axis, half of their distance to either side of it. Places along a front stand on a
grid of :data:`GRID_NM`, along it and away from it: so areas come back, and whoever works something out about an area
need not do so for each flight anew. A place is off by less than a mile for it: areas there have several miles.
"""

from bisect import bisect_right
from datetime import datetime
from functools import lru_cache
from typing import Final

import numpy as np
import shapely

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.geometry import METRES_PER_NM, Point, to_plane, to_position
from hotline_protocol.message import PartyName

from .setting import Fronts
from .written import FrontAlong, Gazetteer

GRID_NM: Final = 2.0
ARC_SEGMENTS: Final = 16
DIGITS: Final = 4
"""Of a degree, to which places are rounded: about 10 m, so that the last digits of a library decide nothing."""


class FrontLines:
    """The fronts of one scenario in the plane. ``start`` is what its offsets in time count from.

    Their distance is given at ``times``, and each of two ``sides`` has one. Raises ValueError when the axis names a
    place that is not known.
    """

    def __init__(self, fronts: Fronts, start: datetime, places: Gazetteer) -> None:
        self.times: Final = tuple(point.at.after(start) for point in fronts.distance)
        self._sign_of: Final = {fronts.left: 1, fronts.right: -1}
        self._axis: Final = shapely.LineString(to_plane(spot.position(places) for spot in fronts.axis))
        self._steps: Final = max(1, round(self._axis.length / METRES_PER_NM / GRID_NM))
        self._distances: Final = [point.distance_nm for point in fronts.distance]
        self._position: Final = lru_cache(maxsize=None)(self._at_step)  # as many as the grid has points
        self._points: Final = lru_cache(maxsize=None)(self._points_of)

    @property
    def sides(self) -> tuple[PartyName, ...]:
        """Who has a front: left, then right."""
        return tuple(self._sign_of)

    def distance_nm(self, at: datetime) -> float:
        """How far the fronts are apart: evenly from one point in time to the next, constant before and after them."""
        after = bisect_right(self.times, at)
        if after in (0, len(self.times)):
            return self._distances[max(0, after - 1)]
        (t0, t1), (d0, d1) = self.times[after - 1 : after + 1], self._distances[after - 1 : after + 1]
        return d0 + (d1 - d0) * ((at - t0) / (t1 - t0))

    def place(self, side: PartyName, share: float, depth_nm: float, at: datetime) -> Position:
        """The place at this share of the length of a side's front, so far behind it or, below 0, beyond it.

        Raises KeyError for a side that has no front.
        """
        away_nm = self.distance_nm(at) / 2 + depth_nm
        return self._position(self._sign_of[side], round(share * self._steps), round(away_nm / GRID_NM))

    def area(self, written: FrontAlong, side: PartyName, along: float, depth: float, at: datetime) -> Circle:
        """What is written so, at these shares (0 to 1) of how far along and how deep it may lie."""
        share = _between(written.along, along)
        return Circle(
            centre=self.place(side, share, _between(written.depth_nm, depth), at), radius_nm=written.radius_nm
        )

    def _at_step(self, sign: int, step: int, steps_away: int) -> Position:
        position = to_position(self._points(sign * steps_away)[step])
        return Position(round(position.lon_deg, DIGITS), round(position.lat_deg, DIGITS))

    def _points_of(self, steps_away: int) -> list[Point]:
        """The points of the grid along the axis as it runs so many steps further to its left."""
        shares = np.arange(self._steps + 1) / self._steps
        points = shapely.line_interpolate_point(self._parallel(steps_away), shares, normalized=True)
        return [(point.x, point.y) for point in points]

    def _parallel(self, steps: int) -> shapely.LineString:
        """The axis so many steps further to its left. Where it turns in on itself, only its longest part is left."""
        if steps == 0:
            return self._axis
        curve = shapely.offset_curve(self._axis, steps * GRID_NM * METRES_PER_NM, quad_segs=ARC_SEGMENTS)
        return max(shapely.get_parts(curve), key=shapely.length, default=self._axis)


def _between(least_and_most: tuple[float, float], share: float) -> float:
    least, most = least_and_most
    return least + (most - least) * share
