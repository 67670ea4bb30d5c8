"""Rounding to decimals: to the bit what ``round`` gives, in less than half of its time."""

from collections.abc import Sequence
from typing import Final

import numpy as np

SCALES: Final = tuple(10.0**digits for digits in range(13))
MOST: Final = 1e11
"""Scaled values above this are left to ``round``: below it, the product is wrong by less than 0.00002."""
CLEAR: Final = 0.4999
"""Closer than this to a whole number, a scaled value is no tie, however its product was rounded."""
FEW: Final = 16
"""Fewer numbers than these are rounded faster one by one than in an array."""


def rounded(value: float, digits: int) -> float:
    """``round(value, digits)``, for up to 12 digits.

    ``round`` writes the number out in decimal and reads it again. A whole number divided by a power of ten is the
    nearest float as well, wherever it is beyond doubt which whole number it is. Zeros keep their sign with ``round``.
    """
    scale = SCALES[digits]
    scaled = value * scale
    if -MOST < scaled < MOST:
        whole = round(scaled)
        if whole and -CLEAR < scaled - whole < CLEAR:
            return whole / scale
    return round(value, digits)


def all_rounded(values: Sequence[float], digits: int) -> list[float]:
    """:func:`rounded` of each of these."""
    if len(values) < FEW:
        return [rounded(value, digits) for value in values]
    scaled = np.array(values) * SCALES[digits]
    whole = np.rint(scaled)
    if np.abs(scaled).max() < MOST and np.abs(scaled - whole).max() < CLEAR:
        numbers: list[float] = (whole / SCALES[digits]).tolist()
        return numbers
    return [rounded(value, digits) for value in values]
