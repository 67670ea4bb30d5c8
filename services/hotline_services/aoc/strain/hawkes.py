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

from .decay import Fading
from .felt import WEIGHTS, Felt
from .model import Step, figure

BASE_A_DAY: Final = 1.0
"""Points of strain that are to be expected of a day even where nothing has happened: a protest every other day."""
HOURS_A_DAY: Final = 24.0


class Hawkes(Fading):
    """A :class:`~.model.Model`."""

    def __init__(self, config: Strain) -> None:
        super().__init__(config.half_life_h, config.stages, floor=BASE_A_DAY)
        self._gain = config.gain
        self._excitation = config.excitation
        # As it is printed in the arithmetic.
        self._decay_a_day = float(f"{math.log(2) * HOURS_A_DAY / config.half_life_h:.6g}")

    def felt(self, event: Felt, now: datetime) -> Step:
        """Take this in."""
        points = WEIGHTS[event].strain
        factors = (self._gain, abs(points), self._excitation, self._decay_a_day)
        amount = math.copysign(math.prod(factors), points)
        return self.add(event, now, amount, " x ".join(map(figure, factors)))

    def prone(self, now: datetime) -> float:
        """The excited share of the intensity, times the branching ratio."""
        return self._excitation * (1 - self._floor / self.level(now))
