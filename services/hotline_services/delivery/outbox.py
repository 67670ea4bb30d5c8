"""End to end, not hop by hop: what was said is kept until the peer has it, and taken in only once."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import field

from hotline_protocol.message import Message
from hotline_protocol.slices import Slice
from hotline_protocol.topics import StoredMessage, encode

FIRST_RESEND_S: Final = 2.0
LONGEST_RESEND_S: Final = 30.0
WINDOW: Final = 100_000


class Waiting(msgspec.Struct, frozen=True):
    """A message without a receipt: the time of its next resend, and the last waiting time."""

    message: StoredMessage
    due_s: float
    wait_s: float


class Outbox(Slice):
    """Messages that wait for a receipt, by id, the oldest first.

    Times are seconds of the shell's own clock: real ones live, simulated ones in a simulation.
    """

    first_resend_s: float = FIRST_RESEND_S
    longest_resend_s: float = LONGEST_RESEND_S
    waiting: dict[str, Waiting] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.waiting)

    def add(self, message: Message, now_s: float) -> None:
        """Keep this message, which is being sent now, until it is confirmed."""
        self.waiting[message.id] = Waiting(message, now_s + self.first_resend_s, self.first_resend_s)

    def confirm(self, ids: Iterable[str], by: str | None = None) -> list[str]:
        """Forget these messages; returns the ids that were waiting. ``by`` confirms only messages addressed to it."""
        known = [name for name in ids if name in self.waiting and self._is_for(name, by)]
        return [name for name in known if self.waiting.pop(name, None) is not None]

    def _is_for(self, name: str, receiver: str | None) -> bool:
        return receiver is None or getattr(self.waiting[name].message, "to", receiver) == receiver

    def due(self, now_s: float) -> list[Message]:
        """Those to be sent again now, oldest first; each then waits twice as long, up to the longest wait."""
        again = [one for one in self.waiting.values() if one.due_s <= now_s]
        for one in again:
            wait_s = min(one.wait_s * 2, self.longest_resend_s)
            self.waiting[one.message.id] = Waiting(one.message, now_s + wait_s, wait_s)
        return [one.message for one in again]

    def hurry(self, now_s: float) -> None:
        """Everything is due now: the peer or the broker has just come back."""
        for name, one in self.waiting.items():
            self.waiting[name] = Waiting(one.message, now_s, self.first_resend_s)

    @property
    def next_due(self) -> float | None:
        """When ``due`` next has something, or None."""
        return min((one.due_s for one in self.waiting.values()), default=None)


class Numbers(Slice):
    """Numbers received from one source and epoch: all up to ``floor``, and those in ``seqs`` above it."""

    floor: int = 0
    highest: int = 0
    seqs: set[int] = field(default_factory=set)

    def first_time(self, seq: int) -> bool:
        """True once for each number; never for one below the window of the last 100,000."""
        if seq <= self.floor or seq in self.seqs:
            return False
        self.highest = max(seq, self.highest)
        self.seqs.add(seq)
        while self.floor + 1 in self.seqs:
            self.floor += 1
            self.seqs.remove(self.floor)
        if len(self.seqs) >= 2 * WINDOW:
            self.floor = sorted(self.seqs)[WINDOW - 1]
            self.seqs = {seq for seq in self.seqs if seq > self.floor}
        return True


class Seen(Slice):
    """Tells a message that came before. Remembers the last 100,000 of each source and epoch.

    A message older than that window counts as seen. One that is not numbered (``seq`` 0) is told by its id and what it
    says: whoever gives an id that another has given says something else under it, and does not stand in its way.
    ``numbered`` is by source and epoch, as ``source/epoch``; ``named`` has digests.
    """

    numbered: dict[str, Numbers] = field(default_factory=dict)
    named: dict[str, None] = field(default_factory=dict)

    def first_time(self, message: Message) -> bool:
        """True once for each message."""
        if message.seq == 0:
            return self._first_time_named(_content(message))
        key = f"{message.source}/{message.epoch}"
        numbers = self.numbered.get(key)
        if numbers is None:
            numbers = self.numbered[key] = Numbers()
        return numbers.first_time(message.seq)

    def highest(self, source: str, epoch: str) -> int:
        """The highest number of this source in this epoch; 0 when it is unknown."""
        numbers = self.numbered.get(f"{source}/{epoch}")
        return numbers.highest if numbers else 0

    def streams(self) -> list[tuple[str, str, int]]:
        """Every source and epoch, with the highest number."""
        return [(*_pair(key), numbers.highest) for key, numbers in self.numbered.items()]

    def _first_time_named(self, name: str) -> bool:
        if name in self.named:
            return False
        self.named[name] = None
        if len(self.named) > WINDOW:
            del self.named[next(iter(self.named))]
        return True


def _pair(key: str) -> tuple[str, str]:
    source, _, epoch = key.partition("/")
    return source, epoch


_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _content(message: Message) -> str:
    """Stands for the id and all that is said but when: what is typed without a time is given one each time it comes."""
    return hashlib.sha256(encode(msgspec.structs.replace(message, time=_NO_TIME))).hexdigest()[:32]
