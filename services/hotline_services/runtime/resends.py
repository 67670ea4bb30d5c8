"""Answers requests to say messages again, from the store: each message once, however often it is asked for meanwhile.

Whoever may ask may ask for everything, and as often as they like. So what waits is kept as spans of numbers that never
overlap, and is said at a bounded rate while the broker keeps up: a service has other things to say.
"""

import time
from collections.abc import Callable
from typing import Final

from hotline_protocol.message import Message
from hotline_protocol.service import Resend

from .budget import Budget
from .store import Store
from .writer import Writer

RESENT_AT_ONCE: Final = 500
BATCHES_AT_ONCE: Final = 20
BATCHES_PER_S: Final = 2.0
MOST_SPANS: Final = 100
MOST_WAITING: Final = 1_000
"""Publishes that wait for the broker, beyond which nothing is said again."""

Span = tuple[int, int]


class Resends:
    """What the service of this store has been asked to say again, and has not yet."""

    def __init__(self, store: Store, now_s: Callable[[], float] = time.monotonic) -> None:
        self._store: Final = store
        self._budget: Final = Budget(BATCHES_AT_ONCE, BATCHES_PER_S, now_s)
        self._wanted: Final[dict[str, list[Span]]] = {}

    def __bool__(self) -> bool:
        return bool(self._wanted)

    @property
    def spans(self) -> dict[str, list[Span]]:
        """The numbers that wait, by epoch: first and last of each span, in order."""
        return {epoch: list(spans) for epoch, spans in self._wanted.items()}

    def ask(self, wanted: Resend) -> None:
        """Say these again, too. Of an epoch that was never ours there is nothing to say."""
        if wanted.wanted_epoch in self._store.epochs and wanted.first_seq <= wanted.last_seq:
            spans = self._wanted.get(wanted.wanted_epoch, [])
            self._wanted[wanted.wanted_epoch] = _joined([*spans, (wanted.first_seq, wanted.last_seq)])

    def is_due(self, backlog: int) -> bool:
        """Whether to say some now, while so many publishes wait for the broker."""
        return bool(self._wanted) and backlog < MOST_WAITING and self._budget.has_room

    async def say_some(self, writer: Writer, publish: Callable[[Message], None]) -> None:
        """So many at a time that it does not keep anything else waiting."""
        self._budget.take()
        epoch = next(iter(self._wanted))
        now, later = _divided(self._wanted.pop(epoch), RESENT_AT_ONCE)
        if later:
            self._wanted[epoch] = later  # behind the other epochs
        for place, (first, last) in enumerate(now, 1):
            found = await writer.do(self._store.said_between, epoch, first, last)
            for message in found:
                publish(message)
            if not found:
                self._wanted[epoch] = _joined([*now[place:], *self._wanted.get(epoch, [])])
                self._skip(epoch, last + 1, await writer.do(self._store.next_said, epoch, last + 1))
                return

    def _skip(self, epoch: str, first: int, kept: int | None) -> None:
        """Of the numbers of this epoch from ``first`` on, none before ``kept`` can be said again, or none at all.

        They have not been used, or were pruned long ago. Requests may have come meanwhile.
        """
        spans = self._wanted.pop(epoch, [])
        before = [(start, min(end, first - 1)) for start, end in spans if start < first]
        behind = [(max(start, kept), end) for start, end in spans if kept is not None and end >= kept]
        if before or behind:
            self._wanted[epoch] = [*before, *behind]


def _divided(spans: list[Span], most: int) -> tuple[list[Span], list[Span]]:
    """The first so many numbers of these spans, and the rest."""
    now: list[Span] = []
    for place, (first, last) in enumerate(spans):
        end = min(last, first + most - 1)
        now.append((first, end))
        most -= end - first + 1
        if not most:
            return now, [*([(end + 1, last)] if end < last else []), *spans[place + 1 :]]
    return now, []


def _joined(spans: list[Span]) -> list[Span]:
    """The same numbers as spans in order, none of which touches another. Beyond a bound, with what is between some."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    while len(joined) > MOST_SPANS:
        (first, _), (_, last), *others = joined
        joined = [(first, last), *others]
    return joined
