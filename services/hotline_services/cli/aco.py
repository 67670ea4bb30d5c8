"""`hotline aco`: Airspace Control Orders in USMTF text, read as reserved volumes and written from agreements."""

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import App

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Position, Volume4D
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.intake import MAX_PLANS, check_plan
from hotline_services.aco.fields import GROUND_FT, position_field
from hotline_services.aco.order import Measure, Order
from hotline_services.aco.plans import plans_of
from hotline_services.aco.reading import read_order
from hotline_services.aco.sets import Note
from hotline_services.aco.writing import Reserved, write_order
from hotline_services.director.scenario import ScenarioError
from hotline_services.export.formats.story import Story
from hotline_services.export.memorandum import agreement_of
from hotline_services.export.output import OutputError, refuse_to_overwrite, written
from hotline_services.export.run import Run
from hotline_services.monitor.rows import AgreementRow
from hotline_services.monitor.wording import air, date_time_group, heights
from hotline_services.runtime.store import StoreError

from .numbers import Whole
from .options import FileOrHyphen, Flag
from .query import complain
from .tables import Column, aligned
from .times import outside, read_at

REFUSED: Final = 1
DAY: Final = timedelta(days=1)
HIGHEST_GROUND_FT: Final = 29_000

aco = App(name="aco", help="Read and write Airspace Control Orders (USMTF text) as reserved volumes.")


@aco.command
def read(
    file: Annotated[Path, FileOrHyphen],
    /,
    *,
    to: str | None = None,
    out: Annotated[Path | None, FileOrHyphen] = None,
    json: Annotated[bool, Flag] = False,
    year: Whole = None,
    ground: int = GROUND_FT,
    force: Annotated[bool, Flag] = False,
) -> int:
    """Read an Airspace Control Order: what it reserves, what had to be assumed, and what cannot be used and why.

    For example:

    hotline aco read order.aco

    hotline aco read order.aco --to us --out plans.json && hotline inject plans.json --to us

    The exit code is 0 when everything was taken, lines included, 1 when something was refused, 2 when nothing can be
    read or written.

    Parameters
    ----------
    file
        The order; - is the standard input.
    to
        Whose plans they are to be: names them, as in us-aco-...
    out
        Where to write what was taken as flight plans, which hotline inject takes; - is the standard output.
    json
        Everything as one JSON object on the standard output.
    year
        Of times without one, where the order's PERIOD has none either.
    ground
        How high in feet the ground is taken to be under ceilings that are given above it; floors are taken from
        the sea.
    force
        Write over what is there.
    """
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        return complain("aco read", f"{file}: {error.strerror}")
    if not 0 <= ground <= HIGHEST_GROUND_FT:
        return complain("aco read", f"--ground: {ground:,}: from 0 to {HIGHEST_GROUND_FT:,} ft")
    order = read_order(content.decode("utf-8-sig", errors="replace"), year=year, ground_ft=ground)
    try:
        whole = out is None or _write_plans(order, f"{to}-aco" if to else "aco", out, force=force)
    except OutputError as error:
        return complain("aco read", str(error))
    _tell(order, json=json, to_stderr=str(out) == "-")
    if not order.measures and not order.lines:
        return complain("aco read", f"{file}: no measure could be taken")
    return 0 if whole and not order.refused else REFUSED


def _write_plans(order: Order, prefix: str, out: Path, *, force: bool) -> bool:
    """Whether every plan could be written: a centre would refuse the others, such as those that reach over the edge."""
    if not order.measures and not order.lines:
        return False
    whole = True
    plans: list[FlightPlan] = []
    for number, plan in enumerate(plans_of(order, prefix)):
        if number == MAX_PLANS:
            complain("aco read", f"{plan.plan_id} and all after it are left out: {MAX_PLANS:,} plans are the most")
            whole = False
            break
        problems = check_plan(plan, plan.start)
        for problem in problems:
            complain("aco read", f"{plan.plan_id} is left out: {problem.field}: {problem.reason}")
        plans += [] if problems else [plan]
        whole = whole and not problems
    text = msgspec.json.encode({"plans": plans})
    with written(out, force=force) as file:
        file.write(msgspec.json.format(text, indent=2) + b"\n")
    sys.stderr.write(f"{out}: {len(plans):,} plans\n")
    return whole


def _tell(order: Order, *, json: bool, to_stderr: bool) -> None:
    stream = sys.stderr if to_stderr else sys.stdout
    if json:
        stream.write(msgspec.json.format(msgspec.json.encode(order), indent=2).decode() + "\n")
        return
    for heading, rows, columns in (
        (f"taken: {len(order.measures)}", order.measures, MEASURES),
        *([(f"lines, which reserve no air: {len(order.lines)}", order.lines, LINES)] if order.lines else ()),
        (f"mended: {len(order.mended)}", order.mended, NOTES),
        (f"refused: {len(order.refused)}", order.refused, NOTES),
    ):
        stream.write(f"{heading}\n")
        stream.writelines(f"  {line}\n" for line in (aligned(list(rows), columns) if rows else ()))


