"""A month of flying, calls and incidents, in a fresh process: seconds, messages a second and memory; and how it grows.

  month              read, built and run for its figures, with what `hotline simulate` counts on the way
  ..., recorded      the same with every message written to a recording
  bare cores         the same with nobody listening to what is said
  SimPy              plain SimPy, doing nothing but as many timeouts, one after the other, as there were messages

Every line is a process of its own, in turns; seconds leave out its start and its imports, memory does not. Then a run
is made for each tempo, up to 100 times as many sorties a day, as far as the time limit allows. The slope is that of
the logarithms: 1 is in proportion to the sorties, 2 to the pairs of them.
"""

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

EXAMPLE = """example:
  python benchmarks/bench_month.py                                   # a month of valley-2017, and growth for 2 minutes
  python benchmarks/bench_month.py --repeats 5 --minutes 0           # the month alone
  python benchmarks/bench_month.py --minutes 20 --chart docs/figures/month.svg
"""
PROMISED_S, PROMISED_MB = 1.0, 200
TEMPOS = (1, 2, 5, 10, 20, 50, 100)
MONTH = ("month", "month, recorded", "bare cores")
SIMPY = "SimPy"

Figures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", nargs="?", default="valley-2017", help="which (default: %(default)s)")
    parser.add_argument("--days", type=int, default=30, help="of the month (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of the month, in turns (default: %(default)s)")
    parser.add_argument("--growth-days", type=int, default=3, help="simulated at each tempo (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=2.0, help="for all tempos together (default: %(default)s)")
    parser.add_argument("--cpu", action="store_true", help="take CPU time, for a machine that others keep busy")
    parser.add_argument("--chart", type=Path, help="write the growth as SVG to this file")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # what a child is asked to measure
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(json.loads(asked.one))))
        return
    clock = "cpu_s" if asked.cpu else "wall_s"
    print("CPU time" if asked.cpu else "time by the wall clock")
    month(asked.scenario, asked.days, asked.repeats, clock)
    if asked.minutes > 0:
        points = growth(asked.scenario, asked.growth_days, asked.minutes, clock)
        if asked.chart and len(points) > 1:
            asked.chart.parent.mkdir(parents=True, exist_ok=True)
            asked.chart.write_text(chart(points, asked.scenario))


# In a process of its own -------------------------------------------------------------------------------------


def child(timeout_s: float | None = None, **asked: Any) -> Figures:
    """The figures of one run in a fresh process. Raises TimeoutExpired, or CalledProcessError when it fails."""
    command = [sys.executable, __file__, "--one", json.dumps(asked)]
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=alone, timeout=timeout_s).stdout
    figures: Figures = json.loads(said)
    return figures


