"""What happens next in simulated time."""

from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from typing import Any

Act = Callable[[Any], None]


class Agenda:
    """Things to be done, by time; at one time, in the order in which they were put down.

    Times are datetimes: they count whole microseconds, so that they add without rounding and are the same on
    every machine, and adding to one costs a seventh of making one from a number.
    """

    __slots__ = ("heap", "now", "sequence", "start")

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.now = start
        self.heap: list[tuple[datetime, int, Act, Any]] = []
        self.sequence = count().__next__

    @property
    def now_s(self) -> float:
        """Seconds since the start."""
        return (self.now - self.start).total_seconds()

    def put(self, at: datetime, act: Act, what: object) -> None:
        """Do ``act(what)`` at this time, which is not in the past."""
        heappush(self.heap, (at if at.tzinfo is UTC else at.astimezone(UTC), self.sequence(), act, what))

    def run(self, until: datetime) -> None:
        """Do all that is due up to and including this time, which then is the present."""
        heap = self.heap
        while heap and heap[0][0] <= until:
            self.now, _, act, what = heappop(heap)
            act(what)
        self.now = max(self.now, until)


class Alarm:
    """Rings once, at the time that it was last set to."""

    __slots__ = ("_act", "_agenda", "_at")

    def __init__(self, agenda: Agenda, act: Callable[[], None]) -> None:
        self._agenda = agenda
        self._act = act
        self._at: datetime | None = None

    def set(self, at: datetime | None) -> None:
        """Ring at this time, or at once when it has passed, and not at the one before; None: do not ring."""
        if at is not None:
            at = max(at, self._agenda.now)
            if at != self._at:
                self._agenda.put(at, self._ring, at)
        self._at = at

    def _ring(self, at: datetime) -> None:
        if at == self._at:
            self._at = None
            self._act()
