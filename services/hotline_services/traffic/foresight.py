"""What will come of the paths that are flown: crossings of the line, entries into zones, encounters."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from hotline_protocol.agreement import Agreement, Zone
from hotline_protocol.boundaries import Demand, DemandKind, boundaries_of
from hotline_protocol.geometry import Footprint, footprint, to_plane
from hotline_protocol.message import PartyName

from .affairs import AFFAIR_S, affairs_of
from .approach import Encounter, Minima, encounters
from .flight import Flight
from .laps import Laps, time_inside
from .passage import Line, crossings
from .path import Path, Point

ALWAYS: Final = (-math.inf, math.inf)
OVER_THE_LINE: Final = frozenset({DemandKind.CROSSES_LINE, DemandKind.FAR_SIDE})
IN_A_ZONE: Final = frozenset({DemandKind.ZONE, DemandKind.SHARED_ZONE})


class Passing(NamedTuple):
    """Over the line: into whose air, if it is anybody's."""

    t_s: float
    into: PartyName | None


class Entry(NamedTuple):
    """Into the zone of this name."""

    t_s: float
    at: Point
    zone: str


class Affair(NamedTuple):
    """One encounter of two flights: from the first loss of separation to the last, and the closest in between."""

    began_s: float
    ended_s: float
    closest_s: float
    horizontal_m: float
    vertical_ft: float


class Foresight:
    """By one agreement. ``since_s`` is when it came to hold: what lay where before then was not crossed."""

    def __init__(self, agreement: Agreement, since_s: float) -> None:
        self._parties: Final = agreement.parties
        self._since_s: Final = since_s
        self._boundaries: Final = boundaries_of(agreement)
        self._zones: Final = {zone.name: (zone, footprint(zone.area)) for zone in agreement.zones}
        self._minima: Final = Minima.of(agreement.separation)
        line = agreement.line
        self._owners: Final = (line.right, line.left) if line else (None, None)
        self._line: Final = Line(tuple(to_plane(line.trace))) if line and self._owners != (None, None) else None

    def passings(self, flight: Flight) -> list[Passing]:
        """When the flight goes over the line. One that begins on the other side has come over it on its way there."""
        if self._line is None or not self._may_cross(flight):
            return []
        found = list(self._all_passings(flight.path, flight.laps, self._line, flight.flyer.side))
        if len(found) > 2 and flight.laps is not None and flight.laps.lap_s < AFFAIR_S:
            # Lap after lap it is one affair: it has gone over, and is back if it ends so. What follows says the same.
            return found[:1] if found[-1].into == found[0].into else [found[0], found[-1]]
        told: list[Passing] = []
        for passing in found:
            if told and passing.into == told[-1].into:
                continue  # it has come back round the end of the line
            if len(told) > 1 and passing.t_s - told[-1].t_s < AFFAIR_S:
                told.pop()
            else:
                told.append(passing)
        return told

    def _all_passings(self, path: Path, laps: Laps | None, line: Line, side: PartyName | None) -> Iterator[Passing]:
        start_s, end_s = path.start_s, path.end_s
        if laps is None:
            over = [(crossing.t_s, crossing.leftwards) for crossing in crossings(path, line)]
        else:
            over = laps.crossings(line, start_s, end_s)
        if start_s >= self._since_s:
            begins_in = self._owners[not over[0][1]] if over else self._boundaries.air_at((path.x_m[0], path.y_m[0]))
            if begins_in is not None and begins_in != side:
                yield Passing(start_s, begins_in)
        for t_s, leftwards in over:
            if t_s >= self._since_s:
                yield Passing(t_s, self._owners[leftwards])

    def entries(self, flight: Flight) -> list[Entry]:
        """When the flight enters zones that its side needs consent for; where it begins in one, at its beginning."""
        found = [
            Entry(span.began_s, flight.path.at(span.began_s), zone.name)
            for zone, mark in self._zones_for(flight)
            for span in affairs_of(time_inside(flight.path, flight.laps, mark, zone.lower_ft, zone.upper_ft, *ALWAYS))
        ]
        return sorted(found, key=lambda entry: entry.t_s)

    def affairs(self, one: Flight, other: Flight) -> Sequence[Affair]:
        """When the two are below the separation minima. The same, whichever of the two is named first."""
        lateral_m, box, its_box = self._minima.lateral_m, one.path.bounds, other.path.bounds
        if (  # asked of every two that fly at once, and most are far apart
            box.west_m - its_box.east_m >= lateral_m
            or its_box.west_m - box.east_m >= lateral_m
            or box.south_m - its_box.north_m >= lateral_m
            or its_box.south_m - box.north_m >= lateral_m
        ):
            return ()
        told: list[Affair] = []
        for met in encounters(one.path, other.path, self._minima):
            if told and met.began_s - told[-1].ended_s < AFFAIR_S:
                closer = met if self._nearness(met, one, other) < self._nearness(told[-1], one, other) else told[-1]
                told[-1] = Affair(told[-1].began_s, met.ended_s, *closer[2:])
            else:
                told.append(Affair(*met))
        return told

    def concerned(self, zone: str, side: PartyName | None) -> Sequence[PartyName]:
        """Whose business it is that somebody of this side is in the zone of this name."""
        holder = self._zones[zone][0].holder
        return [party for party in self._parties if party != side and holder in (None, party)]

    def is_high(self, one: Flight, other: Flight, t_s: float) -> bool:
        """Whether the minimum for great heights holds between the two."""
        return any(flight.path.at(t_s).z_ft > self._minima.high_above_ft for flight in (one, other))

    def _nearness(self, met: Affair | Encounter, one: Flight, other: Flight) -> float:
        high = self.is_high(one, other, met.closest_s)
        vertical_ft = self._minima.vertical_high_ft if high else self._minima.vertical_ft
        return float((met.horizontal_m / self._minima.lateral_m) ** 2 + (met.vertical_ft / vertical_ft) ** 2)

    def _may_cross(self, flight: Flight) -> bool:
        return flight.off_its_way or any(demand.kind in OVER_THE_LINE for demand in self._demands(flight))

    def _zones_for(self, flight: Flight) -> Iterator[tuple[Zone, Footprint]]:
        if flight.off_its_way:
            yield from (
                each for each in self._zones.values() if each[0].holder != flight.flyer.side or not each[0].holder
            )
            return
        names = dict.fromkeys(demand.name for demand in self._demands(flight) if demand.kind in IN_A_ZONE)
        yield from (self._zones[name] for name in names)

    def _demands(self, flight: Flight) -> Iterator[Demand]:
        """What the agreement demands of the flight's air, in which it stays."""
        who = flight.flyer.side or flight.flyer.operator
        for volume in flight.volumes:
            yield from self._boundaries.demands(volume, who)
