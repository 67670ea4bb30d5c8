"""Nodes on a network that loses, doubles and delays, and that die: what a live shell does about it, simulated."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.core import Core
from hotline_protocol.message import Message
from hotline_protocol.service import Health, Resend
from hotline_protocol.topics import HEALTH, Topic

from .agenda import Agenda, Alarm
from .chance import Chance
from .network import HOUR, Crash, Faults, Link, Mortality, NetworkModel
from .node import Listener, birth, circumstances, lapse, will
from .outbox import Outbox, Seen
from .routes import Routes, addressee

MICROSECOND: Final = timedelta(microseconds=1)


class ReplayDivergedError(Exception):
    """A core that was fed its journal again did not say again what it had said: it is not deterministic."""


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

    def add(self, name: str, core_factory: Callable[[], Core], hears: Collection[Topic]) -> None:
        """A new node."""
        self._nodes[name] = FaultyNode(name, core_factory, self, self._agenda)
        self._routes.subscribe(name, hears)

    def core(self, name: str) -> Core:
        """The core of this node."""
        return self._nodes[name].core

    def listen(self, listener: Listener | None) -> None:
        """Tell this one of each message, and nobody else."""
        self._listener = listener

    def begin(self) -> None:
        """All nodes come up, and what will befall them is put down."""
        for outage in self._model.outages:
            self._agenda.put(outage.end, self._reconnect, None)
        for crash in self._faults.crashes:
            self._agenda.put(crash.at, self._kill, crash)
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
        """Bring these again, to the one that asked."""
        for message in messages:
            self._deliver(message, sender, to)

    def retained_for(self, name: str) -> None:
        """What the broker tells a node that has just subscribed again."""
        if self._routes.hears(name, HEALTH):
            for source, health in self._retained.items():
                if source != name:
                    self._deliver(health, source, name)

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
            node.die(timedelta(seconds=crash.down_s), in_the_act=crash.in_the_act)

    def _live_dangerously(self, mortality: Mortality) -> None:
        now = self._agenda.now
        if crash := mortality.hour_from(now):
            self._agenda.put(crash.at, self._kill, crash)
        self._agenda.put(now + HOUR, self._live_dangerously, mortality)


class FaultyNode:
    """A core with what outlives it: its journal, what it said, and which of that has been receipted."""

    def __init__(self, name: str, core_factory: Callable[[], Core], network: FaultyNetwork, agenda: Agenda) -> None:
        self.name: Final = name
        self.core = core_factory()
        self._factory = core_factory
        self._network = network
        self._agenda = agenda
        self._journal: list[tuple[datetime, Message | None]] = []
        self._said: list[Message] = []
        self._receipts: set[str] = set()
        self._queued: list[Message] = []  # what the broker keeps while the node is down
        self._seen = Seen()
        self._outbox = Outbox()
        self._up = True
        self._life = 0
        self._healths = 0
        self._doom: timedelta | None = None
        self._alarm = Alarm(agenda, self._lapse)
        self._resending = Alarm(agenda, self._resend)

    def begin(self) -> None:
        """Come up for the first time."""
        self._bear()
        self._arm()

    def receive(self, message: Message) -> None:
        """Something arrives that the broker keeps until it has arrived."""
        if self._up:
            self._take_in(message)
        else:
            self._queued.append(message)

    def receive_receipted(self, message: Message) -> None:
        """Something arrives that its sender keeps until it is in this node's journal."""
        if self._up:
            self._take_in(message)
        if self._up:  # else it died before it could say so
            self._network.receipt(message, self.name)

    def keep(self, message: Message) -> None:
        """Send this again until it is confirmed."""
        self._outbox.add(message, self._agenda.now_s)
        self._arm_resending()

    def confirmed(self, message_id: str) -> None:
        """The receiver has this message in its journal."""
        if self._up:
            self._receipts.add(message_id)
            self._outbox.confirm((message_id,))

    def reconnect(self) -> None:
        """The broker is back: what waits goes out at once."""
        if self._up:
            self._bear()
            self._hurry()

    def die(self, down: timedelta, *, in_the_act: bool) -> None:
        """Stop now, or with the next input, and come back so much later."""
        if in_the_act:
            self._doom = down
        elif self._up:
            self._fall(down)

    def _take_in(self, message: Message) -> None:
        if not self._seen.first_time(message):
            return
        if isinstance(message, Resend):
            self._say_again(message)
        else:
            self._act(message)

    def _feed(self, heard: Message | None, now: datetime) -> Sequence[Message]:
        if heard is None:
            return lapse(self.name, self.core, now)
        try:
            return self.core.receive(heard, now)
        except Exception as error:
            error.add_note(circumstances(self.name, heard, now))
            raise

    def _say_again(self, request: Resend) -> None:
        wanted = range(request.first_seq, request.last_seq + 1)
        again = [said for said in self._said if said.epoch == request.wanted_epoch and said.seq in wanted]
        self._network.resend(again, self.name, request.source)

    def _act(self, heard: Message | None) -> None:
        now = self._agenda.now
        self._journal.append((now, heard))
        if self._doom is not None:
            self._fall(self._doom)
            return
        self._say(self._feed(heard, now))
        self._arm()

    def _say(self, messages: Collection[Message]) -> None:
        self._said.extend(messages)
        for message in messages:
            self._network.publish(message, self)

    def _fall(self, down: timedelta) -> None:
        self._up = False
        self._doom = None
        self._alarm.set(None)
        self._resending.set(None)
        self._network.publish(will(self.name, self._life, self._next_health(), self._agenda.now), self)
        self._agenda.put(self._agenda.now + down, self._rise, None)

    def _rise(self, _: None) -> None:
        """Recovery is replay."""
        self._life += 1
        self.core = self._factory()
        self._seen, self._outbox = Seen(), Outbox()
        unsaid = self._replay()
        self._up = True
        for message in self._said:
            if message.id not in self._receipts and self._network.is_receipted(message):
                self._outbox.add(message, self._agenda.now_s)
        self._hurry()
        self._bear()
        self._network.retained_for(self.name)
        self._say(unsaid)
        self._arm()
        queued, self._queued = self._queued, []
        for message in queued:
            self.receive(message)

    def _replay(self) -> list[Message]:
        """Feed the journal to the new core; returns what the old one did not come to say."""
        said: list[Message] = []
        for at, heard in self._journal:
            if heard is not None:
                self._seen.first_time(heard)
            said.extend(self._feed(heard, at))
        for before, again in zip(self._said, said, strict=False):
            if before != again:
                raise ReplayDivergedError(f"{self.name}: said {before}, and on replay {again}")
        if len(said) < len(self._said):
            raise ReplayDivergedError(f"{self.name}: said {self._said[len(said)]}, and on replay nothing")
        return said[len(self._said) :]

    def _bear(self) -> None:
        self._network.publish(birth(self.name, self._life, self._next_health(), self._agenda.now), self)

    def _next_health(self) -> int:
        self._healths += 1
        return self._healths - 1

    def _hurry(self) -> None:
        self._outbox.hurry(self._agenda.now_s)
        self._arm_resending()

    def _arm(self) -> None:
        self._alarm.set(self.core.next_deadline)

    def _lapse(self) -> None:
        self._act(None)

    def _arm_resending(self) -> None:
        due_s = self._outbox.next_due
        if due_s is not None:  # and never a rounding error too early
            self._resending.set(self._agenda.start + timedelta(seconds=due_s) + MICROSECOND)

    def _resend(self) -> None:
        for message in self._outbox.due(self._agenda.now_s):
            self._network.send(message, self.name)
        self._arm_resending()
