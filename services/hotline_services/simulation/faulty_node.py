"""One node of a faulty network: a core, and what outlives it when it dies."""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from hotline_protocol.core import Core
from hotline_protocol.hearing import ear
from hotline_protocol.message import Message
from hotline_protocol.service import EpochBegun, Held, Resend
from hotline_services.delivery.outbox import Outbox, Seen

from .event_queue import Agenda, Alarm
from .network import Crash, Hang, Intrusion, SlowDisk
from .node import birth, circumstances, lapse, will

MICROSECOND: Final = timedelta(microseconds=1)
LOOKBACK: Final = 200  # numbers before the highest: one that came late may be missing too


class ReplayDivergedError(Exception):
    """A core that was fed its journal again did not say again what it had said: it is not deterministic."""


class Network(Protocol):
    """What a node asks of its network; see :class:`~.faulty.FaultyNetwork`."""

    @property
    def names(self) -> Collection[str]: ...

    def publish(self, message: Message, sender: "FaultyNode") -> None: ...

    def send(self, message: Message, sender: str) -> None: ...

    def receipt(self, message: Message, receiver: str) -> None: ...

    def resend(self, messages: Collection[Message], sender: str, to: str) -> None: ...

    def retained_for(self, name: str) -> None: ...

    def is_receipted(self, message: Message) -> bool: ...


