"""The results as files for other programs: a row a run, and a row an effect. The same runs make the same bytes."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from hotline_services.extras import extra
from hotline_services.whole import whole_file

from .analysis.design import SCENARIO
from .analysis.effects import Effect
from .conduct import Results

RUNS, RUNS_PARQUET, EFFECTS = "runs.csv", "runs.parquet", "effects.csv"
EFFECT_COLUMNS: Final = Effect.__struct_fields__


def write_tables(results: Results, folder: Path) -> None:
    """Write runs.csv, runs.parquet and effects.csv. Raises OSError and MissingExtraError."""
    columns, rows = _columns(results), list(_rows(results))
    put(folder / RUNS, _csv(columns, rows))
    put(folder / RUNS_PARQUET, _parquet(columns, rows))
    units = results.prepared.measures
    told = [
        [*(getattr(effect, name) for name in EFFECT_COLUMNS), units[effect.outcome].unit] for effect in results.effects
    ]
    put(folder / EFFECTS, _csv([*EFFECT_COLUMNS, "unit"], told))


def put(path: Path, content: bytes) -> None:
    """Write this file in one piece: whoever reads it has the old one or the new one. Raises OSError."""
    with whole_file(path) as file:
        file.write(content)


def _columns(results: Results) -> list[str]:
    factors = [factor.name for factor in results.prepared.experiment.factors]
    return [SCENARIO, *factors, "replication", "seed", *results.prepared.measures]


def _rows(results: Results) -> Iterator[list[Any]]:
    """Arm by arm in the experiment's order, replication by replication."""
    measures = list(results.prepared.measures)
    for arm, runs in zip(results.prepared.arms, results.values, strict=True):
        levels = [level for factor, level in arm.levels.items() if factor != SCENARIO]
        for number, (seed, values) in enumerate(zip(results.prepared.experiment.seeds, runs, strict=True), start=1):
            yield [arm.scenario, *levels, number, seed, *(values.get(name) for name in measures)]


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """What has no value is empty; a number is written so that reading it gives the same number."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _parquet(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    polars = extra("polars")
    whole = ("replication", "seed")
    texts = columns[: columns.index(whole[0])]
    kinds = {
        name: polars.String if name in texts else polars.Int64 if name in whole else polars.Float64 for name in columns
    }
    file = io.BytesIO()
    polars.DataFrame(rows, schema=kinds, orient="row").write_parquet(file)
    return file.getvalue()
