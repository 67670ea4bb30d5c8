"""Many centres that ring each other: how many rings find the line busy, what expires, and how long an agreement takes.

The scenarios are those of examples/many_parties.py, a day each. A ring is an attempt to call, a call is a ring that was
answered. Times are in simulated seconds, from the filing of a plan: to each consent that it needs (in mode pair mostly
one, in mode all one of every other party, asked one after another) and until it is accepted.

Promised in mode pair, for 3 to 8 parties: busy rings under 25 %, nothing expired, median and 95th percentile of both
times at most half above those of two parties. In mode all: nothing expired.
"""

import argparse
import io
import json
import os
import runpy
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hotline_protocol.events import CallEnded, NegotiationEnded, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_services.director.scenario import read_scenario
from hotline_services.world import build
from sizes import parsed

EXAMPLE: Final = """example:
  python benchmarks/bench_parties.py                       # the table, 20 seeds
  python benchmarks/bench_parties.py --seeds 3 --lines 1   # with one line a centre
  python benchmarks/bench_parties.py --commit afac75e      # as that commit does it, from a git checkout
"""
ROOT: Final = Path(__file__).parents[1]
BEFORE: Final = "afac75e"
STORED: Final = {
    "pair": {2: (11, 27, 0), 3: (153, 78, 80), 4: (352, 91, 564), 6: (412, 87, 492), 8: (668, 92, 1040)},
    "all": {2: (11, 27, 0), 3: (89, 48, 0), 4: (201, 63, 0), 6: (493, 70, 152), 8: (723, 73, 490)},
}
"""Commit afac75e, 20 seeds, stored: rings a day, percentage of them busy, negotiations expired in all."""
MODES: Final = ("pair", "all")
COUNTS: Final = (2, 3, 4, 6, 8)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20, help="runs of each scenario (default: %(default)s)")
    parser.add_argument("--lines", type=int, help="calls that a centre can have at a time (default: not agreed)")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES, help="(default: both)")
    parser.add_argument("--parties", nargs="+", type=int, default=COUNTS, help="(default: %(default)s)")
    parser.add_argument("--commit", help="measure the services of this commit of the repository")
    parser.add_argument("--one", nargs=2, metavar=("SCENARIO", "SEEDS"), help=argparse.SUPPRESS)
    asked = parsed(parser, seeds=1, parties=[2])
    if asked.one:
        print(json.dumps(measure(Path(asked.one[0]), int(asked.one[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        services = unpacked(asked.commit, Path(folder)) if asked.commit else ROOT
        print(f"{asked.seeds} seeds, a day each; {asked.commit or 'this checkout'}; before: {BEFORE}, stored, 20 seeds")
        for mode in asked.modes:
            for line in table(mode, asked.parties, asked.seeds, asked.lines, Path(folder), services):
                print(line, flush=True)


def table(
    mode: str, counts: Sequence[int], seeds: int, lines: int | None, folder: Path, services: Path
) -> Iterator[str]:
    write = runpy.run_path(str(ROOT / "examples" / "many_parties.py"))["write"]
    heads = ("rings", "busy", "worst", "expired", "consent", "p95", "plan", "p95")
    yield f"\n{mode:7} " + "".join(map("{:>9}".format, heads)) + "   before:  rings   busy %  expired"
    for count in counts:
        run = child(write(folder, count, mode, lines), seeds, services)
        before = "".join(f"{value:>9}" for value in STORED[mode].get(count, ()))
        shown = [f"{run['rings']:.0f}", *(f"{run[key]:.1%}" for key in ("busy", "worst"))]
        shown += [f"{run[key]:.0f}" for key in ("expired", "consent", "consent_p95", "plan", "plan_p95")]
        yield f"{count:>7} " + "".join(map("{:>9}".format, shown)) + f"       {before}"


def unpacked(commit: str, folder: Path) -> Path:
    """The files of this commit. Raises CalledProcessError when git does not know it."""
    archive = subprocess.run(["git", "-C", ROOT, "archive", commit], capture_output=True, check=True).stdout
    target = folder / "commit"
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(target, filter="data")
    return target


def child(scenario: Path, seeds: int, services: Path) -> dict[str, float]:
    """The figures, by the services that stand there, in a process of its own."""
    path = os.pathsep.join(str(services / part) for part in ("protocol", "services"))
    command = [sys.executable, __file__, "--one", str(scenario), str(seeds)]
    done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "PYTHONPATH": path})
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


# In a process of its own -------------------------------------------------------------------------------------


def measure(path: Path, seeds: int) -> dict[str, float]:
    scenario = read_scenario(str(path))
    days = [Day(build(scenario, seed, 1)) for seed in range(1, seeds + 1)]
    consent = sorted(seconds for day in days for seconds in day.consents)
    plan = sorted(seconds for day in days for seconds in day.accepted)
    rings = sum(day.rings for day in days)
    return {
        "rings": rings / seeds,
        "busy": sum(day.busy for day in days) / rings,
        "worst": max(day.busy / day.rings for day in days),
        "expired": sum(day.expired for day in days),
        "consent": statistics.median(consent),
        "consent_p95": consent[int(0.95 * len(consent))],
        "plan": statistics.median(plan),
        "plan_p95": plan[int(0.95 * len(plan))],
    }


class Day:
    """What one run comes to."""

    def __init__(self, simulation: Any) -> None:
        self.rings = self.busy = self.expired = 0
        self.consents: list[float] = []
        self.accepted: list[float] = []
        self._filed: dict[tuple[str, str], datetime] = {}
        simulation.run(simulation.start + timedelta(days=1), self._take)

    def _take(self, message: object, at: datetime) -> None:
        match message:
            case CallEnded():
                self.rings += 1
                self.busy += message.outcome.value == "busy"
            case NegotiationEnded():
                self.expired += message.outcome.value == "expired"
                if message.outcome.value.startswith("agreed"):
                    self.consents.append((message.time - message.began_at).total_seconds())
            case PlanStatus():
                filed = self._filed.setdefault((message.source, message.plan_id), at)
                if message.state is PlanState.ACCEPTED and at > filed:
                    self.accepted.append((at - filed).total_seconds())
            case _:
                pass


if __name__ == "__main__":
    main()
