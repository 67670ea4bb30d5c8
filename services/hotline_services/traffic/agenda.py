"""What the sky has foreseen, in the order of time. What no longer holds is revoked, and passed over."""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from typing import Any, Final


class Item:
    """Something to be done at a time."""

    __slots__ = ("act", "revoked", "what")

    def __init__(self, act: Callable[..., None], what: tuple[Any, ...]) -> None:
        self.act: Final = act
        self.what: Final = what
        self.revoked = False


class Agenda:
    """Items by time; those of one time in the order in which they were put down."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Item]] = []
        self._count = 0

    @property
    def next(self) -> datetime | None:
        """When the next item that still holds is due."""
        heap = self._heap
        while heap and heap[0][2].revoked:
            heappop(heap)
        return heap[0][0] if heap else None

    def put(self, at: datetime, act: Callable[..., None], *what: Any) -> Item:
        """Do this at that time, unless it is revoked."""
        item = Item(act, what)
        self._count += 1
        heappush(self._heap, (at, self._count, item))
        return item

    def run(self, now: datetime) -> None:
        """Do all that is due by now."""
        while (due := self.next) is not None and due <= now:
            item = heappop(self._heap)[2]
            item.act(*item.what)
