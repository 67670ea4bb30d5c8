"""Conducts an experiment: the runs that are not done yet, then everything that is made of all of them."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from hotline_services.program import program

from .analysis.effects import Effect, effects
from .analysis.running import Task, task
from .backends import Backend
from .design_file import Prepared
from .finished_runs import RunJournal

Told = Callable[[int, int], None]


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """All runs of an experiment: ``values`` by arm and replication, in the experiment's order."""

    prepared: Prepared
    program: str
    values: tuple[tuple[dict[str, float | None], ...], ...]

    @property
    def effects(self) -> list[Effect]:
        """The effects on the outcomes that the experiment names."""
        experiment = self.prepared.experiment
        return effects(self.prepared.arms, experiment.all_factors, experiment.outcomes, self.values)


def conduct(prepared: Prepared, folder: Path, backend: Backend, told: Told = lambda _done, _of: None) -> Results:
    """Do what the journal in this folder does not hold yet, and put it there as it comes.

    ``told`` hears how many different runs are done, of how many. Raises JournalError, RunFailedError, BackendError.
    """
    this = program()
    wanted = [
        [task(arm, number, seed, this) for number, seed in enumerate(prepared.experiment.seeds, start=1)]
        for arm in prepared.arms
    ]
    with closing(RunJournal(folder)) as journal:
        _run(wanted, journal, backend, told)
        values = tuple(tuple(journal.done[each.key].values for each in its) for its in wanted)
    return Results(prepared=prepared, program=this, values=values)


def _run(wanted: list[list[Task]], journal: RunJournal, backend: Backend, told: Told) -> None:
    """Replication by replication, so that what has been done when somebody looks is a smaller whole."""
    tasks: Final = {each.key: each for replication in zip(*wanted, strict=True) for each in replication}
    missing = [each for key, each in tasks.items() if key not in journal.done]
    done = len(tasks) - len(missing)
    told(done, len(tasks))
    if not missing:
        return
    for finished in backend(missing):
        journal.add(finished)
        done += 1
        told(done, len(tasks))
