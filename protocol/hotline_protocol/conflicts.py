"""Which volumes of air are in conflict, pair by pair, and one against very many.

**The rule.** Two volumes are in conflict when they share a body of positive size: an area, feet of height and
an instant's length of time. Whether mere touching counts is the agreement's :class:`BoundaryRule`.

**The tolerance.** Heights are whole feet and times whole microseconds, and are compared exactly. Areas are
compared with a rim of :data:`RIM_M` taken off each (touching is clear) or laid around each (touching is a
conflict). So it is a conflict when a circle 2 mm wide fits into the overlap, or when the gap is 2 mm wide at most.
Corners are rounded to the millimetre before, and move by 0.71 mm at most. Hence, of areas as they are given and
wherever they lie:

* an overlap into which a circle of 3.5 mm fits is a conflict, and a gap of 3.5 mm is none, under either rule;
* areas whose overlap has room for 0.5 mm at most, neighbours among them, are clear when touching is clear;
* areas that touch or have a gap of 0.5 mm at most are in conflict when touching is a conflict.

Neighbours that share an edge share its rounded corners too, and have no overlap at all. A further corner of one of
them in the middle of that edge lies at most 1.42 mm beside it: less than 2 mm, so they still only touch.

**The index** compares whole numbers and bounds, and leaves the few volumes that remain to GEOS, whose verdict on a
pair of areas it remembers: a side's areas are few and come back every day. As long as it holds few volumes, it
looks at each. Once it has held more it is a hash grid. A volume stands in the cells that its bounds cover: 64 NM x
64 NM x 4,000 ft x a span of time, 3 hours or eightfold that as often as is needed for the volume to cover two at
most. A question looks into the cells of each span in use.
Plain sets and dictionaries, because nothing is ever rebuilt then. The R-tree in four dimensions of ``rtree``
1.4.1, measured before this was written, took 96 us on average to insert a box and 40 us to find the boxes
around one, with no shape looked at; ``benchmarks/bench_conflicts.py`` has the figures of this one, shapes included.
"""

import copy
import itertools
import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

import msgspec
import shapely

from .agreement import BoundaryRule
from .airspace import Area, Volume4D
from .geometry import METRES_PER_NM, Footprint, footprint
from .theatre import remembered

RIM_M: Final = 0.001

CELL_M: Final = 64 * METRES_PER_NM
CELL_FT: Final = 4_000
CELL_US: Final = 3 * 3_600 * 1_000_000
SPAN_FACTOR: Final = 8
FEW: Final = 48
"""So many volumes are looked at in the time that it takes to find out in which cells to look."""
MOST_PAIRS: Final = 20_000
MOST_ANSWERS: Final = 64

Cell = tuple[int, int, int, int]
Key = TypeVar("Key", bound=Hashable)

_IS_CLEAR: Final = BoundaryRule.TOUCHING_IS_CLEAR
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def in_conflict(a: Volume4D, b: Volume4D, rule: BoundaryRule) -> bool:
    """Whether the two volumes share a body of positive size or, if the rule has it so, touch."""
    first, second, gap = _extent_of(a, rule), _extent_of(b, rule), _gap(rule)
    bodies = first.has_body(gap) and second.has_body(gap)
    return bodies and bool(first.near((second,), gap)) and first.footprint.meets(second.footprint)


def areas_meet(a: Area, b: Area, rule: BoundaryRule) -> bool:
    """The same for two areas, whatever their heights and times."""
    return ruled_footprint(a, rule).meets(ruled_footprint(b, rule))


def heights_meet(a: tuple[int, int], b: tuple[int, int], rule: BoundaryRule) -> bool:
    """The same for two altitude blocks, each its lower and upper bound in feet."""
    return max(a[0], b[0]) + _gap(rule) <= min(a[1], b[1])


def ruled_footprint(area: Area, rule: BoundaryRule) -> Footprint:
    """The footprint that stands for this area: two areas meet under the rule when these do."""
    return footprint(area, -RIM_M if rule is _IS_CLEAR else RIM_M)


def _gap(rule: BoundaryRule) -> int:
    """The least that two spans of whole feet or microseconds must share."""
    return 1 if rule is BoundaryRule.TOUCHING_IS_CLEAR else 0


