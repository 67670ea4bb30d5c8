"""A core that can be saved, and a shell without I/O around it that takes snapshots, dies and recovers."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import msgspec
import pytest

from hotline_protocol.epochs import go_on
from hotline_protocol.line import Answer, Busy, Ring
from hotline_protocol.message import Author, Message, digest_of
from hotline_protocol.service import EpochBegun
from hotline_protocol.topics import HEALTH, LINE, address_of, encode
from hotline_services.runtime import intake
from hotline_services.runtime.guard import Contents
from hotline_services.runtime.intake import Intake, Turn
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.replay import Memory, Past, replay, restore, state_of
from hotline_services.runtime.service import Service
from hotline_services.runtime.store import StoreError
from hotline_services.runtime.tail import Tail
from hotline_services.runtime.wire import Delivery

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Heard(msgspec.Struct):
    """The state of a :class:`Switchboard`."""

    epoch: str
    seq: int = 0
    digest: str = ""
    due: list[tuple[datetime, str]] = []


class Switchboard:
    """Answers each ring with a digest of all its inputs, and reports a little later that it is busy."""

    def __init__(self, epoch: str) -> None:
        self.author = Author("ru", epoch)
        self.heard = Heard(epoch)

    @property
    def next_deadline(self) -> datetime | None:
        return min((at for at, _ in self.heard.due), default=None)

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        self.heard.digest = digest_of((self.heard.digest, type(message).__name__, now))
        if isinstance(message, EpochBegun):
            return go_on(self.author, message, now)
        if not isinstance(message, Ring):
            return []
        self.heard.due = [*self.heard.due, (now + 10 * SECOND, message.call_id)]
        return [self.author.say(Answer, now, cause=message.id, to="us", call_id=self.heard.digest)]

    def lapse(self, now: datetime) -> Sequence[Message]:
        self.heard.digest = digest_of((self.heard.digest, now))
        due = [call_id for at, call_id in self.heard.due if at <= now]
        self.heard.due = [(at, call_id) for at, call_id in self.heard.due if at > now]
        return [self.author.say(Busy, now, to="us", call_id=call_id) for call_id in due]

    def clone(self) -> Self:
        twin = type(self)(self.author.epoch)
        twin.load(self.save())
        return twin

    def fingerprint(self, since: datetime | None = None) -> bytes:  # noqa: ARG002  nobody compares up to a time here
        return digest_of(self.save().hex()).encode()

    def save(self) -> bytes:
        self.heard.epoch, self.heard.seq = self.author.epoch, self.author.seq
        return msgspec.msgpack.encode(self.heard)

    def load(self, saved: bytes) -> None:
        self.heard = msgspec.msgpack.decode(saved, type=Heard)
        self.author.begin(self.heard.epoch)
        self.author.seq = self.heard.seq


def delivery(message: Message) -> Delivery:
    return Delivery(address_of(message), encode(message), retained=False, qos=1, mid=1, life=1)


class Shell:
    """A switchboard and its journal, as a live shell joins them. ``every`` so many inputs it takes a snapshot, which is
    kept ``late`` turns later."""

    def __init__(
        self,
        path: Path,
        every: int,
        *,
        late: int = 0,
        make: Callable[[str], Switchboard] = Switchboard,
    ) -> None:
        self.path, self.every, self.late, self.make = path, every, late, make
        self.writing: list[tuple[int, Callable[[], None]]] = []
        self.turns = 0
        self.epochs_begun = 0
        self.recover()

    def recover(self) -> None:
        """Begin from what the journal holds."""
        self.journal = Journal(self.path, "ru", snapshot_every=self.every)
        self.writing = []
        self.core = self.make(self.journal.epochs[0])
        self.past = Past(Contents(), Tail("ru", self.journal.epochs))
        recovered = self.journal.recover()
        behind = restore(self.core, recovered, self.past, lambda: self.make(self.journal.epochs[0]))
        try:
            self.replayed = sum(1 for _ in replay(self.core, behind, self.past))
        except StoreError:
            self.journal.close()
            raise
        self.journal.commit([], self.past.said_again, [])
        self.waiting = {message.id: message for message in (*recovered.unconfirmed, *self.past.said_again)}
        self.past.tail.resume(self.journal, recovered, has_past=self.past.latest is not None)
        service = Service(
            name="ru",
            core=lambda _: self.core,
            subscriptions=[LINE.filter(to="ru"), HEALTH.filter(source="us")],
        )
        self.intake = Intake(service, self.core, self.past, recovered.attempts)

    def die(self) -> None:
        """Be killed: what was not kept by then is not kept."""
        self.journal.close()
        self.recover()

    def turn(self, now: datetime, *heard: Message) -> list[Message]:
        """One turn; returns what was said."""
        turn = Turn()
        self.intake.lapse(now, turn)
        for message in heard:
            self.intake.take(delivery(message), now, turn)
        assert turn.bug is None
        self.journal.commit(turn.heard, turn.kept, [])
        self.past.commit(turn.heard, turn.said)
        for message in turn.said:
            self.past.traces.of(message)
        self.waiting |= {message.id: message for message in turn.kept}
        self.snapshot()
        self.journal.tidy()
        return turn.said

    def lose_state(self, now: datetime) -> list[Message]:
        """Go on in another epoch."""
        self.past.tail.loss = "for a test"
        return self.turn(now)

    def confirm(self, count: int) -> None:
        """So many of the oldest have arrived."""
        arrived = list(self.waiting)[:count]
        self.journal.commit([], [], arrived)
        for name in arrived:
            del self.waiting[name]

    def snapshot(self) -> None:
        """Take a snapshot when one is due, and store the snapshots that are ready."""
        self.turns += 1
        if self.journal.wants_snapshot and not self.writing:
            at, core, memory = self.journal.place(), self.core.clone(), self.past.save()
            due = self.turns + self.late
            self.writing.append((due, lambda: self.journal.keep_snapshot(at, state_of(core, memory))))
        while self.writing and self.writing[0][0] <= self.turns:
            self.writing.pop(0)[1]()

    @property
    def state(self) -> tuple[bytes, Memory, list[Message]]:
        """All that counts: of the core, of what the shell remembers, and what is to be sent again."""
        return self.core.save(), self.past.save(), list(self.waiting.values())


@pytest.fixture
def counted_epochs(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Epochs are numbered, not chosen by chance; the function begins anew."""
    count = [0]

    def new_epoch() -> str:
        count[0] += 1
        return f"e{count[0]}"

    def begin() -> None:
        count[0] = 0

    monkeypatch.setattr(intake, "new_epoch", new_epoch)
    return begin
