"""Figures of one source: its calls in groups, how strained its sides were, how things stand."""

from datetime import datetime
from typing import Final, TypeVar

from hotline_services.monitor.history import History
from hotline_services.monitor.rows import CallRow, RejectedRow, Row
from hotline_services.monitor.standing import Standing, standing
from hotline_services.monitor.volume import Grouping, Period, Traffic, call_volume
from hotline_services.monitor.worldrows import StrainRow

from .schema import StrainPoint

R = TypeVar("R", bound=Row)
POINTS_AT_MOST: Final = 20_000


class _AsOf:
    """The tables after one message."""

    def __init__(self, history: History, n: int) -> None:
        self._history: Final = history
        self._n: Final = n

    def rows(self, kind: type[R]) -> list[R]:
        """The rows of this kind."""
        rows = self._history.rows(kind, self._n)
        return _since_horizon(self._history, rows) if kind is RejectedRow else rows


def _since_horizon(history: History, rows: list[R]) -> list[R]:
    """Those that are to be counted: of what is older, some are kept and others not."""
    start = history.time_of(history.horizon)
    return rows if start is None else [row for row in rows if (at := getattr(row, row.when)) and at >= start]


def volume(history: History, by: Grouping, n: int | None) -> list[Traffic]:
    """The calls up to message ``n``, counted in groups."""
    n = history.nearest(n)
    whole, end = history.period, history.time_of(n)
    if whole is None or end is None:
        return []
    calls = history.rows(CallRow, n)
    return call_volume(calls, Period(start=_first(history, calls, whole.start), end=end), by)


def _first(history: History, calls: list[CallRow], start: datetime) -> datetime:
    """When counting begins: with the first message, or with a ring that was on the line already, if all is known."""
    return start if history.horizon else min([start, *(call.rang_at for call in calls if call.rang_at)])


def tension(history: History, n: int | None) -> list[StrainPoint]:
    """How strained each side was towards the other, change by change; the newest where there are very many."""
    points = [
        StrainPoint(row.at, row.party, row.peer, row.after, row.stage.value if row.stage else "", row.before, row.decay)
        for row in _since_horizon(history, history.rows(StrainRow, n))
        if row.at
    ]
    return points[-POINTS_AT_MOST:]


def standing_at(history: History, n: int | None) -> Standing:
    """Who was up, what the line was said to be and was, after message ``n``."""
    n = history.nearest(n)
    return standing(_AsOf(history, n), history.time_of(n))
