"""Distribution of the tests over several workers: tests that wait for processes run beside tests that compute.

Tests of one file stay together in one worker and in their order, as a rule, so that what a file sets up is set up once.
Of the tests that compute, no more files are run at a time than there are cores. The other workers take those that wait.
"""

import os
from collections.abc import Iterable, Iterator
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

CORES: Final = os.cpu_count() or 1
WORKERS: Final = 3 * CORES
"""More than half of the time of all tests goes by while they wait."""
WAITING: Final = ("tests/broker/", "tests/compose/", "tests/outside/")
TOGETHER: Final = ("tests/compose/",)
"""Folders whose tests share what takes long to set up: they stay in one worker."""
NOT_BESIDE: Final = {"tests/compose/": "tests/web/", "tests/web/": "tests/compose/"}
"""Of these pairs only one is run at a time, as a rule: a browser drops what it loads when containers start or end."""
APART: Final = (
    "tests/broker/test_benchmarks.py",
    "tests/broker/test_conformance_live.py",
    "tests/broker/test_console.py",
    "tests/broker/test_lost_tail.py",
    "tests/broker/test_namesakes.py",
    "tests/broker/test_observers.py",
    "tests/broker/test_signed_loss.py",
    "tests/broker/test_signed_stack.py",
    "tests/broker/test_stack.py",
    "tests/cores/test_explorer.py",
)
"""Files of long tests that share nothing: each test is handed out by itself."""
FIRST: Final = (
    "tests/compose/",
    "tests/cores/test_explorer.py",
    "tests/simulated/test_faulty_days.py",
    "tests/broker/test_documented_commands.py",
    "tests/broker/test_identities.py",
    "tests/broker/test_cluster.py",
    "tests/broker/test_broker_bounds.py",
    "tests/outside/test_by_command.py",
    *APART,
    "tests/broker/test_live_as_simulated.py",
    "tests/web/",
    "tests/cores/test_bounded_work.py",
    "tests/cores/test_conformance.py",
    "tests/simulated/",
)
"""What takes longest, in this order: begun late, it would be waited for in the end."""


def computes(unit: str) -> bool:
    return not unit.startswith(WAITING)


def unit_of(nodeid: str) -> str:
    """What is handed to one worker as a whole: the file of a test, as a rule."""
    path = nodeid.partition("::")[0]
    if path in APART:
        return nodeid
    return next((folder for folder in TOGETHER if path.startswith(folder)), path)


def in_order(units: Iterable[str]) -> list[str]:
    """The longest units first, the others in their given order."""
    return sorted(units, key=lambda unit: next((n for n, one in enumerate(FIRST) if unit.startswith(one)), len(FIRST)))


class Beside(LoadScopeScheduling):
    """Hands out files. ``cores`` is how many that compute are run at a time while others wait."""

    def __init__(self, config: pytest.Config, log: Producer | None = None, cores: int = CORES) -> None:
        super().__init__(config, log)
        self._cores = cores

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        """Hand the worker the first file of the kind that is wanted now, or else the first of the other kind."""
        computing = sum(self._is_computing(other) for other in self.nodes if other is not node)
        wants_computing = computing < self._cores
        queue = in_order(self.workqueue)
        fitting = [unit for unit in queue if not self._is_disturbed(unit)] or queue
        unit = next((unit for unit in fitting if computes(unit) is wants_computing), fitting[0])
        self.workqueue.move_to_end(unit, last=False)
        super()._assign_work_unit(node)

    def _is_disturbed(self, unit: str) -> bool:
        kept_apart = tuple(other for folder, other in NOT_BESIDE.items() if unit.startswith(folder))
        return bool(kept_apart) and any(unit.startswith(kept_apart) for unit in self._under_way())

    def _is_computing(self, node: WorkerController) -> bool:
        return any(computes(unit) for unit in self._under_way(node))

    def _under_way(self, *nodes: WorkerController) -> Iterator[str]:
        """What these workers have not finished; by default all."""
        for node in nodes or self.assigned_work:
            yield from (unit for unit, tests in self.assigned_work[node].items() if not all(tests.values()))
