"""From a server's parts to a process that listens: sockets, signals, exit."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, cast

import uvicorn

from .app import application
from .client_bounds import (
    ACCEPTED_AT_ONCE,
    HEAD_BYTES,
    MOST_FILES,
    QUEUE,
    Bounds,
    Guard,
    GuardedProtocol,
    allow_files,
    limited_logs,
)
from .state import State

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
ANYWHERE: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  told apart, not bound
PORTS_TRIED: Final = 20
LAST_PORT: Final = 65_535


class PortError(ValueError):
    """Nobody can listen there; the message is a sentence for the user."""


def listen(host: str, port: int, *, or_next: bool = False, option: str = "--port") -> socket.socket:
    """A socket that listens there, or with ``or_next`` at the first free port after it.

    Raises PortError, in which ``option`` is how the user names a port.
    """
    if not 0 <= port <= LAST_PORT:
        raise PortError(f"{option}: {port}: from 0 to {LAST_PORT:,}")
    for tried in range(port, min(port + PORTS_TRIED, LAST_PORT + 1)) if or_next and port else (port,):
        try:
            return _bound(host, tried)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise PortError(
                    f"{host}:{tried}: {error.strerror}. Name another port with {option}, or another host."
                ) from error
    raise PortError(f"port {port} of {host} is in use. Name another with {option}, or any free one with {option} 0.")


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound


def address_of(bound: socket.socket, host: str) -> str:
    """Where a browser on this machine finds it."""
    shown = "127.0.0.1" if host in ANYWHERE else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{bound.getsockname()[1]}/"


def allowed_hosts(host: str, others: Sequence[str] = ()) -> list[str]:
    """The names by which the server may be asked."""
    return [*LOOPBACK, *others] if host in ANYWHERE else [*LOOPBACK, host, *others]


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept few at a time, but let many wait for that."""
        await super().startup(sockets)
        for bound in sockets or ():
            bound.listen(QUEUE)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours: uvicorn would raise them again when it has ended."""
        yield


async def serve_until_told(state: State, hosts: Sequence[str], bound: socket.socket) -> None:
    """Until SIGTERM or SIGINT."""
    allow_files(MOST_FILES)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await serve(state, hosts, bound, stopping)


async def serve(
    state: State,
    hosts: Sequence[str],
    bound: socket.socket,
    stopping: asyncio.Event,
    bounds: Bounds = Bounds(),  # noqa: B008  frozen
) -> None:
    """Until ``stopping``. Open streams are told to end; what has not ended a second later is cut off."""
    guard = Guard(bounds.within_files())
    state.fanout.at_most = min(state.fanout.at_most, guard.bounds.streams)
    config = uvicorn.Config(
        application(state, hosts),
        http=cast("type[asyncio.Protocol]", partial(GuardedProtocol, guard)),
        ws="none",
        backlog=ACCEPTED_AT_ONCE,
        h11_max_incomplete_event_size=HEAD_BYTES,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        lifespan="off",
    )
    server = _Server(config)
    with limited_logs("uvicorn.error", "asyncio"):
        following = asyncio.create_task(state.run())
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        told = asyncio.create_task(stopping.wait())
        watching = asyncio.create_task(guard.watch())
        await asyncio.wait([following, serving, told, watching], return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        state.fanout.close()
        told.cancel()
        watching.cancel()
        await serving
    if following.done():
        following.result()  # it ends by an error only, which is worth a traceback
    following.cancel()
    await asyncio.to_thread(state.close)
