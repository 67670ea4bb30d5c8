"""How far down its own list a side is ready to go at each of its offers."""

import math
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from hotline_services.aoc.config import Strategy, StrategyKind

LAST_MOMENT: Final = 0.2
"""Exponent by which a tit-for-tat player comes down even when it has nothing to answer in kind."""
STRIDE: Final = 3.0
"""How late MiCRO makes its long strides when it has fewer offers than outcomes: 1 is evenly; 3 measured best."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How a negotiation stands when the next offer is to be made.

    ``said`` of ``rounds`` offers have been made, ``made`` of them different; ``heard`` counts the different
    offers of the peer. ``first_heard`` and ``best_heard`` are what the peer's first and best offer are worth to
    us; None before it has made one.
    """

    said: int
    rounds: int
    made: int = 0
    heard: int = 0
    first_heard: float | None = None
    best_heard: float | None = None


def reach(strategy: Strategy, worth: NDArray[np.float64], walk_away: float, now: Progress) -> int:
    """How many of the acceptable outcomes, whose ``worth`` falls, this side would now settle for.

    At its last offer a side would settle for anything acceptable, whatever its strategy, since the
    alternative is to walk away.
    """
    if now.said + 1 >= now.rounds:
        return len(worth)
    match strategy.kind:
        case StrategyKind.CONCESSION:
            wanted = _down_to(worth, _aspiration(worth[0], walk_away, strategy.exponent, now))
            wanted = max(wanted, _in_time(len(worth), now))
        case StrategyKind.MICRO:
            wanted = _rung(min(now.made, now.heard) + 1, len(worth), now.rounds)
        case StrategyKind.TIT_FOR_TAT:
            late = _aspiration(worth[0], walk_away, LAST_MOMENT, now)
            wanted = max(_down_to(worth, min(late, _in_kind(worth[0], walk_away, now))), now.made + 1)
    return min(max(wanted, 1), len(worth))


def _aspiration(top: float, walk_away: float, exponent: float, now: Progress) -> float:
    """From ``top`` at the first offer to ``walk_away`` at the last (Faratin, Sierra and Jennings 1998)."""
    elapsed = now.said / (now.rounds - 1)
    return walk_away + (top - walk_away) * (1.0 - math.pow(elapsed, 1.0 / exponent))


def _in_time(acceptable: int, now: Progress) -> int:
    """Where there are offers enough to make every acceptable one, it must not stand still for too long."""
    left = now.rounds - now.said
    return now.made + 1 if acceptable <= now.rounds and acceptable - now.made >= left else 0


def _rung(number: int, acceptable: int, rounds: int) -> int:
    """MiCRO comes down one outcome for each that the peer has offered (de Jonge 2022).

    With fewer offers than outcomes it takes ever longer strides; the last of ``rounds`` ends at the last one.
    """
    spare = max(acceptable - rounds, 0)
    return number + round(spare * math.pow(number / rounds, STRIDE))


def _in_kind(top: float, walk_away: float, now: Progress) -> float:
    """Come down by the share of the way that the peer has come up (after Faratin et al.'s relative tit-for-tat).

    The peer's way is measured by what its offers are worth to us, from its first offer to our best outcome.
    """
    if now.first_heard is None or now.best_heard is None or now.first_heard >= top:
        return top
    share = (now.best_heard - now.first_heard) / (top - now.first_heard)
    return top - share * (top - walk_away)


def _down_to(worth: NDArray[np.float64], aspiration: float) -> int:
    """How many are worth at least this much."""
    return len(worth) - int(worth[::-1].searchsorted(aspiration))
