"""ICAO messages about a flight plan that was filed before.

``(CNL-EXER11-OSDZ1400-OSLK-DOF/170618)`` names its plan by callsign, day and EOBT, as ``icao_fpl`` makes ids of them.
Without DOF it is today's, or tomorrow's where today's EOBT passed more than twelve hours ago.

``(CHG-EXER11-OSDZ1400-OSLK-DOF/170618-16/OSLK0200)`` gives fields of the message other contents,
``(DLA-EXER11-OSDZ1500-OSLK-DOF/170618)`` another EOBT, ``(DEP-EXER11-OSDZ1407-OSLK-DOF/170618)`` the time at which the
flight departed, and ``(ARR-EXER11-OSDZ-OSLK1525)`` that it is over. The centre finds the plan by its callsign, places
and times.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

from .flightplan import Problem
from .icao_field18 import DateError, dates, day_of, read_items
from .icao_filed import PLACES, Flight

LATE_AT_MOST: Final = timedelta(hours=12)
CHANGES: Final = ("CHG", "DLA", "DEP", "ARR")
"""Messages that change a plan: only who knows the plan can say what comes of them."""

_CALLSIGN: Final = re.compile(r"([A-Z0-9]{2,7})(?:/A[0-7]{4})?")
_PLACE: Final = re.compile(r"([A-Z][A-Z0-9]{3}) ?([0-9]{4})?(?: .*)?")
_ARRIVAL: Final = re.compile(r"[A-Z][A-Z0-9]{3} ?[0-9]{4}(?![0-9])")
_AMENDMENT: Final = re.compile(r"([0-9]{1,2})/(.*)")
_DEPARTURE: Final = re.compile(r"[A-Z][A-Z0-9]{3} ?([0-9]{2})([0-9]{2})")


class Cancelled(msgspec.Struct, frozen=True):
    """A cancellation (CNL): the plan that it names, or the problems that were found in it."""

    callsign: str
    plan_id: str
    problems: tuple[Problem, ...]


def read_cancellation(body: str, now: datetime) -> Cancelled:
    """Fields 7, 13, 16 and 18 of a CNL, in capitals with single blanks and without brackets, handed in at ``now``."""
    _, *parts = (part.strip() for part in body.split("-", 4))
    callsign, departure, _, other = (*parts, "", "", "", "")[:4]
    problems = []
    named, off_block = _CALLSIGN.fullmatch(callsign), _off_block(departure)
    if not named:
        problems.append(
            _problem("bad-callsign", "field 7", f"{callsign[:20]!r} is not two to seven letters and digits")
        )
    if off_block is None:
        reason = f"{departure[:20]!r} is not aerodrome and time, such as OSLK1430"
        problems.append(_problem("bad-departure", "field 13", reason))
    day = _day(body, other, off_block, now, problems)
    if not (named and off_block is not None and day):
        return Cancelled(named[1] if named else "", "", tuple(problems))
    return Cancelled(named[1], f"{named[1]}-{day:%Y%m%d}-{off_block:%H%M}", tuple(problems))


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A message that changes a plan (CHG, DLA, DEP, ARR): the flight that it names, as far as it does, and how.

    ``at`` is the EOBT that a CHG names and the new one of a DLA, when a flight has departed or has arrived. ``fields``
    are the new contents of a CHG by their ICAO numbers.
    """

    kind: str
    callsign: str = ""
    departure: str = ""
    destination: str = ""
    at: time | None = None
    day: date | None = None
    fields: dict[str, str] = {}
    problems: tuple[Problem, ...] = ()

    def names(self, flight: Flight) -> bool:
        """Whether this flight, by its last message, is one that is meant."""
        days = {flight.off_block.date(), (flight.off_block + LATE_AT_MOST).date()}
        return (
            flight.callsign == self.callsign
            and flight.departure == self.departure
            and self.destination in {"", flight.destination}
            and (self.kind != "CHG" or self.at == flight.off_block.time())
            and (self.day is None or self.day in (days if self.kind == "DLA" else {flight.off_block.date()}))
        )

    def off_block(self, flight: Flight) -> datetime:
        """When the flight leaves by this message: a delay is forwards, a departure at the time nearest to its EOBT."""
        if self.at is None:
            return flight.off_block
        same_day = datetime.combine(flight.off_block.date(), self.at, UTC)
        earliest = flight.off_block - (LATE_AT_MOST if self.kind == "DEP" else timedelta())
        times = (same_day + timedelta(days=days) for days in (-1, 0, 1))
        return next(at for at in times if at >= earliest)

    @property
    def named(self) -> str:
        """The flight that is meant, for a person."""
        to = f" to {self.destination}" if self.destination else ""
        at = f" at {self.at:%H%M}" if self.kind == "CHG" and self.at else ""
        return f"{self.callsign} from {self.departure}{to}{at}{f' on {self.day}' if self.day else ''}"


