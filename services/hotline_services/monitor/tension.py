"""Tension between the steps that are on record: each step says how the level falls until the next."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from .worldrows import StrainRow

A_HALF_LIFE: Final = 12
"""So many points draw the curve of one half life smoothly."""
MOST_POINTS: Final = 100
"""Of one stretch between two steps."""


class Level(NamedTuple):
    """A level of tension at a time."""

    at: datetime
    level: float


def curve(rows: Sequence[StrainRow], start: datetime, end: datetime) -> list[Level]:
    """The level of one pair from ``start`` to ``end``, to be joined by straight lines.

    ``rows`` are the steps of that pair in order of time. Before the first the level is what that step found. Where a
    step does not say how its level falls, as those of older programs, a straight line leads to what the next one found.
    """
    points: list[Level] = []
    since, left = start, None
    for row in rows:
        if row.at is None:
            continue
        points += _stretch(left, since, row.at) if left is not None else [Level(start, row.before)]
        points += [Level(row.at, row.before), Level(row.at, row.after)]
        since, left = row.at, row
    if left is not None and end > since:
        points += _stretch(left, since, end)
        points.append(Level(end, left.decay.level(left.after, since, end) if left.decay else left.after))
    return points


def _stretch(row: StrainRow, since: datetime, until: datetime) -> Iterator[Level]:
    """Points after the step ``row`` and before the next one, where the curve is not straight."""
    decay = row.decay
    if decay is None:
        return
    if decay.half_life_h is msgspec.UNSET:
        level = row.after
        for fall in () if decay.falls is msgspec.UNSET else decay.falls:
            if since < fall.at < until:
                yield Level(fall.at, level)
                yield Level(fall.at, fall.level)
                level = fall.level
        yield Level(until, level)
        return
    count = min(math.ceil((until - since) / timedelta(hours=decay.half_life_h) * A_HALF_LIFE), MOST_POINTS)
    for number in range(1, count):
        at = since + (until - since) * number / count
        yield Level(at, decay.level(row.after, since, at))
