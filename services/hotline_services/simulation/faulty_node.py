"""One node of a faulty network: a core, with the journal and outbox that survive a crash of the core."""

import copy
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
from msgspec import field

from hotline_protocol.core import Core
from hotline_protocol.hearing import ear
from hotline_protocol.message import Message
from hotline_protocol.service import EpochBegun, Held, Resend
from hotline_protocol.slices import Slice
from hotline_protocol.topics import StoredMessage
from hotline_services.delivery.outbox import Outbox, Seen

from .event_queue import EventQueue, HangEnds, ResendDue, Return, Wake, Written
from .network import Crash, Hang, Intrusion, SlowDisk
from .node import birth, circumstances, lapse, value, will

MICROSECOND: Final = timedelta(microseconds=1)
LOOKBACK: Final = 200  # numbers before the highest: one that came late may be missing too


class ReplayDivergedError(Exception):
    """A replay of the journal did not repeat the messages of the core: the core is not deterministic."""


class Network(Protocol):
    """What a node asks of its network; see :class:`~.faulty.FaultyNetwork`."""

    @property
    def names(self) -> Collection[str]: ...

    @property
    def queue(self) -> EventQueue: ...

    def publish(self, message: Message, sender: "FaultyNode") -> None: ...

    def send(self, message: Message, sender: str) -> None: ...

    def receipt(self, message: Message, receiver: str) -> None: ...

    def resend(self, messages: Collection[Message], sender: str, to: str) -> None: ...

    def retained_for(self, name: str) -> None: ...

    def is_receipted(self, message: Message) -> bool: ...


class Input(msgspec.Struct, frozen=True):
    """An input that is not in the journal yet; no message for a lapse."""

    message: StoredMessage | None
    receipted: bool = False


class NodeState(Slice, kw_only=True):
    """What a shell keeps of its service: the journal, the messages said, their receipts, and what it is doing.

    * ``queued`` is what the broker keeps while the node is down. ``lost`` has the ids of what was said and then lost
      with the end of the journal.
    * The node's clock was last read at ``clock_latest`` and is off by ``clock_offset``; it never runs backwards.
    * ``alarm``, ``resending`` and ``disk``: when the core is woken, when what was not confirmed is sent again, and when
      the disk has written the first of the ``backlog``.
    """

    clock_latest: datetime
    clock_offset: timedelta = timedelta()
    journal: list[tuple[datetime, StoredMessage | None]] = field(default_factory=list)
    said: list[StoredMessage] = field(default_factory=list)
    receipts: set[str] = field(default_factory=set)
    queued: list[StoredMessage] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    outbox: Outbox = field(default_factory=Outbox)
    up: bool = True
    hung: bool = False
    life: int = 0
    healths: int = 0
    epochs: int = 0
    doom: Crash | None = None
    lost: set[str] = field(default_factory=set)
    backlog: list[Input] = field(default_factory=list)
    alarm: datetime | None = None
    resending: datetime | None = None
    disk: datetime | None = None


