"""Simulates faulty days, as many as are asked for on all cores, and looks whether the invariants hold on each.

What fails is named by its seed and its reason, and with --keep written to a file whose seeds the tests try from then
on. Stops early after so many failures or minutes. The exit code is 1 when a day has failed.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # the tests are no package that is installed
    sys.path.insert(0, str(ROOT))

AT_ONCE = 10  # days in one task
REPORT_S = 10.0
LONGEST_REASON = 200

Failure = tuple[int, str]


def try_days(seeds: range) -> list[Failure]:
    """The days of these seeds that fail, and why. A core that breaks is a failure like any other."""
    from tests.simulated.trial import faults

    failures = []
    for seed in seeds:
        try:
            found = faults(seed)
        except Exception as error:  # noqa: BLE001  whatever it is, it is told with its seed
            found = [f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())]
        if found:
            failures.append((seed, " ".join("; ".join(found).split())[:LONGEST_REASON]))
    return failures


class Soak:
    """A run over these seeds, and how far it has come."""

    def __init__(self, seeds: range, workers: int, most_failures: int, minutes: float, keep: Path | None) -> None:
        self.seeds = seeds
        self.failures: list[Failure] = []
        self.tried = 0
        self._workers = workers
        self._most_failures = most_failures
        self._began = time.monotonic()
        self._ends = self._began + 60 * minutes
        self._reported = self._began
        self._keep = keep

    def run(self) -> None:
        """Try all days, or as many as the bounds allow; no more than a few tasks for each worker wait at a time."""
        tasks = (self.seeds[n : n + AT_ONCE] for n in range(0, len(self.seeds), AT_ONCE))
        # Not forked: numpy and the like have threads.
        with ProcessPoolExecutor(self._workers, mp_context=get_context("spawn")) as pool:
            running: dict[Future[list[Failure]], int] = {}
            while running or self._more():
                if self._more():
                    self._submit(pool, running, tasks)
                if not running:
                    break
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    self._take(done.result(), running.pop(done))

    def _more(self) -> bool:
        return len(self.failures) < self._most_failures and time.monotonic() < self._ends

    def _submit(
        self, pool: ProcessPoolExecutor, running: dict[Future[list[Failure]], int], tasks: Iterator[range]
    ) -> None:
        for task in islice(tasks, 2 * self._workers - len(running)):
            running[pool.submit(try_days, task)] = len(task)

    def _take(self, failures: list[Failure], tried: int) -> None:
        self.tried += tried
        for seed, reason in failures:
            self.failures.append((seed, reason))
            print(f"seed {seed}: {reason}", flush=True)
            if self._keep is not None:
                with self._keep.open("a", encoding="utf-8") as file:
                    file.write(f"{seed}  # {reason}\n")
        now = time.monotonic()
        if now - self._reported >= REPORT_S or self.tried == len(self.seeds):
            self._reported = now
            rate = self.tried / (now - self._began)
            left_min = (len(self.seeds) - self.tried) / rate / 60
            print(
                f"{self.tried:,} of {len(self.seeds):,} days, {len(self.failures)} failed, "
                f"{rate:.1f} a second, {left_min:.0f} min left",
                file=sys.stderr,
                flush=True,
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=100_000, help="how many (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")
    parser.add_argument("--most-failures", type=int, default=20, help="stop after so many (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after so long (default: %(default)s)")
    parser.add_argument("--keep", type=Path, help="append the seeds that fail to this file")
    asked = parser.parse_args()
    if asked.days < 1 or asked.workers < 1:
        parser.error("--days, --workers: at least 1")
    seeds = range(asked.first, asked.first + asked.days)
    soak = Soak(seeds, asked.workers, asked.most_failures, asked.minutes, asked.keep)
    soak.run()
    early = "" if soak.tried == len(seeds) else f"; stopped early, {len(seeds):,} were asked for"
    print(f"{soak.tried:,} faulty days, {len(soak.failures)} failed{early}")
    return 1 if soak.failures else 0


if __name__ == "__main__":
    sys.exit(main())
