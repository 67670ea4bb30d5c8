"""What the agreement says about places: the line, and the zones that one side holds or both share."""

import enum
from typing import Final

import msgspec
import shapely

from .agreement import Agreement, AgreementError, DeconflictionLine, Zone
from .airspace import Area, Corridor, Volume4D
from .conflicts import areas_meet, heights_meet, ruled_footprint
from .geometry import METRES_PER_NM, area_problem, footprint, to_plane
from .message import PartyName


class DemandKind(enum.Enum):
    """Why a volume needs the consent of others."""

    CROSSES_LINE = "crosses-line"
    NEAR_LINE = "near-line"
    ZONE = "zone"
    SHARED_ZONE = "shared-zone"


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in the agreement that demands consent: the line or a zone by ``name``, and who is to be asked."""

    kind: DemandKind
    name: str
    consent_of: tuple[PartyName, ...]


class Boundaries:
    """The line and the zones of one agreement in the plane. Raises AgreementError where they cannot be drawn."""

    def __init__(self, agreement: Agreement) -> None:
        self._parties: Final = agreement.parties
        self._rule: Final = agreement.boundary_rule
        self._line: Final = agreement.line
        self._zones: Final = agreement.zones
        self._trace: Final = _trace_of(agreement.line) if agreement.line else None
        for zone in agreement.zones:
            _check(zone)

    def demands(self, volume: Volume4D, party: str) -> tuple[Demand, ...]:
        """Why ``party`` needs consent to use this volume: the line first, then zones as the agreement lists them.

        The line has no height; a zone counts between its own heights. Touching counts as the boundary rule says.
        """
        others = tuple(other for other in self._parties if other != party)
        line = self._line_demand(volume.area, others)
        zones = (self._zone_demand(zone, party, others) for zone in self._zones if self._enters(volume, zone))
        return tuple(demand for demand in (line, *zones) if demand)

    def distance_to_line_nm(self, area: Area) -> float | None:
        """From the nearest edge of the area to the line; 0 where it lies across it, None where there is no line."""
        if self._trace is None:
            return None
        mark = footprint(area)
        return max(0.0, float(self._trace.distance(mark.spine)) - mark.reach_m) / METRES_PER_NM

    def _line_demand(self, area: Area, others: tuple[PartyName, ...]) -> Demand | None:
        if self._line is None or self._trace is None:
            return None
        mark = ruled_footprint(area, self._rule)
        if shapely.dwithin(self._trace, mark.spine, mark.reach_m):
            return Demand(kind=DemandKind.CROSSES_LINE, name=self._line.name, consent_of=others)
        if shapely.dwithin(self._trace, mark.spine, mark.reach_m + self._line.near_nm * METRES_PER_NM):
            return Demand(kind=DemandKind.NEAR_LINE, name=self._line.name, consent_of=others)
        return None

    def _zone_demand(self, zone: Zone, party: str, others: tuple[PartyName, ...]) -> Demand | None:
        if zone.holder is None:
            return Demand(kind=DemandKind.SHARED_ZONE, name=zone.name, consent_of=others)
        if zone.holder != party:
            return Demand(kind=DemandKind.ZONE, name=zone.name, consent_of=(zone.holder,))
        return None

    def _enters(self, volume: Volume4D, zone: Zone) -> bool:
        heights = heights_meet((volume.lower_ft, volume.upper_ft), (zone.lower_ft, zone.upper_ft), self._rule)
        return heights and areas_meet(volume.area, zone.area, self._rule)


def _trace_of(line: DeconflictionLine) -> shapely.LineString:
    # A line is drawn as the route of a corridor would be, and is subject to the same checks.
    problem = area_problem(Corridor(route=line.trace, half_width_nm=line.near_nm))
    if problem:
        field, reason = problem
        raise AgreementError(f"line: {field.replace('area.route', 'trace')}: {reason}")
    trace = shapely.LineString(to_plane(line.trace))
    shapely.prepare(trace)
    return trace


def _check(zone: Zone) -> None:
    problem = area_problem(zone.area)
    if problem:
        raise AgreementError(f"zones: {zone.name}: {problem[0]}: {problem[1]}")
    if zone.lower_ft >= zone.upper_ft:
        raise AgreementError(f"zones: {zone.name}: lower_ft must be below upper_ft")
