"""The file of a journal: made, opened, checked from its first entry to its last, upgraded, and mended.

What is damaged is found here, before anybody reads it. The journal then ends before it: its sound part is written into
a new file, the damaged one is kept beside it as evidence, and the loss is put down for the service to act upon.
"""

import secrets
import sqlite3
import string
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import structlog

from . import chain, pruning, salvage, snapshotrows
from .chain import Place
from .pruning import Pruned
from .store import StoreError, store_error, usable
from .wal import commits_in

VERSION: Final = 3
READ: Final = (1, 2, VERSION)
MARK: Final = 0x484F544C  # "HOTL": tells our file from any other SQLite file
MARK_AT: Final = 68  # in the head of an SQLite file
Sync = Literal["normal", "full"]

# What was heard has a time, what was said has not. What a commit costs is the pages that it touches: so there is one
# table for both, and no index over sequence numbers, which are found by reading on from the entry of that number.
# ``arrived`` is 0, and then the entry's own checksum. A life begins behind the entry ``after``.
_SCHEMA: Final = """
CREATE TABLE life (epoch TEXT NOT NULL, service TEXT NOT NULL, after INTEGER, sum INTEGER);
CREATE TABLE loss (reason TEXT NOT NULL, at_real TEXT NOT NULL, epoch TEXT);
CREATE TABLE entry (n INTEGER PRIMARY KEY, at_us INTEGER, seq INTEGER, arrived INTEGER, message BLOB, sum INTEGER);
CREATE TABLE attempt (id TEXT NOT NULL, at_real TEXT NOT NULL, error TEXT NOT NULL, message BLOB NOT NULL, sum INTEGER);
CREATE INDEX attempt_by_id ON attempt (id);
"""
_FROM_2: Final = (*snapshotrows.SCHEMA, *pruning.SCHEMA)
_FROM_1: Final = (
    "ALTER TABLE life ADD COLUMN after INTEGER",
    "ALTER TABLE life ADD COLUMN sum INTEGER",
    "CREATE TABLE loss (reason TEXT NOT NULL, at_real TEXT NOT NULL, epoch TEXT)",
    "ALTER TABLE entry ADD COLUMN sum INTEGER",
    "ALTER TABLE attempt ADD COLUMN sum INTEGER",
)
_ENTER: Final = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)"
_ATTEMPT: Final = "INSERT INTO attempt VALUES (?, ?, ?, ?, ?)"

log = structlog.get_logger(__name__)


class Life(NamedTuple):
    """One epoch of a journal; it began behind the entry ``after``."""

    epoch: str
    after: int
    sum: int


class OpenFile(NamedTuple):
    """A journal that is sound to its end, its lives in order, and how far it is pruned."""

    db: sqlite3.Connection
    lives: tuple[Life, ...]
    end: Place
    pruned: Pruned


class _Sound(NamedTuple):
    """What is sound of a journal, as it is written anew."""

    lives: Sequence[Life]
    pruned: Pruned
    rows: Iterable[chain.Row] = ()
    kept: Iterable[pruning.KeptRow] = ()
    snapshots: Iterable[snapshotrows.StoredSnapshot] = ()
    attempts: Iterable[tuple[Any, ...]] = ()


class _Marks(NamedTuple):
    """What a sound journal has that is to be put in order: marks of arrival of entries and of kept messages, and the
    places of snapshots that are not what was written."""

    entries: Sequence[int]
    kept: Sequence[int]
    snapshots: Sequence[int]


class _DamagedError(Exception):
    """The file is a journal, and not what was written; the message says where."""


def new_epoch() -> str:
    """A name that no other life has, chosen by chance."""
    letters = string.ascii_lowercase + string.digits
    return "".join(secrets.choice(letters) for _ in range(8))


def next_life(service: str, epoch: str, after: int, before: Sequence[Life]) -> Life:
    """The life that follows these."""
    previous = before[-1].sum if before else chain.first_sum(service)
    return Life(epoch, after, chain.checksum(previous, f"{epoch},{after}".encode()))


def attempt_sum(name: str, at_real: str, error: str, message: bytes) -> int:
    """The checksum of a row of attempts."""
    return chain.checksum(0, f"{name},{at_real},{error},".encode() + message)


def open_journal(path: Path, service: str, sync: Sync) -> OpenFile:
    """Open this journal, made if it is not there, mended if it is damaged. Raises StoreError."""
    with usable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        salvage.put_in_place(path)
    try:
        return _open(path, service, sync)
    except _DamagedError as error:
        log.error("journal-damaged", path=str(path), reason=str(error))
        with usable(path):
            salvage.put_in_place(path)
        return _open(path, service, sync)


