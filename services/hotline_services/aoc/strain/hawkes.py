"""Tension as the intensity of a self-exciting process (A. G. Hawkes, Biometrika 58, 1971): trouble breeds trouble.

    l(t) = m + sum over what was felt at t_i before t of  n b g w_i exp(-b (t - t_i)),   b = ln 2 / half life

in points of strain a day: ``m`` is the base rate, ``n`` (``excitation``) the branching ratio: how many points more
each point felt leads one to expect. Where what is felt comes at the rate that the intensity says, its mean is
m / (1 - n). What is to the good takes off what it would have added, but never below the base rate (a non-linear
Hawkes process with inhibition; Bremaud and Massoulie, Annals of Probability 24, 1996).
"""

import math
from datetime import datetime
from typing import Final

from hotline_services.aoc.config import Strain

from .decay import Amount, Fading
from .felt import WEIGHTS
from .model import figure

BASE_A_DAY: Final = 1.0
"""Points of strain that are to be expected of a day even where nothing has happened: a protest every other day."""
HOURS_A_DAY: Final = 24.0


class Hawkes(Fading):
    """A :class:`~.model.Model`."""

    def __init__(self, config: Strain) -> None:
        self._excitation = config.excitation
        # As it is printed in the arithmetic.
        decay_a_day = float(f"{math.log(2) * HOURS_A_DAY / config.half_life_h:.6g}")
        amounts = {
            event: _amount(weight.strain, config.gain, config.excitation, decay_a_day)
            for event, weight in WEIGHTS.items()
        }
        super().__init__(amounts, config.half_life_h, config.stages, floor=BASE_A_DAY)

    def prone(self, now: datetime) -> float:
        """The excited share of the intensity, times the branching ratio."""
        return self._excitation * (1 - self._floor / self.level(now))


def _amount(strain: float, gain: float, excitation: float, decay_a_day: float) -> Amount:
    factors = (gain, abs(strain), excitation, decay_a_day)
    return Amount(points=math.copysign(math.prod(factors), strain), written=" x ".join(map(figure, factors)))
