"""Simulated live shells: nodes that crash, on a network that loses, duplicates and delays messages."""

import copy
from collections.abc import Callable, Collection, Mapping, Set
from datetime import datetime
from typing import Final

from msgspec import field

from hotline_protocol.core import Core
from hotline_protocol.forms import Form, Forms
from hotline_protocol.message import Message
from hotline_protocol.service import Health
from hotline_protocol.slices import Slice, read
from hotline_protocol.topics import HEALTH, TOPICS, Topic

from .chance import Chance
from .event_queue import (
    AnyEvent,
    Arrival,
    BrokerBack,
    ClockStepped,
    Confirmation,
    Death,
    EventQueue,
    Handlers,
    HangBegins,
    HangEnds,
    HourBegins,
    Injection,
    Intruded,
    IntrusionHeard,
    ReceiptedArrival,
    ResendDue,
    Return,
    Wake,
    Written,
)
from .faulty_node import FaultyNode, NodeState
from .network import HOUR, Faults, Intrusion, Link, LinkState, Mortality, NetworkModel
from .node import Listener
from .routes import Routes, addressee


class FaultyState(Slice):
    """What is under way, what each node keeps, and what the broker has retained of healths and of intrusions."""

    queue: EventQueue
    nodes: dict[str, NodeState] = field(default_factory=dict)
    links: dict[str, LinkState] = field(default_factory=dict)
    retained: dict[str, Health] = field(default_factory=dict)
    intruded: tuple[Intrusion, ...] = ()


