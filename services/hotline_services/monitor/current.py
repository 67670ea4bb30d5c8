"""What metrics show of how things stand, rather than of what has happened: states, levels, and what is in force."""

import enum
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, Protocol

from hotline_protocol.events import ActualState, Stage
from hotline_protocol.injection import AnnouncedState
from hotline_protocol.service import Presence

from .history import History
from .rows import AgreementRow, CallRow, Row
from .standing import Standing, standing
from .tally import Labels, Share
from .volume import Period, line_of, taken_s
from .worldrows import StrainRow

DAY: Final = timedelta(days=1)


class Reading(Protocol):
    """What the clock of a live run shows: without it the newest message tells the time."""

    @property
    def simulated(self) -> datetime: ...

    @property
    def speed(self) -> float: ...


class Current:
    """Keeps of changed rows what may still matter: the newest strain, agreements that are not over, calls of a day."""

    def __init__(self) -> None:
        self._strain: Final[dict[tuple[str, str], StrainRow]] = {}
        self._agreements: Final[dict[str, AgreementRow]] = {}
        self._pairs: Final[set[tuple[str, str]]] = set()
        self._calls: Final[dict[str, CallRow]] = {}
        self._lines: Final[set[str]] = set()

    def fold(self, rows: Iterable[Row]) -> None:
        """Take these rows as they are now."""
        for row in rows:
            match row:
                case StrainRow():
                    self._note_strain(row)
                case AgreementRow() if row.entered_at:
                    self._agreements[row.key] = row
                    self._pairs.add((row.granter, row.user))
                case CallRow() if row.caller:
                    self._calls[row.key] = row
                    self._lines.add(line_of(row.caller, row.callee))

    def _note_strain(self, row: StrainRow) -> None:
        """Steps may come out of order: the last one taken counts."""
        known = self._strain.get((row.party, row.peer))
        if known is None or known.at is None or (row.at is not None and row.at >= known.at):
            self._strain[row.party, row.peer] = row

    def shares(self, history: History, clock: Reading | None) -> Iterator[Share]:
        """How things stand in this history, of which every change has been folded."""
        period = history.period
        yield from _standing(standing(history, period.end if period else None))
        yield from self._strained()
        if clock is not None:
            yield Share("hotline_clock_speed_ratio", (), clock.speed)
            period = period and Period(start=period.start, end=max(period.end, clock.simulated))
        if period is not None:
            yield Share("hotline_simulated_timestamp_seconds", (), period.end.timestamp())
            yield from self._in_force(period.end)
            yield from self._load(period)

    def _strained(self) -> Iterator[Share]:
        for (party, peer), row in self._strain.items():
            yield Share("hotline_strain_level", (party, peer, row.model), row.after)
            yield from _states("hotline_strain_stage", (party, peer), Stage, row.stage)

    def _in_force(self, now: datetime) -> Iterator[Share]:
        for key in [key for key, row in self._agreements.items() if not row.is_in_force(now)]:
            del self._agreements[key]
        counts = Counter((row.granter, row.user) for row in self._agreements.values())
        for pair in self._pairs:
            yield Share("hotline_agreements_in_force", pair, counts[pair])

    def _load(self, period: Period) -> Iterator[Share]:
        """The seconds for which the line was taken, by those of the last day, or of what there is of it."""
        since = max(period.start, period.end - DAY)
        for key in [key for key, call in self._calls.items() if call.ended_at and call.ended_at < since]:
            del self._calls[key]
        watched_s = (period.end - since).total_seconds()
        taken: dict[str, list[float]] = {line: [] for line in self._lines}
        for call in self._calls.values():
            taken[line_of(call.caller, call.callee)].append(taken_s(call))
        for line, seconds in taken.items():
            yield Share("hotline_line_load_erlang", (line,), math.fsum(seconds) / watched_s if watched_s else 0.0)


def _standing(stand: Standing) -> Iterator[Share]:
    for announced in stand.announced:
        yield from _states("hotline_line_announced", (announced.party,), AnnouncedState, announced.state)
    for line in stand.lines:
        yield from _states("hotline_line_actual", (line.party, line.peer), ActualState, line.state)
    for chain in stand.ledgers:
        yield Share("hotline_ledger_entries", (chain.granter, chain.user), chain.granted.length)
        yield Share("hotline_ledger_agrees", (chain.granter, chain.user), chain.agrees)
    for service in stand.services:
        name = (service.key,)
        yield Share("hotline_service_up", name, service.presence is Presence.UP)
        yield Share("hotline_service_lag_seconds", name, service.lag_ms / 1_000)
        yield Share("hotline_service_inbox_messages", name, service.inbox)
        yield Share("hotline_service_outbox_messages", name, service.outbox)
        yield Share("hotline_service_restarts_total", name, service.restarts)


def _states(name: str, labels: Labels, kinds: type[enum.Enum], state: enum.Enum | None) -> Iterator[Share]:
    for kind in kinds:
        yield Share(name, (*labels, str(kind.value)), kind is state)
