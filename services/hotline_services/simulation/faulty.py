"""Nodes on a network that loses, doubles and delays, and that die: what a live shell does about it, simulated."""

from collections.abc import Callable, Collection, Set

from hotline_protocol.core import Core
from hotline_protocol.message import Message
from hotline_protocol.service import Health
from hotline_protocol.topics import HEALTH, TOPICS, Topic

from .chance import Chance
from .event_queue import Agenda
from .faulty_node import FaultyNode
from .network import HOUR, ClockStep, Crash, Faults, Hang, Intrusion, Link, Mortality, NetworkModel
from .node import Listener
from .routes import Routes, addressee


class FaultyNetwork:
    """Brings messages as far as links, the broker and the nodes allow.

    What is receipted is sent until its receiver has it, by the node that said it. Everything else has the
    broker's promise: it arrives, however late, and waits there for a node that is down.
    """

    def __init__(self, model: NetworkModel, faults: Faults, agenda: Agenda, chance: Chance) -> None:
        self._listener: Listener | None = None
        self._model = model
        self._faults = faults
        self._agenda = agenda
        self._chance = chance
        self._routes = Routes()
        self._nodes: dict[str, FaultyNode] = {}
        self._links: dict[tuple[str, str], Link] = {}
        self._retained: dict[str, Health] = {}
        self._intruded: list[Intrusion] = []  # what is retained of it

    def add(self, name: str, core_factory: Callable[[], Core], hears: Collection[Topic]) -> None:
        """A new node."""
        slow = [slow for slow in self._faults.slow_disks if slow.party == name]
        self._nodes[name] = FaultyNode(name, core_factory, self, self._agenda, slow)
        self._routes.subscribe(name, hears)

    def core(self, name: str) -> Core:
        """The core of this node."""
        return self._nodes[name].core

    def lost(self, name: str) -> Set[str]:
        """The ids of what this node has said and no longer knows of."""
        return self._nodes[name].lost

    @property
    def names(self) -> Collection[str]:
        """The nodes."""
        return self._nodes.keys()

    def listen(self, listener: Listener | None) -> None:
        """Tell this one of each message, and nobody else."""
        self._listener = listener

    def begin(self) -> None:
        """All nodes come up, and what will befall them is put down."""
        for outage in self._model.outages:
            self._agenda.put(outage.end, self._reconnect, None)
        for crash in self._faults.crashes:
            self._agenda.put(crash.at, self._kill, crash)
        for hang in self._faults.hangs:
            self._agenda.put(hang.at, self._hang, hang)
        for step in self._faults.clock_steps:
            self._agenda.put(step.at, self._step_clock, step)
        for intrusion in self._faults.intrusions:
            self._agenda.put(intrusion.at, self._intrude, intrusion)
        for party in self._faults.parties:
            self._live_dangerously(Mortality(self._faults, party, self._chance))
        for node in self._nodes.values():
            node.begin()

    def inject(self, message: Message) -> None:
        """Bring this from outside, now; a node that is down gets it when it is back."""
        self._tell(message)
        route = self._routes[type(message)]
        names = (addressee(message), *route.hearers) if route.addressed else route.hearers
        for name in dict.fromkeys(names):
            if name in self._nodes:
                self._nodes[name].receive(message)

    def publish(self, message: Message, sender: "FaultyNode") -> None:
        """Bring this to whoever it is for, as it is said for the first time."""
        self._tell(message)
        if isinstance(message, Health):
            self._retained[message.source] = message
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
        for arrival in self._link(sender, to).attempt(self._agenda.now):
            self._agenda.put(arrival, self._nodes[to].receive_receipted, message)

    def receipt(self, message: Message, receiver: str) -> None:
        """One attempt to tell the sender that its message is in the receiver's journal."""
        if message.source in self._nodes:
            for arrival in self._link(receiver, message.source).attempt(self._agenda.now):
                self._agenda.put(arrival, self._nodes[message.source].confirmed, message.id)

    def resend(self, messages: Collection[Message], sender: str, to: str) -> None:
        """Bring these again to the one that asked, as far as they are meant for it."""
        for message in messages:
            route = self._routes[type(message)]
            if to in route.hearers or (route.addressed and addressee(message) == to):
                self._deliver(message, sender, to)

    def retained_for(self, name: str) -> None:
        """What the broker tells a node that has just subscribed again."""
        if self._routes.hears(name, HEALTH):
            for source, health in self._retained.items():
                if source != name:
                    self._deliver(health, source, name)
        for intrusion in self._intruded:
            if name in self._hearers(intrusion.topic):
                self._agenda.put(self._agenda.now, self._nodes[name].hear, intrusion)

    def is_receipted(self, message: Message) -> bool:
        """Whether the sender keeps it until the receiver has it."""
        return self._routes[type(message)].receipted and addressee(message) in self._nodes

    def _deliver(self, message: Message, sender: str, to: str) -> None:
        for arrival in self._link(sender, to).deliver(self._agenda.now):
            self._agenda.put(arrival, self._nodes[to].receive, message)

    def _link(self, sender: str, receiver: str) -> Link:
        link = self._links.get((sender, receiver))
        if link is None:
            link = Link(self._model, sender, receiver, self._chance)
            self._links[sender, receiver] = link
        return link

    def _tell(self, message: Message) -> None:
        if self._listener is not None:
            self._listener(message, self._agenda.now)

    def _reconnect(self, _: None) -> None:
        for node in self._nodes.values():
            node.reconnect()

    def _kill(self, crash: Crash) -> None:
        node = self._nodes.get(crash.party)
        if node is not None:  # not every run has a monitor
            node.die(crash)

    def _hang(self, hang: Hang) -> None:
        if hang.party in self._nodes:
            self._nodes[hang.party].hang(hang)

    def _step_clock(self, step: ClockStep) -> None:
        if step.party in self._nodes:
            self._nodes[step.party].step_clock(step.offset_s)

    def _intrude(self, intrusion: Intrusion) -> None:
        if intrusion.retained:
            self._intruded.append(intrusion)
        for name in self._hearers(intrusion.topic):
            self._nodes[name].hear(intrusion)

    def _hearers(self, topic_name: str) -> list[str]:
        """The nodes that hear what is published on the topic of this name."""
        for topic in TOPICS:
            levels = topic.match(topic_name)
            if levels is not None:
                return [name for name in self._nodes if name == levels.get("to") or self._routes.hears(name, topic)]
        return []

    def _live_dangerously(self, mortality: Mortality) -> None:
        now = self._agenda.now
        if crash := mortality.hour_from(now):
            self._agenda.put(crash.at, self._kill, crash)
        self._agenda.put(now + HOUR, self._live_dangerously, mortality)
