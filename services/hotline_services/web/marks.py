"""What is marked on the time line: calls, escalations and encounters."""

from typing import Final

from hotline_services.monitor.history import History
from hotline_services.monitor.rows import CallRow, EscalationRow
from hotline_services.monitor.wording import printable, words
from hotline_services.monitor.worldrows import EncounterRow

from .model import Mark

MARKS_AT_MOST: Final = 10_000


def marks(history: History) -> list[Mark]:
    """All of them by time, or the newest where there are very many."""
    found = sorted([*_calls(history), *_escalations(history), *_encounters(history)], key=lambda mark: mark.at)
    return found[-MARKS_AT_MOST:]


def _calls(history: History) -> list[Mark]:
    return [
        Mark(
            at=row.rang_at,
            kind="call",
            id=row.key,
            title=f"{row.caller.upper()} → {row.callee.upper()}",
            what=row.outcome.value if row.outcome else "",
            end=row.ended_at,
        )
        for row in history.rows(CallRow)
        if row.rang_at
    ]


def _escalations(history: History) -> list[Mark]:
    return [
        Mark(
            at=row.at,
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
            at=row.at,
            kind="encounter",
            id=row.key,
            title=printable(f"{row.one} and {row.other}"),
            what=row.grade.value if row.grade else "",
        )
        for row in history.rows(EncounterRow)
        if row.at
    ]