def read_change(body: str) -> Change:
    """A CHG, DLA, DEP or ARR, in capitals with single blanks and without brackets; what is wrong stands in it."""
    kind = body[:3]
    _, *parts = (part.strip() for part in body.split("-"))
    callsign, departure, third = (*parts[:3], "", "", "")[:3]
    rest = parts[3:]
    problems: list[Problem] = []
    named, place = _CALLSIGN.fullmatch(callsign), _PLACE.fullmatch(departure)
    if not named:
        reason = f"{callsign[:20]!r} is not two to seven letters and digits"
        problems.append(_problem("bad-callsign", "field 7", reason))
    at = _time_of(place)
    if place is None or (at is None and (kind != "ARR" or place[2] is not None)):
        reason = f"{departure[:20]!r} is not aerodrome and time, such as OSLK1430"
        problems.append(_problem("bad-departure", "field 13", reason))
    arrival = _PLACE.match(next((part for part in (*reversed(rest), third) if _ARRIVAL.match(part)), ""))
    if kind == "ARR":
        at = _time_of(arrival)
        if at is None:
            problems.append(_problem("bad-arrival", "field 17", "names no aerodrome and time of arrival: OSLK1525"))
    fields = _fields(rest, problems) if kind == "CHG" else {}
    return Change(
        kind=kind,
        callsign=named[1] if named else "",
        departure=place[1] if place else "",
        destination=third[:4] if kind != "ARR" and third != "ZZZZ" else "",
        at=at,
        day=_day_in(rest, problems),
        fields=fields,
        problems=tuple(problems),
    )


def _fields(parts: Iterable[str], problems: list[Problem]) -> dict[str, str]:
    """The amendments of field 22. A part that begins none goes on with the one before it."""
    fields: dict[str, str] = {}
    number = ""
    for part in parts:
        if found := _AMENDMENT.fullmatch(part):
            number = found[1].lstrip("0")
            fields[number] = found[2]
        elif number:
            fields[number] += f"-{part}"
    if not fields:
        problems.append(_problem("no-change", "field 22", "says nothing that is to be changed, such as 16/OSLK0200"))
    for number in fields.keys() - PLACES.keys():
        if number != "19":  # of which nothing is kept
            there = ", ".join(PLACES)
            problems.append(_problem("bad-change", "field 22", f"field {number} cannot be changed; {there} can"))
    return {number: text for number, text in fields.items() if number in PLACES}


def _day_in(parts: Iterable[str], problems: list[Problem]) -> date | None:
    """The day of the flight that is named: DOF outside field 22, where it is a new one."""
    other = "-".join(part for part in parts if not _AMENDMENT.fullmatch(part))
    try:
        given = dates(other, read_items(other))
        return day_of(given) if given else None
    except DateError as error:
        problems.append(_problem("bad-date", "field 18 DOF", str(error)))
        return None


def _time_of(found: "re.Match[str] | None") -> time | None:
    if found is None or found[2] is None:
        return None
    hour, minute = int(found[2][:2]), int(found[2][2:])
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _off_block(text: str) -> time | None:
    found = _DEPARTURE.fullmatch(text)
    return time(int(found[1]), int(found[2])) if found and int(found[1]) < 24 and int(found[2]) < 60 else None


def _day(body: str, other: str, off_block: time | None, now: datetime, problems: list[Problem]) -> date | None:
    given = dates(body, read_items(other))
    if given:
        try:
            return day_of(given)
        except DateError as error:
            problems.append(_problem("bad-date", "field 18 DOF", str(error)))
            return None
    today = now.date()
    passed = now - datetime.combine(today, off_block or time(), UTC)
    return today + timedelta(days=1) if passed > LATE_AT_MOST and today < date.max else today


def _problem(code: str, field: str, reason: str) -> Problem:
    return Problem(code=code, field=field, reason=reason)
