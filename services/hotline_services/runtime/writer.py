"""All use of a store: in a thread of its own, beside the event loop, unless that would cost more than it saves."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from hotline_protocol.message import Message

from .patience import Patience
from .store import Heard, Store, StoreBlockedError

T = TypeVar("T")
_Job = tuple["asyncio.Future[Any]", Callable[..., Any], tuple[object, ...]]

SHUTDOWN_S: Final = 5.0
SMALL: Final = 8  # messages
HANDOVER_S: Final = 0.0002  # there and back, a commit to SQLite included that takes a quarter of it on the spot
WEIGHT: Final = 0.1


class Writer:
    """Runs jobs one after another, in the order of their submission.

    A small commit is done on the spot as long as those before it took less time than handing it over does: a thread
    costs an answer 0.1 to 0.2 ms. One that is slow, because it flushes to the disk or the disk is busy, sends
    those after it to the thread again. With ``patience``, what the store refuses while it is blocked is tried again.
    """

    def __init__(self, store: Store, patience: Patience | None = None) -> None:
        self._store = store
        self._patience = patience
        self._commit_s = 1.0  # smoothed; unknown at first, so the thread finds it out
        self._loop = asyncio.get_running_loop()
        self._waiting = 0  # jobs that the thread has not finished
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[..., T], *arguments: object) -> T:
        """The result of this, done in the thread after all that was asked before."""
        if self._patience is None:
            return await self._do_once(work, *arguments)
        return await self._patience.through(lambda: self._do_once(work, *arguments))

    async def _do_once(self, work: Callable[..., T], *arguments: object) -> T:
        done: asyncio.Future[T] = self._loop.create_future()
        self._waiting += 1
        self._jobs.put((done, work, arguments))
        return await done

    async def commit(self, heard: Sequence[Heard], said: Sequence[Message], confirmed: Sequence[str]) -> None:
        """See :meth:`.store.Store.commit`."""
        if not self.commit_at_once(heard, said, confirmed):
            await self.do(self._timed, heard, said, confirmed)

    def commit_at_once(self, heard: Sequence[Heard], said: Sequence[Message], confirmed: Sequence[str]) -> bool:
        """Commit on the spot, if that is the shorter way; returns whether it was."""
        few = len(heard) + len(said) + len(confirmed) <= SMALL
        brief = few and not self._waiting and self._commit_s < HANDOVER_S
        try:
            if brief:
                self._timed(heard, said, confirmed)
        except StoreBlockedError:
            if self._patience is None:
                raise
            self._commit_s = 1.0
            return False
        return brief

    def _timed(self, heard: Sequence[Heard], said: Sequence[Message], confirmed: Sequence[str]) -> None:
        began = time.perf_counter()
        self._store.commit(heard, said, confirmed)
        took_s = time.perf_counter() - began
        if len(heard) + len(said) + len(confirmed) > SMALL:
            return
        slow = took_s > 5 * HANDOVER_S
        self._commit_s = (
            took_s if slow or self._commit_s > 5 * HANDOVER_S else ((1 - WEIGHT) * self._commit_s + WEIGHT * took_s)
        )

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
                self._loop.call_soon_threadsafe(self._fail, done, error)
            else:
                self._loop.call_soon_threadsafe(self._succeed, done, result)

    def _succeed(self, done: "asyncio.Future[Any]", result: object) -> None:
        self._waiting -= 1
        if not done.done():
            done.set_result(result)

    def _fail(self, done: "asyncio.Future[Any]", error: BaseException) -> None:
        self._waiting -= 1
        if not done.done():
            done.set_exception(error)
