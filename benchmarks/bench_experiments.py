"""A whole paired experiment, beside the plain way to do it: a loop that runs one after the other in one process.

Example: make bench ONLY=experiments ARGS="--runs 500 --days 7"

Both do the same runs (the loop a part of them, since it takes as many times as long as there are cores), and both
write nothing but their results. What the pool costs over the loop is shown as the share of its time in which its
cores did something else than the loop does; on a machine that does other work, compare the seconds of processor time.
Memory is the greatest resident size: of the process that conducts it,
and of the largest worker.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from hotline_services.experiment import backends
from hotline_services.experiment.conduct import Results, conduct
from hotline_services.experiment.design_file import Prepared, read_experiment
from hotline_services.experiment.report import write_report
from hotline_services.experiment.result_files import write_tables
from sizes import parsed

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


class Timed(NamedTuple):
    """How long all runs of an experiment took, of the clock and of the processors, for how many runs."""

    seconds: float
    processor_s: float
    runs: int

    def line(self, what: str) -> str:
        each = f"{self.seconds / self.runs:10.3f} s a run{self.processor_s / self.runs:10.3f} s of processor a run"
        return f"{f'{what}, {self.runs} runs':48}{self.seconds:10.2f} s{each}"


def timed(asked: Prepared, folder: Path, backend: backends.Backend) -> tuple[Timed, Results]:
    """All of its runs, none of which are done yet."""
    began, used = time.perf_counter(), processor_s()
    results = conduct(asked, folder, backend)
    runs = len(asked.arms) * asked.experiment.replications
    return Timed(time.perf_counter() - began, processor_s() - used, runs), results


def processor_s() -> float:
    """What this process and its ended children have used."""
    every = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in every)


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
    arguments = parsed(parser, runs=4, days=0.1, jobs=2, part=2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asked = prepared(folder, arguments.scenario, arguments.days, arguments.runs)
        few = prepared(folder, arguments.scenario, arguments.days, max(arguments.runs // arguments.part, 4))
        looped, _ = timed(few, folder / "loop", backends.in_this_process)
        pool, results = timed(asked, folder / "pool", lambda tasks: backends.in_a_pool(tasks, arguments.jobs))
        again, _ = timed(asked, folder / "pool", backends.in_this_process)
        began = time.perf_counter()
        write_tables(results, folder)
        write_report(results, folder)
        written_s = time.perf_counter() - began
    print(f"{arguments.scenario}, {arguments.days:g} days a run, pairs with and without the line\n")
    print(looped.line("loop, 1 process"))
    print(pool.line(f"pool, {arguments.jobs} processes"))
    faster = (looped.seconds / looped.runs) / (pool.seconds / pool.runs)
    print(f"{'the pool is faster by':48}{faster:10.2f} x  (of {arguments.jobs})")
    print(f"{'500 runs would take':48}{500 * pool.seconds / pool.runs:10.0f} s")
    print(f"{'the same again, all of it in the journal':48}{again.seconds:10.2f} s")
    print(f"{'tables and report':48}{written_s:10.2f} s")
    print(f"{'memory: this process':48}{megabytes(resource.RUSAGE_SELF):10.0f} MB")
    print(f"{'memory: largest worker':48}{megabytes(resource.RUSAGE_CHILDREN):10.0f} MB")


if __name__ == "__main__":
    main()
