"""Where runs are done: in this process, in a pool of processes on this machine, or on a Dask cluster.

Each backend hands runs back in the order in which they end, and keeps only a few on the way, so that an interrupt
has few to wait for: those in hand are finished and handed back, then the interrupt goes on its way.
"""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Final

from hotline_services.extras import extra
from hotline_services.program import program

from .analysis.running import Finished, RunFailedError, Task, perform

DASK: Final = "dask://"
LOCAL: Final = "local"
CONNECT_S: Final = 10
LOOK_S: Final = 0.2
"""How often, while runs go on, it is looked whether somebody has interrupted them."""

Backend = Callable[[Iterable[Task]], Iterator[Finished]]


class BackendError(Exception):
    """Runs cannot be done there; the message says why, and what would help."""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def backend(where: str, jobs: int) -> Backend:
    """The backend of this name: ``local`` or ``dask://host:port``. Raises BackendError."""
    if where == LOCAL:
        return in_this_process if jobs == 1 else lambda tasks: in_a_pool(tasks, jobs)
    if where.startswith(DASK) and where.removeprefix(DASK):
        return lambda tasks: on_dask(tasks, f"tcp://{where.removeprefix(DASK)}")
    raise BackendError(f"{where!r} is no backend; there are: {LOCAL}, {DASK}host:port")


def in_this_process(tasks: Iterable[Task]) -> Iterator[Finished]:
    """One after the other."""
    for task in tasks:
        yield _told(task, lambda task=task: perform(task))  # type: ignore[misc]


def in_a_pool(tasks: Iterable[Task], jobs: int) -> Iterator[Finished]:
    """By so many processes, which are spawned: that works alike on every system, and whatever threads there are."""
    context = multiprocessing.get_context("spawn")
    waiting = iter(tasks)
    running: dict[Future[Finished], Task] = {}
    with _interrupts_noted() as noted, ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin_worker) as pool:
        while not noted:
            with _deaf_to_interrupts():  # submitting begins workers, which stay so
                for task in waiting:
                    running[pool.submit(perform, task)] = task
                    if len(running) > jobs:
                        break
            if not running:
                return
            for future in wait(running, LOOK_S, return_when=FIRST_COMPLETED).done:
                yield _told(running.pop(future), future.result)
        for future in as_completed(running):
            yield _told(running[future], future.result)
        raise KeyboardInterrupt


@contextmanager
def _interrupts_noted() -> Iterator[list[int]]:
    """The first Ctrl-C is written down, to be acted upon where that is safe: raised within the locks of futures, it
    leaves one of them locked for ever. The second interrupts at once."""
    noted: list[int] = []

    def note(number: int, _frame: object) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C waits until afterwards; processes begun meanwhile never hear of it, not even while they are imported."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker() -> None:
    """A worker leaves Ctrl-C to the process that began it, and ends when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what has been imported stays: looking through it for garbage takes 5 % of a run
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _told(task: Task, result: Callable[[], Finished]) -> Finished:
    """The result of this task; when it failed, which it was. Raises RunFailedError."""
    try:
        return result()
    except BrokenProcessPool as error:
        raise RunFailedError(f"a worker died, perhaps for want of memory, in {_name(task)} or beside it") from error
    except Exception as error:
        raise RunFailedError(f"{_name(task)}: {type(error).__name__}: {error}") from error


def _name(task: Task) -> str:
    return f"{task.arm.scenario} ({task.arm.label}), replication {task.replication}, seed {task.seed}"


def on_dask(tasks: Iterable[Task], address: str) -> Iterator[Finished]:
    """By the workers of a Dask cluster, on which the same Hotline is installed. Raises BackendError."""
    try:
        client = extra("distributed").Client(address, timeout=CONNECT_S)
    except (OSError, ValueError) as error:
        raise BackendError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        _check_workers(client)
        yield from _on_workers(client, iter(tasks))


def _check_workers(client: Any) -> None:
    """Every worker must have this very program, or their runs could not be compared. Raises BackendError."""
    try:
        programs = client.run(program)
    except Exception as error:
        raise BackendError(f"the workers cannot import Hotline; install {program()} on each: {error}") from error
    if not programs:
        raise BackendError("the cluster has no workers")
    others = {name: its for name, its in programs.items() if its != program()}
    if others:
        told = ", ".join(f"{name} has {its}" for name, its in sorted(others.items()))
        raise BackendError(f"every worker must have {program()}, but {told}")


def _on_workers(client: Any, waiting: Iterator[Task]) -> Iterator[Finished]:
    running: dict[str, Task] = {}
    ended = extra("distributed").as_completed()

    def submit() -> None:
        for task in waiting:
            future = client.submit(perform, task, key=f"hotline-{task.key}-{task.replication}", retries=2)
            running[future.key] = task
            ended.add(future)
            return

    for _ in range(2 * sum(client.nthreads().values())):
        submit()
    try:
        for future in ended:
            submit()
            yield _told(running.pop(future.key), future.result)
    except KeyboardInterrupt:
        client.cancel(list(ended.futures))
        raise
