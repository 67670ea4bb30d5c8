"""What is known to have happened beside what came in a run of it, as a table for a person."""

from collections.abc import Sequence
from datetime import timedelta

from rich.table import Table
from rich.text import Text

from hotline_services.director.expecting import Finding
from hotline_services.monitor.wording import clock_time, duration

from .texts import time_text

NARROW = timedelta(minutes=5)
AS_KNOWN, OTHERWISE = "as known", "OTHERWISE"


def _known(finding: Finding) -> str:
    """A time and its tolerance, or where that is wide, from when until when."""
    if finding.expected_at is None:
        return "—"
    if finding.within <= NARROW:
        return f"{time_text(finding.expected_at)} ± {duration(finding.within.total_seconds())}"
    first, last = finding.expected_at - finding.within, finding.expected_at + finding.within
    return f"{time_text(first)} to {clock_time(last)}"


def findings_table(findings: Sequence[Finding]) -> Table:
    """A line for each expectation of the scenario, in its order; under it, how else it is told."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "known (UTC)", "came", "", "source"):
        table.add_column(heading, no_wrap=heading != "")
    for finding in findings:
        verdict = AS_KNOWN if finding.met else OTHERWISE
        table.add_row(
            *map(Text, (finding.what, _known(finding), time_text(finding.found_at) or "—", verdict, finding.source))
        )
        for version in finding.disputed:
            table.add_row(Text(f"  disputed: {version}"))
    return table
