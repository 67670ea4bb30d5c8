"""ICAO messages about a flight plan that was filed before: CNL cancels it, and CHG, DLA, DEP and ARR are refused.

``(CNL-EXER11-OSDZ1400-OSLK-DOF/170618)`` names its plan by callsign, day and EOBT, as ``icao_fpl`` makes ids of them.
Without DOF it is today's, or tomorrow's where today's EOBT passed more than twelve hours ago.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

from .flightplan import Problem
from .icao_field18 import DateError, dates, day_of, read_items

LATE_AT_MOST: Final = timedelta(hours=12)
NOT_READ: Final = {
    "CHG": "CHG changes no plan here: cancel the plan (CNL) and file it anew",
    "DLA": "DLA delays no plan here: cancel the plan (CNL) and file it anew with its new time",
    "DEP": "DEP is not read: a flight begins when its plan does",
    "ARR": "ARR is not read: a flight ends when its plan does; CNL gives its air back before",
}
"""Messages about plans for which a centre has no order."""

_CALLSIGN: Final = re.compile(r"([A-Z0-9]{2,7})(?:/A[0-7]{4})?")
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
