"""Rings that wait at a desk while every line is in use, until a line is free or it is too late."""

from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.line import Ring

from .calls import Call, stands_before, urgency
from .state import Caller, DeskState

LONGEST_WAIT: Final = 0.8
"""Share of the agreed ring time for which a ring waits: the caller hears that the line is busy before giving up."""
PATIENCE: Final = 0.25
"""Share of the agreed ring time for which a desk goes on ringing although an equally urgent caller waits."""


class Callers:
    """Callers who wait, at most one for each peer: a peer that rings again has given up its earlier ring."""

    def __init__(self, ring_s: float) -> None:
        self._longest = timedelta(seconds=LONGEST_WAIT * ring_s)
        self._patience = timedelta(seconds=PATIENCE * ring_s)
        self.state = DeskState()

    @property
    def next_deadline(self) -> datetime | None:
        """When the first of them has waited long enough."""
        return min((caller.until for caller in self.state.callers.values()), default=None)

    def add(self, ring: Ring, now: datetime) -> None:
        """Let this ring wait."""
        self.state.callers[ring.source] = Caller(ring=ring, since=now, until=ring.time + self._longest)

    def holds(self, ring: Ring) -> bool:
        """Whether this very ring waits."""
        caller = self.state.callers.get(ring.source)
        return caller is not None and caller.ring.call_id == ring.call_id

    def of(self, peer: str) -> Caller | None:
        """The ring of this peer that waits."""
        return self.state.callers.get(peer)

    def first(self) -> Caller | None:
        """The most pressing of them, and of equals the one that has waited longest."""
        return min(self.state.callers.values(), key=_turn, default=None)

    def give_way_at(self, mine: Call | None, now: datetime) -> datetime | None:
        """When our own ring, not yet answered, gives way to one that waits: at once to one that is more urgent.

        One that is as urgent is given way to if its id is lower. Where each rings the next in a circle, one has the
        highest id and gives way.
        """
        caller = self.first()
        if caller is None or mine is None or not stands_before(caller.ring, mine):
            return None
        return now if urgency(caller.ring) < urgency(mine) else mine.rang_at + self._patience

    def leave(self, peer: str) -> Caller | None:
        """Remove the ring of this peer; returns it, if it waited."""
        return self.state.callers.pop(peer, None)

    def overdue(self, now: datetime) -> list[Caller]:
        """Remove and return those that have waited long enough."""
        return self._remove([caller for caller in self.state.callers.values() if caller.until <= now])

    def all(self) -> list[Caller]:
        """Remove and return all of them."""
        return self._remove(list(self.state.callers.values()))

    def _remove(self, callers: list[Caller]) -> list[Caller]:
        for caller in callers:
            del self.state.callers[caller.ring.source]
        return callers


def _turn(caller: Caller) -> tuple[int, int, datetime, str]:
    ring = caller.ring
    return -ring.tier.rank, ring.reason.urgency, caller.since, ring.source
