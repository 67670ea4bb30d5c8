"""What the sky has foreseen, in the order of time: plain data that a table of the sky handles (``sky.HANDLERS``)."""

from datetime import datetime
from heapq import heappop, heappush

import msgspec
from msgspec import field

from hotline_protocol.message import PartyName
from hotline_protocol.slices import Slice

from .conforming import Turnover
from .flight import Key
from .foresight import Affair, Entry, Passing
from .seeing import Report


class Event(msgspec.Struct, frozen=True, tag=True):
    """Something that is due at a time."""


class FlightEvent(Event, frozen=True):
    """Something that comes of a flight."""

    key: Key


class TakeOffDue(FlightEvent, frozen=True):
    """An awaited flight's time has come."""

    at_s: float


class DistressDue(FlightEvent, frozen=True):
    """The crew calls for help."""


class PassingDue(FlightEvent, frozen=True):
    """The flight goes over the line."""

    passing: Passing


class EntryDue(FlightEvent, frozen=True):
    """The flight enters a zone."""

    entry: Entry


class TurnoverDue(FlightEvent, frozen=True):
    """The flight has left its air for too long, or is back in it."""

    turnover: Turnover


class MeetingDue(FlightEvent, frozen=True):
    """Two flights are closest to each other."""

    other: Key
    affair: Affair


class LandingDue(FlightEvent, frozen=True):
    """The flight comes to the end of its path."""


class TracksDue(Event, frozen=True):
    """Positions are to be said. ``at`` is the time of this tick, whenever it is handled."""

    at: datetime


class ReportDue(Event, frozen=True):
    """A sighting has come as far as the desk of the side that saw it."""

    to: PartyName
    cause: str
    seen_at: datetime
    report: Report


FlightDue = TakeOffDue | DistressDue | PassingDue | EntryDue | TurnoverDue | MeetingDue | LandingDue
Due = FlightDue | TracksDue | ReportDue


class Agenda(Slice):
    """Events by time; those of one time in the order in which they were put down.

    ``events`` are those that still hold, by number; the ``heap`` may name others, which are passed over. ``of`` has the
    numbers of what is foreseen of each flight.
    """

    heap: list[tuple[datetime, int]] = field(default_factory=list)
    events: dict[int, Due] = field(default_factory=dict)
    of: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    count: int = 0

    def next_at(self) -> datetime | None:
        """When the next event that still holds is due."""
        heap, events = self.heap, self.events
        while heap and heap[0][1] not in events:
            heappop(heap)
        return heap[0][0] if heap else None

    def put(self, at: datetime, event: Due, *flights: Key) -> None:
        """Schedule ``event`` at this time. It is removed when the forecast of one of these flights is revoked."""
        self.count = number = self.count + 1
        self.events[number] = event
        heappush(self.heap, (at, number))
        for key in flights:
            self.of[key] = (*self.of.get(key, ()), number)

    def revoke(self, key: Key) -> None:
        """What was foreseen of this flight no longer holds."""
        for number in self.of.pop(key, ()):
            self.events.pop(number, None)

    def take(self, now: datetime) -> Due | None:
        """Take out the next event that is due by now, if there is any."""
        heap, events = self.heap, self.events
        while heap and heap[0][0] <= now:
            event = events.pop(heappop(heap)[1], None)
            if event is not None:
                return event
        return None

    def coming(self) -> list[tuple[datetime, Due]]:
        """What still holds, in order."""
        return [(at, self.events[number]) for at, number in sorted(self.heap) if number in self.events]
