"""What is said on the line between two parties: calls, negotiations, and the ledger's bookkeeping."""

from functools import lru_cache
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from .airspace import Position
from .flightplan import FlightKind, Priority
from .injection import Advice, SightingKind
from .ledger import Entry, Head
from .menu import Choice, Menu
from .message import END, AwareTime, Digest, Identifier, Message, PartyName, digest_of
from .signature import CHARS
from .words import Ranked, Word

CallId = Identifier
NegotiationId = Identifier


class Tier(Ranked):
    """Who speaks. A negotiation that fails goes up one tier, and fails for good at the last."""

    DUTY_OFFICER = "duty-officer"
    DEPUTY_COMMANDER = "deputy-commander"
    COMMANDER = "commander"
    CHIEFS = "chiefs"


class Reason(Ranked):
    """Why a call is made, most urgent first."""

    EMERGENCY = "emergency"
    INCIDENT = "incident"
    PROTEST = "protest"
    SHORT_NOTICE = "short-notice"
    LINE_CHECK = "line-check"
    ROUTINE = "routine"
    LINE_REVIEW = "line-review"
    ADVICE = "advice"

    @property
    def urgency(self) -> int:
        """0 is the most urgent."""
        return self.rank


class CallOutcome(Word):
    """How a ring ended. One that is answered is a *call*, one that is not an *attempt*: counted once, by who rang."""

    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    DROPPED = "dropped"


class ToPeer(Message, frozen=True, kw_only=True, tag=False):
    """Said by one party to another; delivered until the other has it."""

    to: PartyName


class OnCall(ToPeer, frozen=True, kw_only=True, tag=False):
    """Said during a call."""

    call_id: CallId


class Ring(OnCall, frozen=True, kw_only=True, tag="ring"):
    """The phone rings; ``about`` names the negotiations or events to be talked over."""

    reason: Reason
    tier: Tier
    about: tuple[Identifier, ...] = ()


class Answer(OnCall, frozen=True, kw_only=True, tag="answer"):
    """The call is taken."""


class Busy(OnCall, frozen=True, kw_only=True, tag="busy"):
    """Another call is in progress; ring again later."""


class HangUp(OnCall, frozen=True, kw_only=True, tag="hang-up"):
    """The call is over, or the caller has stopped ringing."""

    outcome: CallOutcome


class LineCheck(OnCall, frozen=True, kw_only=True, tag="line-check"):
    """At an agreed time: what I hold the agreement, the ledger and your last message to be."""

    agreement: Digest
    heads: dict[PartyName, Head]
    heard_seq: Annotated[int, Meta(ge=0)] = 0


class LineChecked(OnCall, frozen=True, kw_only=True, tag="line-checked"):
    """The answer to a line check, with the answering side's own readings."""

    agreement: Digest
    heads: dict[PartyName, Head]
    heard_seq: Annotated[int, Meta(ge=0)] = 0


class Protest(OnCall, frozen=True, kw_only=True, tag="protest"):
    """We have seen this and object. ``operator`` is the partner of yours who flew, where it was one, and
    ``callsign`` what it called itself, where that was heard."""

    kind: SightingKind
    at: Position
    seen_at: AwareTime
    statement: Annotated[str, Meta(max_length=500)] = ""
    operator: PartyName | None = None
    callsign: Annotated[str, Meta(max_length=16)] = ""


class Advise(OnCall, frozen=True, kw_only=True, tag="advise"):
    """For your information, or with a request: no air is asked for."""

    advice: Advice


class ReadBack(OnCall, frozen=True, kw_only=True, tag="read-back"):
    """I understand the place of what you say (``cause``) to be this."""

    at: Position


class Affirm(OnCall, frozen=True, kw_only=True, tag="affirm"):
    """The answer to a read-back: the place is this. It corrects what was misheard, if the error is noticed."""

    at: Position


class Noted(OnCall, frozen=True, kw_only=True, tag="noted"):
    """The protest or the advice has been understood; ``cause`` names it."""