def _open(path: Path, service: str, sync: Sync) -> OpenFile:
    with usable(path):
        logged = commits_in(path)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _hold(db, sync)
        version = _made(db, path, service)
        lives = _lives(db, path, service, version)
        pruned = _pruned(db, service, version)
        end, marks = _checked(db, path, lives, pruned, version, logged)
        return _fit(OpenFile(db, lives, end, pruned), path, service, version, marks)
    except chain.UNREADABLE as error:
        damaged = chain.is_damage(error) and _is_ours(path)
        if damaged:
            _begin_anew(path, service, str(error))
        db.close()
        if damaged:
            raise _DamagedError(str(error)) from error
        message = f"{path}: {error}. Is it a journal, and does another process have it open?"
        raise (store_error(message, error) if isinstance(error, sqlite3.Error) else StoreError(message)) from error
    except (StoreError, _DamagedError):
        db.close()
        raise


def _hold(db: sqlite3.Connection, sync: Sync) -> None:
    """One writer for as long as we live: a second process on the same journal would write another truth."""
    db.execute("PRAGMA busy_timeout = 1000")
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA synchronous = {sync.upper()}")
    db.execute("PRAGMA wal_autocheckpoint = 0")  # it flushes to the disk: the journal says when
    db.execute("BEGIN IMMEDIATE")
    db.execute("COMMIT")


def _is_ours(path: Path) -> bool:
    """Whether a file that SQLite cannot read bears the mark of a journal all the same."""
    with path.open("rb") as file:
        file.seek(MARK_AT)
        return file.read(4) == MARK.to_bytes(4, "big")


def _made(db: sqlite3.Connection, path: Path, service: str) -> int:
    """Make the tables of a new file; returns the version of the journal."""
    ((mark,), (version,)) = (
        db.execute("PRAGMA application_id").fetchone(),
        db.execute("PRAGMA user_version").fetchone(),
    )
    if (mark, version) == (0, 0) and not db.execute("SELECT 1 FROM sqlite_master").fetchone():
        _make(db, [next_life(service, new_epoch(), 0, ())], service)
        return VERSION
    if mark != MARK:
        raise StoreError(f"{path} is not a journal of Hotline. Name another file.")
    if version not in READ:
        raise StoreError(
            f"{path} is a journal of version {version}, and this program reads version {VERSION}. "
            "Run the program that wrote it, or begin with an empty data folder."
        )
    return int(version)


def _make(db: sqlite3.Connection, lives: Iterable[Life], service: str) -> None:
    tables = ";".join((_SCHEMA, *_FROM_2))
    db.executescript(f"BEGIN; {tables}; PRAGMA application_id = {MARK}; PRAGMA user_version = {VERSION};")
    keep_lives(db, lives, service)
    db.execute("COMMIT")


def keep_lives(db: sqlite3.Connection, lives: Iterable[Life], service: str) -> None:
    """Write these down."""
    rows = [(life.epoch, service, life.after, life.sum) for life in lives]
    db.executemany("INSERT INTO life VALUES (?, ?, ?, ?)", rows)


def _lives(db: sqlite3.Connection, path: Path, service: str, version: int) -> tuple[Life, ...]:
    """All epochs, in order. Raises StoreError when they are another service's, sqlite3.DatabaseError on damage."""
    columns = "epoch, service, 0, 0" if version == 1 else "epoch, service, after, sum"
    lives: list[Life] = []
    for epoch, owner, after, stored in db.execute(f"SELECT {columns} FROM life ORDER BY rowid").fetchall():  # noqa: S608
        lives.append(next_life(owner, epoch, after, lives))
        if version > 1 and lives[-1].sum != stored:
            raise sqlite3.DatabaseError("its list of epochs is not what was written")
        if owner != service:
            raise StoreError(f"{path} is the journal of {owner}, not of {service}. Name another data folder.")
    if not lives:
        raise sqlite3.DatabaseError("its list of epochs is gone")
    return tuple(lives)


def _pruned(db: sqlite3.Connection, service: str, version: int) -> Pruned:
    first = Place(0, chain.first_sum(service))
    return Pruned(first) if version < VERSION else pruning.read(db, first)


def _checked(
    db: sqlite3.Connection,
    path: Path,
    lives: tuple[Life, ...],
    pruned: Pruned,
    version: int,
    logged: list[int] | None,
) -> tuple[Place, _Marks]:
    """How far the journal is sound. Raises _DamagedError, with the sound part written anew, when not to its end.

    Raises sqlite3.DatabaseError when what is sound does not begin with the first entry or a snapshot.
    """
    has_snapshots = version == VERSION
    report = chain.check(db, pruned.at, version, snapshotrows.places(db) if has_snapshots else ())
    attempts, all_sound = _attempts(db, version)
    snapshots, bad, can_be_read = snapshotrows.sound(db, report.sums) if has_snapshots else ([], [], True)
    kept, unmarked, all_kept = pruning.sound(db, pruned) if has_snapshots else ([], [], True)
    (_, in_use, _) = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    fault = report.fault
    if fault is None and (logged is None or any(number > in_use for number in logged)):
        fault = f"SQLite's log of it is damaged behind entry {report.end.n}"
    if fault is None and not all_sound:
        fault = "what is known of failed inputs is not what was written"
    if fault is None and not all_kept:
        fault = "what is kept of the pruned messages is not what was written"
    if fault is None and not can_be_read:
        fault = "a snapshot in it cannot be read"
    if pruned.at.n and not snapshots:
        raise sqlite3.DatabaseError(f"it is pruned up to entry {pruned.at.n}, and none of its snapshots is sound")
    if fault is None:
        return report.end, _Marks(report.unmarked, unmarked, bad)
    rows = chain.sound_rows(db, pruned.at, version, report.end.n)
    left = pruned._replace(kept=pruning.all_of(kept))
    (service,) = db.execute("SELECT service FROM life").fetchone()
    _write_anew(path, service, fault, _Sound(lives, left, rows, kept, snapshots, attempts))
    raise _DamagedError(fault)


