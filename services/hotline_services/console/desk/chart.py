"""A small map in characters: rivers, the line (illustrative), own plans and what is proposed, in braille dots.

Each layer has a mark of its own besides its colour; of two in one cell the more important is shown.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
import shapely

from hotline_protocol.airspace import Area, Position, Volume4D
from hotline_protocol.geometry import shape_of, to_plane
from hotline_protocol.menu import Choice
from hotline_protocol.orders import DecisionAwaited, OwnPlan
from hotline_protocol.sky import Track
from hotline_protocol.words import Ranked

from .air_view import Sky, Whose

DOTS_ACROSS: Final = 2
DOTS_DOWN: Final = 4
BRAILLE: Final = 0x2800
_DOT: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
MARGIN: Final = 0.15
SMALLEST_M: Final = 60_000.0

Point = tuple[float, float]


class Layer(Ranked):
    """What a cell of the map shows, the less important first."""

    NOTHING = "nothing"
    RIVER = "river"
    LINE = "line, illustrative"
    OWN = "own plan"
    FLIES_OWN = "own aircraft"
    FLIES_OTHER = "another side's aircraft"
    FLIES_THIRD = "a third party's aircraft"
    OFFER = "their offer"
    CHOICE = "your counter-offer"


FLYING: Final = {
    Whose.OWN: ("●", Layer.FLIES_OWN),
    Whose.OTHER: ("□", Layer.FLIES_OTHER),
    Whose.THIRD: ("?", Layer.FLIES_THIRD),
}
"""What an aircraft is shown as: whose it is, is told by the shape of its mark."""


class Cell(NamedTuple):
    """One character of the map."""

    char: str
    layer: Layer


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What does not move: the rivers, and the line with what must be said about it."""

    rivers: tuple[tuple[Position, ...], ...] = ()
    line: tuple[Position, ...] = ()
    note: str = ""


class Frame(NamedTuple):
    """What part of the plane is shown, metres."""

    west: float
    south: float
    east: float
    north: float


class Chart:
    """A map of so many characters, drawn upon layer by layer."""

    def __init__(self, columns: int, rows: int, frame: Frame) -> None:
        self.columns: Final = columns
        self.rows: Final = rows
        self._frame = _fitted(frame, columns * DOTS_ACROSS, rows * DOTS_DOWN)
        self._scale = (columns * DOTS_ACROSS) / (self._frame.east - self._frame.west)
        self._dots = [[0] * columns for _ in range(rows)]
        self._layers = [[Layer.NOTHING] * columns for _ in range(rows)]
        self._labels: dict[tuple[int, int], Cell] = {}

    def polyline(self, points: Sequence[Point], layer: Layer) -> None:
        """Draw what of this lies in the frame."""
        if len(points) < 2:
            return
        inside = shapely.clip_by_rect(shapely.LineString(points), *self._frame)
        for part in getattr(inside, "geoms", [inside]):
            if isinstance(part, shapely.LineString) and not part.is_empty:
                self._trace(part, layer)

    def _trace(self, line: shapely.LineString, layer: Layer) -> None:
        steps = max(int(line.length * self._scale * 1.5), 1)
        for point in shapely.line_interpolate_point(line, [n / steps for n in range(steps + 1)], normalized=True):
            self._dot((point.x, point.y), layer)

    def _dot(self, point: Point, layer: Layer) -> None:
        x, y = self._at(point)
        column, row = x // DOTS_ACROSS, y // DOTS_DOWN
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            return
        known = self._layers[row][column]
        if layer.rank > known.rank:
            self._dots[row][column], self._layers[row][column] = 0, layer
        if layer.rank >= known.rank:
            self._dots[row][column] |= _DOT[y % DOTS_DOWN][x % DOTS_ACROSS]

    def _at(self, point: Point) -> tuple[int, int]:
        return int((point[0] - self._frame.west) * self._scale), int((self._frame.north - point[1]) * self._scale)

    def label(self, point: Point, text: str, layer: Layer) -> None:
        """Write this beginning at a point, over what is drawn there."""
        x, y = self._at(point)
        column, row = x // DOTS_ACROSS, y // DOTS_DOWN
        for number, char in enumerate(text):
            if char != " " and 0 <= column + number < self.columns and 0 <= row < self.rows:
                self._labels[column + number, row] = Cell(char, layer)

    def cells(self) -> list[list[Cell]]:
        """The map, row by row from the north."""
        return [[self._cell(column, row) for column in range(self.columns)] for row in range(self.rows)]

    def _cell(self, column: int, row: int) -> Cell:
        label = self._labels.get((column, row))
        dots = self._dots[row][column]
        return label or Cell(chr(BRAILLE + dots) if dots else " ", self._layers[row][column])


