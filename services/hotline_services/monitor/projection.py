"""Messages folded into tables: calls, negotiations, agreements, plans, escalations, the line and its ledgers.

The tables are the same whatever the order of the messages and however often each comes, since every field is
the least, the greatest, or the newest by its author's own stamp of what was said. Health alone is taken in the
order of arrival: a will bears the time of its connection, not of the death that it reports.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import msgspec

from hotline_protocol.events import (
    CallEnded,
    DeadLettered,
    Escalated,
    EscalationKind,
    InputRejected,
    LedgerChanged,
    LineAnnounced,
    LineStateChanged,
    NegotiationEnded,
    PlanStatus,
)
from hotline_protocol.ledger import Entry
from hotline_protocol.line import Answer, Busy, Confirm, Entered, Entries, HangUp, InNegotiation, Lapsed, Ring
from hotline_protocol.message import Message
from hotline_protocol.service import Health

from . import folds
from .latestrows import LATEST_OF
from .rows import (
    AgreementRow,
    AnnouncementRow,
    CallRow,
    LedgerRow,
    LineRow,
    NegotiationRow,
    PlanRow,
    Row,
    ServiceRow,
)
from .worldrows import ROW_OF

R = TypeVar("R", bound=Row)
T = TypeVar("T")

_LAST: Final = datetime.max.replace(tzinfo=UTC)


class Rows(Protocol):
    """Where a projection keeps its rows."""

    def get(self, kind: type[R], key: str) -> R | None: ...

    def put(self, row: Row) -> None: ...


class RowsInMemory:
    """Rows in plain dicts, for a simulation or a recording."""

    def __init__(self) -> None:
        self._tables: Final[dict[type[Row], dict[str, Any]]] = {}

    def get(self, kind: type[R], key: str) -> R | None:
        """The row of this key, or None."""
        return self._tables.get(kind, {}).get(key)

    def put(self, row: Row) -> None:
        """Keep this row in the place of the one before it."""
        self._tables.setdefault(type(row), {})[row.key] = row

    def all(self, kind: type[R]) -> list[R]:
        """Every row of this kind, in any order."""
        return list(self._tables.get(kind, {}).values())


class Projection:
    """Folds messages into rows, which it keeps in memory unless it is given another place for them."""

    def __init__(self, rows: Rows | None = None) -> None:
        self._memory: Final = RowsInMemory()
        self._rows: Final[Rows] = rows if rows is not None else self._memory

    def rows(self, kind: type[R]) -> list[R]:
        """The rows in memory of this kind, fit to be shown."""
        return presentable(self._memory.all(kind))

    def apply(self, message: Message, heard_at: datetime | None = None) -> None:
        """Take this message into the tables; one that they do not show is passed over.

        ``heard_at`` is when it came: of a service that has gone nothing else tells since when.
        """
        if isinstance(message, Health):
            self._change(ServiceRow, message.source, partial(folds.with_health, heard_at=heard_at), message)
        elif not self._apply_line(message):
            self._apply_event(message)

    def _apply_line(self, message: Message) -> bool:
        match message:
            case Ring() | Answer() | Busy() | HangUp():
                self._change(CallRow, message.call_id, folds.with_call_message, message)
            case InNegotiation() | Confirm() | Lapsed():
                self._change(NegotiationRow, message.negotiation_id, folds.with_statement, message)
            case Entered():
                self._enter(message.source, message.entry)
            case Entries():
                for entry in message.entries:
                    self._enter(message.source, entry)
            case _:
                return False
        return True

    def _apply_event(self, message: Message) -> None:
        match message:
            case CallEnded():
                self._change(CallRow, message.call_id, folds.with_call_ended, message)
            case NegotiationEnded():
                self._change(NegotiationRow, message.negotiation_id, folds.with_negotiation_ended, message)
            case PlanStatus():
                first = message.plan if message.amends is msgspec.UNSET else message.amends
                key = f"{message.source}/{message.plan_id}/{first}"
                self._change(PlanRow, key, folds.with_status, message)
                self._rows.put(folds.plan_step(message))
            case Escalated():
                self._rows.put(folds.escalation(message))
                if message.kind is EscalationKind.TIER_RAISED:
                    self._change(NegotiationRow, message.about, folds.with_tier_raised, message)
            case InputRejected() | DeadLettered():
                self._rows.put(folds.rejected(message))
            case LineAnnounced():
                self._change(AnnouncementRow, message.source, folds.with_announcement, message)
            case LineStateChanged():
                self._change(LineRow, f"{message.source}/{message.peer}", folds.with_line_state, message)
            case LedgerChanged():
                self._change(LedgerRow, f"{message.source}/{message.peer}", folds.with_heads, message)
            case _:
                self._apply_world(message)

    def _apply_world(self, message: Message) -> None:
        if (row_of := ROW_OF.get(type(message))) is not None:
            self._rows.put(row_of(message))
        if (latest := LATEST_OF.get(type(message))) is not None:
            kind, key_of, fold = latest
            self._change(kind, key_of(message), fold, message)

    def _enter(self, source: str, entry: Entry) -> None:
        """Who grants writes the chain; what others hold of it, and may give back, is on record since then."""
        if entry.granter == source:
            self._change(AgreementRow, f"{entry.granter}/{entry.agreement_id}", folds.with_entry, entry)

    def _change(self, kind: type[R], key: str, fold: Callable[[R, T], R], said: T) -> None:
        before = self._rows.get(kind, key)
        after = fold(before if before is not None else kind(key=key), said)
        if after is not before:
            self._rows.put(after)


def presentable(rows: Iterable[R]) -> list[R]:
    """These rows by time, without those of which no more than the edge has been heard."""
    return sorted(filter(_is_whole, rows), key=lambda row: (getattr(row, row.when) or _LAST, row.key))


def _is_whole(row: Row) -> bool:
    match row:
        case CallRow():
            return bool(row.caller)
        case NegotiationRow():
            return bool(row.asker)
        case AgreementRow():
            return row.entered_at is not None
        case _:
            return True
