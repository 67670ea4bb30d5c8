"""Aerodromes of the world by their location indicators, from the PyPI package ``airportsdata`` (MIT).

The package is one table of 28,000 rows. It is read once, when the first code is looked up that ``places`` does not
have: about a tenth of a second.
"""

import re
from functools import cache
from typing import Final

import airportsdata

from .airspace import Position

_CODE: Final = re.compile("[A-Z]{4}|[A-Z]{2}[0-9]{2}")


def aerodrome(code: str) -> Position | None:
    """Where the aerodrome of this code is, to four places of a degree (about 10 m).

    Codes of four letters are ICAO's. Those that end in two digits are the data set's own, or national.
    """
    return _positions().get(code) if _CODE.fullmatch(code) else None


@cache
def _positions() -> dict[str, Position]:
    return {
        code: Position(round(row["lon"], 4), round(row["lat"], 4))
        for code, row in airportsdata.load("ICAO").items()
        if _CODE.fullmatch(code)
    }
