"""The snapshots in a journal: two at most of one making, each tied by its checksum to all entries before it."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from .chain import UNREADABLE, Place, checksum, is_damage

KEPT: Final = 2
"""The newest, and the one before it, should the newest be damaged."""
SCHEMA: Final = (
    "CREATE TABLE snapshot (after INTEGER PRIMARY KEY, made_by TEXT NOT NULL, made_for TEXT NOT NULL, "
    "at_real TEXT NOT NULL, state BLOB NOT NULL, sum INTEGER NOT NULL)",
)
_READ: Final = "SELECT after, made_by, made_for, at_real, state, sum FROM snapshot WHERE after = ?"
_ENTER: Final = "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?, ?)"

StoredSnapshot = tuple[int, str, str, str, bytes, int]
"""A snapshot as it is stored: after, made_by, made_for, at_real, state, sum."""


class Maker(NamedTuple):
    """Whose snapshots can be loaded: the program's, with the configuration that it was started with."""

    program: str
    configuration: str

    def problem(self, made_by: str, made_for: str) -> str:
        """Why a snapshot of another maker is of no use here; empty for one of ours."""
        if made_by != self.program:
            return f"it was taken by Hotline {made_by}, and this is {self.program}"
        if made_for != self.configuration:
            return "it was taken with another scenario, seed, length or speed"
        return ""


def snapshot_sum(at: Place, made_by: str, made_for: str, at_real: str, state: bytes) -> int:
    """The checksum of a snapshot that was taken at this place."""
    return checksum(at.sum, f"{at.n},{made_by},{made_for},{at_real},".encode() + state)


def keep(db: sqlite3.Connection, at: Place, maker: Maker, state: bytes) -> int:
    """Write this snapshot down, in place of those that are no longer needed.

    Returns the entry after which the older of the two kept snapshots was taken; 0 while there is only one snapshot.
    """
    now = datetime.now(UTC).isoformat()
    db.execute(_ENTER, (at.n, *maker, now, state, snapshot_sum(at, *maker, now, state)))
    ours = db.execute(
        "SELECT after FROM snapshot WHERE made_by = ? AND made_for = ? ORDER BY after DESC LIMIT ?", (*maker, KEPT)
    ).fetchall()
    if len(ours) < KEPT:
        return 0
    (older,) = ours[-1]
    db.execute("DELETE FROM snapshot WHERE after < ?", (older,))
    return int(older)


def places(db: sqlite3.Connection) -> list[int]:
    """The entries behind which there are snapshots, as far as they can be read."""
    try:
        return [after for (after,) in db.execute("SELECT after FROM snapshot").fetchall()]
    except UNREADABLE as error:
        if not is_damage(error):
            raise
        return []


def sound(db: sqlite3.Connection, sums: Mapping[int, int]) -> tuple[list[StoredSnapshot], list[int], bool]:
    """The snapshots that are as they were written, in order; the places of others; and whether all can be read."""
    good: list[StoredSnapshot] = []
    bad: list[int] = []
    can_be_read = True
    for after in sorted(places(db)):
        try:
            row = db.execute(_READ, (after,)).fetchone()
        except UNREADABLE as error:
            if not is_damage(error):
                raise
            can_be_read = False
            continue
        if _is_sound(row, sums):
            good.append(row)
        else:
            bad.append(after)
    return good, bad, can_be_read


def _is_sound(row: StoredSnapshot, sums: Mapping[int, int]) -> bool:
    after, made_by, made_for, at_real, state, stored = row
    if after not in sums or type(state) is not bytes:
        return False
    return snapshot_sum(Place(after, sums[after]), made_by, made_for, at_real, state) == stored


def drop(db: sqlite3.Connection, those: Sequence[int]) -> None:
    """Forget the snapshots at these places."""
    db.executemany("DELETE FROM snapshot WHERE after = ?", [(after,) for after in those])


def enter(db: sqlite3.Connection, rows: Iterable[StoredSnapshot]) -> None:
    """Write these down as they are."""
    db.executemany(_ENTER, rows)
