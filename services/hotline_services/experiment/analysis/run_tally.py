"""Counts what was said in a run. To be quick, what matters is put aside, and all reckoning is done at the end.

What the figures mean is said in :mod:`.outcomes`.
"""

import enum
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import starmap
from math import ceil
from typing import Any, Final, TypeVar, get_args

import msgspec

from hotline_protocol.events import (
    ActivityStopped,
    CallEnded,
    DeadLettered,
    Escalated,
    InputRejected,
    LineAnnounced,
    Misheard,
    NegotiationEnded,
    PlanStatus,
    PresenceChanged,
    ReviewEnded,
    StrainChanged,
)
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import AnnouncedState
from hotline_protocol.ledger import EntryKind
from hotline_protocol.line import Entered, Mail, MailRead, Tier
from hotline_protocol.message import Message
from hotline_protocol.sky import CLOSE, Encountered, FlightFlown, Flyer, LineCrossed, ZoneEntered
from hotline_services.monitor.folds import with_call_ended
from hotline_services.monitor.rows import CallRow
from hotline_services.monitor.volume import spread, traffic

from .levels import absent_hours, tension
from .outcomes import (
    LEAST_CONFORMING_SHARE,
    LONGEST_EXCURSION_S,
    Calls,
    Crossings,
    Encounters,
    Flights,
    Outcomes,
    People,
)

M = TypeVar("M", bound=Message)

Counted = (
    CallEnded | NegotiationEnded | Escalated | PlanStatus | Entered | InputRejected | DeadLettered | LineAnnounced
    | PresenceChanged | Misheard | ActivityStopped | StrainChanged | ReviewEnded | Mail | MailRead
    | FlightFlown | LineCrossed | ZoneEntered | Encountered
)  # fmt: skip
DAY: Final = timedelta(days=1)


class Tally:
    """Everything of one run that its outcomes are reckoned from."""

    def __init__(self) -> None:
        self._said: Final[dict[type[Message], list[Any]]] = {kind: [] for kind in get_args(Counted)}
        self._keep: Final[dict[type[Message], Callable[[Message], None]]] = {
            kind: said.append for kind, said in self._said.items()
        }

    def take(self, message: Message, at: datetime | None = None) -> None:  # noqa: ARG002  a listener of a simulation
        """Take this message into account, if it is of a kind that counts."""
        keep = self._keep.get(type(message))
        if keep is not None:
            keep(message)

    def outcomes(self, start: datetime, days: float) -> Outcomes:
        """What the messages so far come to, in a run of so many days. The same however often each came."""
        by_day, end = _ByDay(start, days), start + timedelta(days=days)
        escalated, reviews = self._all(Escalated), self._all(ReviewEnded)
        entries = {(said.entry.granter, said.entry.index): said.entry.kind for said in self._all(Entered)}
        return Outcomes(
            days=days,
            calls=_calls(self._all(CallEnded), days, by_day),
            negotiations=_counts(each.outcome for each in self._all(NegotiationEnded)),
            escalations=_counts(each.kind for each in escalated),
            escalations_by_day=by_day(each.time for each in escalated),
            plans=_counts(_newest(self._all(PlanStatus)).values()),
            agreements=sum(kind is EntryKind.GRANTED for kind in entries.values()),
            released=sum(kind is EntryKind.RELEASED for kind in entries.values()),
            rejected=_counts(
                [
                    *(each.problem.code for each in self._all(InputRejected)),
                    *("dead-letter" for _ in self._all(DeadLettered)),
                ]
            ),
            flights=_flights(self._all(FlightFlown)),
            crossings=_crossings(self._all(LineCrossed), self._all(ZoneEntered), by_day),
            encounters=_encounters(self._all(Encountered), by_day),
            tension=tension(self._all(StrainChanged), start, end),
            people=self._people(start, end),
            reviews=len(reviews),
            reviews_agreed=sum(each.agreed for each in reviews),
            suspensions_announced=sum(each.state is AnnouncedState.SUSPENDED for each in self._all(LineAnnounced)),
        )

    def _people(self, start: datetime, end: datetime) -> People:
        duty = [each for each in self._all(PresenceChanged) if each.tier is Tier.DUTY_OFFICER]
        misheard, stopped = self._all(Misheard), self._all(ActivityStopped)
        return People(
            absent_h=absent_hours(duty, start, end),
            misheard=len(misheard),
            misheard_uncaught=sum(not each.caught for each in misheard),
            mails=len(self._all(Mail)),
            mails_read=len(self._all(MailRead)),
            stops=len(stopped),
            stopped=spread((each.time - each.understood_at).total_seconds() for each in stopped),
        )

    def _all(self, kind: type[M]) -> list[M]:
        """Every message of this kind, once, in order of time."""
        said = {message.id: message for message in self._said[kind]}
        return sorted(said.values(), key=lambda message: (message.time, message.source, message.seq))


