"""End to end, not hop by hop: what was said is kept until the peer has it, and taken in only once."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec

from hotline_protocol.message import Message
from hotline_protocol.topics import encode

FIRST_RESEND_S: Final = 2.0
LONGEST_RESEND_S: Final = 30.0
WINDOW: Final = 100_000


class Outbox:
    """Messages that wait for a receipt, with the time at which each is to be sent again.

    Times are seconds of the shell's own clock: real ones live, simulated ones in a simulation.
    """

    def __init__(self, *, first_resend_s: float = FIRST_RESEND_S, longest_resend_s: float = LONGEST_RESEND_S) -> None:
        self._first = first_resend_s
        self._longest = longest_resend_s
        self._waiting: dict[str, tuple[Message, float, float]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, message: Message, now_s: float) -> None:
        """Keep this message, which is being sent now, until it is confirmed."""
        self._waiting[message.id] = (message, now_s + self._first, self._first)

    def confirm(self, ids: Iterable[str], by: str | None = None) -> list[str]:
        """Forget these; returns those that were waiting. ``by`` can confirm only what was said to it."""
        known = [name for name in ids if name in self._waiting and self._is_for(name, by)]
        return [name for name in known if self._waiting.pop(name, None) is not None]

    def _is_for(self, name: str, receiver: str | None) -> bool:
        return receiver is None or getattr(self._waiting[name][0], "to", receiver) == receiver

    def due(self, now_s: float) -> list[Message]:
        """Those to be sent again now, oldest first; each then waits twice as long, up to the longest wait."""
        again = [message for message, at, _ in self._waiting.values() if at <= now_s]
        for message in again:
            wait = min(self._waiting[message.id][2] * 2, self._longest)
            self._waiting[message.id] = (message, now_s + wait, wait)
        return again

    def hurry(self, now_s: float) -> None:
        """Everything is due now: the peer or the broker has just come back."""
        for waiting, (message, _, _) in self._waiting.items():
            self._waiting[waiting] = (message, now_s, self._first)

    @property
    def next_due(self) -> float | None:
        """When ``due`` next has something, or None."""
        return min((at for _, at, _ in self._waiting.values()), default=None)


class Seen:
    """Tells a message that came before. Remembers the last 100,000 of each source and epoch.

    A message older than that window counts as seen. One that is not numbered (``seq`` 0) is told by its id and what it
    says: whoever gives an id that another has given says something else under it, and does not stand in its way.
    """

    def __init__(self) -> None:
        self._numbered: dict[tuple[str, str], tuple[int, set[int]]] = {}
        self._highest: dict[tuple[str, str], int] = {}
        self._named: dict[bytes, None] = {}

    def first_time(self, message: Message) -> bool:
        """True once for each message."""
        if message.seq == 0:
            return self._first_time_named(_content(message))
        key = (message.source, message.epoch)
        floor, seqs = self._numbered.setdefault(key, (0, set()))
        if message.seq <= floor or message.seq in seqs:
            return False
        seqs.add(message.seq)
        self._highest[key] = max(message.seq, self._highest.get(key, 0))
        if len(seqs) >= 2 * WINDOW:
            floor = sorted(seqs)[WINDOW - 1]
            self._numbered[key] = (floor, {seq for seq in seqs if seq > floor})
        return True

    def highest(self, source: str, epoch: str) -> int:
        """The highest number of this source in this epoch; 0 when it is unknown."""
        return self._highest.get((source, epoch), 0)

    def streams(self) -> list[tuple[str, str, int]]:
        """Every source and epoch, with the highest number."""
        return [(source, epoch, highest) for (source, epoch), highest in self._highest.items()]

    def _first_time_named(self, name: bytes) -> bool:
        if name in self._named:
            return False
        self._named[name] = None
        if len(self._named) > WINDOW:
            del self._named[next(iter(self._named))]
        return True


_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _content(message: Message) -> bytes:
    """Stands for the id and all that is said but when: what is typed without a time is given one each time it comes."""
    return hashlib.sha256(encode(msgspec.structs.replace(message, time=_NO_TIME))).digest()[:16]
