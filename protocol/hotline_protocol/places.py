"""Places that a filed flight plan or a scenario may name: towns, landmarks and aerodromes of the theatre.

They stand in the theatre's file. Aerodromes that are not there are looked up in ``aerodromes``, which has those of the
whole world.
"""

from .airspace import Position
from .theatre import theatre_now


def place(name: str) -> Position | None:
    """Where the place of this name or ICAO code is, whatever its case, blanks and hyphens."""
    return theatre_now().place(name)