def _attempts(db: sqlite3.Connection, version: int) -> tuple[list[tuple[Any, ...]], bool]:
    """The sound rows of attempts, and whether there are no others."""
    sound: list[tuple[Any, ...]] = []
    whole = True
    column = "0" if version == 1 else "sum"
    try:
        for *row, stored in db.execute(f"SELECT id, at_real, error, message, {column} FROM attempt"):  # noqa: S608
            found = attempt_sum(*row) if type(row[-1]) is bytes else None
            if found is not None and (version == 1 or found == stored):
                sound.append((*row, found))
            else:
                whole = False
    except chain.UNREADABLE as error:
        if not chain.is_damage(error):
            raise
        whole = False
    return sound, whole


def _begin_anew(path: Path, service: str, fault: str) -> None:
    """Nothing of it can be used: write an empty journal, with the loss on record."""
    lives = [next_life(service, new_epoch(), 0, ())]
    _write_anew(path, service, fault, _Sound(lives, Pruned(Place(0, chain.first_sum(service)))))


def _write_anew(path: Path, service: str, fault: str, sound: _Sound) -> None:
    """Write what is sound into a new file, with the loss on record."""

    def write(draft: Path) -> None:
        with closing(sqlite3.connect(draft, isolation_level=None)) as db:
            _make(db, sound.lives, service)
            db.execute("BEGIN")
            db.executemany(_ENTER, sound.rows)
            db.executemany(_ATTEMPT, sound.attempts)
            pruning.enter(db, sound.kept)
            if sound.pruned.at.n:
                pruning.write(db, sound.pruned)
            snapshotrows.enter(db, sound.snapshots)
            keep_loss(db, reason, None)
            db.execute("COMMIT")

    with usable(path):
        evidence = salvage.keep_evidence(path)
        reason = f"the journal is damaged: {fault}; all of it is kept as {evidence.name}"
        salvage.write_anew(path, write)


def keep_loss(db: sqlite3.Connection, reason: str, epoch: str | None) -> None:
    """Put down that state was lost. Without an epoch it has yet to be acted upon."""
    db.execute("INSERT INTO loss VALUES (?, ?, ?)", (reason, datetime.now(UTC).isoformat(), epoch))


def _fit(opened: OpenFile, path: Path, service: str, version: int, marks: _Marks) -> OpenFile:
    """The same, of the present version, its marks of arrival in order, and without snapshots that are damaged."""
    db = opened.db
    if version < VERSION:
        _upgrade(opened, service, version)
    if marks.entries or marks.kept:
        entries = [*marks.kept, *marks.entries]
        log.warning("journal-mended", entries=entries, hint="whether these have arrived: they are sent again")
        set_back = "UPDATE entry SET arrived = CASE WHEN seq IS NULL THEN NULL ELSE 0 END WHERE n = ?"
        db.executemany(set_back, [(n,) for n in marks.entries])
        db.executemany("UPDATE kept SET arrived = 0 WHERE n = ?", [(n,) for n in marks.kept])
    for after in marks.snapshots:
        tell_passed_over(path, after, "it is not what was written")
    snapshotrows.drop(db, marks.snapshots)
    return opened


def tell_passed_over(path: Path, after: int, reason: str) -> None:
    """Log that a snapshot of this journal is of no use."""
    log.warning("snapshot-passed-over", path=str(path), entry=after, reason=reason)


def _upgrade(opened: OpenFile, service: str, version: int) -> None:
    """Add the tables that there were not, and to each entry of version 1 its checksum, in one transaction."""
    db = opened.db
    attempts, _ = _attempts(db, version)
    rows = list(chain.sound_rows(db, opened.pruned.at, 1, opened.end.n)) if version == 1 else []
    db.execute("BEGIN IMMEDIATE")
    if version == 1:
        for statement in _FROM_1:
            db.execute(statement)
        marks = ((mark, total, n) for n, _, _, mark, _, total in rows)
        db.executemany("UPDATE entry SET arrived = ?, sum = ? WHERE n = ?", marks)
        db.execute("DELETE FROM attempt")
        db.executemany(_ATTEMPT, attempts)
        db.execute("DELETE FROM life")
        keep_lives(db, opened.lives, service)
    for statement in _FROM_2:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")
    log.info("journal-upgraded", version=VERSION, entries=opened.end.n)
