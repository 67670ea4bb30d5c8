"""Nodes on a network that loses nothing: no receipts, no journals, nothing seen twice. Made to be fast."""

import copy
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from heapq import heappush
from typing import Final

from msgspec import field

from hotline_protocol.core import Core
from hotline_protocol.forms import Form
from hotline_protocol.message import Message
from hotline_protocol.slices import Slice, read
from hotline_protocol.topics import Topic

from .event_queue import AnyEvent, Arrival, EventQueue, Handlers, Injection, Wake
from .network import NetworkModel
from .node import Listener, birth, circumstances, lapse, value
from .routes import Routes, addressee

UNKNOWN: Final = datetime.min.replace(tzinfo=UTC)
"""Stands for the deadline of a core that was not looked at since the network was cloned or loaded."""


class PerfectState(Slice):
    """What is under way, and when each node is woken."""

    queue: EventQueue
    alarms: dict[str, datetime | None] = field(default_factory=dict)


class PerfectNetwork:
    """Brings each message once, in order, after one and the same delay."""

    def __init__(self, model: NetworkModel, start: datetime) -> None:
        self.state = PerfectState(EventQueue(start, start))
        self.queue = self.state.queue
        self.cores: dict[str, Core] = {}
        self._delay: Final = timedelta(seconds=model.delay_s)
        self._routes: Final = Routes()
        self._listener: Listener | None = None
        self._direct: set[type[Message]] = set()
        self._deadlines: dict[str, datetime | None] = {}
        self.handlers = self._handlers()

    def _handlers(self) -> Handlers:
        return {Injection: self._inject, Arrival: self._receive, Wake: self._wake}

    def add(self, name: str, core_factory: Callable[[], Core], hears: Collection[Topic]) -> None:
        """A new node."""
        self.cores[name] = core_factory()
        self.state.alarms[name] = None
        self._routes.subscribe(name, hears)

    def clone(self) -> "PerfectNetwork":
        """An equal network of cloned cores, which nobody listens to."""
        twin = copy.copy(self)
        twin.state = self.state.copy()
        twin.cores = {name: value(name, core).clone() for name, core in self.cores.items()}
        twin.forget_wiring()
        return twin

    def forms(self) -> list[Form]:
        """The form of what is under way."""
        return [Form(self.queue.now), Form(self.queue.coming(self._counts))]

    def _counts(self, at: datetime, event: AnyEvent) -> bool:
        return not isinstance(event, Wake) or self.state.alarms[event.name] == at

    def load(self, saved: bytes) -> None:
        """Go on from a state that was saved; cores are loaded by themselves."""
        self.state = read(saved, PerfectState)
        self.forget_wiring()

    def forget_wiring(self) -> None:
        """Work out anew what is remembered of the state, of the cores and of who listens."""
        self.queue = self.state.queue
        self._listener, self._direct, self._deadlines = None, set(), {}
        self.handlers = self._handlers()

    def listen(self, listener: Listener | None) -> None:
        """Tell this one of each message, and nobody else."""
        self._listener = listener
        self._direct.clear()

    def begin(self) -> None:
        """All nodes come up."""
        for name in self.cores:
            self._publish(birth(name, 0, 0, self.queue.now), name)
            self._arm(name)

    def _inject(self, event: Injection) -> None:
        """Bring this from outside, now."""
        self._spread(event.message, None, self.queue.now)

    def _publish(self, message: Message, sender: str) -> None:
        """Bring this to whoever it is for."""
        self._spread(message, sender, self.queue.now + self._delay)

    def _spread(self, message: Message, sender: str | None, arrival: datetime) -> None:
        queue, kind = self.queue, type(message)
        if self._listener is not None:
            self._listener(message, queue.now)
        addressed, _, housekeeping, hearers = self._routes[kind]
        to = None
        if addressed and not housekeeping:  # there is nothing to send again
            to = addressee(message)
            if to in self.cores:
                queue.count = number = queue.count + 1
                heappush(queue.heap, (arrival, number, Arrival(to, message)))
            if not hearers and self._listener is None:
                self._direct.add(kind)
        for hearer in hearers:
            if hearer not in (to, sender):
                queue.count = number = queue.count + 1
                heappush(queue.heap, (arrival, number, Arrival(hearer, message)))

    def _receive(self, event: Arrival) -> None:
        """Feed this message to the core of the node.

        What it says and concerns its addressee alone is put down here and not by ``_publish``: it is most of all
        that is said, and the calls to do it in would take half of the time.
        """
        name, queue, cores = event.to, self.queue, self.cores
        core = cores[name]
        try:
            saying = core.receive(event.message, queue.now)
        except Exception as error:
            error.add_note(circumstances(name, event.message, queue.now))
            raise
        for said in saying:
            if type(said) in self._direct and (to := addressee(said)) in cores:
                queue.count = number = queue.count + 1
                heappush(queue.heap, (queue.now + self._delay, number, Arrival(to, said)))
            else:
                self._publish(said, name)
        if core.next_deadline is not self._deadlines.get(name, UNKNOWN):
            self._arm(name)

    def _arm(self, name: str) -> None:
        """Have the core woken at its next deadline, or at once when that has passed, and not at the one before."""
        queue, alarms = self.queue, self.state.alarms
        at = self._deadlines[name] = self.cores[name].next_deadline
        if at is not None:
            at = max(at, queue.now)
            if at != alarms[name]:
                queue.put(at, Wake(name))
        alarms[name] = at

    def _wake(self, event: Wake) -> None:
        name, now, alarms = event.name, self.queue.now, self.state.alarms
        if alarms[name] != now:
            return  # it has changed its mind
        alarms[name] = None
        for said in lapse(name, self.cores[name], now):
            self._publish(said, name)
        self._arm(name)
