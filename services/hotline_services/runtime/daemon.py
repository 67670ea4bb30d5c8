"""Blocking work beside an event loop, in a thread that the process does not wait for."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_daemon_thread(work: Callable[[], T]) -> T:
    """Like asyncio.to_thread, but a thread that hangs does not keep the process from ending. Raises what it raises."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(settled: Callable[[], object]) -> None:
        if not done.cancelled():
            settled()

    def run() -> None:
        try:
            found = work()
        except BaseException as error:  # noqa: BLE001  whoever waits for it is told
            _tell(loop, lambda caught=error: settle(lambda: done.set_exception(caught)))  # type: ignore[misc]
        else:
            _tell(loop, lambda: settle(lambda: done.set_result(found)))

    threading.Thread(target=run, name="dial", daemon=True).start()
    return await done


def _tell(loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(what)
