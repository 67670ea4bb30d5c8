"""What is known to have happened beside what came in a run of it, as a table for a person."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from hotline_services.director.expecting import Finding
from hotline_services.monitor.wording import duration

from .texts import time_text

AS_KNOWN, OTHERWISE = "as known", "OTHERWISE"


def findings_table(findings: Sequence[Finding]) -> Table:
    """A line for each expectation of the scenario, in its order; under it, how else it is told."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "known", "came", "give or take", "", "source"):
        table.add_column(heading, no_wrap=heading != "")
    for finding in findings:
        verdict = AS_KNOWN if finding.met else OTHERWISE
        known, came = time_text(finding.expected_at) or "—", time_text(finding.found_at) or "—"
        within = duration(finding.within.total_seconds()) if finding.expected_at is not None else ""
        table.add_row(*map(Text, (finding.what, known, came, within, verdict, finding.source)))
        for version in finding.disputed:
            table.add_row(Text(f"  disputed: {version}"))
    return table
