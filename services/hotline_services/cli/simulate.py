"""`hotline simulate`: a scenario in simulated time, recorded to the byte and summed up."""

import contextlib
import math
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hotline_protocol.message import Message
from hotline_services.director.changes import ChangeError, read_change
from hotline_services.director.expecting import Expecting, Finding
from hotline_services.director.horizon import end_of, warning
from hotline_services.director.scenario import Scenario, ScenarioError, read_scenario
from hotline_services.experiment.analysis.catalogue import measured
from hotline_services.experiment.analysis.outcomes import Outcomes
from hotline_services.experiment.analysis.run_tally import Tally
from hotline_services.runtime.provenance import Provenance
from hotline_services.runtime.recording import Header, RecordingWriter

from .exits import INTERRUPTED
from .numbers import Whole
from .options import FileOrHyphen, Flag
from .origins import provenance_of
from .query import complain
from .sourced import findings_table
from .summary import summary_table

if TYPE_CHECKING:
    from hotline_services.simulation.node import Listener
    from hotline_services.simulation.shell import Simulation

STEP: Final = timedelta(hours=1)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What was run, and what came of it: the same for the same seed. ``outcomes`` are the measures by name, and
    ``findings`` what came of each thing that is known to have happened, where the scenario names any."""

    scenario: str
    seed: int
    changes: dict[str, Any]
    messages: int
    summary: Outcomes
    outcomes: dict[str, float | None]
    findings: tuple[Finding, ...] = ()


class InterruptedRunError(Exception):
    """Somebody did not want to wait; says how far it came, and what that means for the recording."""


def simulate(
    scenario: str,
    /,
    *,
    seed: Whole = None,
    days: float | None = None,
    set: Annotated[tuple[str, ...], Parameter(negative="")] = (),  # noqa: A002  the option's name
    out: Annotated[Path | None, FileOrHyphen] = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Play a scenario in simulated time: the same services, no broker, and the same seed writes the same bytes.

    Examples:

    hotline simulate valley-day --seed 7 --out valley.jsonl

    hotline simulate valley-day --days 30 --json

    hotline simulate valley-day --set traffic.RIVER.tempo=2 --set parties.ru.officer.answer_s=40

    The exit code is 0, 2 when something is wrong with the input, or 130 when it was interrupted.

    Parameters
    ----------
    scenario
        The name of a scenario that is shipped, or the path of a .toml file.
    seed
        Which of all possible runs; by default the scenario's own.
    days
        How long, in simulated days; by default the scenario's own length.
    set
        Change one value of the scenario: the path of a field, and the new value as in TOML. May be given again.
    out
        Where to write the recording, a JSON line a message; - is the standard output, and the summary then goes to
        the standard error.
    json
        The summary as one JSON object, with every outcome that experiments know by its name.
    """
    to_stdout = str(out) == "-"
    began = time.perf_counter()
    try:
        changes = dict(read_change(text) for text in set)
        played = read_scenario(scenario, changes)
        if days is not None and not 0 < days <= 3_660:
            raise ValueError(f"--days: {days:g}: more than 0, and no more than 3,660")
        if told := warning(played, end_of(played, days or played.days)):
            complain("simulate", f"warning: {told}")
        with _opened(out) as file:
            made = provenance_of(scenario, set, changes) if file else None
            run = _run(played, played.seed if seed is None else seed, days or played.days, changes, made, file)
    except ChangeError as error:
        return complain("simulate", f"--set: {error}")
    except (ScenarioError, ValueError) as error:
        return complain("simulate", str(error))
    except InterruptedRunError as error:
        complain("simulate", f"{error}; {out} is partial" if out else str(error))
        return INTERRUPTED
    _sum_up(run, time.perf_counter() - began, to_stderr=to_stdout, json=json)
    return 0


def _sum_up(run: Run, took_s: float, *, to_stderr: bool, json: bool) -> None:
    """Print what came of it."""
    console = Console(stderr=to_stderr, highlight=False)
    if json:
        console.out(msgspec.json.encode(run).decode(), highlight=False)
    else:
        known = (findings_table(run.findings), "") if run.findings else ()
        console.print(*known, summary_table(run.summary), _caption(run, took_s), sep="\n")


@contextlib.contextmanager
def _opened(out: Path | None) -> Iterator[BinaryIO | None]:
    """What to record to. Raises ValueError for a file that cannot be written."""
    if out is None:
        yield None
    elif str(out) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        try:
            with out.open("wb") as file:
                yield file
        except OSError as error:
            raise ValueError(f"--out: {out}: {error.strerror}") from error


def _run(
    scenario: Scenario,
    seed: int,
    days: float,
    changes: dict[str, Any],
    made: Provenance | None,
    file: BinaryIO | None,
) -> Run:
    from hotline_services.world import build

    simulation = build(scenario, seed, math.ceil(days))
    tally, expecting, messages = Tally(), Expecting(scenario), 0
    header = Header(
        scenario=scenario.name,
        seed=seed,
        start=simulation.start,
        days=days,
        agreement=scenario.agreement.digest,
        provenance=made or msgspec.UNSET,
    )
    writer = RecordingWriter(file, header) if file else None

    def take(message: Message, at: datetime) -> None:
        nonlocal messages
        messages += 1
        tally.take(message)
        expecting.take(message, at)
        if writer:
            writer.write(message, at)

    _play(simulation, days, take)
    outcomes = tally.outcomes(simulation.start, days)
    return Run(
        scenario=scenario.name,
        seed=seed,
        changes=changes,
        messages=messages,
        summary=outcomes,
        outcomes=measured(outcomes, scenario.agreement.parties),
        findings=expecting.findings(),
    )


def _play(simulation: "Simulation", days: float, take: "Listener") -> None:
    """Run it an hour at a time, to show how far it has come."""
    end = simulation.start + timedelta(days=days)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("day {task.fields[day]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("simulating", total=days, day=1)
        done = 0.0
        try:
            while simulation.now < end:
                simulation.run(min(simulation.now + STEP, end), take)
                done = (simulation.now - simulation.start) / timedelta(days=1)
                progress.update(task, completed=done, day=math.ceil(done))
        except KeyboardInterrupt as interrupt:
            raise InterruptedRunError(f"interrupted after {done:.1f} of {days:g} days") from interrupt


def _caption(run: Run, took_s: float) -> str:
    days = run.summary.days
    length = f"{days:g} {'day' if days == 1 else 'days'}"
    return f"{run.scenario}, seed {run.seed}, {length}: {run.messages:,} messages in {took_s:.2f} s"
