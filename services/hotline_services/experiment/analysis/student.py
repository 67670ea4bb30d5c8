"""Student's t distribution, for intervals of a mean: exact for whole degrees of freedom, and without a library."""

import math
from typing import Final

_WIDEST: Final = 1e4


def two_sided(t: float, freedom: int) -> float:
    """The probability that a variable of so many degrees of freedom lies within -t and t.

    Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4.
    """
    angle = math.atan(t / math.sqrt(freedom))
    cosine2 = math.cos(angle) ** 2
    odd = freedom % 2
    term = total = math.cos(angle) if odd else 1.0
    for k in range(2 + odd, freedom - 1, 2):
        term *= (k - 1) / k * cosine2
        total += term
    if not odd:
        return math.sin(angle) * total
    return 2 / math.pi * (angle + (math.sin(angle) * total if freedom > 1 else 0.0))


def quantile(share: float, freedom: int) -> float:
    """The t within which (and minus it) this share of the distribution lies: 12.706 for 0.95 and 1."""
    low, high = 0.0, _WIDEST
    while high - low > 1e-10 * max(low, 1.0):
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided(middle, freedom) < share else (low, middle)
    return high
