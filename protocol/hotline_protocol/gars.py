"""Names of areas in the Global Area Reference System: what officers call a sector.

A GARS name stands for a whole cell (30 minutes of arc to a side), quadrant (15) or keypad (5). It says
roughly where something is; it is too coarse to navigate by and is never used as a position.

Formula: NGA's definition. Three digits count 30-minute bands east from 180 W (001-720), two letters without
I and O count them north from 90 S (AA-QZ); then one digit for the quadrant (1 NW, 2 NE, 3 SW, 4 SE) and one for
the key, laid out as on a telephone (1 NW to 9 SE).
"""

import math
import re
from typing import Final, Literal

import msgspec

from .airspace import Position

Level = Literal["cell", "quadrant", "keypad"]

_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH: Final[dict[Level, int]] = {"cell": 5, "quadrant": 6, "keypad": 7}
_KEYS_PER_DEGREE: Final = 12
_KEYS_PER_CELL: Final = 6
_NAME: Final = re.compile(r"([0-9]{3})([A-HJ-NP-Z])([A-HJ-NP-Z])(?:([1-4])([1-9])?)?")


class GarsError(ValueError):
    """Not a position on the globe, or not the name of an area; the message says which and why."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The edges of an area between two meridians and two parallels, degrees WGS 84."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


def gars(position: Position, level: Level) -> str:
    """The name of the area that holds this position; its southern and western edges belong to it.

    180 E is 180 W, and the North Pole belongs to the northernmost areas. Raises GarsError.
    """
    column, row = _key_indices(position)
    lon_band, x = divmod(column, _KEYS_PER_CELL)
    lat_band, y = divmod(row, _KEYS_PER_CELL)
    first, second = divmod(lat_band, len(_LETTERS))
    quadrant = 1 + x // 3 + 2 * (1 - y // 3)
    key = 1 + x % 3 + 3 * (2 - y % 3)
    return f"{lon_band + 1:03d}{_LETTERS[first]}{_LETTERS[second]}{quadrant}{key}"[: _LENGTH[level]]


def _key_indices(position: Position) -> tuple[int, int]:
    """How many keypads this one lies east of 180 W and north of 90 S."""
    lon, lat = position.lon_deg, position.lat_deg
    if not -180 <= lon <= 180:
        raise GarsError(f"longitude {lon} is not between -180 and 180")
    if not -90 <= lat <= 90:
        raise GarsError(f"latitude {lat} is not between -90 and 90")
    # The degrees are multiplied before they are shifted: (k / 12) * 12 is exactly k in floating point, so
    # that the edges that gars_bounds gives fall into the area that they belong to.
    column = math.floor(lon * _KEYS_PER_DEGREE) + 180 * _KEYS_PER_DEGREE
    row = math.floor(lat * _KEYS_PER_DEGREE) + 90 * _KEYS_PER_DEGREE
    return column % (360 * _KEYS_PER_DEGREE), min(row, 180 * _KEYS_PER_DEGREE - 1)


def gars_bounds(name: str) -> Bounds:
    """The edges of the area of this name: cell, quadrant or keypad by its length. Raises GarsError."""
    found = _NAME.fullmatch(name)
    if not found:
        raise GarsError(f"{name[:20]!r} is not a GARS name such as 441LL, 441LL1 or 441LL15")
    lon_band = int(found[1]) - 1
    lat_band = _LETTERS.index(found[2]) * len(_LETTERS) + _LETTERS.index(found[3])
    if not 0 <= lon_band < 720:
        raise GarsError(f"{name}: longitude band {found[1]} is not between 001 and 720")
    if lat_band >= 360:
        raise GarsError(f"{name}: latitude band {found[2]}{found[3]} is not between AA and QZ")
    column, row, size = lon_band * _KEYS_PER_CELL, lat_band * _KEYS_PER_CELL, _KEYS_PER_CELL
    if found[4]:
        down, right = divmod(int(found[4]) - 1, 2)
        column, row, size = column + 3 * right, row + 3 * (1 - down), 3
    if found[5]:
        down, right = divmod(int(found[5]) - 1, 3)
        column, row, size = column + right, row + 2 - down, 1
    return _bounds(column - 180 * _KEYS_PER_DEGREE, row - 90 * _KEYS_PER_DEGREE, size)


def _bounds(column: int, row: int, size: int) -> Bounds:
    return Bounds(
        west_deg=column / _KEYS_PER_DEGREE,
        south_deg=row / _KEYS_PER_DEGREE,
        east_deg=(column + size) / _KEYS_PER_DEGREE,
        north_deg=(row + size) / _KEYS_PER_DEGREE,
    )
