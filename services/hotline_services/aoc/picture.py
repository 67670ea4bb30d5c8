"""One side's picture of the air: its own flights, its wishes, and what it has promised to others."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Area, Volume4D
from hotline_protocol.conflicts import VolumeIndex

from .state import PictureState
from .uses import Use, plan_of

Key = tuple[str, int]

SPARE_TIMES: Final = 1_000
"""How many times of what has been changed since may wait beside those that still matter."""


class Picture:
    """Uses of the air by reference, each with its volumes, and what a given volume runs into.

    The ``index`` finds what is in ``state``: it is made from that alone.
    """

    def __init__(self, rule: BoundaryRule) -> None:
        self.rule: Final = rule
        self.state = PictureState()
        self.index: VolumeIndex[Key] = VolumeIndex(rule)

    def indexed(self, state: PictureState) -> VolumeIndex[Key]:
        """A new index of this state."""
        index: VolumeIndex[Key] = VolumeIndex(self.rule)
        for ref, (_, volumes) in state.uses.items():
            for leg, volume in enumerate(volumes):
                index.insert((ref, leg), volume)
        return index

    def put(self, use: Use, volumes: tuple[Volume4D, ...]) -> None:
        """Enter a use, in place of what stood under its reference before."""
        before, stood = self.state.uses.get(use.ref, (None, ()))
        self.state.uses[use.ref] = (use, volumes)
        if before is not None and stood == volumes:
            return
        self._clear(use.ref, stood)
        for leg, volume in enumerate(volumes):
            self.index.insert((use.ref, leg), volume)
        if volumes:
            heapq.heappush(self.state.ends, (_end(volumes), use.ref))
        if len(self.state.ends) > SPARE_TIMES + 2 * len(
            self.state.uses
        ):  # of uses that have been changed again and again
            self.state.ends = [(_end(volumes), ref) for ref, (_, volumes) in self.state.uses.items() if volumes]
            heapq.heapify(self.state.ends)

    def drop(self, ref: str) -> None:
        """Take a use out; nothing happens when it is not there."""
        _, volumes = self.state.uses.pop(ref, (None, ()))
        self._clear(ref, volumes)

    def _clear(self, ref: str, volumes: tuple[Volume4D, ...]) -> None:
        for leg in range(len(volumes)):
            self.index.remove((ref, leg))

    def meets(self, volume: Volume4D, *, but: str = "") -> list[tuple[Use, Volume4D]]:
        """Every use but those of the plan ``but`` whose volume is in conflict with this one, in a fixed order."""
        keys = self.index.conflicts(volume)
        return self._named([key for key in keys if not but or plan_of(key[0]) != but] if keys else keys)

    def meets_at(self, areas: Sequence[Area], volume: Volume4D) -> list[list[tuple[Use, Volume4D]]]:
        """The same for each of these areas, at the heights and times of the volume."""
        return [self._named(keys) for keys in self.index.conflicts_at(areas, volume)]

    def _named(self, keys: Iterable[Key]) -> list[tuple[Use, Volume4D]]:
        found = []
        for ref, leg in sorted(keys):
            use, volumes = self.state.uses[ref]
            found.append((use, volumes[leg]))
        return found

    def met(self, volumes: Iterable[Volume4D], *, but: str = "") -> Iterator[Use]:
        """The uses that any of these volumes runs into, as often as it does."""
        return (use for volume in volumes for use, _ in self.meets(volume, but=but))

    def next_end(self, now: datetime) -> datetime | None:
        """When the next of the uses ends, or was to end before it was changed.

        None where one has ended by now (it was over when it was entered): that is cleared at the next occasion.
        """
        ends = self.state.ends
        return ends[0][0] if ends and ends[0][0] > now else None

    def clear_until(self, now: datetime) -> list[tuple[Use, datetime]]:
        """Forget uses that have ended; returns them, and when each had begun."""
        ended = []
        while self.state.ends and self.state.ends[0][0] <= now:
            _, ref = heapq.heappop(self.state.ends)
            use, volumes = self.state.uses.get(ref, (None, ()))
            if use is not None and volumes and _end(volumes) <= now:
                ended.append((use, min([volume.start for volume in volumes])))
                self.drop(ref)
        return ended


def _end(volumes: Iterable[Volume4D]) -> datetime:
    return max([volume.end for volume in volumes])
