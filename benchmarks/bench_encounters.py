"""Who comes too close to whom: state vectors beside BlueSky, flown paths beside small steps, conflicts against flights.

1. All pairs of N aircraft that each go on as they go now, 5 NM / 290 m, 300 s ahead, in two densities. 7 of 10
   are level, at levels 300 m apart. Not 300 m / 300 m: of two that are level at exactly the minimum, which touch,
   BlueSky's Python has the upper one in conflict with the lower one or the lower with the upper, and never both.

     hotline            hotline_services.traffic.states
     BlueSky, Python    bluesky.traffic.asas.statebased.StateBased: some 30 matrices of N x N, so N is bounded by memory
     BlueSky, compiled  the same from its C++ extension, where the wheel has one

   All use the same flat earth for each pair, so the sets of conflicts are to be the same; pairs that are not are
   printed, with how far from a minimum or from the look-ahead they are.

2. Pairs of flown paths: the analytic approach beside positions compared at every second by numpy.

3. Unresolved conflicts against the number of flights in two hours of one sky: the slope on logarithmic scales.
"""

import argparse
import contextlib
import io
import itertools
import math
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

from hotline_protocol.agreement import Separation
from hotline_services.traffic.approach import Encounter, Minima, encounters
from hotline_services.traffic.path import Path
from hotline_services.traffic.states import States, all_pairs, conflicts
from sizes import parsed

EXAMPLE = """example:
  python benchmarks/bench_encounters.py --quick     # fewer aircraft and flights, some seconds
  python benchmarks/bench_encounters.py --cpu       # on a machine that others keep busy
"""
LATERAL_M, VERTICAL_M, AHEAD_S = 9_260.0, 290.0, 300.0
PROMISED_S = 0.1
MATRICES = 30  # of N x N float64 that BlueSky's Python detection holds at its widest, about
MINIMA = Minima.of(Separation())

Pairs = set[tuple[int, int]]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Region:
    """Where the aircraft are: degrees south, north, west, east."""

    name: str
    south: float
    north: float
    west: float
    east: float

    @property
    def km2(self) -> float:
        middle = math.radians((self.south + self.north) / 2)
        return (self.north - self.south) * 111.2 * (self.east - self.west) * 111.2 * math.cos(middle)


@dataclass(frozen=True)
class Sizes:
    """Aircraft in each contest, flights of the approaches, flights and runs of the slope."""

    counts: tuple[int, ...]
    flights: int
    slope: tuple[int, ...]
    runs: int


WHOLE: Final = Sizes((1_000, 3_000, 10_000), 400, (150, 300, 600, 1_200), 8)
QUICK: Final = Sizes((500, 2_000), 100, (200, 400), 4)
SMOKE: Final = Sizes((50,), 20, (200, 400), 2)
THEATRE: Final = Region("the theatre, 32-38 N 35-43 E", 32, 38, 35, 43)
EUROPE: Final = Region("35-60 N 10 W-30 E", 35, 60, -10, 30)


def states(count: int, region: Region, seed: int = 1) -> States:
    chance = np.random.default_rng(seed)
    level = chance.random(count) < 0.7
    return States(
        lat_deg=chance.uniform(region.south, region.north, count),
        lon_deg=chance.uniform(region.west, region.east, count),
        track_deg=chance.uniform(0, 360, count),
        speed_m_s=chance.uniform(100, 260, count),
        altitude_m=np.where(level, chance.integers(5, 41, count) * 300.0, chance.uniform(0, 12_000, count)),
        climb_m_s=np.where(level, 0.0, chance.uniform(-12, 12, count)),
    )


@dataclass
class Stopwatch:
    """Takes times by one clock: the wall's, or the CPU's where other programs keep the machine busy."""

    clock: Clock

    def best(self, act: Callable[[], Any], times: int = 1) -> tuple[float, float, Any]:
        """The shortest and the median time in seconds, and what it gave."""
        taken, given = [], None
        for _ in range(times):
            began = self.clock()
            given = act()
            taken.append(self.clock() - began)
        return min(taken), statistics.median(taken), given


