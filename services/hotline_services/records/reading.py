"""Reading what a monitor has recorded: from its record while it goes on writing, or from a recording."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, Self, TypeVar

from hotline_protocol.line import LineCheck, LineChecked
from hotline_protocol.message import Digest, Message
from hotline_protocol.topics import decode_any
from hotline_services.monitor.folds import type_of
from hotline_services.monitor.projection import Projection, presentable
from hotline_services.monitor.rows import CallRow, Row
from hotline_services.monitor.tables import TABLES_VERSION
from hotline_services.monitor.volume import Period
from hotline_services.records.stored_rows import stored_rows
from hotline_services.runtime.recording import Header, Recorded, RecordingError, RecordingReader
from hotline_services.runtime.store import StoreError, usable

from .liveheader import Told, live_header
from .recordfile import check_kind, decoded, read_only

R = TypeVar("R", bound=Row)

_SQLITE_BEGINS: Final = b"SQLite format 3\x00"


def agreement_in(message: Message) -> Digest | None:
    """The digest of the agreement that a side reads to the other, where this message is that."""
    return message.agreement if isinstance(message, LineCheck | LineChecked) else None


class Source(Protocol):
    """Something that has been recorded. ``period`` is None when it is empty."""

    @property
    def period(self) -> Period | None: ...

    def rows(self, kind: type[R], since: datetime | None = None) -> list[R]: ...

    def origin(self, message_id: str) -> str:
        """What message this was and whose: ``counter of ru``; the id itself when it is not known."""
        ...

    def close(self) -> None: ...


def open_source(path: Path) -> Source:
    """The record or recording in this file. Raises StoreError when it is neither, or is not there."""
    return RecordSource(path) if is_record(path) else RecordingSource(path)


def is_record(path: Path) -> bool:
    """Whether this file begins as a record does. Raises StoreError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE_BEGINS)) == _SQLITE_BEGINS
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}: there is no record to read.") from error


class RecordSource:
    """A monitor's record, opened for reading only. Raises StoreError when it cannot be read.

    Without ``tables`` only its messages are read, which those of an earlier version have too.
    """

    def __init__(self, path: Path, *, tables: bool = True) -> None:
        self._path: Final = path
        try:
            self._db = read_only(path)
        except sqlite3.OperationalError as error:
            raise StoreError(f"{path}: {error}: there is no record to read.") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{path} is not a monitor's record: {error}. Name another file.") from error
        try:
            self._check(tables=tables)
        except BaseException:
            self._db.close()
            raise

    def _check(self, *, tables: bool) -> None:
        if check_kind(self._db, self._path) == "empty":
            raise StoreError(f"{self._path} is empty: no monitor has written to it yet.")
        with usable(self._path):
            row = self._db.execute("SELECT tables_version FROM life").fetchone()
        if row is None or (tables and row[0] != TABLES_VERSION):
            raise StoreError(f"{self._path} has tables of another version. Make them again with: hotline rebuild")

    @property
    def period(self) -> Period | None:
        """From the first message to the last, by the monitor's clock; from the first ring, where that is earlier.

        A ring bears the time at which it was said, and may be on record from before there was a monitor.
        """
        with usable(self._path):
            first = self._db.execute("SELECT at FROM messages ORDER BY n LIMIT 1").fetchone()
            last = self._db.execute("SELECT at FROM messages ORDER BY n DESC LIMIT 1").fetchone()
            rung = self._db.execute("SELECT min(rang_at) FROM calls").fetchone()
        if first is None or last is None:
            return None
        times = [datetime.fromisoformat(at) for (at,) in (first, rung, last) if at is not None]
        return Period(start=min(times[:2]), end=times[-1])

    def rows(self, kind: type[R], since: datetime | None = None) -> list[R]:
        """The rows of this kind fit to be shown, from ``since`` on."""
        with usable(self._path):
            return presentable(stored_rows(self._db, kind, since))

    def origin(self, message_id: str) -> str:
        """See :class:`Source`."""
        with usable(self._path):
            found = self._db.execute("SELECT type, source FROM messages WHERE id = ?", (message_id,)).fetchone()
        return f"{found[0]} of {found[1]}" if found else message_id

    @property
    def count(self) -> int:
        """How many messages there are."""
        with usable(self._path):
            return int(self._db.execute("SELECT count(*) FROM messages").fetchone()[0])

    @property
    def agreement(self) -> Digest | None:
        """The digest of the memorandum that the centres read to each other at their first line check."""
        with usable(self._path):
            found = self._db.execute(
                "SELECT message FROM messages WHERE type IN ('line-check', 'line-checked') ORDER BY n LIMIT 1"
            ).fetchone()
            return agreement_in(decode_any(found[0])) if found else None

    def header(self, told: Told) -> Header:
        """The header of a recording of it. Raises StoreError also when it holds no messages yet."""
        period = self.period
        if period is None:
            raise StoreError(f"{self._path} holds no messages yet.")
        with usable(self._path):
            return live_header(self._db, period.start, told, self.agreement)

    def messages(self) -> Iterator[tuple[datetime, Message]]:
        """Every message in the order in which it came, with the time at which it did."""
        with usable(self._path):
            for n, at, text in self._db.execute("SELECT n, at, message FROM messages ORDER BY n"):
                yield datetime.fromisoformat(at), decoded(self._db, self._path, n, text)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RecordingSource:
    """A recording, folded into tables in memory. Raises StoreError when it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._projection: Final = Projection()
        self._period: Period | None = None
        self._origins: Final[dict[str, str]] = {}
        try:
            with path.open("rb") as file:
                for recorded in RecordingReader(file):
                    self._take(recorded)
        except RecordingError as error:
            raise StoreError(f"{path} is neither a monitor's record nor a recording: {error}.") from error

    def _take(self, recorded: Recorded) -> None:
        message = recorded.message
        self._projection.apply(message)
        self._origins[message.id] = f"{type_of(message)} of {message.source}"
        start = self._period.start if self._period else recorded.at
        self._period = Period(start=start, end=recorded.at)

    @property
    def period(self) -> Period | None:
        """From the first message to the last; from the first ring, where that is earlier."""
        rung = [row.rang_at for row in self._projection.rows(CallRow) if row.rang_at is not None]
        if self._period is None:
            return None
        return Period(start=min([self._period.start, *rung]), end=self._period.end)

    def rows(self, kind: type[R], since: datetime | None = None) -> list[R]:
        """The rows of this kind, from ``since`` on."""
        rows = self._projection.rows(kind)
        return [row for row in rows if since is None or (at := getattr(row, row.when, None)) is None or at >= since]

    def origin(self, message_id: str) -> str:
        """See :class:`Source`."""
        return self._origins.get(message_id, message_id)

    def close(self) -> None:
        """Nothing is open."""
