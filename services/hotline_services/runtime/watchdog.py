"""Ends a process that does not come back from its work, also from C code that never lets Python run.

The event loop shows now and then that it is alive; when it has not for ``limit_s``, a thread of the interpreter that is
written in C (``faulthandler``) writes the traceback of all threads to a file and ends the process with exit code 1. A
file that is mapped into memory says which input was in hand: it survives, and the next process sets that input aside.
"""

import faulthandler
import mmap
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from hotline_protocol.topics import MalformedMessageError, decode

from .hearing import input_id

LIMIT_S: Final = 30.0
REARM_S: Final = 1.0
MOST_BYTES: Final = 1 << 18
_HEAD: Final = struct.Struct("<BHII")  # whether an input is in hand; its index in the payload; lengths of the two parts
_IDLE: Final = b"\0"


class Hang(NamedTuple):
    """What the process before this one did not come back from: the keys of the input, none if it was no input, and
    the traceback.
    """

    topic: str
    payload: bytes
    keys: tuple[str, ...]
    trace: str


class Unwatched:
    """Watches nothing: for a service that runs in somebody else's process."""

    def last_hang(self) -> Hang | None:
        """There has been none."""
        return None

    def alive(self) -> None:
        """The event loop runs."""

    def take(self, topic: str, payload: bytes, index: int = 0) -> None:
        """This input is worked on from now on."""

    def done(self) -> None:
        """No input is in hand."""

    def close(self) -> None:
        """Watch no more."""


class Watchdog(Unwatched):
    """Its two files are ``path`` with the suffixes ``.hand`` and ``.trace``. Raises OSError when they cannot be had."""

    def __init__(self, path: Path, limit_s: float = LIMIT_S) -> None:
        self._limit_s: Final = limit_s
        self._rearm_s: Final = min(REARM_S, limit_s / 10)
        trace, hand = path.with_suffix(".trace"), path.with_suffix(".hand")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._hang: Final = _read(hand, trace)
        self._trace: Final = trace.open("wb", buffering=0)
        with hand.open("wb") as file:
            file.truncate(MOST_BYTES)
        with hand.open("r+b") as file:
            self._hand: Final = mmap.mmap(file.fileno(), MOST_BYTES)
        self._armed_at = float("-inf")

    def last_hang(self) -> Hang | None:
        """What the process before this one did not come back from, if that is how it ended."""
        return self._hang

    def alive(self) -> None:
        """Called often: it does something once in a second at most."""
        now = time.monotonic()
        if now - self._armed_at >= self._rearm_s:
            self._armed_at = now
            faulthandler.dump_traceback_later(self._limit_s, exit=True, file=self._trace)

    def take(self, topic: str, payload: bytes, index: int = 0) -> None:
        """This input is worked on from now on. What is too large to be kept is known by the digest of it."""
        self.alive()
        name = topic.encode()
        if _HEAD.size + len(name) + len(payload) > MOST_BYTES:
            name, payload = b"", input_id(topic, payload, index).encode()
        begin = _HEAD.size + len(name)
        self._hand[_HEAD.size : begin + len(payload)] = name + payload
        _HEAD.pack_into(self._hand, 0, 1, min(index, 65_535), len(name), len(payload))

    def done(self) -> None:
        """No input is in hand."""
        self._hand[:1] = _IDLE

    def close(self) -> None:
        """Watch no more: the process is about to end in order."""
        faulthandler.cancel_dump_traceback_later()
        self.done()


def _read(hand: Path, trace: Path) -> Hang | None:
    """What the files say of the process before: nothing, if it did not end because it hung."""
    try:
        text, kept = trace.read_text("utf-8", "replace"), hand.read_bytes()
    except FileNotFoundError:
        return None
    if not text or len(kept) < _HEAD.size:
        return None
    in_hand, index, names, size = _HEAD.unpack_from(kept)
    if not in_hand:
        return Hang("", b"", (), text)
    topic = kept[_HEAD.size : _HEAD.size + names].decode("utf-8", "replace")
    payload = kept[_HEAD.size + names : _HEAD.size + names + size]
    if not topic:
        return Hang("", b"", (payload.decode(),), text)
    return Hang(topic, payload, _keys(topic, payload, index), text)


def _keys(topic: str, payload: bytes, index: int) -> tuple[str, ...]:
    """By what the input is known when it comes again: its id, where it is numbered, or else its bytes."""
    with suppress(MalformedMessageError):
        message = decode(topic, payload)
        if message.seq:
            return (message.id,)
    return tuple(input_id(topic, payload, n) for n in sorted({0, index}))
