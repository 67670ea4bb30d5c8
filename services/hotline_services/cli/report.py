"""`hotline report`: one page on one run, for people."""

import hashlib
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

from hotline_services.director.scenario import ScenarioError
from hotline_services.experiment.analysis.run_tally import Tally
from hotline_services.export.formats.story import Story
from hotline_services.export.memorandum import agreement_of
from hotline_services.export.output import STDOUT, OutputError, refuse_to_overwrite, written
from hotline_services.export.run import Run
from hotline_services.extras import MissingExtraError, extra
from hotline_services.program import program
from hotline_services.records.reading import is_record
from hotline_services.report.page import Made, page
from hotline_services.runtime.store import StoreError, usable

from .export import progress
from .options import FileOrHyphen, Flag
from .query import complain

DAY: Final = timedelta(days=1)
LEAST_DAYS: Final = 1 / 86_400


def report(
    run: Path,
    /,
    *,
    out: Annotated[Path, FileOrHyphen] = Path("report.html"),
    scenario: str | None = None,
    partial: Annotated[bool, Flag] = False,
    force: Annotated[bool, Flag] = False,
) -> int:
    """Write a page on a run: its calls, talks, escalations, tension, crossings and agreements, with plots and a map.

    The page is one file that needs no network and no other file.

    For example:

    hotline report run.jsonl --out report.html

    The exit code is 0, or 2 when something is wrong with the input or the output.

    Parameters
    ----------
    run
        A recording (run.jsonl), or a monitor's record.
    out
        The file to write; - is the standard output.
    scenario
        Whose line and zones are on the map: a shipped name or a file; by default the shipped one with the run's
        agreement.
    partial
        Of a recording that is cut off or damaged, take what can be read.
    force
        Write over what is there.
    """
    try:
        refuse_to_overwrite(out, force=force)
        extra("vl_convert")
        text = _report(run, scenario, partial=partial)
        with written(out, force=force) as file:
            file.write(text.encode())
    except (StoreError, OutputError, ScenarioError, MissingExtraError) as error:
        return complain("report", str(error))
    if str(out) != STDOUT:
        sys.stdout.write(f"{out}\n")
    return 0


def _report(path: Path, scenario: str | None, *, partial: bool) -> str:
    with progress(path.name) as tell, Run(path, partial=partial, tell=tell) as run:
        story, tally = Story(run.header, agreement_of(run.header, scenario)), Tally()
        for recorded in run.messages():
            story.take(recorded)
            tally.take(recorded.message, recorded.at)
    if story.period is None:
        raise StoreError(f"{path} holds no messages yet: there is nothing to report.")
    spans = (story.period.end - run.header.start) / DAY
    days = run.header.days if run.header.days and not run.cut_off else max(spans, LEAST_DAYS)
    made = Made(
        file=path.name,
        digest="" if is_record(path) else _digest(path),
        program=program(),
        cut_off=run.cut_off,
    )
    return page(story, tally.outcomes(run.header.start, days), made)


def _digest(path: Path) -> str:
    with usable(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
