"""Which levels of an experiment change something that lies beyond the end of its runs."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from hotline_services.director.horizon import Beyond, beyond, end_of
from hotline_services.director.scenario import scenario_in
from hotline_services.experiment.design_file import Prepared

from .design import Arm


class _Late(NamedTuple):
    """The fields that an arm changes to a time after its end."""

    arm: Arm
    things: set[Beyond]


def warnings(prepared: Prepared) -> Iterator[str]:
    """One sentence for each thing that the experiment changes and no run of the arms which have it lives to see.

    What lies beyond the end in the scenario as it is shipped or written is left out: no level is about it.
    """
    arms, late = prepared.arms, [_Late(arm, _changed(arm, prepared)) for arm in prepared.arms]
    for thing in sorted({thing for each in late for thing in each.things}, key=lambda thing: (thing.field, thing.at)):
        having = [each.arm for each in late if thing in each.things]
        yield (
            f"{_common(having, arms)}{thing.field} is at {thing.at:%Y-%m-%d %H:%M}, beyond the end of the run, which "
            f"has {having[0].days:g} days: it never happens"
        )


def _changed(arm: Arm, prepared: Prepared) -> set[Beyond]:
    return _beyond(arm, arm.raw) - _beyond(arm, prepared.scenarios[arm.scenario])


def _beyond(arm: Arm, raw: dict[str, Any]) -> set[Beyond]:
    scenario = scenario_in(raw, arm.file)
    return set(beyond(scenario, end_of(scenario, arm.days)))


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
