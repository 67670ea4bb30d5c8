"""The ICAO message from which a plan was read: what it names its flight by, and the same message with other fields.

It is kept with the plan (``FlightPlan.icao``) in capitals, without field 19, and with the day in it, so that it can be
read again at any time.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

from .icao_field18 import DateError, dates, day_of, read_items, without_supplement

LONGEST_KEPT: Final = 2_000
PLACES: Final = {"7": 1, "8": 2, "9": 3, "10": 4, "13": 5, "15": 6, "16": 7, "18": 8}
"""Where each field stands in the message, by its ICAO number."""

_DATE: Final = re.compile(r"DOF\s?/?\s?[0-9]{6}(?![0-9])")
_DEPARTURE: Final = re.compile(r"([A-Z][A-Z0-9]{3})\s?([0-9]{2})([0-9]{2})(?![0-9])")


class Flight(msgspec.Struct, frozen=True):
    """The fields by which ICAO messages identify a flight."""

    callsign: str
    departure: str
    off_block: datetime
    destination: str

    @property
    def plan_id(self) -> str:
        """The id of a plan that is filed so."""
        return f"{self.callsign}-{self.off_block:%Y%m%d-%H%M}"


def kept(body: str, day: date) -> str | None:
    """The message to be kept of a plan of this day; None where it is too long. ``body`` is without brackets."""
    parts = _parts(body)
    if not dates(body, read_items(parts[8])):
        parts[8] = f"DOF/{day:%y%m%d} {'' if parts[8] == '0' else parts[8]}".strip()
    message = f"({'-'.join(parts)})"
    return message if len(message) <= LONGEST_KEPT else None


def flight_of(message: str) -> Flight | None:
    """The flight that a kept message identifies; None for a text that is no flight plan message."""
    body = message.strip("()")
    parts = _parts(body)
    found = _DEPARTURE.match(parts[5])
    try:
        day = day_of(dates(body, read_items(parts[8])))
        off_block = time(int(found[2]), int(found[3])) if found else None
    except (DateError, ValueError):
        return None
    if found is None or off_block is None:
        return None
    callsign = parts[1].partition("/")[0].strip()
    return Flight(callsign, found[1], datetime.combine(day, off_block, UTC), parts[7][:4])


def with_fields(message: str, fields: Mapping[str, str]) -> str:
    """The message with these fields, by their ICAO numbers, in the place of its own. It keeps its day."""
    body = message.strip("()")
    parts = _parts(body)
    day = day_of(dates(body, read_items(parts[8])))
    for number, text in fields.items():
        parts[PLACES[number]] = text
    return kept("-".join(parts), day) or message


def at_off_block(message: str, off_block: datetime) -> str:
    """The message with another EOBT, on the day of that."""
    parts = _parts(message.strip("()"))
    parts[5] = f"{parts[5][:4]}{off_block:%H%M}"
    parts[8] = _DATE.sub(f"DOF/{off_block:%y%m%d}", parts[8])
    return f"({'-'.join(parts)})"


def later(message: str, shift: timedelta) -> str:
    """The message with its EOBT moved by ``shift``; as it is where no EOBT can be read in it."""
    flight = flight_of(message)
    return at_off_block(message, flight.off_block + shift) if flight else message


def _parts(body: str) -> list[str]:
    parts = [part.strip() for part in body.split("-", 8)]
    parts += [""] * (9 - len(parts))
    parts[8] = without_supplement(parts[8]).strip()
    return parts
