"""What the live shell asks of the keeper of its inputs and outputs. A journal is one, the monitor's record another."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, Protocol, runtime_checkable

from hotline_protocol.message import Message
from hotline_protocol.topics import UNDECODABLE

from .chain import Place

SNAPSHOT_EVERY: Final = 2_000
"""Inputs, unless a service is started otherwise. A centre replays so many in 0.3 s."""


class StoreError(Exception):
    """The store cannot be used as it is; the message says what is wrong and what to do."""


class StoreBlockedError(StoreError):
    """The store cannot be used at the moment, by no fault of what it holds: the same call can be made again.

    ``reason`` completes a sentence that begins with the store. ``passes`` when it is likely to pass by itself, such as
    a lock, unlike a folder that nobody may write to.
    """

    def __init__(self, message: str, reason: str, *, passes: bool) -> None:
        super().__init__(message)
        self.reason: Final = reason
        self.passes: Final = passes


_LOCKED: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_UNWRITABLE: Final = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}


def store_error(message: str, error: sqlite3.Error) -> StoreError:
    """The error to raise with this message for this one of SQLite: a StoreBlockedError where it can pass."""
    kind = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # what is above tells it more exactly
    if kind in _LOCKED:
        return StoreBlockedError(message, "is locked by another process", passes=True)
    if kind == sqlite3.SQLITE_FULL:
        return StoreBlockedError(message, "has no room left on its disk", passes=True)
    if kind in _UNWRITABLE:
        return StoreBlockedError(message, f"cannot be written ({error})", passes=False)
    return StoreError(message)


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """For all that is done with the file of a store: what goes wrong there is a StoreError that names it."""
    try:
        yield
    except sqlite3.OperationalError as error:  # no room, no right to write, held by another process
        if "decode to UTF-8" in str(error):
            raise StoreError(
                f"{path} is damaged: there is text in it that is no UTF-8. Begin with another one."
            ) from error
        raise store_error(f"{path}: {error}. Once that is put right, it goes on from what it holds.", error) from error
    except (sqlite3.DatabaseError, *UNDECODABLE) as error:
        raise StoreError(f"{path} is damaged, or is another kind of file: {error}. Begin with another one.") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}.") from error


class Heard(NamedTuple):
    """One input of a core: a message, or None for a lapse, at this simulated time."""

    at: datetime
    message: Message | None


class Snapshot(NamedTuple):
    """The state of a service behind entry ``after`` of its store, and what the store holds behind that.

    ``doubt`` says why it may be used only where nothing else can be; empty of a snapshot that is as good as a replay.
    """

    after: int
    state: bytes
    heard: Iterable[Heard]
    said: Iterable[Message]
    doubt: str = ""


class Recovered(NamedTuple):
    """What a store held when it was opened.

    ``heard`` is to be fed to a fresh core in this order; ``said`` is what the core then said, in order, to be compared
    with what it says now (None when the store cannot tell). ``unconfirmed`` is the part of it to be sent again.
    ``attempts`` counts the deaths that an input has caused, by the id of the message. ``latest`` is how far time had
    come, where ``heard`` does not tell; ``said_last`` the highest number said in the present epoch, likewise.
    ``snapshots`` are those that this program can use, the best first: from any of them the core can go on instead.
    Where the store is pruned it must, as reading ``heard`` raises StoreError. ``is_cut``: the store was damaged and has
    been cut, perhaps between an input and what was said to it, which is then missing at the end of ``said``.
    """

    heard: Iterable[Heard] = ()
    said: Iterable[Message] | None = None
    unconfirmed: Sequence[Message] = ()
    attempts: Mapping[str, int] = {}
    latest: datetime | None = None
    said_last: int = 0
    snapshots: Sequence[Snapshot] = ()
    is_cut: bool = False


class Store(Protocol):
    """Keeps what a core heard and said. Used from more than one thread, but by one call at a time.

    ``epoch`` is the life of the store: chosen by chance when it is made, ``[a-z0-9]{1,16}``, and another one when
    state is lost. ``epochs`` are all that it has had, the present one last; what is recovered begins in the first.
    ``loss`` is how state was lost, as long as no epoch has begun because of it; or an empty text.
    """

    @property
    def epoch(self) -> str: ...

    @property
    def epochs(self) -> tuple[str, ...]: ...

    @property
    def loss(self) -> str: ...

    def recover(self) -> Recovered:
        """What was kept before. Called once, before anything else; its iterables are used up before the next call."""
        ...

    def commit(self, heard: Sequence[Heard], said: Sequence[Message], confirmed: Sequence[str]) -> None:
        """In one transaction: inputs in order, what the core said to them in order, and ids that have arrived.

        With an EpochBegun among the inputs that epoch becomes the present one.
        """
        ...

    def attempted(self, message: Message, error: str) -> int:
        """This input has made the core raise ``error`` (a traceback): keep both; returns how often it has."""
        ...

    def said_between(self, epoch: str, first_seq: int, last_seq: int) -> list[Message]:
        """The messages said with these sequence numbers, ends included; empty for an epoch that it has not had."""
        ...

    def next_said(self, epoch: str, seq: int) -> int | None:
        """The lowest number of this epoch, from ``seq`` on, whose message is kept; None when there is none."""
        ...

    def tidy(self) -> None:
        """Do what takes long and can wait. Called now and then, always beside the event loop."""
        ...

    def close(self) -> None:
        """Write everything out and let go of the file."""
        ...


@runtime_checkable
class SnapshotStore(Store, Protocol):
    """A store that keeps snapshots of its service, and forgets the inputs before them.

    ``wants_snapshot`` tells that enough inputs have been committed since the last. ``place`` is where the store ends;
    with that place, the state that the service has then is handed to ``keep_snapshot``, some commits later perhaps.
    """

    @property
    def wants_snapshot(self) -> bool: ...

    def place(self) -> Place:
        """Where the store ends now. A snapshot is taken: the next one is wanted so many inputs later."""
        ...

    def keep_snapshot(self, at: Place, state: bytes) -> None:
        """Keep this one and the one before it."""
        ...
