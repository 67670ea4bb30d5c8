"""Bounds of delay and silence: how fast time may run on a broker, and when a service counts as silent."""

import math
from typing import Final

SHARE: Final = 0.1
"""Of an agreement's shortest deadline: a message that takes longer decides by delay what patience should."""
STALE_S: Final = 30.0  # real seconds: three missed signs of life


def fitting_speed(delay_s: float, shortest_s: float) -> float:
    """The greatest speed at which this real delay is no more than that share of the shortest deadline."""
    return SHARE * shortest_s / delay_s


def told_speed(speed: float) -> str:
    """For a person: rounded down, so that it is not too fast itself."""
    return f"{math.floor(speed):,}x" if speed >= 1 else f"{math.floor(speed * 1_000) / 1_000:g}x"
