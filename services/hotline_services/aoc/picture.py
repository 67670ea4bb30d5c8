"""One side's picture of the air: its own flights, its wishes, and what it has promised to others."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Area, Volume4D
from hotline_protocol.conflicts import VolumeIndex

from .state import PictureState
from .uses import Use, plan_of

Key = tuple[str, int]


class Picture:
    """Uses of the air by reference, each with its volumes, and what a given volume runs into. It is only read here:
    :class:`~.reservations.Reservations` keeps it.

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
