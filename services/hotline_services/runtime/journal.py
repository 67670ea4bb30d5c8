"""A service's own record of what it heard and said, in SQLite: what it is after a crash is what this file says.

There are no snapshots: replaying 100,000 inputs of the shell's own work takes about two seconds (``benchmarks/
bench_live.py --replay``), and a core restored from a picture that other code has taken can be wrong without showing it,
while a replay that goes another way is noticed message by message.
"""

import secrets
import sqlite3
import string
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from hotline_protocol.message import Message
from hotline_protocol.topics import decode_any, encode

from .store import Heard, Recovered, StoreError

VERSION: Final = 1
MARK: Final = 0x484F544C  # "HOTL": tells our file from any other SQLite file
Sync = Literal["normal", "full"]

# The pages that a commit touches are what it costs: so there is no index over what was said, which recovery reads from
# end to end anyway, and where a sequence number is found near the row of the same number.
_SCHEMA: Final = """
CREATE TABLE life (epoch TEXT NOT NULL, service TEXT NOT NULL);
CREATE TABLE heard (n INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, message BLOB);
CREATE TABLE said (n INTEGER PRIMARY KEY, arrived INTEGER NOT NULL, seq INTEGER NOT NULL, message BLOB NOT NULL);
CREATE TABLE attempt (id TEXT NOT NULL, at_real TEXT NOT NULL, error TEXT NOT NULL, message BLOB NOT NULL);
CREATE INDEX attempt_by_id ON attempt (id);
"""
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Journal:
    """The journal of ``service`` in this file, made if it is not there. Raises StoreError when it cannot be used.

    With ``sync="normal"`` a killed process loses nothing; with ``"full"`` a power failure loses nothing either, at the
    price of one flush to the disk a commit.
    """

    def __init__(self, path: Path, service: str, *, sync: Sync = "normal") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path: Final = path
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._open(sync)
            self.epoch = self._life(service)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise StoreError(f"{path}: {error}. Is it a journal, and does another process have it open?") from error
        except StoreError:
            self._db.close()
            raise
        self._next_said = 1 + self._highest("said")
        self._numbers: dict[str, int] = {}  # of the messages that wait for confirmation, by id

    def _open(self, sync: Sync) -> None:
        """One writer for as long as we live: a second process on the same journal would write another truth."""
        self._db.execute("PRAGMA busy_timeout = 1000")
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {sync.upper()}")
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

    def _highest(self, table: str) -> int:
        (n,) = self._db.execute(f"SELECT coalesce(max(n), 0) FROM {table}").fetchone()  # noqa: S608  our own names
        return int(n)

    def recover(self) -> Recovered:
        """See :class:`~.store.Store`."""
        waiting = self._db.execute("SELECT n, message FROM said WHERE NOT arrived ORDER BY n")
        unconfirmed = [(n, decode_any(message)) for n, message in waiting]
        self._numbers = {message.id: n for n, message in unconfirmed}
        attempts = self._db.execute("SELECT id, count(*) FROM attempt GROUP BY id")
        return Recovered(
            heard=self._all_heard(),
            said=self._all_said(),
            unconfirmed=[message for _, message in unconfirmed],
            attempts=dict(attempts.fetchall()),
        )

    def _all_heard(self) -> Iterator[Heard]:
        for at_us, message in self._db.execute("SELECT at_us, message FROM heard ORDER BY n"):
            yield Heard(_BEGINNING + at_us * _MICROSECOND, None if message is None else decode_any(message))

    def _all_said(self) -> Iterator[Message]:
        for (message,) in self._db.execute("SELECT message FROM said ORDER BY n"):
            yield decode_any(message)

    def commit(self, heard: Sequence[Heard], said: Sequence[Message], confirmed: Sequence[str]) -> None:
        """See :class:`~.store.Store`."""
        inputs = [
            ((at - _BEGINNING) // _MICROSECOND, None if message is None else encode(message)) for at, message in heard
        ]
        outputs = [(n, 0, message.seq, encode(message)) for n, message in enumerate(said, self._next_said)]
        arrived = [(self._numbers.pop(known),) for known in confirmed if known in self._numbers]
        self._db.execute("BEGIN IMMEDIATE")
        if inputs:
            self._db.executemany("INSERT INTO heard (at_us, message) VALUES (?, ?)", inputs)
        if outputs:
            self._db.executemany("INSERT INTO said VALUES (?, ?, ?, ?)", outputs)
        if arrived:
            self._db.executemany("UPDATE said SET arrived = 1 WHERE n = ?", arrived)
        self._db.execute("COMMIT")
        self._numbers.update((message.id, n) for n, message in enumerate(said, self._next_said))
        self._next_said += len(said)

    def attempted(self, message: Message, error: str) -> int:
        """See :class:`~.store.Store`."""
        now = datetime.now(UTC).isoformat()
        self._db.execute("INSERT INTO attempt VALUES (?, ?, ?, ?)", (message.id, now, error, encode(message)))
        (count,) = self._db.execute("SELECT count(*) FROM attempt WHERE id = ?", (message.id,)).fetchone()
        return int(count)

    def said_between(self, epoch: str, first_seq: int, last_seq: int) -> list[Message]:
        """See :class:`~.store.Store`."""
        if epoch != self.epoch:
            return []
        rows = self._db.execute(
            "SELECT message FROM said WHERE n >= ?1 AND seq BETWEEN ?1 AND ?2 ORDER BY n LIMIT ?2 - ?1 + 1",
            (first_seq, last_seq),
        )
        return [decode_any(message) for (message,) in rows]

    def close(self) -> None:
        """See :class:`~.store.Store`."""
        self._db.close()


def _new_epoch() -> str:
    letters = string.ascii_lowercase + string.digits
    return "".join(secrets.choice(letters) for _ in range(8))
