"""Which volumes of air are in conflict, pair by pair, and one against very many.

**The rule.** Two volumes are in conflict when they share a body of positive size: an area, feet of height and
an instant's length of time. Whether mere touching counts is the agreement's :class:`BoundaryRule`.

**The tolerance.** Heights are whole feet and times whole microseconds, and are compared exactly. Areas are
compared with a rim of :data:`RIM_M` taken off each (touching is clear) or laid around each (touching is a
conflict): an overlap 1 cm wide is a conflict and a gap of 1 cm is none under either rule, whatever millimetres
the corners were rounded by. Between 5 mm of overlap and 5 mm of gap the areas touch.

**The index** is a hash grid. A volume stands in the cells that its bounds cover: 64 NM x 64 NM x 4,000 ft x a
span of time, 3 hours or eightfold that as often as is needed for the volume to cover two at most. A question
looks into the cells of each span in use, compares whole numbers and bounds, and leaves the few that remain to GEOS.
Plain sets and dictionaries, because nothing is ever rebuilt then. The R-tree in four dimensions of ``rtree``
1.4.1, measured before this was written, took 96 us on average to insert a box and 40 us to find the boxes
around one, with no shape looked at; ``benchmarks/bench_conflicts.py`` has the figures of this one, shapes included.
"""

import itertools
from collections.abc import Hashable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, TypeVar

import msgspec
import shapely

from .agreement import BoundaryRule
from .airspace import Area, Volume4D
from .geometry import METRES_PER_NM, Footprint, footprint

RIM_M: Final = 0.0025

CELL_M: Final = 64 * METRES_PER_NM
CELL_FT: Final = 4_000
CELL_US: Final = 3 * 3_600 * 1_000_000
SPAN_FACTOR: Final = 8

Cell = tuple[int, int, int, int]
Key = TypeVar("Key", bound=Hashable)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def in_conflict(a: Volume4D, b: Volume4D, rule: BoundaryRule) -> bool:
    """Whether the two volumes share a body of positive size or, if the rule has it so, touch."""
    first, second, gap = _extent_of(a, rule), _extent_of(b, rule), _gap(rule)
    bodies = first.has_body(gap) and second.has_body(gap)
    return bodies and first.near(second, gap) and first.footprint.meets(second.footprint)


def areas_meet(a: Area, b: Area, rule: BoundaryRule) -> bool:
    """The same for two areas, whatever their heights and times."""
    return ruled_footprint(a, rule).meets(ruled_footprint(b, rule))


def heights_meet(a: tuple[int, int], b: tuple[int, int], rule: BoundaryRule) -> bool:
    """The same for two altitude blocks, each its lower and upper bound in feet."""
    return max(a[0], b[0]) + _gap(rule) <= min(a[1], b[1])


def ruled_footprint(area: Area, rule: BoundaryRule) -> Footprint:
    """The footprint that stands for this area: two areas meet under the rule when these do."""
    return footprint(area, -RIM_M if rule is BoundaryRule.TOUCHING_IS_CLEAR else RIM_M)


def _gap(rule: BoundaryRule) -> int:
    """The least that two spans of whole feet or microseconds must share."""
    return 1 if rule is BoundaryRule.TOUCHING_IS_CLEAR else 0


class _Extent(msgspec.Struct, frozen=True, eq=False):
    """A volume made ready: whole feet and microseconds, and the bounds of its footprint in metres."""

    volume: Volume4D
    footprint: Footprint
    west: float
    south: float
    east: float
    north: float
    lower: int
    upper: int
    start: int
    end: int
    number: int

    def has_body(self, gap: int) -> bool:
        """False for a volume that ends before it starts, or whose area is all rim: it meets nothing."""
        return self.start + gap <= self.end and self.lower + gap <= self.upper and self.west <= self.east

    def near(self, other: "_Extent", gap: int) -> bool:
        """Whether two volumes, each with a body, meet as far as bounds tell."""
        return (
            self.start + gap <= other.end
            and other.start + gap <= self.end
            and self.lower + gap <= other.upper
            and other.lower + gap <= self.upper
            and self.west <= other.east
            and other.west <= self.east
            and self.south <= other.north
            and other.south <= self.north
        )


def _extent_of(volume: Volume4D, rule: BoundaryRule, number: int = 0) -> _Extent:
    mark = ruled_footprint(volume.area, rule)
    west, south, east, north = mark.bounds
    start = (volume.start - _EPOCH) // _MICROSECOND
    end = (volume.end - _EPOCH) // _MICROSECOND
    return _Extent(volume, mark, west, south, east, north, volume.lower_ft, volume.upper_ft, start, end, number)


class VolumeIndex(Generic[Key]):
    """Volumes by key; says which are in conflict with a given one. Nothing is ever rebuilt."""

    def __init__(self, rule: BoundaryRule) -> None:
        self.rule: Final = rule
        self._gap: Final = _gap(rule)
        self._stored: dict[Key, _Extent] = {}
        self._keys: dict[int, Key] = {}
        self._spans: dict[int, dict[Cell, set[_Extent]]] = {}
        self._count = itertools.count()

    def __len__(self) -> int:
        return len(self._stored)

    def get(self, key: Key) -> Volume4D:
        """The volume stored under this key. Raises KeyError."""
        return self._stored[key].volume

    def insert(self, key: Key, volume: Volume4D) -> None:
        """Store a volume. Raises KeyError if the key stands for one already."""
        if key in self._stored:
            raise KeyError(f"{key!r} is stored already")
        extent = self._ready(volume)
        self._stored[key] = extent
        self._keys[extent.number] = key
        if extent.has_body(self._gap):
            span = _span_of(extent)
            cells = self._spans.setdefault(span, {})
            for cell in _cells(extent, span):
                cells.setdefault(cell, set()).add(extent)

    def remove(self, key: Key) -> None:
        """Forget a volume. Raises KeyError if there is none under this key."""
        extent = self._stored.pop(key)
        del self._keys[extent.number]
        if extent.has_body(self._gap):
            span = _span_of(extent)
            cells = self._spans[span]
            for cell in _cells(extent, span):
                cells[cell].discard(extent)
                if not cells[cell]:
                    del cells[cell]
            if not cells:
                del self._spans[span]

    def conflicts(self, volume: Volume4D) -> list[Key]:
        """The keys of all volumes in conflict with this one, in the order in which they were inserted."""
        asked = self._ready(volume)
        if not asked.has_body(self._gap):
            return []
        near = [extent for extent in self._around(asked) if extent.near(asked, self._gap)]
        if not near:
            return []
        near.sort(key=lambda extent: extent.number)
        marks = [extent.footprint for extent in near]
        spine, reach_m = asked.footprint.spine, asked.footprint.reach_m
        shapely.prepare(spine)
        meets = shapely.dwithin(spine, [mark.spine for mark in marks], [reach_m + mark.reach_m for mark in marks])
        return [self._keys[extent.number] for extent, met in zip(near, meets, strict=True) if met]

    def _ready(self, volume: Volume4D) -> _Extent:
        return _extent_of(volume, self.rule, next(self._count))

    def _around(self, asked: _Extent) -> set[_Extent]:
        """Every stored volume that shares a cell with this one, each once."""
        found: set[_Extent] = set()
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
