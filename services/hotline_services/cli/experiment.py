"""`hotline experiment`: the same runs with and without a change, compared in pairs, on all cores."""

import sys
from pathlib import Path
from typing import Annotated, Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hotline_services.experiment import backends
from hotline_services.experiment.analysis.catalogue import catalogue
from hotline_services.experiment.analysis.running import RunFailedError
from hotline_services.experiment.analysis.unreached_levels import warnings
from hotline_services.experiment.conduct import conduct
from hotline_services.experiment.design_file import ExperimentError, Prepared, read_experiment
from hotline_services.experiment.finished_runs import NAME, JournalError
from hotline_services.experiment.report import REPORT, write_report
from hotline_services.experiment.result_files import write_tables
from hotline_services.extras import MissingExtraError, extra

from .exits import INTERRUPTED
from .numbers import Whole
from .options import Flag
from .query import complain
from .tables import Column, show

FAILED: Final = 1
PARTIES: Final = ("us", "ru")


def experiment(
    experiment: str = "",
    /,
    *,
    out: Path = Path("results"),
    jobs: Whole = None,
    backend: str = backends.LOCAL,
    replications: Whole = None,
    days: float | None = None,
    outcomes: Annotated[bool, Flag] = False,
) -> int:
    """Run an experiment: every combination of its factors' levels, each with the same seeds, and what it makes of them.

    Runs that are done are kept in the folder of the results: an experiment that was interrupted goes on where it was.

    Examples:

    hotline experiment outage --out results/

    hotline experiment mine.toml --out results/ --replications 5 --days 2

    The exit code is 0, 1 when a run failed, 2 when something is wrong with the input, or 130 when it was interrupted.

    Parameters
    ----------
    experiment
        The name of an experiment that is shipped, or the path of a .toml file.
    out
        The folder for runs.csv, runs.parquet, effects.csv, report.html, and the journal of the runs.
    jobs
        How many runs at once; by default as many as there are cores.
    backend
        Where the runs are done: local, or dask://host:port, the scheduler of a Dask cluster.
    replications
        How many runs of each arm, in place of what the file says.
    days
        How many simulated days a run has, in place of what the file says.
    outcomes
        List the outcomes that an experiment can look at, and do nothing else.
    """
    if outcomes:
        show(list(catalogue(PARTIES).values()), MEASURES, json=False, empty="")
        return 0
    overrides = {name: value for name, value in (("replications", replications), ("days", days)) if value is not None}
    try:
        return _conduct(experiment, out, backends.cores() if jobs is None else jobs, backend, overrides)
    except (ExperimentError, MissingExtraError, backends.BackendError, JournalError) as error:
        return complain("experiment", str(error))
    except OSError as error:
        return complain("experiment", f"--out: {error.filename or out}: {error.strerror}")
    except RunFailedError as error:
        complain("experiment", f"a run failed: {error}")
        return FAILED


MEASURES = (
    Column("outcome", lambda measure: measure.name),
    Column("unit", lambda measure: measure.unit),
    Column("what", lambda measure: measure.what),
)


def _conduct(which: str, out: Path, jobs: int, where: str, overrides: dict[str, float]) -> int:
    """Everything that can be wrong is found before the first run, but a fault of a run itself."""
    prepared = read_experiment(which, overrides)
    if jobs < 1:
        raise backends.BackendError(f"--jobs: {jobs}: at least 1")
    for sentence in warnings(prepared):
        complain("experiment", f"warning: {sentence}")
    for library in ("polars", "vl_convert"):
        extra(library)
    runs = backends.backend(where, jobs)
    with _Progress(prepared.experiment.name) as progress:
        try:
            results = conduct(prepared, out, runs, progress.tell)
        except KeyboardInterrupt:
            kept = f"{progress.done:,} of {progress.of:,} runs are done and kept in {out / NAME}"
            complain("experiment", f"interrupted: {kept}; the same command goes on from there")
            return INTERRUPTED
    write_tables(results, out)
    write_report(results, out)
    _tell(prepared, out)
    return 0


class _Progress:
    """How far it has come, on the standard error: a bar on a terminal, else a line for the first run and each tenth."""

    def __init__(self, name: str) -> None:
        self.done = self.of = 0
        self._name = name
        self._began_with: int | None = None
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("runs"), TimeRemainingColumn())
        self._is_terminal = sys.stderr.isatty()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            *columns,
            console=Console(stderr=True),
            transient=True,
            disable=not self._is_terminal,
        )
        self._task = self._bar.add_task(name, total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, done: int, of: int) -> None:
        """So many of so many runs are done."""
        if self._began_with is None:
            self._began_with = done
        is_tenth = done * 10 // of > self.done * 10 // of
        self.done, self.of = done, of
        self._bar.update(self._task, completed=done, total=of)
        if not self._is_terminal and done > self._began_with and (is_tenth or done == self._began_with + 1):
            print(f"{self._name}: {done:,} of {of:,} runs", file=sys.stderr, flush=True)


def _tell(prepared: Prepared, out: Path) -> None:
    runs = len(prepared.arms) * prepared.experiment.replications
    print(f"{prepared.experiment.name}: {runs:,} runs in {len(prepared.arms):,} arms; the report is {out / REPORT}")
