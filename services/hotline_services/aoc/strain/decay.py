"""Levels that are added to and fade by halves: what the Goldstein and the Hawkes model have in common."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hotline_protocol.decay import Decay, faded
from hotline_protocol.events import Stage

from .felt import Felt
from .model import LEVEL_DIGITS, FadingState, Stages, Step, figure, hours_between, stage_at, threshold

A_LITTLE: Final = timedelta(seconds=36)
"""More than the rounding of hours can make of a time."""


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """What one thing adds to a level, below 0 for what it takes off, and how that comes about in writing."""

    points: float
    written: str


class Fading:
    """A level that stands on ``floor``; what is above it halves every ``half_life_h`` hours. ``most`` bounds it."""

    def __init__(
        self,
        amounts: Mapping[Felt, Amount],
        half_life_h: float,
        stages: Stages,
        *,
        floor: float = 0.0,
        most: float = math.inf,
    ) -> None:
        self._amounts = amounts
        self._half_life_h: Final = half_life_h
        self._stages: Final = stages
        self._floor: Final = floor
        self._most: Final = most
        self._decay: Final = Decay(stages=stages, half_life_h=half_life_h, floor=floor)
        self.state = FadingState(level=floor)
        self._per_half_life: Final = f" h / {figure(half_life_h)} h)"  # written once: it is in every sum
        self._standing: Final = figure(floor)

    def level(self, now: datetime) -> float:
        """The level at this time."""
        return round(self._left(self._gone_h(now)), LEVEL_DIGITS)

    def stage(self, now: datetime) -> Stage:
        """The level in words."""
        return stage_at(self.level(now), self._stages)

    def decay(self) -> Decay:
        """By halves, down to the floor."""
        return self._decay

    def calm_from(self, stage: Stage) -> datetime | None:
        """From when on it is below this stage if nothing more is added; never a little too early by rounding."""
        least = threshold(stage, self._stages) - 10**-LEVEL_DIGITS - self._floor
        above = self.state.level - self._floor
        if self.state.at is None or self.state.level < threshold(stage, self._stages) or least <= 0:
            return None
        return self.state.at + timedelta(hours=self._half_life_h * math.log2(above / least)) + A_LITTLE

    def felt(self, event: Felt, now: datetime) -> Step:
        """Take this in. The sum is one sum: it goes on from the rounded hours, but from no rounded level between."""
        amount, gone_h = self._amounts[event], self._gone_h(now)
        left = self._left(gone_h)
        total = left + amount.points
        before = round(left, LEVEL_DIGITS)
        after = round(min(max(total, self._floor), self._most), LEVEL_DIGITS)
        sum_ = f"{self._faded(gone_h)} {'+' if amount.points >= 0 else '-'} {amount.written}"
        if total < self._floor:
            sum_ = f"max({sum_}, {self._standing})"
        elif total > self._most:
            sum_ = f"min({sum_}, {figure(self._most)})"
        if after != before:
            self.state.level, self.state.at = after, now
        return Step(
            before=before,
            after=after,
            stage=stage_at(after, self._stages),
            because=event,
            arithmetic=f"{sum_} = {figure(after)}",
        )

    def _gone_h(self, now: datetime) -> float:
        """Hours over which there was anything to fade."""
        return (
            hours_between(self.state.at, now) if self.state.at is not None and self.state.level != self._floor else 0.0
        )

    def _left(self, gone_h: float) -> float:
        """What time has left of the level."""
        return faded(self.state.level, self._floor, gone_h, self._half_life_h)

    def _faded(self, gone_h: float) -> str:
        """What time has left of the level, in writing."""
        level = figure(self.state.level)
        if not gone_h:
            return level
        share = f"0.5^({figure(gone_h)}{self._per_half_life}"
        return f"{self._standing} + ({level} - {self._standing}) x {share}" if self._floor else f"{level} x {share}"
