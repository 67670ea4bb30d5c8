"""The part of the world that is played in: its bounds, its time zone, its places. Data, not program.

A process plays in one theatre at a time: that of the scenario that it has read last, and until then the default one.
The bounds say which positions can be used, and the plane in which areas are measured follows from them (see
``geometry``). Where an agreement names no ``bounds_deg``, it is about the default theatre.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, ParamSpec, Protocol, TypeVar

import msgspec
from msgspec import Meta

from .airspace import Latitude, Longitude, Position

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)  # what a function returns

DEFAULT: Final = "syria"
FOLDER: Final = Path(__file__).parent / "theatres"
WIDEST_DEG: Final = 20.0
NARROWEST_DEG: Final = 0.01
FURTHEST_NORTH_DEG: Final = 80.0

Bounds = tuple[Longitude, Latitude, Longitude, Latitude]
"""West, south, east, north."""


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named point. ``icao`` is empty unless it is an aerodrome."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    icao: Annotated[str, Meta(max_length=4)] = ""
    at: Position


class Theatre(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A theatre, as its TOML file describes it.

    ``zone`` is for times that are written without one. ``map`` is the folder of the map's GeoJSON files, seen from the
    theatre's file; those of the theatres that are shipped stand with the scenarios.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: str
    zone: str = "UTC"
    bounds_deg: Bounds
    map: str = ""
    places: tuple[Place, ...] = ()

    def place(self, name: str) -> Position | None:
        """The position of a place by name or ICAO code; case, blanks and hyphens do not count. None if unknown."""
        wanted = _key(name)
        for each in self.places:
            if wanted and wanted in (_key(each.name), each.icao):
                return each.at
        return None


class TheatreError(ValueError):
    """The theatre's file cannot be used; the message begins with the field."""


def read_theatre(text: str) -> Theatre:
    """The theatre in a TOML text. Raises TheatreError."""
    try:
        theatre = msgspec.toml.decode(text.removeprefix("\ufeff"), type=Theatre)
    except msgspec.DecodeError as error:
        raise TheatreError(str(error)) from error
    if problem := bounds_problem(theatre.bounds_deg):
        raise TheatreError(f"bounds_deg: {problem}")
    return theatre


def bounds_problem(bounds: Bounds) -> str | None:
    """Why these cannot be the bounds of a theatre; None when they can."""
    west, south, east, north = bounds
    if not (west < east and south < north):
        return "west, south, east, north: the west before the east, the south before the north, not over the date line"
    if max(east - west, north - south) > WIDEST_DEG:
        return f"{WIDEST_DEG:g} degrees at most from west to east and from south to north: the map is flat"
    if min(east - west, north - south) < NARROWEST_DEG:
        return f"{NARROWEST_DEG:g} degrees at least from west to east and from south to north"
    if max(-south, north) > FURTHEST_NORTH_DEG:
        return f"no further north or south than {FURTHEST_NORTH_DEG:g} degrees"
    return None


@lru_cache
def shipped_theatre(name: str) -> Theatre | None:
    """The theatre of this name that comes with the program; None where there is none."""
    file = FOLDER / f"{name}.toml"
    return read_theatre(file.read_text(encoding="utf-8-sig")) if name in shipped_theatres() else None


def shipped_theatres() -> tuple[str, ...]:
    """The names of all theatres that come with the program."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def default_theatre() -> Theatre:
    """The theatre of scenarios and agreements that name none. Raises FileNotFoundError in a damaged installation."""
    found = shipped_theatre(DEFAULT)
    if found is None:
        raise FileNotFoundError(FOLDER / f"{DEFAULT}.toml")
    return found


class _Now:
    """The theatre of this process."""

    theatre: Theatre | None = None


_forget: Final[list[Callable[[], None]]] = []
"""Each empties one cache."""


def theatre_now() -> Theatre:
    """The theatre that this process plays in."""
    if _Now.theatre is None:
        _Now.theatre = default_theatre()
    return _Now.theatre


def enter(theatre: Theatre) -> None:
    """Play in this theatre from now on. What was worked out in the plane of another one is forgotten."""
    before = theatre_now()
    _Now.theatre = theatre
    if before.bounds_deg != theatre.bounds_deg:
        for forget in _forget:
            forget()


def enter_bounds(bounds: Bounds | None) -> None:
    """Play within the bounds of an agreement, of which no more is known; None stands for the default theatre."""
    if bounds is None:
        enter(default_theatre())
    elif bounds != theatre_now().bounds_deg:
        enter(Theatre(name="unnamed", title="", bounds_deg=bounds))


class Remembered(Protocol[P, R_co]):
    """A function whose results are kept until the theatre changes."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...

    def cache_clear(self) -> None:
        """Forget the results."""


def remembered(maxsize: int | None) -> Callable[[Callable[P, R_co]], Remembered[P, R_co]]:
    """Like ``functools.lru_cache``, for what depends on the theatre's plane.

    The results of equal arguments have to be the same to the byte: 8 and 8.0 are equal.
    """

    def remember(function: Callable[P, R_co]) -> Remembered[P, R_co]:
        cached = lru_cache(maxsize=maxsize)(function)
        _forget.append(cached.cache_clear)
        return cached

    return remember


def in_words(bounds: Bounds) -> str:
    """``34 to 44 E, 31 to 39 N``, ``30 to 20 W``, ``5 W to 5 E``."""
    west, south, east, north = bounds
    return f"{_span(west, east, 'W', 'E')}, {_span(south, north, 'S', 'N')}"


def _span(low: float, high: float, below: str, above: str) -> str:
    if low >= 0:
        return f"{low:g} to {high:g} {above}"
    if high <= 0:
        return f"{-low:g} to {-high:g} {below}"
    return f"{-low:g} {below} to {high:g} {above}"


def _key(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())