def _fitted(frame: Frame, across: int, down: int) -> Frame:
    """The frame with room about it, and as wide to its height as the map is."""
    east, north = (frame.west + frame.east) / 2, (frame.south + frame.north) / 2
    width = max(frame.east - frame.west, SMALLEST_M) * (1 + 2 * MARGIN)
    height = max(frame.north - frame.south, SMALLEST_M) * (1 + 2 * MARGIN)
    width = max(width, height * across / down)
    height = width * down / across
    return Frame(east - width / 2, north - height / 2, east + width / 2, north + height / 2)


def draw(
    columns: int,
    rows: int,
    ground: Ground,
    plans: Iterable[OwnPlan],
    asked: DecisionAwaited | None,
    choice: Choice | None = None,
    sky: Sky = Sky(),  # noqa: B008  immutable
) -> Chart:
    """The map as it is now: about what is to be decided if anything is, else about all own plans and the line.

    ``choice`` is what is thought of as a counter-offer; of the sky is shown what lies in that frame.
    """
    offered = asked.menu.volumes(asked.choice) if asked is not None else ()
    chosen = asked.menu.volumes(choice) if asked is not None and choice is not None else ()
    shown = [plan for plan in plans if asked is None or _at_once(plan.volumes, (*offered, *chosen))]
    chart = Chart(columns, rows, _frame(ground, shown, [v.area for v in (*offered, *chosen)]))
    for river in ground.rivers:
        chart.polyline(to_plane(river), Layer.RIVER)
    chart.polyline(to_plane(ground.line), Layer.LINE)
    for plan in shown:
        _outline(chart, [volume.area for volume in plan.volumes], Layer.OWN, f"  {plan.callsign}")
    for track in sky.tracks:
        _mark(chart, track, sky.whose(track))
    _outline(chart, [volume.area for volume in offered], Layer.OFFER, "◆")
    _outline(chart, [volume.area for volume in chosen], Layer.CHOICE, "▲")
    return chart


def _outline(chart: Chart, areas: Sequence[Area], layer: Layer, label: str) -> None:
    """The edges of these areas, and a label in the middle of the first."""
    for area in areas:
        chart.polyline(list(shape_of(area).exterior.coords), layer)
    if areas:
        middle = shape_of(areas[0]).centroid
        chart.label((middle.x, middle.y), label, layer)


def _mark(chart: Chart, track: Track, whose: Whose) -> None:
    """Where an aircraft is, if that lies on the plane: a pole has no place on it."""
    ((x, y),) = to_plane([Position(track.lon_deg, track.lat_deg)])
    if math.isfinite(x + y):
        chart.label((x, y), *FLYING[whose])


def _frame(ground: Ground, plans: Sequence[OwnPlan], offered: Sequence[Area]) -> Frame:
    areas = offered or [volume.area for plan in plans for volume in plan.volumes]
    shapes: list[shapely.Geometry] = [shape_of(area) for area in areas]
    if not offered and len(ground.line) > 1:
        shapes.append(shapely.LineString(to_plane(ground.line)))
    if not shapes:
        return Frame(-SMALLEST_M, -SMALLEST_M, SMALLEST_M, SMALLEST_M)
    return Frame(*shapely.unary_union(shapes).bounds)


def _at_once(some: Sequence[Volume4D], others: Sequence[Volume4D]) -> bool:
    """Whether they are ever used at the same time."""
    if not some or not others:
        return False
    begin, end = _span(some)
    other_begin, other_end = _span(others)
    return begin < other_end and other_begin < end


def _span(volumes: Sequence[Volume4D]) -> tuple[datetime, datetime]:
    return min(volume.start for volume in volumes), max(volume.end for volume in volumes)
