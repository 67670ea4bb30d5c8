"""A calibration as a table in Markdown, for docs/calibration.md."""

import math
from collections.abc import Sequence
from typing import Final

from .figures import SOURCES, Result

BEGIN, END = "<!-- begin figures -->", "<!-- end figures -->"
HEADINGS: Final = ("#", "phenomenon", "published", "band", "measured", "", "", "source", "measured as")


def verdict(result: Result) -> str:
    """In the band or not, in words."""
    return "in band" if result.is_in_band else "OUT OF BAND"


def measured(result: Result) -> str:
    """The value to three figures, or a dash where it is none."""
    return f"{result.value:.3g}" if math.isfinite(result.value) else "—"


def kind(result: Result) -> str:
    """Fitted or held out."""
    return "fitted" if result.figure.fitted else "held out"


def headline(results: Sequence[Result]) -> str:
    """How many are in band, and how many of those were held out."""
    held_out = [result for result in results if not result.figure.fitted]
    met = sum(result.is_in_band for result in results)
    met_held_out = sum(result.is_in_band for result in held_out)
    return f"{met} of {len(results)} figures are in band; of the {len(held_out)} that were held out, {met_held_out}"


def markdown(results: Sequence[Result], how: str) -> str:
    """The tables, with ``how`` they were made."""
    lines = [f"{headline(results)}. Made with `{how}`.", "", _row(HEADINGS), _row(["---"] * len(HEADINGS))]
    lines += [_row(_cells(result)) for result in results]
    lines += ["", *(f"- **{key}**: {what}" for key, what in SOURCES.items())]
    return "\n".join(lines)


def written_into(document: str, table: str) -> str:
    """The document with this table between its two marks. Raises ValueError when they are not there."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def band(result: Result) -> str:
    """The band and its unit."""
    return f"{result.figure.low:g} to {result.figure.high:g} {result.figure.unit}"


def _cells(result: Result) -> list[str]:
    figure = result.figure
    shown = f"**{measured(result)}**" + (f" ({result.detail})" if result.detail else "")
    return [
        str(figure.number),
        figure.phenomenon,
        figure.published,
        band(result),
        shown,
        verdict(result),
        kind(result),
        figure.source,
        figure.measured_as,
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
