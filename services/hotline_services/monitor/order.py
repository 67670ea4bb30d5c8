"""The messages of one source in order: what is missing, when to ask for it again, and when to stop waiting.

Times are simulated. Two things wait for a gap, each for a bounded time: whoever reads along in order
(``patience_s``), and we ourselves, who ask for what is missing at growing intervals (``asks`` times).
"""

from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, field
from msgspec.structs import replace

from hotline_protocol.message import Message
from hotline_protocol.slices import Slice
from hotline_protocol.topics import StoredMessage

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


class Gap(msgspec.Struct, frozen=True):
    """A run of numbers that have not come, when to ask for them next, and how often they were asked for."""

    first: int
    last: int
    due: datetime
    asks: int = 0


class Stream(Slice, kw_only=True):
    """A source in one epoch: the ``highest`` number heard, the numbers missing below it, and the messages kept back.

    ``lost`` was given up. ``next`` is the number that is handed on next, and ``held`` are those that wait for it.
    """

    source: str
    epoch: str
    highest: int = 0
    next: int = 1
    gaps: list[Gap] = field(default_factory=list)
    lost: list[Span] = field(default_factory=list)
    held: dict[int, StoredMessage] = field(default_factory=dict)
    held_until: datetime | None = None

    @classmethod
    def going_on(cls, mark: Mark, limits: Limits, now: datetime) -> "Stream":
        """From where a record has come to."""
        recent = [span for span in mark.missing if span.last > mark.highest - limits.lookback]
        return cls(
            source=mark.source,
            epoch=mark.epoch,
            highest=mark.highest,
            next=mark.highest + 1,
            gaps=[Gap(max(first, mark.highest - limits.lookback), last, now) for first, last in recent],
            lost=[span for span in mark.missing if span not in recent],
        )

    @property
    def deadline(self) -> datetime | None:
        """When ``lapse`` next has something to do."""
        times = [gap.due for gap in self.gaps]
        if self.held_until is not None:
            times.append(self.held_until)
        return min(times, default=None)

    def take(self, message: Message, limits: Limits, now: datetime) -> list[Message]:
        """This has come in; returns what can be handed on: itself, when it is next or late, and what waited for it.

        Nothing, when it has come before.
        """
        if not self._is_news(message.seq, limits, now):
            return []
        if message.seq < self.next:
            return [message]
        self.held[message.seq] = message
        ready = self._ready()
        if len(self.held) > limits.held_at_most:
            ready += self._skip()
        self._wait(limits, now, progress=bool(ready))
        return ready

    def hurry(self, now: datetime) -> None:
        """The source is back: ask at once for what is missing, as if for the first time."""
        self.gaps = [Gap(gap.first, gap.last, now) for gap in self.gaps]

    def lapse(self, limits: Limits, now: datetime) -> list[Message]:
        """What has waited for long enough and is handed on without what was to come before it."""
        if self.held_until is None or now < self.held_until:
            return []
        ready = self._skip()
        self._wait(limits, now, progress=True)
        return ready

    def asking(self, limits: Limits, now: datetime) -> tuple[list[Span], list[Span]]:
        """What to ask for now, and what is given up since it was asked for often enough."""
        due = [gap for gap in self.gaps if gap.due <= now]
        lost = [gap for gap in due if gap.asks >= limits.asks]
        self.gaps = [gap for gap in self.gaps if gap not in lost]
        given_up = [Span(gap.first, gap.last) for gap in lost]
        self.lost = [*self.lost, *given_up][-limits.lost_at_most :]
        asked = [gap for gap in due if gap not in lost]
        self.gaps = [_asked(gap, limits, now) if gap in asked else gap for gap in self.gaps]
        return [Span(gap.first, min(gap.last, gap.first + limits.ask_at_most - 1)) for gap in asked], given_up

    def postpone(self, limits: Limits, now: datetime) -> None:
        """The source is down: nobody would hear us ask."""
        later = now + timedelta(seconds=limits.longest_ask_s)
        self.gaps = [replace(gap, due=max(gap.due, later)) for gap in self.gaps]

    def drain(self) -> list[Message]:
        """Everything that is still held, in order: this stream is being forgotten."""
        return [self.held.pop(seq) for seq in sorted(self.held)]

    def _is_news(self, seq: int, limits: Limits, now: datetime) -> bool:
        if seq <= self.highest:
            return self._fill(seq, limits, now) or self._find(seq)
        first = max(self.highest + 1, seq - limits.lookback)
        if first < seq:
            self.gaps.append(Gap(first, seq - 1, now + timedelta(seconds=limits.first_ask_s)))
        if self.highest + 1 < first:
            self.lost.append(Span(self.highest + 1, first - 1))
        self.highest = seq
        return True

    def _fill(self, seq: int, limits: Limits, now: datetime) -> bool:
        """The answer to asking has begun to come: the rest is given as much time as if it were newly missing."""
        gap = next((gap for gap in self.gaps if gap.first <= seq <= gap.last), None)
        if gap is None:
            return False
        self.gaps.remove(gap)
        due = now + timedelta(seconds=limits.first_ask_s)
        self.gaps += [Gap(first, last, due) for first, last in _without(Span(gap.first, gap.last), seq)]
        return True

    def _find(self, seq: int) -> bool:
        """One that was given up has come after all."""
        lost = next((span for span in self.lost if span.first <= seq <= span.last), None)
        if lost is None:
            return False
        self.lost.remove(lost)
        self.lost += _without(lost, seq)
        return True

    def _ready(self) -> list[Message]:
        ready = []
        while self.next in self.held:
            ready.append(self.held.pop(self.next))
            self.next += 1
        return ready

    def _skip(self) -> list[Message]:
        self.next = min(self.held)
        return self._ready()

    def _wait(self, limits: Limits, now: datetime, *, progress: bool) -> None:
        if not self.held:
            self.held_until = None
        elif progress or self.held_until is None:
            self.held_until = now + timedelta(seconds=limits.patience_s)


def _asked(gap: Gap, limits: Limits, now: datetime) -> Gap:
    wait_s = min(limits.first_ask_s * 2 ** (gap.asks + 1), limits.longest_ask_s)
    return Gap(gap.first, gap.last, now + timedelta(seconds=wait_s), gap.asks + 1)


def _without(span: Span, seq: int) -> list[Span]:
    rest = (Span(span.first, seq - 1), Span(seq + 1, span.last))
    return [part for part in rest if part.first <= part.last]
