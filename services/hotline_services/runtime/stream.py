"""The socket of a connection to a broker, read all at once and taken apart into packets.

paho reads a packet in four calls of the system and decodes a publish in 0.1 ms, a fifth of what an answer takes. So
publishes and what confirms ours are taken out of the stream here, and paho is given all other packets, each as a whole.
What paho writes and what is written here share one queue. paho lets its socket be wrapped as one of TLS: this does so
with every socket.
"""

import socket
import ssl
import time
from collections.abc import Callable
from typing import Final, cast

from paho.mqtt.client import Client

from .incoming import Arrived, read_publish
from .outgoing import Confirmed, read_puback

READ_BYTES: Final = 65_536
SHOWN_S: Final = 1.0
"""paho ends a connection on which it reads nothing for as long as its keepalive: it gets a publish so often."""
_MORE: Final = 0x80
_LENGTH_DIGITS: Final = 4
_ENDLESS: Final = 1 + _LENGTH_DIGITS + 1
"""Where the body would begin if its length had more digits than there may be: paho is to see that."""


class Stream:
    """A connected socket. ``recv`` and below is what paho calls; it gets the packet that ``next_packet`` has found."""

    def __init__(self, sock: socket.socket, now_s: Callable[[], float] = time.monotonic) -> None:
        self._sock: Final = sock
        self._now_s: Final = now_s
        self._shown_at = now_s()  # when paho last got a packet
        self._buffer = bytearray()
        self._body = 0  # where the body of the packet at the beginning of the buffer begins, and where it ends
        self._end = 0
        self._left = 0  # bytes of it that paho has yet to take
        self._outgoing = bytearray()
        self._error: OSError | None = None
        self._is_over = False

    def fill(self) -> None:
        """Take in what has arrived."""
        try:
            while data := self._sock.recv(READ_BYTES):
                self._buffer += data
                if not (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
                    return
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self._error = error
        self._is_over = True

    def next_packet(self) -> bool:
        """Find the next packet that is there as a whole. At the end of the stream, paho is to find that."""
        self._left = 0
        self._body, self._end = _framed(self._buffer)
        if self._body and self._end <= len(self._buffer):
            self._left = self._end
        return bool(self._left) or self._is_over

    def take(self, *, v5: bool) -> Arrived | Confirmed | None:
        """Take this packet out, if it is a plain publish and none that paho is to see, or confirms one of ours."""
        if not self._left or self._body == _ENDLESS:
            return None
        first, body = self._buffer[0], bytes(self._buffer[self._body : self._end])
        taken: Arrived | Confirmed | None = read_puback(first, body)
        if taken is None and self._now_s() - self._shown_at < SHOWN_S:
            taken = read_publish(first, body, v5=v5)
        if taken is not None:
            del self._buffer[: self._end]
            self._left = 0
        return taken

    def write(self, packet: bytes) -> None:
        """Queue this packet: ``flush`` writes it."""
        self._outgoing += packet

    @property
    def wants_write(self) -> bool:
        """Whether there is something to write."""
        return bool(self._outgoing)

    def flush(self) -> bool:
        """Write what the socket takes. False when the connection is lost."""
        try:
            while self._outgoing:
                del self._outgoing[: self._sock.send(self._outgoing)]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        except OSError as error:
            self._error = error
            return False
        return True

    def recv(self, size: int) -> bytes:
        """Bytes of this packet; at the end of the stream none, or what went wrong is raised."""
        if self._left:
            data = bytes(self._buffer[: min(size, self._left)])
            del self._buffer[: len(data)]
            self._left -= len(data)
            self._shown_at = self._now_s()
            return data
        if not self._is_over:
            raise BlockingIOError
        if self._error is not None:
            raise self._error
        return b""

    def send(self, data: bytes) -> int:
        """Queue it, and write what the socket takes; returns how much was queued."""
        self.write(data)
        if not self.flush() and self._error is not None:
            raise self._error
        return len(data)

    def fileno(self) -> int:
        """The number of the socket."""
        return self._sock.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def settimeout(self, timeout_s: float | None) -> None:
        """For the handshake."""
        self._sock.settimeout(timeout_s)

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001  as the library has it
        """Whether to wait in the other calls."""
        self._sock.setblocking(flag)

    def do_handshake(self) -> None:
        """Over TLS, before anything else."""
        if isinstance(self._sock, ssl.SSLSocket):
            self._sock.do_handshake()


def _framed(buffer: bytearray) -> tuple[int, int]:
    """Where the body of the packet at the beginning begins, and where it ends; 0 and 0 if that cannot be told yet."""
    size = 0
    for digit, byte in enumerate(buffer[1 : 1 + _LENGTH_DIGITS]):
        size |= (byte & ~_MORE) << 7 * digit
        if byte < _MORE:
            return 2 + digit, 2 + digit + size
    return (_ENDLESS, len(buffer)) if len(buffer) > _LENGTH_DIGITS else (0, 0)


class _Wrapping:
    """Makes a stream of each socket, over this TLS context where there is one."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls: Final = tls
        self.check_hostname: Final = tls is not None and tls.check_hostname

    def wrap_socket(
        self, sock: socket.socket, server_hostname: str | None = None, *, do_handshake_on_connect: bool = False
    ) -> Stream:
        """The stream over this connected socket."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a round trip takes 44 ms
        if self._tls is None:
            return Stream(sock)
        wrapped = self._tls.wrap_socket(
            sock, server_hostname=server_hostname, do_handshake_on_connect=do_handshake_on_connect
        )
        return Stream(wrapped)


def wrap_sockets_of(client: Client, tls: ssl.SSLContext | None) -> None:
    """Let this client connect by a stream, over this TLS context where there is one."""
    client.tls_set_context(cast("ssl.SSLContext", _Wrapping(tls)))


def stream_of(client: Client) -> Stream | None:
    """The stream of a client that is connected."""
    return cast("Stream | None", client.socket())
