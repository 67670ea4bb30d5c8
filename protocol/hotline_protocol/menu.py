"""What is up for negotiation about one flight: places, heights and times, and the choice of one of each."""

from datetime import timedelta
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta

from .airspace import Area, Feet, Volume4D
from .message import AwareTime


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """An altitude block by name."""

    name: Annotated[str, Meta(min_length=1, max_length=32)]
    lower_ft: Feet
    upper_ft: Feet


class Sector(msgspec.Struct, frozen=True, kw_only=True):
    """One place where the flight could be: an area for each of its legs, named by the GARS cell of the first."""

    name: Annotated[str, Meta(min_length=1, max_length=32)]
    areas: Annotated[tuple[Area, ...], Meta(min_length=1, max_length=64)]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of a menu: indices of a sector and a block, and a shift in time."""

    sector: Annotated[int, Meta(ge=0)]
    block: Annotated[int, Meta(ge=0)]
    shift: Annotated[int, Meta(ge=0, description="Index into shifts_min")]


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """From when until when one leg needs its air."""

    start: AwareTime
    end: AwareTime


@lru_cache(maxsize=4096)
def _choice(outcome: int, blocks: int, shifts: int) -> Choice:
    rest, shift = divmod(outcome, shifts)
    sector, block = divmod(rest, blocks)
    return Choice(sector=sector, block=block, shift=shift)


class Menu(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is up for negotiation about one flight: sectors x altitude blocks x time shifts.

    ``windows`` are the legs' windows at shift 0, one for each area of every sector. It says no more of the
    plan than that; outcomes are numbered sector-major, then block, then shift.
    """

    sectors: Annotated[tuple[Sector, ...], Meta(min_length=1, max_length=16)]
    blocks: Annotated[tuple[Block, ...], Meta(min_length=1, max_length=16)]
    shifts_min: Annotated[tuple[int, ...], Meta(min_length=1, max_length=49)]
    windows: Annotated[tuple[Window, ...], Meta(min_length=1, max_length=64)]

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many sectors, blocks and shifts there are."""
        return len(self.sectors), len(self.blocks), len(self.shifts_min)

    @property
    def size(self) -> int:
        """How many outcomes there are."""
        return len(self.sectors) * len(self.blocks) * len(self.shifts_min)

    def outcome(self, choice: Choice) -> int:
        """The number of this choice. Raises IndexError when it is not on the menu."""
        if (
            choice.sector >= len(self.sectors)
            or choice.block >= len(self.blocks)
            or choice.shift >= len(self.shifts_min)
        ):
            raise IndexError(f"{choice} is not on the menu")
        return (choice.sector * len(self.blocks) + choice.block) * len(self.shifts_min) + choice.shift

    def choice(self, outcome: int) -> Choice:
        """The choice of this number; the inverse of :meth:`outcome`."""
        return _choice(outcome, len(self.blocks), len(self.shifts_min))

    def volumes(self, choice: Choice) -> tuple[Volume4D, ...]:
        """The air that this choice stands for, one volume a leg."""
        self.outcome(choice)
        block = self.blocks[choice.block]
        shift = timedelta(minutes=self.shifts_min[choice.shift])
        return tuple(
            Volume4D(
                area=area,
                lower_ft=block.lower_ft,
                upper_ft=block.upper_ft,
                start=window.start + shift,
                end=window.end + shift,
            )
            for area, window in zip(self.sectors[choice.sector].areas, self.windows, strict=True)
        )