def measure(asked: dict[str, Any]) -> Figures:
    """What the child does."""
    what = with_simpy if asked["kind"] == SIMPY else simulated
    run = what(asked)
    wall, cpu = time.perf_counter(), time.process_time()
    figures = run()
    figures |= {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return figures | {"rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def simulated(asked: dict[str, Any]) -> Callable[[], Figures]:
    """A run of the scenario, its imports done."""
    from hotline_protocol.events import CallEnded
    from hotline_protocol.injection import SubmitPlan
    from hotline_protocol.message import Message
    from hotline_services.director.scenario import read_scenario
    from hotline_services.experiment.tally import Tally
    from hotline_services.runtime.recording import Header, RecordingWriter
    from hotline_services.world import build

    def run() -> Figures:
        scenario = read_scenario(asked["scenario"], {"traffic.*.tempo": asked["tempo"]} if "tempo" in asked else {})
        days, seed = asked["days"], scenario.seed
        simulation = build(scenario, seed, days)
        end = simulation.start + timedelta(days=days)
        if asked["kind"] == "bare cores":
            simulation.run(end)
            return {}
        tally, counted = Tally(), {"messages": 0.0, "plans": 0.0, "calls": 0.0}
        header = Header(
            scenario=scenario.name, seed=seed, start=simulation.start, days=days, agreement=scenario.agreement.digest
        )
        with tempfile.TemporaryFile() as file:
            writer = RecordingWriter(file, header) if asked["kind"] == "month, recorded" else None

            def take(message: Message, at: datetime) -> None:
                counted["messages"] += 1
                counted["plans"] += isinstance(message, SubmitPlan)
                counted["calls"] += isinstance(message, CallEnded)
                tally.take(message)
                if writer:
                    writer.write(message, at)

            simulation.run(end, take)
        tally.outcomes(simulation.start, days)
        return counted

    return run


def with_simpy(asked: dict[str, Any]) -> Callable[[], Figures]:
    """So many timeouts, one after the other, and nothing else."""
    import simpy

    def run() -> Figures:
        environment = simpy.Environment()

        def tick() -> Any:
            for _ in range(asked["events"]):
                yield environment.timeout(1)

        environment.process(tick())
        environment.run()
        return {"messages": asked["events"]}

    return run


# The month ---------------------------------------------------------------------------------------------------


def month(scenario: str, days: int, repeats: int, clock: str) -> None:
    """Prints the table of the month, its comparison, and whether the promise is kept."""
    taken: dict[str, list[Figures]] = {kind: [] for kind in (*MONTH, SIMPY)}
    messages = 0
    for _ in range(repeats):
        for kind in MONTH:
            taken[kind].append(child(kind=kind, scenario=scenario, days=days))
        messages = int(taken[MONTH[0]][-1]["messages"])
        taken[SIMPY].append(child(kind=SIMPY, events=messages))
    first = taken[MONTH[0]][0]
    print(
        f"\n{scenario}, {days} days: {first['plans'] / days:.1f} plans and {first['calls'] / days:.1f} calls a day, "
        f"{messages:,} messages; {repeats} runs each\n"
    )
    print(f"{'':<18}{'median s':>10}{'least s':>10}{'messages/s':>13}{'RSS MB':>8}")
    for kind, runs in taken.items():
        seconds = [run[clock] for run in runs]
        rss_mb = max(run["rss_mb"] for run in runs)
        rate = messages / statistics.median(seconds)
        print(f"{kind:<18}{statistics.median(seconds):>10.2f}{min(seconds):>10.2f}{rate:>13,.0f}{rss_mb:>8.0f}")
    seconds_s = statistics.median(run[clock] for run in taken[MONTH[0]])
    rss_mb = max(run["rss_mb"] for run in taken[MONTH[0]])
    print(f"\npromised for 30 days: {seconds_s:.2f} s of {PROMISED_S} s: {verdict(seconds_s <= PROMISED_S)}; ", end="")
    print(f"{rss_mb:.0f} MB of {PROMISED_MB} MB: {verdict(rss_mb <= PROMISED_MB)}")


def verdict(met: bool) -> str:
    return "met" if met else "MISSED"


# Growth ------------------------------------------------------------------------------------------------------

Point = tuple[float, float]


def growth(scenario: str, days: int, minutes: float, clock: str) -> list[Point]:
    """Prints seconds a simulated day for each tempo, as sorties a day and seconds, and the slopes."""
    print(f"\ngrowth with sorties a day: {days} days at each tempo, {minutes:g} min for all")
    print(f"{'tempo':>6}{'sorties a day':>15}{'messages a day':>16}{'s a day':>9}{'slope':>7}{'RSS MB':>8}")
    points: list[Point] = []
    ends = time.monotonic() + 60 * minutes
    for tempo in TEMPOS:
        left_s = ends - time.monotonic()
        if left_s <= 0:
            break
        try:
            run = child(left_s, kind=MONTH[0], scenario=scenario, days=days, tempo=tempo)
        except subprocess.TimeoutExpired:
            print(f"{tempo:>6}   not in what was left of the time")
            break
        points.append((run["plans"] / days, run[clock] / days))
        here = f"{slope(points[-2:]):.2f}" if len(points) > 1 else ""
        sorties, seconds = points[-1]
        print(
            f"{tempo:>6}{sorties:>15,.0f}{run['messages'] / days:>16,.0f}{seconds:>9.3f}{here:>7}{run['rss_mb']:>8.0f}",
            flush=True,
        )
    if len(points) > 1:
        print(f"log-log slope over all: {slope(points):.2f}\n\n{plot(points)}")
    return points


def slope(points: Sequence[Point]) -> float:
    """Of the straight line through the logarithms that fits best."""
    xs, ys = zip(*((math.log(x), math.log(y)) for x, y in points), strict=True)
    return statistics.linear_regression(xs, ys).slope


def plot(points: Sequence[Point]) -> str:
    """The seconds a day as bars, on a logarithmic scale."""
    low = math.floor(math.log10(min(y for _, y in points)))
    bars = (f"{x:>9,.0f} | {'#' * round(1 + 16 * (math.log10(y) - low)):<50} {y:.3f} s" for x, y in points)
    return "\n".join((f"{'sorties':>9} | a day simulated, one decade is 16 characters", *bars))


def chart(points: Sequence[Point], scenario: str) -> str:
    """An SVG of seconds a day over sorties a day, both on logarithmic scales."""
    spans = [
        (math.floor(math.log10(min(axis))), math.ceil(math.log10(max(axis)))) for axis in zip(*points, strict=True)
    ]
    (west, east), (south, north) = spans

    def x(sorties: float) -> float:
        return 80 + 420 * (math.log10(sorties) - west) / (east - west)

    def y(seconds: float) -> float:
        return 280 - 240 * (math.log10(seconds) - south) / (north - south)

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560 330" font-family="sans-serif" font-size="12">',
        '<rect width="560" height="330" fill="white"/>',
        f'<text x="80" y="22" font-size="14">{scenario}: seconds to simulate a day; slope {slope(points):.2f}</text>',
    ]
    for power in range(south, north + 1):
        at = y(10.0**power)
        parts.append(f'<line x1="80" x2="500" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="72" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    for power in range(west, east + 1):
        at = x(10.0**power)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="40" y2="280" stroke="#ddd"/>')
        parts.append(f'<text x="{at:.1f}" y="300" text-anchor="middle">{10**power:,}</text>')
    parts.append('<text x="290" y="320" text-anchor="middle">sorties a day</text>')
    line = " ".join(f"{x(sorties):.1f},{y(seconds):.1f}" for sorties, seconds in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#0b6e4f" stroke-width="2"/>')
    parts += [f'<circle cx="{x(s):.1f}" cy="{y(t):.1f}" r="3" fill="#0b6e4f"/>' for s, t in points]
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    main()
