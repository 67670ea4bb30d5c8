"""Levels that are added to and fade by halves: what the Goldstein and the Hawkes model have in common."""

import math
from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.events import Stage

from .felt import Felt
from .model import LEVEL_DIGITS, Stages, Step, figure, hours_between, stage_at, threshold

A_LITTLE: Final = timedelta(seconds=36)
"""More than the rounding of hours can make of a time."""


class Fading:
    """A level that stands on ``floor``; what is above it halves every ``half_life_h`` hours. ``most`` bounds it."""

    def __init__(self, half_life_h: float, stages: Stages, *, floor: float = 0.0, most: float = math.inf) -> None:
        self._half_life_h: Final = half_life_h
        self._stages: Final = stages
        self._floor: Final = floor
        self._most: Final = most
        self._level = floor
        self._at: datetime | None = None

    def level(self, now: datetime) -> float:
        """The level at this time."""
        if self._at is None or self._level == self._floor:
            return self._level
        left: float = 0.5 ** (hours_between(self._at, now) / self._half_life_h)
        return round(self._floor + (self._level - self._floor) * left, LEVEL_DIGITS)

    def stage(self, now: datetime) -> Stage:
        """The level in words."""
        return stage_at(self.level(now), self._stages)

    def calm_from(self, stage: Stage) -> datetime | None:
        """From when on it is below this stage if nothing more is added; never a little too early by rounding."""
        least = threshold(stage, self._stages) - 10**-LEVEL_DIGITS - self._floor
        above = self._level - self._floor
        if self._at is None or self._level < threshold(stage, self._stages) or least <= 0:
            return None
        return self._at + timedelta(hours=self._half_life_h * math.log2(above / least)) + A_LITTLE

    def add(self, event: Felt, now: datetime, amount: float, written: str) -> Step:
        """Add this much, below 0 to take it off. ``written`` is how the amount comes about."""
        before = self.level(now)
        # From the rounded hours on, but not from the rounded level: the sum is one sum.
        left, faded = self._faded(now)
        exact = self._floor + (self._level - self._floor) * left
        total = exact + amount
        after = round(min(max(total, self._floor), self._most), LEVEL_DIGITS)
        sum_ = f"{faded} {'+' if amount >= 0 else '-'} {written}"
        if total < self._floor:
            sum_ = f"max({sum_}, {figure(self._floor)})"
        elif total > self._most:
            sum_ = f"min({sum_}, {figure(self._most)})"
        if after != before:
            self._level, self._at = after, now
        return Step(
            before=before,
            after=after,
            stage=stage_at(after, self._stages),
            because=event,
            arithmetic=f"{sum_} = {figure(after)}",
        )

    def _faded(self, now: datetime) -> tuple[float, str]:
        """What share is left of what was above the floor, and the level that makes in writing."""
        gone_h = hours_between(self._at, now) if self._at is not None else 0.0
        if not gone_h or self._level == self._floor:
            return 1.0, figure(self._level)
        share = f"0.5^({figure(gone_h)} h / {figure(self._half_life_h)} h)"
        left: float = 0.5 ** (gone_h / self._half_life_h)
        if not self._floor:
            return left, f"{figure(self._level)} x {share}"
        return left, f"{figure(self._floor)} + ({figure(self._level)} - {figure(self._floor)}) x {share}"
