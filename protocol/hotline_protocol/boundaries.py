"""What the agreement says about places: the line, whose air lies to either side of it, and the zones.

Flights are many and areas few: what an area demands is worked out once and remembered, for as many areas as
:data:`REMEMBERED`. Only places and heights count, so that the same area at another time demands the same.
"""

import itertools
import math
from functools import lru_cache
from typing import Final

import msgspec
import shapely
from shapely.ops import split

from .agreement import Agreement, AgreementError, DeconflictionLine, Zone
from .airspace import MAX_VERTICES, Area, Corridor, Feet, Position, Volume4D
from .conflicts import areas_meet, heights_meet, ruled_footprint
from .geometry import METRES_PER_NM, Point, area_problem, footprint, to_plane
from .message import PartyName
from .theatre import remembered
from .words import Word

REMEMBERED: Final = 8_192
ARC_SEGMENTS: Final = 64
"""To a quarter of the ends of a side's air, which are round: at most 0.01 % of the reach short."""
STEP_M: Final = 0.01
MOST_CIRCLES: Final = 100
"""More than a line of ``arc.MOST_POSITIONS`` can turn, whatever it looks like."""


class DemandKind(Word):
    """Why a volume needs the consent of others."""

    CROSSES_LINE = "crosses-line"
    NEAR_LINE = "near-line"
    FAR_SIDE = "far-side"
    ZONE = "zone"
    SHARED_ZONE = "shared-zone"


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in the agreement that demands consent: the line or a zone by ``name``, and who is to be asked."""

    kind: DemandKind
    name: str
    consent_of: tuple[PartyName, ...]


class _Lie(msgspec.Struct, frozen=True, kw_only=True):
    """How an area lies, whatever its height: to the line, in whose air, and in which zones."""

    to_line: DemandKind | None
    in_air_of: tuple[PartyName, ...]
    zones: tuple[Zone, ...]


class Boundaries:
    """The line and the zones of one agreement in the plane. Raises AgreementError where they cannot be drawn."""

    def __init__(self, agreement: Agreement) -> None:
        self._agreement: Final = agreement
        self._line: Final = agreement.line
        self._trace: Final = _trace_of(agreement.line) if agreement.line else None
        self._airs: Final = tuple(_airs(agreement.line, self._trace)) if agreement.line else ()
        for zone in agreement.zones:
            _check(zone)
        self._lie_of: Final = lru_cache(REMEMBERED)(self._lie)
        self._demands_of: Final = lru_cache(REMEMBERED)(self._demands)
        self._distance_of: Final = lru_cache(REMEMBERED)(self._distance_nm)

    def demands(self, volume: Volume4D, party: PartyName) -> tuple[Demand, ...]:
        """Why ``party`` needs consent to use this volume: the line first, then zones as the agreement lists them.

        A partner is taken for the side that answers for it; a third party needs everybody's consent. The line and
        the air to its sides have no height; a zone counts between its own heights. Touching counts as the boundary
        rule says.
        """
        return self._demands_of(volume.area, volume.lower_ft, volume.upper_ft, party)

    def distance_to_line_nm(self, area: Area) -> float | None:
        """From the nearest edge of the area to the line; 0 where it lies across it, None where there is no line."""
        return self._distance_of(area)

    def air_of(self, position: Position) -> PartyName | None:
        """Whose air this is by the line, up to its reach; the left side's on the line itself, None beyond its reach."""
        return self.air_at(to_plane((position,))[0])

    def air_at(self, point: Point) -> PartyName | None:
        """The same of a point of the plane."""
        return next((party for party, air in self._airs if shapely.intersects_xy(air, *point)), None)

    def _distance_nm(self, area: Area) -> float | None:
        if self._trace is None:
            return None
        mark = footprint(area)
        return max(0.0, float(self._trace.distance(mark.spine)) - mark.reach_m) / METRES_PER_NM

    def _demands(self, area: Area, lower_ft: Feet, upper_ft: Feet, party: PartyName) -> tuple[Demand, ...]:
        party = self._agreement.side_of(party) or party
        others = tuple(other for other in self._agreement.parties if other != party)
        lie = self._lie_of(area)
        rule = self._agreement.boundary_rule
        entered = (
            zone for zone in lie.zones if heights_meet((lower_ft, upper_ft), (zone.lower_ft, zone.upper_ft), rule)
        )
        zones = (_zone_demand(zone, party, others) for zone in entered)
        return tuple(demand for demand in (self._line_demand(lie, party, others), *zones) if demand)

    def _line_demand(self, lie: _Lie, party: PartyName, others: tuple[PartyName, ...]) -> Demand | None:
        if self._line is None:
            return None
        if lie.to_line is not None:
            return Demand(kind=lie.to_line, name=self._line.name, consent_of=others)
        theirs = tuple(side for side in lie.in_air_of if side != party)
        return Demand(kind=DemandKind.FAR_SIDE, name=self._line.name, consent_of=theirs) if theirs else None

    def _lie(self, area: Area) -> _Lie:
        rule = self._agreement.boundary_rule
        mark = ruled_footprint(area, rule)
        airs = (party for party, air in self._airs if shapely.dwithin(air, mark.spine, mark.reach_m))
        zones = (zone for zone in self._agreement.zones if areas_meet(area, zone.area, rule))
        return _Lie(
            to_line=self._to_line(mark.spine, mark.reach_m), in_air_of=tuple(dict.fromkeys(airs)), zones=tuple(zones)
        )

    def _to_line(self, spine: shapely.Geometry, reach_m: float) -> DemandKind | None:
        if self._line is None:
            return None
        if not shapely.dwithin(self._trace, spine, reach_m + self._line.near_nm * METRES_PER_NM):
            return None
        return DemandKind.CROSSES_LINE if shapely.dwithin(self._trace, spine, reach_m) else DemandKind.NEAR_LINE


