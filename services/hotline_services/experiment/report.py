"""The report of an experiment: one page that needs nothing else, to be read by people and kept beside the data."""

import sys
from collections.abc import Iterator, Sequence
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

from hotline_services.report.frame import FOOT, HEAD, details, figure, table, text_cell
from hotline_services.report.plots import arms_plot, effects_plot

from .analysis.catalogue import Measure
from .analysis.effects import CONFIDENCE, Effect
from .conduct import Results
from .result_files import EFFECTS, RUNS, RUNS_PARQUET, put

REPORT: Final = "report.html"
NAMED: Final = ("msgspec", "numpy", "shapely", "pyproj", "polars", "vl-convert-python")
READING: Final = f"""
Every arm was run with the same seeds, and chance is drawn by purpose: a run differs from its partner in another arm
only where the change made it differ. A difference is taken run by run, averaged over the arms that differ in nothing
else, and its {CONFIDENCE:.0%} interval is Student's over the replications. It covers chance alone, not how far the
model is from the world. Of twenty intervals about nothing at all, one is expected not to hold zero.
"""


def write_report(results: Results, folder: Path) -> None:
    """Write report.html. Raises OSError and MissingExtraError."""
    put(folder / REPORT, "".join(_page(results)).encode())


def _page(results: Results) -> Iterator[str]:
    prepared = results.prepared
    experiment = prepared.experiment
    yield HEAD.format(title=escape(experiment.title))
    yield f"<h1>{escape(experiment.title)}</h1>"
    yield from (f"<p>{escape(part)}</p>" for part in experiment.description.strip().split("\n\n") if part)
    yield _facts(results)
    yield f"<p class=note>{READING}</p>"
    told = results.effects
    if told:
        yield "<h2>Effects</h2>"
        yield _overview(told, experiment.outcomes)
    for outcome in experiment.outcomes:
        yield from _outcome(results, prepared.measures[outcome], [each for each in told if each.outcome == outcome])
    yield from _design(results)
    yield from _configuration(results)
    yield FOOT


def _facts(results: Results) -> str:
    experiment = results.prepared.experiment
    arms, runs = len(results.prepared.arms), len(results.prepared.arms) * experiment.replications
    overrides = ", ".join(f"{name} {value:g}" for name, value in results.prepared.overrides.items())
    told = f" In place of what the file says: {escape(overrides)}." if overrides else ""
    return (
        f"<p>{arms:,} {'arm' if arms == 1 else 'arms'} ({escape(experiment.design.value)}) of "
        f"{experiment.replications:,} replications: {runs:,} runs of {experiment.days:g} days. Scenario: "
        f"{escape(', '.join(experiment.scenarios))}. Every run is a row of {RUNS} and {RUNS_PARQUET}, "
        f"every effect one of {EFFECTS}.{told}</p>"
    )


def _overview(effects: Sequence[Effect], outcomes: Sequence[str]) -> str:
    """A row an outcome, a column a level; a difference whose interval does not hold zero is in bold."""
    found = {(each.factor, each.level, each.outcome): each for each in effects}
    levels = dict.fromkeys((each.factor, each.level) for each in effects)
    firsts = {each.factor: each.compared_with for each in effects}
    rows = (
        [f"<td><a href='#{name}'>{name}</a></td>", *(_cell(found[*level, name]) for level in levels)]
        for name in outcomes
    )
    cells = table(["difference in", *(f"{factor} {level}" for factor, level in levels)], rows)
    against = ", ".join(f"{factor} {first}" for factor, first in firsts.items())
    return f"<p>Compared with: {escape(against)}. In bold: the interval does not hold zero.</p>{cells}"


def _cell(effect: Effect) -> str:
    if effect.difference is None:
        return "<td></td>"
    tag = "strong" if effect.is_clear else "span"
    return f"<td class=n><{tag}>{_signed(effect.difference)}</{tag}>{_interval(effect)}</td>"


def _interval(effect: Effect) -> str:
    if effect.low is None or effect.high is None:
        return ""
    return f"<br><small>{_signed(effect.low)} to {_signed(effect.high)}</small>"


def _outcome(results: Results, measure: Measure, effects: Sequence[Effect]) -> Iterator[str]:
    yield f"<h2 id={measure.name}>{measure.name}</h2><p>{escape(measure.what)} ({escape(measure.unit)}).</p>"
    if any(effect.difference is not None for effect in effects):
        yield figure(
            effects_plot(effects, measure.unit), f"Difference to each factor's first level; {CONFIDENCE:.0%} intervals."
        )
    arms = [
        (arm.label, [value for run in runs if (value := run.get(measure.name)) is not None])
        for arm, runs in zip(results.prepared.arms, results.values, strict=True)
    ]
    if not any(values for _, values in arms):
        yield "<p>It has no meaning in any run.</p>"
        return
    caption = "Runs of each arm: the middle half as a bar, 5th to 95th percentile as a line, median, and mean as a dot."
    yield figure(arms_plot(arms, measure.unit), caption)
    yield from details("Figures", _effect_table(effects)) if effects else ()


def _effect_table(effects: Sequence[Effect]) -> str:
    body = (
        [
            text_cell(each.factor),
            text_cell(f"{each.level}, against {each.compared_with}"),
            *(_figures(value) for value in (each.first, each.mean, each.difference, each.low, each.high)),
            f"<td class=n>{each.replications:,}</td>",
        ]
        for each in effects
    )
    return table(["factor", "level", "mean with the first", "mean", "difference", "low", "high", "replications"], body)


def _design(results: Results) -> Iterator[str]:
    yield "<h2>Design</h2>"
    for factor in results.prepared.experiment.all_factors:
        yield f"<h3>{escape(factor.name)}</h3>" + (f"<p>{escape(factor.title)}</p>" if factor.title else "")
        yield table(
            ["level", "what it is", "sets"],
            ([text_cell(level.name), text_cell(level.title), _code(level.set)] for level in factor.levels),
        )
    arms = ([text_cell(arm.label), _code(arm.changes), text_cell(arm.digest)] for arm in results.prepared.arms)
    yield from details("Arms", table(["arm", "sets", "digest of its scenario"], arms))


def _configuration(results: Results) -> Iterator[str]:
    prepared = results.prepared
    yield "<h2>Configuration</h2>"
    yield from details(prepared.file, f"<pre>{escape(prepared.text)}</pre>")
    for name, raw in prepared.scenarios.items():
        text = msgspec.json.format(msgspec.json.encode(raw), indent=2).decode()
        yield from details(f"Scenario {name}, with its agreement, before any change", f"<pre>{escape(text)}</pre>")
    seeds = ", ".join(map(str, prepared.experiment.seeds))
    yield from details(f"Seeds (from seed {prepared.experiment.seed})", f"<p class=long>{seeds}</p>")
    versions = [
        ("hotline", results.program),
        ("Python", sys.version.split()[0]),
        *((name, _version(name)) for name in NAMED),
    ]
    yield from details(
        "Versions", table(["what", "version"], ([text_cell(each) for each in pair] for pair in versions))
    )
    one = results.prepared.arms[-1]
    example = " ".join(f"--set '{path}={_toml(value)}'" for path, value in one.changes.items())
    yield (
        f"<p>One run again, here the first of the last arm: <code>hotline simulate {escape(one.scenario)} --days "
        f"{one.days:g} --seed {prepared.experiment.seeds[0]} {escape(example)}</code></p>"
    )


def _toml(value: object) -> str:
    """A value as it can be typed: what is in JSON without a table is TOML, too."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(each)}' for name, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return msgspec.json.encode(value).decode()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _code(changes: dict[str, object]) -> str:
    return f"<td><code>{'<br>'.join(escape(f'{path} = {_toml(value)}') for path, value in changes.items())}</code></td>"


def _figures(value: float | None) -> str:
    return f"<td class=n>{'' if value is None else _number(value)}</td>"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{_number(value)}".replace("-", "\N{MINUS SIGN}")
