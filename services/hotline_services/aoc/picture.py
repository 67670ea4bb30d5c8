"""One side's picture of the air: its own flights, its wishes, and what it has promised to others."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Area, Volume4D
from hotline_protocol.conflicts import VolumeIndex
from hotline_protocol.flightplan import Priority
from hotline_protocol.words import Word


class Standing(Word):
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

SPARE_TIMES: Final = 1_000
"""How many times of what has been changed since may wait beside those that still matter."""


def hold_ref(peer: str, negotiation_id: str) -> str:
    """The reference of what is held for a peer. No plan can have it as its id, whatever the peer calls things."""
    return f"hold/{peer}/{negotiation_id}"


def grant_ref(peer: str, agreement_id: str) -> str:
    """The reference of what has been granted to a peer."""
    return f"grant/{peer}/{agreement_id}"


AMENDED: Final = "~"
"""Stands between the id of a plan and the version by which it is to be amended. No plan can have it in its id."""


def amendment_ref(plan_id: str, version: int) -> str:
    """The reference of the air of a version that is not in force yet."""
    return f"{plan_id}{AMENDED}{version}"


def plan_of(ref: str) -> str:
    """The id of the plan whose air this reference of our own names."""
    return ref.partition(AMENDED)[0]


def is_amendment(use: Use) -> bool:
    """Whether it is the air of a version that is not in force yet."""
    return AMENDED in use.ref


def is_grant(use: Use) -> bool:
    """Whether it is what has been granted to a peer, and not only held."""
    return use.ref.startswith("grant/")


class Picture:
    """Uses of the air by reference, each with its volumes, and what a given volume runs into."""

    def __init__(self, rule: BoundaryRule) -> None:
        self.rule: Final = rule
        self._index: VolumeIndex[Key] = VolumeIndex(rule)
        self._uses: dict[str, tuple[Use, tuple[Volume4D, ...]]] = {}
        self._ends: list[tuple[datetime, str]] = []

    def put(self, use: Use, volumes: tuple[Volume4D, ...]) -> None:
        """Enter a use, in place of what stood under its reference before."""
        before, stood = self._uses.get(use.ref, (None, ()))
        self._uses[use.ref] = (use, volumes)
        if before is not None and stood == volumes:
            return
        self._clear(use.ref, stood)
        for leg, volume in enumerate(volumes):
            self._index.insert((use.ref, leg), volume)
        if volumes:
            heapq.heappush(self._ends, (_end(volumes), use.ref))
        if len(self._ends) > SPARE_TIMES + 2 * len(self._uses):  # of uses that have been changed again and again
            self._ends = [(_end(volumes), ref) for ref, (_, volumes) in self._uses.items() if volumes]
            heapq.heapify(self._ends)

    def drop(self, ref: str) -> None:
        """Take a use out; nothing happens when it is not there."""
        _, volumes = self._uses.pop(ref, (None, ()))
        self._clear(ref, volumes)

    def _clear(self, ref: str, volumes: tuple[Volume4D, ...]) -> None:
        for leg in range(len(volumes)):
            self._index.remove((ref, leg))

    def meets(self, volume: Volume4D, *, but: str = "") -> list[tuple[Use, Volume4D]]:
        """Every use but those of the plan ``but`` whose volume is in conflict with this one, in a fixed order."""
        return self._named(key for key in self._index.conflicts(volume) if not but or plan_of(key[0]) != but)

    def meets_at(self, areas: Sequence[Area], volume: Volume4D) -> list[list[tuple[Use, Volume4D]]]:
        """The same for each of these areas, at the heights and times of the volume."""
        return [self._named(keys) for keys in self._index.conflicts_at(areas, volume)]

    def _named(self, keys: Iterable[Key]) -> list[tuple[Use, Volume4D]]:
        return [(use, volumes[leg]) for use, volumes, leg in ((*self._uses[ref], leg) for ref, leg in sorted(keys))]

    def met(self, volumes: Iterable[Volume4D], *, but: str = "") -> Iterator[Use]:
        """The uses that any of these volumes runs into, as often as it does."""
        return (use for volume in volumes for use, _ in self.meets(volume, but=but))

    def next_end(self, now: datetime) -> datetime | None:
        """When the next of the uses ends, or was to end before it was changed.

        None where one has ended by now (it was over when it was entered): that is cleared at the next occasion.
        """
        return self._ends[0][0] if self._ends and self._ends[0][0] > now else None

    def clear_until(self, now: datetime) -> list[tuple[Use, datetime]]:
        """Forget uses that have ended; returns them, and when each had begun."""
        ended = []
        while self._ends and self._ends[0][0] <= now:
            _, ref = heapq.heappop(self._ends)
            use, volumes = self._uses.get(ref, (None, ()))
            if use is not None and volumes and all(volume.end <= now for volume in volumes):
                ended.append((use, min(volume.start for volume in volumes)))
                self.drop(ref)
        return ended


def _end(volumes: Iterable[Volume4D]) -> datetime:
    return max(volume.end for volume in volumes)
