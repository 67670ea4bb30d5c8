"""Plays a scenario: tells each side at its time what it is to fly, what it sees and what it declares.

Nothing here says what the sides make of it: calls come of what they are told, not of the script.
"""

import copy
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, assert_never

import msgspec

from hotline_protocol.epochs import go_on
from hotline_protocol.events import DeadLettered, InputRejected
from hotline_protocol.flightplan import Problem
from hotline_protocol.forms import Form, fingerprint
from hotline_protocol.injection import (
    Advice,
    AnnounceLine,
    CancelPlan,
    DeclareEmergency,
    Deviate,
    FlyUnannounced,
    Injected,
    PassAdvice,
    ReportSighting,
    SubmitPlan,
)
from hotline_protocol.message import Author, Message
from hotline_protocol.names import DIRECTOR, SKY
from hotline_protocol.service import EpochBegun, Unreadable
from hotline_protocol.slices import Slice, read, write
from hotline_services.simulation.network import Crash, Faults, NetworkModel, Outage, Partition

from .script import (
    AddressedEvent,
    AdvicePassed,
    Announcement,
    BrokerOutage,
    Cancellation,
    Deviation,
    Emergency,
    LinkPartition,
    Scenario,
    ServiceCrash,
    Sighting,
    Submission,
    UnannouncedFlight,
)
from .traffic import Sortie, sorties


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the director says at a time: a kind of message, and all its fields but the envelope."""

    at: datetime
    kind: type[Injected]
    fields: dict[str, Any]


def expand(scenario: Scenario, seed: int, days: int | None = None) -> tuple[Act, ...]:
    """Everything that is told to the sides in this many days, in order. The same for the same seed."""
    days = days or scenario.days
    scripted = (_act(event, scenario) for event in scenario.happening if isinstance(event, AddressedEvent))
    told = (sortie for sortie in sorties(scenario, seed, days) if sortie.announced or scenario.sky is not None)
    routine = map(_routine, told)
    acts = [act for act in scripted if act.at < scenario.end(days)]
    return tuple(sorted([*acts, *routine], key=lambda act: act.at))


def _routine(sortie: Sortie) -> Act:
    """Told to its side or, where that is not told of it, to the sky alone."""
    if sortie.announced:
        return Act(at=sortie.filed, kind=SubmitPlan, fields={"to": sortie.party, "plan": sortie.plan})
    return Act(at=sortie.filed, kind=FlyUnannounced, fields={"to": SKY, "plan": sortie.plan, "side": sortie.party})


def _act(event: AddressedEvent, scenario: Scenario) -> Act:
    local = event.at.after(scenario.start)
    at = local.astimezone(UTC)
    match event:
        case Submission():
            plan = event.plan.plan(local, scenario.places)
            return Act(at=at, kind=SubmitPlan, fields={"to": event.to, "plan": plan})
        case Cancellation():
            return Act(at=at, kind=CancelPlan, fields={"to": event.to, "plan_id": event.plan_id})
        case Emergency():
            return Act(at=at, kind=DeclareEmergency, fields={"to": event.to, "plan_id": event.plan_id})
        case Sighting():
            where = event.where.position(scenario.places)
            seen = {"kind": event.kind, "by": event.by, "at": where, "seen_at": at, "detail": event.detail}
            return Act(at=at, kind=ReportSighting, fields={"to": event.to, **seen})
        case Announcement():
            said = {"state": event.state, "statement": event.statement}
            return Act(at=at, kind=AnnounceLine, fields={"to": event.to, **said})
        case AdvicePassed():
            advice = Advice(
                kind=event.kind,
                at=event.where.position(scenario.places),
                radius_nm=event.radius_nm,
                start=at + event.ahead.written,
                end=at + event.ahead.written + event.lasts.written,
                statement=event.statement,
            )
            return Act(at=at, kind=PassAdvice, fields={"to": event.to, "peer": event.peer, "advice": advice})
        case UnannouncedFlight():
            plan = event.plan.plan(local, scenario.places)
            return Act(at=at, kind=FlyUnannounced, fields={"to": SKY, "plan": plan, "side": event.side})
        case Deviation():
            return Act(at=at, kind=Deviate, fields={"to": SKY, **_deviation(event, scenario)})
        case _:
            assert_never(event)


def _deviation(event: Deviation, scenario: Scenario) -> dict[str, Any]:
    return {
        "side": event.side,
        "plan_id": event.plan_id,
        "kind": event.kind,
        "minutes": event.delay.written / timedelta(minutes=1),
        "offset_nm": event.offset_nm,
        "at": event.where.position(scenario.places) if event.where else None,
    }


def troubles(scenario: Scenario, network: NetworkModel) -> tuple[NetworkModel, Faults]:
    """What goes wrong in a simulated run of it: this network with the scenario's outages, and the crashes."""
    outages, partitions, crashes = list(network.outages), list(network.partitions), []
    for event in scenario.happening:
        start = event.at.after(scenario.start).astimezone(UTC)
        match event:
            case BrokerOutage(minutes=minutes):
                outages.append(Outage(start=start, end=start + timedelta(minutes=minutes)))
            case LinkPartition(between=between, minutes=minutes):
                partitions.append(Partition(between=between, start=start, end=start + timedelta(minutes=minutes)))
            case ServiceCrash(party=party, minutes=minutes):
                crashes.append(Crash(party=party, at=start, down_s=minutes * 60))
            case Submission() | Cancellation() | Emergency() | Sighting():
                pass
            case Announcement() | AdvicePassed() | UnannouncedFlight() | Deviation():
                pass
    torn = msgspec.structs.replace(network, outages=tuple(outages), partitions=tuple(partitions))
    return torn, Faults(crashes=tuple(crashes))


