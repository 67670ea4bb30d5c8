"""Every place, height and time at which one flight could be, laid over the picture: what it would run into."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Area, Volume4D
from hotline_protocol.menu import Block

from .picture import Picture
from .uses import Use

ROOM_FT: Final = 4_000
MINUTE_US: Final = 60_000_000
MICROSECOND: Final = timedelta(microseconds=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Areas = tuple[Area, ...]
Blocks = tuple[Block, ...]
Shifts = tuple[int, ...]
Flags = NDArray[np.bool_]


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when a flight could be: for each place the areas of its legs, in order; and the legs' times."""

    places: Sequence[Areas]
    times: Sequence[tuple[datetime, datetime]]
    blocks: Blocks
    shifts_min: Shifts

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many places, blocks and shifts."""
        return len(self.places), len(self.blocks), len(self.shifts_min)

    def envelopes(self) -> Iterator[tuple[Areas, Volume4D]]:
        """For each leg: its area at each place; and, at the first place, whenever and at whatever height it could be
        there, with room above and below.
        """
        lowest = max(0, min(block.lower_ft for block in self.blocks) - ROOM_FT)
        highest = max(block.upper_ft for block in self.blocks) + ROOM_FT
        earlier, later = timedelta(minutes=min(self.shifts_min)), timedelta(minutes=max(self.shifts_min))
        for areas, (start, end) in zip(zip(*self.places, strict=True), self.times, strict=True):
            envelope = Volume4D(
                area=areas[0], lower_ft=lowest, upper_ft=highest, start=start + earlier, end=end + later
            )
            yield areas, envelope


class Overlap(msgspec.Struct, frozen=True, eq=False):
    """How one volume lies to a leg that could be flown at several heights and times.

    ``at_once`` says at which shifts they share time, ``blocked`` at which blocks heights, and ``close`` how close
    they come in height at each block: 1 where they touch, falling to 0 at 4,000 ft.
    """

    at_once: Flags
    blocked: Flags
    close: NDArray[np.float64]


class Meeting(msgspec.Struct, frozen=True, eq=False):
    """A use that a flight could run into at one place."""

    place: int
    use: Use
    overlap: Overlap


def meetings(outcomes: Outcomes, picture: Picture, counts: Callable[[Use], bool]) -> list[Meeting]:
    """Everything that counts and that the flight could run into, leg by leg and place by place."""
    found = [
        (leg, place, use, volume)
        for leg, (areas, envelope) in enumerate(outcomes.envelopes())
        for place, met in enumerate(picture.meets_at(areas, envelope))
        for use, volume in met
        if counts(use)
    ]
    if not found:
        return []
    grid = _Grid(outcomes, 0 if picture.rule is BoundaryRule.TOUCHING_IS_CLEAR else 1)
    return [Meeting(place, use, grid.overlap(leg, volume)) for leg, place, use, volume in found]


class _Grid:
    """The heights and times of all outcomes, side by side. Each volume is laid over a leg once, for all places."""

    def __init__(self, outcomes: Outcomes, touch: int) -> None:
        self._touch = touch
        self._lowers = np.array([block.lower_ft for block in outcomes.blocks])
        self._uppers = np.array([block.upper_ft for block in outcomes.blocks])
        shifts_us = np.array(outcomes.shifts_min) * MINUTE_US
        self._times = [(_us(start) + shifts_us, _us(end) + shifts_us) for start, end in outcomes.times]
        self._laid: dict[tuple[int, int], Overlap] = {}

    def overlap(self, leg: int, volume: Volume4D) -> Overlap:
        known = self._laid.get((leg, id(volume)))
        if known is None:
            known = self._laid[leg, id(volume)] = self._lay(volume, *self._times[leg])
        return known

    def _lay(self, volume: Volume4D, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Overlap:
        apart = np.maximum(self._lowers - volume.upper_ft, volume.lower_ft - self._uppers)
        return Overlap(
            at_once=(starts < _us(volume.end) + self._touch) & (_us(volume.start) < ends + self._touch),
            blocked=apart < self._touch,
            close=np.clip(1.0 - np.maximum(apart, 0) / ROOM_FT, 0.0, 1.0),
        )


def _us(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND
