"""Plots as SVG for a page: its colours are the page's own (``--mark``, ``--grid``, the text's), light or dark."""

import math
from collections.abc import Sequence
from typing import Any, Final

from hotline_services.experiment.analysis.effects import Effect
from hotline_services.extras import extra

WIDTH: Final = 560
STEP: Final = 22
QUARTILES: Final = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
MARK, GRID, TEXT = "var(--mark)", "var(--grid)", "currentColor"


def effects_plot(effects: Sequence[Effect], unit: str) -> str:
    """A point and an interval for each level; left of the dashed line is less than with the factor's first level."""
    known = [effect for effect in effects if effect.difference is not None]
    names = [f"{effect.factor}: {effect.level}" for effect in known]
    rows = [
        {"level": name, "low": effect.low, "high": effect.high, "difference": effect.difference}
        for name, effect in zip(names, known, strict=True)
    ]
    levels, title = _labels("level", names), f"difference, {unit}"
    bar = {"mark": {"type": "rule", "color": MARK, "strokeWidth": 2}, "encoding": _x("low", title, x2="high") | levels}
    dot = {"mark": _dot(70), "encoding": _x("difference", title) | levels}
    zero = {
        "data": {"values": [{"zero": 0}]},
        "mark": {"type": "rule", "color": TEXT, "strokeDash": [4, 3]},
        "encoding": {"x": {"field": "zero", "type": "quantitative", "title": title}},
    }
    return svg(rows, [zero, bar, dot])


def arms_plot(values: Sequence[tuple[str, Sequence[float]]], unit: str) -> str:
    """For each arm the middle half of its runs as a bar, nine tenths as a line, the median and (a dot) the mean."""
    rows = [{"arm": label, **_spread(its)} for label, its in values if its]
    arms = _labels("arm", [label for label, its in values if its])
    bar: dict[str, Any] = {"type": "bar", "color": MARK, "opacity": 0.35, "height": 12}
    median: dict[str, Any] = {"type": "tick", "color": TEXT, "thickness": 2, "height": 14}
    return svg(
        rows,
        [
            {"mark": {"type": "rule", "color": MARK}, "encoding": _x("p5", unit, x2="p95") | arms},
            {"mark": bar, "encoding": _x("p25", unit, x2="p75") | arms},
            {"mark": median, "encoding": _x("p50", unit) | arms},
            {"mark": _dot(40), "encoding": _x("mean", unit) | arms},
        ],
    )


def _spread(values: Sequence[float]) -> dict[str, float]:
    """Mean, and percentiles by linear interpolation."""
    ordered = sorted(values)
    found = {"mean": math.fsum(ordered) / len(ordered)}
    for name, share in QUARTILES.items():
        place = share * (len(ordered) - 1)
        below = math.floor(place)
        above = min(below + 1, len(ordered) - 1)
        found[name] = ordered[below] + (place - below) * (ordered[above] - ordered[below])
    return found


def _x(field: str, title: str, **more: str) -> dict[str, Any]:
    place = {"field": field, "type": "quantitative", "title": title}
    encoding: dict[str, Any] = {"x": place | {"scale": {"zero": False, "nice": True}, "axis": {"tickCount": 8}}}
    for channel, other in more.items():
        encoding[channel] = {"field": other}
    return encoding


def _labels(field: str, names: Sequence[str]) -> dict[str, Any]:
    axis = {"labelLimit": 260, "labelPadding": 10, "ticks": False, "domain": False}
    return {"y": {"field": field, "type": "nominal", "sort": list(names), "title": None, "axis": axis}}


def _dot(size: int) -> dict[str, Any]:
    return {"type": "point", "filled": True, "color": MARK, "opacity": 1, "size": size}


def svg(rows: Sequence[dict[str, Any]], layers: list[dict[str, Any]], height: Any = None) -> str:
    """The chart of these layers over these rows, in the page's own colours. Raises MissingExtraError."""
    axis = {"labelColor": TEXT, "titleColor": TEXT, "gridColor": GRID, "domainColor": GRID, "tickColor": GRID}
    sizes = {"labelFontSize": 12, "titleFontSize": 12}
    chart = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": list(rows)},
        "background": None,
        "padding": {"left": 24, "top": 5, "right": 24, "bottom": 5},  # letters are reckoned narrower than they are
        "width": WIDTH,
        "height": height or {"step": STEP},
        "config": {
            "view": {"stroke": None},
            "axis": axis | sizes,
            "legend": {"labelColor": TEXT, "titleColor": TEXT} | sizes,
        },
        "layer": layers,
    }
    return str(extra("vl_convert").vegalite_to_svg(chart))
