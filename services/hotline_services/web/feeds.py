"""What is looked at, kept in memory as a history: a record that is being written, or a recording.

Each is read by a thread of its own and folded under a lock, so that requests can be answered from any thread.
"""

import os
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import structlog

from hotline_protocol.message import Digest, Message
from hotline_protocol.topics import UNDECODABLE, decode_any
from hotline_services.monitor.history import History
from hotline_services.records.liveheader import UNKNOWN_AGREEMENT
from hotline_services.records.reading import agreement_in, is_record
from hotline_services.records.recordfile import check_kind, log_of, read_only
from hotline_services.runtime.recording import Header, RecordingError, RecordingReader
from hotline_services.runtime.store import StoreError

from .answers.view import thin

log = structlog.get_logger(__name__)

POLL_S: Final = 0.2
FOLDED_AT_ONCE: Final = 250
"""Messages: a few milliseconds, for which requests wait."""

FORGOTTEN_AT_ONCE: Final = 5_000
"""Messages: for fewer it is not worth looking through every table for rows that no picture shows any more."""

Numbered = tuple[int, datetime, Message]


class Progress(NamedTuple):
    """How far a feed has come: what came after message ``after`` of this life of the record, up to ``n``, is new."""

    epoch: str
    after: int
    n: int


class Feed(ABC):
    """A history, as far as it has been read. ``trouble`` says what is wrong with what it is read from; when it
    ``has_failed``, no more will be read.

    ``agreement`` is the digest of what the sides play under, once it is known.
    """

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._history = History()
        self._hear: Callable[[Progress], object] = lambda _progress: None
        self._warn: Callable[[], object] = lambda: None
        self._stopped: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._run, name="feed", daemon=True)
        self.ready: Final = threading.Event()
        self.epoch = ""
        self.trouble = ""
        self.has_failed = False
        self.header: Header | None = None
        self.agreement: Digest | None = None

    @property
    def loaded(self) -> float:
        """The share of it that has been read."""
        return 1.0 if self.ready.is_set() else 0.0

    @contextmanager
    def history(self) -> Iterator[History]:
        """The history, which does not change meanwhile: be quick."""
        with self._lock:
            yield self._history

    def start(self, hear: Callable[[Progress], object] | None = None, warn: Callable[[], object] | None = None) -> None:
        """Begin to read, and tell of it, from a thread of the feed's own; ``warn`` before something is forgotten."""
        self._hear, self._warn = hear or self._hear, warn or self._warn
        self._thread.start()

    def close(self) -> None:
        """Stop reading, and let go of the file."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    @abstractmethod
    def text(self, n: int) -> bytes | None:
        """Message ``n`` as JSON; None when there is no such message."""

    @abstractmethod
    def _read(self) -> None: ...

    def _run(self) -> None:
        """In the feed's thread. What nobody has thought of ends it: that must not look as if nothing happened."""
        try:
            self._read()
        except Exception as error:
            log.exception("feed-failed", n=self._history.last)
            self.trouble = f"Reading failed after message {self._history.last}, by an error of this program: {error!r}."
            self.has_failed = True
        finally:
            self.ready.set()

    def _begin(self, epoch: str) -> None:
        """Another record than before, or the first."""
        with self._lock:
            self._history, self.epoch, self.agreement = History(), epoch, None
        self._hear(Progress(epoch, 0, 0))

    def _fold(self, batch: Sequence[Numbered]) -> None:
        with self._lock:
            for n, at, message in batch:
                self._history.take(n, at, message)
                self.agreement = self.agreement or agreement_in(message)


