"""Which levels of an experiment change something that lies beyond the end of its runs."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hotline_services.director.horizon import Beyond, beyond, end_of
from hotline_services.director.scenario import scenario_in

from .design import Arm


class _Late(NamedTuple):
    """What an arm has in store for a time after its end."""

    arm: Arm
    things: list[Beyond]


def warnings(arms: Sequence[Arm]) -> Iterator[str]:
    """One sentence for each thing that no run of the arms which have it lives to see."""
    late = [_Late(arm, _beyond(arm)) for arm in arms]
    for thing in sorted({thing for each in late for thing in each.things}, key=lambda thing: (thing.field, thing.at)):
        having = [each.arm for each in late if thing in each.things]
        who = _common(having, arms)
        yield (
            f"{who}{thing.field} is at {thing.at:%Y-%m-%d %H:%M}, beyond the end of the run, which has "
            f"{having[0].days:g} days: it never happens"
        )


def _beyond(arm: Arm) -> list[Beyond]:
    scenario = scenario_in(arm.raw, arm.file)
    return beyond(scenario, end_of(scenario, arm.days))


def _common(having: Sequence[Arm], arms: Sequence[Arm]) -> str:
    """The levels that all of these arms have and not all of the experiment's: ``line down-6h: ``."""
    shared = _levels(having)
    own = {factor: level for factor, level in shared.items() if _levels(arms).get(factor) != level}
    told = ", ".join(f"{factor} {level}" for factor, level in own.items())
    return f"{told}: " if told else ""


def _levels(arms: Sequence[Arm]) -> dict[str, str]:
    """The levels that these arms have in common."""
    first, *others = arms
    return {
        factor: level
        for factor, level in first.levels.items()
        if all(arm.levels.get(factor) == level for arm in others)
    }
