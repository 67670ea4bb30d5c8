"""Bounds of what clients can hold of the server: connections, the time that a request may take, and log lines.

uvicorn limits neither the time for a request's head nor that for its body, and its limit of connections takes no notice
of those that have not asked for anything yet. So its protocol is extended here: a :class:`Guard` knows every connection
and looks once a second at those that are slow.
"""

import asyncio
import logging
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import h11
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from hotline_services.runtime.budget import Budget

FILES_KEPT: Final = 64
"""Of the files that the process may open: for records, recordings, the broker, and connections being accepted."""

MOST_FILES: Final = 1_024
LEAST: Final = 8
HEAD_BYTES: Final = 16_384
ACCEPTED_AT_ONCE: Final = 16
"""Of a loop's turn: asyncio tries so often in one go, also when there are no files left."""

QUEUE: Final = 256
FULL: Final = "Too many connections are open already. Ask again in a few seconds."
LATE: Final = "The request did not come to its end in time."

log = structlog.get_logger(__name__)


class Bounds(NamedTuple):
    """How much is allowed. Times are real seconds.

    Beyond ``connections``, one that waits for a request's head makes room; when all are at work there are ``reserve``
    more, in which only the health check is answered.
    """

    connections: int = 400
    reserve: int = 8
    head_s: float = 10.0
    body_s: float = 30.0
    body_bytes_per_s: int = 16_384
    stalled_s: float = 30.0
    buffered_bytes: int = 256 * 2**20
    sweep_s: float = 1.0

    @property
    def streams(self) -> int:
        """How many connections may be streams of events, which last."""
        return self.connections // 2

    def within_files(self) -> "Bounds":
        """These bounds, or lower ones where the process may not open so many files."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files == resource.RLIM_INFINITY:
            return self
        left = max(files - FILES_KEPT - self.reserve, LEAST)
        return self._replace(connections=min(self.connections, left))


def allow_files(at_most: int) -> None:
    """Let this process open so many files, as far as its user may: many systems begin with fewer."""
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = at_most if most == resource.RLIM_INFINITY else min(at_most, most)
    if files != resource.RLIM_INFINITY and files < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))


class Guard:
    """All connections of one server, oldest first."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds: Final = bounds
        self._open: Final[dict[GuardedProtocol, None]] = {}
        self._reports: Final = Budget(5, 0.1)

    def __len__(self) -> int:
        return len(self._open)

    async def watch(self) -> None:
        """Look after the slow ones, until cancelled."""
        while True:
            await asyncio.sleep(self.bounds.sweep_s)
            now = asyncio.get_running_loop().time()
            for connection in list(self._open):
                connection.look(now)
            self._relieve()

    def admit(self, new: "GuardedProtocol") -> bool:
        """Whether there is room for this one, or room can be made; else it is in the reserve, or refused."""
        self._open[new] = None
        if len(self._open) <= self.bounds.connections:
            return True
        idle = next((one for one in self._open if one is not new and one.is_waiting), None)
        if idle is not None:
            idle.give_way()
            return True
        self._report()
        return False

    @property
    def is_full(self) -> bool:
        """Whether even the reserve is taken."""
        return len(self._open) > self.bounds.connections + self.bounds.reserve

    def forget(self, gone: "GuardedProtocol") -> None:
        """This connection has ended."""
        self._open.pop(gone, None)

    def _relieve(self) -> None:
        """Cut off whoever takes least of the answers, when too much of them waits in memory."""
        waiting = {one: one.buffered for one in self._open}
        total = sum(waiting.values())
        for one in sorted(waiting, key=waiting.__getitem__, reverse=True):
            if total <= self.bounds.buffered_bytes:
                return
            total -= waiting[one]
            one.transport.abort()

    def _report(self) -> None:
        if self._reports.take():
            log.warning("connections-at-most", open=len(self._open), more=self._reports.told())


