"""`hotline export`: a recording or a record in the formats of other programs."""

import enum
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, assert_never

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from hotline_protocol.injection import SubmitPlan
from hotline_services.director.scenario import ScenarioError
from hotline_services.export.formats.aircraft import aircraft_json
from hotline_services.export.formats.czml import czml
from hotline_services.export.formats.foxglove import write_mcap
from hotline_services.export.formats.fpl import LeftOut, write_fpl
from hotline_services.export.formats.geojson import geojson
from hotline_services.export.formats.kml import kml
from hotline_services.export.formats.story import Story
from hotline_services.export.formats.tabular import csv_text, parquet, tables
from hotline_services.export.memorandum import agreement_of
from hotline_services.export.output import STDOUT, OutputError, refuse_to_overwrite, written
from hotline_services.export.run import Run, Tell
from hotline_services.extras import MissingExtraError
from hotline_services.monitor.latestrows import AirborneRow
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.traces import spans
from hotline_services.runtime.store import StoreError

from .options import FileOrHyphen, Flag
from .query import complain
from .times import outside, read_at


class Format(enum.Enum):
    """What can be made of a run."""

    PARQUET = "parquet"
    CSV = "csv"
    CZML = "czml"
    KML = "kml"
    GEOJSON = "geojson"
    AIRCRAFT = "aircraft.json"
    MCAP = "mcap"
    OTLP = "otlp"
    FPL = "fpl"


COUNTED: Final = frozenset({Format.MCAP, Format.OTLP})
"""Formats that count time from 1970 on, and have no number for what was before."""
FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
FOLDERS: Final = {Format.PARQUET: parquet, Format.CSV: csv_text}
DRAWN: Final[dict[Format, Callable[[Story], bytes]]] = {
    Format.CZML: czml,
    Format.KML: kml,
    Format.GEOJSON: geojson,
}


def export(
    run: Path,
    /,
    *,
    to: Annotated[str, Parameter(name="--to")],
    out: Annotated[Path | None, FileOrHyphen] = None,
    at: str | None = None,
    scenario: str | None = None,
    partial: Annotated[bool, Flag] = False,
    force: Annotated[bool, Flag] = False,
) -> int:
    """Write a recording or a record for other programs: tables, a map over time, a radar display, a robot's log.

    For example:

    hotline export run.jsonl --to parquet --out tables/

    hotline export run.jsonl --to czml

    hotline export run.jsonl --to aircraft.json --at 2017-08-20T07:30Z --out -

    The exit code is 0, or 2 when something is wrong with the input or the output.

    Parameters
    ----------
    run
        A recording (run.jsonl), or a monitor's record.
    to
        parquet or csv (a folder with a table of each kind of row), czml (Cesium), kml (Google Earth), geojson,
        aircraft.json (tar1090), mcap (Foxglove), otlp (OpenTelemetry's traces as JSON), or fpl (the plans as ICAO
        flight plan messages).
    out
        The file or folder to write; - is the standard output. By default the run's name with the format's ending.
    at
        For aircraft.json: the time, such as 2017-08-20T07:30Z; by default the end of the run.
    scenario
        Whose line and zones are drawn: a shipped name or a file; by default the shipped one with the run's agreement.
    partial
        Of a recording that is cut off or damaged, take what can be read.
    force
        Write over what is there.
    """
    try:
        return _export(run, _format(to), out, read_at(at), scenario, partial=partial, force=force)
    except (StoreError, OutputError, ScenarioError, MissingExtraError, ValueError) as error:
        return complain("export", str(error))


def _format(name: str) -> Format:
    try:
        return Format(name)
    except ValueError:
        known = ", ".join(each.value for each in Format)
        raise ValueError(f"--to: {name!r} is no format; there are {known}") from None


def _export(
    path: Path, kind: Format, out: Path | None, at: datetime | None, scenario: str | None, *, partial: bool, force: bool
) -> int:
    target = out or Path(f"{path.stem}.{kind.value}")
    if kind in FOLDERS and str(target) == STDOUT:
        raise OutputError(f"--out: {kind.value} is a folder of tables, which do not go to the standard output")
    refuse_to_overwrite(target, force=force)
    with progress(path.name) as tell, Run(path, partial=partial, tell=tell) as run:
        if kind in COUNTED and run.header.start < FIRST:
            raise OutputError(f"--to: {kind.value} has no times before 1970, and this run begins at {run.header.start}")
        match kind:
            case Format.MCAP:
                with written(target, force=force) as file:
                    write_mcap(file, run.header, run.messages(), version("hotline"))
            case Format.AIRCRAFT:
                _put(target, _aircraft(run, at), force=force)
            case Format.OTLP:
                _put(target, msgspec.json.encode(spans(each.message for each in run.messages())), force=force)
            case Format.FPL:
                _put(target, _messages(run), force=force)
            case Format.PARQUET | Format.CSV:
                _write_tables(run, kind, target)
            case Format.CZML | Format.KML | Format.GEOJSON:
                _put(target, DRAWN[kind](_story(run, scenario)), force=force)
            case _:
                assert_never(kind)
    if run.cut_off:
        complain("export", run.cut_off)
    if str(target) != STDOUT:
        sys.stdout.write(f"{target}\n")
    return 0


def _put(target: Path, content: bytes, *, force: bool) -> None:
    with written(target, force=force) as file:
        file.write(content)


def _story(run: Run, scenario: str | None) -> Story:
    agreement = agreement_of(run.header, scenario)
    if agreement is None:
        complain("export", "no shipped scenario has this run's agreement: without --scenario its line is not drawn")
    story = Story(run.header, agreement)
    for recorded in run.messages():
        story.take(recorded)
    return story


def _aircraft(run: Run, at: datetime | None) -> bytes:
    """As a monitor would have shown it then: what is said later is not known yet."""
    projection, count, last = Projection(), 0, run.header.start
    for recorded in run.messages():
        last = recorded.at
        if at is None or last <= at:
            projection.apply(recorded.message, last)
            count += 1
    if at is not None and (warning := outside(at, run.header.start, last)):
        complain("export", warning)
    return aircraft_json(projection.rows(AirborneRow), at or last, count)


def _messages(run: Run) -> bytes:
    """The plans as they were handed in, one ICAO message each. What no message can hold is said."""
    submitted = (each.message.plan for each in run.messages() if isinstance(each.message, SubmitPlan))
    texts: list[str] = []
    for written_or_not in write_fpl({plan.digest: plan for plan in submitted}.values()):
        if isinstance(written_or_not, LeftOut):
            complain("export", f"{written_or_not.plan_id} is left out: {written_or_not.reason}")
        else:
            texts.append(f"{written_or_not}\n")
    return "\n".join(texts).encode()


def _write_tables(run: Run, kind: Format, folder: Path) -> None:
    story, recorded = Story(run.header), []
    for each in run.messages():
        story.take(each)
        recorded.append(each)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"--out: {folder}: {error.strerror}") from error
    for table in tables(story, recorded):
        _put(folder / f"{table.name}.{kind.value}", FOLDERS[kind](table), force=True)


@contextmanager
def progress(name: str) -> Iterator[Tell]:
    """A bar on the standard error for long work, on a terminal only."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