class _ByDay:
    """Counts by the day of the run: the first 24 hours are the first day, whatever the clock shows."""

    def __init__(self, start: datetime, days: float) -> None:
        self._start = start
        self._days = ceil(days)

    def __call__(self, times: Iterable[datetime]) -> tuple[int, ...]:
        counts = Counter((at - self._start) // DAY for at in times)
        return tuple(counts[day] for day in range(self._days))


def _calls(ended: Sequence[CallEnded], days: float, by_day: _ByDay) -> Calls:
    rows = list(starmap(with_call_ended, ((CallRow(key=each.call_id), each) for each in ended)))
    line = traffic("all", rows, days * 24)
    calls = [each for each in ended if each.is_call]
    return Calls(
        total=line.calls,
        attempts=line.attempts,
        by_day=by_day(each.rang_at for each in calls),
        by_party=_counts(each.source for each in calls),
        by_reason=_counts(each.reason for each in calls),
        by_tier=_counts(each.tier for each in calls),
        by_outcome=_counts(each.outcome for each in ended),
        erlang=line.erlang,
        waiting=line.waiting,
        set_up=line.set_up,
        hold=line.hold,
    )


def _flights(flown: Sequence[FlightFlown]) -> Flights:
    shares = [each.conforming_share for each in flown]
    return Flights(
        total=len(flown),
        by_side=_counts(_who(each.flyer) for each in flown),
        by_operator=_counts(each.flyer.operator for each in flown),
        unannounced=sum(not each.flyer.announced for each in flown),
        deviations=_counts(each.deviation for each in flown if each.deviation),
        conforming_share=math.fsum(shares) / len(shares) if shares else None,
        conforming=sum(
            each.conforming_share >= LEAST_CONFORMING_SHARE and each.longest_excursion_s <= LONGEST_EXCURSION_S
            for each in flown
        ),
    )


def _crossings(crossed: Sequence[LineCrossed], entered: Sequence[ZoneEntered], by_day: _ByDay) -> Crossings:
    outbound = [each for each in crossed if each.outbound]
    return Crossings(
        both_ways=_counts(_who(each.flyer) for each in crossed),
        outbound=_counts(_who(each.flyer) for each in outbound),
        unagreed=_counts(_who(each.flyer) for each in outbound if not each.conforming),
        outbound_by_day=by_day(each.time for each in outbound),
        zone_entries=_counts(_who(each.flyer) for each in entered),
        zone_entries_unagreed=_counts(_who(each.flyer) for each in entered if not each.conforming),
    )


def _encounters(met: Sequence[Encountered], by_day: _ByDay) -> Encounters:
    close = [each for each in met if each.grade in CLOSE]
    return Encounters(
        by_grade=_counts(each.grade for each in met),
        close_calls=len(close),
        between_parties=sum(_is_between_parties(each) for each in close),
        close_calls_by_day=by_day(each.time for each in close),
        nearest_nm=min((each.horizontal_nm for each in met), default=None),
    )


def _newest(said: Sequence[PlanStatus]) -> Mapping[Any, PlanState]:
    """The state of each plan as its side spoke of it last."""
    newest: dict[Any, PlanState] = {}
    for each in said:  # which are in order of time
        if each.amends is msgspec.UNSET:
            newest[each.source, each.plan_id, each.plan] = each.state
        elif each.in_force is msgspec.UNSET:
            newest[each.source, each.plan_id, each.amends] = each.state
    return newest


def _who(flyer: Flyer) -> str:
    """The side that answers for it; where nobody does, whose aircraft it is."""
    return flyer.side or flyer.operator


def _is_between_parties(met: Encountered) -> bool:
    return None not in (met.one.side, met.other.side) and met.one.side != met.other.side


def _counts(names: Iterable[enum.Enum | str]) -> dict[str, int]:
    """How often each name occurs, in the order of the names."""
    counted = Counter(str(name.value) if isinstance(name, enum.Enum) else name for name in names)
    return dict(sorted(counted.items()))