class GuardedProtocol(H11Protocol):
    """One connection, which knows for how long it has been waited for."""

    def __init__(
        self,
        guard: Guard,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._guard: Final = guard
        self._head_since: float | None = None
        self._body_since: float | None = None
        self._body_bytes = 0
        self._stalled = (0, 0.0)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, put it into the reserve, or refuse it."""
        super().connection_made(transport)
        self._head_since = self.loop.time()
        if not self._guard.admit(self):
            self.app_state = {**self.app_state, RESERVE: True}
            if self._guard.is_full:
                self._answer(503, FULL)

    def connection_lost(self, exc: Exception | None) -> None:
        """Its place is free."""
        self._guard.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note when a request head began, then let uvicorn read the bytes."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self.conn.their_state is h11.IDLE and self._head_since is None:
            self._head_since = now
        try:
            super().data_received(data)
        except h11.LocalProtocolError:  # uvicorn cannot answer it any more
            self.transport.abort()
        if self.conn.their_state is not h11.IDLE:
            self._head_since = None
        if self.conn.their_state is not h11.SEND_BODY:
            self._body_since, self._body_bytes = None, 0
        elif self._body_since is None:
            self._body_since = now
        else:
            self._body_bytes += len(data)

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is asked for here yet, or any more, and all answers have been taken."""
        return self.conn.their_state is h11.IDLE and not self.buffered and not self.transport.is_closing()

    @property
    def buffered(self) -> int:
        """Bytes of answers that the client has not taken."""
        return self.transport.get_write_buffer_size()

    def look(self, now: float) -> None:
        """End it if it has been too slow."""
        bounds = self._guard.bounds
        if self._stalled_s(now) > bounds.stalled_s:
            self.transport.abort()
        elif self.transport.is_closing():
            return
        elif self._head_since is not None and now - self._head_since > bounds.head_s:
            self._answer(408, LATE)
        elif self._body_since is not None:
            if self.flow.read_paused:  # it is for the server to go on
                self._body_since += bounds.sweep_s
            elif now - self._body_since > bounds.body_s + self._body_bytes / bounds.body_bytes_per_s:
                self._answer(408, LATE)

    def _stalled_s(self, now: float) -> float:
        """For how long nothing was taken of what there is to take."""
        size, since = self._stalled
        if self.buffered == 0 or self.buffered != size:
            self._stalled = (self.buffered, now)
            return 0.0
        return now - since

    def give_way(self) -> None:
        """Close it, since another has use for its place."""
        self.transport.abort()

    def _answer(self, status: int, sentence: str) -> None:
        """Say why, if no answer has been begun, and close it."""
        self._head_since = self._body_since = None
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE} and not (self.cycle and self.cycle.response_started):
            body = b'{"error":"%s"}' % sentence.encode()
            lines = (
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
                f"Content-Type: application/json\r\nContent-Length: {len(body)}",
                "Retry-After: 5\r\nConnection: close\r\n\r\n",
            )
            self.transport.write("\r\n".join(lines).encode() + body)
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()


RESERVE: Final = "reserve"
HEALTH: Final = "/healthz"


class Reserve:
    """Answers nothing but the health check on a connection of the reserve, and keeps none of them open."""

    def __init__(self, app: ASGIApp, refusal: ASGIApp) -> None:
        self._app: Final = app
        self._refusal: Final = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope.get("state", {}).get(RESERVE):
            await self._app(scope, receive, send)
            return

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await (self._app if scope["path"] == HEALTH else self._refusal)(scope, receive, send_last)


class _Limited(logging.Filter):
    """So many lines at once, so many a second; the others are counted in the next."""

    def __init__(self) -> None:
        super().__init__()
        self._budget: Final = Budget(20, 0.5)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        if not self._budget.take():
            return False
        if left_out := self._budget.told():
            record.msg, record.args = f"{record.getMessage()} ({left_out:,} more lines were left out)", ()
        return True


@contextmanager
def limited_logs(*names: str) -> Iterator[None]:
    """What these loggers write is limited in rate, whatever clients do."""
    limited = {name: _Limited() for name in names}
    for name, one in limited.items():
        logging.getLogger(name).addFilter(one)
    try:
        yield
    finally:
        for name, one in limited.items():
            logging.getLogger(name).removeFilter(one)