class LiveFeed(Feed):
    """Follows the record that a monitor writes, from before there is one until after it has been made anew.

    Of its messages those are forgotten that are older than ``keep``, by the time at which they were recorded.

    It is opened for reading only and looked at again and again; no transaction is kept open meanwhile, so the monitor
    can always move its log into the file.
    """

    def __init__(self, path: Path, poll_s: float = POLL_S, keep: timedelta | None = None) -> None:
        super().__init__()
        self._keep: Final = keep
        self._path: Final = path
        self._poll_s: Final = poll_s
        self._looked_at = 0

    def text(self, n: int) -> bytes | None:
        """See :class:`Feed`."""
        return text_in_record(self._path, n)

    def _read(self) -> None:
        while not self._stopped.is_set():
            try:
                self._follow()
            except sqlite3.Error as error:
                self._complain(f"{self._path} cannot be read as a monitor's record: {error}.")
            except (OSError, StoreError) as error:
                self._complain(str(error))
            self.ready.set()
            self._stopped.wait(self._poll_s)

    def _complain(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("record-unreadable", record=str(self._path), reason=trouble)
        self.trouble = trouble

    def _follow(self) -> None:
        """Open the record and read what is written to it, until it is another file."""
        file = _identity(self._path)
        if file is None:
            self.trouble = f"{self._path}: no monitor has written a record there yet."
            return
        with closing(read_only(self._path)) as db:
            if check_kind(db, self._path) == "empty":
                return
            life = db.execute("SELECT epoch FROM life").fetchone()
            if life is None:
                return
            (newest,) = db.execute("SELECT coalesce(max(n), 0) FROM messages").fetchone()
            if life[0] != self.epoch or newest < self._looked_at:
                self._begin(life[0])
                self._looked_at = 0
            self._newer(db)  # a record that is damaged there can be opened for all that, and is still in trouble
            self.trouble = ""
            while not self._stopped.is_set() and _identity(self._path) == file:
                self._catch_up(db)
                self.ready.set()
                self._stopped.wait(self._poll_s)

    def _catch_up(self, db: sqlite3.Connection) -> None:
        """Batch after batch, each a read of its own; they are told of together, no oftener than is looked for them."""
        told, due_s = self._history.last, time.monotonic() + self._poll_s
        while not self._stopped.is_set():
            rows = self._newer(db)
            self._fold([numbered for row in rows if (numbered := self._decoded(*row)) is not None])
            if told < self._history.last and (not rows or time.monotonic() >= due_s):
                self._hear(Progress(self.epoch, told, self._history.last))
                told, due_s = self._history.last, time.monotonic() + self._poll_s
            if not rows:
                return
            self._looked_at = rows[-1][0]
            self._forget()

    def _newer(self, db: sqlite3.Connection) -> list[tuple[int, str, str]]:
        return db.execute(_NEWER, (self._looked_at, FOLDED_AT_ONCE)).fetchall()

    def _forget(self) -> None:
        """What is older than is kept, once it is worth it, in steps for which requests do not wait long."""
        history, period = self._history, self._history.period
        if self._keep is None or period is None:
            return
        until = history.number_at(period.end - self._keep)
        if until - history.horizon < FORGOTTEN_AT_ONCE:
            return
        self._warn()
        more = True
        while more:
            with self._lock:
                more = history.forget(until, FOLDED_AT_ONCE)
        for kind in history.kinds:
            with self._lock:
                thin(history, kind)

    def _decoded(self, n: int, at: str, text: str) -> Numbered | None:
        try:
            return n, datetime.fromisoformat(at), decode_any(text.encode())
        except UNDECODABLE as error:
            self._complain(f"{self._path}: message {n} is passed over: {error}")
            return None


_NEWER: Final = "SELECT n, at, message FROM messages WHERE n > ? ORDER BY n LIMIT ?"


class RecordingFeed(Feed):
    """A recording (or a record that nobody writes any more), read once; what follows a damaged line is left out.

    Raises StoreError when it is neither. Messages are not kept: their text is read from the file when it is wanted.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path: Final = path
        self._done = 0
        self._offsets: Final = array("Q")
        self.epoch = "0"
        try:
            self._file: Final = path.open("rb")
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}: there is no recording to read.") from error
        self._size: Final = max(os.fstat(self._file.fileno()).st_size, 1)
        try:
            self.is_record: Final = self._check()
        except BaseException:
            self._file.close()
            raise

    def _check(self) -> bool:
        if is_record(self._path):
            self._check_record()
            return True
        try:
            self._reader = RecordingReader(self._file)
        except RecordingError as error:
            raise StoreError(f"{self._path} is neither a recording nor a monitor's record: {error}.") from error
        self.header = self._reader.header
        self.agreement = None if self.header.agreement == UNKNOWN_AGREEMENT else self.header.agreement
        return False

    def _check_record(self) -> None:
        try:
            with closing(read_only(self._path)) as db:
                if check_kind(db, self._path) == "empty":
                    raise StoreError(f"{self._path} is empty: no monitor has written to it yet.")
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} is not a monitor's record: {error}. Name another file.") from error

    @property
    def loaded(self) -> float:
        """See :class:`Feed`."""
        return 1.0 if self.ready.is_set() else min(self._done / self._size, 0.99)

    def text(self, n: int) -> bytes | None:
        """See :class:`Feed`."""
        if self.is_record:
            return text_in_record(self._path, n)
        if not 1 <= n <= len(self._offsets):
            return None
        start = self._offsets[n - 1]
        end = self._offsets[n] if n < len(self._offsets) else self._size
        with self._lock:
            if self._file.closed:
                return None
            line = os.pread(self._file.fileno(), end - start, start).split(b"\n", 1)[0]
        try:
            return bytes(msgspec.json.decode(line, type=_Line).message)
        except UNDECODABLE:  # somebody has written to the file since it was read
            return None

    def close(self) -> None:
        """See :class:`Feed`."""
        super().close()
        with self._lock:
            self._file.close()

    def _read(self) -> None:
        try:
            for batch in _batches(self._in_record() if self.is_record else self._in_recording()):
                if self._stopped.is_set():
                    return
                self._fold(batch)
        except _DAMAGE as error:
            self.trouble = f"{self._path.name} is not whole: {error}. What comes before that is shown."
            log.warning("recording-damaged", recording=str(self._path), reason=str(error))

    def _in_recording(self) -> Iterator[Numbered]:
        for n, recorded in enumerate(self._reader, 1):
            self._offsets.append(self._reader.offset)
            self._done = self._reader.offset
            yield n, recorded.at, recorded.message

    def _in_record(self) -> Iterator[Numbered]:
        with closing(read_only(self._path)) as db:
            (newest,) = db.execute("SELECT coalesce(max(n), 0) FROM messages").fetchone()
            for n, at, text in db.execute("SELECT n, at, message FROM messages ORDER BY n"):
                self._done = n * self._size // max(newest, 1)
                yield n, datetime.fromisoformat(at), decode_any(text.encode())


_DAMAGE: Final = (RecordingError, sqlite3.Error, OSError, *UNDECODABLE)


class _Line(msgspec.Struct):
    message: msgspec.Raw


def _batches(messages: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    """Handed on in pieces; when reading fails, what came before is handed on first."""
    batch: list[Numbered] = []
    try:
        for numbered in messages:
            batch.append(numbered)
            if len(batch) == FOLDED_AT_ONCE:
                yield batch
                batch = []
    except _DAMAGE:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def text_in_record(path: Path, n: int) -> bytes | None:
    """Message ``n`` of this record, as JSON."""
    try:
        with closing(read_only(path)) as db:
            found = db.execute("SELECT message FROM messages WHERE n = ?", (n,)).fetchone()
    except sqlite3.Error:
        return None
    return found[0].encode() if found else None


def _identity(path: Path) -> tuple[int, int, bool] | None:
    """Which file it is, and whether somebody has it open for writing."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino, log_of(path).exists()