class NodeClock:
    """The clock of one node: simulated time, plus the offset of its last step. It never runs backwards."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._offset = timedelta()
        self._latest = agenda.start

    def step(self, offset_s: float) -> None:
        """Be off by so much from now on."""
        self._offset = timedelta(seconds=offset_s)

    def now(self) -> datetime:
        """What this clock reads."""
        self._latest = max(self._latest, self._agenda.now + self._offset)
        return self._latest

    def when(self, reading: datetime | None) -> datetime | None:
        """The simulated time at which it reads this, or more, unless it is stepped before."""
        return None if reading is None else reading - self._offset


class Waiting(NamedTuple):
    """An input that is not in the journal yet; no message for a lapse."""

    message: Message | None
    receipted: bool


class FaultyNode:
    """A core, and what its shell keeps when it dies: the journal, the messages said, and their receipts."""

    def __init__(
        self,
        name: str,
        core_factory: Callable[[], Core],
        network: Network,
        agenda: Agenda,
        slow_disks: Sequence[SlowDisk] = (),
    ) -> None:
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
        self._doom: Crash | None = None
        self._epochs = 0
        self.lost: set[str] = set()
        """The ids of what was said and then lost with the end of the journal."""
        self._clock = NodeClock(agenda)
        self._slow_disks = slow_disks
        self._backlog: deque[Waiting] = deque()
        self._hung = False
        self._alarm = Alarm(agenda, self._lapse)
        self._resending = Alarm(agenda, self._resend)
        self._disk = Alarm(agenda, self._write_next)

    def begin(self) -> None:
        """Come up for the first time."""
        self._bear()
        self._arm()

    def receive(self, message: Message) -> None:
        """Something arrives that the broker keeps until it has arrived."""
        if self._up:
            self._arrive(Waiting(message, receipted=False))
        else:
            self._queued.append(message)

    def receive_receipted(self, message: Message) -> None:
        """Something arrives that its sender keeps until it is in this node's journal."""
        if self._up:
            self._arrive(Waiting(message, receipted=True))

    def hear(self, intrusion: Intrusion) -> None:
        """These bytes arrive, from somebody who is no node."""
        for message in ear(intrusion.topic, intrusion.payload, self._clock.now()):
            self.receive(message)

    def step_clock(self, offset_s: float) -> None:
        """The node's clock is off by so much from now on."""
        self._clock.step(offset_s)
        if self._up:
            self._arm()

    def hang(self, hang: Hang) -> None:
        """Take nothing in and say nothing, until the watchdog kills the service."""
        if self._up and not self._hung:
            self._hung = True
            self._disk.set(None)
            self._agenda.put(self._agenda.now + timedelta(seconds=hang.for_s), self._kill_hung, (self._life, hang))

    def keep(self, message: Message) -> None:
        """Send this again until it is confirmed."""
        self._outbox.add(message, self._agenda.now_s)
        self._arm_resending()

    def confirmed(self, message_id: str) -> None:
        """The receiver has this message in its journal."""
        if self._up and not self._hung:
            self._receipts.add(message_id)
            self._outbox.confirm((message_id,))

    def reconnect(self) -> None:
        """The broker is back: what waits goes out at once."""
        if self._up and not self._hung:
            self._bear()
            self._hurry()

    def die(self, crash: Crash) -> None:
        """Stop now, or with the next input, and come back so much later."""
        if crash.in_the_act:
            self._doom = crash
        elif self._up:
            self._fall(crash)

    def _kill_hung(self, which: tuple[int, Hang]) -> None:
        life, hang = which
        if self._hung and self._up and self._life == life:
            self._fall(Crash(party=self.name, at=self._agenda.now, down_s=hang.down_s))

    def _commit_s(self) -> float:
        """How long the disk takes now to write one input."""
        now = self._agenda.now
        return next((slow.commit_s for slow in self._slow_disks if slow.start <= now < slow.end), 0.0)

    def _arrive(self, waiting: Waiting) -> None:
        """Write this input to the journal and act on it: at once, or when the disk has got so far."""
        commit_s = self._commit_s()
        if not (self._hung or self._backlog or commit_s):
            self._take(waiting)
            return
        self._backlog.append(waiting)
        if not self._hung and len(self._backlog) == 1:
            self._disk.set(self._agenda.now + timedelta(seconds=commit_s))

    def _write_next(self) -> None:
        self._take(self._backlog.popleft())
        if self._up and self._backlog:
            self._disk.set(self._agenda.now + timedelta(seconds=self._commit_s()))

    def _take(self, waiting: Waiting) -> None:
        if waiting.message is None:
            self._act(None)
            return
        self._take_in(waiting.message)
        if waiting.receipted and self._up:  # else it died before it could say so
            self._network.receipt(waiting.message, self.name)

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
        now = self._clock.now()
        if heard is None and not self._is_due(now):
            self._arm()
            return
        self._journal.append((now, heard))
        if self._doom is not None:
            self._fall(self._doom)
            return
        self._say(self._feed(heard, now))
        self._arm()

    def _is_due(self, now: datetime) -> bool:
        deadline = self.core.next_deadline
        return deadline is not None and deadline <= now

    def _say(self, messages: Collection[Message]) -> None:
        self._said.extend(messages)
        for message in messages:
            self._network.publish(message, self)

    def _fall(self, crash: Crash) -> None:
        self._up, self._hung = False, False
        self._doom = None
        self._alarm.set(None)
        self._resending.set(None)
        self._disk.set(None)
        unwritten = [waiting.message for waiting in self._backlog if waiting.message and not waiting.receipted]
        self._queued = unwritten + self._queued  # the broker still holds them
        self._backlog.clear()
        self._network.publish(will(self.name, self._life, self._next_health(), self._agenda.now), self)
        self._agenda.put(self._agenda.now + timedelta(seconds=crash.down_s), self._rise, crash.lost)

    def _rise(self, lost: int) -> None:
        """Recovery is replay, of as much as the journal still holds."""
        self._life += 1
        self.core = self._factory()
        self._seen, self._outbox = Seen(), Outbox()
        del self._journal[max(len(self._journal) - lost, 0) :]
        unsaid = self._replay(whole=not lost)
        self._up = True
        for message in self._said:
            if message.id not in self._receipts and self._network.is_receipted(message):
                self._outbox.add(message, self._agenda.now_s)
        self._hurry()
        self._bear()
        self._network.retained_for(self.name)
        self._say(unsaid)
        self._arm()
        if lost:
            self._act(self._epoch_begun())  # and perhaps die of it
        queued, self._queued = self._queued, []
        for message in queued:
            self.receive(message)

    def _replay(self, *, whole: bool) -> list[Message]:
        """Feed the journal to the new core; returns what the old one did not come to say."""
        said: list[Message] = []
        for at, heard in self._journal:
            if heard is not None and not isinstance(heard, EpochBegun):
                self._seen.first_time(heard)
            said.extend(self._feed(heard, at))
        for before, again in zip(self._said, said, strict=False):
            if before != again:
                raise ReplayDivergedError(f"{self.name}: said {before}, and on replay {again}")
        if whole and len(said) < len(self._said):
            raise ReplayDivergedError(f"{self.name}: said {self._said[len(said)]}, and on replay nothing")
        self.lost |= {message.id for message in self._said[len(said) :]}
        del self._said[len(said) :]
        return said[len(self._said) :]

    def _epoch_begun(self) -> EpochBegun:
        """What a live shell tells its core once it has found that state was lost."""
        self._epochs += 1
        held = {(name, "0"): 0 for name in self._network.names if name != self.name}
        for _, heard in self._journal:
            if heard is not None and heard.seq:
                key = (heard.source, heard.epoch)
                held[key] = max(held.get(key, 0), heard.seq)
        return EpochBegun(
            id=f"{self.name}-epoch-{self._epochs}",
            source=self.name,
            seq=0,
            time=self._clock.now(),
            begun=f"e{self._epochs}",
            reason="the end of the journal was lost",
            held=tuple(
                Held(source=source, epoch=epoch, next_seq=max(1, seq - LOOKBACK))
                for (source, epoch), seq in held.items()
            ),
        )

    def _bear(self) -> None:
        self._network.publish(birth(self.name, self._life, self._next_health(), self._agenda.now), self)

    def _next_health(self) -> int:
        self._healths += 1
        return self._healths - 1

    def _hurry(self) -> None:
        self._outbox.hurry(self._agenda.now_s)
        self._arm_resending()

    def _arm(self) -> None:
        self._alarm.set(self._clock.when(self.core.next_deadline))

    def _lapse(self) -> None:
        self._arrive(Waiting(None, receipted=False))

    def _arm_resending(self) -> None:
        due_s = self._outbox.next_due
        if due_s is not None:  # and never a rounding error too early
            self._resending.set(self._agenda.start + timedelta(seconds=due_s) + MICROSECOND)

    def _resend(self) -> None:
        if self._hung:
            return
        for message in self._outbox.due(self._agenda.now_s):
            self._network.send(message, self.name)
        self._arm_resending()
