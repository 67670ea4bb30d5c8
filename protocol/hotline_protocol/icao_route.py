"""Field 15 of an ICAO flight plan: speed, level and route (PANS-ATM, Doc 4444, Appendix 3, in the 2012 format).

A route is a row of points: ``3520N04010E``, ``35N040E`` or ``352030N0401030E``, a town or an aerodrome of the theatre
(``RAQQA``, ``DEIREZZOR``, ``OSDZ``), or a bearing and distance from one of these: ``RAQQA180040`` is 180 degrees and
40 NM. Bearings are read as true, though filers mean magnetic: up to about five degrees off here. ``DCT`` and changes of
rules are passed over. Airways and procedures are refused: their tracks are in no table here. A change of level
at a point widens the whole plan's altitude block to cover it; a change of speed says nothing that a plan keeps.

A cruise climb ``C/RAQQA/M074F290PLUS`` names no ceiling: its block reaches up to :data:`HIGHEST_FT`.
"""

import re
from contextlib import suppress
from typing import Final

import msgspec

from .aerodromes import aerodrome
from .airspace import MAX_VERTICES, Position
from .flightplan import Problem
from .geodesy import position_at
from .geometry import METRES_PER_FOOT, bounds_deg
from .places import place
from .theatre import theatre_now

FIELD_15: Final = "field 15"
HIGHEST_FT: Final = 60_000
LONGEST_NAME: Final = 9
FEET_PER_METRE: Final = 1 / METRES_PER_FOOT

_SPEED: Final = r"(?:[NK][0-9]{4}|M[0-9]{3})"
_LEVEL: Final = r"(?:[FA][0-9]{3}|[SM][0-9]{4})"
_START: Final = re.compile(rf"({_SPEED})\s?({_LEVEL}|VFR)(?:\s|$)")
_CHANGE: Final = re.compile(rf"(.+)/{_SPEED}({_LEVEL}|VFR)")
_CLIMB: Final = re.compile(rf"C/(.+)/{_SPEED}({_LEVEL})({_LEVEL}|PLUS)")
_STAY: Final = re.compile(r"STAY[0-9]/[0-9]{4}")
_LAT_LON: Final = re.compile(r"([0-9]{2})([0-9]{2}(?:[0-9]{2})?)?([NS])([0-9]{3})([0-9]{2}(?:[0-9]{2})?)?([EW])")
_BEARING: Final = re.compile(r"(.+?)([0-9]{3})([0-9]{3})")
_VFR: Final = "VFR gives no level; file one, such as N0180A045"
_NO_POINT: Final = frozenset({"DCT", "IFR", "VFR", "OAT", "GAT", "SID", "STAR"})


class Route(msgspec.Struct, frozen=True):
    """The points of field 15 without the aerodromes, and every level that is flown, in feet."""

    points: tuple[Position, ...]
    levels_ft: tuple[int, ...]


class RouteError(ValueError):
    """One element of a route cannot be read; the message says which and why."""


def read_route(text: str) -> Route | list[Problem]:
    """Field 15 of a message in capitals with single blanks, or everything that is wrong with it."""
    start = _START.match(text)
    if not start:
        return [_problem(f"{text[:20]!r} does not begin with a speed and a level such as N0471F310")]
    if start[2] == "VFR":
        return [_problem(_VFR)]
    elements = text[start.end() :].split()
    if len(elements) > 2 * MAX_VERTICES:
        return [_problem(f"has {len(elements):,} elements; at most {2 * MAX_VERTICES:,} are read")]
    return _read_elements(start[2], elements)


def _read_elements(level: str, elements: list[str]) -> Route | list[Problem]:
    points: list[Position] = []
    levels: list[int] = []
    problems: list[Problem] = []
    try:
        levels.append(feet_of(level))
    except RouteError as error:
        problems.append(_problem(str(error)))
    for element in elements:
        try:
            name, changes = _split(element)
            levels += [feet_of(change) for change in changes]
            if name:
                points.append(read_point(name))
        except RouteError as error:
            problems.append(_problem(str(error)))
    return problems or Route(tuple(points), tuple(levels))


