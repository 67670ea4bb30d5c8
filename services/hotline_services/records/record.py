"""The monitor's record: every message once, in the order in which it came, and the tables made of them.

One SQLite file in WAL mode, written by one monitor and read by anybody. Tables and messages change in the same
transaction. The tables can always be made again from the messages (:func:`rebuild`).
"""

import fcntl
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from hotline_protocol.message import Message, digest_of
from hotline_protocol.service import EpochBegun, Unreadable
from hotline_protocol.topics import CONTROL, address_of, decode_any, encode, is_kept, topic_of
from hotline_services.monitor.core import Progress
from hotline_services.monitor.folds import type_of
from hotline_services.monitor.order import Mark, Span
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.rows import Row
from hotline_services.monitor.tables import TABLES_VERSION, iso, whole
from hotline_services.records.stored_rows import StoredRows, make_tables
from hotline_services.runtime.launches import keep_launch
from hotline_services.runtime.provenance import Launch
from hotline_services.runtime.store import Heard, Recovered, StoreError, usable

from .recordfile import MARK, VERSION, check_kind, checkpoint, decoded

MARKS_AT_MOST: Final = 1_000
MISSING_AT_MOST: Final = 1_000
FOLDED_AT_ONCE: Final = 5_000
BUSY_S: Final = 0.05  # short: the monitor's event loop may be waiting, and it tries again (see runtime/patience.py)
REBUILD_BUSY_S: Final = 5.0
WAL_KEPT_BYTES: Final = 16 * 2**20  # a long read by another process can make the log greater; then it shrinks to this

_SCHEMA: Final = """
CREATE TABLE life (epoch TEXT NOT NULL, service TEXT NOT NULL, tables_version INTEGER NOT NULL);
CREATE TABLE messages (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, source TEXT NOT NULL, epoch TEXT NOT NULL,
    seq INTEGER NOT NULL, type TEXT NOT NULL, time TEXT NOT NULL, cause TEXT, at TEXT NOT NULL, message TEXT NOT NULL);
CREATE INDEX messages_by_source ON messages (source, epoch, seq);
CREATE TABLE waiting (id TEXT PRIMARY KEY);
CREATE TABLE attempt (id TEXT NOT NULL, at_real TEXT NOT NULL, error TEXT NOT NULL, message TEXT NOT NULL);
CREATE INDEX attempt_by_id ON attempt (id);
"""