def _volumes(measure: Measure) -> str:
    count = len(measure.volumes)
    return air(measure.volumes) + (f" ({count} volumes)" if count > 1 else "")


def _place(note: Note) -> str:
    return "/".join(filter(None, (note.set, note.field)))


def _position(position: Position) -> str:
    return position_field(position).removeprefix("LATS:")


def _window(window: tuple[datetime, datetime]) -> str:
    return " to ".join(map(date_time_group, window))


MEASURES: Final = (
    Column("lines", lambda measure: f"{measure.lines[0]}-{measure.lines[1]}", at_right=True),
    Column("name", lambda measure: measure.name),
    Column("kind", lambda measure: measure.kind),
    Column("shape", lambda measure: measure.shape),
    Column("air", _volumes),
)
LINES: Final = (
    Column("lines", lambda line: f"{line.lines[0]}-{line.lines[1]}", at_right=True),
    Column("name", lambda line: line.name),
    Column("kind", lambda line: line.kind),
    Column("positions", lambda line: " ".join(_position(position) for position in line.positions)),
    Column("heights", lambda line: heights(line.lower_ft, line.upper_ft)),
    Column("times", lambda line: ", ".join(map(_window, line.windows))),
)
NOTES: Final = (
    Column("line", lambda note: str(note.line), at_right=True),
    Column("set", _place),
    Column("measure", lambda note: note.measure),
    Column("why", lambda note: note.reason),
)


@aco.command
def write(
    run: Path,
    /,
    *,
    out: Annotated[Path, FileOrHyphen],
    at: str | None = None,
    all: Annotated[bool, Flag] = False,  # noqa: A002  the option's name
    scenario: str | None = None,
    partial: Annotated[bool, Flag] = False,
    force: Annotated[bool, Flag] = False,
) -> int:
    """Write the agreements of a run, and the zones, as an Airspace Control Order that is marked as an exercise's.

    For example:

    hotline aco write run.jsonl --at 2017-08-20T07:30Z --out order.aco

    The exit code is 0, or 2 when something is wrong with the input or the output.

    Parameters
    ----------
    run
        A recording (run.jsonl), or a monitor's record.
    out
        The file to write; - is the standard output.
    at
        Which agreements: those in force or still to come at this time; by default at the end of the run.
    all
        Every agreement of the run, whether it was given back or not.
    scenario
        Whose zones are written: a shipped name or a file; by default the shipped one with the run's agreement.
    partial
        Of a recording that is cut off or damaged, take what can be read.
    force
        Write over what is there.
    """
    try:
        refuse_to_overwrite(out, force=force)
        text = _order(run, None if all else read_at(at), scenario, everything=all, partial=partial)
        with written(out, force=force) as file:
            file.write(text.encode())
    except (StoreError, OutputError, ScenarioError, ValueError) as error:
        return complain("aco write", str(error))
    return 0


def _order(path: Path, at: datetime | None, scenario: str | None, *, everything: bool, partial: bool) -> str:
    with Run(path, partial=partial) as run:
        agreement = agreement_of(run.header, scenario)
        story = Story(run.header, agreement)
        for recorded in run.messages():
            story.take(recorded)
    if run.cut_off:
        complain("aco write", run.cut_off)
    if story.period is None:
        raise StoreError(f"{path} holds no messages.")
    if at is not None and (warning := outside(at, story.period.start, story.period.end)):
        complain("aco write", warning)
    when = at or (story.period.start if everything else story.period.end)
    granted = [each for row in story.rows(AgreementRow) for each in _granted(row, None if everything else when)]
    end = max((each.volume.end for each in granted), default=when + DAY)
    zones = _zones(agreement, when, end) if agreement else []
    title = f"HOTLINE {story.header.scenario}"
    return write_order(title, story.header.agreement[:8], when, end, [*zones, *granted])


def _granted(row: AgreementRow, at: datetime | None) -> Iterator[Reserved]:
    """Its volumes that are in force at this time or will be; all of them for None."""
    if at is not None and (row.entered_at is None or row.entered_at > at):
        return
    if at is not None and row.released_at is not None and row.released_at <= at:
        return
    for number, volume in enumerate(row.volumes, start=1):
        if at is None or volume.end > at:
            name = row.agreement_id if len(row.volumes) == 1 else f"{row.agreement_id}-{number}"
            yield Reserved(name, "ROZ", volume, f"GRANTED BY {row.granter} TO {row.user}")


def _zones(agreement: Agreement, start: datetime, end: datetime) -> Sequence[Reserved]:
    return [
        Reserved(
            zone.name,
            "ROZ",
            Volume4D(area=zone.area, lower_ft=zone.lower_ft, upper_ft=zone.upper_ft, start=start, end=end),
            f"ZONE OF THE AGREEMENT, {'HELD BY ' + zone.holder if zone.holder else 'SHARED'}",
        )
        for zone in agreement.zones
    ]
