"""What the monitor knows, as rows of tables. Every field has a default, so that a row can begin with any message.

A row's fields say only what messages have said of it so far: an empty string or None is *not yet heard*.
"""

from datetime import UTC, datetime
from typing import ClassVar

import msgspec

from hotline_protocol.airspace import Volume4D
from hotline_protocol.events import ActualState, EscalationKind, NegotiationOutcome
from hotline_protocol.flightplan import FlightKind, PlanState, Priority
from hotline_protocol.injection import AnnouncedState
from hotline_protocol.ledger import Head
from hotline_protocol.line import CallOutcome, Reason, Tier
from hotline_protocol.service import Presence


def utc(at: datetime) -> datetime:
    """This time in UTC. A message may claim the first or last hours of the calendar: those stay where they are."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return at.replace(tzinfo=UTC)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table ``table``, told apart by ``key`` and placed in time by its field ``when``."""

    table: ClassVar[str]
    when: ClassVar[str] = "at"

    key: str


class CallRow(Row, frozen=True, kw_only=True):
    """One ring: a call if it was answered, an attempt if it ended without.

    ``counted_by`` is the message that closed it for good, said by the side that rang.
    """

    table: ClassVar[str] = "calls"
    when: ClassVar[str] = "rang_at"

    caller: str = ""
    callee: str = ""
    reason: Reason | None = None
    tier: Tier | None = None
    about: tuple[str, ...] = ()
    queued_at: datetime | None = None
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: CallOutcome | None = None
    waiting_s: float | None = None
    set_up_s: float | None = None
    hold_s: float | None = None
    counted_by: str = ""

    @property
    def is_call(self) -> bool:
        """Whether it was answered."""
        return self.answered_at is not None


class NegotiationRow(Row, frozen=True, kw_only=True):
    """A negotiation through all its calls and tiers. ``said`` is the type of what was last said in it."""

    table: ClassVar[str] = "negotiations"
    when: ClassVar[str] = "began_at"

    asker: str = ""
    responder: str = ""
    plan_id: str = ""
    kind: FlightKind | None = None
    priority: Priority | None = None
    tier: Tier = Tier.DUTY_OFFICER
    rounds: int = 0
    calls: tuple[str, ...] = ()
    said: str = ""
    said_at: datetime | None = None
    said_seq: int = 0
    began_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: NegotiationOutcome | None = None
    sector: str = ""
    block: str = ""
    shift_min: int = 0
    ended_by: str = ""


class AgreementRow(Row, frozen=True, kw_only=True):
    """A grant in the granter's chain, and its release. ``entry_hash`` is the grant's."""

    table: ClassVar[str] = "agreements"
    when: ClassVar[str] = "entered_at"

    agreement_id: str = ""
    granter: str = ""
    user: str = ""
    priority: Priority | None = None
    entry: int = 0
    entry_hash: str = ""
    entered_at: datetime | None = None
    released_at: datetime | None = None
    volumes: tuple[Volume4D, ...] = ()

    def is_in_force(self, now: datetime) -> bool:
        """Whether what was granted may still be flown in: it is neither released nor past."""
        return self.released_at is None and any(volume.end > now for volume in self.volumes)


class LedgerRow(Row, frozen=True, kw_only=True):
    """How far one side has come in its two chains with a peer: heads by granter."""

    table: ClassVar[str] = "ledgers"

    party: str = ""
    peer: str = ""
    heads: dict[str, Head] = {}
    at: datetime | None = None
    seq: int = 0


class PlanRow(Row, frozen=True, kw_only=True):
    """A plan as its side last spoke of it, through all its versions: ``version`` is the one in force.

    ``amendment`` is the last one that was spoken of beside it: where it is higher, it is being negotiated or has been
    refused. The same id with other contents (``digest``) that is no version of the plan is another row.
    """

    table: ClassVar[str] = "plans"

    party: str = ""
    plan_id: str = ""
    digest: str = ""
    callsign: str = ""
    state: PlanState | None = None
    as_filed: bool = True
    code: str = ""
    field: str = ""
    reason: str = ""
    negotiation_id: str = ""
    volumes: tuple[Volume4D, ...] = ()
    first_at: datetime | None = None
    at: datetime | None = None
    seq: int = 0
    version: int = 1
    amendment: int = 0
    amendment_state: PlanState | None = None
    amendment_reason: str = ""
    amendment_at: datetime | None = None
    amendment_seq: int = 0


class PlanStepRow(Row, frozen=True, kw_only=True):
    """One change of one plan; together they are its history."""

    table: ClassVar[str] = "plan_steps"

    party: str = ""
    plan_id: str = ""
    digest: str = ""
    at: datetime | None = None
    seq: int = 0
    state: PlanState | None = None
    as_filed: bool = True
    code: str = ""
    reason: str = ""
    version: int = 1


class EscalationRow(Row, frozen=True, kw_only=True):
    """One step up, as ``party`` saw it; ``cause`` is the message that it answers."""

    table: ClassVar[str] = "escalations"

    at: datetime | None = None
    kind: EscalationKind | None = None
    party: str = ""
    peer: str = ""
    about: str = ""
    tier: Tier | None = None
    detail: str = ""
    cause: str = ""


class RejectedRow(Row, frozen=True, kw_only=True):
    """An input that ``party`` could not use, said to be from ``sender``."""

    table: ClassVar[str] = "rejected"

    at: datetime | None = None
    party: str = ""
    sender: str = ""
    topic: str = ""
    code: str = ""
    field: str = ""
    reason: str = ""
    evidence: str = ""


class AnnouncementRow(Row, frozen=True, kw_only=True):
    """What a side says in public about the line."""

    table: ClassVar[str] = "announcements"

    party: str = ""
    state: AnnouncedState = AnnouncedState.OPEN
    statement: str = ""
    at: datetime | None = None
    seq: int = 0


class LineRow(Row, frozen=True, kw_only=True):
    """What the line to a peer does in fact, as ``party`` finds it."""

    table: ClassVar[str] = "lines"

    party: str = ""
    peer: str = ""
    state: ActualState = ActualState.UNTRIED
    at: datetime | None = None
    seq: int = 0


class ServiceRow(Row, frozen=True, kw_only=True):
    """A service's last word on its health. ``session`` is one life of its process."""

    table: ClassVar[str] = "services"

    presence: Presence | None = None
    session: str = ""
    at: datetime | None = None
    lag_ms: float = 0.0
    inbox: int = 0
    outbox: int = 0
    restarts: int = 0
    note: str = ""


ROWS: tuple[type[Row], ...] = (
    CallRow,
    NegotiationRow,
    AgreementRow,
    LedgerRow,
    PlanRow,
    PlanStepRow,
    EscalationRow,
    RejectedRow,
    AnnouncementRow,
    LineRow,
    ServiceRow,
)
