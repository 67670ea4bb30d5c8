"""A service's own record of what it heard and said, in SQLite: what it is after a crash is what this file says.

There are no snapshots: the shell replays 100,000 inputs and compares 100,000 answers in three seconds or less
(``benchmarks/bench_live.py --replay 100000``), and a core restored from a picture that other code has taken can be
wrong without showing it, while a replay that goes another way is noticed at the first message.
"""

import secrets
import sqlite3
import string
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Final, Literal

from hotline_protocol.message import Message
from hotline_protocol.topics import decode_any, encode

from .store import Heard, Recovered, StoreError, store_error, usable

VERSION: Final = 1
MARK: Final = 0x484F544C  # "HOTL": tells our file from any other SQLite file
CHECKPOINT_AT: Final = 1_000
Sync = Literal["normal", "full"]

# What was heard has a time, what was said has not. What a commit costs is the pages that it touches: so there is one
# table for both, and no index over sequence numbers, which are found by reading on from the entry of that number.
_SCHEMA: Final = """
CREATE TABLE life (epoch TEXT NOT NULL, service TEXT NOT NULL);
CREATE TABLE entry (n INTEGER PRIMARY KEY, at_us INTEGER, seq INTEGER, arrived INTEGER, message BLOB);
CREATE TABLE attempt (id TEXT NOT NULL, at_real TEXT NOT NULL, error TEXT NOT NULL, message BLOB NOT NULL);
CREATE INDEX attempt_by_id ON attempt (id);
"""
_INSERT: Final = "INSERT INTO entry VALUES (?, ?, ?, ?, ?)"
_INSERTS: Final = [_INSERT + ", (?, ?, ?, ?, ?)" * more for more in range(8)]
_Row = tuple[int, int | None, int | None, int | None, bytes | None]
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Journal:
    """The journal of ``service`` in this file, made if it is not there. Raises StoreError when it cannot be used.

    With ``sync="normal"`` a killed process loses nothing; with ``"full"`` a power failure loses nothing either, at the
    price of one flush to the disk a commit.
    """

    def __init__(self, path: Path, service: str, *, sync: Sync = "normal") -> None:
        self._path: Final = path
        with usable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._open(sync)
            self.epoch = self._life(service)
            (highest,) = self._db.execute("SELECT coalesce(max(n), 0) FROM entry").fetchone()
        except sqlite3.DatabaseError as error:
            self._db.close()
            message = f"{path}: {error}. Is it a journal, and does another process have it open?"
            raise store_error(message, error) from error
        except StoreError:
            self._db.close()
            raise
        self._uncopied = 0  # messages written since the last checkpoint
        self._next = highest + 1
        self._numbers: dict[str, int] = {}  # of the messages that wait for confirmation, by id

    def _open(self, sync: Sync) -> None:
        """One writer for as long as we live: a second process on the same journal would write another truth."""
        self._db.execute("PRAGMA busy_timeout = 1000")
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {sync.upper()}")
        self._db.execute("PRAGMA wal_autocheckpoint = 0")  # it flushes to the disk: see tidy
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("COMMIT")
        (mark,), (version,) = self._db.execute("PRAGMA application_id").fetchone(), self._version()
        if (mark, version) == (0, 0) and not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
            self._db.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA application_id = {MARK}; PRAGMA user_version = {VERSION}; COMMIT;"
            )
        elif mark != MARK:
            raise StoreError(f"{self._path} is not a journal of Hotline. Name another file.")
        elif version != VERSION:
            raise StoreError(
                f"{self._path} is a journal of version {version}, and this program reads version {VERSION}. "
                "Run the program that wrote it, or begin with an empty data folder."
            )

    def _version(self) -> tuple[int]:
        version: tuple[int] = self._db.execute("PRAGMA user_version").fetchone()
        return version

    def _life(self, service: str) -> str:
        row = self._db.execute("SELECT epoch, service FROM life").fetchone()
        if row is None:
            row = (_new_epoch(), service)
            self._db.execute("INSERT INTO life VALUES (?, ?)", row)
        epoch, owner = row
        if owner != service:
            raise StoreError(f"{self._path} is the journal of {owner}, not of {service}. Name another data folder.")
        return str(epoch)

    def recover(self) -> Recovered:
        """See :class:`~.store.Store`."""
        with usable(self._path):
            waiting = self._db.execute("SELECT n, message FROM entry WHERE arrived = 0 ORDER BY n")
            unconfirmed = [(n, decode_any(message)) for n, message in waiting]
            attempts = self._db.execute("SELECT id, count(*) FROM attempt GROUP BY id").fetchall()
        self._numbers = {message.id: n for n, message in unconfirmed}
        return Recovered(
            heard=self._all_heard(),
            said=self._all_said(),
            unconfirmed=[message for _, message in unconfirmed],
            attempts=dict(attempts),
        )

    def _all_heard(self) -> Iterator[Heard]:
        with usable(self._path):
            entries = self._db.execute("SELECT at_us, message FROM entry WHERE at_us NOT NULL ORDER BY n")
            for at_us, message in entries:
                yield Heard(_BEGINNING + at_us * _MICROSECOND, None if message is None else decode_any(message))

    def _all_said(self) -> Iterator[Message]:
        with usable(self._path):
            for (message,) in self._db.execute("SELECT message FROM entry WHERE at_us IS NULL ORDER BY n"):
                yield decode_any(message)

    def commit(self, heard: Sequence[Heard], said: Sequence[Message], confirmed: Sequence[str]) -> None:
        """See :class:`~.store.Store`."""
        rows: list[_Row] = [
            (n, (at - _BEGINNING) // _MICROSECOND, None, None, None if message is None else encode(message))
            for n, (at, message) in enumerate(heard, self._next)
        ]
        first_said = self._next + len(rows)
        rows += [(n, None, message.seq, 0, encode(message)) for n, message in enumerate(said, first_said)]
        arrived = [(self._numbers.pop(known),) for known in confirmed if known in self._numbers]
        with usable(self._path):
            self._write(rows, arrived)
        self._uncopied += len(rows) + len(arrived)
        self._numbers.update((message.id, n) for n, message in enumerate(said, first_said))
        self._next += len(rows)

    def _write(self, rows: list[_Row], arrived: list[tuple[int]]) -> None:
        if len(rows) <= len(_INSERTS) and not arrived:
            if rows:
                self._db.execute(_INSERTS[len(rows) - 1], list(chain.from_iterable(rows)))  # a transaction by itself
        else:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(_INSERT, rows)
            self._db.executemany("UPDATE entry SET arrived = 1 WHERE n = ?", arrived)
            self._db.execute("COMMIT")

    def attempted(self, message: Message, error: str) -> int:
        """See :class:`~.store.Store`."""
        now = datetime.now(UTC).isoformat()
        with usable(self._path):
            self._db.execute("INSERT INTO attempt VALUES (?, ?, ?, ?)", (message.id, now, error, encode(message)))
            (count,) = self._db.execute("SELECT count(*) FROM attempt WHERE id = ?", (message.id,)).fetchone()
        return int(count)

    def said_between(self, epoch: str, first_seq: int, last_seq: int) -> list[Message]:
        """See :class:`~.store.Store`."""
        if epoch != self.epoch:
            return []
        with usable(self._path):
            rows = self._db.execute(
                "SELECT message FROM entry WHERE n >= ?1 AND seq BETWEEN ?1 AND ?2 ORDER BY n LIMIT ?2 - ?1 + 1",
                (first_seq, last_seq),
            )
            return [decode_any(message) for (message,) in rows]

    def tidy(self) -> None:
        """See :class:`~.store.Store`. Moves what was committed from the WAL into the file, when it has grown."""
        if self._uncopied >= CHECKPOINT_AT:
            with usable(self._path):
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._uncopied = 0

    def close(self) -> None:
        """See :class:`~.store.Store`."""
        self._db.close()


def _new_epoch() -> str:
    letters = string.ascii_lowercase + string.digits
    return "".join(secrets.choice(letters) for _ in range(8))
