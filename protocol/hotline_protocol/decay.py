"""The law by which a level of tension falls while no event raises it. It is stated here alone."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from .message import AwareTime


class Fall(msgspec.Struct, frozen=True, kw_only=True):
    """The level from ``at`` on, until the next event."""

    at: AwareTime
    level: float


class Decay(msgspec.Struct, frozen=True, kw_only=True):
    """How a level falls until the next step: by halves, or in ``falls``, in order of time.

    With ``half_life_h``, what is above ``floor`` halves in so many hours. ``stages`` are the levels at which the
    stages tense, strained and crisis begin.
    """

    stages: tuple[float, float, float]
    half_life_h: Annotated[float, Meta(gt=0)] | msgspec.UnsetType = msgspec.UNSET
    floor: float = 0.0
    falls: tuple[Fall, ...] | msgspec.UnsetType = msgspec.UNSET

    def level(self, after: float, since: datetime, now: datetime) -> float:
        """The level at ``now`` if a step at ``since`` left it at ``after``, unrounded."""
        if self.half_life_h is not msgspec.UNSET:
            return faded(after, self.floor, (now - since).total_seconds() / 3_600, self.half_life_h)
        falls = () if self.falls is msgspec.UNSET else self.falls
        return next((fall.level for fall in reversed(falls) if fall.at <= now), after)


def faded(level: float, floor: float, gone_h: float, half_life_h: float) -> float:
    """``level`` after ``gone_h`` hours: what is above ``floor`` halves every ``half_life_h``."""
    if gone_h <= 0:
        return level
    left: float = 0.5 ** (gone_h / half_life_h)
    return floor + (level - floor) * left