@remembered(maxsize=32)
def boundaries_of(agreement: Agreement) -> Boundaries:
    """The boundaries of this agreement, made once for all who ask in one process: what they remember then serves all.

    Raises AgreementError as the class does.
    """
    return Boundaries(agreement)


def _zone_demand(zone: Zone, party: PartyName, others: tuple[PartyName, ...]) -> Demand | None:
    if zone.holder is None:
        return Demand(kind=DemandKind.SHARED_ZONE, name=zone.name, consent_of=others)
    if zone.holder != party:
        return Demand(kind=DemandKind.ZONE, name=zone.name, consent_of=(zone.holder,))
    return None


def trace_problem(line: DeconflictionLine) -> str | None:
    """Why the line cannot run so, as "trace: reason"; None when it can.

    The air to its sides is drawn from it, with an arc at each turn. Work and memory grow with the square of the number
    of arcs that meet: 160 positions that go to and fro between two places take 6 GB. A line that nowhere meets itself
    and keeps to :data:`MOST_CIRCLES` takes less than a second.
    """
    if not 2 <= len(line.trace) <= MAX_VERTICES:
        return f"trace: has {len(line.trace)} positions; 2 to {MAX_VERTICES} are taken"
    # A line is drawn as the route of a corridor would be, and is subject to the same checks.
    problem = area_problem(Corridor(route=line.trace, half_width_nm=line.near_nm))
    if problem is not None:
        return f"{problem[0].replace('area.route', 'trace')}: {problem[1]}"
    spine = shapely.LineString(to_plane(line.trace))
    if not spine.is_simple or spine.is_closed:
        return "trace: crosses or meets itself"
    if _circles(spine) > MOST_CIRCLES:
        return f"trace: turns by more than {MOST_CIRCLES} full circles in all"
    return None


def _circles(spine: shapely.LineString) -> float:
    """By how many full circles the line turns in all, to the left or to the right."""
    courses = [math.atan2(north - y, east - x) for (x, y), (east, north) in itertools.pairwise(spine.coords)]
    turns = (abs(after - before) for before, after in itertools.pairwise(courses))
    return math.fsum(min(turn, math.tau - turn) for turn in turns) / math.tau


def _trace_of(line: DeconflictionLine) -> shapely.LineString:
    problem = trace_problem(line)
    if problem is not None:
        raise AgreementError(f"line: {problem}")
    trace = shapely.LineString(to_plane(line.trace))
    shapely.prepare(trace)
    return trace


def _airs(line: DeconflictionLine, trace: shapely.LineString) -> list[tuple[PartyName, shapely.Geometry]]:
    """Whose air lies where: all within reach of the line, parted by the line and its ends drawn on straight."""
    if line.left is None and line.right is None:
        return []
    reach_m = line.reach_nm * METRES_PER_NM
    drawn_on = _drawn_on(trace, 2 * reach_m)
    parts: dict[bool, list[shapely.Geometry]] = {True: [], False: []}
    for part in split(shapely.buffer(trace, reach_m, quad_segs=ARC_SEGMENTS), drawn_on).geoms:
        parts[_is_left(drawn_on, part.representative_point())].append(part)
    sides = ((line.left, shapely.union_all(parts[True])), (line.right, shapely.union_all(parts[False])))
    airs = [(party, air) for party, air in sides if party is not None]
    shapely.prepare([air for _, air in airs])
    return airs


def _drawn_on(trace: shapely.LineString, by_m: float) -> shapely.LineString:
    """The line with its first and last leg going on straight at the ends."""
    points = list(trace.coords)
    return shapely.LineString([_beyond(points[1], points[0], by_m), *points, _beyond(points[-2], points[-1], by_m)])


def _beyond(a: Point, b: Point, by_m: float) -> Point:
    share = by_m / shapely.Point(a).distance(shapely.Point(b))
    return b[0] + (b[0] - a[0]) * share, b[1] + (b[1] - a[1]) * share


def _is_left(line: shapely.LineString, point: shapely.Point) -> bool:
    """Whether it lies to the left of that part of the line that is nearest to it, in the sense in which it is drawn."""
    along = line.project(point)
    before, here, after = (line.interpolate(max(0.0, along + step)) for step in (-STEP_M, 0.0, STEP_M))
    east, north = after.x - before.x, after.y - before.y
    return bool(east * (point.y - here.y) - north * (point.x - here.x) > 0)


def _check(zone: Zone) -> None:
    problem = area_problem(zone.area)
    if problem:
        raise AgreementError(f"zones: {zone.name}: {problem[0]}: {problem[1]}")
    if zone.lower_ft >= zone.upper_ft:
        raise AgreementError(f"zones: {zone.name}: lower_ft must be below upper_ft")
