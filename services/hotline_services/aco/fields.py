"""Single fields of an Airspace Control Order: positions, lengths, heights and times, each as it may be written.

Every function raises FieldError with the reason when a field cannot be read. What had to be assumed to read it is
said through ``mend``.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, NamedTuple

from hotline_protocol.airspace import Position
from hotline_protocol.geometry import METRES_PER_FOOT, METRES_PER_NM

Mend = Callable[[str], None]
"""Takes a sentence on what was assumed."""

HIGHEST_FT: Final = 60_000
GROUND_FT: Final = 3_000
MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
NO_DATA: Final = frozenset({"", "-"})

_NAME: Final = re.compile(r"^[A-Z]+:")
_NAMES: Final = re.compile(r"LAT[A-Z]*:")
_POSITION: Final = re.compile(r"(\d{4,8}(?:\.\d+)?)([NS])-?(\d{5,9}(?:\.\d+)?)([EW])")
_LENGTH: Final = re.compile(r"(\d+(?:\.\d+)?)(NM|KM|M|FT)?")
_TIME: Final = re.compile(
    r"(\d{2})(\d{2})(\d{2})([A-Z])?(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)(\d{4}|\d{2})?"
)
_LEVEL: Final = re.compile(r"(FL)?(\d+)(FT)?(AMSL|MSL|AGL|GND|SFC)?")
_GROUND: Final = frozenset({"GL", "GND", "SFC", "SURFACE", "GROUND"})
_UNLIMITED: Final = frozenset({"UNL", "UNLTD", "UNLIM", "UNLIMITED"})
_UNITS_NM: Final = {
    "NM": 1.0,
    "KM": 1_000 / METRES_PER_NM,
    "M": 1 / METRES_PER_NM,
    "FT": METRES_PER_FOOT / METRES_PER_NM,
}


class FieldError(ValueError):
    """A field cannot be read; the message is the reason."""


class Level(NamedTuple):
    """A height: feet, above mean sea level or (``agl``) above the ground."""

    feet: int
    agl: bool = False


def bare(field: str) -> str:
    """What a field says, without its qualifier (``NAME:``, ``LATS:``) and without blanks."""
    return _NAME.sub("", field).replace(" ", "")


def read_position(field: str, mend: Mend) -> Position:
    """Degrees and minutes (3520N04008E), and seconds (352030N0400830E), with or without decimals."""
    found = _POSITION.fullmatch(bare(field))
    if not found:
        raise FieldError(f"{field or 'nothing'} is no position such as LATS:352030N0400830E or LATM:3520N04008E")
    lat, lon = _angle(found[1], 2, mend), _angle(found[3], 3, mend)
    if lat > 90 or lon > 180:
        raise FieldError(f"{field}: there is no such latitude or longitude")
    return Position(round(lon if found[4] == "E" else -lon, 8), round(lat if found[2] == "N" else -lat, 8))


def _angle(text: str, degrees: int, mend: Mend) -> float:
    """``DDMM``, ``DDMMSS`` or, of one digit more, ``DDMM`` and thousandths of a minute."""
    whole, _, decimals = text.partition(".")
    whole_degrees, rest = int(whole[:degrees]), whole[degrees:]
    share = float(f"0.{decimals}") if decimals else 0.0
    match len(rest):
        case 2:
            minutes, seconds = int(rest) + share, 0.0
        case 4:
            minutes, seconds = float(int(rest[:2])), int(rest[2:]) + share
        case 5 if not decimals:
            mend("five digits after the degrees were taken as minutes and their thousandths")
            minutes, seconds = int(rest) / 1_000, 0.0
        case _:
            raise FieldError(f"{text}: neither degrees and minutes nor degrees, minutes and seconds")
    if minutes > 60 or seconds > 60 or minutes + seconds / 60 > 60:
        raise FieldError(f"{text}: has more than 60 minutes or seconds")
    if seconds == 60:
        mend("60 seconds were carried to the next minute")
        minutes, seconds = minutes + 1, 0.0
    if minutes == 60:
        mend("60 minutes were carried to the next degree")
    return whole_degrees + minutes / 60 + seconds / 3_600


def parted_positions(field: str, mend: Mend) -> tuple[str, ...]:
    """The positions in one field, of which there are several where the slash between them is missing."""
    found = [position[0] for position in _POSITION.finditer(_NAMES.sub("", field).replace(" ", ""))]
    if len(found) < 2 or "".join(found) != _NAMES.sub("", field).replace(" ", ""):
        return (field,)
    mend("a slash between two positions was missing")
    return tuple(found)


def position_field(position: Position) -> str:
    """To the whole second, which is 31 m from north to south."""
    return f"LATS:{_seconds(position.lat_deg, 2)}{'NS'[position.lat_deg < 0]}" + (
        f"{_seconds(position.lon_deg, 3)}{'EW'[position.lon_deg < 0]}"
    )


def _seconds(degrees: float, digits: int) -> str:
    seconds = round(abs(degrees) * 3_600)
    return f"{seconds // 3_600:0{digits}d}{seconds // 60 % 60:02d}{seconds % 60:02d}"


def read_length(field: str, mend: Mend) -> float:
    """A radius or a width in nautical miles."""
    found = _LENGTH.fullmatch(bare(field))
    if not found:
        raise FieldError(f"{field or 'nothing'} is no length such as 5NM, 9.5KM or 1500M")
    if not found[2]:
        mend(f"{field} has no unit: nautical miles were assumed")
    return float(found[1]) * _UNITS_NM[found[2] or "NM"]


def length_field(nautical_miles: float) -> str:
    """In nautical miles where two decimals say it, else in whole metres, shorter by 2 mm at most."""
    text = f"{nautical_miles:.2f}".rstrip("0").rstrip(".")
    if abs(float(text) - nautical_miles) < 1e-6:
        return f"{text}NM"
    return f"{math.ceil(round(nautical_miles * METRES_PER_NM, 3))}M"


def read_levels(field: str, ground_ft: int, mend: Mend) -> tuple[int, int]:
    """The floor and the ceiling in feet above mean sea level: ``RAFL:200AMSL-FL250``, ``BRRA:GL-005AGL``.

    Above ground there is only as much as is assumed of the ground: a floor is measured from the sea, a ceiling from
    ground ``ground_ft`` high, so that the volume is rather too large than too small.
    """
    text = bare(field).replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    floor, dash, ceiling = text.partition("-")
    if not dash:
        raise FieldError(f"{field}: one height where a floor and a ceiling are needed")
    lower, upper = _lower(floor, mend), _upper(ceiling, ground_ft, mend)
    if lower > upper:
        mend("the floor was above the ceiling: the two were exchanged")
        lower, upper = upper, lower
    if lower >= HIGHEST_FT:
        raise FieldError(f"{field}: lies above {HIGHEST_FT:,} ft, which is as high as volumes go")
    if upper > HIGHEST_FT:
        mend(f"{field}: lowered to {HIGHEST_FT:,} ft, which is as high as volumes go")
        upper = HIGHEST_FT
    if lower == upper:
        raise FieldError(f"{field}: the floor is as high as the ceiling")
    return lower, upper


def _lower(text: str, mend: Mend) -> int:
    if text in NO_DATA:
        mend("no floor: from the ground up")
        return 0
    level = _level(text, mend)
    if level.agl and level.feet:
        mend(f"{text}: the ground was assumed at sea level for the floor")
    return level.feet


def _upper(text: str, ground_ft: int, mend: Mend) -> int:
    if text in NO_DATA or text in _UNLIMITED:
        mend(f"{'no ceiling' if text in NO_DATA else text}: up to {HIGHEST_FT:,} ft, which is as high as volumes go")
        return HIGHEST_FT
    level = _level(text, mend)
    feet = level.feet
    if level.agl:
        mend(f"{text}: the ground was assumed {ground_ft:,} ft high for the ceiling")
        feet += ground_ft
    return feet


def _level(text: str, mend: Mend) -> Level:
    if text in _GROUND:
        return Level(0, agl=True)
    if text == "MSL":
        return Level(0)
    found = _LEVEL.fullmatch(text)
    if not found or len(found[2]) > 5:
        raise FieldError(f"{text} is no height such as FL250, 200AMSL (hundreds of feet) or 005AGL")
    is_level, digits, is_feet, datum = found[1], found[2], found[3], found[4]
    if not is_level and not datum:
        mend(f"{text} does not say above what: mean sea level was assumed")
    if not is_level and not is_feet and len(digits) > 3:
        mend(f"{text} has more than three digits: feet were assumed, not hundreds of them")
        is_feet = "FT"
    return Level(int(digits) * (1 if is_feet else 100), agl=datum in {"AGL", "GND", "SFC"})


def levels_field(lower_ft: int, upper_ft: int) -> str:
    """In hundreds of feet above mean sea level, the floor rounded down and the ceiling up."""
    lower, upper = lower_ft // 100, -(-upper_ft // 100)
    return f"RARA:{lower:03d}AMSL-{upper:03d}AMSL" if lower else f"BRRA:MSL-{upper:03d}AMSL"


def read_time(field: str, year: int | None, mend: Mend) -> datetime:
    """A date-time group: ``141530ZFEB`` or ``141530ZFEB2017``; ``year`` is for one that has none."""
    found = _TIME.fullmatch(bare(field))
    if not found:
        raise FieldError(f"{field or 'nothing'} is no time such as 141530ZFEB or 141530ZFEB2017")
    given = found[6]
    if given is None and year is None:
        raise FieldError(f"{field} has no year, and neither has the order's PERIOD: give one with --year")
    full = int(given) + (2_000 if len(given) == 2 else 0) if given else year
    assert full is not None  # noqa: S101  # one of the two is there
    if found[4] is None:
        mend(f"{field} names no time zone: Zulu was assumed")
    day, hour, minute = int(found[1]), int(found[2]), int(found[3])
    try:
        at = datetime(full, MONTHS.index(found[5]) + 1, day, hour, minute, tzinfo=_zone(found[4] or "Z"))
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise FieldError(f"{field}: there is no such time: {error}") from error


def _zone(letter: str) -> timezone:
    """The military time zones: A to M (without J) lie east, N to Y west."""
    if letter == "J":
        raise ValueError("zone J is the reader's own")
    east, west = "ABCDEFGHIKLM", "NOPQRSTUVWXY"
    hours = 0 if letter == "Z" else east.index(letter) + 1 if letter in east else -west.index(letter) - 1
    return timezone(timedelta(hours=hours))


def time_field(at: datetime) -> str:
    """With its year, so that it does not depend on another set. Whole minutes: what is beyond is left out."""
    at = at.astimezone(UTC)
    return f"{at:%d%H%M}Z{MONTHS[at.month - 1]}{at.year:04d}"
