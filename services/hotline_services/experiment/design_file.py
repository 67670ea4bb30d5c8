"""Reading an experiment: whatever is wrong with it is said, with its line, before anything runs."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import msgspec

from hotline_services.director.changes import ChangeError, change
from hotline_services.director.lines import line_of
from hotline_services.director.scenario import TOO_DEEP, ScenarioError, find_scenario, raw_scenario, scenario_in
from hotline_services.director.script import Scenario
from hotline_services.director.strict import FieldError, read_strictly
from hotline_services.resources import experiments_folder
from hotline_services.text_files import read_text

from .analysis.catalogue import Measure, catalogue
from .analysis.design import SCENARIO, Arm, Experiment, Factor, Level, combinations, number_of_arms, paths_of

MOST_ARMS: Final = 1_000
TAKEN: Final = (SCENARIO, "replication", "seed")
"""Columns of the results that no factor can be called by."""


class ExperimentError(ValueError):
    """An experiment cannot be run: says the file, the line, the field in it, and what would be right."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment that can be run. ``text`` is its file, ``overrides`` is what stands in the place of what that says,
    and ``scenarios`` are the scenarios without any change."""

    file: str
    text: str
    overrides: dict[str, float]
    experiment: Experiment
    arms: tuple[Arm, ...]
    scenarios: dict[str, dict[str, Any]]
    parties: tuple[str, ...]

    @property
    def measures(self) -> dict[str, Measure]:
        """Every measure that can be told of these runs, by name."""
        return catalogue(self.parties)


def shipped_experiments() -> tuple[str, ...]:
    """The names that :func:`read_experiment` knows without a path."""
    return tuple(sorted(path.stem for path in experiments_folder().glob("*.toml")))


def read_experiment(which: str | Path, overrides: Mapping[str, float] | None = None) -> Prepared:
    """The experiment of this shipped name, or in this file, some fields overridden. Raises ExperimentError."""
    path = _find(which)
    try:
        text = read_text(path)
        raw = tomllib.loads(text)
    except OSError as error:
        raise ExperimentError(f"{path.name}: file: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExperimentError(f"{path.name}: file: is not TOML: {error}") from error
    except RecursionError as error:
        raise ExperimentError(f"{path.name}: file: {TOO_DEEP}") from error
    try:
        return _Reader(path, text, dict(overrides or {})).read(raw)
    except FieldError as error:
        if error.field in (overrides or {}):
            raise ExperimentError(f"--{error.field}: {error.reason}") from error
        line = line_of(text, error.field)
        at = f", line {line}" if line else ""
        raise ExperimentError(f"{path.name}{at}: {error.field}: {error.reason}") from error


def _find(which: str | Path) -> Path:
    if isinstance(which, Path) or which.endswith(".toml"):
        return Path(which)
    shipped = experiments_folder() / f"{which}.toml"
    if not shipped.is_file():
        known = ", ".join(shipped_experiments())
        asked = f"{which}: none of this name is shipped" if which else "name an experiment"
        raise ExperimentError(f"{asked}; there are: {known}; or give the path of a .toml")
    return shipped


class _Reader:
    """Reads one file. Raises FieldError."""

    def __init__(self, path: Path, text: str, overrides: dict[str, float]) -> None:
        self._path = path
        self._text = text
        self._overrides = overrides
        self._unchanged: dict[Path, dict[str, Any]] = {}

    def read(self, raw: dict[str, Any]) -> Prepared:
        """Everything, checked."""
        experiment = read_strictly(raw | self._overrides, Experiment)
        for field, reason in _inconsistent(experiment):
            raise FieldError(field, reason)
        scenarios = [self._scenario(experiment, number) for number in range(len(experiment.scenarios))]
        parties = tuple(dict.fromkeys(party for each in scenarios for party in each.agreement.parties))
        _check_outcomes(experiment, catalogue(parties))
        return Prepared(
            file=self._path.name,
            text=self._text,
            overrides=self._overrides,
            experiment=experiment,
            arms=tuple(self._arms(experiment)),
            scenarios={which: self._unchanged[self._scenario_path(which)] for which in experiment.scenarios},
            parties=parties,
        )

    def _scenario(self, experiment: Experiment, number: int) -> Scenario:
        """The scenario of this number as it is without any change."""
        which = experiment.scenarios[number]
        try:
            path = self._scenario_path(which)
            self._unchanged[path] = raw_scenario(path)
            return scenario_in(self._unchanged[path], path.name)
        except ScenarioError as error:
            field = SCENARIO if isinstance(experiment.scenario, str) else f"{SCENARIO}[{number}]"
            reason = error.reason if error.field == "name" else f"{error.file}: {error.field}: {error.reason}"
            raise FieldError(field, f"{which!r}: {reason}") from error

    def _scenario_path(self, which: str) -> Path:
        return self._path.parent / which if which.endswith(".toml") else find_scenario(which)

    def _arms(self, experiment: Experiment) -> Iterator[Arm]:
        for levels in combinations(experiment.all_factors, experiment.design):
            which = levels[SCENARIO].name if SCENARIO in levels else experiment.scenarios[0]
            changes = paths_of(experiment.set)
            for level in levels.values():
                changes |= paths_of(level.set)
            path = self._scenario_path(which)
            try:
                raw = self._changed(path, changes)
            except ScenarioError as error:
                raise self._blamed(experiment, levels, path, error) from error
            yield Arm(
                scenario=which,
                levels={factor: level.name for factor, level in levels.items()},
                changes=changes,
                days=experiment.days,
                file=path.name,
                raw=raw,
            )

    def _changed(self, path: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The scenario with these changes, as it is written. Raises ScenarioError when it can be read no more."""
        raw = deepcopy(self._unchanged[path])
        try:
            change(raw, changes)
        except ChangeError as error:
            raise ScenarioError(path.name, error.path, error.reason) from error
        scenario_in(raw, path.name)
        return raw

    def _blamed(
        self, experiment: Experiment, levels: Mapping[str, Level], path: Path, error: ScenarioError
    ) -> FieldError:
        """The change by which the scenario cannot be read any more, found by making each alone."""
        for field, name, value in _single_changes(experiment, levels):
            try:
                self._changed(path, {name: value})
            except ScenarioError as fault:
                where = "" if fault.field == name else f"{fault.field}: "
                return FieldError(f"{field}.{name}", f"{where}{fault.reason}")
        together = ", ".join(f"{factor} {level.name}" for factor, level in levels.items())
        return FieldError("factors", f"{together}, taken together: {error.field}: {error.reason}")


