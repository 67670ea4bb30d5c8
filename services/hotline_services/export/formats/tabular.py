"""The run as tables: one of each kind of row, one of the messages, one of every position along every flight.

Times are typed and in UTC. A position is two columns of degrees, volumes are JSON as in the messages and beside it
WKT (``..._wkt``: their outlines on the map), any other list is JSON. Nothing not yet heard is written as a value.
"""

import csv
import enum
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, get_type_hints

import msgspec

from hotline_protocol.airspace import Position, Volume4D
from hotline_protocol.message import Message
from hotline_protocol.topics import topic_of
from hotline_services.extras import extra
from hotline_services.monitor.folds import type_of
from hotline_services.monitor.latestrows import AirborneRow
from hotline_services.monitor.rows import Row, utc
from hotline_services.monitor.tables import TABLES, whole, without_none
from hotline_services.runtime.recording import Recorded

from .captions import stamp
from .outlines import Ring, rings
from .story import Story

FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With these a spreadsheet takes a text for a formula; the last four are their full-width forms."""


class Column(NamedTuple):
    """A column: its name, what is in it (datetime, str, bool, int or float), and its value for a row."""

    name: str
    kind: type
    value: Callable[[Any], Any]


class Table(NamedTuple):
    """A table to be written: its name, its columns, and what its rows are made of."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Any]


def tables(story: Story, recorded: Sequence[Recorded]) -> Iterator[Table]:
    """Every table of this run, those without rows too: a program finds the same columns in any run."""
    for kind in TABLES:
        yield Table(kind.table, columns_of(kind), story.rows(kind))
    yield Table("tracks", TRACKS, [(journey, stop) for journey in story.journeys() for stop in journey.stops])
    yield Table("messages", MESSAGES, recorded)


def columns_of(kind: type[Row]) -> list[Column]:
    """The columns of this kind of row, by its own fields; a path is in the table of tracks instead."""
    hints = get_type_hints(kind)
    names = (name for name in kind.__struct_fields__ if (kind, name) != (AirborneRow, "path"))
    return [column for name in names for column in _columns(name, without_none(hints[name]))]


def _columns(name: str, kind: Any) -> list[Column]:
    if kind is Position:
        return [
            Column(f"{name}_lon_deg", float, lambda row: at.lon_deg if (at := getattr(row, name)) else None),
            Column(f"{name}_lat_deg", float, lambda row: at.lat_deg if (at := getattr(row, name)) else None),
        ]
    if kind == tuple[Volume4D, ...]:
        return [
            Column(name, str, lambda row: _json(getattr(row, name))),
            Column(f"{name}_wkt", str, lambda row: wkt(getattr(row, name))),
        ]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [Column(name, str, lambda row: member.value if (member := getattr(row, name)) else None)]
    if kind is datetime:
        return [Column(name, datetime, lambda row: utc(at) if (at := getattr(row, name)) else None)]
    if kind is int:
        return [Column(name, int, lambda row: whole(getattr(row, name)))]
    if kind in {str, bool, float}:
        return [Column(name, kind, lambda row: getattr(row, name))]
    return [Column(name, str, lambda row: _json(getattr(row, name)))]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def wkt(volumes: Iterable[Volume4D]) -> str | None:
    """Their outlines as one MULTIPOLYGON of longitudes and latitudes; None for none."""
    polygons = [", ".join(map(_ring, drawn)) for volume in volumes if (drawn := rings(volume.area))]
    return f"MULTIPOLYGON ({', '.join(f'({polygon})' for polygon in polygons)})" if polygons else None


def _ring(ring: Ring) -> str:
    return f"({', '.join(f'{lon:.6f} {lat:.6f}' for lon, lat in ring)})"


def _message(value: Callable[[Message], Any]) -> Callable[[Recorded], Any]:
    return lambda recorded: value(recorded.message)


MESSAGES: Final = (
    Column("at", datetime, lambda recorded: utc(recorded.at)),
    Column("type", str, _message(type_of)),
    Column("id", str, _message(lambda message: message.id)),
    Column("source", str, _message(lambda message: message.source)),
    Column("epoch", str, _message(lambda message: message.epoch)),
    Column("seq", int, _message(lambda message: message.seq)),
    Column("time", datetime, _message(lambda message: utc(message.time))),
    Column("cause", str, _message(lambda message: message.cause)),
    Column("topic", str, _message(lambda message: topic_of(message).template)),
    Column("message", str, _message(_json)),
)
TRACKS: Final = (
    Column("flight", str, lambda pair: pair[0].key),
    Column("side", str, lambda pair: pair[0].flyer.side),
    Column("operator", str, lambda pair: pair[0].flyer.operator),
    Column("callsign", str, lambda pair: pair[0].flyer.callsign),
    Column("at", datetime, lambda pair: utc(pair[1].at)),
    Column("lon_deg", float, lambda pair: pair[1].lon_deg),
    Column("lat_deg", float, lambda pair: pair[1].lat_deg),
    Column("altitude_ft", float, lambda pair: float(pair[1].altitude_ft)),
)


def parquet(table: Table) -> bytes:
    """The table as a Parquet file. Raises MissingExtraError."""
    polars = extra("polars")
    kinds = {
        datetime: polars.Datetime("us", "UTC"),
        str: polars.String,
        bool: polars.Boolean,
        int: polars.Int64,
        float: polars.Float64,
    }
    columns = {
        column.name: polars.Series(column.name, [column.value(row) for row in table.rows], dtype=kinds[column.kind])
        for column in table.columns
    }
    file = io.BytesIO()
    polars.DataFrame(columns).write_parquet(file)
    return file.getvalue()


def csv_text(table: Table) -> bytes:
    """The table as CSV: UTF-8, a line of names first, times in ISO 8601, nothing where nothing is known.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows([_cell(column.value(row)) for column in table.columns] for row in table.rows)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    match value:
        case str():
            return f"'{value}" if value.startswith(FORMULA_BEGINS) else value
        case bool():
            return "true" if value else "false"
        case datetime():
            return stamp(value)
        case _:
            return value
