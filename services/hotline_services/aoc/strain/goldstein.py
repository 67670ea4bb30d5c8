"""Tension by weight: what is felt adds its value on the Goldstein scale, and tension halves with time.

    L(t) = min(max(L(s) 0.5^((t - s) / h) + g w, 0), 2 c)

with half life h, gain g, weight w (points of strain) and c the level at which the crisis begins. It is bounded so
that one half life of quiet always leads out of the crisis again, however much has come together.
"""

from datetime import datetime
from typing import Final

from hotline_services.aoc.config import Strain

from .decay import Amount, Fading
from .felt import WEIGHTS
from .model import figure

MOST_OF_CRISIS: Final = 2.0


class Goldstein(Fading):
    """A :class:`~.model.Model`."""

    def __init__(self, config: Strain) -> None:
        gain = config.gain
        amounts = {
            event: Amount(points=gain * weight.strain, written=f"{figure(gain)} x {figure(abs(weight.strain))}")
            for event, weight in WEIGHTS.items()
        }
        super().__init__(amounts, config.half_life_h, config.stages, most=MOST_OF_CRISIS * config.stages[2])

    def prone(self, now: datetime) -> float:  # noqa: ARG002  the same at any time
        """Nothing beyond what its stage brings about."""
        return 0.0
