"""The messages of one source in order: what is missing, when to ask for it again, and when to stop waiting.

Times are simulated. Two things wait for a gap, each for a bounded time: whoever reads along in order
(``patience_s``), and we ourselves, who ask for what is missing at growing intervals (``asks`` times).
"""

from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from hotline_protocol.message import Message

Count = Annotated[int, Meta(ge=1)]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how often to wait, in simulated seconds. ``lookback`` bounds what is asked of one source at all."""

    patience_s: float = 30.0
    first_ask_s: float = 10.0
    longest_ask_s: float = 600.0
    asks: Count = 8
    ask_at_most: Count = 500
    lookback: Count = 10_000
    lost_at_most: Count = 1_000
    held_at_most: Count = 1_000
    sources_at_most: Count = 1_000


class Span(NamedTuple):
    """Sequence numbers, both ends included."""

    first: int
    last: int


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far one source's messages have come in, as a record remembers it."""

    source: str
    epoch: str
    highest: int
    missing: tuple[Span, ...] = ()


class Gap:
    """A run of numbers that have not come, how often they were asked for, and when to ask next."""

    def __init__(self, first: int, last: int, due: datetime) -> None:
        self.first = first
        self.last = last
        self.asks = 0
        self.due = due


class Stream:
    """One source in one epoch."""

    def __init__(self, limits: Limits, now: datetime, highest: int = 0, missing: tuple[Span, ...] = ()) -> None:
        self._limits = limits
        self._highest = highest
        recent = [span for span in missing if span.last > highest - limits.lookback]
        self._gaps = [Gap(max(first, highest - limits.lookback), last, now) for first, last in recent]
        self._lost = [span for span in missing if span not in recent]
        self._next = highest + 1
        self._held: dict[int, Message] = {}
        self._held_until: datetime | None = None

    @property
    def deadline(self) -> datetime | None:
        """When ``lapse`` next has something to do."""
        times = [gap.due for gap in self._gaps]
        if self._held_until is not None:
            times.append(self._held_until)
        return min(times, default=None)

    def take(self, message: Message, now: datetime) -> list[Message]:
        """This has come in; returns what can be handed on: itself, when it is next or late, and what waited for it.

        Nothing, when it has come before.
        """
        if not self._is_news(message.seq, now):
            return []
        if message.seq < self._next:
            return [message]
        self._held[message.seq] = message
        ready = self._ready()
        if len(self._held) > self._limits.held_at_most:
            ready += self._skip()
        self._wait(now, progress=bool(ready))
        return ready

    def hurry(self, now: datetime) -> None:
        """The source is back: ask at once for what is missing, as if for the first time."""
        for gap in self._gaps:
            gap.asks, gap.due = 0, now

    def lapse(self, now: datetime) -> list[Message]:
        """What has waited for long enough and is handed on without what was to come before it."""
        if self._held_until is None or now < self._held_until:
            return []
        ready = self._skip()
        self._wait(now, progress=True)
        return ready

    def asking(self, now: datetime) -> tuple[list[Span], list[Span]]:
        """What to ask for now, and what is given up since it was asked for often enough."""
        due = [gap for gap in self._gaps if gap.due <= now]
        lost = [gap for gap in due if gap.asks >= self._limits.asks]
        self._gaps = [gap for gap in self._gaps if gap not in lost]
        given_up = [Span(gap.first, gap.last) for gap in lost]
        self._lost = [*self._lost, *given_up][-self._limits.lost_at_most :]
        return [self._ask(gap, now) for gap in due if gap not in lost], given_up

    def postpone(self, now: datetime) -> None:
        """The source is down: nobody would hear us ask."""
        for gap in self._gaps:
            gap.due = max(gap.due, now + timedelta(seconds=self._limits.longest_ask_s))

    def drain(self) -> list[Message]:
        """Everything that is still held, in order: this stream is being forgotten."""
        return [self._held.pop(seq) for seq in sorted(self._held)]

    def _ask(self, gap: Gap, now: datetime) -> Span:
        limits = self._limits
        gap.asks += 1
        gap.due = now + timedelta(seconds=min(limits.first_ask_s * 2**gap.asks, limits.longest_ask_s))
        return Span(gap.first, min(gap.last, gap.first + limits.ask_at_most - 1))

    def _is_news(self, seq: int, now: datetime) -> bool:
        if seq <= self._highest:
            return self._fill(seq, now) or self._find(seq)
        first = max(self._highest + 1, seq - self._limits.lookback)
        if first < seq:
            self._gaps.append(Gap(first, seq - 1, now + timedelta(seconds=self._limits.first_ask_s)))
        if self._highest + 1 < first:
            self._lost.append(Span(self._highest + 1, first - 1))
        self._highest = seq
        return True

    def _fill(self, seq: int, now: datetime) -> bool:
        """The answer to asking has begun to come: the rest is given as much time as if it were newly missing."""
        gap = next((gap for gap in self._gaps if gap.first <= seq <= gap.last), None)
        if gap is None:
            return False
        self._gaps.remove(gap)
        due = now + timedelta(seconds=self._limits.first_ask_s)
        self._gaps += [Gap(first, last, due) for first, last in _without(Span(gap.first, gap.last), seq)]
        return True

    def _find(self, seq: int) -> bool:
        """One that was given up has come after all."""
        lost = next((span for span in self._lost if span.first <= seq <= span.last), None)
        if lost is None:
            return False
        self._lost.remove(lost)
        self._lost += _without(lost, seq)
        return True

    def _ready(self) -> list[Message]:
        ready = []
        while self._next in self._held:
            ready.append(self._held.pop(self._next))
            self._next += 1
        return ready

    def _skip(self) -> list[Message]:
        self._next = min(self._held)
        return self._ready()

    def _wait(self, now: datetime, *, progress: bool) -> None:
        if not self._held:
            self._held_until = None
        elif progress or self._held_until is None:
            self._held_until = now + timedelta(seconds=self._limits.patience_s)


def _without(span: Span, seq: int) -> list[Span]:
    rest = (Span(span.first, seq - 1), Span(seq + 1, span.last))
    return [part for part in rest if part.first <= part.last]
