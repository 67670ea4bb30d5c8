"""A person at the desk: how they take the seat of the duty officer and what they order, and what the desk tells them.

A centre decides by itself until somebody takes its desk. From then on it waits for their orders wherever an officer
decides, until they leave or do not renew their lease in time; the bounds of the agreement go on meanwhile.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from .airspace import Position, Volumes
from .flightplan import FlightKind, PlanId, PlanState, Priority
from .injection import Advice, Injected, SightingKind
from .line import CallId, NegotiationId, Reason, Tier
from .menu import Choice, Menu
from .message import AwareTime, Digest, Identifier, Message, PartyName
from .words import Word

SittingId = Identifier
OperatorName = Annotated[str, Meta(min_length=1, max_length=64)]
Said = Annotated[str, Meta(max_length=500)]


class AtDesk(Injected, frozen=True, kw_only=True, tag=False):
    """From whoever holds the desk, or wants to: one ``sitting`` from taking it to leaving it."""

    sitting: SittingId


class TakeDesk(AtDesk, frozen=True, kw_only=True, tag="take-desk"):
    """Let me decide, for ``lease_s`` simulated seconds from now on. Said again in the same sitting it renews the lease,
    and with ``tell`` the desk says once more what is on it."""

    operator: OperatorName
    lease_s: Annotated[float, Meta(ge=1, le=86_400)] = 60.0
    tell: bool = True


class LeaveDesk(AtDesk, frozen=True, kw_only=True, tag="leave-desk"):
    """The automatic officer is to go on."""


class AnswerRing(AtDesk, frozen=True, kw_only=True, tag="answer-ring"):
    """Pick up: take the call that rings."""

    call_id: CallId


class LetRing(AtDesk, frozen=True, kw_only=True, tag="let-ring"):
    """Do not pick up, and do not call back."""

    call_id: CallId


class EndCall(AtDesk, frozen=True, kw_only=True, tag="end-call"):
    """Hang up, or stop ringing. What is not settled waits for another call."""

    call_id: CallId


class AnswersOffer(AtDesk, frozen=True, kw_only=True, tag=False):
    """Answers exactly the offer of this digest, which the other side has made."""

    negotiation_id: NegotiationId
    offer: Digest


class AcceptOffer(AnswersOffer, frozen=True, kw_only=True, tag="accept-offer"):
    """Concur with it."""


class CounterOffer(AnswersOffer, frozen=True, kw_only=True, tag="counter-offer"):
    """Not that, but this of the menu."""

    choice: Choice


class DeclineOffer(AnswersOffer, frozen=True, kw_only=True, tag="decline-offer"):
    """Nothing in reach is acceptable here; the side that asks may go up a tier."""

    reason: Annotated[str, Meta(max_length=200)] = ""


class RaiseTier(AtDesk, frozen=True, kw_only=True, tag="raise-tier"):
    """Have what we ask for talked over one tier above ``tier``, where it is now."""

    negotiation_id: NegotiationId
    tier: Tier


class RingNow(AtDesk, frozen=True, kw_only=True, tag="ring-now"):
    """Ring about what waits to be talked over with ``peer``, though its time has not come."""

    peer: PartyName


class LodgeProtest(AtDesk, frozen=True, kw_only=True, tag="lodge-protest"):
    """Object to this towards ``peer``, however the side would else react."""

    peer: PartyName
    kind: SightingKind
    at: Position
    seen_at: AwareTime
    statement: Said = ""


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a desk."""

    sitting: SittingId
    operator: OperatorName


class CallOnDesk(msgspec.Struct, frozen=True, kw_only=True):
    """The call in progress: ``ours`` if we rang, ``talking`` once it has been answered. It ends at ``until`` unless
    something is heard."""

    call_id: CallId
    peer: PartyName
    ours: bool
    talking: bool
    reason: Reason
    tier: Tier
    until: AwareTime
    about: tuple[Identifier, ...] = ()


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be talked over with ``peer``, not before then: what we want to fly (``plan_id``), or what is to be
    told (``advice``), which with ``protests`` is a protest against this, as in a :class:`~.line.Mail`."""

    ref: Identifier
    peer: PartyName
    reason: Reason
    tier: Tier
    not_before: AwareTime
    plan_id: PlanId | None = None
    advice: Advice | None = None
    protests: SightingKind | None = None


class OwnPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan of one's own side that is not over, and the air that it has or wishes for."""

    plan_id: PlanId
    callsign: str
    state: PlanState
    volumes: Volumes


class DeskTaken(Message, frozen=True, kw_only=True, tag="desk-taken"):
    """Somebody decides at the source's desk until ``until`` at least; and what is on it. ``agreement`` is the digest of
    the memorandum as the source began with it."""

    by: Sitting
    until: AwareTime
    agreement: Digest
    call: CallOnDesk | None = None
    waiting: Annotated[tuple[Waiting, ...], Meta(max_length=100)] = ()
    plans: Annotated[tuple[OwnPlan, ...], Meta(max_length=500)] = ()


class Leaving(Word):
    """How a sitting ended."""

    LEFT = "left"
    LEASE_OVER = "lease-over"


class DeskLeft(Message, frozen=True, kw_only=True, tag="desk-left"):
    """The automatic officer of the source goes on."""

    by: Sitting
    how: Leaving


class Verdict(Word):
    """What can be said to an offer."""

    CONCUR = "concur"
    COUNTER = "counter"
    DECLINE = "decline"


class DecisionAwaited(Message, frozen=True, kw_only=True, tag="decision-awaited"):
    """The source's desk waits for an order about this offer, which lapses at ``expires_at``. Private to its side.

    ``plan_id`` is the flight if it is our own that is talked about. ``worth`` is what each outcome of the menu is worth
    to the source, from 0 to 1, and -1 where its air is not free; below ``walk_away`` no agreement is better. ``meets``
    are the source's own plans that the offer runs into. ``officer`` is what the automatic officer would say, with
    ``officer_choice`` if that is another offer.
    """

    peer: PartyName
    call_id: CallId
    negotiation_id: NegotiationId
    plan_id: PlanId | None = None
    tier: Tier
    kind: FlightKind
    priority: Priority
    menu: Menu
    choice: Choice
    offer: Digest
    round: Annotated[int, Meta(ge=1)]
    expires_at: AwareTime
    worth: tuple[Annotated[float, Meta(ge=-1, le=1)], ...]
    walk_away: Annotated[float, Meta(ge=0, le=1)]
    meets: tuple[PlanId, ...] = ()
    officer: Verdict
    officer_choice: Choice | None = None


DeskOrder = (
    TakeDesk
    | LeaveDesk
    | AnswerRing
    | LetRing
    | EndCall
    | AcceptOffer
    | CounterOffer
    | DeclineOffer
    | RaiseTier
    | RingNow
    | LodgeProtest
)
DeskEvent = DeskTaken | DeskLeft | DecisionAwaited