class Record:
    """The record of monitor ``service`` in this file, made if it is not there. Raises StoreError.

    A :class:`~hotline_services.runtime.store.Store`. With ``sync="normal"`` a killed process loses nothing; with
    ``"full"`` a power failure loses nothing either, at the price of one flush to the disk a commit. When another
    process locks it for longer than ``busy_s``, every method raises StoreBlockedError, and can be called again.
    ``launch`` is how the monitor was started, to be kept with it.
    """

    def __init__(
        self,
        path: Path,
        service: str = "monitor",
        *,
        sync: Literal["normal", "full"] = "normal",
        busy_s: float = BUSY_S,
        launch: Launch | None = None,
    ) -> None:
        self._path: Final = path
        with ExitStack() as opened, usable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            opened.enter_context(_lock(path))
            self._db: Final = opened.enter_context(closing(_connected(path, busy_s)))
            self._open(sync)
            self.epochs, self._service, tables = self._life(service)
            self._rows: Final = StoredRows(self._db)
            self._projection: Final = Projection(self._rows)
            if tables != TABLES_VERSION:
                self.rebuild()
            if launch is not None:
                keep_launch(self._db, launch)
            self._opened: Final = opened.pop_all()

    def _open(self, sync: str) -> None:
        if check_kind(self._db, self._path) == "empty":
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA application_id = {MARK}; PRAGMA user_version = {VERSION}; COMMIT;"
            )
        self._db.execute(f"PRAGMA synchronous = {sync.upper()}")
        self._db.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")

    @property
    def epoch(self) -> str:
        """The present one."""
        return self.epochs[-1]

    @property
    def loss(self) -> str:
        """See :class:`~.store.Store`. Always empty: a record does not look for damage."""
        return ""

    def _life(self, service: str) -> tuple[tuple[str, ...], str, int]:
        """Its epochs, whose it is, and the version of its tables. The first row tells of these two."""
        rows = self._db.execute("SELECT epoch, service, tables_version FROM life ORDER BY rowid").fetchall()
        if not rows:  # tables of version 0: none yet
            rows = [(secrets.token_hex(4), service, 0)]
            self._db.execute("INSERT INTO life VALUES (?, ?, ?)", rows[0])
        _, owner, tables = rows[0]
        if owner != service:
            raise StoreError(f"{self._path} is the record of {owner}, not of {service}. Name another file.")
        return tuple(epoch for epoch, *_ in rows), owner, tables

    def progress(self) -> Progress:
        """Where a :class:`~.core.MonitorCore` is to go on from: read from an index, not replayed."""
        with usable(self._path):
            (said,) = self._db.execute(_SAID_LAST, (self._service, self.epoch)).fetchone()
            streams = self._db.execute(
                "SELECT source, epoch, max(seq), count(DISTINCT seq) FROM messages WHERE seq > 0 AND source != ? "
                "GROUP BY source, epoch ORDER BY max(n) DESC LIMIT ?",
                (self._service, MARKS_AT_MOST),
            ).fetchall()
            marks = tuple(
                Mark(
                    source=source,
                    epoch=epoch,
                    highest=highest,
                    missing=() if count == highest else self._missing(source, epoch),
                )
                for source, epoch, highest, count in streams
            )
        return Progress(epoch=self.epoch, said=said, marks=marks)

    def _missing(self, source: str, epoch: str) -> tuple[Span, ...]:
        """The newest gaps in what this source has said."""
        gaps = self._db.execute(
            "SELECT before + 1, seq - 1 FROM (SELECT seq, lag(seq, 1, 0) OVER (ORDER BY seq) AS before FROM messages "
            "WHERE source = ? AND epoch = ? AND seq > 0) WHERE seq > before + 1 ORDER BY seq DESC LIMIT ?",
            (source, epoch, MISSING_AT_MOST),
        )
        return tuple(Span(*gap) for gap in gaps.fetchall()[::-1])

    def count(self, kind: type[Row]) -> int:
        """How many rows of this kind there are: of calls, where a duty log's numbering goes on."""
        with usable(self._path):
            (count,) = self._db.execute(f"SELECT count(*) FROM {kind.table}").fetchone()  # noqa: S608  our own name
        return int(count)

    def recover(self) -> Recovered:
        """See :class:`~.store.Store`. There is nothing to replay: the core goes on from ``progress``."""
        with usable(self._path):
            waiting = self._db.execute(
                "SELECT message FROM messages WHERE id IN (SELECT id FROM waiting) ORDER BY n"
            ).fetchall()
            attempts = self._db.execute("SELECT id, count(*) FROM attempt GROUP BY id").fetchall()
            latest = self._db.execute("SELECT at FROM messages ORDER BY n DESC LIMIT 1").fetchone()
            (said_last,) = self._db.execute(_SAID_LAST, (self._service, self.epoch)).fetchone()
            return Recovered(
                unconfirmed=[decode_any(text) for (text,) in waiting],
                attempts=dict(attempts),
                latest=datetime.fromisoformat(latest[0]) if latest else None,
                said_last=said_last,
            )

    def commit(self, heard: Sequence[Heard], said: Sequence[Message], confirmed: Sequence[str]) -> None:
        """See :class:`~.store.Store`. Lapses and tracks leave no trace, and rubbish only what was said of it."""
        now = heard[-1].at if heard else datetime.now(UTC)
        with usable(self._path), self._transaction():
            kept = [
                (at, message)
                for at, message in heard
                if message is not None and not isinstance(message, Unreadable | EpochBegun) and is_kept(message)
            ]
            self._keep([*kept, *((now, message) for message in said)])
            self._wait_for(said, confirmed)
            begun = tuple(message.begun for _, message in heard if isinstance(message, EpochBegun))
            lives = [(epoch, self._service, TABLES_VERSION) for epoch in begun]
            self._db.executemany("INSERT INTO life VALUES (?, ?, ?)", lives)
            self._rows.flush()
        self.epochs += begun

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # on some errors SQLite has rolled back itself
                self._db.execute("ROLLBACK")
            self._rows.forget()
            raise

    def _keep(self, messages: Sequence[tuple[datetime, Message]]) -> None:
        """Write down those that are new, each once."""
        fresh: dict[str, tuple[datetime, Message]] = {}
        for at, message in messages:
            first = fresh.setdefault(message.id, (at, message))[1]
            if _is_another(message, first):
                fresh.setdefault((renamed := _under_a_name_of_its_own(message)).id, (at, renamed))
        for text, known in self._known(fresh):
            at, message = fresh.pop(known)
            if _is_another(message, decode_any(text)):
                fresh.setdefault((renamed := _under_a_name_of_its_own(message)).id, (at, renamed))
                for _, twice in self._known([renamed.id]):
                    del fresh[twice]
        self._db.executemany(_KEEP, (_stored(at, message) for at, message in fresh.values()))
        for at, message in fresh.values():
            self._projection.apply(message, at)

    def _known(self, names: Iterable[str]) -> list[tuple[bytes, str]]:
        """The messages that are written down under these ids, each with its id."""
        found = self._db.execute(_KNOWN, (msgspec.json.encode(list(names)).decode(),))
        return [(text.encode(), name) for text, name in found.fetchall()]

    def _wait_for(self, said: Iterable[Message], confirmed: Iterable[str]) -> None:
        """A request to send again is not waited for: it is made anew as long as something is missing."""
        waiting = [(message.id,) for message in said if topic_of(message) is not CONTROL]
        self._db.executemany("INSERT OR IGNORE INTO waiting VALUES (?)", waiting)
        self._db.executemany("DELETE FROM waiting WHERE id = ?", [(name,) for name in confirmed])

    def attempted(self, message: Message, error: str) -> int:
        """See :class:`~.store.Store`."""
        row = (message.id, datetime.now(UTC).isoformat(), error, encode(message).decode())
        with usable(self._path):
            self._db.execute("INSERT INTO attempt VALUES (?, ?, ?, ?)", row)
            (count,) = self._db.execute("SELECT count(*) FROM attempt WHERE id = ?", (message.id,)).fetchone()
        return int(count)

    def said_between(self, epoch: str, first_seq: int, last_seq: int) -> list[Message]:
        """See :class:`~.store.Store`."""
        if epoch != self.epoch:
            return []
        with usable(self._path):
            rows = self._db.execute(
                "SELECT message FROM messages WHERE source = ? AND epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq",
                (self._service, epoch, first_seq, last_seq),
            )
            return [decode_any(text) for (text,) in rows]

    def next_said(self, epoch: str, seq: int) -> int | None:
        """See :class:`~.store.Store`."""
        if epoch != self.epoch:
            return None
        with usable(self._path):
            (found,) = self._db.execute(_SAID_NEXT, (self._service, epoch, seq)).fetchone()
        return None if found is None else int(found)

    def rebuild(self) -> int:
        """Make the tables again from the messages, in one transaction; returns how many messages there were."""
        with usable(self._path), self._transaction():
            make_tables(self._db)
            self._rows.forget()
            count = self._fold_all()
            self._db.execute("UPDATE life SET tables_version = ?", (TABLES_VERSION,))
        return count

    def _fold_all(self) -> int:
        count = 0
        for count, (n, at, text) in enumerate(self._db.execute("SELECT n, at, message FROM messages ORDER BY n"), 1):
            self._projection.apply(decoded(self._db, self._path, n, text), datetime.fromisoformat(at))
            if count % FOLDED_AT_ONCE == 0:
                self._rows.flush()
        self._rows.flush()
        return count

    def tidy(self) -> None:
        """See :class:`~.store.Store`. Nothing: SQLite moves its WAL by itself."""

    def close(self) -> None:
        """See :class:`~.store.Store`. The file alone is then the whole record, also while others have it open."""
        checkpoint(self._db)
        self._opened.close()


