"""One thread for all use of a store, beside the event loop."""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")
_Job = tuple["asyncio.Future[Any]", Callable[..., Any], tuple[object, ...]]

SHUTDOWN_S: Final = 5.0


class Writer:
    """Does one thing after the other. An executor of one thread would do, at twice the price a call (measured)."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[..., T], *arguments: object) -> T:
        """The result of this, done in the thread after all that was asked before."""
        done: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((done, work, arguments))
        return await done

    def close(self) -> None:
        """After what was asked for is done."""
        self._jobs.put(None)
        self._thread.join(SHUTDOWN_S)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            done, work, arguments = job
            try:
                result = work(*arguments)
            except BaseException as error:  # noqa: BLE001  whoever waits for it is told
                self._loop.call_soon_threadsafe(_fail, done, error)
            else:
                self._loop.call_soon_threadsafe(_succeed, done, result)


def _succeed(done: "asyncio.Future[Any]", result: object) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: "asyncio.Future[Any]", error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)
