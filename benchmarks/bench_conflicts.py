"""One volume against very many: the index of conflicts beside a plain STRtree and a numpy sweep, in the same run.

Volumes are legs and polygons 10 to 60 NM long, 1,000 to 4,000 ft high and 10 to 180 min long, at random over
35-43 E, 32-38 N, up to 50,000 ft and thirty days. Every question is a volume never seen before: projecting it and
making it ready are part of what is measured. Inserting is measured on the volumes that complete each size.
Every answer of every contender is compared with a brute force that has no grid and no bounds.

  conflict index  hotline_protocol.conflicts.VolumeIndex
  STRtree         shapely's tree over bounds; heights and times by numpy; an insert builds it anew
  numpy sweep     bounds, heights and times of all, compared in one go; an insert appends (not measured)

The last step is the same for all, brute force included: distances between the footprints that are left.
"""

import argparse
import gc
import math
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Area, Corridor, Polygon, Position, Volume4D
from hotline_protocol.conflicts import VolumeIndex, ruled_footprint
from hotline_protocol.geometry import METRES_PER_NM, Footprint, footprint, to_plane, to_position
from sizes import parsed

EXAMPLE = """example:
  python benchmarks/bench_conflicts.py --quick            # to 10,000 stored, some seconds
  python benchmarks/bench_conflicts.py                    # to 100,000 stored, the figures that are promised
  python benchmarks/bench_conflicts.py --full --chart docs/figures/conflicts.svg   # to 1,000,000, some minutes
"""
RULE = BoundaryRule.TOUCHING_IS_CLEAR
START = datetime(2017, 6, 1, tzinfo=UTC)
BOUNDS_MS = {"median": 0.25, "p95": 1.0, "insert": 0.1}
OURS, TREE, SWEEP = "conflict index", "STRtree", "numpy sweep"

Find = Callable[[Volume4D], Sequence[int]]


def volumes(seed: int) -> Iterator[Volume4D]:
    """Made-up volumes without end; the same seed gives the same ones."""
    chance = random.Random(seed)
    while True:
        lower_ft = chance.randrange(0, 47) * 1_000
        start = START + timedelta(seconds=chance.randrange(30 * 86_400))
        yield Volume4D(
            area=leg(chance) if chance.random() < 0.6 else polygon(chance),
            lower_ft=lower_ft,
            upper_ft=lower_ft + chance.randrange(1, 5) * 1_000,
            start=start,
            end=start + timedelta(minutes=chance.randrange(10, 181)),
        )


def leg(chance: random.Random) -> Area:
    start = Position(chance.uniform(35.5, 42.5), chance.uniform(32.5, 37.5))
    ((x, y),) = to_plane([start])
    length_m = chance.uniform(10, 60) * METRES_PER_NM
    bearing = chance.uniform(0, math.tau)
    end = to_position((x + length_m * math.sin(bearing), y + length_m * math.cos(bearing)))
    return Corridor(route=(start, end), half_width_nm=chance.uniform(2, 10))


def polygon(chance: random.Random) -> Area:
    ((x, y),) = to_plane([Position(chance.uniform(35.5, 42.5), chance.uniform(32.5, 37.5))])
    across_m = chance.uniform(10, 60) * METRES_PER_NM
    corners = chance.randrange(4, 9)
    rays = [(math.tau * n / corners, chance.uniform(0.3, 0.5) * across_m) for n in range(corners)]
    return Polygon(vertices=tuple(to_position((x + r * math.sin(a), y + r * math.cos(a))) for a, r in rays))


@dataclass
class Columns:
    """Volumes side by side in arrays, as the comparisons and the brute force want them."""

    spine: Any
    reach: Any
    bounds: Any
    lower: Any
    upper: Any
    start: Any
    end: Any

    @classmethod
    def of(cls, stored: Sequence[Volume4D]) -> "Columns":
        marks = [ruled_footprint(volume.area, RULE) for volume in stored]
        return cls(
            spine=np.array([mark.spine for mark in marks]),
            reach=np.array([mark.reach_m for mark in marks]),
            bounds=np.array([mark.bounds for mark in marks]).reshape(-1, 4),
            lower=np.array([volume.lower_ft for volume in stored]),
            upper=np.array([volume.upper_ft for volume in stored]),
            start=np.array([volume.start.replace(tzinfo=None) for volume in stored], dtype="datetime64[us]"),
            end=np.array([volume.end.replace(tzinfo=None) for volume in stored], dtype="datetime64[us]"),
        )

    def first(self, count: int) -> "Columns":
        return Columns(*(getattr(self, name)[:count] for name in self.__dataclass_fields__))

    def in_span(self, volume: Volume4D, rows: Any = slice(None)) -> Any:
        """Which of these rows share height and time with the volume."""
        return (
            (self.lower[rows] < volume.upper_ft)
            & (self.upper[rows] > volume.lower_ft)
            & (self.start[rows] < np.datetime64(volume.end.replace(tzinfo=None)))
            & (self.end[rows] > np.datetime64(volume.start.replace(tzinfo=None)))
        )

    def exact(self, mark: Footprint, rows: Any) -> list[int]:
        if not len(rows):
            return []
        shapely.prepare(mark.spine)
        met = shapely.dwithin(mark.spine, self.spine[rows], self.reach[rows] + mark.reach_m)
        return sorted(rows[met].tolist())


