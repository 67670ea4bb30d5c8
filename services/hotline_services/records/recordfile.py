"""The file of a monitor's record: which kind and version it is, how it is opened for reading, and made one whole file.

While a record is written, SQLite keeps what was committed last in a second file beside it (its log, ``-wal``).
"""

import contextlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, Literal

from hotline_protocol.message import Message
from hotline_protocol.topics import UNDECODABLE, decode_any
from hotline_services.program import program
from hotline_services.runtime.launches import newest_launch
from hotline_services.runtime.store import StoreError, store_error

VERSION: Final = 1
"""Of the tables that hold messages, which an earlier version's program could not read if they changed."""
MARK: Final = 0x484F5452  # "HOTR": tells our file from any other SQLite file
CHECKPOINT_S: Final = 1.0


def read_only(path: Path) -> sqlite3.Connection:
    """This record, for reading, from any one thread at a time. Raises sqlite3.Error."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0, check_same_thread=False)
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        db.close()
        if not isinstance(error, sqlite3.OperationalError) or not path.exists() or log_of(path).exists():
            raise
        # Nobody writes it, and where it lies we may not make what SQLite wants beside a record that is written.
        return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False)
    return db


def log_of(path: Path) -> Path:
    """SQLite's write-ahead log beside this record. It exists while a process has the record open for writing."""
    return path.with_name(path.name + "-wal")


def check_kind(db: sqlite3.Connection, path: Path) -> Literal["empty", "record"]:
    """Whether this file is still empty or a record that we can read. Raises StoreError when it is neither."""
    try:
        (mark,), (version,) = (
            db.execute("PRAGMA application_id").fetchone(),
            db.execute("PRAGMA user_version").fetchone(),
        )
        is_empty = db.execute("SELECT 1 FROM sqlite_master").fetchone() is None
    except sqlite3.OperationalError as error:  # as usable() tells it
        raise store_error(f"{path}: {error}: there is no record to read.", error) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} is not a monitor's record: {error}. Name another file.") from error
    if mark == 0 and version == 0 and is_empty:
        return "empty"
    if mark != MARK:
        raise StoreError(f"{path} is not a monitor's record. Name another file.")
    if version != VERSION:
        raise StoreError(
            f"{path} is a record of version {version}, and this program reads version {VERSION}. "
            "Run the program that wrote it, or name another file."
        )
    return "record"


def decoded(db: sqlite3.Connection, path: Path, n: int, text: str | bytes) -> Message:
    """Message ``n`` of this record. Raises StoreError, which names the program that wrote what this one cannot read."""
    try:
        return decode_any(text.encode() if isinstance(text, str) else text)
    except UNDECODABLE as error:
        launch = newest_launch(db)
        by = f"Hotline {launch.provenance.program} wrote it" if launch else "it is damaged, or of another version"
        raise StoreError(f"{path}: message {n} cannot be read by Hotline {program()}: {error}; {by}.") from error


def checkpoint(db: sqlite3.Connection) -> bool:
    """Move everything from SQLite's log into the record itself; returns whether all of it has been moved.

    Readers may have the record open. One that is in the middle of a read is waited for, but not for long.
    """
    try:
        db.execute(f"PRAGMA busy_timeout = {CHECKPOINT_S * 1_000:.0f}")
        _, logged, moved = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:  # such as a full disk: the log stays, and belongs to the record
        return False
    return bool(logged == moved)


def make_whole(path: Path) -> bool:
    """Make this record one file that can be copied alone; returns whether it is one now.

    Call this when the process that wrote the record has ended, also after a crash.
    """
    with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(path, isolation_level=None)) as db:
        return checkpoint(db)
    return False
