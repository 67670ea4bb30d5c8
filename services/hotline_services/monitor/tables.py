"""The SQL tables of rows: made from the rows' own fields, so that there is one place where a column is named.

Times are stored as ISO 8601 text in UTC with microseconds, which sorts as it reads; lists and structs as JSON.
"""

import enum
import hashlib
import types
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from hotline_protocol.message import canonical_json

from .latestrows import LATEST_ROWS
from .rows import ROWS, Row, utc
from .worldrows import WORLD_ROWS

FOLDS: Final = 5
"""Raise it when the same columns are to hold something else; what columns there are goes into the version by itself."""
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
