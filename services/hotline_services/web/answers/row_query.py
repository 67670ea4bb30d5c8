"""Rows of one table, chosen as people ask for them: from when until when, whose, how they ended, and by any word."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hotline_protocol.message import AwareTime
from hotline_services.monitor.history import History, LogRow
from hotline_services.monitor.rows import (
    AgreementRow,
    CallRow,
    EscalationRow,
    NegotiationRow,
    PlanRow,
    RejectedRow,
    Row,
)
from hotline_services.monitor.worldrows import CrossingRow, EncounterRow, FlightRow, ReviewRow, StrainRow

from .requests import AsOf, bad_value

ROWS_AT_MOST: Final = 1_000
Word = Annotated[str, Meta(min_length=1, max_length=200)]

TABLES: Final[dict[str, type[Row]]] = {
    kind.table: kind
    for kind in (
        CallRow,
        NegotiationRow,
        AgreementRow,
        PlanRow,
        EscalationRow,
        CrossingRow,
        EncounterRow,
        FlightRow,
        StrainRow,
        ReviewRow,
        RejectedRow,
        LogRow,
    )
}
PARTIES: Final = (
    *("caller", "callee", "asker", "responder", "granter", "user", "party", "peer", "sender"),
    *("side", "operator", "one_side", "other_side", "source", "to"),
)
"""Fields that name somebody who took part."""


class Filter(AsOf, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows: ``since`` and ``until`` compare the row's own time, ``q`` looks for text anywhere in it."""

    since: AwareTime | None = None
    until: AwareTime | None = None
    party: Word | None = None
    outcome: Word | None = None
    reason: Word | None = None
    tier: Word | None = None
    kind: Word | None = None
    q: Word | None = None
    limit: Annotated[int, Meta(ge=0, le=ROWS_AT_MOST)] = 200


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The newest of the rows that were asked for, by time, and how many there are in all."""

    rows: list[Any]
    total: int


_text: Final = msgspec.json.Encoder().encode


def rows_of(history: History, table: str, n: int | None) -> list[Any]:
    """All rows of this table after message ``n``; they do not change when the history does."""
    kind = TABLES[table]
    return list(history.log(n)) if kind is LogRow else history.rows(kind, n)


def find(rows: Iterable[Any], table: str, asked: Filter) -> Found:
    """Those of this table's rows that pass the filter. Raises NotMetError for a field that the table has not."""
    kind = TABLES[table]
    tests = [*_named(kind, asked), *_timed(kind, asked)]
    if asked.party is not None:
        tests.append(_of_party(kind, asked.party))
    if asked.q is not None:
        tests.append(_with_text(asked.q))
    found = [row for row in rows if all(test(row) for test in tests)]
    return Found(rows=found[max(len(found) - asked.limit, 0) :], total=len(found))


Test = Callable[[Row], bool]


def _named(kind: type[Row], asked: Filter) -> Iterable[Test]:
    for field in ("outcome", "reason", "tier", "kind"):
        wanted = getattr(asked, field)
        if wanted is None:
            continue
        if field not in kind.__struct_fields__:
            raise bad_value(field, f"{kind.table} have none")
        yield lambda row, field=field, wanted=wanted: _plain(getattr(row, field)) == wanted  # type: ignore[misc]


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _timed(kind: type[Row], asked: Filter) -> Iterable[Test]:
    """A row without a time is in no span of it."""

    def at(row: Row) -> datetime | None:
        found: datetime | None = getattr(row, kind.when)
        return found

    if (since := asked.since) is not None:
        yield lambda row: (when := at(row)) is not None and when >= since
    if (until := asked.until) is not None:
        yield lambda row: (when := at(row)) is not None and when <= until


def _of_party(kind: type[Row], party: str) -> Test:
    fields: Sequence[str] = [field for field in PARTIES if field in kind.__struct_fields__]
    return lambda row: any(getattr(row, field) == party for field in fields)


def _with_text(wanted: str) -> Test:
    """Without regard to case; in the row as it is sent, so that what a person sees is found."""
    folded = wanted.casefold()
    return lambda row: folded in _text(_seen(row)).decode().casefold()


def _seen(row: Row) -> Any:
    """Of a line of the log, the text and not the data: nobody sees the names of types."""
    if not isinstance(row, LogRow):
        return row
    return row.key, row.n, row.at, row.call, row.source, row.to, row.who, row.type, row.verb, row.told, row.ids
