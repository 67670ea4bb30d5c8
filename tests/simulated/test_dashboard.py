"""The dashboard asks for nothing that is not there: each of its queries is read, and held against a real exposition."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from prometheus_client.parser import text_string_to_metric_families

from .observed import exposition

COMPOSE = Path(__file__).parents[2] / "compose"
DASHBOARD = COMPOSE / "grafana" / "dashboard.json"
ADDED = {"instance", "job"}  # by Prometheus, to every series


class UnknownNameError(AssertionError):
    """A query names a metric or a label that is not exported."""


def exported() -> dict[str, set[str]]:
    """The labels of each series, by its name."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(exposition().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def panels(dashboard: Any) -> list[Any]:
    return [inner for panel in dashboard["panels"] for inner in (panel, *panel.get("panels", []))]


def targets(dashboard: Any) -> Iterator[tuple[str, str, str]]:
    """Each query with the panel that it is in and its legend."""
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"], target.get("legendFormat", "")


def check(query: str, legend: str, names: dict[str, set[str]]) -> None:
    """Raises UnknownNameError, or ValueError when it cannot be read."""
    tree = promql_parser.parse(re.sub(r"\$__(rate_interval|interval|range)\b", "5m", query))
    labels = set(re.findall(r"{{\s*(\w+)\s*}}", legend))
    series: list[Any] = []
    _walk(tree, series, labels)
    if not series:
        raise UnknownNameError(f"{query} asks for no metric")
    known: set[str] = set(ADDED)
    for selector in series:
        if selector.name not in names:
            raise UnknownNameError(f"{query}: no metric {selector.name} is exported")
        matched = {matcher.name for matcher in selector.matchers.matchers}
        if unknown := matched - names[selector.name] - ADDED:
            raise UnknownNameError(f"{query}: {selector.name} has no label {', '.join(sorted(unknown))}")
        known |= names[selector.name]
    if unknown := labels - known:
        raise UnknownNameError(f"{query}: none of its metrics has the label {', '.join(sorted(unknown))}")


def _walk(node: Any, series: list[Any], labels: set[str]) -> None:
    """Every selector in the query, and every label that it groups or joins by."""
    match node:
        case promql_parser.VectorSelector():
            series.append(node)
        case promql_parser.MatrixSelector():
            series.append(node.vector_selector)
        case promql_parser.AggregateExpr():
            labels.update(node.modifier.labels if node.modifier else ())
            _walk(node.expr, series, labels)
        case promql_parser.Call():
            for argument in node.args:
                _walk(argument, series, labels)
        case promql_parser.BinaryExpr():
            matching = node.modifier.matching if node.modifier else None
            labels.update(matching.labels if matching else ())
            _walk(node.lhs, series, labels)
            _walk(node.rhs, series, labels)
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr() | promql_parser.SubqueryExpr():
            _walk(node.expr, series, labels)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            pass
        case _:
            raise TypeError(f"{type(node).__name__} is not known to this test")


def test_every_query_names_metrics_and_labels_that_are_exported() -> None:
    names = exported()
    for title, query, legend in targets(json.loads(DASHBOARD.read_text())):
        try:
            check(query, legend, names)
        except (UnknownNameError, ValueError) as error:
            raise AssertionError(f"panel {title}: {error}") from error


def test_every_metric_that_is_exported_is_shown() -> None:
    queries = " ".join(query for _, query, _ in targets(json.loads(DASHBOARD.read_text())))
    shown = set(re.findall(r"hotline_\w+", queries))
    stems = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported()} - stems == set()


@pytest.mark.parametrize(
    ("query", "legend"),
    [
        ("hotline_calls", ""),
        ("sum(rate(hotline_calls_total[5m])) + hotline_no_such_metric", ""),
        ('hotline_calls_total{colour="red"}', ""),
        ("sum by (colour) (hotline_calls_total)", ""),
        ("hotline_calls_total", "{{colour}}"),
        ("hotline_calls_total / on (colour) hotline_calls_total", ""),
        ("histogram_quantile(0.5, rate(hotline_calls_total_bucket[5m]))", ""),
        ("1 + 1", ""),
    ],
)
def test_a_query_for_what_is_not_exported_is_found_out(query: str, legend: str) -> None:
    with pytest.raises(UnknownNameError):
        check(query, legend, exported())


def test_a_query_that_cannot_be_read_is_found_out() -> None:
    with pytest.raises(ValueError, match="unclosed"):
        check("sum(hotline_calls_total", "", exported())


def test_panels_have_numbers_of_their_own_and_do_not_overlap() -> None:
    shown = panels(json.loads(DASHBOARD.read_text()))
    assert len({panel["id"] for panel in shown}) == len(shown)
    cells = [
        (x, y)
        for panel in shown
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert all(0 <= x < 24 for x, _ in cells)


def test_prometheus_can_read_what_it_is_to_ask_for() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    command = [promtool, "check", "config", str(COMPOSE / "prometheus.yml")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
