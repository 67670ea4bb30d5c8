"""The line as an arc with control points, and how it runs when these are moved. What is moved, and where to, is in
docs/line-review.md: both sides must come to the same arc.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from .agreement import DeconflictionLine
from .airspace import Position
from .boundaries import trace_problem
from .geometry import METRES_PER_NM, bounds_deg, to_plane, to_position
from .line import TraceOffer
from .message import digest_of
from .theatre import remembered

MOST_CONTROL: Final = 64
MOST_POSITIONS: Final = 200
"""More than that of a new arc are thinned out, so that the line can be reviewed for years."""
THINNED_M: Final = 10.0
SAME_M: Final = 2 * THINNED_M
"""Two arcs that are nowhere further apart are the same line: libraries may differ in what they thin out."""
SAME_LENGTH: Final = 0.01
SAME_POINT_M: Final = 1.0

Floats = NDArray[np.float64]
Trace = tuple[Position, ...]


class Arc:
    """One line, to be moved. ``digest`` names it, ``control`` are the points at which it is taken hold of.

    They lie evenly along it from end to end, ``spacing_nm`` apart as nearly as its length allows.
    """

    def __init__(self, line: DeconflictionLine, spacing_nm: float) -> None:
        self.line: Final = line
        self.digest: Final = digest_of(line)
        spine = shapely.LineString(to_plane(line.trace))
        spacing_m = spacing_nm * METRES_PER_NM
        parts = min(max(1, round(spine.length / spacing_m)), MOST_CONTROL - 1)
        self._marks: Final[Floats] = np.linspace(0.0, spine.length, parts + 1)
        self.control: Final[Trace] = _positions(_points(spine, self._marks))
        self._stations: Final = _stations(spine, self._marks)
        self._base: Final = _points(spine, self._stations)
        self._left: Final = _left(spine, self._stations, spacing_m / 2)

    def offer(self, offsets_nm: Sequence[float]) -> TraceOffer:
        """This arc, moved so far at each control point."""
        return TraceOffer(base=self.digest, control=self.control, offsets_nm=tuple(offsets_nm))

    def moved(self, offsets_nm: Sequence[float]) -> Trace:
        """How the line runs with its control points so far to the left: itself, if none is moved."""
        return _positions(self._drawn(offsets_nm)) if any(offsets_nm) else self.line.trace

    def _drawn(self, offsets_nm: Sequence[float]) -> Floats:
        offsets_m = np.interp(self._stations, self._marks, np.array(offsets_nm)) * METRES_PER_NM
        return _thinned(self._base + self._left * offsets_m[:, None])

    def problem(self, trace: Trace) -> str | None:
        """Why the line cannot run so, or None: within the theatre, no point twice, not across or onto itself."""
        return trace_problem(msgspec.structs.replace(self.line, trace=trace))

    def can_run(self, offsets_nm: Sequence[float]) -> bool:
        """Whether a line can be drawn with these offsets: asked for each offer, so well inside the theatre that is
        found out in the plane alone."""
        points = self._drawn(offsets_nm)
        low, high = _well_inside()
        legs_m = np.hypot(*np.diff(points, axis=0).T)
        if any(offsets_nm) and (points > low).all() and (points < high).all() and legs_m.min() > 2 * SAME_POINT_M:
            return _is_arc(shapely.LineString(points))
        return self.problem(self.moved(offsets_nm)) is None

    def takes_hold_at(self, control: Trace) -> bool:
        """Whether these are the control points, to the metre."""
        if control == self.control or len(control) != len(self.control):
            return control == self.control
        here, there = to_plane(self.control), to_plane(control)
        return all(math.dist(a, b) <= SAME_POINT_M for a, b in zip(here, there, strict=True))

    def leads_to(self, offsets_nm: Sequence[float], trace: Trace) -> bool:
        """Whether ``trace`` is how the line runs with these offsets, from the same end, to :data:`SAME_M`."""
        ours, theirs = (shapely.LineString(to_plane(arc)) for arc in (self.moved(offsets_nm), trace))
        ends = zip((ours.coords[0], ours.coords[-1]), (theirs.coords[0], theirs.coords[-1]), strict=True)
        return (
            all(math.dist(a, b) <= SAME_M for a, b in ends)
            and abs(theirs.length / ours.length - 1) <= SAME_LENGTH
            and shapely.hausdorff_distance(ours, theirs) <= SAME_M
        )


def _is_arc(spine: shapely.LineString) -> bool:
    return bool(spine.is_simple and not spine.is_closed)


@remembered(maxsize=1)
def _well_inside() -> tuple[Floats, Floats]:
    """South-west and north-east of a rectangle of the plane that lies within the bounds: meridians draw together to
    the north, and parallels are lowest in the middle."""
    west, south, east, north = bounds_deg()
    corners = (Position(west, south), Position(west, north), Position(east, north), Position((west + east) / 2, north))
    (_, low), (left, _), (right, _), (_, high) = to_plane(corners)
    return np.array((left, low)), np.array((right, high))


def _points(spine: shapely.LineString, stations: Floats) -> Floats:
    """Where these stations are: distances along the line in metres."""
    points: Floats = shapely.get_coordinates(shapely.line_interpolate_point(spine, stations))
    return points


def _stations(spine: shapely.LineString, marks: Floats) -> Floats:
    """Of the vertices, and of the control points that are none."""
    steps = np.diff(shapely.get_coordinates(spine), axis=0)
    vertices = np.concatenate(([0.0], np.cumsum(np.hypot(*steps.T))))
    others = [mark for mark in marks if np.abs(vertices - mark).min() > THINNED_M]
    return np.sort(np.concatenate((vertices, others)))


def _left(spine: shapely.LineString, stations: Floats, window_m: float) -> Floats:
    """To the left of the way from a window before each station to a window after it, one metre.

    Over a length rather than at a point: on a river line the normals of single legs would cross within a mile. Where
    the line comes back to itself there is no way to be left of, and the station stays where it is.
    """
    before, after = (np.clip(stations + way, 0.0, spine.length) for way in (-window_m, window_m))
    along = _points(spine, after) - _points(spine, before)
    length = np.hypot(*along.T)[:, None]
    ahead = np.divide(along, length, out=np.zeros_like(along), where=length > SAME_POINT_M)
    return np.column_stack((-ahead[:, 1], ahead[:, 0]))


def _thinned(points: Floats) -> Floats:
    """Without the points that are on the way between others to :data:`THINNED_M`, or to more if there are too many."""
    spine, tolerance_m = shapely.LineString(points), THINNED_M
    thinned = shapely.simplify(spine, tolerance_m)
    while len(thinned.coords) > MOST_POSITIONS:
        tolerance_m *= 2
        thinned = shapely.simplify(spine, tolerance_m)
    coordinates: Floats = shapely.get_coordinates(thinned)
    return coordinates


def _positions(points: Floats) -> Trace:
    return tuple(to_position((east, north)) for east, north in points.tolist())