def _single_changes(experiment: Experiment, levels: Mapping[str, Level]) -> Iterator[tuple[str, str, Any]]:
    """Each change of this arm: the field that makes it, the path that it changes, and the value."""
    for name, value in paths_of(experiment.set).items():
        yield "set", name, value
    for number, factor in enumerate(experiment.factors):
        level = levels[factor.name]
        for name, value in paths_of(level.set).items():
            yield f"factors[{number}].levels[{factor.levels.index(level)}].set", name, value


def _inconsistent(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """What is well written, but contradicts something else in the file."""
    arms = number_of_arms(experiment.all_factors, experiment.design)
    if arms > MOST_ARMS:
        yield "factors", f"make {arms:,} arms, and {MOST_ARMS:,} are the most; one-at-a-time makes fewer"
    if len(set(experiment.scenarios)) != len(experiment.scenarios):
        yield SCENARIO, "each is named once"
    names: dict[str, int] = {}
    changed: dict[str, str] = dict.fromkeys(paths_of(experiment.set), "every arm")
    for number, factor in enumerate(experiment.factors):
        path = f"factors[{number}]"
        if factor.name in names or factor.name in TAKEN:
            yield f"{path}.name", f"{factor.name!r} stands for something else already"
        names[factor.name] = number
        yield from _bad_levels(factor, path)
        for where, name in _changed_by(factor, path):
            if changed.get(name, factor.name) != factor.name:
                yield where, f"is set by {changed[name]} already: what would hold?"
            changed[name] = factor.name


def _bad_levels(factor: Factor, path: str) -> Iterator[tuple[str, str]]:
    names = [level.name for level in factor.levels]
    for number, name in enumerate(names):
        if names.index(name) != number:
            yield f"{path}.levels[{number}].name", f"{name!r} is a level already: each is named once"


def _changed_by(factor: Factor, path: str) -> Iterator[tuple[str, str]]:
    for number, level in enumerate(factor.levels):
        for name in paths_of(level.set):
            yield f"{path}.levels[{number}].set.{name}", name


def _check_outcomes(experiment: Experiment, known: Mapping[str, Measure]) -> None:
    for number, factor in enumerate(experiment.factors):
        if factor.name in known:
            raise FieldError(f"factors[{number}].name", f"{factor.name!r} is the name of an outcome")
    for number, name in enumerate(experiment.outcomes):
        if name not in known:
            raise FieldError(f"outcomes[{number}]", f"{name!r} is no outcome; {_suggested(name, known)}")
        if experiment.outcomes.index(name) != number:
            raise FieldError(f"outcomes[{number}]", f"{name!r} is listed already")


def _suggested(name: str, known: Mapping[str, Measure]) -> str:
    """The names that are most like it, and where all of them are listed."""
    near: Sequence[str] = difflib.get_close_matches(name, known, n=5, cutoff=0.5)
    begun = [each for each in known if each.startswith(name.split("_", maxsplit=1)[0])]
    return f"there are: {', '.join(near or begun[:5] or list(known)[:5])} ...; hotline experiment --outcomes lists all"
