"""What a service tells everybody: past tense, addressed to nobody, recorded by the monitor."""

from typing import Annotated

import msgspec
from msgspec import Meta

from .airspace import MAX_VERTICES, Position, Volumes
from .decay import Decay
from .flightplan import Notes, PlanId, PlanState, Problem, Version
from .injection import AnnouncedState
from .ledger import Head
from .line import CallId, CallOutcome, NegotiationId, Reason, Tier
from .menu import Choice
from .message import AwareTime, Digest, Epoch, Identifier, Message, PartyName
from .orders import DeskEvent
from .sky import SkyEvent
from .words import Ranked, Word

Text = Annotated[str, Meta(max_length=2_000)]


class PlanStatus(Message, frozen=True, kw_only=True, tag="plan-status"):
    """Where a plan stands, said to whoever injected it: each change once.

    ``volumes`` is the air that it has once accepted; ``as_filed`` is false when bargaining moved it. ``version`` is the
    version of which this is said (left out: 1), and ``amends`` the digest of the plan's version 1. ``in_force`` is the
    number of another version that stands, whatever becomes of this one.
    ``notes``, in the answer to a plan, tell what stood in it that is no field: it was not read.
    """

    plan_id: PlanId
    callsign: str
    plan: Digest
    state: PlanState
    problem: Problem | None = None
    negotiation_id: NegotiationId | None = None
    as_filed: bool = True
    volumes: Volumes = ()
    operator: PartyName | None = None
    version: Version | msgspec.UnsetType = msgspec.UNSET
    amends: Digest | msgspec.UnsetType = msgspec.UNSET
    in_force: Version | msgspec.UnsetType = msgspec.UNSET
    notes: Notes | msgspec.UnsetType = msgspec.UNSET

    @property
    def number(self) -> int:
        """The number of the version of which this is said."""
        return 1 if self.version is msgspec.UNSET else self.version


class InputRejected(Message, frozen=True, kw_only=True, tag="input-rejected"):
    """Something arrived that cannot be used; nothing else was disturbed."""

    topic: Text
    problem: Problem
    evidence: Text
    sender: str = ""


class DeadLettered(Message, frozen=True, kw_only=True, tag="dead-lettered"):
    """An input that killed its reader three times was set aside; the rest goes on."""

    topic: Text
    error: Text
    evidence: Text


class StateLost(Message, frozen=True, kw_only=True, tag="state-lost"):
    """The source has lost the end of its journal and goes on in the epoch of this message.

    ``last_seq`` is the last number of ``lost_epoch`` that it still knows. What it said after that stands where others
    hold it.
    """

    lost_epoch: Epoch
    last_seq: Annotated[int, Meta(ge=0)]
    reason: Text


class CallEnded(Message, frozen=True, kw_only=True, tag="call-ended"):
    """One ring, as counted by the side that rang: answered it is a call, else an attempt (``answered_at`` is null).

    Waiting is queued to ring, set-up is ring to answer.
    """

    call_id: CallId
    callee: PartyName
    reason: Reason
    tier: Tier
    outcome: CallOutcome
    queued_at: AwareTime
    rang_at: AwareTime
    answered_at: AwareTime | None
    ended_at: AwareTime
    about: tuple[Identifier, ...] = ()

    @property
    def is_call(self) -> bool:
        """Whether it was answered."""
        return self.answered_at is not None


class NegotiationOutcome(Word):
    """How a negotiation ended, at every tier it went through."""

    AGREED_AS_FILED = "agreed-as-filed"
    AGREED_WITH_CHANGES = "agreed-with-changes"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class NegotiationEnded(Message, frozen=True, kw_only=True, tag="negotiation-ended"):
    """Said once, by the side that asked."""

    negotiation_id: NegotiationId
    plan_id: PlanId
    responder: PartyName
    outcome: NegotiationOutcome
    tier: Tier
    rounds: Annotated[int, Meta(ge=0)]
    began_at: AwareTime
    choice: Choice | None = None
    sector: str = ""
    block: str = ""
    shift_min: int = 0


