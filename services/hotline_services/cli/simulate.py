"""`hotline simulate`: a scenario in simulated time, recorded to the byte and summed up."""

import contextlib
import math
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hotline_protocol.message import Message
from hotline_services.director.scenario import Scenario, ScenarioError, read_scenario
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.volume import Summary
from hotline_services.monitor.wording import words
from hotline_services.runtime.recording import Header, RecordingWriter

if TYPE_CHECKING:
    from hotline_services.runtime.node import Listener
    from hotline_services.runtime.simulated import Simulation

BAD_INPUT: Final = 2
STEP: Final = timedelta(hours=1)

Flag = Parameter(negative="")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What was run, and what came of it: the same for the same seed."""

    scenario: str
    seed: int
    messages: int
    summary: Summary


def simulate(
    scenario: str,
    /,
    *,
    seed: int | None = None,
    days: float | None = None,
    out: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Play a scenario in simulated time: the same services, no broker, and the same seed writes the same bytes.

    Examples:

    hotline simulate valley-day --seed 7 --out valley.jsonl

    hotline simulate valley-day --days 30 --json

    The exit code is 0, or 2 when something is wrong with the input.

    Parameters
    ----------
    scenario
        The name of a scenario that is shipped, or the path of a .toml file.
    seed
        Which of all possible runs; by default the scenario's own.
    days
        How long, in simulated days; by default the scenario's own length.
    out
        Where to write the recording, a JSON line a message; - is the standard output, and the summary then goes to
        the standard error.
    json
        The summary as one JSON object.
    """
    to_stdout = str(out) == "-"
    began = time.perf_counter()
    try:
        played = read_scenario(scenario)
        if days is not None and not 0 < days <= 3_660:
            raise ValueError(f"--days: {days:g}: more than 0, and no more than 3,660")
        with _opened(out) as file:
            run = _run(played, played.seed if seed is None else seed, days or played.days, file)
    except (ScenarioError, ValueError) as error:
        print(f"hotline simulate: {error}", file=sys.stderr)
        return BAD_INPUT
    console = Console(stderr=to_stdout, highlight=False)
    if json:
        console.out(msgspec.json.encode(run).decode(), highlight=False)
    else:
        console.print(_table(run), _caption(run, time.perf_counter() - began), sep="\n")
    return 0


@contextlib.contextmanager
def _opened(out: Path | None) -> Iterator[BinaryIO | None]:
    """The file to record to. Raises ValueError when it cannot be written."""
    if out is None:
        yield None
    elif str(out) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        try:
            file = out.open("wb")
        except OSError as error:
            raise ValueError(f"--out: {out}: {error.strerror}") from error
        with file:
            yield file


def _run(scenario: Scenario, seed: int, days: float, file: BinaryIO | None) -> Run:
    from hotline_services.world import build

    simulation = build(scenario, seed, math.ceil(days))
    projection, messages = Projection(), 0
    header = Header(
        scenario=scenario.name, seed=seed, start=simulation.start, days=days, agreement=scenario.agreement.digest
    )
    writer = RecordingWriter(file, header) if file else None

    def take(message: Message, at: datetime) -> None:
        nonlocal messages
        messages += 1
        projection.apply(message)
        if writer:
            writer.write(message, at)

    _play(simulation, days, take)
    return Run(scenario=scenario.name, seed=seed, messages=messages, summary=projection.summary(days))


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
        while simulation.now < end:
            simulation.run(min(simulation.now + STEP, end), take)
            done = (simulation.now - simulation.start) / timedelta(days=1)
            progress.update(task, completed=done, day=math.ceil(done))


def _caption(run: Run, took_s: float) -> str:
    days = run.summary.days
    length = f"{days:g} {'day' if days == 1 else 'days'}"
    return f"{run.scenario}, seed {run.seed}, {length}: {run.messages:,} messages in {took_s:.2f} s"


def _table(run: Run) -> Table:
    summary, days = run.summary, run.summary.days
    table = Table(box=None, pad_edge=False)
    for heading, justify in (("", "left"), ("", "left"), ("total", "right"), ("a day", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    table.add_row("calls", "", f"{summary.calls:,}", f"{summary.calls_per_day:.1f}")
    groups: dict[str, Mapping[str, int]] = {
        "  by caller": summary.calls_by_party,
        "  by reason": summary.calls_by_reason,
        "  by tier": summary.calls_by_tier,
        "  by outcome": summary.calls_by_outcome,
        "negotiations": summary.negotiations,
        "escalations": summary.escalations,
        "plans": summary.plans,
        "rejected": summary.rejected,
    }
    for group, counts in groups.items():
        for number, (name, count) in enumerate(counts.items()):
            shown = name if counts is summary.calls_by_party else words(name)
            table.add_row("" if number else group, shown, f"{count:,}", f"{count / days:.1f}")
    table.add_row("agreements", "", f"{summary.agreements:,}", f"{summary.agreements / days:.1f}")
    table.add_row("line load", "Erlang", f"{summary.erlang:.3f}", "")
    return table
