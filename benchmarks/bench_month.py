"""A month of flying, calls and incidents, in a fresh process: seconds, messages a second and memory.

  month              read, built and run for its figures, with what `hotline simulate` counts on the way
  ..., recorded      the same with every message written to a recording
  bare cores         the same with nobody listening to what is said
  SimPy              plain SimPy, doing nothing but as many timeouts, one after the other, as there were messages

Every line is a process of its own, in turns; seconds leave out its start and its imports, memory does not. How it grows
with the sorties of a day is bench_growth.py's.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sizes import parsed

EXAMPLE = """example:
  python benchmarks/bench_month.py                      # a month of valley-2017
  python benchmarks/bench_month.py --repeats 5 --cpu    # on a machine that others keep busy
"""
PROMISED_S, PROMISED_MB = 1.0, 200
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
    parser.add_argument("--cpu", action="store_true", help="take CPU time, for a machine that others keep busy")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # what a child is asked to measure
    asked = parsed(parser, days=1, repeats=1)
    if asked.one:
        print(json.dumps(measure(json.loads(asked.one))))
        return
    clock = "cpu_s" if asked.cpu else "wall_s"
    print("CPU time" if asked.cpu else "time by the wall clock")
    month(asked.scenario, asked.days, asked.repeats, clock)


# In a process of its own -------------------------------------------------------------------------------------


def child(**asked: Any) -> Figures:
    """The figures of one run in a fresh process. Raises CalledProcessError when it fails."""
    command = [sys.executable, __file__, "--one", json.dumps(asked)]
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=alone).stdout
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
    from hotline_services.experiment.analysis.run_tally import Tally
    from hotline_services.runtime.recording import Header, RecordingWriter
    from hotline_services.world import build

    def run() -> Figures:
        scenario = read_scenario(asked["scenario"])
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


if __name__ == "__main__":
    main()
