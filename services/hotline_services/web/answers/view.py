"""What a page is shown before anybody asks for more: how much of which table, in one place."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import OVER
from hotline_protocol.sky import Track
from hotline_services.monitor.history import LINES_KEPT, History, LogRow
from hotline_services.monitor.latestrows import AirborneRow, OfficerRow, TraceRow, airborne_key
from hotline_services.monitor.offers import OfferRow
from hotline_services.monitor.projection import presentable
from hotline_services.monitor.rows import (
    AgreementRow,
    AnnouncementRow,
    CallRow,
    EscalationRow,
    LedgerRow,
    LineRow,
    NegotiationRow,
    PlanRow,
    RejectedRow,
    Row,
    ServiceRow,
)
from hotline_services.monitor.worldrows import CrossingRow, EncounterRow, ReviewRow, StrainRow

from .schema import Changes, ClockReading, Picture, Rows

LOG_LINES: Final = LINES_KEPT
LOG_HELD: Final = 600
PLANS_SHOWN: Final = 600
PLAN_LINGERS: Final = timedelta(hours=1)
FLIGHT_LINGERS: Final = timedelta(minutes=5)
CHANGES_AT_MOST: Final = 5_000

Choice = Callable[[list[Any], datetime], list[Any]]


class Keep(NamedTuple):
    """How much of one table is shown: what ``always`` chooses whatever its age, and the last of the others.

    ``held`` is how many rows a page that stays open keeps; 0: all of them.
    """

    kind: type[Row]
    last: int = 0
    always: Choice = lambda _rows, _now: []
    at_most: int | None = None
    held: int = 0

    def of(self, rows: list[Row], now: datetime) -> list[Row]:
        """What is shown of these rows, which are in the order of time."""
        chosen = {row.key for row in self.always(rows, now)}
        others = [row for row in rows if row.key not in chosen]
        chosen.update(row.key for row in others[max(len(others) - self.last, 0) :])
        kept = [row for row in rows if row.key in chosen]
        return kept if self.at_most is None else kept[-self.at_most :]


def _those(is_current: Callable[[Any, datetime], bool]) -> Choice:
    return lambda rows, now: [row for row in rows if is_current(row, now)]


def _ends(volumes: Iterable[Volume4D]) -> datetime | None:
    return max((volume.end for volume in volumes), default=None)


def is_current_plan(row: PlanRow, now: datetime) -> bool:
    """Whether this plan may still be flown, or could be until a moment ago."""
    end = _ends(row.volumes)
    over_since = row.at if row.state in OVER else end
    return over_since is None or over_since + PLAN_LINGERS > now


def is_in_sight(row: AirborneRow, now: datetime) -> bool:
    """In the air, or down for a moment."""
    return row.ended_at is None or row.ended_at + FLIGHT_LINGERS > now


def _latest_of_each_pair(rows: list[StrainRow], _now: datetime) -> list[StrainRow]:
    return list({(row.party, row.peer): row for row in rows}.values())


_ALL: Final[Choice] = _those(lambda _row, _now: True)

LIMITS: Final[tuple[Keep, ...]] = (
    Keep(CallRow, 200, held=400),
    Keep(NegotiationRow, 100, _those(lambda row, _now: row.ended_at is None), held=300),
    Keep(AgreementRow, 50, _those(AgreementRow.is_in_force), held=300),
    Keep(PlanRow, 0, _those(is_current_plan), at_most=PLANS_SHOWN, held=900),
    Keep(OfferRow, 20, _those(lambda row, _now: not row.closed), held=100),
    Keep(EscalationRow, 100, held=300),
    Keep(RejectedRow, 50, held=100),
    Keep(CrossingRow, 100, held=300),
    Keep(EncounterRow, 100, held=300),
    Keep(StrainRow, 200, _latest_of_each_pair, held=600),
    Keep(ReviewRow, 20),
    Keep(AirborneRow, 0, _those(is_in_sight), held=3_000),
    Keep(AnnouncementRow, 0, _ALL),
    Keep(LineRow, 0, _ALL),
    Keep(LedgerRow, 0, _ALL),
    Keep(ServiceRow, 0, _ALL),
    Keep(TraceRow, 0, _ALL),
    Keep(OfficerRow, 0, _ALL),
)
SHOWN: Final[frozenset[type[Row]]] = frozenset({*(keep.kind for keep in LIMITS), LogRow})


_KEEP: Final = {keep.kind: keep for keep in LIMITS}


def thin(history: History, kind: type[Row]) -> None:
    """Let go of the rows of this kind that have not changed since the horizon and that no picture shows any more."""
    keep, now = _KEEP.get(kind), history.time_of(history.horizon)
    chosen = partial(keep._replace(at_most=None).of, now=now) if keep and now else lambda _rows: ()
    history.thin(kind, chosen)


def rows_shown(history: History, n: int, now: datetime) -> Rows:
    """The rows of every table after message ``n``, when it is ``now``."""
    rows: Rows = {keep.kind.table: keep.of(history.rows(keep.kind, n), now) for keep in LIMITS}
    return rows | {LogRow.table: history.log(n)[-LOG_LINES:]}


def picture(
    history: History, source: str, n: int | None = None, now: datetime | None = None, clock: ClockReading | None = None
) -> Picture:
    """How things stood after message ``n``, by default the last, when it was ``now``, by default that message's time.

    A clock is shown with the last message only: there is none in the past.
    """
    n = history.nearest(n)
    at = history.time_of(n)
    rows = rows_shown(history, n, now or at or datetime.min.replace(tzinfo=UTC)) if at else {}
    return Picture(source=source, n=n, at=at, rows=rows, clock=clock if n == history.last else None)


def changes(history: History, after: int, until: int | None = None) -> Changes:
    """The rows that messages after ``after`` have changed, up to ``until``, by default the last.

    There is a reset instead when ``after`` is of another record, comes after ``until``, or is too long ago to tell it
    change by change, or to be known.
    """
    n = history.nearest(until)
    if not history.horizon <= after <= n or history.change_count(after, n) > CHANGES_AT_MOST:
        return Changes(after=after, n=n, at=history.time_of(n), rows={}, reset=True)
    tables: dict[str, list[Row]] = {}
    for row in history.changed(after, n):
        if type(row) in SHOWN:
            tables.setdefault(row.table, []).append(row)
    rows: Rows = {table: presentable(changed) for table, changed in tables.items()}
    return Changes(after=after, n=n, at=history.time_of(n), rows={table: some for table, some in rows.items() if some})


def has_path(history: History, track: Track) -> bool:
    """Whether it is known where this aircraft will be."""
    row = history.row(AirborneRow, airborne_key(track))
    return row is not None and bool(row.path) and row.ended_at is None
