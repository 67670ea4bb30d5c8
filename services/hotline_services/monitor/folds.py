"""How each message changes a row. Rows only grow towards what was last said, so the order of arrival is all one.

Each ``with_...`` returns the row itself when the message tells it nothing new.
"""

from datetime import datetime
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from hotline_protocol.events import (
    CallEnded,
    DeadLettered,
    Escalated,
    InputRejected,
    LedgerChanged,
    LineAnnounced,
    LineStateChanged,
    NegotiationEnded,
    PlanStatus,
)
from hotline_protocol.ledger import Entry, EntryKind
from hotline_protocol.line import (
    Answer,
    Busy,
    CallOutcome,
    Confirm,
    Counter,
    HangUp,
    InNegotiation,
    Lapsed,
    Propose,
    Ring,
)
from hotline_protocol.message import Message
from hotline_protocol.service import Health, Presence

from .rows import (
    AgreementRow,
    AnnouncementRow,
    CallRow,
    EscalationRow,
    LedgerRow,
    LineRow,
    NegotiationRow,
    PlanRow,
    PlanStepRow,
    RejectedRow,
    ServiceRow,
)
from .wording import noted


def type_of(message: Message) -> str:
    """The message's ``type`` on the wire."""
    return str(message.__struct_config__.tag)


def _earlier(known: datetime | None, heard: datetime) -> datetime:
    return heard if known is None else min(known, heard)


def _is_newer(row: LedgerRow | PlanRow | AnnouncementRow | LineRow, message: Message) -> bool:
    return row.at is None or (message.time, message.seq) > (row.at, row.seq)


def _is_anothers(key: str, beginner: str, claimant: str) -> bool:
    """Whether what has this id was begun by ``beginner`` and not by ``claimant``: who begins it names it after itself.

    Both say that they have. Of an id that is made in another way nobody can tell.
    """
    return bool(beginner) and key.startswith(f"{beginner}-") and not key.startswith(f"{claimant}-")


def with_call_message(row: CallRow, message: Ring | Answer | Busy | HangUp) -> CallRow:
    """A call in progress, as overheard; a counted call is not touched any more, nor one of others than these two."""
    caller = message.source if isinstance(message, Ring) else message.to
    if isinstance(message, HangUp):
        caller = row.caller if row.caller == message.source else caller
    if _is_anothers(row.key, row.caller, caller):
        return row
    if row.caller and _is_anothers(row.key, caller, row.caller):
        row = CallRow(key=row.key)
    if row.counted_by:
        return row
    match message:
        case Ring():
            row = replace(
                row,
                caller=message.source,
                callee=message.to,
                reason=message.reason,
                tier=message.tier,
                about=message.about,
                rang_at=_earlier(row.rang_at, message.time),
            )
        case Answer():
            at = _earlier(row.answered_at, message.time)
            row = replace(row, caller=message.to, callee=message.source, answered_at=at)
        case Busy():
            row = replace(row, caller=message.to, callee=message.source)
            row = _with_end(row, message.time, CallOutcome.BUSY)
        case HangUp():
            row = _with_end(row, message.time, message.outcome)
    return _timed(row)


def _timed(row: CallRow) -> CallRow:
    """Waiting is from queued to rang, set-up from rang to answered (or given up), hold from answered to ended."""
    up = row.answered_at or row.ended_at
    return replace(
        row,
        waiting_s=_seconds(row.queued_at, row.rang_at),
        set_up_s=_seconds(row.rang_at, up),
        hold_s=_seconds(up, row.ended_at),
    )


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None


def _with_end(row: CallRow, at: datetime, outcome: CallOutcome) -> CallRow:
    if row.ended_at and row.outcome and (row.ended_at, row.outcome.value) <= (at, outcome.value):
        return row
    return replace(row, ended_at=at, outcome=outcome)


def with_call_ended(row: CallRow, message: CallEnded) -> CallRow:
    """The call as its caller counted it."""
    if _is_anothers(row.key, row.caller, message.source):
        return row
    is_claimed = _is_anothers(row.key, message.source, row.caller)
    if row.counted_by and row.counted_by <= message.id and not is_claimed:
        return row
    return _timed(
        CallRow(
            key=message.call_id,
            caller=message.source,
            callee=message.callee,
            reason=message.reason,
            tier=message.tier,
            about=message.about,
            queued_at=message.queued_at,
            rang_at=message.rang_at,
            answered_at=message.answered_at,
            ended_at=message.ended_at,
            outcome=message.outcome,
            counted_by=message.id,
        )
    )