def bluesky_detections(*, needed: bool) -> dict[str, Callable[..., Any]]:
    """BlueSky's detections by name; it talks while it is imported. None where it is neither needed nor installed."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            from bluesky.traffic.asas import statebased
    except ModuleNotFoundError:
        if needed:
            raise
        print("BlueSky is not installed: its detections are left out")
        return {}
    found: dict[str, Callable[..., Any]] = {
        "BlueSky, Python": lambda *arguments: statebased.StateBased.detect(None, *arguments)
    }
    compiled = getattr(statebased, "cstatebased", None)
    if compiled is not None:
        found["BlueSky, compiled"] = compiled.detect
    return found


def as_bluesky(sky: States) -> tuple[SimpleNamespace, SimpleNamespace, Any, Any, Any]:
    count = len(sky)
    traffic = SimpleNamespace(
        ntraf=count,
        id=list(range(count)),
        lat=sky.lat_deg,
        lon=sky.lon_deg,
        trk=sky.track_deg,
        gs=sky.speed_m_s,
        alt=sky.altitude_m,
        vs=sky.climb_m_s,
    )
    return traffic, traffic, np.full(count, LATERAL_M), np.full(count, VERTICAL_M), np.full(count, AHEAD_S)


def pairs_of(found: Any) -> Pairs:
    return {(min(pair), max(pair)) for pair in found[0]}


def free_gb() -> float:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9


def contest(
    watch: Stopwatch, region: Region, counts: Sequence[int], most_gb: float, detections: dict[str, Callable[..., Any]]
) -> tuple[float, int]:
    """Prints a line for each contender and count; gives our median at the last count, and how many pairs differ."""
    print(f"\n{region.name}: {region.km2 / 1e6:.2f} million km2")
    print(f"  {'aircraft':>8}  {'per 1,000 km2':>13}  {'':<18}{'best s':>9}{'median s':>10}{'pairs':>8}{'other':>7}")
    ours_s, differ = math.nan, 0
    for count in counts:
        sky = states(count, region)
        best, ours_s, found = watch.best(partial(conflicts, sky, LATERAL_M, VERTICAL_M, AHEAD_S), 9)
        ours = set(zip(found.one.tolist(), found.other.tolist(), strict=True))
        head = f"  {count:>8,}  {count / region.km2 * 1e3:>13.2f}  "
        print(f"{head}{'hotline':<18}{best:>9.4f}{ours_s:>10.4f}{len(ours):>8,}{'':>7}", flush=True)
        for name, detect in detections.items():
            needs_gb = MATRICES * 8 * count**2 / 1e9
            if "Python" in name and needs_gb > min(most_gb, 0.6 * free_gb()):
                print(f"{'':<25}{name:<18} not measured: its matrices need some {needs_gb:.0f} GB")
                continue
            arguments = as_bluesky(sky)
            best, median, found = watch.best(partial(detect, *arguments))
            theirs = pairs_of(found)
            print(f"{'':<25}{name:<18}{best:>9.4f}{median:>10.4f}{len(theirs):>8,}{len(ours ^ theirs):>7}", flush=True)
            explain(sky, ours, theirs)
            differ += len(ours ^ theirs)
    return ours_s, differ


def explain(sky: States, ours: Pairs, theirs: Pairs) -> None:
    """Says of the first pairs that only one side found how near they are to being decided otherwise."""
    for one, other in sorted(ours ^ theirs)[:5]:
        rows = np.array([one, other])
        both = States(**{name: getattr(sky, name)[rows] for name in sky.__struct_fields__})
        wide = all_pairs(both, LATERAL_M + 1.0, VERTICAL_M + 1.0, AHEAD_S + 1.0)
        near = (
            f"closest {wide.closest_m[0]:.4f} m, from {wide.began_s[0]:.4f} s to {wide.ended_s[0]:.4f} s "
            "with 1 m and 1 s added to each bound"
            if len(wide.one)
            else "clear even with 1 m and 1 s added to each bound"
        )
        print(f"{'':<27}only {'hotline' if (one, other) in ours else 'BlueSky'}: {one} and {other}: {near}")


def flights(count: int, seed: int, *, legs: int, hours: float = 6.0) -> list[Path]:
    """Flights over the theatre: up to one of 21 levels, some legs of 2 to 6 minutes, and down again."""
    chance = random.Random(seed)
    return [flight(chance, legs, hours) for _ in range(count)]


def flight(chance: random.Random, legs: int, hours: float) -> Path:
    t_s, x_m, y_m = chance.uniform(0, hours * 3_600), chance.uniform(-350e3, 350e3), chance.uniform(-330e3, 330e3)
    level_ft, course, speed_m_s = chance.randrange(10_000, 31_000, 1_000), chance.uniform(0, math.tau), 200.0
    points = [(t_s, x_m, y_m, 0.0)]
    for leg in range(legs):
        span_s = chance.uniform(120, 360)
        t_s, course = t_s + span_s, course + chance.uniform(-1.0, 1.0)
        x_m, y_m = x_m + math.sin(course) * speed_m_s * span_s, y_m + math.cos(course) * speed_m_s * span_s
        points.append((t_s, x_m, y_m, 0.0 if leg == legs - 1 else float(level_ft)))
    return Path.through(points)


def by_steps(one: Path, other: Path) -> list[tuple[float, float]]:
    """The spans in which positions compared at every second are below both minima."""
    t_s = np.arange(max(one.start_s, other.start_s), min(one.end_s, other.end_s), 1.0)
    if not len(t_s):
        return []
    x, y, low = (
        np.interp(t_s, one.t_s, getattr(one, name)) - np.interp(t_s, other.t_s, getattr(other, name))
        for name in ("x_m", "y_m", "z_ft")
    )
    top = np.maximum(np.interp(t_s, one.t_s, one.z_ft), np.interp(t_s, other.t_s, other.z_ft))
    vertical = np.where(top > MINIMA.high_above_ft, MINIMA.vertical_high_ft, MINIMA.vertical_ft)
    below = np.r_[False, (np.hypot(x, y) < MINIMA.lateral_m) & (np.abs(low) < vertical), False]
    turns = np.flatnonzero(below[1:] != below[:-1])
    return [(float(t_s[a]), float(t_s[b - 1])) for a, b in zip(turns[::2], turns[1::2], strict=True)]


def approaches(watch: Stopwatch, count: int) -> None:
    """Pairs of paths with 20 legs: all, those that share no time or space, and those that do."""
    paths = flights(count, seed=3, legs=20)
    pairs = list(itertools.combinations(paths, 2))
    for path in paths:
        path.bounds, path.blocks  # noqa: B018 - made once for each path, and no part of what a pair costs
    together = [pair for pair in pairs if pair[0].end_s > pair[1].start_s and pair[1].end_s > pair[0].start_s]
    print(f"\n{len(pairs):,} pairs of {count} flights of 20 legs in 6 h; {len(together):,} are in the air together")
    _, all_s, found = watch.best(lambda: all_of(pairs), 3)
    _, together_s, _ = watch.best(lambda: all_of(together), 3)
    met = [pair for pair, some in zip(pairs, found, strict=True) if some]
    _, met_s, _ = watch.best(lambda: all_of(met), 3)
    _, steps_s, stepped = watch.best(lambda: [by_steps(*pair) for pair in together])
    spans = sum(map(len, found))
    print(f"  {'analytic':<12}{all_s / len(pairs) * 1e6:>8.2f} us a pair of all, {'':<10}{spans:>6} encounters")
    print(f"  {'':<12}{together_s / len(together) * 1e6:>8.2f} us a pair together")
    print(f"  {'':<12}{met_s / max(1, len(met)) * 1e6:>8.2f} us a pair that meets")
    steps_us = steps_s / len(together) * 1e6
    print(f"  {'1 s steps':<12}{steps_us:>8.2f} us a pair together,{'':<9}{sum(map(len, stepped)):>6} encounters")
    late = [step - exact for exact, step in edges(together, stepped)]
    if late:
        print(f"  the steps tell an entry {statistics.mean(late):.2f} s late on average, {max(late):.2f} s at worst")


def all_of(pairs: Sequence[tuple[Path, Path]]) -> list[list[Encounter]]:
    return [encounters(one, other, MINIMA) for one, other in pairs]


def edges(
    pairs: Sequence[tuple[Path, Path]], stepped: Sequence[list[tuple[float, float]]]
) -> Iterator[tuple[float, float]]:
    """Entries as the analytic approach and as the steps have them, of pairs where both count the same."""
    for pair, spans in zip(pairs, stepped, strict=True):
        exact = encounters(*pair, MINIMA)
        if len(exact) == len(spans):
            yield from ((met.began_s, began) for met, (began, _) in zip(exact, spans, strict=True))


def slope(counts: Sequence[int], runs: int) -> None:
    """Prints conflicts for each number of flights, mean of some runs, and the slope on logarithmic scales."""
    print(f"\nunresolved conflicts against flights in 2 h, {runs} runs each")
    met = []
    for count in counts:
        met.append([total_of(flights(count, seed=run, legs=6, hours=2.0)) for run in range(runs)])
        spread = statistics.stdev(met[-1])
        print(
            f"  {count:>6,} flights {statistics.mean(met[-1]):>9.1f} conflicts, standard deviation {spread:.1f}",
            flush=True,
        )

    def fitted(left_out: int | None) -> float:
        means = [statistics.mean(some for run, some in enumerate(row) if run != left_out) for row in met]
        return float(np.polyfit(np.log(counts), np.log(means), 1)[0])

    without = [fitted(run) for run in range(runs)]  # the jackknife
    error = math.sqrt((runs - 1) * statistics.pvariance(without))
    print(f"  log-log slope {fitted(None):.3f}, standard error {error:.3f}; 2 is expected")


def total_of(paths: Sequence[Path]) -> int:
    return sum(len(encounters(one, other, MINIMA)) for one, other in itertools.combinations(paths, 2))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer aircraft and flights")
    parser.add_argument("--cpu", action="store_true", help="take CPU time, for a machine that others keep busy")
    parser.add_argument("--gb", type=float, default=4.0, help="memory that BlueSky's matrices may take (%(default)s)")
    arguments = parsed(parser, gb=0.1)
    sizes = SMOKE if arguments.smoke else QUICK if arguments.quick else WHOLE

    print("CPU time" if arguments.cpu else "time by the wall clock")
    watch = Stopwatch(time.thread_time if arguments.cpu else time.perf_counter)
    detections = bluesky_detections(needed=not arguments.smoke)
    results = [contest(watch, region, sizes.counts, arguments.gb, detections) for region in (EUROPE, THEATRE)]
    approaches(watch, sizes.flights)
    slope(sizes.slope, sizes.runs)
    if sizes.counts[-1] == 10_000:
        worst = max(seconds for seconds, _ in results)
        print(f"\n10,000 aircraft in <= {PROMISED_S} s: {worst:.4f} s in the densest sky: {worst <= PROMISED_S}")
    if sum(differ for _, differ in results):
        sys.exit("a set of conflicts differs from BlueSky's")


if __name__ == "__main__":
    main()
