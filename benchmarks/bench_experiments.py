"""A whole paired experiment, beside the plain way to do it: a loop that runs one after the other in one process.

Example: make bench ONLY=experiments ARGS="--runs 500 --days 7"

Both do the same runs (the loop a part of them, since it takes as many times as long as there are cores), and both
write nothing but their results. What the pool costs over the loop is shown as the share of its time in which its
cores did something else than the loop does. Memory is the greatest resident size: of the process that conducts it,
and of the largest worker.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

from hotline_services.experiment import backends
from hotline_services.experiment.conduct import Results, conduct
from hotline_services.experiment.reading import Prepared, read_experiment
from hotline_services.experiment.report import write_report
from hotline_services.experiment.tables import write_tables

EXPERIMENT = """
name = "benchmark"
title = "With the line and without it"
scenario = "{scenario}"
days = {days}
replications = {replications}
outcomes = ["calls_per_day", "crossings_unagreed_per_day", "close_calls_per_day", "erlang"]

[[factors]]
name = "line"
levels = [{{ name = "on" }}, {{ name = "off", set = {{ "circuit.available" = false }} }}]
"""


def prepared(folder: Path, scenario: str, days: float, runs: int) -> Prepared:
    path = folder / "benchmark.toml"
    path.write_text(EXPERIMENT.format(scenario=scenario, days=days, replications=max(runs // 2, 1)))
    return read_experiment(path)


def timed(asked: Prepared, folder: Path, backend: backends.Backend) -> tuple[float, Results]:
    """Seconds for all of its runs, none of which are done yet."""
    began = time.perf_counter()
    results = conduct(asked, folder, backend)
    return time.perf_counter() - began, results


def megabytes(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1_024


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="valley-2017", help="what is run (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=40, help="how many runs, half of them without a line")
    parser.add_argument("--days", type=float, default=7, help="simulated days a run (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=backends.cores(), help="processes (default: every core)")
    parser.add_argument("--part", type=int, default=10, help="the loop does one in so many of the runs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asked = prepared(folder, arguments.scenario, arguments.days, arguments.runs)
        few = prepared(folder, arguments.scenario, arguments.days, max(arguments.runs // arguments.part, 4))
        looped_s, _ = timed(few, folder / "loop", backends.in_this_process)
        pool_s, results = timed(asked, folder / "pool", lambda tasks: backends.in_a_pool(tasks, arguments.jobs))
        again_s, _ = timed(asked, folder / "pool", backends.in_this_process)
        began = time.perf_counter()
        write_tables(results, folder)
        write_report(results, folder)
        written_s = time.perf_counter() - began
    tell(arguments.jobs, few, looped_s, asked, pool_s)
    print(f"{'the same again, all of it in the journal':48}{again_s:10.2f} s")
    print(f"{'tables and report':48}{written_s:10.2f} s")
    print(f"{'memory: this process':48}{megabytes(resource.RUSAGE_SELF):10.0f} MB")
    print(f"{'memory: largest worker':48}{megabytes(resource.RUSAGE_CHILDREN):10.0f} MB")


def tell(jobs: int, few: Prepared, looped_s: float, asked: Prepared, pool_s: float) -> None:
    """Loop and pool, and how they compare run by run."""
    fewer, all_of_them = (2 * each.experiment.replications for each in (few, asked))
    days = asked.experiment.days
    print(f"{asked.experiment.scenarios[0]}, {days:g} days a run, pairs with and without the line\n")
    print(f"{f'loop, 1 process, {fewer} runs':48}{looped_s:10.2f} s{looped_s / fewer:10.3f} s a run")
    print(f"{f'pool, {jobs} processes, {all_of_them} runs':48}{pool_s:10.2f} s{pool_s / all_of_them:10.3f} s a run")
    faster = (looped_s / fewer) / (pool_s / all_of_them)
    print(f"{'the pool is faster by':48}{faster:10.2f} x  (of {jobs})")
    print(f"{'500 runs would take':48}{500 * pool_s / all_of_them:10.0f} s")


if __name__ == "__main__":
    main()
