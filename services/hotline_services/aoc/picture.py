"""One side's picture of the air: its own flights, its wishes, and what it has promised to others."""

import enum
import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Volume4D
from hotline_protocol.conflicts import VolumeIndex
from hotline_protocol.flightplan import Priority


class Standing(enum.Enum):
    """Whose use of the air it is, and how firm."""

    OURS = "ours"
    WISHED = "wished"
    THEIRS = "theirs"


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A use of air by one plan or under one agreement."""

    standing: Standing
    ref: str
    user: str
    priority: Priority = Priority.ROUTINE


Key = tuple[str, int]


class Picture:
    """Uses of the air by reference, each with its volumes, and what a given volume runs into."""

    def __init__(self, rule: BoundaryRule) -> None:
        self.rule: Final = rule
        self._index: VolumeIndex[Key] = VolumeIndex(rule)
        self._uses: dict[str, tuple[Use, int]] = {}
        self._ends: list[tuple[datetime, str]] = []

    def put(self, use: Use, volumes: Iterable[Volume4D]) -> None:
        """Enter a use, in place of what stood under its reference before."""
        self.drop(use.ref)
        count = 0
        end = None
        for leg, volume in enumerate(volumes):
            self._index.insert((use.ref, leg), volume)
            end = max(end, volume.end) if end else volume.end
            count += 1
        self._uses[use.ref] = (use, count)
        if end is not None:
            heapq.heappush(self._ends, (end, use.ref))

    def drop(self, ref: str) -> None:
        """Take a use out; nothing happens when it is not there."""
        _, count = self._uses.pop(ref, (None, 0))
        for leg in range(count):
            self._index.remove((ref, leg))

    def use(self, ref: str) -> Use | None:
        """The use under this reference."""
        found = self._uses.get(ref)
        return found[0] if found else None

    def volumes(self, ref: str) -> tuple[Volume4D, ...]:
        """The volumes of this use, none when it is not there."""
        _, count = self._uses.get(ref, (None, 0))
        return tuple(self._index.get((ref, leg)) for leg in range(count))

    def meets(self, volume: Volume4D, *, but: str = "") -> list[tuple[Use, Volume4D]]:
        """Every use, other than ``but``, whose volume is in conflict with this one, in a fixed order."""
        keys = sorted(key for key in self._index.conflicts(volume) if key[0] != but)
        return [(self._uses[ref][0], self._index.get((ref, leg))) for ref, leg in keys]

    def clear_until(self, now: datetime) -> None:
        """Forget uses that have ended."""
        while self._ends and self._ends[0][0] <= now:
            _, ref = heapq.heappop(self._ends)
            if all(volume.end <= now for volume in self.volumes(ref)):
                self.drop(ref)
