"""How `make test` spreads the tests over its workers."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.house.documented import ROOT
from tests.scheduling import APART, FIRST, Beside, computes, unit_of

TESTS = [f"tests/cores/test_{name}.py::test_{n}" for name in "abcdef" for n in range(4)]
TESTS += [f"tests/broker/test_{name}.py::test_{n}" for name in "abcdef" for n in range(4)]
TESTS += [f"tests/compose/test_{name}.py::test_{n}" for name in "ab" for n in range(4)]
TESTS += [f"tests/web/test_{name}.py::test_{n}" for name in "ab" for n in range(4)]
TESTS += [f"{APART[0]}::test_{n}" for n in range(4)]


class Worker:
    """A worker: keeps a queue of tests, and runs one test at a time."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.queue: list[int] = []
        self.ran: list[str] = []
        self.shutting_down = False

    def send_runtest_some(self, indices: list[int]) -> None:
        self.queue += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def spread(workers: int, cores: int) -> tuple[list[Worker], list[int], list[set[str]]]:
    """The workers after all tests; and, before each round of tests, how many of them had files that compute, and which
    tests they began."""
    options: Any = SimpleNamespace(
        getvalue=lambda _name: [f"{workers}*popen"], option=SimpleNamespace(loadscopereorder=False)
    )
    scheduler, made = Beside(options, None, cores), [Worker(f"gw{n}") for n in range(workers)]
    computing: list[int] = []
    begun: list[set[str]] = []
    for worker in made:
        scheduler.add_node(worker)  # type: ignore[arg-type]
        scheduler.add_node_collection(worker, TESTS)  # type: ignore[arg-type]
    scheduler.schedule()
    while any(worker.queue for worker in made):
        computing.append(sum(any(computes(TESTS[index]) for index in worker.queue) for worker in made))
        begun.append({TESTS[worker.queue[0]] for worker in made if worker.queue})
        for worker in made:
            if worker.queue:
                index = worker.queue.pop(0)
                worker.ran.append(TESTS[index])
                scheduler.mark_test_complete(worker, index)  # type: ignore[arg-type]
    return made, computing, begun


def test_every_test_is_run_once_and_those_of_one_file_in_one_worker() -> None:
    workers, *_ = spread(4, 2)
    assert sorted(test for worker in workers for test in worker.ran) == sorted(TESTS)
    units = [{unit_of(test) for test in worker.ran} for worker in workers]
    assert sum(map(len, units)) == len(set().union(*units))


def test_of_files_that_compute_no_more_are_run_at_a_time_than_there_are_cores_while_others_wait() -> None:
    _, computing, _ = spread(4, 2)
    assert set(computing[:8]) == {2}


def test_a_browser_loads_nothing_while_containers_start_and_end() -> None:
    for cores in (1, 2, 4):
        _, _, begun = spread(5, cores)
        for tests in begun:
            assert not {"tests/compose", "tests/web"} <= {test.rpartition("/")[0] for test in tests}


def test_containers_are_brought_up_in_one_worker() -> None:
    workers, *_ = spread(4, 2)
    assert sum(any(test.startswith("tests/compose/") for test in worker.ran) for worker in workers) == 1


@pytest.mark.parametrize("path", sorted({*FIRST, *APART}))
def test_what_is_named_for_the_order_is_there(path: str) -> None:
    assert (ROOT / path).exists()
