"""Events inside a centre: what one part tells the others. Which part hears what is one table: :mod:`.dispatch`.

An event that is told is heard at once, before whoever tells it goes on, unless it has a ``RANK``: then it waits until
the message or the lapse that began the turn has been dealt with. Events that wait are heard by rank, those of one rank
in the order in which they were told, until there are none. What is said in a turn is in that order.
"""

from datetime import datetime
from typing import ClassVar, Final, Generic, TypeVar

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Position, Volume4D
from hotline_protocol.events import EscalationKind
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.injection import Advice, PassAdvice, ReportSighting, SightingKind
from hotline_protocol.ledger import Entry
from hotline_protocol.line import CallOutcome, Confirm, OnCall, Propose, Reason, Release, Ring, Tier
from hotline_protocol.message import Message

from .calls import Call, Item
from .filed import Filed
from .strain.felt import Felt
from .uses import Use

AT_ONCE: Final = 0

Words = TypeVar("Words", bound=OnCall)


class Internal(msgspec.Struct, frozen=True):
    """What every event inside a centre has."""

    RANK: ClassVar[int] = AT_ONCE


# Heard at once ------------------------------------------------------------------------------------------------


class BadInput(Internal, frozen=True):
    """This message cannot be used: ``fault`` is "field: reason"."""

    message: Message
    code: str
    fault: str


class PeerUp(Internal, frozen=True):
    """A peer has joined the network, perhaps again."""

    peer: str


class PeerDown(Internal, frozen=True):
    """A peer has left the network."""

    peer: str


class RingPickedUp(Internal, frozen=True):
    """The officer picks up a call that rings: after so many seconds, or at once where that is ordered (None)."""

    call: Call
    ring: Ring
    in_s: float | None


class CallGaveWay(Internal, frozen=True):
    """Our attempt gave way to an attempt of the other side that has precedence."""

    call: Call


class CallAnswered(Internal, frozen=True):
    """Somebody took the call."""

    call: Call


class CallCompleted(Internal, frozen=True):
    """All has been said, and whoever rang has hung up."""

    call: Call


class CallLost(Internal, frozen=True):
    """The call was dropped, with what it was about under way."""

    call: Call


class RingFailed(Internal, frozen=True):
    """Nobody took the call."""

    call: Call
    outcome: CallOutcome


class ItemTaken(Internal, frozen=True):
    """It is the turn of this item in a call: whoever has something to say about it begins, and answers True."""

    item: Item
    call: Call


class WordsUnderstood(Internal, Generic[Words], frozen=True):
    """Something said during a call, when it has been thought about."""

    message: Words
    call: Call


class ItemQueued(Internal, frozen=True):
    """This is to be talked over as soon as the line and its turn allow; ``at_once``: in a call that is up, too."""

    item: Item
    at_once: bool = False


class ItemDropped(Internal, frozen=True):
    """What has this reference need not be talked over any more."""

    ref: str


class ItemDone(Internal, frozen=True):
    """What a call is about now has been dealt with, if it has this reference."""

    ref: str


class VersionFiled(Internal, frozen=True):
    """A plan of our own side, or another version of it, has been filed."""

    plan: FlightPlan


class FlightLanded(Internal, frozen=True):
    """A flight is over before its plan."""

    filed: Filed


class ConsentNeeded(Internal, frozen=True):
    """A version of a plan is to have the consent of the next peer that has not been asked."""

    filed: Filed


class FlightDistressed(Internal, frozen=True):
    """A flight in distress uses the air that it needs, and asks for consent at the same time."""

    filed: Filed


class StopAsked(Internal, frozen=True):
    """A peer's request to stop has reached our flights: those of these plans."""

    peer: str
    understood_at: datetime
    plan_ids: tuple[str, ...]


class ProtestDue(Internal, frozen=True):
    """We protest against what has been seen; ``at_once``: in a call that is up, too."""

    sighting: ReportSighting
    reason: Reason
    at_once: bool = False


class AdviceDue(Internal, frozen=True):
    """Advice is to be passed on; ``at_once``: in a call that is up, too."""

    order: PassAdvice
    at_once: bool = False


