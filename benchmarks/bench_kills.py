"""Kills in live runs: services, broker and cluster nodes die while plans are negotiated, and nothing may come of it.

Example: python benchmarks/bench_kills.py --runs 2 --kills 50
         nice python benchmarks/bench_kills.py --runs 20 --kills 1000 --results kills.jsonl
         python benchmarks/bench_kills.py --runs 2 --kills 50 --snapshot-every 10

Each run is a stack of its own: broker, monitor, both centres and the director, each a process, with three plans filed
for each kill (over a cluster, one). Processes are killed with SIGKILL and started again at once, one in five before it
has come up. Then all plans must have an answer and the record must have no gap. A plan without an answer ten seconds
later is filed again, as whoever files does: a broker that dies may take plans with it of which no centre has heard.

Counted are: messages and plans that are lost, messages and grants that were taken in twice or air that is used twice,
and agreements that one side denies, or a snapshot that leads elsewhere than the inputs before it. The wanted figures
are 0, 0, 0. Beside them stands what there was to lose.

With ``--results`` each run is appended to a file, and what is there already is not run again.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

import msgspec
from rich.console import Console
from rich.table import Table

from hotline_services.runtime.broker import find_broker
from hotline_services.runtime.store import SNAPSHOT_EVERY
from kill_runs import Outcome, Where, one_run
from sizes import parsed

FIGURES: Final = ("plans", "refiled", "messages", "lost", "doubled", "denied")
CLUSTER_EVERY: Final = 5
NATS_EVERY: Final = 3


def places(runs: int, only: Sequence[Where]) -> list[Where]:
    """Over which broker each run goes."""
    there = [where for where in only if find_broker("nats" if where == "cluster" else where) is not None]
    if not there:
        raise SystemExit("There is no broker here.")
    wanted: list[Where] = []
    for number in range(runs):
        where: Where = "mosquitto"
        if number % CLUSTER_EVERY == CLUSTER_EVERY - 1:
            where = "cluster"
        elif number % NATS_EVERY == NATS_EVERY - 1:
            where = "nats"
        wanted.append(where if where in there else there[number % len(there)])
    return wanted


def known(results: Path | None) -> list[Outcome]:
    """What earlier calls have written."""
    if results is None or not results.exists():
        return []
    return [msgspec.json.decode(line, type=Outcome) for line in results.read_bytes().splitlines()]


async def run_all(options: argparse.Namespace, folder: Path) -> list[Outcome]:
    """Run what is missing, so many at once, until done or the time is over."""
    outcomes = known(options.results)
    left = options.kills - sum(sum(one.kills.values()) for one in outcomes)
    done = {one.seed for one in outcomes}
    todo = [(seed, where) for seed, where in enumerate(places(options.runs, options.on)) if seed not in done]
    each = -(-max(left, 0) // max(len(todo), 1))
    until = time.monotonic() + options.minutes * 60
    room = asyncio.Semaphore(options.parallel)

    async def one(seed: int, where: Where) -> None:
        async with room:
            if time.monotonic() > until:
                return
            place = folder / f"run{seed}"
            outcome = await one_run(where, seed, each, place, options.snapshot_every)
            outcomes.append(outcome)
            report(outcome, outcomes)
            if options.results is not None:
                with options.results.open("ab") as file:
                    file.write(msgspec.json.encode(outcome) + b"\n")
            if outcome.found:
                print(f"  kept: {shutil.copytree(place, options.keep / f'run{seed}', dirs_exist_ok=True)}")
            shutil.rmtree(place, ignore_errors=True)

    async with asyncio.TaskGroup() as group:
        for seed, where in todo if left > 0 else ():
            group.create_task(one(seed, where))
    return outcomes


def report(outcome: Outcome, all_of_them: Sequence[Outcome]) -> None:
    """How far it has come."""
    kills = sum(sum(one.kills.values()) for one in all_of_them)
    print(
        f"run {outcome.seed} over {outcome.where}: {sum(outcome.kills.values())} kills in {outcome.took_s:.0f} s, "
        f"{outcome.lost} lost, {outcome.doubled} doubled, {outcome.denied} denied; "
        f"{outcome.replayed:,} of {outcome.inputs:,} inputs behind snapshots; {kills:,} kills so far",
        *(f"  {line}" for line in outcome.found),
        sep="\n",
        flush=True,
    )


def show(outcomes: Sequence[Outcome]) -> None:
    """All of it, by broker."""
    table = Table("over", "runs", "kills", "of these", *FIGURES, title="Kills")
    for where in (*get_args(Where), ""):
        those = [one for one in outcomes if where in {"", one.where}]
        if not those:
            continue
        victims: Counter[str] = Counter()
        for one in those:
            victims.update(one.kills)
        told = ", ".join(f"{name} {count}" for name, count in sorted(victims.items()))
        figures = [sum(getattr(one, name) for one in those) for name in FIGURES]
        table.add_row(
            where or "all", str(len(those)), f"{victims.total():,}", told, *(f"{count:,}" for count in figures)
        )
    Console(width=130).print(table)
    print("wanted: 0 lost, 0 doubled, 0 denied")


def main() -> None:
    """Run what was asked for; the exit code is 1 when anything was lost, doubled or denied."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--kills", type=int, default=40, help="in all runs together")
    parser.add_argument("--parallel", type=int, default=1, help="runs at once")
    parser.add_argument("--minutes", type=float, default=60, help="begin no run after so long")
    parser.add_argument("--on", nargs="*", default=list(get_args(Where)), choices=get_args(Where))
    parser.add_argument("--snapshot-every", type=int, default=SNAPSHOT_EVERY, help="inputs of a service")
    parser.add_argument("--results", type=Path, help="append to this file, and go on from what it holds")
    parser.add_argument("--keep", type=Path, default=Path("kept-runs"), help="for the folders of runs that failed")
    options = parsed(parser, runs=1, kills=2, on=["mosquitto"], snapshot_every=10)
    with tempfile.TemporaryDirectory(prefix="hotline-kills-") as folder:
        outcomes = asyncio.run(run_all(options, Path(folder)))
    show(outcomes)
    sys.exit(any(one.lost or one.doubled or one.denied for one in outcomes))


if __name__ == "__main__":
    main()
