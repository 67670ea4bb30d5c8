"""Rows in a database: its tables made, rows read, and rows kept in memory until they are written."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeVar

from hotline_services.monitor.rows import Row
from hotline_services.monitor.tables import TABLES, iso

R = TypeVar("R", bound=Row)

CACHED_ROWS: Final = 10_000


def make_tables(db: sqlite3.Connection) -> None:
    """Make the tables afresh, empty, in the transaction that is open."""
    for table in TABLES.values():
        db.execute(f"DROP TABLE IF EXISTS {table.kind.table}")
        for statement in table.schema:
            db.execute(statement)


def stored_rows(db: sqlite3.Connection, kind: type[R], since: datetime | None = None) -> Iterator[R]:
    """Rows of this kind, from ``since`` on (those without a time, too)."""
    table = TABLES[kind]
    query, bound = table.select, [] if since is None else [iso(since)]
    if bound:
        query += f' WHERE "{kind.when}" >= ? OR "{kind.when}" IS NULL'
    for values in db.execute(query, bound):
        yield table.row(values)  # type: ignore[misc]  # the table of R holds rows of R


class StoredRows:
    """Rows in a database, up to ``at_most`` of them in memory too. ``flush`` writes into the open transaction."""

    def __init__(self, db: sqlite3.Connection, at_most: int = CACHED_ROWS) -> None:
        self._db = db
        self._at_most = at_most
        self._cache: dict[tuple[type[Row], str], Row] = {}
        self._changed: dict[tuple[type[Row], str], Row] = {}

    def __len__(self) -> int:
        """How many rows are in memory."""
        return len(self._cache)

    def get(self, kind: type[R], key: str) -> R | None:
        """The row of this key, or None."""
        row = self._cache.get((kind, key))
        if row is None:
            row = self._read(kind, key)
        return row  # type: ignore[return-value]

    def put(self, row: Row) -> None:
        """Keep this row in the place of the one before it, to be written at the next flush."""
        self._cache[type(row), row.key] = self._changed[type(row), row.key] = row

    def flush(self) -> None:
        """Write what has changed, and make room: what was read first is forgotten first."""
        changed: dict[type[Row], list[Row]] = {}
        for (kind, _), row in self._changed.items():
            changed.setdefault(kind, []).append(row)
        for kind, rows in changed.items():
            table = TABLES[kind]
            self._db.executemany(table.insert, map(table.values, rows))
        self._changed.clear()
        for old in list(self._cache)[: max(len(self._cache) - self._at_most, 0)]:
            del self._cache[old]

    def forget(self) -> None:
        """The transaction was rolled back: nothing that was put since the last flush holds."""
        self._cache.clear()
        self._changed.clear()

    def _read(self, kind: type[R], key: str) -> Row | None:
        table = TABLES[kind]
        values = self._db.execute(f"{table.select} WHERE key = ?", (key,)).fetchone()
        if values is None:
            return None
        row = table.row(values)
        self._cache[kind, key] = row
        return row
