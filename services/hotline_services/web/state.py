"""What one server has: its sources, the pages that follow them, and its way to the broker, if any."""

import asyncio
import secrets
from typing import Final, Protocol

from starlette.concurrency import run_in_threadpool

from .asking import NotMetError
from .feeds import Progress
from .model import Changes, ClockReading, TracksNow
from .sources import LIVE, Shown, Sources
from .sse import BEAT_S, Batch, Fanout, change

PATIENCE_S: Final = 30.0


class Stack(Protocol):
    """What is known of the running stack from its broker."""

    @property
    def clock(self) -> ClockReading | None: ...

    @property
    def tracks(self) -> TracksNow | None: ...


class State:
    """All of it. ``token`` is what writing takes; without a ``stack`` there is no clock, and nobody to inject to."""

    def __init__(self, sources: Sources, token: str, stack: Stack | None = None) -> None:
        self.sources: Final = sources
        self.stack: Final = stack
        self.fanout: Final = Fanout(self._look_up)
        self._token: Final = token.encode()

    def may_write(self, token: str) -> bool:
        """Whether this is the token; how long that takes to say does not tell how much of it was right."""
        return secrets.compare_digest(token.encode(), self._token)

    @property
    def clock(self) -> ClockReading | None:
        """The stack's clock now."""
        return self.stack.clock if self.stack else None

    async def shown(self, name: str) -> Shown:
        """The source of this name, once it has been read. Raises NotMetError."""
        source = self.sources.get(name)
        if source is None:
            names = ", ".join(one.name for one in self.sources) or "none"
            raise NotMetError(404, f"There is no source {name[:32]!r}; there are: {names}.")
        if not source.feed.ready.is_set() and not await run_in_threadpool(source.feed.ready.wait, PATIENCE_S):
            raise NotMetError(503, f"{name} is still being read: {source.feed.loaded:.0%} so far. Ask again.")
        return source

    async def run(self) -> None:
        """Follow the live source and keep the pages awake, until cancelled."""
        loop = asyncio.get_running_loop()
        live = self.sources.live
        if live is not None:
            live.feed.start(lambda progress: self._hear(live, progress, loop))
        while True:
            if self.clock is not None:
                self.fanout.tell_time(self.clock)
            self.fanout.beat()
            await asyncio.sleep(BEAT_S)

    def _hear(self, live: Shown, progress: Progress, loop: asyncio.AbstractEventLoop) -> None:
        """In the feed's thread: what has changed is made ready for all pages, if there are any."""
        frame = change(live.changes(progress.after, progress.n)) if self.fanout.pages and progress.n else None
        loop.call_soon_threadsafe(self.fanout.publish, Batch(progress.epoch, progress.after, progress.n, frame))

    async def _look_up(self, after: int, until: int) -> Changes:
        return await run_in_threadpool((await self.shown(LIVE)).changes, after, until)
