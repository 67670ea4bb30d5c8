"""What one server has: its sources, the pages that follow them, and its way to the broker, if any."""

import asyncio
import secrets
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool

from .asking import NotMetError
from .feeds import Progress
from .inbound import Inbound
from .model import Changes, ClockReading, TracksNow
from .sources import LIVE, Shown, Sources
from .sse import BEAT_S, Batch, Fanout, change

PATIENCE_S: Final = 30.0


class State:
    """All of it. ``token`` is what writing takes; without a ``broker`` there is no clock, and nobody to inject to."""

    def __init__(self, sources: Sources, token: str, broker: Inbound | None = None) -> None:
        self.sources: Final = sources
        self.broker: Final = broker
        self.fanout: Final = Fanout(self._look_up)
        self._token: Final = token.encode()
        self._had_tracks = False

    def may_write(self, token: str) -> bool:
        """Whether this is the token; how long that takes to say does not tell how much of it was right."""
        return secrets.compare_digest(token.encode(), self._token)

    @property
    def clock(self) -> ClockReading | None:
        """The stack's clock now."""
        return self.broker.clock if self.broker else None

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
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat())
            if self.broker is not None:
                tasks.create_task(self.broker.run(self.fanout.tell_time, partial(self._hear_tracks, loop)))

    async def _beat(self) -> None:
        while True:
            if self.clock is not None:
                self.fanout.tell_time(self.clock)
            self.fanout.beat()
            await asyncio.sleep(BEAT_S)

    def _hear_tracks(self, loop: asyncio.AbstractEventLoop, heard: TracksNow) -> None:
        """Pages work out themselves where those are whose path was told."""
        if (live := self.sources.live) is not None and self.fanout.pages:
            finding = loop.run_in_executor(None, live.without_path, heard)
            finding.add_done_callback(lambda found: self._tell_tracks(found.result()))

    def _tell_tracks(self, left: TracksNow) -> None:
        if left.tracks or self._had_tracks:
            self.fanout.tell_tracks(left)
        self._had_tracks = bool(left.tracks)

    def _hear(self, live: Shown, progress: Progress, loop: asyncio.AbstractEventLoop) -> None:
        """In the feed's thread: what has changed is made ready for all pages, if there are any."""
        frame = change(live.changes(progress.after, progress.n)) if self.fanout.pages and progress.n else None
        loop.call_soon_threadsafe(self.fanout.publish, Batch(progress.epoch, progress.after, progress.n, frame))

    async def _look_up(self, after: int, until: int) -> Changes:
        return await run_in_threadpool((await self.shown(LIVE)).changes, after, until)
