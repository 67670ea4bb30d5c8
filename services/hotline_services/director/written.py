"""What people write in a scenario instead of exact values: times of day, times from now, names of places."""

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hotline_protocol.airspace import Area, Circle, Corridor, NauticalMiles, Polygon, Position
from hotline_protocol.places import place

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_OFFSET: Final = re.compile(r"\+(\d{1,4}):([0-5]\d)(?::([0-5]\d))?")

_NUMBER: Final = r"(\d{1,4}(?:\.\d{1,3})?)"
_DURATION: Final = re.compile(f"(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?")

YEARS: Final = range(1950, 2101)
"""In which a scenario and its dates may lie: what is counted from them is then a date too, in every zone."""
OUT_OF_YEARS: Final = f"must lie in the years from {YEARS[0]} to {YEARS[-1]}"

Gazetteer = Mapping[str, Position]


class Moment:
    """A time: ``"16:30"`` (the next time that the clock shows it), ``"+02:15"`` (from now), or a date with its offset.

    What *now* is, and in which zone the clock shows it, is said when it is resolved.
    """

    def __init__(self, written: time | timedelta | datetime) -> None:
        self.written: Final = written

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moment) and self.written == other.written

    def __hash__(self) -> int:
        return hash(self.written)

    def __repr__(self) -> str:
        return f"Moment({self.written!r})"

    @property
    def is_clock(self) -> bool:
        """It is a time of day, whatever the day."""
        return isinstance(self.written, time)

    def after(self, now: datetime) -> datetime:
        """The instant that is meant, seen from ``now`` and in its zone. Never before ``now`` unless it is a date."""
        match self.written:
            case datetime():
                return self.written.astimezone(now.tzinfo)
            case timedelta():
                return now + self.written
            case time():
                today = datetime.combine(now.date(), self.written, now.tzinfo)
                return today if today >= now else today + timedelta(days=1)


def read_moment(value: object) -> Moment:
    """The moment written so in TOML. Raises ValueError that says what would be right."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        if value.year not in YEARS:
            raise ValueError(f"{value.isoformat()}: {OUT_OF_YEARS}")
        return Moment(value)
    if isinstance(value, time):
        return Moment(value)
    if isinstance(value, str):
        if found := _CLOCK.fullmatch(value):
            return Moment(time(int(found[1]), int(found[2])))
        if found := _OFFSET.fullmatch(value):
            return Moment(timedelta(hours=int(found[1]), minutes=int(found[2]), seconds=int(found[3] or 0)))
    raise ValueError(
        f'{value!s} is no time: write "16:30" (clock), "+02:15" (hours and minutes from now), '
        "or 2017-06-18T16:30:00+03:00 (date, without quotes, with its offset)"
    )


class Duration:
    """A length of time: ``"27m"``, ``"6h"``, ``"90s"``, ``"1h30m"``."""

    def __init__(self, written: timedelta) -> None:
        self.written: Final = written

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Duration) and self.written == other.written

    def __hash__(self) -> int:
        return hash(self.written)

    def __repr__(self) -> str:
        return f"Duration({self.written!r})"


def read_duration(value: object) -> Duration:
    """The duration written so in TOML. Raises ValueError that says what would be right."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found or not any(found.groups()):
        raise ValueError(f'{value!s} is no length of time: write "27m", "6h", "90s" or "1h30m"')
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return Duration(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))


class Spot:
    """A point: ``[longitude, latitude]`` in degrees, or the name of a place."""

    def __init__(self, written: str | Position) -> None:
        self.written: Final = written

    def __repr__(self) -> str:
        return f"Spot({self.written!r})"

    def position(self, places: Gazetteer) -> Position:
        """Where it is: the scenario's own places first, then the known ones. Raises ValueError."""
        if isinstance(self.written, Position):
            return self.written
        if self.written in places:
            return places[self.written]
        if known := place(self.written):
            return known
        raise ValueError(f"no place is called {self.written!r}: add it to [places] or write [longitude, latitude]")


def read_spot(value: object) -> Spot:
    """The spot written so in TOML. Raises ValueError that says what would be right."""
    if isinstance(value, str):
        return Spot(value)
    try:
        return Spot(msgspec.convert(value, Position))
    except msgspec.ValidationError as error:
        raise ValueError(f"{value!s} is no point: write [longitude, latitude] in degrees, or a place's name") from error


class CircleAt(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="circle"):
    """Everything within ``radius_nm`` of a spot."""

    centre: Spot
    radius_nm: NauticalMiles

    def area(self, places: Gazetteer) -> Area:
        """The area on the map. Raises ValueError when a place is not known."""
        return Circle(centre=self.centre.position(places), radius_nm=self.radius_nm)


class CorridorAlong(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="corridor"):
    """A route over spots, with a half-width to either side."""

    route: tuple[Spot, ...]
    half_width_nm: NauticalMiles

    def area(self, places: Gazetteer) -> Area:
        """The area on the map. Raises ValueError when a place is not known."""
        return _checked(Corridor(route=_positions(self.route, places), half_width_nm=self.half_width_nm))


class PolygonOf(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="polygon"):
    """A simple polygon with its corners at spots."""

    vertices: tuple[Spot, ...]

    def area(self, places: Gazetteer) -> Area:
        """The area on the map. Raises ValueError when a place is not known."""
        return _checked(Polygon(vertices=_positions(self.vertices, places)))


class FrontAlong(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="front"):
    """A circle somewhere along the front of the flight's side, drawn for each flight.

    ``depth_nm`` is how far behind that front it lies, at least and at most; below 0 it lies beyond it. ``along`` is
    which part of the front: 0 is where the axis begins, 1 where it ends.
    """

    radius_nm: NauticalMiles
    depth_nm: tuple[Annotated[float, Meta(ge=-100, le=100)], Annotated[float, Meta(ge=-100, le=100)]]
    along: tuple[Annotated[float, Meta(ge=0, le=1)], Annotated[float, Meta(ge=0, le=1)]] = (0.0, 1.0)


WrittenArea = CircleAt | CorridorAlong | PolygonOf
TrafficArea = WrittenArea | FrontAlong


def _positions(spots: tuple[Spot, ...], places: Gazetteer) -> tuple[Position, ...]:
    return tuple(spot.position(places) for spot in spots)


def _checked(area: Area) -> Area:
    """Raises ValidationError (a ValueError) when there are too few or too many points."""
    return msgspec.convert(msgspec.to_builtins(area), type(area))


def read_written(kind: type, value: object) -> Any:
    """For msgspec's ``dec_hook``: a Moment, a Duration or a Spot. Raises ValueError."""
    if kind is Moment:
        return read_moment(value)
    if kind is Duration:
        return read_duration(value)
    if kind is Spot:
        return read_spot(value)
    raise NotImplementedError(f"{kind} cannot be written in a scenario")
