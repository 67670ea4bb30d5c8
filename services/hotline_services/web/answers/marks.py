"""What is marked on the time line: calls, escalations and encounters.

Each stands where its message was recorded, which on a live line is after the time that the message tells: who goes
there sees it.
"""

from datetime import datetime
from typing import Final

from hotline_services.monitor.history import History
from hotline_services.monitor.rows import CallRow, EscalationRow
from hotline_services.monitor.wording import printable, words
from hotline_services.monitor.worldrows import EncounterRow

from .schema import Mark

MARKS_AT_MOST: Final = 10_000


def marks(history: History) -> list[Mark]:
    """All of them by time since the history begins, or the newest where there are very many."""
    found = sorted([*_calls(history), *_escalations(history), *_encounters(history)], key=lambda mark: mark.at)
    start = history.time_of(history.horizon)
    return [mark for mark in found if start is None or mark.at >= start][-MARKS_AT_MOST:]


def _calls(history: History) -> list[Mark]:
    return [
        Mark(
            at=_recorded(history, _ring_of(history, row), row.rang_at),
            kind="call",
            id=row.key,
            title=f"{row.caller.upper()} → {row.callee.upper()}",
            what=row.outcome.value if row.outcome else "",
            end=row.ended_at,
        )
        for row in history.rows(CallRow)
        if row.rang_at
    ]


def _ring_of(history: History, row: CallRow) -> int | None:
    """The number of the message that it rang with."""
    thread = history.thread(row.key, history.last)
    return next((n for n in thread if (then := history.row(CallRow, row.key, n)) and then.rang_at), None)


def _recorded(history: History, n: int | None, told: datetime) -> datetime:
    """When message ``n`` was recorded; when it is not known, the time that it tells."""
    return (history.time_of(n) if n is not None else None) or told


def _escalations(history: History) -> list[Mark]:
    return [
        Mark(
            at=_recorded(history, history.number_of(row.key), row.at),
            kind="escalation",
            id=row.key,
            title=f"{row.party.upper()}: {words(row.kind.value)}",
            what=row.kind.value,
        )
        for row in history.rows(EscalationRow)
        if row.at and row.kind
    ]


def _encounters(history: History) -> list[Mark]:
    return [
        Mark(
            at=_recorded(history, history.number_of(row.key), row.at),
            kind="encounter",
            id=row.key,
            title=printable(f"{row.one} and {row.other}"),
            what=row.grade.value if row.grade else "",
        )
        for row in history.rows(EncounterRow)
        if row.at
    ]
