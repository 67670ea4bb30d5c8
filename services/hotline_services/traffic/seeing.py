"""What the sides come to know of the sky: not all of it, and not at once."""

from datetime import timedelta
from typing import Final

import msgspec

from hotline_protocol.airspace import Position
from hotline_protocol.geometry import METRES_PER_NM
from hotline_protocol.injection import SightingKind
from hotline_protocol.message import PartyName
from hotline_protocol.sky import Encountered, Flyer, Grade, LineCrossed, ZoneEntered
from hotline_services.director import setting
from hotline_services.simulation.chance import Chance

HALF: Final = 0.5


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a side's desk is told of something that was seen: the fields of a ``ReportSighting`` but whom and when."""

    kind: SightingKind
    at: Position
    detail: str
    by: PartyName
    operator: PartyName | None
    callsign: str


class Eyes:
    """The radars of both sides, and the way from there to the desk.

    What is seen, and when, is drawn for each thing and side by itself. It takes from half to one and a half of the
    time that it takes on average.
    """

    def __init__(self, sky: setting.Sky, chance: Chance) -> None:
        self._sky: Final = sky
        self._chance: Final = chance

    def reported_after(self, party: PartyName, what: str) -> timedelta | None:
        """How long until this is reported to that side's desk; None when it does not notice."""
        if self._chance.share(f"sight/{party}/{what}") >= self._sky.sees:
            return None
        late_s = self._sky.sees_after_s * (HALF + self._chance.share(f"sight/{party}/{what}/after"))
        return timedelta(milliseconds=round(late_s * 1_000))


def answerable(flyer: Flyer) -> PartyName:
    """Whom to complain to: the side that answers for it or, with no line to them, whoever flies."""
    return flyer.side or flyer.operator


def seen_where_it_should_not_be(event: LineCrossed | ZoneEntered, where: str) -> Report:
    """The account of a flight of somebody else in our air. Whether it has our consent is for the desk to look up."""
    kind = SightingKind.LINE_CROSSING if event.flyer.announced else SightingKind.UNANNOUNCED_FLIGHT
    return _report(kind, event.flyer, event.at, f"{where} at {event.altitude_ft:,.0f} ft")


def concerns_desk(encounter: Encountered, flyer: Flyer, other: Flyer) -> bool:
    """Whether this flyer's side is told of it: its own aircraft, known to it, and somebody else's, and closer than
    merely too close.

    What is only below separation is for controllers to note; an Airprox is reported by those who were frightened. Of
    its own partner's flight that it did not know a side has nobody to complain to.
    """
    return flyer.announced and flyer.side != other.side and encounter.grade is not Grade.BELOW_SEPARATION


def came_close(encounter: Encountered, other: Flyer) -> Report:
    """The account of an encounter by the side of the one who met this other one."""
    detail = f"{encounter.horizontal_nm:.1f} NM and {encounter.vertical_ft:,.0f} ft from our aircraft"
    return _report(SightingKind.CLOSE_APPROACH, other, encounter.at, detail)


def _report(kind: SightingKind, flyer: Flyer, at: Position, detail: str) -> Report:
    by = answerable(flyer)
    operator = flyer.operator if flyer.operator != by else None
    return Report(kind=kind, at=at, detail=detail, by=by, operator=operator, callsign=flyer.callsign)


def nautical_miles(metres: float) -> float:
    """To a thousandth, about two metres."""
    return round(metres / METRES_PER_NM, 3)