class FaultyNode:
    """A core, with the state that survives its crash (:class:`NodeState`)."""

    def __init__(
        self,
        name: str,
        core_factory: Callable[[], Core],
        network: Network,
        state: NodeState,
        slow_disks: Sequence[SlowDisk] = (),
    ) -> None:
        self.name: Final = name
        self.state = state
        self.core = core_factory()
        self._factory: Final = core_factory
        self._network = network
        self._slow_disks: Final = slow_disks

    def clone(self, network: Network, state: NodeState) -> "FaultyNode":
        """An equal node of this network, with this copy of its state."""
        twin = copy.copy(self)
        twin.join(network, state, value(self.name, self.core).clone())
        return twin

    def join(self, network: Network, state: NodeState, core: Core) -> None:
        """Go on as a node of this network, with this state and this core."""
        self._network, self.state, self.core = network, state, core

    def begin(self) -> None:
        """Come up for the first time."""
        self._bear()
        self._arm()

    def receive(self, message: Message) -> None:
        """Deliver a message that the broker keeps until it is delivered."""
        if self.state.up:
            self._arrive(Input(message))
        else:
            self.state.queued.append(message)

    def receive_receipted(self, message: Message) -> None:
        """Something arrives that its sender keeps until it is in this node's journal."""
        if self.state.up:
            self._arrive(Input(message, receipted=True))

    def hear(self, intrusion: Intrusion) -> None:
        """These bytes arrive, from somebody who is no node."""
        for message in ear(intrusion.topic, intrusion.payload, self._read_clock()):
            self.receive(message)

    def step_clock(self, offset_s: float) -> None:
        """The node's clock is off by so much from now on."""
        self.state.clock_offset = timedelta(seconds=offset_s)
        if self.state.up:
            self._arm()

    def hang(self, hang: Hang) -> None:
        """Take nothing in and say nothing, until the watchdog kills the service."""
        if self.state.up and not self.state.hung:
            self.state.hung = True
            self.state.disk = None
            ends = self._now + timedelta(seconds=hang.for_s)
            self._network.queue.put(ends, HangEnds(self.name, self.state.life, hang.down_s))

    def keep(self, message: Message) -> None:
        """Send this again until it is confirmed."""
        self.state.outbox.add(message, self._network.queue.now_s)
        self._arm_resending()

    def confirmed(self, message_id: str) -> None:
        """The receiver has this message in its journal."""
        if self.state.up and not self.state.hung:
            self.state.receipts.add(message_id)
            self.state.outbox.confirm((message_id,))

    def reconnect(self) -> None:
        """The broker is back: what waits goes out at once."""
        if self.state.up and not self.state.hung:
            self._bear()
            self._hurry()

    def die(self, crash: Crash) -> None:
        """Stop now, or with the next input, and come back so much later."""
        if crash.in_the_act:
            self.state.doom = crash
        elif self.state.up:
            self._fall(crash)

    def kill_hung(self, event: HangEnds) -> None:
        """The watchdog kills the service, if it still hangs."""
        if self.state.hung and self.state.up and self.state.life == event.life:
            self._fall(Crash(party=self.name, at=self._now, down_s=event.down_s))

    @property
    def _now(self) -> datetime:
        return self._network.queue.now

    def _commit_s(self) -> float:
        """How long the disk takes now to write one input."""
        now = self._now
        return next((slow.commit_s for slow in self._slow_disks if slow.start <= now < slow.end), 0.0)

    def _arrive(self, waiting: Input) -> None:
        """Write this input to the journal and act on it: at once, or when the disk has got so far."""
        commit_s = self._commit_s()
        if not (self.state.hung or self.state.backlog or commit_s):
            self._take(waiting)
            return
        self.state.backlog.append(waiting)
        if not self.state.hung and len(self.state.backlog) == 1:
            self._write_until(self._now + timedelta(seconds=commit_s))

    def written(self) -> None:
        """The disk has got so far, unless the node has died or hung since."""
        if self.state.disk != self._now:
            return
        self.state.disk = None
        self._take(self.state.backlog.pop(0))
        if self.state.up and self.state.backlog:
            self._write_until(self._now + timedelta(seconds=self._commit_s()))

    def _write_until(self, at: datetime) -> None:
        self.state.disk = self._due(at, self.state.disk, Written(self.name))

    def _take(self, waiting: Input) -> None:
        if waiting.message is None:
            self._act(None)
            return
        self._take_in(waiting.message)
        if waiting.receipted and self.state.up:  # else it died before it could say so
            self._network.receipt(waiting.message, self.name)

    def _take_in(self, message: Message) -> None:
        if not self.state.seen.first_time(message):
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
        again = [said for said in self.state.said if said.epoch == request.wanted_epoch and said.seq in wanted]
        self._network.resend(again, self.name, request.source)

    def _act(self, heard: Message | None) -> None:
        now = self._read_clock()
        if heard is None and not self._is_due(now):
            self._arm()
            return
        self.state.journal.append((now, heard))
        if self.state.doom is not None:
            self._fall(self.state.doom)
            return
        self._say(self._feed(heard, now))
        self._arm()

    def _is_due(self, now: datetime) -> bool:
        deadline = self.core.next_deadline
        return deadline is not None and deadline <= now

    def _say(self, messages: Collection[Message]) -> None:
        self.state.said.extend(messages)
        for message in messages:
            self._network.publish(message, self)

    def _fall(self, crash: Crash) -> None:
        self.state.up, self.state.hung = False, False
        self.state.doom = None
        self.state.alarm = self.state.resending = self.state.disk = None
        unwritten = [waiting.message for waiting in self.state.backlog if waiting.message and not waiting.receipted]
        self.state.queued = unwritten + self.state.queued  # the broker still holds them
        self.state.backlog.clear()
        self._network.publish(will(self.name, self.state.life, self._next_health(), self._now), self)
        self._network.queue.put(self._now + timedelta(seconds=crash.down_s), Return(self.name, crash.lost))

    def rise(self, lost: int) -> None:
        """Recovery is replay, of as much as the journal still holds."""
        self.state.life += 1
        self.core = self._factory()
        self.state.seen, self.state.outbox = Seen(), Outbox()
        del self.state.journal[max(len(self.state.journal) - lost, 0) :]
        unsaid = self._replay(whole=not lost)
        self.state.up = True
        for message in self.state.said:
            if message.id not in self.state.receipts and self._network.is_receipted(message):
                self.state.outbox.add(message, self._network.queue.now_s)
        self._hurry()
        self._bear()
        self._network.retained_for(self.name)
        self._say(unsaid)
        self._arm()
        if lost:
            self._act(self._epoch_begun())  # and perhaps die of it
        queued, self.state.queued = self.state.queued, []
        for message in queued:
            self.receive(message)

    def _replay(self, *, whole: bool) -> list[Message]:
        """Feed the journal to the new core; returns what the old one did not come to say."""
        said: list[Message] = []
        for at, heard in self.state.journal:
            if heard is not None and not isinstance(heard, EpochBegun):
                self.state.seen.first_time(heard)
            said.extend(self._feed(heard, at))
        for before, again in zip(self.state.said, said, strict=False):
            if before != again:
                raise ReplayDivergedError(f"{self.name}: said {before}, and on replay {again}")
        if whole and len(said) < len(self.state.said):
            raise ReplayDivergedError(f"{self.name}: said {self.state.said[len(said)]}, and on replay nothing")
        self.state.lost |= {message.id for message in self.state.said[len(said) :]}
        del self.state.said[len(said) :]
        return said[len(self.state.said) :]

    def _epoch_begun(self) -> EpochBegun:
        """Tell the core that state was lost, as a live shell does after it has found a lost tail."""
        self.state.epochs += 1
        held = {(name, "0"): 0 for name in self._network.names if name != self.name}
        for _, heard in self.state.journal:
            if heard is not None and heard.seq:
                key = (heard.source, heard.epoch)
                held[key] = max(held.get(key, 0), heard.seq)
        return EpochBegun(
            id=f"{self.name}-epoch-{self.state.epochs}",
            source=self.name,
            seq=0,
            time=self._read_clock(),
            begun=f"e{self.state.epochs}",
            reason="the end of the journal was lost",
            held=tuple(
                Held(source=source, epoch=epoch, next_seq=max(1, seq - LOOKBACK))
                for (source, epoch), seq in held.items()
            ),
        )

    def _bear(self) -> None:
        self._network.publish(birth(self.name, self.state.life, self._next_health(), self._now), self)

    def _next_health(self) -> int:
        self.state.healths += 1
        return self.state.healths - 1

    def _hurry(self) -> None:
        self.state.outbox.hurry(self._network.queue.now_s)
        self._arm_resending()

    def _due(self, at: datetime | None, before: datetime | None, event: Wake | ResendDue | Written) -> datetime | None:
        """When this event counts: at this time or at once when it has passed, and no longer at the one before."""
        if at is None:
            return None
        at = max(at, self._now)
        if at != before:
            self._network.queue.put(at, event)
        return at

    def _read_clock(self) -> datetime:
        state = self.state
        state.clock_latest = max(state.clock_latest, self._now + state.clock_offset)
        return state.clock_latest

    def _arm(self) -> None:
        """Wake the core when the node's clock reads its deadline, unless the clock is stepped before."""
        deadline = self.core.next_deadline
        at = None if deadline is None else deadline - self.state.clock_offset
        self.state.alarm = self._due(at, self.state.alarm, Wake(self.name))

    def woken(self) -> None:
        """The core is to be woken, unless it has changed its mind."""
        if self.state.alarm == self._now:
            self.state.alarm = None
            self._arrive(Input(None))

    def _arm_resending(self) -> None:
        due_s = self.state.outbox.next_due
        if due_s is not None:  # and never a rounding error too early
            at = self._network.queue.start + timedelta(seconds=due_s) + MICROSECOND
            self.state.resending = self._due(at, self.state.resending, ResendDue(self.name))

    def resend(self) -> None:
        """Send again what was not confirmed by now."""
        if self.state.resending != self._now:
            return
        self.state.resending = None
        if self.state.hung:
            return
        for message in self.state.outbox.due(self._network.queue.now_s):
            self._network.send(message, self.name)
        self._arm_resending()
