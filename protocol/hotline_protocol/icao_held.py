"""Areas that are held instead of flown along, in field 18 of an ICAO flight plan.

ICAO has no words for these. Hotline writes ``STAYINFO1/HELD CIRCLE 35.9528N39.0079E 8NM``, or ``HELD POLYGON`` and its
corners, beside a ``STAY1/0130`` in the route. Other programs pass over it, and read a flight that stays at a point.
"""

import re
from decimal import Decimal
from typing import Final, assert_never

from .airspace import MAX_VERTICES, Circle, Corridor, Polygon, Position

_POSITION: Final = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,17})?)([NS])([0-9]{1,3}(?:\.[0-9]{1,17})?)([EW])")
_RADIUS: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,17})?)NM")
_STAY: Final = re.compile(r"STAYINFO[0-9]?")


class HeldError(ValueError):
    """What is held cannot be read; the message says why."""


def held_area(items: dict[str, str]) -> Circle | Polygon | None:
    """The area that a flight holds, or None where it says nothing of one. Raises HeldError."""
    said = [words.split() for name, words in items.items() if _STAY.fullmatch(name)]
    held = [words for words in said if words[:2] in (["HELD", "CIRCLE"], ["HELD", "POLYGON"])]
    if not held:
        return None
    if len(held) > 1:
        raise HeldError("more than one area is held")
    match held[0][1:]:
        case ["CIRCLE", centre, radius] if found := _RADIUS.fullmatch(radius):
            return Circle(centre=_position(centre), radius_nm=float(found[1]))
        case ["POLYGON", *corners] if 3 <= len(corners) <= MAX_VERTICES:
            return Polygon(vertices=tuple(map(_position, corners)))
    raise HeldError(
        f"{' '.join(held[0])[:40]!r} is not HELD CIRCLE 35.9528N39.0079E 8NM, nor HELD POLYGON with 3 to 500 corners"
    )


def held_words(area: Circle | Polygon | Corridor) -> str:
    """What STAYINFO says of an area that is held. Raises ValueError for a corridor, which is flown."""
    match area:
        case Circle():
            return f"HELD CIRCLE {_written(area.centre)} {_decimals(area.radius_nm)}NM"
        case Polygon():
            return f"HELD POLYGON {' '.join(map(_written, area.vertices))}"
        case Corridor():
            raise ValueError("a corridor is flown, and not held")
        case _:
            assert_never(area)


def _position(text: str) -> Position:
    found = _POSITION.fullmatch(text)
    if not found:
        raise HeldError(f"{text[:40]!r} is not a position such as 35.9528N39.0079E")
    lat, lon = float(found[1]), float(found[3])
    if lat > 90 or lon > 180:
        raise HeldError(f"{text[:40]!r}: there is no such latitude or longitude")
    return Position(lon_deg=-lon if found[4] == "W" else lon, lat_deg=-lat if found[2] == "S" else lat)


def _written(at: Position) -> str:
    lat, lon = _decimals(abs(at.lat_deg)), _decimals(abs(at.lon_deg))
    return f"{lat}{'S' if at.lat_deg < 0 else 'N'}{lon}{'W' if at.lon_deg < 0 else 'E'}"


def _decimals(number: float) -> str:
    """The shortest digits that are this very number, without an exponent."""
    return f"{Decimal(repr(float(number))).normalize():f}"
