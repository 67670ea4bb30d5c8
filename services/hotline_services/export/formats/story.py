"""What a run came to, for exporters: its rows, what flew where, how the line ran, and where things happened."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Position
from hotline_protocol.events import LineMoved
from hotline_protocol.flightplan import FlightKind
from hotline_protocol.message import Message
from hotline_protocol.sky import FlightBegan, FlightFlown, FlightPath, Flyer, PathChanged
from hotline_services.monitor.latestrows import airborne_key
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.rows import EscalationRow, Row
from hotline_services.monitor.volume import Period
from hotline_services.runtime.recording import Header, Recorded

from .outlines import Stop, stops

R = TypeVar("R", bound=Row)

MOST_CAUSES: Final = 64
"""How far back causes are followed: a chain that is longer goes in a circle."""


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """One flight from its beginning to its end, with every change of its path. ``ended_at`` is None when not heard."""

    key: str
    flyer: Flyer
    kind: FlightKind | None
    began_at: datetime
    ended_at: datetime | None
    stops: tuple[Stop, ...]

    @property
    def side(self) -> str:
        """Who answers for it, or who flies it where nobody does."""
        return self.flyer.side or self.flyer.operator


class Trace(NamedTuple):
    """How the line ran from ``since`` on (None: from the beginning) until ``until`` (None: to the end)."""

    since: datetime | None
    until: datetime | None
    positions: tuple[Position, ...]


class _Told(NamedTuple):
    began: list[FlightBegan]
    turned: list[PathChanged]
    flown: list[FlightFlown]


class Story:
    """A run folded up, message by message. ``agreement`` is the memorandum under which it was played, if known."""

    def __init__(self, header: Header, agreement: Agreement | None = None) -> None:
        self.header: Final = header
        self.agreement: Final = agreement
        self.messages = 0
        self.period: Period | None = None
        self._projection: Final = Projection()
        self._flights: Final[dict[str, _Told]] = defaultdict(lambda: _Told([], [], []))
        self._moved: Final[list[LineMoved]] = []
        self._causes: Final[dict[str, str]] = {}
        self._places: Final[dict[str, Position]] = {}

    def take(self, recorded: Recorded) -> None:
        """This was said next."""
        message, at = recorded.message, recorded.at
        self.messages += 1
        start, end = (self.period.start, self.period.end) if self.period else (at, at)
        self.period = Period(start=min(start, at), end=max(end, at))
        self._projection.apply(message, at)
        self._remember(message)

    def _remember(self, message: Message) -> None:
        if message.cause:
            self._causes[message.id] = message.cause
        if isinstance(at := getattr(message, "at", None), Position):
            self._places[message.id] = at
        match message:
            case FlightBegan():
                self._flights[airborne_key(message.flyer)].began.append(message)
            case PathChanged():
                self._flights[airborne_key(message.flyer)].turned.append(message)
            case FlightFlown():
                self._flights[airborne_key(message.flyer)].flown.append(message)
            case LineMoved():
                self._moved.append(message)
            case _:
                pass

    def rows(self, kind: type[R]) -> list[R]:
        """The rows of this kind, by time."""
        return self._projection.rows(kind)

    def place_of(self, row: EscalationRow) -> Position | None:
        """Where that happened which this escalation goes back to, as far as a message says where it was."""
        name = row.cause or row.about
        for _ in range(MOST_CAUSES):
            if name in self._places or not name:
                break
            name = self._causes.get(name, "")
        return self._places.get(name)

    @property
    def traces(self) -> tuple[Trace, ...]:
        """The line as it ran one after the other; illustrative, as the agreement has it. Empty when there is none."""
        line = self.agreement.line if self.agreement else None
        found = [Trace(None, None, line.trace)] if line else []
        for moved in sorted(self._moved, key=lambda moved: (moved.time, moved.source)):
            if found and found[-1].positions == moved.trace:
                continue  # the other side says the same of the same review
            if found:
                found[-1] = found[-1]._replace(until=moved.time)
            found.append(Trace(moved.time, None, moved.trace))
        return tuple(found)

    def journeys(self) -> list[Journey]:
        """Every flight of which it was told that it is in the air, by the time at which it began."""
        found = [each for key, told in self._flights.items() for each in _journeys(key, told)]
        return sorted(found, key=lambda journey: (journey.began_at, journey.key))


def _journeys(key: str, told: _Told) -> Iterable[Journey]:
    """A plan that is flown again is another journey: what is told belongs to that which began last before it."""
    began = sorted(told.began, key=lambda message: message.time)
    for number, first in enumerate(began):
        over = began[number + 1].time if number + 1 < len(began) else None
        ended_at = next((flown.ended_at for flown in told.flown if flown.began_at == first.time), None)
        until = min((at for at in (over, ended_at) if at), default=None)
        turned = [each for each in told.turned if first.time <= each.time and (until is None or each.time < until)]
        paths = [(first.time, first.path), *((each.time, each.path) for each in sorted(turned, key=_time))]
        yield Journey(
            key=f"{key}/{number + 1}" if number else key,
            flyer=first.flyer,
            kind=first.kind,
            began_at=first.time,
            ended_at=ended_at,
            stops=_along(paths, until),
        )


def _time(message: Message) -> datetime:
    return message.time


def _along(paths: list[tuple[datetime, FlightPath]], until: datetime | None) -> tuple[Stop, ...]:
    """Each path up to the next one; at a time at which two meet, the later one holds."""
    found: list[Stop] = []
    for number, (start, path) in enumerate(paths):
        last = number + 1 == len(paths)
        for stop in stops(start, path, until if last else paths[number + 1][0]):
            while found and found[-1].at >= stop.at:
                found.pop()
            found.append(stop)
    return tuple(found)