class EscalationKind(Word):
    """What strained the relation."""

    REFUSED = "refused"
    EXPIRED = "expired"
    LATE_NOTICE = "late-notice"
    CROSSING_WITHOUT_CONSENT = "crossing-without-consent"
    AGREEMENT_MISMATCH = "agreement-mismatch"
    LEDGER_MISMATCH = "ledger-mismatch"
    TIER_RAISED = "tier-raised"
    PREEMPTED = "pre-empted"
    SIGHTING = "sighting"
    PROTEST = "protest"
    LINE_DOWN = "line-down"
    SUSPENSION_ANNOUNCED = "suspension-announced"
    WARNING = "warning"
    PARTNER_UNKNOWN = "partner-unknown"
    THIRD_PARTY = "third-party"


class Escalated(Message, frozen=True, kw_only=True, tag="escalated"):
    """One step up, as the sender sees it; ``cause`` is the message, ``about`` the plan, negotiation or call."""

    kind: EscalationKind
    peer: PartyName
    about: Identifier
    tier: Tier
    detail: Text = ""


class LineAnnounced(Message, frozen=True, kw_only=True, tag="line-announced"):
    """The source has declared the line open or suspended."""

    state: AnnouncedState
    statement: Text = ""


class ActualState(Word):
    """What the line does in fact, as one side finds it."""

    UNTRIED = "untried"
    WORKING = "working"
    SILENT = "silent"


class LineStateChanged(Message, frozen=True, kw_only=True, tag="line-state-changed"):
    """The source's calls began, or ceased, to be answered."""

    peer: PartyName
    state: ActualState


class LedgerChanged(Message, frozen=True, kw_only=True, tag="ledger-changed"):
    """The source's two chains with this peer, after a change."""

    peer: PartyName
    heads: dict[PartyName, Head]


class PresenceChanged(Message, frozen=True, kw_only=True, tag="presence-changed"):
    """The officers of one tier have come to their desk, or have left it."""

    tier: Tier
    present: bool
    reason: Text = ""


class Misheard(Message, frozen=True, kw_only=True, tag="misheard"):
    """Said by the side that heard wrong, which does not know it: the record does.

    ``cause`` is the message; ``error_nm`` how far off the place was taken to be; ``caught`` whether reading back
    showed it. What concerns an offer costs a repetition and is always caught, since offers are named by digest.
    """

    call_id: CallId
    peer: PartyName
    error_nm: float
    caught: bool


class ActivityStopped(Message, frozen=True, kw_only=True, tag="activity-stopped"):
    """On the request of ``peer``, which was understood at ``understood_at``, the source has ended these flights."""

    peer: PartyName
    understood_at: AwareTime
    plan_ids: tuple[PlanId, ...]


class Stage(Ranked):
    """How strained the relation with a peer is, in words that every model of escalation shares."""

    CALM = "calm"
    TENSE = "tense"
    STRAINED = "strained"
    CRISIS = "crisis"


class StrainChanged(Message, frozen=True, kw_only=True, tag="strain-changed"):
    """One step of the source's escalation model towards ``peer``: from which level to which, and how it came about.

    ``because`` names what was felt, ``cause`` the message in which it came, and ``arithmetic`` the sum that was done.
    ``decay`` is how the level falls from here to the next step; older programs do not say it.
    """

    peer: PartyName
    model: Text
    before: float
    after: float
    stage: Stage
    because: Text
    arithmetic: Text
    decay: Decay | msgspec.UnsetType = msgspec.UNSET


class LineMoved(Message, frozen=True, kw_only=True, tag="line-moved"):
    """From now on the source holds the line to run so; ``agreement`` is the digest of what it now holds agreed."""

    review_id: Identifier
    agreement: Digest
    trace: Annotated[tuple[Position, ...], Meta(min_length=2, max_length=MAX_VERTICES)]


class ReviewEnded(Message, frozen=True, kw_only=True, tag="review-ended"):
    """Said by the side that called the review."""

    review_id: Identifier
    peer: PartyName
    agreed: bool
    rounds: Annotated[int, Meta(ge=0)]
    offsets_nm: tuple[float, ...] = ()
    reason: Text = ""


SideEvent = PresenceChanged | Misheard | ActivityStopped | StrainChanged | LineMoved | ReviewEnded

EventMessage = (
    InputRejected
    | DeadLettered
    | StateLost
    | CallEnded
    | NegotiationEnded
    | Escalated
    | LineAnnounced
    | LineStateChanged
    | LedgerChanged
    | SideEvent
    | DeskEvent
    | SkyEvent
)