class Mail(ToPeer, frozen=True, kw_only=True, tag="mail"):
    """The slow second channel: read when an officer gets to it. ``about`` names what it would have been said about.

    With ``protests`` it is a protest against this, seen at that place and time, and no advice; ``operator`` and
    ``callsign`` are then as in a :class:`Protest`.
    """

    about: Identifier
    advice: Advice
    protests: SightingKind | None = None
    operator: PartyName | None = None
    callsign: Annotated[str, Meta(max_length=16)] = ""


class MailRead(ToPeer, frozen=True, kw_only=True, tag="mail-read"):
    """Somebody has read the mail that ``cause`` names."""

    about: Identifier


@lru_cache(maxsize=256)
def offer_digest(negotiation_id: str, call_id: str, menu_digest: str, choice: Choice) -> str:
    """Names one exact offer: this choice, of this menu, in this negotiation, in this call.

    The call is in it so that what is late from a call that was dropped cannot be taken for the same offer
    made again in the next one.
    """
    return digest_of((negotiation_id, call_id, menu_digest, choice))


class InNegotiation(OnCall, frozen=True, kw_only=True, tag=False):
    """Part of a negotiation, said during a call."""

    negotiation_id: NegotiationId


class Propose(InNegotiation, frozen=True, kw_only=True, tag="propose"):
    """The side that wants to fly opens: this is what could be done, and this is what we would like."""

    menu: Menu
    choice: Choice
    offer: Digest
    kind: FlightKind
    priority: Priority
    round: Annotated[int, Meta(ge=1)]
    expires_at: AwareTime


class Counter(InNegotiation, frozen=True, kw_only=True, tag="counter"):
    """Not that (``answers``), but this. It lapses at ``expires_at`` of the sender's clock."""

    answers: Digest
    choice: Choice
    offer: Digest
    round: Annotated[int, Meta(ge=1)]
    expires_at: AwareTime


class Concur(InNegotiation, frozen=True, kw_only=True, tag="concur"):
    """Agreed to exactly this offer. From the granting side it is a hold until ``hold_until``."""

    offer: Digest
    hold_until: AwareTime


class Decline(InNegotiation, frozen=True, kw_only=True, tag="decline"):
    """No offer in reach is acceptable at this tier; ``answers`` is the one last heard."""

    answers: Digest
    reason: Annotated[str, Meta(max_length=200)] = ""


class Withdraw(InNegotiation, frozen=True, kw_only=True, tag="withdraw"):
    """The side that wanted to fly no longer does."""

    reason: Annotated[str, Meta(max_length=200)] = ""


class Expire(InNegotiation, frozen=True, kw_only=True, tag="expire"):
    """The offer was not answered in time; the negotiation is over at this tier."""

    offer: Digest


class Disclose(InNegotiation, frozen=True, kw_only=True, tag="disclose"):
    """At an upper tier: what each outcome of the menu is worth to us, 0 to 1, walking away included."""

    worth: tuple[Annotated[float, Meta(ge=-1, le=1)], ...]
    walk_away: Annotated[float, Meta(ge=0, le=1)]


Seal = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_-]{{{CHARS}}}{END}")]
"""A signature in base64url without padding."""


class Confirm(ToPeer, frozen=True, kw_only=True, tag="confirm"):
    """The side that asked takes up the hold: enter it."""

    negotiation_id: NegotiationId
    offer: Digest


class Entered(ToPeer, frozen=True, kw_only=True, tag="entered"):
    """The granter has written this into its chain; from now on it is agreed.

    ``seal`` is the granter's own signature of the entry, where it has a key: see ``hotline_protocol.seal``.
    """

    entry: Entry
    seal: Seal | msgspec.UnsetType = msgspec.UNSET


class Lapsed(ToPeer, frozen=True, kw_only=True, tag="lapsed"):
    """The hold was gone when it was taken up: nothing is agreed."""

    negotiation_id: NegotiationId
    offer: Digest


