"""Changes as they come, to any number of pages: each batch is encoded once, and no page can hold up another.

Nothing is queued for a page. It knows the number of the last message that it was told of, and goes on from there
through the batches that are remembered for all; if it has fallen behind these, or comes back after a break, what it
missed is looked up in the history. So there is neither loss nor double, and a slow page costs no memory.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from .answers.schema import Changes, ClockReading, TracksNow

REMEMBERED: Final = 128
PAGES_AT_MOST: Final = 200
BEAT_S: Final = 5.0
LONGEST_SEND_S: Final = 30.0
BEATS_TO_KEEP_ALIVE: Final = 3
KEEP_ALIVE: Final = b": keep-alive\n\n"

_encode: Final = msgspec.json.Encoder().encode


class Batch(NamedTuple):
    """What came after message ``after`` up to ``n``, ready to be sent; no ``frame`` when nobody was there for it."""

    epoch: str
    after: int
    n: int
    frame: bytes | None


class EventStream(StreamingResponse):
    """A stream of events to one page; a page that takes nothing for half a minute is let go."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes], leave: Callable[[], object], headers: Mapping[str, str]) -> None:
        super().__init__(events, headers=headers)
        self._leave: Final = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream, and then say that it has ended."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()

    async def stream_response(self, send: Send) -> None:
        """See :class:`StreamingResponse`."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(LONGEST_SEND_S):
                await send(message)

        with contextlib.suppress(TimeoutError):
            await super().stream_response(send_in_time)


class _Told:
    """What one page has been told."""

    def __init__(self, epoch: str, n: int) -> None:
        self.epoch = epoch
        self.n = n
        self.times = -1
        self.tracks: bytes | None = None
        self.beats = 0


class Fanout:
    """All pages that follow the live source. ``look_up`` finds the changes after one message and up to another, and
    ``read_clock`` says what time it is, where there is a clock."""

    def __init__(
        self,
        look_up: Callable[[int, int], Awaitable[Changes]],
        read_clock: Callable[[], ClockReading | None] = lambda: None,
    ) -> None:
        self._look_up: Final = look_up
        self._read_clock: Final = read_clock
        self._batches: Final[dict[int, Batch]] = {}
        self._turn = asyncio.Event()
        self._epoch, self._n = "", 0
        self._times = 0
        self._tracks: bytes | None = None
        self._beats = 0
        self._closed = False
        self._entered: Final[Counter[str]] = Counter()
        self.at_most = PAGES_AT_MOST
        self.pages = 0

    def publish(self, batch: Batch) -> None:
        """The history has grown, or is another one."""
        if batch.epoch != self._epoch or batch.n < self._n:
            self._batches.clear()
        self._epoch, self._n = batch.epoch, batch.n
        if batch.frame is not None:
            self._batches[batch.after] = batch
            if len(self._batches) > REMEMBERED:
                del self._batches[next(iter(self._batches))]
        self._wake()

    def tell_time(self) -> None:
        """Every page is to hear what time it is."""
        self._times += 1
        self._wake()

    def tell_tracks(self, tracks: TracksNow) -> None:
        """Aircraft are here now."""
        self._tracks = event("tracks", tracks)
        self._wake()

    def beat(self) -> None:
        """Some seconds have passed."""
        self._beats += 1
        self._wake()

    def close(self) -> None:
        """Say no more: every stream ends."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()

    def enter(self, client: str) -> str:
        """Keep a place for a stream of this client, to be left again; a sentence when there is none for it."""
        if self._entered.total() >= self.at_most:
            return f"{self.at_most} pages follow already, which is the most."
        if self._entered[client] >= max(self.at_most // 2, 1):
            return (
                f"{self._entered[client]} pages follow already from where you are, which is the most for one address."
            )
        self._entered[client] += 1
        return ""

    def leave(self, client: str) -> None:
        """The place is free."""
        self._entered[client] -= 1
        if self._entered[client] <= 0:
            del self._entered[client]

    async def stream(self, after: int | None, epoch: str = "") -> AsyncIterator[bytes]:
        """Everything from message ``after`` on, by default from now on."""
        told = _Told(epoch or self._epoch, self._n if after is None else after)
        told.tracks, told.beats = self._tracks, self._beats
        self.pages += 1
        try:
            while not self._closed:
                turn = self._turn  # taken before looking: what comes meanwhile is not missed
                for frame in self._passing(told):
                    yield frame
                if (frames := await self._changes(told)) is not None:
                    for frame in frames:
                        yield frame
                else:
                    await turn.wait()
        finally:
            self.pages -= 1

    def _passing(self, told: _Told) -> list[bytes]:
        """What only counts now: a page that was late for it gets the newest alone.

        The clock is read for each page when it is told, since it goes on: kept for a page that comes seconds later,
        a reading would set it back by as many times the speed.
        """
        frames = []
        if told.times != self._times and (reading := self._read_clock()) is not None:
            frames.append(event("clock", reading))
        if self._tracks is not None and told.tracks is not self._tracks:
            frames.append(self._tracks)
        if self._beats - told.beats >= BEATS_TO_KEEP_ALIVE:
            frames.append(KEEP_ALIVE)
            told.beats = self._beats
        told.times, told.tracks = self._times, self._tracks
        return frames

    async def _changes(self, told: _Told) -> list[bytes] | None:
        """What this page has not been told yet; None when there is nothing."""
        if told.epoch != self._epoch or told.n > self._n:
            told.epoch, told.n = self._epoch, self._n
            return [change(Changes(after=0, n=self._n, at=None, rows={}, reset=True, epoch=self._epoch))]
        if told.n == self._n:
            return None
        frames: list[bytes] = []
        while (batch := self._batches.get(told.n)) is not None and batch.frame is not None:
            frames.append(batch.frame)
            told.n = batch.n
        if not frames:
            missed = await self._look_up(told.n, self._n)
            told.n, told.epoch = missed.n, missed.epoch
            frames.append(change(missed))
        return frames


def event(name: str, data: Any) -> bytes:
    """An event as it is sent; JSON holds no line breaks."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), _encode(data))


def change(changes: Changes) -> bytes:
    """The event of these changes. Its id says of which life of the record it is, and how far it goes."""
    return b"id: %s:%d\n%s" % (changes.epoch.encode(), changes.n, event("change", changes))
