"""Pruning of a journal: the rows that a snapshot makes needless, and the rows that stay.

Inputs that a snapshot holds are deleted. Of what was said two things are kept, in a table of its own: what has not
arrived, and the last numbers of each epoch, for peers and the monitor may ask for them. Epochs, losses and failed
inputs are never pruned.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from .chain import UNREADABLE, Place, checksum, is_damage

KEPT_NUMBERS: Final = 10_000
"""Of each epoch: as many as a monitor asks for, and more than a centre does that has lost the end of its journal."""
AT_ONCE: Final = 2_000
"""Entries that are looked at in one go: some 10 ms, in which the service writes nothing."""
SCHEMA: Final = (
    "CREATE TABLE pruned (after INTEGER NOT NULL, sum INTEGER NOT NULL, kept INTEGER NOT NULL)",
    "CREATE TABLE kept (n INTEGER PRIMARY KEY, seq INTEGER NOT NULL, arrived INTEGER NOT NULL, "
    "message BLOB NOT NULL, sum INTEGER NOT NULL)",
)
_KEEP: Final = "INSERT INTO kept VALUES (?, ?, ?, ?, ?)"
_LAST: Final = """
SELECT max(seq) FROM (SELECT max(seq) AS seq FROM entry WHERE n > :after AND n <= :end
UNION ALL SELECT max(seq) FROM kept WHERE n > :after AND n <= :end)"""

KeptRow = tuple[int, int, int, bytes, int]
"""A message that was said, as it is kept: n, seq, arrived, message, sum."""


class Pruned(NamedTuple):
    """Everything up to ``at`` is pruned. ``kept`` stands for all rows that are kept of it, in any order."""

    at: Place
    kept: int = 0


def kept_sum(n: int, seq: int, message: bytes) -> int:
    """The checksum of a message that is kept."""
    return checksum(n, f"{seq},".encode() + message)


def read(db: sqlite3.Connection, first: Place) -> Pruned:
    """How far this journal is pruned, whose beginning was ``first``. Raises sqlite3.DatabaseError on damage."""
    rows = db.execute("SELECT after, sum, kept FROM pruned").fetchall()
    if not rows:
        return Pruned(first)
    if len(rows) > 1 or not all(type(value) is int for value in rows[0]):
        raise sqlite3.DatabaseError("what it says of its pruned entries is not what was written")
    after, total, kept = rows[0]
    return Pruned(Place(after, total), kept)


def write(db: sqlite3.Connection, pruned: Pruned) -> None:
    """Put down how far the journal is pruned."""
    db.execute("DELETE FROM pruned")
    db.execute("INSERT INTO pruned VALUES (?, ?, ?)", (*pruned.at, pruned.kept))


def enter(db: sqlite3.Connection, rows: Iterable[KeptRow]) -> None:
    """Keep these rows as they are."""
    db.executemany(_KEEP, rows)


def prune(db: sqlite3.Connection, pruned: Pruned, until: int) -> Pruned:
    """Cut off the next entries, none behind ``until``; returns how far the journal is pruned now."""
    end = min(until, pruned.at.n + AT_ONCE)
    found = db.execute("SELECT n, seq, arrived, message, sum FROM entry WHERE n <= ? ORDER BY n", (end,)).fetchall()
    if not found:
        return pruned
    rows: list[KeptRow] = []
    for n, seq, arrived, message, _ in found:
        if seq is not None and (seq or not arrived):
            total = kept_sum(n, seq, message)
            rows.append((n, seq, total if arrived else 0, message, total))
    enter(db, rows)
    db.execute("DELETE FROM entry WHERE n <= ?", (end,))
    last, total = found[-1][0], found[-1][-1]
    now = Pruned(Place(last, total), pruned.kept ^ all_of(rows))
    write(db, now)
    return now


def thin(db: sqlite3.Connection, pruned: Pruned, beginnings: Sequence[int]) -> Pruned:
    """Forget kept messages that have arrived and are older than the last numbers of their epoch.

    ``beginnings`` are the entries behind which the epochs begin.
    """
    gone: list[tuple[int, int]] = []
    for after, end in zip(beginnings, [*beginnings[1:], 2**62], strict=True):
        (last,) = db.execute(_LAST, {"after": after, "end": end}).fetchone()
        gone += db.execute(
            "SELECT n, sum FROM kept WHERE n > ? AND n <= ? AND arrived != 0 AND seq <= ?",
            (after, end, (last or 0) - KEPT_NUMBERS),
        ).fetchall()
    db.executemany("DELETE FROM kept WHERE n = ?", [(n,) for n, _ in gone])
    now = pruned._replace(kept=pruned.kept ^ _all_of(total for _, total in gone))
    write(db, now)
    return now


def sound(db: sqlite3.Connection, pruned: Pruned) -> tuple[list[KeptRow], list[int], bool]:
    """The kept rows that are as they were written, those of them without a mark of arrival, and whether all are."""
    good: list[KeptRow] = []
    unmarked: list[int] = []
    whole = True
    try:
        for n, seq, arrived, message, stored in db.execute("SELECT n, seq, arrived, message, sum FROM kept ORDER BY n"):
            if type(message) is not bytes or kept_sum(n, seq, message) != stored:
                whole = False
                continue
            if arrived not in {0, stored}:
                unmarked.append(n)
            good.append((n, seq, stored if arrived == stored else 0, message, stored))
    except UNREADABLE as error:
        if not is_damage(error):
            raise
        whole = False
    return good, unmarked, whole and all_of(good) == pruned.kept


def all_of(rows: Iterable[KeptRow]) -> int:
    """Stands for these rows in any order."""
    return _all_of(row[-1] for row in rows)


def _all_of(sums: Iterable[int]) -> int:
    total = 0
    for one in sums:
        total ^= one
    return total