class FaultyNetwork:
    """Brings messages as far as links, the broker and the nodes allow.

    A message with a receipt is resent by its sender until its receiver has it. Every other message has the
    broker's promise: it arrives, however late, and waits there for a node that is down.
    """

    def __init__(self, model: NetworkModel, faults: Faults, start: datetime, chance: Chance) -> None:
        self.state = FaultyState(EventQueue(start, start))
        self._model: Final = model
        self._faults: Final = faults
        self._chance: Final = chance
        self._routes: Final = Routes()
        self._links: Final[dict[str, Link]] = {}
        self._mortalities: Final = {party: Mortality(faults, party, chance) for party in faults.parties}
        self._listener: Listener | None = None
        self._nodes: dict[str, FaultyNode] = {}
        self.forms_cache = Forms()
        self.handlers = self._handlers()

    def _handlers(self) -> Handlers:
        nodes = self._nodes
        return {
            Injection: lambda event: self._inject(event.message),
            Arrival: lambda event: nodes[event.to].receive(event.message),
            ReceiptedArrival: lambda event: nodes[event.to].receive_receipted(event.message),
            Confirmation: lambda event: nodes[event.to].confirmed(event.message_id),
            Wake: lambda event: nodes[event.name].woken(),
            ResendDue: lambda event: nodes[event.name].resend(),
            Written: lambda event: nodes[event.name].written(),
            Return: lambda event: nodes[event.name].rise(event.lost),
            HangEnds: lambda event: nodes[event.name].kill_hung(event),
            IntrusionHeard: lambda event: nodes[event.to].hear(event.intrusion),
            Intruded: lambda event: self._intrude(event.intrusion),
            BrokerBack: lambda _: self._reconnect(),
            Death: self._kill,
            HangBegins: self._hang,
            ClockStepped: self._step_clock,
            HourBegins: self._begin_hour,
        }

    def add(self, name: str, core_factory: Callable[[], Core], hears: Collection[Topic]) -> None:
        """A new node."""
        slow = tuple(slow for slow in self._faults.slow_disks if slow.party == name)
        state = self.state.nodes[name] = NodeState(clock_latest=self.queue.start)
        self._nodes[name] = FaultyNode(name, core_factory, self, state, slow)
        self._routes.subscribe(name, hears)

    def clone(self) -> "FaultyNetwork":
        """An equal network of cloned nodes, which nobody listens to."""
        twin = copy.copy(self)
        twin.state, twin.forms_cache = self.state.copy(), self.forms_cache.copy()
        twin.adopt({name: node.clone(twin, twin.state.nodes[name]) for name, node in self._nodes.items()})
        return twin

    def forms(self) -> list[Form]:
        """The form of what is under way, and of what nodes, links and the broker keep."""
        state = self.state
        kept = [(name, getattr(state, name)) for name in ("nodes", "links", "retained", "intruded")]
        return [Form(self.queue.now), Form(self.queue.coming(self._counts)), *self.forms_cache.of(kept)]

    def _counts(self, at: datetime, event: AnyEvent) -> bool:
        match event:
            case Wake():
                return self.state.nodes[event.name].alarm == at
            case ResendDue():
                return self.state.nodes[event.name].resending == at
            case Written():
                return self.state.nodes[event.name].disk == at
            case _:
                return True

    def load(self, saved: bytes) -> None:
        """Go on from a state that was saved; cores are loaded by themselves."""
        self.state = read(saved, FaultyState)
        for name, node in self._nodes.items():
            node.join(self, self.state.nodes[name], node.core)

    def adopt(self, nodes: dict[str, FaultyNode]) -> None:
        """Have these nodes, and nobody who listens."""
        self._nodes, self._listener = nodes, None
        self.handlers = self._handlers()

    @property
    def cores(self) -> Mapping[str, Core]:
        """The core of each node as it is now."""
        return {name: node.core for name, node in self._nodes.items()}

    @property
    def queue(self) -> EventQueue:
        """What is under way."""
        return self.state.queue

    @property
    def names(self) -> Collection[str]:
        """The nodes."""
        return self._nodes.keys()

    def lost(self, name: str) -> Set[str]:
        """The ids of what this node has said and no longer knows of."""
        return self.state.nodes[name].lost

    def listen(self, listener: Listener | None) -> None:
        """Tell this one of each message, and nobody else."""
        self._listener = listener

    def begin(self) -> None:
        """All nodes come up, and what will befall them is put down."""
        put = self.queue.put
        for outage in self._model.outages:
            put(outage.end, BrokerBack())
        for crash in self._faults.crashes:
            put(crash.at, Death(crash))
        for hang in self._faults.hangs:
            put(hang.at, HangBegins(hang))
        for step in self._faults.clock_steps:
            put(step.at, ClockStepped(step.party, step.offset_s))
        for intrusion in self._faults.intrusions:
            put(intrusion.at, Intruded(intrusion))
        for party in self._faults.parties:
            self._begin_hour(HourBegins(party, 0))
        for node in self._nodes.values():
            node.begin()

    def _inject(self, message: Message) -> None:
        """Bring this from outside, now; a node that is down gets it when it is back."""
        self._tell(message)
        route = self._routes[type(message)]
        names = (addressee(message), *route.hearers) if route.addressed else route.hearers
        for name in dict.fromkeys(names):
            if name in self._nodes:
                self._nodes[name].receive(message)

    def publish(self, message: Message, sender: FaultyNode) -> None:
        """Deliver a new message to its receivers."""
        self._tell(message)
        if isinstance(message, Health):
            self.state.retained[message.source] = message
        route = self._routes[type(message)]
        to = addressee(message) if route.addressed else None
        if to in self._nodes:
            if route.receipted:
                sender.keep(message)
                self.send(message, sender.name)
            else:
                self._deliver(message, sender.name, to)
        for hearer in route.hearers:
            if hearer not in (to, sender.name):
                self._deliver(message, sender.name, hearer)

    def send(self, message: Message, sender: str) -> None:
        """One attempt to bring a receipted message to its addressee."""
        to = addressee(message)
        for arrival in self._attempt(sender, to):
            self.queue.put(arrival, ReceiptedArrival(to, message))

    def receipt(self, message: Message, receiver: str) -> None:
        """One attempt to tell the sender that its message is in the receiver's journal."""
        if message.source in self._nodes:
            for arrival in self._attempt(receiver, message.source):
                self.queue.put(arrival, Confirmation(message.source, message.id))

    def resend(self, messages: Collection[Message], sender: str, to: str) -> None:
        """Bring these again to the one that asked, as far as they are meant for it."""
        for message in messages:
            route = self._routes[type(message)]
            if to in route.hearers or (route.addressed and addressee(message) == to):
                self._deliver(message, sender, to)

    def retained_for(self, name: str) -> None:
        """What the broker tells a node that has just subscribed again."""
        if self._routes.hears(name, HEALTH):
            for source, health in self.state.retained.items():
                if source != name:
                    self._deliver(health, source, name)
        for intrusion in self.state.intruded:
            if name in self._hearers(intrusion.topic):
                self.queue.put(self.queue.now, IntrusionHeard(name, intrusion))

    def is_receipted(self, message: Message) -> bool:
        """Whether the sender resends the message until the receiver has confirmed it."""
        return self._routes[type(message)].receipted and addressee(message) in self._nodes

    def _deliver(self, message: Message, sender: str, to: str) -> None:
        link, state = self._link(sender, to)
        for arrival in link.deliver(state, self.queue.now):
            self.queue.put(arrival, Arrival(to, message))

    def _attempt(self, sender: str, to: str) -> tuple[datetime, ...]:
        link, state = self._link(sender, to)
        return link.attempt(state, self.queue.now)

    def _link(self, sender: str, receiver: str) -> tuple[Link, LinkState]:
        name = f"{sender}/{receiver}"
        if name not in self._links:
            self._links[name] = Link(self._model, sender, receiver, self._chance)
        if name not in self.state.links:
            self.state.links[name] = LinkState()
        return self._links[name], self.state.links[name]

    def _tell(self, message: Message) -> None:
        if self._listener is not None:
            self._listener(message, self.queue.now)

    def _reconnect(self) -> None:
        for node in self._nodes.values():
            node.reconnect()

    def _kill(self, event: Death) -> None:
        node = self._nodes.get(event.crash.party)
        if node is not None:  # not every run has a monitor
            node.die(event.crash)

    def _hang(self, event: HangBegins) -> None:
        if event.hang.party in self._nodes:
            self._nodes[event.hang.party].hang(event.hang)

    def _step_clock(self, event: ClockStepped) -> None:
        if event.name in self._nodes:
            self._nodes[event.name].step_clock(event.offset_s)

    def _intrude(self, intrusion: Intrusion) -> None:
        if intrusion.retained:
            self.state.intruded = (*self.state.intruded, intrusion)
        for name in self._hearers(intrusion.topic):
            self._nodes[name].hear(intrusion)

    def _hearers(self, topic_name: str) -> list[str]:
        """The nodes that hear what is published on the topic of this name."""
        for topic in TOPICS:
            levels = topic.match(topic_name)
            if levels is not None:
                return [name for name in self._nodes if name == levels.get("to") or self._routes.hears(name, topic)]
        return []

    def _begin_hour(self, event: HourBegins) -> None:
        """Draw whether the party dies in this hour."""
        now = self.queue.now
        if crash := self._mortalities[event.party].in_hour(event.number, now):
            self.queue.put(crash.at, Death(crash))
        self.queue.put(now + HOUR, HourBegins(event.party, event.number + 1))
