"""What happens next in simulated time: plain data, which the network handles by one table (its ``handlers``)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from heapq import heappop, heappush
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import field

from hotline_protocol.slices import Slice
from hotline_protocol.topics import StoredMessage

from .network import Crash, Hang, Intrusion


class Event(msgspec.Struct, frozen=True, tag=True):
    """Something that happens at a time."""


class Injection(Event, frozen=True):
    """A message comes from outside."""

    message: StoredMessage


class Arrival(Event, frozen=True):
    """A message arrives at this node."""

    to: str
    message: StoredMessage


class Wake(Event, frozen=True):
    """The core of this node wants to be woken."""

    name: str


class ReceiptedArrival(Event, frozen=True):
    """A message arrives that its sender keeps until the receiver has it in its journal."""

    to: str
    message: StoredMessage


class Confirmation(Event, frozen=True):
    """This node is told that the receiver of its message has it."""

    to: str
    message_id: str


class ResendDue(Event, frozen=True):
    """This node sends again what was not confirmed."""

    name: str


class Written(Event, frozen=True):
    """The slow disk of this node has written one input."""

    name: str


class Intruded(Event, frozen=True):
    """Somebody publishes these bytes."""

    intrusion: Intrusion


class IntrusionHeard(Event, frozen=True):
    """A node that has subscribed again hears retained bytes."""

    to: str
    intrusion: Intrusion


class BrokerBack(Event, frozen=True):
    """The broker is back after an outage."""


class Death(Event, frozen=True):
    """A service dies, now or with its next input."""

    crash: Crash


class Return(Event, frozen=True):
    """A service that has died comes up again; the last ``lost`` inputs of its journal are gone."""

    name: str
    lost: int


class HangBegins(Event, frozen=True):
    """A service does not come back."""

    hang: Hang


class HangEnds(Event, frozen=True):
    """The watchdog kills a service that has hung since then, if it is still in the same ``life``."""

    name: str
    life: int
    down_s: float


class ClockStepped(Event, frozen=True):
    """The clock of a service is off from now on."""

    name: str
    offset_s: float


class HourBegins(Event, frozen=True):
    """It is drawn whether a party dies by chance in the hour of this number."""

    party: str
    number: int


AnyEvent = (
    Injection
    | Arrival
    | Wake
    | ReceiptedArrival
    | Confirmation
    | ResendDue
    | Written
    | Intruded
    | IntrusionHeard
    | BrokerBack
    | Death
    | Return
    | HangBegins
    | HangEnds
    | ClockStepped
    | HourBegins
)
Handlers = Mapping[type[Event], Callable[[Any], None]]


class EventQueue(Slice):
    """Events by time; at one time, in the order in which they were put down. The ``heap`` is one of :mod:`heapq`.

    Times are datetimes: they count whole microseconds, so that they add without rounding and are the same on
    every machine, and adding to one costs a seventh of making one from a number.
    """

    start: datetime
    now: datetime
    count: int = 0
    heap: list[tuple[datetime, int, AnyEvent]] = field(default_factory=list)

    @property
    def now_s(self) -> float:
        """Seconds since the start."""
        return (self.now - self.start).total_seconds()

    def put(self, at: datetime, event: AnyEvent) -> None:
        """This happens at that time, which is not in the past."""
        self.count = number = self.count + 1
        heappush(self.heap, (at if at.tzinfo is UTC else at.astimezone(UTC), number, event))

    def run(self, until: datetime, handlers: Handlers) -> None:
        """Handle all that is due up to and including this time, which then is the present."""
        heap = self.heap
        while heap and heap[0][0] <= until:
            self.now, _, event = heappop(heap)
            handlers[type(event)](event)
        self.now = max(self.now, until)

    def step(self, handlers: Handlers) -> None:
        """Handle the next event. Raises IndexError when there is none."""
        self.now, _, event = heappop(self.heap)
        handlers[type(event)](event)

    def coming(self, counts: Callable[[datetime, AnyEvent], bool]) -> list[tuple[datetime, AnyEvent]]:
        """What is to happen, in order, as far as it counts: an alarm may have been set to another time."""
        return [(at, event) for at, _, event in sorted(self.heap, key=itemgetter(0, 1)) if counts(at, event)]