def _split(element: str) -> tuple[str, tuple[str, ...]]:
    """The point of a route element and the levels that change there; no point for words such as DCT."""
    if element in _NO_POINT or _STAY.fullmatch(element):
        return "", ()
    if found := _CLIMB.fullmatch(element):
        return found[1], (found[2], found[3])
    if found := _CHANGE.fullmatch(element):
        return found[1], (found[2],)
    return element, ()


def feet_of(level: str) -> int:
    """A level in feet: F and A count hundreds of feet, S and M tens of metres. Raises RouteError.

    Flight levels are taken as heights above mean sea level, as if the pressure were standard. PLUS is the highest.
    """
    if level == "PLUS":
        return HIGHEST_FT
    if level == "VFR":
        raise RouteError(_VFR)
    number = int(level[1:])
    feet = number * 100 if level[0] in "FA" else round(number * 10 * FEET_PER_METRE)
    if feet > HIGHEST_FT:
        raise RouteError(f"{level} is {feet:,} ft; the highest level is {HIGHEST_FT:,} ft")
    return feet


def read_point(text: str) -> Position:
    """Latitude and longitude, a known place, or a bearing and distance from one of them. Raises RouteError."""
    known = _fixed_point(text)
    if known:
        return known
    found = _BEARING.fullmatch(text)
    origin = _fixed_point(found[1]) if found else None
    if not found or not origin:
        raise RouteError(
            f"{text[:30]!r} is not a point: give 3520N04010E, a place of the theatre, an aerodrome, "
            f"or a bearing and distance from one, such as {_known_name()}180040"
        )
    if int(found[2]) > 360:
        raise RouteError(f"{text[:30]!r}: bearing {found[2]} is above 360")
    return position_at(origin, float(found[2]), float(found[3]))


def read_aerodrome(code: str) -> Position:
    """A point, or an aerodrome anywhere in the world by its four letters. Raises RouteError."""
    with suppress(RouteError):
        return read_point(code)
    if (position := aerodrome(code)) and code.isalpha():
        return position
    raise RouteError(f"{code[:30]!r} is not a known aerodrome")


def in_theatre(point: Position) -> bool:
    """Whether the point lies within the bounds."""
    west, south, east, north = bounds_deg()
    return west <= point.lon_deg <= east and south <= point.lat_deg <= north


def _known_name() -> str:
    """A place of the theatre as a route names it."""
    names = [re.sub(r"[^A-Z]", "", known.name.upper()) for known in theatre_now().places]
    return next((name for name in names if len(name) <= LONGEST_NAME), "XXXX")


def _named_point(text: str) -> Position | None:
    """A place, or an aerodrome of the theatre. Farther ones may only be where a flight begins or ends."""
    if named := place(text):
        return named
    position = aerodrome(text)
    return position if position and in_theatre(position) else None


def _fixed_point(text: str) -> Position | None:
    found = _LAT_LON.fullmatch(text)
    if not found:
        return _named_point(text)
    if len(found[2] or "") != len(found[5] or ""):
        raise RouteError(f"{text!r}: latitude and longitude are both in degrees, or both in degrees and minutes")
    lat = _degrees(text, found[1], found[2], 90)
    lon = _degrees(text, found[4], found[5], 180)
    return Position(lon_deg=-lon if found[6] == "W" else lon, lat_deg=-lat if found[3] == "S" else lat)


def _degrees(text: str, degrees: str, rest: str | None, most: int) -> float:
    """Degrees, minutes and, as some write them, seconds."""
    minutes, seconds = int((rest or "0")[:2]), int((rest or "")[2:] or 0)
    if minutes > 59 or seconds > 59:
        raise RouteError(f"{text!r}: there are no {minutes if minutes > 59 else seconds} minutes or seconds")
    value = int(degrees) + minutes / 60 + seconds / 3_600
    if value > most:
        raise RouteError(f"{text!r}: {degrees} degrees is above {most}")
    return round(value, 6)


def _problem(reason: str) -> Problem:
    return Problem(code="bad-route", field=FIELD_15, reason=reason)