class Release(ToPeer, frozen=True, kw_only=True, tag="release"):
    """The user gives an agreed volume back."""

    agreement_id: Identifier
    reason: Annotated[str, Meta(max_length=200)] = ""


class Reconcile(ToPeer, frozen=True, kw_only=True, tag="reconcile"):
    """After a break: this is how far I have come in both chains; send me what I lack.

    With ``lost`` the sender has lost state: it is also to be sent what the receiver holds of the sender's own chain,
    and to be told in any case, by a reconcile, how far the receiver has come.
    """

    agreement: Digest
    heads: dict[PartyName, Head]
    lost: bool | msgspec.UnsetType = msgspec.UNSET


ENTRIES_BYTES: Final = 120_000
"""Bytes of entries in one message at most: hosted brokers take packets of 128 KiB, some of them no more."""


class Entries(ToPeer, frozen=True, kw_only=True, tag="entries"):
    """The tail of the sender's own chain that the other side lacked; or of the other's, where that has lost it.

    ``seal`` is that of the last entry, by its granter: made by the sender, or kept by it for the granter.
    """

    entries: tuple[Entry, ...]
    seal: Seal | msgspec.UnsetType = msgspec.UNSET


class TraceOffer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the line should run: how far each of its ``control`` points is moved, in nautical miles.

    Positive is to the left of the line as it is drawn. ``base`` is the digest of the line that is moved.
    """

    base: Digest
    control: Annotated[tuple[Position, ...], Meta(min_length=2, max_length=64)]
    offsets_nm: Annotated[tuple[float, ...], Meta(min_length=2, max_length=64)]


def trace_digest(review_id: str, call_id: str, trace: TraceOffer) -> str:
    """Names one exact offer of a line review: this trace, in this review, in this call."""
    return digest_of((review_id, call_id, trace))


class InReview(OnCall, frozen=True, kw_only=True, tag=False):
    """Part of a line review, said during a call."""

    review_id: Identifier


class ProposeTrace(InReview, frozen=True, kw_only=True, tag="propose-trace"):
    """The side that calls the review opens."""

    trace: TraceOffer
    offer: Digest
    round: Annotated[int, Meta(ge=1)]
    expires_at: AwareTime


class CounterTrace(InReview, frozen=True, kw_only=True, tag="counter-trace"):
    """Not that (``answers``), but this."""

    answers: Digest
    trace: TraceOffer
    offer: Digest
    round: Annotated[int, Meta(ge=1)]
    expires_at: AwareTime


class ConcurTrace(InReview, frozen=True, kw_only=True, tag="concur-trace"):
    """Agreed to exactly this trace."""

    offer: Digest


class DeclineTrace(InReview, frozen=True, kw_only=True, tag="decline-trace"):
    """The line stays where it is."""

    answers: Digest
    reason: Annotated[str, Meta(max_length=200)] = ""


class Amend(ToPeer, frozen=True, kw_only=True, tag="amend"):
    """The line runs so from ``effective_at`` on. Said by the side that called the review, once both have concurred;
    delivered until the other has it."""

    review_id: Identifier
    offer: Digest
    trace: Annotated[tuple[Position, ...], Meta(min_length=2, max_length=500)]
    effective_at: AwareTime


TraceMessage = ProposeTrace | CounterTrace | ConcurTrace | DeclineTrace
ReviewMessage = TraceMessage | Amend
NegotiationMessage = Propose | Counter | Concur | Decline | Withdraw | Expire | Disclose
CallMessage = Ring | Answer | Busy | HangUp | LineCheck | LineChecked | Protest | Advise | ReadBack | Affirm | Noted
OnCallMessage = CallMessage | NegotiationMessage | TraceMessage
MailMessage = Mail | MailRead
LedgerMessage = Confirm | Entered | Lapsed | Release | Reconcile | Entries
LineMessage = CallMessage | MailMessage | ReviewMessage | NegotiationMessage | LedgerMessage