_SAID_LAST: Final = "SELECT coalesce(max(seq), 0) FROM messages WHERE source = ? AND epoch = ?"
_SAID_NEXT: Final = "SELECT min(seq) FROM messages WHERE source = ? AND epoch = ? AND seq >= ?"
_KNOWN: Final = "SELECT message, id FROM messages WHERE id IN (SELECT value FROM json_each(?))"
_KEEP: Final = (
    "INSERT INTO messages (id, topic, source, epoch, seq, type, time, cause, at, message) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _is_another(message: Message, known: Message) -> bool:
    """Whether these two bear one id and are not one message: somebody has used an id that is another's."""
    if message.seq or known.seq:
        return (message.source, message.epoch, message.seq) != (known.source, known.epoch, known.seq)
    return msgspec.structs.replace(message, time=known.time) != known


def _under_a_name_of_its_own(message: Message) -> Message:
    """The same message under another id, as it can be written down beside the one that has its own."""
    return msgspec.structs.replace(message, id=f"{message.id[:79]}.{digest_of(message)}")


def _stored(at: datetime, message: Message) -> tuple[Any, ...]:
    """The values of a message's row, in the order of the columns that are written."""
    return (
        message.id,
        address_of(message),
        message.source,
        message.epoch,
        whole(message.seq),
        type_of(message),
        iso(message.time),
        message.cause,
        iso(at),
        encode(message).decode(),
    )


def rebuild(path: Path) -> int:
    """Make the tables of this record again; returns how many messages it holds. Raises StoreError.

    The monitor that writes the record must not be running.
    """
    if not path.exists():
        raise StoreError(f"{path}: there is no such record.")
    with usable(path), closing(_connected(path)) as db:
        is_empty = check_kind(db, path) == "empty"
        life = None if is_empty else db.execute("SELECT service FROM life").fetchone()
    if life is None:
        raise StoreError(f"{path} is empty: there is nothing to make tables of.")
    with closing(Record(path, *life, busy_s=REBUILD_BUSY_S)) as record:
        return record.rebuild()


def _connected(path: Path, busy_s: float = REBUILD_BUSY_S) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=busy_s)


def _lock(path: Path) -> Any:
    """One writer at a time, for as long as it lives; the system lets go of the lock however it ends."""
    lock = path.with_name(path.name + ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StoreError(f"{path} is being written by another process. Stop it first.") from error
    return lock
