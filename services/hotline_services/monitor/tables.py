"""Rows as SQLite tables: made from the rows' own fields, so that there is one place where a column is named.

Times are stored as ISO 8601 text in UTC with microseconds, which sorts as it reads; lists and structs as JSON.
"""

import enum
import hashlib
import sqlite3
import types
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from hotline_protocol.message import canonical_json

from .latestrows import LATEST_ROWS
from .rows import ROWS, Row, utc
from .worldrows import WORLD_ROWS

R = TypeVar("R", bound=Row)

FOLDS: Final = 5
"""Raise it when the same columns are to hold something else; what columns there are goes into the version by itself."""
CACHED_ROWS: Final = 10_000
VERSION_BYTES: Final = 6
_GREATEST: Final = 2**63 - 1


class Column(NamedTuple):
    """A field of a row, as it is stored. ``shape`` is all that one must know to read it."""

    name: str
    sql_type: str
    store: Callable[[Any], Any]
    load: Callable[[Any], Any]
    shape: Any = None


def iso(at: datetime) -> str:
    """The text under which this time is stored."""
    if at.tzinfo is UTC:  # as nearly every time is
        return at.isoformat(timespec="microseconds")
    return utc(at).replace(tzinfo=None).isoformat(timespec="microseconds") + "+00:00"


def whole(number: int) -> int:
    """This number, or the greatest that the database can hold: JSON knows greater ones."""
    return max(-_GREATEST, min(number, _GREATEST))


def _same(value: Any) -> Any:
    return value


def _column(name: str, annotation: Any) -> Column:
    kind = without_none(annotation)
    if kind is datetime:
        return Column(name, "TEXT", iso, datetime.fromisoformat)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return Column(name, "TEXT", lambda member: member.value, kind, [member.value for member in kind])
    if kind is bool:
        return Column(name, "INTEGER", int, bool)
    if kind is int:
        return Column(name, "INTEGER", whole, _same)
    if kind is str or kind is float:
        return Column(name, "TEXT" if kind is str else "REAL", _same, _same)
    decoder = msgspec.json.Decoder(kind)
    shape = _without_words(msgspec.json.schema(kind))
    return Column(name, "TEXT", lambda value: msgspec.json.encode(value).decode(), decoder.decode, shape)


def _without_words(schema: Any) -> Any:
    """This JSON schema without what is said in it to people."""
    if isinstance(schema, dict):
        return {key: _without_words(value) for key, value in schema.items() if key not in {"title", "description"}}
    return [_without_words(value) for value in schema] if isinstance(schema, list) else schema


def without_none(annotation: Any) -> Any:
    """What a field holds once it is known."""
    if get_origin(annotation) in {types.UnionType, Union}:
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        return kinds[0] if len(kinds) == 1 else annotation
    return annotation


class Table:
    """The table of one kind of row."""

    def __init__(self, kind: type[Row]) -> None:
        hints = get_type_hints(kind)
        self.kind: Final = kind
        self._columns: Final = [_column(name, hints[name]) for name in kind.__struct_fields__]
        names = ", ".join(f'"{column.name}"' for column in self._columns)
        marks = ", ".join("?" for _ in self._columns)
        # names come from our own classes; values are always bound
        self.insert: Final = f"INSERT OR REPLACE INTO {kind.table} ({names}) VALUES ({marks})"  # noqa: S608
        self.select: Final = f"SELECT {names} FROM {kind.table}"  # noqa: S608

    @property
    def schema(self) -> tuple[str, ...]:
        """The statements that make the table and its index on time."""
        columns = ", ".join(
            f'"{c.name}" {c.sql_type}{" PRIMARY KEY" if c.name == "key" else ""}' for c in self._columns
        )
        table, when = self.kind.table, self.kind.when if self.kind.when in self.kind.__struct_fields__ else "key"
        return f"CREATE TABLE {table} ({columns})", f'CREATE INDEX {table}_{when} ON {table} ("{when}")'

    @property
    def shapes(self) -> list[Any]:
        """What the stored values of each column are, as far as SQL does not say it."""
        return [column.shape for column in self._columns]

    def values(self, row: Row) -> list[Any]:
        """The row's fields as they are stored."""
        return [None if (v := getattr(row, c.name)) is None else c.store(v) for c in self._columns]

    def row(self, values: tuple[Any, ...]) -> Row:
        """The row that was stored as these values."""
        pairs = zip(self._columns, values, strict=True)
        fields: dict[str, Any] = {c.name: None if value is None else c.load(value) for c, value in pairs}
        return self.kind(**fields)


TABLES: Final = {kind: Table(kind) for kind in (*ROWS, *WORLD_ROWS, *LATEST_ROWS)}


def tables_version(tables: Iterable[Table], folds: int = FOLDS) -> int:
    """The version of these tables: another one as soon as a table, a column or a kind of value is another."""
    content = (folds, [(table.schema, table.shapes) for table in tables])
    return int.from_bytes(hashlib.sha256(canonical_json(content)).digest()[:VERSION_BYTES], "big")


TABLES_VERSION: Final = tables_version(TABLES.values())


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
