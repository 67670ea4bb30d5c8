"""Keeps services running: restarts what dies, gives up loudly on what keeps dying, and leaves nothing behind."""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, NamedTuple

import structlog

from .children import die_with_parent
from .launch import RESTARTS, UNUSABLE

log = structlog.get_logger(__name__)


class Limits(NamedTuple):
    """How patient a supervisor is, in real seconds. ``grace_s`` is what a service has to end in before it is killed."""

    restarts: int = 10
    within_s: float = 60.0
    first_wait_s: float = 0.2
    longest_wait_s: float = 5.0
    grace_s: float = 2.5


PATIENT: Final = Limits()
NOT_STARTED: Final = 71  # EX_OSERR


class Supervisor:
    """Runs these programs, by name, each in a process of its own; what they print goes to ``logs``/NAME.log.

    They are stopped one after the other, the first named last: name first what is to hear the others out. What is
    secret is told each by ``environment``, which other users of the machine cannot see. When an observer cannot be kept
    running the others go on, and ``report`` is given a sentence; when another program cannot, all are stopped.
    """

    def __init__(
        self,
        programs: Mapping[str, Sequence[str]],
        *,
        limits: Limits = PATIENT,
        logs: Path | None = None,
        environment: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
        observers: Collection[str] = (),
        report: Callable[[str], object] = lambda _sentence: None,
    ) -> None:
        self._programs = dict(programs)
        self._environment = environment
        self._limits = limits
        self._logs = logs
        self._observers = frozenset(observers)
        self._report = report
        self._ended = {name: asyncio.Event() for name in self._programs}
        self._stop = asyncio.Event()
        self._code = 0

    def stop(self) -> None:
        """End them all."""
        self._stop.set()

    async def run(self) -> int:
        """Until all have ended by themselves, or are stopped: 0. When one cannot be kept running: its exit code, at
        once or, of an observer, in the end.
        """
        stopping = asyncio.create_task(self._stop.wait())
        keeping = [asyncio.create_task(self._keep_until_ended(name, stopping)) for name in self._programs]
        try:
            await asyncio.gather(*keeping)
        finally:
            stopping.cancel()
        return self._code

    async def _keep_until_ended(self, name: str, stopping: "asyncio.Task[bool]") -> None:
        try:
            await self._keep(name, stopping)
        finally:
            self._ended[name].set()

    async def _keep(self, name: str, stopping: "asyncio.Task[bool]") -> None:
        """One program: run it, and run it again, within the limits."""
        deaths: deque[float] = deque(maxlen=self._limits.restarts + 1)
        wait_s, restarts = self._limits.first_wait_s, 0
        while not stopping.done():
            try:
                code = await self._once(name, restarts, stopping)
            except OSError as error:  # no room for its log, or for one more process
                log.error("not-started", program=name, reason=str(error))
                code = NOT_STARTED
            if stopping.done() or code == 0:
                return
            now = asyncio.get_running_loop().time()
            if deaths and now - deaths[-1] > self._limits.within_s:
                wait_s = self._limits.first_wait_s
            deaths.append(now)
            if code == UNUSABLE or (len(deaths) > self._limits.restarts and now - deaths[0] < self._limits.within_s):
                self._give_up(name, code, restarts)
                return
            restarts += 1
            log.warning("restarting", program=name, exit_code=code, restarts=restarts, wait_s=wait_s)
            await asyncio.wait([stopping], timeout=wait_s)
            wait_s = min(wait_s * 2, self._limits.longest_wait_s)

    async def _once(self, name: str, restarts: int, stopping: "asyncio.Task[bool]") -> int:
        """Run it to its end, or until all are to stop; returns its exit code."""
        with self._output(name) as output:
            process = await asyncio.create_subprocess_exec(
                *self._programs[name],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self._environment.get(name, {}), RESTARTS: str(restarts)},
                start_new_session=True,  # Ctrl-C on the terminal is ours to handle
                preexec_fn=die_with_parent(),
            )
        ended = asyncio.create_task(process.wait())
        await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await self._wait_for_later(name)
        if not ended.done():
            process.send_signal(signal.SIGTERM)
            await asyncio.wait([ended], timeout=self._limits.grace_s)
        if not ended.done():
            log.error("killed", program=name, reason=f"it had not ended after {self._limits.grace_s} s")
            process.kill()
        return await ended

    async def _wait_for_later(self, name: str) -> None:
        """Until those named after it have ended: each is killed in the end, so this ends too."""
        names = list(self._programs)
        for later in names[names.index(name) + 1 :]:
            await self._ended[later].wait()

    def _output(self, name: str) -> AbstractContextManager[BinaryIO | None]:
        return nullcontext() if self._logs is None else (self._logs / f"{name}.log").open("ab")

    def _give_up(self, name: str, code: int, restarts: int) -> None:
        reason = "it cannot work as it is set up" if code == UNUSABLE else "it keeps dying"
        log.critical("gave-up", program=name, exit_code=code, restarts=restarts, reason=reason)
        told = code if code > 0 else 128 - code
        if name in self._observers:
            self._code = self._code or told
            self._report(f"The {name} was given up, exit code {told}: {reason}. Everything else goes on.")
            return
        self._code = told
        self._stop.set()


def supervise(programs: Mapping[str, Sequence[str]], *, limits: Limits = PATIENT) -> int:
    """Run these until SIGTERM or SIGINT; returns the exit code of this process."""
    return asyncio.run(_supervise(programs, limits))


async def _supervise(programs: Mapping[str, Sequence[str]], limits: Limits) -> int:
    supervisor = Supervisor(programs, limits=limits)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    return await supervisor.run()