def with_statement(row: NegotiationRow, message: InNegotiation | Confirm | Lapsed) -> NegotiationRow:
    """Something said in the negotiation, by either side."""
    if isinstance(message, Propose):
        if _is_anothers(row.key, row.asker, message.source):
            return row
        if row.asker and _is_anothers(row.key, message.source, row.asker):
            row = NegotiationRow(key=row.key)
    if isinstance(message, InNegotiation) and message.call_id not in row.calls:
        row = replace(row, calls=tuple(sorted((*row.calls, message.call_id))))
    if isinstance(message, Propose | Counter) and message.round > row.rounds:
        row = replace(row, rounds=message.round)
    if isinstance(message, Propose):
        row = _with_proposal(row, message)
    stamp = (message.time, message.seq, type_of(message))
    if row.said_at is None or stamp > (row.said_at, row.said_seq, row.said):
        row = replace(row, said_at=stamp[0], said_seq=stamp[1], said=stamp[2])
    return row


def _with_proposal(row: NegotiationRow, message: Propose) -> NegotiationRow:
    known = row.priority
    return replace(
        row,
        asker=message.source,
        responder=message.to,
        kind=message.kind,
        priority=known if known and known.rank > message.priority.rank else message.priority,
        began_at=_earlier(row.began_at, message.time),
    )


def with_tier_raised(row: NegotiationRow, message: Escalated | NegotiationEnded) -> NegotiationRow:
    """A negotiation stands at the highest tier that it has been at."""
    return replace(row, tier=message.tier) if message.tier.rank > row.tier.rank else row


def with_negotiation_ended(row: NegotiationRow, message: NegotiationEnded) -> NegotiationRow:
    """The negotiation as the side that asked sums it up."""
    if _is_anothers(row.key, row.asker, message.source):
        return row
    if row.asker and _is_anothers(row.key, message.source, row.asker):
        row = NegotiationRow(key=row.key)
    if row.ended_by and row.ended_by <= message.id:
        return row
    return replace(
        with_tier_raised(row, message),
        asker=message.source,
        responder=message.responder,
        plan_id=message.plan_id,
        rounds=max(row.rounds, message.rounds),
        began_at=_earlier(row.began_at, message.began_at),
        ended_at=message.time,
        outcome=message.outcome,
        sector=message.sector,
        block=message.block,
        shift_min=message.shift_min,
        ended_by=message.id,
    )


def with_entry(row: AgreementRow, entry: Entry) -> AgreementRow:
    """A grant or a release out of the granter's chain."""
    if entry.kind is EntryKind.RELEASED:
        return replace(row, released_at=_earlier(row.released_at, entry.entered_at))
    if row.entry_hash and row.entry_hash <= entry.hash:
        return row
    return replace(
        row,
        agreement_id=entry.agreement_id,
        granter=entry.granter,
        user=entry.user,
        priority=entry.priority,
        entry=entry.index,
        entry_hash=entry.hash,
        entered_at=entry.entered_at,
        volumes=entry.volumes,
    )


def with_heads(row: LedgerRow, message: LedgerChanged) -> LedgerRow:
    """How far one side has come in its two chains with a peer."""
    if not _is_newer(row, message):
        return row
    return replace(
        row,
        party=message.source,
        peer=message.peer,
        heads=message.heads,
        at=message.time,
        seq=message.seq,
    )


_AMENDMENT: Final = ("amendment", "amendment_state", "amendment_reason", "amendment_at", "amendment_seq")


