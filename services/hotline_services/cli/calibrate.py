"""`hotline calibrate`: the published figures, each simulated, with its band."""

import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec

from hotline_services.calibration.figures import Result
from hotline_services.calibration.markdown import band, headline, kind, markdown, measured, verdict, written_into
from hotline_services.calibration.measures import calibrate as measure
from hotline_services.calibration.recipes import RECIPES
from hotline_services.calibration.trials import Trial, Trials
from hotline_services.director.scenario import ScenarioError

from .options import Flag
from .query import complain
from .tables import Column, show

OUT_OF_BAND: Final = 1
WANTED: Final = 11
DAYS, SEEDS = 30, 3
MOST_DAYS: Final = 300


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure as it is printed."""

    number: int
    name: str
    published: str
    band: tuple[float, float]
    unit: str
    measured: float
    in_band: bool
    fitted: bool
    detail: str
    source: str


def calibrate(
    *,
    days: int = DAYS,
    seeds: int = SEEDS,
    write: Path | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Measure the published figures in simulated runs: each with its band, and whether it was fitted or held out.

    For example:

    hotline calibrate

    hotline calibrate --days 5 --seeds 1 --json

    The exit code is 0 when at least 11 of the 13 are in their bands, 1 when not, 2 when the input is wrong.

    Parameters
    ----------
    days
        How many days each run of routine flying has.
    seeds
        How many runs are made of each, with the seeds 1, 2, 3 and so on.
    write
        A Markdown file to put the table into, between its two marks.
    json
        A list of JSON objects.
    """
    if not 2 <= days <= MOST_DAYS or seeds < 1:
        return complain("calibrate", f"--days: 2 to {MOST_DAYS}; --seeds: at least 1")
    try:
        document = _document(write)
    except (OSError, ValueError) as error:
        return complain("calibrate", f"--write: {write}: {error}")
    try:
        results = measure(Trials(RECIPES, days=days, seeds=range(1, seeds + 1), told=_tell))
    except ScenarioError as error:
        return complain("calibrate", str(error))
    if write is not None:
        table = markdown(results, f"hotline calibrate --days {days} --seeds {seeds}")
        write.write_text(written_into(document, table), encoding="utf-8")
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    show(results if not json else [_row(result) for result in results], COLUMNS, json=json, empty="")
    sys.stderr.write(f"{headline(results)}\n")
    if days * seeds < DAYS * SEEDS:
        sys.stderr.write(f"Bands are meant for {DAYS} days and {SEEDS} seeds: fewer scatter more widely.\n")
    return 0 if sum(result.is_in_band for result in results) >= WANTED else OUT_OF_BAND


def _document(write: Path | None) -> str:
    """What the table is to be put into: looked at before anything is flown, which takes minutes.

    Raises OSError when it cannot be read and written, ValueError when it has no place for the table.
    """
    if write is None:
        return ""
    with write.open("r+", encoding="utf-8") as file:
        document = file.read()
    written_into(document, "")
    return document


def _tell(trial: Trial) -> None:
    """What is being flown, on a terminal."""
    if sys.stderr.isatty():
        changed = ", otherwise" if trial.changes or trial.recipe else ""
        sys.stderr.write(f"\r\x1b[Kflying {trial.days} days of {trial.scenario}, seed {trial.seed}{changed}")
        sys.stderr.flush()


def _told(result: Result) -> str:
    figure = result.figure
    return f"{figure.phenomenon}: {figure.published}" + (f"; {result.detail}" if result.detail else "")


COLUMNS = (
    Column("#", lambda result: str(result.figure.number), at_right=True),
    Column("figure", lambda result: result.figure.name),
    Column("measured", measured, at_right=True),
    Column("band", band),
    Column("", verdict),
    Column("", kind),
    Column("what, as published, and what else was measured", _told),
)


def _row(result: Result) -> Row:
    figure = result.figure
    return Row(
        number=figure.number,
        name=figure.name,
        published=figure.published,
        band=(figure.low, figure.high),
        unit=figure.unit,
        measured=result.value,
        in_band=result.is_in_band,
        fitted=figure.fitted,
        detail=result.detail,
        source=figure.source,
    )
