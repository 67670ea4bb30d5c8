"""Levels that hold from one message to the next: tension, and who is at the desk; and their means over a run."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from hotline_protocol.events import PresenceChanged, Stage, StrainChanged

from .outcomes import Tension

HOUR: Final = timedelta(hours=1)


class _Stretch(NamedTuple):
    """A time between two steps: how long it lasted, the mean level, and the stage."""

    seconds: float
    mean: float
    stage: Stage


def tension(steps: Sequence[StrainChanged], start: datetime, end: datetime) -> dict[str, Tension]:
    """Each side's tension, from its steps in order of time; towards several peers, the mean of them, but the greatest
    of all."""
    by_line: dict[tuple[str, str], list[StrainChanged]] = defaultdict(list)
    for step in steps:
        by_line[step.source, step.peer].append(step)
    stretches: dict[str, list[_Stretch]] = defaultdict(list)
    for (side, _), its in sorted(by_line.items()):
        stretches[side] += _stretches(its, start, end)
    greatest = {side: max(max(step.before, step.after) for step in steps if step.source == side) for side in stretches}
    return {side: _tension(greatest[side], its) for side, its in stretches.items()}


def _stretches(steps: Sequence[StrainChanged], start: datetime, end: datetime) -> Iterator[_Stretch]:
    """Before the first step the level is taken to be what it found, and calm; after the last, what it left."""
    since, level, stage = start, steps[0].before, Stage.CALM
    for step in steps:
        yield _Stretch((step.time - since).total_seconds(), logarithmic_mean(level, step.before), stage)
        since, level, stage = step.time, step.after, step.stage
    yield _Stretch(max((end - since).total_seconds(), 0.0), level, stage)


def logarithmic_mean(one: float, other: float) -> float:
    """The mean of what falls (or grows) exponentially from the one level to the other; with a zero, their half sum."""
    if one <= 0 or other <= 0 or math.isclose(one, other):
        return (one + other) / 2
    return (one - other) / math.log(one / other)


def _tension(greatest: float, stretches: Sequence[_Stretch]) -> Tension:
    total = math.fsum(each.seconds for each in stretches) or 1.0
    return Tension(
        greatest=greatest,
        mean=math.fsum(each.seconds * each.mean for each in stretches) / total,
        stages={
            stage.value: math.fsum(each.seconds for each in stretches if each.stage is stage) / total for stage in Stage
        },
    )


def absent_hours(changes: Sequence[PresenceChanged], start: datetime, end: datetime) -> dict[str, float]:
    """For how many hours each side's desk was empty; ``changes`` in order of time. Who first comes was away before."""
    hours: dict[str, float] = defaultdict(float)
    empty_since: dict[str, datetime | None] = {}
    for change in changes:
        left = empty_since.get(change.source, start)
        if change.present and left is not None:
            hours[change.source] += (change.time - left) / HOUR
        if not change.present and (left is None or change.source not in empty_since):
            left = change.time
        empty_since[change.source] = None if change.present else left
    for side, left in empty_since.items():
        if left is not None:
            hours[side] += (end - left) / HOUR
    return {side: round(hours[side], 9) for side in sorted(hours)}
