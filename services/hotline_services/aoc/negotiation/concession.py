"""How far down its own list a side is ready to go at each of its offers."""

import math
from bisect import bisect_right
from operator import neg
from typing import Final, assert_never

import msgspec

from hotline_services.aoc.config import Strategy, StrategyKind

USUAL_SHARE: Final = 0.6
"""Who is offered this share of what it demands concedes as planned; measured, and flat from 0.5 to 0.8."""
SLOWEST: Final = 0.5
"""A side that is offered nothing still concedes at this share of its planned pace, since the end comes for both."""
STRIDE: Final = 3.0
"""How late MiCRO makes its long strides when it has fewer offers than outcomes: 1 is evenly; 3 measured best."""
LAST_MOMENT: Final = 0.2
"""Exponent by which a tit-for-tat player comes down even when it has nothing to answer in kind."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How a negotiation stands when the next offer is to be made.

    ``said`` offers have been made, ``made`` of them different; ``heard`` counts the different offers of the
    peer. ``first_heard`` and ``best_heard`` are what its first and best are worth to us; None before there is one.
    """

    said: int
    made: int
    heard: int
    first_heard: float | None
    best_heard: float | None


class Concession:
    """Decides how many of its acceptable outcomes, best first, a side would settle for."""

    def __init__(
        self, strategy: Strategy, worth: tuple[float, ...], walk_away: float, rounds: int, demand: float = 1.0
    ) -> None:
        """``worth`` is that of the acceptable outcomes, falling; ``rounds`` is how many offers may be made; ``demand``
        is the share of its gain that the side has demanded so far.
        """
        self._strategy = strategy
        self._worth = worth
        self._walk_away = walk_away
        self._rounds = rounds
        self.demand = demand

    def reach(self, now: Progress) -> int:
        """How many it would settle for now; asked once for each offer that it is to make.

        At its last offer a side would settle for anything acceptable, whatever its strategy, since the
        alternative is to walk away.
        """
        if now.said + 1 >= self._rounds:
            return len(self._worth)
        match self._strategy.kind:
            case StrategyKind.CONCESSION:
                reach = max(self._over_time(now), self._in_time(now))
            case StrategyKind.MICRO:
                reach = self._rung(min(now.made, now.heard) + 1)
            case StrategyKind.TIT_FOR_TAT:
                # One more than has been offered: somebody has to begin.
                reach = max(self._in_kind(now), now.made + 1)
            case _:
                assert_never(self._strategy.kind)
        return min(max(reach, 1), len(self._worth))

    def _over_time(self, now: Progress) -> int:
        """Demand a share of all there is to gain that falls from 1 at the first offer to 0 at the last.

        Planned as Faratin, Sierra and Jennings (1998) have it. Zeuthen's (1930) risk is the share of its demand
        that a side loses by taking what it is offered; where both weigh it, the side with less to lose comes
        towards the other, and they meet near the Nash solution rather than at equal shares.
        """
        if now.said:
            pace = self._planned(now.said) / self._planned(now.said - 1)
            self.demand *= math.pow(pace, self._haste(now) if self._strategy.weighs_risk else 1.0)
        return self._down_to(self.demand)

    def _planned(self, said: int, exponent: float | None = None) -> float:
        elapsed = said / (self._rounds - 1)
        return 1.0 - math.pow(elapsed, 1.0 / (exponent or self._strategy.exponent))

    def _haste(self, now: Progress) -> float:
        """1 is as planned, 2 twice as fast: by what share of the demand has been offered."""
        if now.best_heard is None:
            return 1.0
        offered = (now.best_heard - self._walk_away) / (self._worth[0] - self._walk_away)
        share = offered / self.demand if offered < self.demand else 1.0
        return max(share / USUAL_SHARE, SLOWEST)

    def _in_time(self, now: Progress) -> int:
        """Where there are offers enough to make every acceptable one, it must not stand still for too long."""
        enough = len(self._worth) <= self._rounds
        return now.made + 1 if enough and len(self._worth) - now.made >= self._rounds - now.said else 0

    def _rung(self, number: int) -> int:
        """MiCRO comes down one outcome for each that the peer has offered (de Jonge 2022).

        With fewer offers than outcomes it takes ever longer strides; the last ends at the last outcome.
        """
        spare = max(len(self._worth) - self._rounds, 0)
        return number + round(spare * math.pow(number / self._rounds, STRIDE))

    def _in_kind(self, now: Progress) -> int:
        """Come down by the share of the way that the peer has come up (after Faratin et al.'s tit-for-tat).

        The peer's way is measured by what its offers are worth to us, from its first offer to our best outcome.
        """
        top, demand = self._worth[0], self._planned(now.said, LAST_MOMENT)
        if now.first_heard is not None and now.best_heard is not None and now.first_heard < top:
            demand = min(demand, 1.0 - (now.best_heard - now.first_heard) / (top - now.first_heard))
        return self._down_to(demand)

    def _down_to(self, demand: float) -> int:
        """How many give at least this share of the gain that the best one gives."""
        least = self._walk_away + demand * (self._worth[0] - self._walk_away)
        return bisect_right(self._worth, -least, key=neg)