def with_status(row: PlanRow, message: PlanStatus) -> PlanRow:
    """A plan's newest state, and when it was first spoken of; what is said of a version beside it is kept beside it."""
    first_at = _earlier(row.first_at, message.time)
    if message.amends is not UNSET and message.in_force is not UNSET:
        return _with_amendment(replace(row, first_at=first_at), message)
    if not _is_newer(row, message):
        return replace(row, first_at=first_at)
    problem = message.problem
    return PlanRow(
        key=row.key,
        party=message.source,
        plan_id=message.plan_id,
        digest=message.plan,
        callsign=message.callsign,
        state=message.state,
        as_filed=message.as_filed,
        code=problem.code if problem else "",
        field=problem.field if problem else "",
        reason=problem.reason if problem else noted(message.notes),
        negotiation_id=message.negotiation_id or "",
        volumes=message.volumes,
        first_at=first_at,
        at=message.time,
        seq=message.seq,
        version=message.number,
        **{name: getattr(row, name) for name in _AMENDMENT},
    )


def _with_amendment(row: PlanRow, message: PlanStatus) -> PlanRow:
    """What has become of a version beside which an earlier one stands."""
    if row.amendment_at is not None and (message.time, message.seq) <= (row.amendment_at, row.amendment_seq):
        return row
    return replace(
        row,
        party=message.source,
        plan_id=message.plan_id,
        callsign=row.callsign if row.at is not None else message.callsign,
        amendment=message.number,
        amendment_state=message.state,
        amendment_reason=message.problem.reason if message.problem else "",
        amendment_at=message.time,
        amendment_seq=message.seq,
    )


def plan_step(message: PlanStatus) -> PlanStepRow:
    """One line of a plan's history."""
    problem = message.problem
    return PlanStepRow(
        key=message.id,
        party=message.source,
        plan_id=message.plan_id,
        digest=message.plan,
        at=message.time,
        seq=message.seq,
        state=message.state,
        as_filed=message.as_filed,
        code=problem.code if problem else "",
        reason=problem.reason if problem else "",
        version=message.number,
    )


def escalation(message: Escalated) -> EscalationRow:
    """One step up."""
    return EscalationRow(
        key=message.id,
        at=message.time,
        kind=message.kind,
        party=message.source,
        peer=message.peer,
        about=message.about,
        tier=message.tier,
        detail=message.detail,
        cause=message.cause or "",
    )


def rejected(message: InputRejected | DeadLettered) -> RejectedRow:
    """An input of no use, or one that killed its reader and was set aside (code ``dead-letter``)."""
    row = RejectedRow(
        key=message.id, at=message.time, party=message.source, topic=message.topic, evidence=message.evidence
    )
    if isinstance(message, DeadLettered):
        return replace(row, code="dead-letter", reason=message.error)
    problem = message.problem
    return replace(row, sender=message.sender, code=problem.code, field=problem.field, reason=problem.reason)


def with_announcement(row: AnnouncementRow, message: LineAnnounced) -> AnnouncementRow:
    """What the side last said in public about the line."""
    if not _is_newer(row, message):
        return row
    return replace(
        row,
        party=message.source,
        state=message.state,
        statement=message.statement,
        at=message.time,
        seq=message.seq,
    )


def with_line_state(row: LineRow, message: LineStateChanged) -> LineRow:
    """What the side last found the line to do in fact."""
    if not _is_newer(row, message):
        return row
    return replace(
        row,
        party=message.source,
        peer=message.peer,
        state=message.state,
        at=message.time,
        seq=message.seq,
    )


def with_health(row: ServiceRow, message: Health, heard_at: datetime | None = None) -> ServiceRow:
    """A service's last word, in the order of arrival; ``heard_at`` is when that was, where it is known.

    A will bears the time of its connection, so a death counts whatever its time, but only of the session that is up:
    it can arrive after the birth of the next. A service is down since that was heard, not since its will was made.
    So the time of a death is never compared with the service's own.
    """
    same = row.session == message.session
    if message.presence is Presence.DOWN:
        if row.presence is not None and not same:
            return row
        if row.presence is Presence.DOWN:
            return row
        at = heard_at or row.at or message.time
        return replace(row, presence=Presence.DOWN, session=message.session, at=at, note=message.note)
    if same and row.presence is Presence.UP and row.at is not None and message.time < row.at:
        return row
    return ServiceRow(
        key=message.source,
        presence=message.presence,
        session=message.session,
        at=message.time,
        lag_ms=message.lag_ms,
        inbox=message.inbox,
        outbox=message.outbox,
        restarts=message.restarts,
        note=message.note,
    )