def brute_force(columns: Columns) -> Find:
    """Every stored volume that shares height and time is tried: no grid, no bounds."""
    return lambda volume: columns.exact(ruled_footprint(volume.area, RULE), np.flatnonzero(columns.in_span(volume)))


def tree_of(columns: Columns) -> Find:
    tree = shapely.STRtree(shapely.box(*columns.bounds.T))

    def find(volume: Volume4D) -> list[int]:
        mark = ruled_footprint(volume.area, RULE)
        rows = tree.query(shapely.box(*mark.bounds))
        return columns.exact(mark, rows[columns.in_span(volume, rows)])

    return find


def sweep_of(columns: Columns) -> Find:
    west, south, east, north = columns.bounds.T.copy()

    def find(volume: Volume4D) -> list[int]:
        mark = ruled_footprint(volume.area, RULE)
        x0, y0, x1, y1 = mark.bounds
        near = columns.in_span(volume) & (west <= x1) & (east >= x0) & (south <= y1) & (north >= y0)
        return columns.exact(mark, np.flatnonzero(near))

    return find


@dataclass
class Row:
    """What one contender did at one size; times in milliseconds."""

    name: str
    stored: int
    median: float
    p95: float
    insert: float
    insert_p95: float
    wrong: int


def percentiles(times: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds of times in seconds."""
    ordered = sorted(times)
    return statistics.median(ordered) * 1e3, ordered[int(len(ordered) * 0.95)] * 1e3


@dataclass
class Stopwatch:
    """Takes times by one clock: the wall's, or the CPU's where other programs keep the machine busy."""

    clock: Callable[[], float]

    def each(self, act: Callable[[Any], Any], arguments: Sequence[Any]) -> tuple[list[float], list[Any]]:
        """How long each took, in seconds, and what it gave. No footprint is known beforehand."""
        footprint.cache_clear()
        times, answers = [], []
        for argument in arguments:
            began = self.clock()
            answers.append(act(argument))
            times.append(self.clock() - began)
        return times, answers


def contest(
    watch: Stopwatch, index: VolumeIndex[int], columns: Columns, asked: Sequence[Volume4D], inserts: list[float]
) -> list[Row]:
    """All contenders on the same stored volumes and questions."""
    _, truth = watch.each(brute_force(columns), asked)
    rebuilt, (tree,) = watch.each(tree_of, [columns])
    contenders: dict[str, tuple[Find, list[float]]] = {
        OURS: (index.conflicts, inserts),
        TREE: (tree, rebuilt),
        SWEEP: (sweep_of(columns), [math.nan]),
    }
    rows = []
    for name, (find, inserted) in contenders.items():
        times, answers = watch.each(find, asked)
        wrong = sum(len(set(answer) ^ set(true)) for answer, true in zip(answers, truth, strict=True))
        rows.append(Row(name, len(index), *percentiles(times), *percentiles(inserted), wrong))
    return rows


def rss_mb() -> float:
    """Resident memory in MB; not a number where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if statm.exists() else math.nan


def measure(watch: Stopwatch, sizes: Sequence[int], questions: int) -> list[Row]:
    """One index that grows from size to size, with a contest at each."""
    stored = list(islice(volumes(seed=1), sizes[-1]))
    asked = list(islice(volumes(seed=2), questions))
    index: VolumeIndex[int] = VolumeIndex(RULE)
    before_mb = rss_mb()
    rows, kept, used_mb = [], Columns.of(()), 0.0
    for size in sizes:
        new = stored[len(index) : size]
        gc.collect()
        inserts, _ = watch.each(lambda key: index.insert(key, stored[key]), range(len(index), size))
        used_mb += rss_mb() - before_mb
        kept = joined(kept, Columns.of(new))
        rows += contest(watch, index, kept, asked, inserts)
        before_mb = rss_mb()
        report(rows[-3:])
    hits = sum(len(index.conflicts(volume)) for volume in asked) / questions
    print(f"\nconflicts a question at {sizes[-1]:,}: {hits:.2f} on average of {questions:,}")
    print(f"memory of the index at {sizes[-1]:,}, footprints included: {used_mb:,.0f} MB")
    return rows


def joined(kept: Columns, new: Columns) -> Columns:
    if not len(kept.spine):
        return new
    return Columns(*(np.concatenate([getattr(kept, n), getattr(new, n)]) for n in kept.__dataclass_fields__))


def report(rows: Sequence[Row]) -> None:
    for row in rows:
        print(
            f"{row.stored:>10,}  {row.name:<15}{row.median:>10.3f}{row.p95:>10.3f}"
            f"{row.insert:>12.3f}{row.insert_p95:>12.3f}{row.wrong:>8}",
            flush=True,
        )


def verdict(rows: Sequence[Row]) -> bool:
    """Says whether the promised figures were met at 100,000."""
    ours = next((row for row in rows if row.name == OURS and row.stored == 100_000), None)
    if ours is None:
        print("\nthe promised figures are for 100,000 stored volumes: not measured in this run")
        return all(row.wrong == 0 for row in rows)
    print(f"\npromised at {ours.stored:,}:")
    for name, bound_ms in BOUNDS_MS.items():
        measured = getattr(ours, name)
        print(f"  {name:<8}{measured:>8.3f} ms  of {bound_ms} ms  {'met' if measured <= bound_ms else 'MISSED'}")
    print(f"  {'wrong':<8}{ours.wrong:>8}     of 0        {'met' if ours.wrong == 0 else 'MISSED'}")
    return ours.wrong == 0


def chart(rows: Sequence[Row]) -> str:
    """An SVG with median times over sizes, both on logarithmic scales."""
    colours = {OURS: "#0b6e4f", TREE: "#b5651d", SWEEP: "#5b5ea6"}
    low, high = (
        math.floor(math.log10(min(r.median for r in rows))),
        math.ceil(math.log10(max(r.median for r in rows))),
    )
    first, last = (math.log10(size) for size in (min(r.stored for r in rows), max(r.stored for r in rows)))

    def x(stored: float) -> float:
        return 70 + 430 * (math.log10(stored) - first) / (last - first)

    def y(ms: float) -> float:
        return 280 - 240 * (math.log10(ms) - low) / (high - low)

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 330" font-family="sans-serif" font-size="12">',
        '<rect width="640" height="330" fill="white"/>',
        '<text x="70" y="22" font-size="14">One volume against many: median time of a question</text>',
    ]
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(f'<line x1="70" x2="500" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="62" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g} ms</text>')
    sizes = sorted({row.stored for row in rows})
    parts += [f'<text x="{x(stored):.1f}" y="300" text-anchor="middle">{stored:,}</text>' for stored in sizes]
    parts.append('<text x="285" y="320" text-anchor="middle">volumes stored</text>')
    for name, colour in colours.items():
        line = [(x(row.stored), y(row.median)) for row in rows if row.name == name]
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in line)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in line]
        parts.append(f'<text x="{line[-1][0] + 10:.1f}" y="{line[-1][1] + 4:.1f}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="to 10,000 stored volumes")
    size.add_argument("--full", action="store_true", help="to 1,000,000 volumes; takes some gigabytes and minutes")
    parser.add_argument("--questions", type=int, default=1_000, help="volumes asked about at each size (%(default)s)")
    parser.add_argument("--cpu", action="store_true", help="take CPU time, for a machine that others keep busy")
    parser.add_argument("--chart", type=Path, help="write the growth of the median as SVG to this file")
    arguments = parsed(parser, questions=5)
    steps = 1 if arguments.smoke else 2 if arguments.quick else 4 if arguments.full else 3
    sizes = [1_000, 10_000, 100_000, 1_000_000][:steps]

    print("CPU time" if arguments.cpu else "time by the wall clock")
    print(f"{'stored':>10}  {'':<15}{'median':>10}{'p95':>10}{'insert':>12}{'insert p95':>12}{'wrong':>8}")
    print(f"{'':>10}  {'':<15}{'ms':>10}{'ms':>10}{'median ms':>12}{'ms':>12}{'answers':>8}")
    watch = Stopwatch(time.thread_time if arguments.cpu else time.perf_counter)
    rows = measure(watch, sizes, arguments.questions)
    if arguments.chart:
        arguments.chart.parent.mkdir(parents=True, exist_ok=True)
        arguments.chart.write_text(chart(rows))
    if not verdict(rows):
        raise SystemExit("an answer differs from the brute force")


if __name__ == "__main__":
    main()
