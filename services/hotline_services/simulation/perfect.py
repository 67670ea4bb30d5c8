"""Nodes on a network that loses nothing: no receipts, no journals, nothing seen twice. Made to be fast."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from heapq import heappush
from typing import Final

from hotline_protocol.core import Core
from hotline_protocol.message import Message
from hotline_protocol.topics import Topic

from .event_queue import Agenda, Alarm
from .network import NetworkModel
from .node import Listener, birth, circumstances, lapse
from .routes import Routes, addressee


class PerfectNetwork:
    """Brings each message once, in order, after one and the same delay."""

    def __init__(self, model: NetworkModel, agenda: Agenda) -> None:
        self.agenda: Final = agenda
        self.delay: Final = timedelta(seconds=model.delay_s)
        self.doors: Final[dict[str, Callable[[Message], None]]] = {}
        self.direct: Final[set[type[Message]]] = set()
        self._listener: Listener | None = None
        self._routes = Routes()
        self._nodes: dict[str, PerfectNode] = {}

    def add(self, name: str, core_factory: Callable[[], Core], hears: Collection[Topic]) -> None:
        """A new node."""
        node = self._nodes[name] = PerfectNode(name, core_factory(), self)
        self.doors[name] = node.receive
        self._routes.subscribe(name, hears)

    def core(self, name: str) -> Core:
        """The core of this node."""
        return self._nodes[name].core

    def listen(self, listener: Listener | None) -> None:
        """Tell this one of each message, and nobody else."""
        self._listener = listener
        self.direct.clear()

    def begin(self) -> None:
        """All nodes come up."""
        for name, node in self._nodes.items():
            self.publish(birth(name, 0, 0, self.agenda.now), name)
            node.arm()

    def inject(self, message: Message) -> None:
        """Bring this from outside, now."""
        self._spread(message, None, self.agenda.now)

    def publish(self, message: Message, sender: str) -> None:
        """Bring this to whoever it is for."""
        self._spread(message, sender, self.agenda.now + self.delay)

    def _spread(self, message: Message, sender: str | None, arrival: datetime) -> None:
        agenda = self.agenda
        if self._listener is not None:
            self._listener(message, agenda.now)
        kind = type(message)
        addressed, _, housekeeping, hearers = self._routes[kind]
        to = None
        if addressed and not housekeeping:  # there is nothing to send again
            to = addressee(message)
            if door := self.doors.get(to):
                heappush(agenda.heap, (arrival, agenda.sequence(), door, message))
            if not hearers and self._listener is None:
                self.direct.add(kind)
        for hearer in hearers:
            if hearer not in (to, sender):
                heappush(agenda.heap, (arrival, agenda.sequence(), self.doors[hearer], message))


class PerfectNode:
    """A core: what arrives is fed to it, what it says is published, and it is woken when it wants to be."""

    __slots__ = ("_alarm", "_deadline", "_name", "_network", "_receive", "core")

    def __init__(self, name: str, core: Core, network: PerfectNetwork) -> None:
        self.core = core
        self._receive = core.receive
        self._name = name
        self._network = network
        self._deadline: datetime | None = None
        self._alarm = Alarm(network.agenda, self._lapse)

    def receive(self, message: Message) -> None:
        """Feed this message to the core.

        What it says and concerns its addressee alone is put down here and not by ``publish``: it is most of all
        that is said, and the calls to do it in would take half of the time.
        """
        network = self._network
        agenda = network.agenda
        try:
            saying = self._receive(message, agenda.now)
        except Exception as error:
            error.add_note(circumstances(self._name, message, agenda.now))
            raise
        for said in saying:
            if type(said) in network.direct and (door := network.doors.get(addressee(said))):
                heappush(agenda.heap, (agenda.now + network.delay, agenda.sequence(), door, said))
            else:
                network.publish(said, self._name)
        if self.core.next_deadline is not self._deadline:
            self.arm()

    def arm(self) -> None:
        """Have the core woken at its next deadline, and not at the one before."""
        self._deadline = self.core.next_deadline
        self._alarm.set(self._deadline)

    def _lapse(self) -> None:
        now = self._network.agenda.now
        for said in lapse(self._name, self.core, now):
            self._network.publish(said, self._name)
        self.arm()
