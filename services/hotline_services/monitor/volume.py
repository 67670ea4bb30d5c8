"""The traffic of the line in figures: how many calls, how long they took to set up and lasted, and its load.

A *call* is a ring that was answered, from then on; one that was busy, or that nobody answered, is an *attempt* once it
has ended. Both are counted by the side that rang, and belong to the hour or day in which it rang. Times and load are of
what has ended. *Waiting* is from queued to rang, *set-up* from rang to answered, *hold* from answered to hung up.
*Load* is in Erlang: the seconds for which the line was taken (set-up and hold of every ring, answered or not) by the
seconds of the period. It is the load carried; rings that found the line busy are not in it.
"""

import enum
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeVar

import msgspec

from hotline_protocol.line import CallOutcome

from .rows import CallRow, Row, utc

R = TypeVar("R", bound=Row)

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
LEAST_HOURS: Final = 23.5
"""A day, to the hour. What is counted in less says nothing of a day: not every hour has as many calls."""


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A time in seconds over ``count`` calls; percentiles are nearest-rank. All zero when there were none."""

    mean_s: float = 0.0
    p50_s: float = 0.0
    p90_s: float = 0.0
    max_s: float = 0.0
    count: int = 0

    @property
    def is_known(self) -> bool:
        """Whether there was a call to measure; earlier versions wrote no ``count``."""
        return bool(self.count or self.max_s)


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """The calls and attempts of one group over ``hours``; of less than a day nothing is said a day.

    ``completed``, ``busy``, ``no_answer`` and ``dropped`` are how the rings of both kinds ended. Of the calls,
    ``in_progress`` have not ended; ``ringing`` are rings of which it is open what they will be.
    """

    group: str
    hours: float
    calls: int
    attempts: int
    completed: int
    busy: int
    no_answer: int
    dropped: int
    in_progress: int = 0
    ringing: int = 0
    calls_per_day: float | None
    erlang: float
    waiting: Spread
    set_up: Spread
    hold: Spread


class Grouping(enum.Enum):
    """By what calls are counted."""

    TOTAL = "total"
    HOUR = "hour"
    DAY = "day"
    PARTY = "party"
    LINE = "line"
    REASON = "reason"
    TIER = "tier"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """From when until when was watched."""

    start: datetime
    end: datetime

    def hours_of(self, start: datetime, length: timedelta) -> float:
        """How many hours of [start, start + length) were watched."""
        watched = min(self.end - start, length) - max(self.start - start, timedelta())
        return max(watched, timedelta()) / HOUR


def spread(seconds: Iterable[float]) -> Spread:
    """Mean, median, 90th percentile and greatest of these."""
    values = sorted(seconds)
    if not values:
        return Spread()
    return Spread(
        mean_s=math.fsum(values) / len(values),
        p50_s=_nearest_rank(values, 0.5),
        p90_s=_nearest_rank(values, 0.9),
        max_s=values[-1],
        count=len(values),
    )


def _nearest_rank(values: Sequence[float], share: float) -> float:
    return values[math.ceil(share * len(values)) - 1]


def line_of(one: str, other: str) -> str:
    """The line between these two, whoever rings."""
    return "-".join(sorted((one, other)))


def taken_s(call: CallRow) -> float:
    """For how many seconds this ring held the line, and the call that came of it."""
    return 0.0 if call.outcome is CallOutcome.BUSY else (call.set_up_s or 0.0) + (call.hold_s or 0.0)


def call_volume(calls: Iterable[CallRow], period: Period, by: Grouping) -> list[Traffic]:
    """The rings of the period, in groups in the order of their names (hours and days: of time)."""
    groups: dict[str, list[CallRow]] = defaultdict(list)
    for call in calls:
        if call.rang_at and period.start <= call.rang_at <= period.end:
            groups[_GROUPS[by](call)].append(call)
    return [traffic(group, groups[group], _hours(group, period, by)) for group in sorted(groups)]


def _hours(group: str, period: Period, by: Grouping) -> float:
    match by:
        case Grouping.HOUR:
            return period.hours_of(datetime.fromisoformat(group), HOUR)
        case Grouping.DAY:
            return period.hours_of(datetime.fromisoformat(group).replace(tzinfo=UTC), DAY)
        case _:
            return (period.end - period.start) / HOUR


def _rang_at(call: CallRow) -> datetime:
    assert call.rang_at is not None  # noqa: S101  # call_volume counts no others
    return utc(call.rang_at)


_GROUPS: Final[dict[Grouping, Callable[[CallRow], str]]] = {
    Grouping.TOTAL: lambda _: "all",
    Grouping.HOUR: lambda call: f"{_rang_at(call).date()}T{_rang_at(call):%H:00Z}",
    Grouping.DAY: lambda call: str(_rang_at(call).date()),
    Grouping.PARTY: lambda call: call.caller,
    Grouping.LINE: lambda call: line_of(call.caller, call.callee),
    Grouping.REASON: lambda call: call.reason.value if call.reason else "unknown",
    Grouping.TIER: lambda call: call.tier.value if call.tier else "unknown",
}


def traffic(group: str, rings: Sequence[CallRow], hours: float) -> Traffic:
    """The figures of these rings over so many hours; the load is 0 over no time at all."""
    outcomes = Counter(ring.outcome for ring in rings)
    calls = [ring for ring in rings if ring.is_call]
    ended = [ring for ring in rings if ring.ended_at]
    return Traffic(
        group=group,
        hours=hours,
        calls=len(calls),
        attempts=sum(not ring.is_call for ring in ended),
        in_progress=sum(not call.ended_at for call in calls),
        ringing=sum(not (ring.ended_at or ring.is_call) for ring in rings),
        completed=outcomes[CallOutcome.COMPLETED],
        busy=outcomes[CallOutcome.BUSY],
        no_answer=outcomes[CallOutcome.NO_ANSWER],
        dropped=outcomes[CallOutcome.DROPPED],
        calls_per_day=len(calls) * 24 / hours if hours >= LEAST_HOURS else None,
        erlang=math.fsum(map(taken_s, ended)) / (hours * 3_600) if hours else 0.0,
        waiting=spread(ring.waiting_s for ring in ended if ring.waiting_s is not None),
        set_up=spread(call.set_up_s for call in calls if call.ended_at and call.set_up_s is not None),
        hold=spread(call.hold_s for call in calls if call.ended_at and call.hold_s is not None),
    )


class Tables(Protocol):
    """Where rows can be read: a projection in memory, a record, a recording."""

    def rows(self, kind: type[R]) -> list[R]: ...
