"""What must never be, checked over the cores and the log of a simulation. Numbers as in docs/invariants."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Generic, TypeVar

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Volume4D
from hotline_protocol.boundaries import Boundaries
from hotline_protocol.conflicts import in_conflict
from hotline_protocol.events import (
    CallEnded,
    Escalated,
    EscalationKind,
    LineMoved,
    NegotiationEnded,
    PlanStatus,
    ReviewEnded,
)
from hotline_protocol.flightplan import OVER, PlanState, Priority
from hotline_protocol.injection import AdviceKind, Injected, PassAdvice, SubmitPlan
from hotline_protocol.ledger import EntryKind
from hotline_protocol.line import Advise, Mail, Propose, ProposeTrace, Protest, Ring, ToPeer
from hotline_protocol.message import Message
from hotline_services.aoc.amendments import covers
from hotline_services.aoc.centre import Centre

T = TypeVar("T")

Centres = Mapping[str, Centre]
Log = Sequence[tuple[datetime, Message]]

FIRM = frozenset({PlanState.ACCEPTED, PlanState.ACTIVATED})
EXPLAINED = frozenset({PlanState.ACTIVATED, PlanState.NONCONFORMING, PlanState.CONTINGENT})


def double_uses(centres: Centres, agreement: Agreement) -> Iterator[str]:
    """1: no two sides fly in the same air at the same time, if either of them had it agreed.

    A flight in distress, and one that flies without consent, is on record as such and is not looked at.
    """
    for one, other in combinations(centres.values(), 2):
        for mine, my_air, my_agreements in _firm(one):
            for theirs, their_air, their_agreements in _firm(other):
                if (my_agreements or their_agreements) and _overlap(my_air, their_air, agreement):
                    yield f"{one.party}'s {mine} and {other.party}'s {theirs} both hold the same air"


def _firm(centre: Centre) -> Iterator[tuple[str, tuple[Volume4D, ...], bool]]:
    for plan_id, filed in centre.plans.items():
        if filed.state in FIRM and filed.priority is not Priority.EMERGENCY:
            yield plan_id, filed.volumes, bool(filed.agreements)


def _overlap(one: Iterable[Volume4D], other: Sequence[Volume4D], agreement: Agreement) -> bool:
    rule = agreement.boundary_rule
    return any(
        mine.start < theirs.end and theirs.start < mine.end and in_conflict(mine, theirs, rule)
        for mine in one
        for theirs in other
    )


def denials(centres: Centres) -> Iterator[str]:
    """2: what one side relies on, the side that granted it has entered, and for the same air."""
    for centre in centres.values():
        for plan_id, filed in centre.plans.items():
            for agreement_id, granter, volumes in () if filed.state in OVER else filed.agreements:
                if granter not in centres:
                    continue  # a pair of several is looked at
                entry = centres[granter].ledgers[centre.party].granted(granter, agreement_id)
                if entry is None or entry.volumes != volumes:
                    yield f"{centre.party}'s {plan_id} relies on {agreement_id}, which {granter} denies"


def differences(centres: Centres) -> Iterator[str]:
    """2: after a reconcile both sides hold the same two chains."""
    for one, other in combinations(centres.values(), 2):
        mine, theirs = one.ledgers[other.party], other.ledgers[one.party]
        for granter in (one.party, other.party):
            if mine.chain(granter) != theirs.chain(granter) or mine.heads[granter] != theirs.heads[granter]:
                lengths = f"{len(mine.chain(granter))} at {one.party}, {len(theirs.chain(granter))} at {other.party}"
                yield f"the chain of {granter} differs: entries {lengths}"


def disagreements(centres: Centres, log: Log, agreement: Agreement) -> Iterator[str]:
    """2: wherever the line has been moved to, both sides hold it to be there, or it is on record that they do not.

    And it is on record of no two sides that held the same when it was said.
    """
    mismatches = [e for _, e in log if isinstance(e, Escalated) and e.kind is EscalationKind.AGREEMENT_MISMATCH]
    for one, other in combinations(centres.values(), 2):
        if one.agreement != other.agreement and not mismatches:
            yield f"{one.party} holds {one.agreement.digest} agreed, {other.party} {other.agreement.digest}"
    said = {message.id: message for _, message in log}
    for event in mismatches:
        reading = said[event.cause or ""]
        held = _digests(log, event.source, agreement)
        if getattr(reading, "agreement", "") == held.at(reading.time):
            yield f"{event.id} is about what {event.source} held itself when {reading.id} was said"


class History(Generic[T]):
    """What was in force from when on."""

    def __init__(self, first: T) -> None:
        self.all: list[tuple[datetime | None, T]] = [(None, first)]

    def at(self, time: datetime) -> T:
        return [value for since, value in self.all if since is None or since <= time][-1]

    def during(self, start: datetime, end: datetime) -> list[T]:
        return [self.at(start), *(value for since, value in self.all if since is not None and start < since <= end)]


def _digests(log: Log, party: str, agreement: Agreement) -> History[str]:
    held = History(agreement.digest)
    moves = (event for _, event in log if isinstance(event, LineMoved) and event.source == party)
    held.all.extend((move.time, move.agreement) for move in moves)
    return held


def _boundaries(log: Log, party: str, agreement: Agreement) -> History[Boundaries]:
    held = History(Boundaries(agreement))
    moves = (event for _, event in log if isinstance(event, LineMoved) and event.source == party)
    held.all.extend((move.time, Boundaries(agreement.with_trace(move.trace))) for move in moves)
    return held


def unfinished(centres: Centres, log: Log, since: datetime) -> Iterator[str]:
    """3: every call, negotiation and review from before ``since`` has ended, and each was reported once."""
    rung = {message.call_id for at, message in log if isinstance(message, Ring) and at < since}
    ended = Counter(message.call_id for _, message in log if isinstance(message, CallEnded))
    opened = {message.negotiation_id for at, message in log if isinstance(message, Propose) and at < since}
    closed = Counter(message.negotiation_id for _, message in log if isinstance(message, NegotiationEnded))
    proposed = {message.review_id for at, message in log if isinstance(message, ProposeTrace) and at < since}
    reviewed = Counter(message.review_id for _, message in log if isinstance(message, ReviewEnded))
    yield from (f"call {name} ended {ended[name]} times" for name in sorted(rung) if ended[name] != 1)
    yield from (f"negotiation {name} ended {closed[name]} times" for name in sorted(opened) if closed[name] != 1)
    yield from (f"review {name} ended {reviewed[name]} times" for name in sorted(proposed) if reviewed[name] != 1)
    for centre in centres.values():
        yield from (f"{centre.party}: review {name} is open" for name in centre.open_reviews())
        yield from (f"{centre.party}: call {name} is open" for name in centre.open_calls() if name in rung)
        yield from (f"{centre.party}: negotiation {name} is open" for name in centre.open_negotiations())


def losses(centres: Centres, log: Log, heard: Mapping[str, Sequence[str]], since: datetime) -> Iterator[str]:
    """4: what was said to a side before ``since`` was heard there; every plan is known there and has come to an end.

    And nothing was heard twice.
    """
    for party, centre in centres.items():
        times = Counter(heard[party])
        yield from (f"{name} was heard {count} times by {party}" for name, count in times.items() if count > 1)
        for at, message in log:
            if at < since and isinstance(message, ToPeer | Injected) and message.to == party and not times[message.id]:
                yield f"{message.id} was not heard by {party}"
            if isinstance(message, SubmitPlan) and message.to == party:
                filed = centre.plans.get(message.plan.plan_id)
                if filed is None or filed.state not in OVER:
                    yield f"{party}'s plan {message.plan.plan_id} is {filed.state.value if filed else 'lost'}"


def unexplained_flights(centres: Centres, log: Log, agreement: Agreement) -> Iterator[str]:
    """5: a flight that needed consent has it, or there is an incident on record.

    For one in distress it is enough to have asked: its distress is the incident. Where the line was moved after a
    plan had been filed, either line will do.
    """
    boundaries = {party: _boundaries(log, party, agreement) for party in centres}
    submitted = [message for _, message in log if isinstance(message, SubmitPlan)]
    filed = {(message.plan.plan_id, message.plan.digest): message.time for message in submitted}
    first = {message.plan.plan_id: message.time for message in reversed(submitted)}
    crossed, asked = set(), set()
    for _, event in log:
        if isinstance(event, Escalated) and event.kind is EscalationKind.CROSSING_WITHOUT_CONSENT:
            crossed.add((event.source, event.about, event.peer))
        elif isinstance(event, NegotiationEnded):
            asked.add((event.source, event.plan_id, event.responder))
    for _, status in log:
        if isinstance(status, PlanStatus) and status.state in EXPLAINED:
            excused = crossed | asked if status.state is PlanState.CONTINGENT else crossed
            # what an order has made of a plan bears no digest that was submitted
            since = filed.get((status.plan_id, status.plan), first.get(status.plan_id, status.time))
            for peer in without(status, centres, boundaries[status.source].during(since, status.time)):
                if (status.source, status.plan_id, peer) not in excused:
                    yield f"{status.source}'s {status.plan_id} is {status.state.value} without {peer}'s consent"


def without(status: PlanStatus, centres: Centres, lines: Sequence[Boundaries]) -> set[str]:
    """Those whose consent this flight needs by all of these lines, and has not got."""
    return set.intersection(
        *(
            {
                peer
                for volume in status.volumes
                for demand in boundaries.demands(volume, status.source)
                for peer in demand.consent_of
                if not any(covers(each, volume) for each in _granted(centres[peer], status.source))
            }
            for boundaries in lines
        )
    )


def _granted(granter: Centre, user: str) -> set[Volume4D]:
    chain = granter.ledgers[user].chain(granter.party)
    return {volume for entry in chain if entry.kind is EntryKind.GRANTED for volume in entry.volumes}


def untold(centres: Centres, log: Log) -> Iterator[str]:
    """4, among people: what the officers were to tell was understood in the end, and once, by phone or by mail."""
    for _, message in log:
        if isinstance(message, PassAdvice) and message.id in centres[message.to].untold():
            yield f"{message.to} has not told {message.peer} of {message.id}"
    said = {(message.source, message.to, _told(message)) for _, message in log if isinstance(message, Advise | Mail)}
    said |= {(message.source, message.to, _told(message)) for _, message in log if isinstance(message, Protest)}
    times = Counter((speaker, hearer, kind) for speaker, hearer, (kind, *_) in said)
    felt = Counter((event.peer, event.source, event.kind) for _, event in log if isinstance(event, Escalated))
    for speaker, hearer in ((one, other) for one in centres for other in centres if one != other):
        for kind in (EscalationKind.WARNING, EscalationKind.PROTEST):
            if felt[speaker, hearer, kind] > times[speaker, hearer, kind]:
                yield f"{hearer} has on record more of {kind.value} from {speaker} than it was told"


def _told(message: Advise | Mail | Protest) -> tuple[EscalationKind | None, object]:
    """What is told, whether by phone or by mail, and what it goes on record as."""
    if isinstance(message, Protest):
        return EscalationKind.PROTEST, (message.kind, message.at, message.seen_at)
    advice = message.advice
    if isinstance(message, Mail) and message.protests is not None:
        return EscalationKind.PROTEST, (message.protests, advice.at, advice.start)
    return EscalationKind.WARNING if advice.kind is AdviceKind.WARNING else None, advice
