"""From a server's parts to a process that listens: sockets, signals, exit."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Iterator, Sequence
from typing import Final

import uvicorn

from .app import application
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
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours: uvicorn would raise them again when it has ended."""
        yield


async def serve_until_told(state: State, hosts: Sequence[str], bound: socket.socket) -> None:
    """Until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await serve(state, hosts, bound, stopping)


async def serve(state: State, hosts: Sequence[str], bound: socket.socket, stopping: asyncio.Event) -> None:
    """Until ``stopping``. Open streams are told to end; what has not ended a second later is cut off."""
    config = uvicorn.Config(
        application(state, hosts),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        lifespan="off",
    )
    server = _Server(config)
    following = asyncio.create_task(state.run())
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    told = asyncio.create_task(stopping.wait())
    await asyncio.wait([following, serving, told], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    state.fanout.close()
    told.cancel()
    await serving
    if following.done():
        following.result()  # it ends by an error only, which is worth a traceback
    following.cancel()
    await asyncio.to_thread(state.close)
