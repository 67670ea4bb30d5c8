"""This program beside the one of an earlier commit, in turns: A B B A, each run in a process of its own.

  month   30 days of valley-2017: read, built and run, with the figures that `hotline simulate` counts on the way
  day     valley-day, five seeds in one process
  live    request and reply through two journaled actors over mosquitto: p50 of a round trip

Both programs read the scenario file of the earlier commit. A ratio is earlier / now, pair by pair: above 1, this
program is faster. A run that is not timed goes before the others, and compares what the two programs said.
"""

import argparse
import asyncio
import hashlib
import importlib
import io
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

EXAMPLE = """example:
  python benchmarks/bench_before.py                           # all three, beside the usual commit
  python benchmarks/bench_before.py month --rounds 9          # one of them, more often
  python benchmarks/bench_before.py --commit HEAD~1 month day # beside another commit
  python benchmarks/bench_before.py --smoke                   # that it runs: one short round

Exit codes: 0, or 2 when the earlier commit is not in this repository.
"""
ROOT: Final = Path(__file__).resolve().parents[1]
COMMIT: Final = "afac75e"
WANTED: Final = {"month": "1.3, better 1.6", "day": "1.3, better 1.6", "live": "1.0"}
DAY_SEEDS: Final = 5

Figures = dict[str, Any]


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("which", nargs="*", metavar="month|day|live", help="which of them (default: all)")
    parser.add_argument("--commit", default=COMMIT, help="the earlier commit (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of runs (default: %(default)s)")
    parser.add_argument("--days", type=int, default=30, help="of the month (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=1_000, help="round trips a run (default: %(default)s)")
    parser.add_argument("--smoke", action="store_true", help="one short round; this program twice without the commit")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # what a child is asked to measure
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(json.loads(asked.one))))
        return 0
    if unknown := set(asked.which) - set(WANTED):
        parser.error(f"{', '.join(sorted(unknown))}: none of {', '.join(WANTED)}")
    if asked.smoke:
        asked.rounds, asked.days, asked.requests = 1, 1, 100
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder)
        if fault := check_out(asked.commit, before):
            print(f"bench_before: {fault}", file=sys.stderr)
            if not asked.smoke:
                return 2
            print("bench_before: this program is measured beside itself instead", file=sys.stderr)
            before = ROOT
        for which in asked.which or WANTED:
            compare(which, before, asked)
    return 0


def check_out(commit: str, folder: Path) -> str | None:
    """Write the files of this commit into the folder; return why that is impossible, or None."""
    try:
        archive = subprocess.run(
            ["git", "-C", str(ROOT), "archive", "--format=tar", commit], check=True, capture_output=True
        ).stdout
    except FileNotFoundError:
        return f"git is not installed, and commit {commit} cannot be read without it"
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        return f"commit {commit} is not in the history of {ROOT} (a shallow clone? git fetch --unshallow): {said}"
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return None


def compare(which: str, before: Path, asked: argparse.Namespace) -> None:
    """Run both programs in turns, and print the figures of each beside the other's."""
    name = {"month": "valley-2017", "day": "valley-day"}.get(which, "")
    request = {
        "which": which,
        "scenario": str(before / "scenarios" / f"{name}.toml"),
        "days": asked.days if which == "month" else 1,
        "requests": asked.requests,
    }
    programs = {"before": before, "now": ROOT}
    said = (
        "" if which == "live" else differences(*(child(each, request | {"said": True}) for each in programs.values()))
    )
    runs: dict[str, list[Figures]] = {program: [] for program in programs}
    for number in range(asked.rounds):
        for program in sorted(programs, reverse=bool(number % 2)):
            runs[program].append(child(programs[program], request))
    print(f"\n{which}: {asked.commit} and now, {asked.rounds} pairs{said}\n")
    print(f"{'':24}{'before':>10}{'now':>10}{'ratio, median':>16}{'least':>8}{'most':>8}{'wanted':>18}")
    for figure in runs["now"][0]:
        print(row(figure, [run[figure] for run in runs["before"]], [run[figure] for run in runs["now"]], WANTED[which]))


