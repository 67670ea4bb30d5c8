"""Rows counted as they change: what each row adds to which metric, and the sums of it.

When a row changes, what it added to a gauge is taken away before what it adds now is put in. So a scrape costs what
has changed since the one before, however long the run is. What it added to a counter or a histogram stays: Prometheus
reads one that falls as begun anew, and would count everything in it once more.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from hotline_protocol.line import CallOutcome
from hotline_protocol.topics import TOPICS

from .measures import MEASURE, MEASURES
from .rows import AgreementRow, CallRow, EscalationRow, NegotiationRow, PlanRow, RejectedRow, Row
from .volume import line_of, taken_s
from .worldrows import CrossingRow, EncounterRow, FlightRow, ReviewRow

OTHER: Final = "other"
SERIES_AT_MOST: Final = 500
"""Of one metric: a peer can put any text into a message, and each label costs a time series."""

Labels = tuple[str, ...]


class Share(NamedTuple):
    """What a row adds to a metric: an amount, or the value observed where that is a histogram.

    An amount of 0 says that there could have been some: a series that begins at 0 can be seen to rise.
    """

    name: str
    labels: Labels
    value: float = 1.0


class Distribution:
    """The values observed, counted by bucket."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds: Final = bounds
        self._counts: Final = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Observe this once."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def cumulative(self) -> Iterator[tuple[str, int]]:
        """How many values are at most each bound; the last, ``+Inf``, counts all."""
        so_far = 0
        for bound, count in zip((*map(str, map(float, self._bounds)), "+Inf"), self._counts, strict=True):
            so_far += count
            yield bound, so_far


class Tally:
    """Sums and distributions by metric and labels."""

    def __init__(self) -> None:
        self.sums: Final[dict[str, dict[Labels, float]]] = {m.name: {} for m in MEASURES if not m.bounds}
        self.distributions: Final[dict[str, dict[Labels, Distribution]]] = {m.name: {} for m in MEASURES if m.bounds}
        self._shares: Final[dict[tuple[type[Row], str], dict[str, Share]]] = {}

    def fold(self, rows: Iterable[Row]) -> None:
        """Count these rows as they are now."""
        for row in rows:
            shares_of = _SHARES.get(type(row))
            if shares_of is None:
                continue
            known = self._shares.setdefault((type(row), row.key), {})
            for share in shares_of(row):
                before = known.get(share.name)
                if before is None or not _stays(before):
                    known[share.name] = self._add(share, before)

    def _add(self, share: Share, instead_of: Share | None) -> Share:
        """What was added: under other labels where there are too many of them."""
        name, labels, value = share
        sums, distributions = self.sums.get(name, {}), self.distributions.get(name, {})
        if labels not in sums and labels not in distributions and len(sums) + len(distributions) >= SERIES_AT_MOST:
            labels = (OTHER,) * len(labels)
        if instead_of is not None:
            sums[instead_of.labels] -= instead_of.value
        if name in self.sums:
            sums[labels] = sums.get(labels, 0.0) + value
        else:
            distributions.setdefault(labels, Distribution(MEASURE[name].bounds)).add(value)
        return share._replace(labels=labels)


def _stays(share: Share) -> bool:
    """Whether it has been counted, and so cannot be taken back."""
    kind = MEASURE[share.name].kind
    return kind == "histogram" or (kind == "counter" and share.value > 0)


@lru_cache(maxsize=1_000)
def template_of(topic: str) -> str:
    """The template of the topic of this name."""
    return next((known.template for known in TOPICS if known.match(topic) is not None), OTHER)


def _word(member: Any) -> str:
    return "unknown" if member is None else str(member.value)


def _truth(*, true: bool) -> str:
    return "true" if true else "false"


def _call(row: CallRow) -> Iterator[Share]:
    if not row.caller:
        return
    line, reason = line_of(row.caller, row.callee), _word(row.reason)
    yield Share("hotline_calls_in_progress", (line,), row.ended_at is None)
    if not row.counted_by:  # as overheard it is not final
        return
    labels = (row.caller, row.callee, reason, _word(row.tier))
    if row.is_call:
        yield Share("hotline_calls_total", (*labels, _word(row.outcome)))
        yield Share("hotline_call_attempts_total", (*labels, CallOutcome.NO_ANSWER.value), 0.0)
    else:
        yield Share("hotline_call_attempts_total", (*labels, _word(row.outcome)))
    yield Share("hotline_line_taken_seconds_total", (line,), taken_s(row))
    if row.waiting_s is not None:
        yield Share("hotline_call_waiting_seconds", (row.caller, reason), row.waiting_s)
    if row.answered_at and row.set_up_s is not None and row.hold_s is not None:
        yield Share("hotline_call_setup_seconds", (row.caller, reason), row.set_up_s)
        yield Share("hotline_call_hold_seconds", (row.caller, reason), row.hold_s)


def _negotiation(row: NegotiationRow) -> Iterator[Share]:
    if not row.asker:
        return
    yield Share("hotline_negotiations_open", (row.asker, row.responder), row.ended_at is None)
    if not row.ended_by:
        return
    yield Share("hotline_negotiations_total", (row.asker, row.responder, _word(row.outcome), _word(row.tier)))
    yield Share("hotline_negotiation_rounds", (row.asker,), row.rounds)


def _agreement(row: AgreementRow) -> Iterator[Share]:
    if row.entered_at is None:
        return
    yield Share("hotline_agreements_granted_total", (row.granter, row.user))
    yield Share("hotline_agreements_released_total", (row.granter, row.user), row.released_at is not None)


def _plan(row: PlanRow) -> Iterator[Share]:
    yield Share("hotline_plans", (row.party, _word(row.state)))


def _escalation(row: EscalationRow) -> Iterator[Share]:
    yield Share("hotline_escalations_total", (row.party, row.peer, _word(row.kind)))


def _review(row: ReviewRow) -> Iterator[Share]:
    yield Share("hotline_line_reviews_total", (row.party, row.peer, _truth(true=row.agreed)))


def _flight(row: FlightRow) -> Iterator[Share]:
    yield Share("hotline_flights_total", (row.side or row.operator, _truth(true=row.announced)))


def _crossing(row: CrossingRow) -> Iterator[Share]:
    labels = (row.side or row.operator, row.what, _truth(true=row.conforming))
    yield Share("hotline_crossings_total", labels)


def _encounter(row: EncounterRow) -> Iterator[Share]:
    yield Share("hotline_encounters_total", (line_of(row.one_side, row.other_side), _word(row.grade)))


def _rejected(row: RejectedRow) -> Iterator[Share]:
    yield Share("hotline_rejected_inputs_total", (row.party, row.code, template_of(row.topic)))


_SHARES: Final[dict[type[Row], Callable[[Any], Iterator[Share]]]] = {
    CallRow: _call,
    NegotiationRow: _negotiation,
    AgreementRow: _agreement,
    PlanRow: _plan,
    EscalationRow: _escalation,
    ReviewRow: _review,
    FlightRow: _flight,
    CrossingRow: _crossing,
    EncounterRow: _encounter,
    RejectedRow: _rejected,
}
