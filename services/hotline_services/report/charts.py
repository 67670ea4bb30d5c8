"""Charts of one run. Each takes plain numbers and gives SVG in the page's colours."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from hotline_services.monitor.wording import words
from hotline_services.report.plots import MARK, TEXT, svg

COLOURS: Final = tuple(f"var(--c{n})" for n in range(8))
SIDES: Final = tuple(f"var(--c{n})" for n in (0, 2, 3, 1, 4, 5, 6, 7))
"""Of sides, in their order: the first two as on the live page, blue and green."""
HEIGHT: Final = 200
WHOLE: Final = {"tickMinStep": 1, "labelExpr": "datum.value % 1 ? '' : format(datum.value, ',')"}
"""Half a call is none."""
DASHES: Final[tuple[list[int], ...]] = (
    [],
    [6, 3],
    [2, 2],
    [8, 3, 2, 3],
    [12, 4],
    [3, 7],
    [6, 3, 2, 3, 2, 3],
    [14, 3, 5, 3],
)
"""Lines are told apart by these too, not by colour alone."""


class Count(NamedTuple):
    """How many of one kind there were in one hour or day."""

    when: str
    kind: str
    number: int


class Point(NamedTuple):
    """A value of one side at a time."""

    at: datetime
    side: str
    value: float


def counts_chart(counts: Sequence[Count], times: Sequence[str], unit: str) -> str:
    """A column for each of these hours or days, of a piece for each kind."""
    rows = [{"when": each.when, "kind": words(each.kind), "count": each.number} for each in counts]
    kinds = sorted({words(each.kind) for each in counts})
    axis = {"labelAngle": -45, "labelOverlap": True}
    encoding = {
        "x": {"field": "when", "type": "ordinal", "title": None, "scale": {"domain": list(times)}, "axis": axis},
        "y": {"field": "count", "type": "quantitative", "title": unit, "axis": WHOLE},
        "color": _colour("kind", kinds),
    }
    edge = {"type": "bar", "stroke": "var(--paper)", "strokeWidth": 1}
    return svg(rows, [{"mark": edge, "encoding": encoding}], HEIGHT)


def times_chart(seconds: Sequence[float], title: str) -> str:
    """How often a time fell in each of some twenty bins."""
    encoding = {
        "x": {"bin": {"maxbins": 20}, "field": "s", "type": "quantitative", "title": title},
        "y": {"aggregate": "count", "type": "quantitative", "title": "calls", "axis": WHOLE},
    }
    mark = {"type": "bar", "color": MARK, "stroke": "var(--paper)"}
    return svg([{"s": each} for each in seconds], [{"mark": mark, "encoding": encoding}], HEIGHT * 3 // 4)


def lines_chart(points: Sequence[Point], sides: Sequence[str], unit: str) -> str:
    """A line for each of these sides through its points, which are in order of time."""
    # Two points of one time, before and after a step, are sorted by "n".
    rows = [{"at": p.at.isoformat(), "side": p.side, "value": round(p.value, 3), "n": n} for n, p in enumerate(points)]
    dashes = {"domain": sides, "range": [DASHES[n % len(DASHES)] for n in range(len(sides))]}
    encoding = {
        "x": {"field": "at", "type": "temporal", "scale": {"type": "utc"}, "title": "time (UTC)"},
        "y": {"field": "value", "type": "quantitative", "title": unit},
        "color": _colour("side", sides, SIDES),
        "strokeDash": {"field": "side", "type": "nominal", "scale": dashes, "title": None},
        "order": {"field": "n", "type": "quantitative"},
    }
    mark = {"type": "line", "strokeWidth": 2}
    return svg(rows, [{"mark": mark, "encoding": encoding}], HEIGHT)


def shares_chart(shares: Sequence[tuple[str, int]], unit: str) -> str:
    """A bar each, with its number."""
    rows = [{"what": words(name), "count": count} for name, count in shares]
    axis = {"labelLimit": 260, "labelPadding": 10, "ticks": False, "domain": False}
    what: dict[str, Any] = {"field": "what", "type": "nominal", "sort": None, "title": None, "axis": axis}
    count = {"field": "count", "type": "quantitative", "title": unit, "axis": WHOLE}
    bar = {"mark": {"type": "bar", "color": MARK}, "encoding": {"x": count, "y": what}}
    number = {
        "mark": {"type": "text", "align": "left", "dx": 4, "color": TEXT},
        "encoding": {"x": count, "y": what, "text": {"field": "count", "format": ","}},
    }
    return svg(rows, [bar, number])


def _colour(field: str, names: Sequence[str], colours: Sequence[str] = COLOURS) -> dict[str, Any]:
    scale = {"domain": list(names), "range": [colours[n % len(colours)] for n in range(len(names))]}
    return {"field": field, "type": "nominal", "scale": scale, "title": None}