def differences(before: Figures, now: Figures) -> str:
    """What the two programs said, in one clause: how many messages, and which types of them differ."""
    types = sorted(kind for kind in before["said"] | now["said"] if before["said"].get(kind) != now["said"].get(kind))
    same = f"the same to the byte, except: {', '.join(types)}" if types else "the same to the byte"
    return f"; {before['messages']:,} and {now['messages']:,} messages, {same}"


def row(figure: str, before: list[float], now: list[float], wanted: str) -> str:
    """One figure of both programs: medians, and the ratio pair by pair."""
    ratios = [one / other for one, other in zip(before, now, strict=True)]
    medians = f"{statistics.median(before):>10.3f}{statistics.median(now):>10.3f}"
    spread = f"{statistics.median(ratios):>16.2f}{min(ratios):>8.2f}{max(ratios):>8.2f}"
    return f"{figure:24}{medians}{spread}{wanted:>18}"


# In a process of its own -------------------------------------------------------------------------------------


def child(program: Path, request: Figures) -> Figures:
    """The figures of one run of this program in a fresh process. Raises CalledProcessError when it fails."""
    command = [sys.executable, __file__, "--one", json.dumps(request)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment(program)).stdout
    figures: Figures = json.loads(said.splitlines()[-1])
    return figures


def environment(program: Path) -> dict[str, str]:
    """What a process needs to run this program, alone on one processor."""
    paths = [program / "protocol", program / "services", program / "benchmarks"]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def measure(request: Figures) -> Figures:
    """What the child does. Its own folder, which Python looks through first, gives way to the program's."""
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != ROOT / "benchmarks"] + [
        str(Path(__file__).parent)
    ]
    if request["which"] == "live":
        return live(request["requests"])
    seeds = range(1, DAY_SEEDS + 1) if request["which"] == "day" else (None,)
    return simulated(request, seeds)


def simulated(request: Figures, seeds: Iterable[int | None]) -> Figures:
    """Time of reading, building and running; with ``said`` what was said instead."""
    from hotline_protocol.message import Message
    from hotline_protocol.topics import encode
    from hotline_services.director.scenario import read_scenario
    from hotline_services.world import build

    try:
        tallies = importlib.import_module("hotline_services.experiment.analysis.run_tally")
    except ModuleNotFoundError:  # as commits have it that had no package for what is measured
        tallies = importlib.import_module("hotline_services.experiment.tally")

    said, days = request.get("said", False), request["days"]
    messages = 0
    digests: dict[str, Any] = {}

    def run(seed: int | None) -> None:
        scenario = read_scenario(request["scenario"])
        simulation = build(scenario, scenario.seed if seed is None else seed, days)
        tally = tallies.Tally()

        def take(message: Message, _at: object) -> None:
            nonlocal messages
            messages += 1
            tally.take(message)
            if said:
                digests.setdefault(type(message).__name__, hashlib.sha256()).update(encode(message))

        simulation.run(simulation.start + timedelta(days=days), take)
        tally.outcomes(simulation.start, days)

    wall, cpu = time.perf_counter(), time.process_time()
    for seed in seeds:
        run(seed)
    if said:
        return {"messages": messages, "said": {kind: digest.hexdigest() for kind, digest in digests.items()}}
    return {"processor, s": time.process_time() - cpu, "wall, s": time.perf_counter() - wall}


def live(requests: int) -> Figures:
    """Milliseconds of a round trip, and as a multiple of raw aiomqtt over the same broker in the same run."""
    bench_live = importlib.import_module("bench_live")
    times = asyncio.run(bench_live.request_reply("mosquitto", "normal", requests))
    if isinstance(times, dict):
        raw, ours = times["raw"], times["ours"]
    else:  # as commits had it that did not sign
        raw, ours = times[0]["raw"], times[1]
    p50 = statistics.median(ours)
    return {"round trip, ms": p50 * 1e3, "by that of raw aiomqtt": p50 / statistics.median(raw)}


if __name__ == "__main__":
    sys.exit(main())