class Played(Slice):
    """How far the director has come: the number of the act that is next."""

    author: Author
    act: int = 0


class Director:
    """The core of the director: says each act when its time has come, once, in order. ``state`` is all that changes."""

    def __init__(self, acts: Sequence[Act], epoch: str = "0") -> None:
        self._acts: Final = acts
        self.state = Played(Author(DIRECTOR, epoch))

    @property
    def next_deadline(self) -> datetime | None:
        """When the next act is due."""
        return self._acts[self.state.act].at if self.state.act < len(self._acts) else None

    def clone(self) -> "Director":
        """An equal director that shares nothing that changes."""
        twin = copy.copy(self)
        twin.state = self.state.copy()
        return twin

    def forms(self) -> Sequence[Form]:
        """How far it has come."""
        return [Form(self.state)]

    def fingerprint(self, since: datetime | None = None) -> bytes:
        """A digest of the state."""
        return fingerprint(self.forms(), since)

    def save(self) -> bytes:
        """The state, written down."""
        return write(self.state)

    def load(self, saved: bytes) -> None:
        """Go on from a state that was saved."""
        self.state = read(saved, Played)

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        """Answers what cannot be read; nothing else that is said changes what it says.

        Where its own state was lost it says again, in another epoch, what it no longer knows that it has said.
        """
        match message:
            case Unreadable():
                return [self._answer(message, now)]
            case EpochBegun():
                return go_on(self.state.author, message, now)
            case _:
                return []

    def lapse(self, now: datetime) -> Sequence[Message]:
        """Every act that is due by now."""
        said: list[Message] = []
        while self.next_deadline is not None and self.next_deadline <= now:
            act = self._acts[self.state.act]
            said.append(self.state.author.say(act.kind, now, **act.fields))
            self.state.act += 1
        return said

    def _answer(self, message: Unreadable, now: datetime) -> Message:
        """Bad input is nobody's cue, but it does not pass in silence."""
        what = {"topic": message.topic, "evidence": message.evidence, "cause": message.id}
        if message.code == "dead-letter":
            return self.state.author.say(DeadLettered, now, error=message.reason, **what)
        problem = Problem(code=message.code, field=message.field, reason=message.reason)
        return self.state.author.say(InputRejected, now, problem=problem, sender="", **what)
