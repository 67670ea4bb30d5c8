"""What a factor does: the difference of each of its levels to its first, run by run with the same seed.

In a replication, every arm is run with the same seed. The difference that a level makes in it is the mean, over all
arms with that level, of the arm's outcome less that of the arm that has the first level and is otherwise the same.
These differences, one a replication, are independent of each other. Their mean is the effect; its 95 % interval is
Student's, with one degree of freedom less than there are replications. Replications in which the outcome has no
meaning in one of the two arms are left out, and the number of the others is told.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import stdev
from typing import Any, Final

import msgspec

from .design import Arm, Factor
from .student import quantile

CONFIDENCE: Final = 0.95

Values = Mapping[str, float | None]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One level beside its factor's first, in one outcome. Without two replications there is no interval.

    ``first`` and ``mean`` are the outcome's means over the runs that are compared.
    """

    outcome: str
    factor: str
    level: str
    compared_with: str
    replications: int
    first: float | None = None
    mean: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def is_clear(self) -> bool:
        """The interval does not hold zero."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


class Runs:
    """The outcomes of every arm in every replication."""

    def __init__(self, arms: Sequence[Arm], values: Sequence[Sequence[Values]]) -> None:
        self._values: Final = {_levels(arm.levels): its for arm, its in zip(arms, values, strict=True)}

    def effect(self, outcome: str, factor: Factor, level: str) -> Effect:
        """What this level does to this outcome."""
        pairs = self._pairs(outcome, factor, level)
        names: dict[str, Any] = {
            "outcome": outcome,
            "factor": factor.name,
            "level": level,
            "compared_with": factor.levels[0].name,
        }
        if not pairs:
            return Effect(**names, replications=0)
        differences = [mean - first for first, mean in pairs]
        difference = _mean(differences)
        effect = Effect(
            **names,
            replications=len(pairs),
            first=_mean([first for first, _ in pairs]),
            mean=_mean([mean for _, mean in pairs]),
            difference=difference,
        )
        if len(pairs) < 2:
            return effect
        half = quantile(CONFIDENCE, len(pairs) - 1) * stdev(differences) / math.sqrt(len(pairs))
        return msgspec.structs.replace(effect, low=difference - half, high=difference + half)

    def _pairs(self, outcome: str, factor: Factor, level: str) -> list[tuple[float, float]]:
        """For each replication the outcome with the factor's first level and with this one, over all such arms."""
        arms = [
            (self._values[partner], its)
            for levels, its in self._values.items()
            if dict(levels)[factor.name] == level
            and (partner := _levels(dict(levels) | {factor.name: factor.levels[0].name})) in self._values
        ]
        replications = []
        for number in range(len(arms[0][1]) if arms else 0):
            both = [(first[number].get(outcome), its[number].get(outcome)) for first, its in arms]
            known = [(one, other) for one, other in both if one is not None and other is not None]
            if known:
                replications.append((_mean([one for one, _ in known]), _mean([other for _, other in known])))
        return replications


def effects(
    arms: Sequence[Arm], factors: Sequence[Factor], outcomes: Sequence[str], values: Sequence[Sequence[Values]]
) -> list[Effect]:
    """The effect of every level but the first of every factor on each outcome; ``values`` by arm and replication."""
    runs = Runs(arms, values)
    return [
        runs.effect(outcome, factor, level.name)
        for outcome in outcomes
        for factor in factors
        for level in factor.levels[1:]
    ]


def _levels(levels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(levels.items())


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
