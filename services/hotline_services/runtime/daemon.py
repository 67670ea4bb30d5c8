"""Blocking work beside an event loop, in a thread that the process does not wait for."""

import asyncio
import threading
from collections.abc import Callable


async def in_daemon_thread(work: Callable[[], None]) -> None:
    """Like asyncio.to_thread, but a thread that hangs does not keep the process from ending. Raises what it raises."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as caught:  # noqa: BLE001  whoever waits for it is told
            error = caught
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, name="dial", daemon=True).start()
    await done