class ConsentAsked(Internal, frozen=True):
    """A peer has opened a negotiation, at this tier."""

    propose: Propose
    tier: Tier


class ConfirmDue(Internal, frozen=True):
    """A peer takes up what we hold, and our chain with it is whole."""

    confirm: Confirm


class ReleaseDue(Internal, frozen=True):
    """A peer gives back what we have granted, and our chain with it is whole."""

    release: Release


class EntryCopied(Internal, frozen=True):
    """A new line in a peer's chain: a grant to us, or our own release come back."""

    entry: Entry


class EntryRestored(Internal, frozen=True):
    """An entry of our own that we had lost, and a peer has kept for us."""

    entry: Entry


class ChainAwaited(Internal, frozen=True):
    """A peer speaks again: it is to say how far it has come before we enter anything in our chain with it."""

    peer: str


class ChainGivenUp(Internal, frozen=True):
    """A peer speaks, but has not said in time how far it has come: we go on without."""

    peer: str


class AirReserved(Internal, frozen=True):
    """Air is planned, held or granted: it is used so from now on, in place of what stood under this reference."""

    use: Use
    volumes: tuple[Volume4D, ...]


class AirReleased(Internal, frozen=True):
    """What stood under this reference, if anything, uses no air any more, though its time is not over."""

    ref: str


class GrantExpired(Internal, frozen=True):
    """The time of a grant of ours that began ``since`` is over."""

    use: Use
    since: datetime


class EscalationNoted(Internal, frozen=True):
    """An escalation towards a peer: its subject (``about``), the tier that met it, and its place, if it has one."""

    kind: EscalationKind
    peer: str
    about: str
    detail: str = ""
    tier: Tier | None = None
    at: Position | None = None


class RelationFelt(Internal, frozen=True):
    """Something strains or eases the relation with a peer; ``at`` is where it was, if anywhere."""

    felt: Felt
    peer: str
    at: Position | None = None


class VisitEnded(Internal, frozen=True):
    """A flight of ours that began ``since``, with the consent of this peer, is over."""

    peer: str
    since: datetime


class ProtestUnderstood(Internal, frozen=True, kw_only=True):
    """What a peer protests against, said or written; ``about`` names the call or the affair."""

    peer: str
    about: str
    kind: SightingKind
    at: Position
    seen_at: datetime
    statement: str
    operator: str | None
    callsign: str


class LineRedrawn(Internal, frozen=True):
    """The line runs from now on as this agreement has it."""

    agreement: Agreement


class ChainsLookedAt(Internal, frozen=True):
    """The message or the lapse has been dealt with: what was postponed until a chain is whole can perhaps be done."""


class LinesFree(Internal, frozen=True):
    """Nothing waits to be heard any more: a line that is free can be used."""


# Heard when the message or the lapse has been dealt with ----------------------------------------------------


class GaveWay(Internal, frozen=True):
    """The air that stood under this reference has had to give way, ``to`` whom if it is not our own flight."""

    RANK: ClassVar[int] = 1
    ref: str
    to: str


class NegotiationStepped(Internal, frozen=True):
    """A negotiation has come further, or has begun: who asks, and its id."""

    RANK: ClassVar[int] = 2
    asks: str
    negotiation_id: str


class NegotiationGoesOn(Internal, frozen=True):
    """A negotiation in which we ask has come further, and is not over."""

    RANK: ClassVar[int] = 3
    negotiation_id: str


class CallsLookedAt(Internal, frozen=True):
    """A call may be about a negotiation that needs it no more."""

    RANK: ClassVar[int] = 4


class NegotiationWaits(Internal, frozen=True):
    """A negotiation in which we ask may wait for another call."""

    RANK: ClassVar[int] = 5
    negotiation_id: str


class ChainGrew(Internal, frozen=True):
    """Something has been entered in our chain with this peer."""

    RANK: ClassVar[int] = 6
    peer: str


class ChainDoubted(Internal, frozen=True):
    """A peer may have entered for us what we have given up since."""

    RANK: ClassVar[int] = 7
    peer: str


class WarningDue(Internal, frozen=True):
    """Strain has us warn a peer."""

    RANK: ClassVar[int] = 8
    peer: str
    warning: Advice
