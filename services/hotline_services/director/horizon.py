"""Parts of a scenario that begin only after the end of the run."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from .script import Scenario
from .setting import Duty
from .written import Moment

MOST: Final = 5
"""How many things beyond the end are named in a warning; of the rest only the number is told."""


class Beyond(NamedTuple):
    """A field of the scenario, and its time after the end of the run."""

    field: str
    at: datetime


def beyond(scenario: Scenario, end: datetime) -> list[Beyond]:
    """The fields whose time is ``end`` or later, in order of time."""
    found = (Beyond(field, moment.after(scenario.start)) for field, moment in _moments(scenario))
    return sorted((each for each in found if each.at >= end), key=lambda each: (each.at, each.field))


def warning(scenario: Scenario, end: datetime) -> str:
    """One sentence on what lies beyond the end; empty when nothing does."""
    late = beyond(scenario, end)
    if not late:
        return ""
    things = [f"{each.field} ({each.at:%Y-%m-%d %H:%M})" for each in late[:MOST]]
    things += [f"{len(late) - MOST} more"] if len(late) > MOST else []
    return f"beyond the end of the run ({end:%Y-%m-%d %H:%M}), and so never: {', '.join(things)}"


def _moments(scenario: Scenario) -> Iterator[tuple[str, Moment]]:
    """Each thing that happens at a time of its own, with its field."""
    for number, event in enumerate(scenario.timeline):
        if event.happens:
            yield f"timeline[{number}].at", event.at
    for number, broken in enumerate(scenario.circuit.down):
        yield f"circuit.down[{number}].start", broken.start
    for party, officers in scenario.officers.items():
        for tier in officers.__struct_fields__:
            duty = getattr(officers, tier)
            if isinstance(duty, Duty) and duty.absent.written > timedelta() and not duty.daily:
                yield f"officers.{party}.{tier}.absent_from", duty.absent_from
    for number, expected in enumerate(scenario.expect):
        if expected.at is not None:
            yield f"expect[{number}].at", expected.at


def end_of(scenario: Scenario, days: float) -> datetime:
    """The end of a run of ``days`` days, which may be a fraction."""
    return scenario.start + timedelta(days=days)