class _Extent(msgspec.Struct, frozen=True, eq=False):
    """A volume made ready: whole feet and microseconds, and the bounds of its footprint in metres."""

    footprint: Footprint
    west: float
    south: float
    east: float
    north: float
    lower: int
    upper: int
    start: int
    end: int

    def has_body(self, gap: int) -> bool:
        """False for a volume that ends before it starts, or whose area is all rim: it meets nothing."""
        return self.start + gap <= self.end and self.lower + gap <= self.upper and self.west <= self.east

    def near(self, others: "Iterable[_E]", gap: int) -> "list[_E]":
        """Of these volumes, which have a body as this one does, those that meet it as far as bounds tell."""
        since, until, bottom, top = self.start + gap, self.end - gap, self.lower + gap, self.upper - gap
        west, south, east, north = self.west, self.south, self.east, self.north
        return [
            other
            for other in others
            if since <= other.end  # the first of these to be asked tell most of them apart
            and other.west <= east
            and other.south <= north
            and other.lower <= top
            and west <= other.east
            and bottom <= other.upper
            and south <= other.north
            and other.start <= until
        ]


class _Stored(_Extent, frozen=True, eq=False):
    """One that stands in an index under ``key``, the ``number``th to be put there."""

    key: Any
    number: int


def _stored(it: _Extent, key: Hashable, number: int) -> _Stored:
    bounds = (it.west, it.south, it.east, it.north)
    return _Stored(it.footprint, *bounds, it.lower, it.upper, it.start, it.end, key, number)


_E = TypeVar("_E", bound=_Extent)


@remembered(maxsize=1024)
def _extent_of(volume: Volume4D, rule: BoundaryRule) -> _Extent:
    mark = ruled_footprint(volume.area, rule)
    start = (volume.start - _EPOCH) // _MICROSECOND
    end = (volume.end - _EPOCH) // _MICROSECOND
    return _Extent(mark, *mark.bounds, volume.lower_ft, volume.upper_ft, start, end)


class VolumeIndex(Generic[Key]):
    """Volumes by key; says which are in conflict with a given one.

    With no more than ``few`` it looks at each; the first time that there are more, it puts them into a grid.
    """

    def __init__(self, rule: BoundaryRule, few: int = FEW) -> None:
        self.rule: Final = rule
        self._few: Final = few
        self._gap: Final = _gap(rule)
        self._volumes: dict[Key, Volume4D] = {}
        self._bodies: dict[Key, _Stored] = {}
        self._grid: _Grid | None = None
        self._met: dict[tuple[Footprint, Footprint], bool] = {}
        self._answers: dict[_Extent, list[Key]] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._volumes)

    def copy(self) -> "VolumeIndex[Key]":
        """An equal index that shares nothing but verdicts on pairs of areas, which never change."""
        twin = copy.copy(self)
        grid = None if self._grid is None else self._grid.copy()
        vars(twin).update(_volumes=self._volumes.copy(), _bodies=self._bodies.copy(), _answers={}, _grid=grid)
        return twin

    def get(self, key: Key) -> Volume4D:
        """The volume stored under this key. Raises KeyError."""
        return self._volumes[key]

    def insert(self, key: Key, volume: Volume4D) -> None:
        """Store a volume. Raises KeyError if the key stands for one already."""
        if key in self._volumes:
            raise KeyError(f"{key!r} is stored already")
        self._volumes[key] = volume
        self._answers.clear()
        extent = _extent_of(volume, self.rule)
        if extent.has_body(self._gap):
            self._count += 1
            stored = self._bodies[key] = _stored(extent, key, self._count)
            if self._grid is not None:
                self._grid.add(stored)
            elif len(self._bodies) > self._few:
                self._grid = _Grid(self._bodies.values())

    def remove(self, key: Key) -> None:
        """Forget a volume. Raises KeyError if there is none under this key."""
        del self._volumes[key]
        self._answers.clear()
        stored = self._bodies.pop(key, None)
        if stored is not None and self._grid is not None:
            self._grid.remove(stored)

    def conflicts(self, volume: Volume4D) -> list[Key]:
        """The keys of all volumes in conflict with this one, in the order in which they were inserted."""
        asked = _extent_of(volume, self.rule)
        if not asked.has_body(self._gap):
            return []
        known = self._answers.get(asked)
        if known is None:
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            candidates = self._bodies.values() if self._grid is None else self._grid.around(asked)
            known = self._answers[asked] = self._among(candidates, asked)
        return known.copy()

    def conflicts_at(self, areas: Sequence[Area], volume: Volume4D) -> list[list[Key]]:
        """The same for each of these areas, at the heights and times of the volume: they are looked at only once."""
        if self._grid is not None:
            return [self.conflicts(msgspec.structs.replace(volume, area=area)) for area in areas]
        here = _extent_of(volume, self.rule)
        span = (here.lower, here.upper, here.start, here.end)
        anywhere = _Extent(here.footprint, -math.inf, -math.inf, math.inf, math.inf, *span)
        if not (anywhere.has_body(self._gap) and (at_once := anywhere.near(self._bodies.values(), self._gap))):
            return [[] for _ in areas]
        marks = [ruled_footprint(area, self.rule) for area in areas]
        return [self._among(at_once, _Extent(mark, *mark.bounds, *span)) for mark in marks]

    def _among(self, candidates: Iterable[_Stored], asked: _Extent) -> list[Key]:
        """Of these, the keys of those in conflict, in the order in which they were inserted."""
        near = asked.near(candidates, self._gap) if asked.has_body(self._gap) else []
        if not near:
            return []
        if len(near) > 1:
            near.sort(key=lambda stored: stored.number)
        return [stored.key for stored in self._meeting(asked.footprint, near)]

    def _meeting(self, mark: Footprint, near: list[_Stored]) -> list[_Stored]:
        """Those whose areas meet this one."""
        if len(self._met) > MOST_PAIRS:
            self._met.clear()
        unknown = [stored.footprint for stored in near if (mark, stored.footprint) not in self._met]
        if unknown:
            shapely.prepare(mark.spine)
            reaches_m = [mark.reach_m + other.reach_m for other in unknown]
            meets = shapely.dwithin(mark.spine, [other.spine for other in unknown], reaches_m).tolist()
            self._met.update(((mark, other), met) for other, met in zip(unknown, meets, strict=True))
        return [stored for stored in near if self._met[mark, stored.footprint]]


