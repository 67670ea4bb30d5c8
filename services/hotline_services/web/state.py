"""What one server has: its sources, the pages that follow them, and its way to the broker, if any."""

import asyncio
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from hotline_services.monitor.metrics import Metrics
from hotline_services.runtime.clock import wall_clock
from hotline_services.web.answers.requests import NotMetError

from .answers.schema import Changes, ClockReading, TracksNow
from .feeds import Progress
from .inbound import Inbound
from .sources import LIVE, Shown, Sources
from .sse import BEAT_S, Batch, Fanout, change

PATIENCE_S: Final = 30.0
UPLOADS_AT_MOST: Final = 4
BODIES_AT_MOST: Final = 32


class Places:
    """So many may do something at once that takes memory or disk; whoever comes then is told to come again."""

    def __init__(self, at_most: int, doing: str) -> None:
        self._at_most: Final = at_most
        self._doing: Final = doing
        self._taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place for as long as this is open. Raises NotMetError."""
        if self._taken >= self._at_most:
            raise NotMetError(503, f"{self._at_most} {self._doing} already, which is the most. Try again.")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


class _Counted:
    """The metrics of one life of the record, for one scrape at a time."""

    def __init__(self, epoch: str) -> None:
        self.epoch: Final = epoch
        self._metrics: Final = Metrics()
        self._lock: Final = threading.Lock()

    def text(self, live: Shown, clock: ClockReading | None) -> bytes:
        """All of it, as it is now."""
        with self._lock:
            self._count(live, clock)
            return self._metrics.text()

    def count(self, live: Shown, clock: ClockReading | None) -> None:
        """Count what has changed."""
        with self._lock:
            self._count(live, clock)

    def _count(self, live: Shown, clock: ClockReading | None) -> None:
        """Piece by piece, so that nobody else waits long for the history."""
        more = True
        while more:
            with live.feed.history() as history:
                more = self._metrics.read(history, clock)


class State:
    """All of it. ``token`` is what writing takes; without a ``broker`` there is no clock, and nobody to inject to."""

    def __init__(self, sources: Sources, token: str, broker: Inbound | None = None) -> None:
        self.sources: Final = sources
        self.broker: Final = broker
        self.fanout: Final = Fanout(self._look_up, lambda: self.clock)
        self.uploads: Final = Places(UPLOADS_AT_MOST, "recordings are being uploaded")
        self.bodies: Final = Places(BODIES_AT_MOST, "requests with plans are being read")
        self.adding: Final = asyncio.Lock()
        self._uploads: Path | None = None
        self._counted: _Counted | None = None
        self._choosing: Final = threading.Lock()
        self._token: Final = token.encode()
        self._had_tracks = False
        self._sifting = False

    def may_write(self, token: str) -> bool:
        """Whether this is the token; how long that takes to say does not tell how much of it was right."""
        return secrets.compare_digest(token.encode(), self._token)

    @property
    def clock(self) -> ClockReading | None:
        """The stack's clock now."""
        return self.broker.clock if self.broker else None

    def now(self) -> datetime:
        """The time of the stack: by its clock, else of what was recorded last, else of this machine."""
        live = self.sources.live
        at = live.source().end if live and self.clock is None else None
        return self.clock.simulated if self.clock else at or wall_clock()

    def new_upload(self) -> Path:
        """A place for a recording that is being uploaded."""
        if self._uploads is None:
            self._uploads = Path(tempfile.mkdtemp(prefix="hotline-"))
        return self._uploads / f"{secrets.token_hex(8)}.jsonl"

    def metrics(self, live: Shown) -> bytes:
        """What Prometheus is told of the live source."""
        return self._counting(live).text(live, self.clock)

    def _counting(self, live: Shown) -> _Counted:
        with self._choosing:  # the feed and who scrapes must not each begin one: what one has counted is forgotten
            if self._counted is None or self._counted.epoch != live.feed.epoch:
                self._counted = _Counted(live.feed.epoch)
            return self._counted

    def close(self) -> None:
        """Stop reading, and leave nothing behind."""
        self.sources.close()
        if self._uploads is not None:
            shutil.rmtree(self._uploads, ignore_errors=True)

    async def shown(self, name: str) -> Shown:
        """The source of this name, once it has been read. Raises NotMetError."""
        source = self.sources.get(name)
        if source is None:
            names = ", ".join(one.name for one in self.sources) or "none"
            raise NotMetError(404, f"There is no source {name[:32]!r}; there are: {names}.")
        if not source.feed.ready.is_set() and not await run_in_threadpool(source.feed.ready.wait, PATIENCE_S):
            raise NotMetError(503, f"{name} is still being read: {source.feed.loaded:.0%} so far. Ask again.")
        if self.sources.get(name) is not source:
            raise NotMetError(404, f"{name} is not shown any more: newer recordings took its place.")
        return source

    async def run(self) -> None:
        """Follow the live source and keep the pages awake, until cancelled."""
        loop = asyncio.get_running_loop()
        live = self.sources.live
        if live is not None:
            # What is forgotten is counted before, scraped or not: a counter that a restart sets back looks like a rush.
            live.feed.start(
                lambda progress: self._hear(live, progress, loop),
                lambda: self._counting(live).count(live, self.clock),
            )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat())
            if self.broker is not None:
                tasks.create_task(self.broker.run(self.fanout.tell_time, partial(self._hear_tracks, loop)))

    async def _beat(self) -> None:
        while True:
            self.fanout.tell_time()
            self.fanout.beat()
            await asyncio.sleep(BEAT_S)

    def _hear_tracks(self, loop: asyncio.AbstractEventLoop, heard: TracksNow) -> None:
        """Pages work out themselves where those are whose path was told. What comes while one lot of tracks is looked
        through is passed over: it will be out of date."""
        if (live := self.sources.live) is not None and self.fanout.pages and not self._sifting:
            self._sifting = True
            loop.run_in_executor(None, live.without_path, heard).add_done_callback(self._tell_tracks)

    def _tell_tracks(self, found: asyncio.Future[TracksNow]) -> None:
        self._sifting = False
        left = found.result()
        if left.tracks or self._had_tracks:
            self.fanout.tell_tracks(left)
        self._had_tracks = bool(left.tracks)

    def _hear(self, live: Shown, progress: Progress, loop: asyncio.AbstractEventLoop) -> None:
        """In the feed's thread: what has changed is made ready for all pages, if there are any."""
        frame = change(live.changes(progress.after, progress.n)) if self.fanout.pages and progress.n else None
        loop.call_soon_threadsafe(self.fanout.publish, Batch(progress.epoch, progress.after, progress.n, frame))

    async def _look_up(self, after: int, until: int) -> Changes:
        return await run_in_threadpool((await self.shown(LIVE)).changes, after, until)


class Asked(NamedTuple):
    """One request, with the values of its query read and checked."""

    state: State
    request: Request
    query: Any
    shown: Shown | None

    @property
    def source(self) -> Shown:
        """The source that its path names."""
        assert self.shown is not None  # noqa: S101  a path either names its source or is not asked for it
        return self.shown
