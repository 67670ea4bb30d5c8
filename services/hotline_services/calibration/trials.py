"""The runs that figures are measured in: each is made once, and kept as the few messages that matter."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from hotline_protocol.events import ActivityStopped, CallEnded, Escalated
from hotline_protocol.injection import ReportSighting
from hotline_protocol.line import Noted, Ring
from hotline_protocol.message import Message
from hotline_protocol.sky import Encountered, FlightBegan, FlightFlown, LineCrossed
from hotline_services.director.scenario import read_scenario
from hotline_services.director.script import Scenario
from hotline_services.world import build

KEPT: Final = (
    ActivityStopped,
    CallEnded,
    Encountered,
    Escalated,
    FlightBegan,
    FlightFlown,
    LineCrossed,
    Noted,
    ReportSighting,
    Ring,
)

NO_CHANGES: Final[Mapping[str, Any]] = {}

M = TypeVar("M", bound=Message)
Recipe = Callable[[Scenario, int, int], Scenario]


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """One run: how long it was, and what was said of the kinds that figures are made of, in order."""

    start: datetime
    days: int
    said: dict[type[Message], list[Any]]

    def of(self, kind: type[M]) -> list[M]:
        """Everything of this kind."""
        return self.said.get(kind, [])

    def by_day(self, times: Iterable[datetime]) -> list[int]:
        """How many of these times fall on each day of the run."""
        counts = [0] * self.days
        for at in times:
            day = int((at - self.start) / timedelta(days=1))
            if 0 <= day < self.days:
                counts[day] += 1
        return counts


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A run to be made: a scenario by name with single values changed, or one made by ``recipe``."""

    scenario: str
    days: int
    seed: int
    changes: tuple[tuple[str, Any], ...] = ()
    recipe: str = ""


def fly(trial: Trial, recipes: Mapping[str, Recipe]) -> Log:
    """Make the run."""
    scenario = read_scenario(trial.scenario, dict(trial.changes))
    if trial.recipe:
        scenario = recipes[trial.recipe](scenario, trial.days, trial.seed)
    simulation = build(scenario, trial.seed, trial.days)
    said: dict[type[Message], list[Any]] = {kind: [] for kind in KEPT}

    def keep(message: Message, _: datetime) -> None:
        kept = said.get(type(message))
        if kept is not None:
            kept.append(message)

    simulation.run(simulation.start + timedelta(days=trial.days), keep)
    return Log(start=simulation.start, days=trial.days, said=said)


class Trials:
    """Makes runs when a figure asks for them, each once. ``days`` scales how much is flown, ``told`` hears of each."""

    def __init__(
        self,
        recipes: Mapping[str, Recipe],
        *,
        days: int = 30,
        seeds: Sequence[int] = (1, 2, 3),
        told: Callable[[Trial], None] = lambda _: None,
    ) -> None:
        self.days: Final = days
        self.seeds: Final = tuple(seeds)
        self._recipes: Final = recipes
        self._told: Final = told
        self._logs: Final[dict[bytes, Log]] = {}

    def runs(
        self, scenario: str, *, recipe: str = "", days: int | None = None, changes: Mapping[str, Any] = NO_CHANGES
    ) -> list[Log]:
        """One run a seed."""
        changed = tuple(changes.items())
        return [
            self._log(Trial(scenario=scenario, days=days or self.days, seed=seed, changes=changed, recipe=recipe))
            for seed in self.seeds
        ]

    def alone(self, scenario: str) -> Log:
        """One run of a historical scenario, with its own seed and length."""
        read = read_scenario(scenario)
        return self._log(Trial(scenario=scenario, days=read.days, seed=read.seed))

    def _log(self, trial: Trial) -> Log:
        key = msgspec.json.encode(trial)
        if key not in self._logs:
            self._told(trial)
            self._logs[key] = fly(trial, self._recipes)
        return self._logs[key]