class _Grid:
    """The cells in which volumes stand, for each span of time in use."""

    def __init__(self, extents: Iterable[_Stored]) -> None:
        self._spans: dict[int, dict[Cell, set[_Stored]]] = {}
        for extent in extents:
            self.add(extent)

    def copy(self) -> "_Grid":
        twin, spans = _Grid(()), self._spans.items()
        vars(twin)["_spans"] = {span: {cell: set(held) for cell, held in cells.items()} for span, cells in spans}
        return twin

    def add(self, extent: _Stored) -> None:
        span = _span_of(extent)
        cells = self._spans.setdefault(span, {})
        for cell in _cells(extent, span):
            cells.setdefault(cell, set()).add(extent)

    def remove(self, extent: _Stored) -> None:
        span = _span_of(extent)
        cells = self._spans[span]
        for cell in _cells(extent, span):
            cells[cell].discard(extent)
            if not cells[cell]:
                del cells[cell]
        if not cells:
            del self._spans[span]

    def around(self, asked: _Extent) -> set[_Stored]:
        """Every volume that shares a cell with this one, each once."""
        found: set[_Stored] = set()
        for span, cells in self._spans.items():
            if _cell_count(asked, span) < len(cells):
                found.update(*(cells[cell] for cell in _cells(asked, span) if cell in cells))
            else:
                found.update(*cells.values())
        return found


def _span_of(extent: _Extent) -> int:
    """How many times the shortest span of time is multiplied for the volume to last no longer than one."""
    span = 0
    while extent.end - extent.start > CELL_US * SPAN_FACTOR**span:
        span += 1
    return span


def _ranges(extent: _Extent, span: int) -> tuple[range, range, range, range]:
    """The numbers of the cells that it covers or touches, on each axis."""
    us = CELL_US * SPAN_FACTOR**span
    return (
        range(int(extent.west // CELL_M), int(extent.east // CELL_M) + 1),
        range(int(extent.south // CELL_M), int(extent.north // CELL_M) + 1),
        range(extent.lower // CELL_FT, extent.upper // CELL_FT + 1),
        range(extent.start // us, extent.end // us + 1),
    )


def _cells(extent: _Extent, span: int) -> Iterator[Cell]:
    return itertools.product(*_ranges(extent, span))


def _cell_count(extent: _Extent, span: int) -> int:
    wests, souths, heights, times = _ranges(extent, span)
    return len(wests) * len(souths) * len(heights) * len(times)
