"""An entry of the duty log, and the parts that several kinds of entries have."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from hotline_protocol.airspace import Volume4D
from hotline_protocol.menu import Choice, Menu

from .logkinds import Counted, Gravity, LogKind, Thing, gravity_of
from .logparts import AnyPart, FreeText, HeightSpan, Number, OffMenu, SectorTold, ThingNamed, TimeSpan

Parts = Sequence[AnyPart | None]
"""The parts of an entry while it is made: None stands for a part that the message does not have."""


class LogDraft(NamedTuple):
    """What a message tells: the kind, the parts, and the round of a negotiation where there is one."""

    kind: LogKind
    parts: Parts
    round: int = 0


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the log: when, the number of the call, who (to whom), what was done, and its parts.

    Texts are as they were sent: a program that shows them must make them harmless first.
    """

    at: datetime
    call: int | None
    who: str
    kind: LogKind
    round: int
    parts: tuple[AnyPart, ...]

    @property
    def gravity(self) -> Gravity:
        """How much it calls for attention."""
        return gravity_of(self.kind)


def named(what: Thing, name: str) -> ThingNamed | None:
    """A part that names a thing by its id; None when the id is empty."""
    return ThingNamed(what, name) if name else None


def free_text(text: str) -> FreeText | None:
    """This text; None when it is empty."""
    return FreeText(text) if text else None


def offer_parts(menu: Menu, choice: Choice) -> tuple[SectorTold, HeightSpan, Number] | tuple[OffMenu]:
    """Where, how high and when an offer is; its indices where the menu does not have it."""
    try:
        menu.outcome(choice)
    except IndexError:
        return (OffMenu(choice.sector, choice.block, choice.shift),)
    block = menu.blocks[choice.block]
    name, minutes = menu.sectors[choice.sector].name, menu.shifts_min[choice.shift]
    return SectorTold(name), HeightSpan(block.lower_ft, block.upper_ft), Number(Counted.SHIFT_MIN, minutes)


def air_parts(volumes: tuple[Volume4D, ...]) -> tuple[HeightSpan, TimeSpan] | tuple[()]:
    """Heights and times that these volumes span; nothing for none."""
    if not volumes:
        return ()
    heights = HeightSpan(min(v.lower_ft for v in volumes), max(v.upper_ft for v in volumes))
    return heights, TimeSpan(min(v.start for v in volumes), max(v.end for v in volumes))
