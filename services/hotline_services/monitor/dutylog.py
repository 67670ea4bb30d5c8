"""The record as a duty officer would write it down: one line for each thing said that matters.

18 1643Z JUN  call 7   US → RU  ring        short notice · duty officer · about us-017
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Generic, TypeVar

from msgspec import UNSET

from hotline_protocol.events import (
    DeadLettered,
    Escalated,
    InputRejected,
    LineAnnounced,
    LineStateChanged,
    NegotiationEnded,
    PlanStatus,
)
from hotline_protocol.injection import (
    AnnounceLine,
    Injected,
    ReportSighting,
)
from hotline_protocol.ledger import EntryKind, Head
from hotline_protocol.line import (
    Answer,
    Busy,
    CallOutcome,
    Concur,
    Confirm,
    Counter,
    Decline,
    Disclose,
    Entered,
    Entries,
    Expire,
    HangUp,
    InNegotiation,
    Lapsed,
    LineCheck,
    LineChecked,
    Noted,
    OnCall,
    Propose,
    Protest,
    Reason,
    Reconcile,
    Release,
    Ring,
    Tier,
    ToPeer,
    Withdraw,
)
from hotline_protocol.menu import Menu
from hotline_protocol.message import Message
from hotline_protocol.orders import AnswersOffer, DecisionAwaited
from hotline_protocol.service import WAITS, Health, Presence, Resend, Stop

from . import desklog, logtext, planlog, worldlog
from .logentry import LogDraft, LogEntry, Parts, air_parts, free_text, named, offer_parts
from .logkinds import Counted, LogKind, Phrase, Relation, Thing
from .logparts import (
    AboutIds,
    ChainLengths,
    EntryOf,
    FieldNotes,
    FieldProblem,
    FlightTold,
    Lasted,
    LineStanding,
    LineToPeer,
    MessageRange,
    Number,
    Observed,
    PartyTold,
    PlanStanding,
    Remark,
    RoundsIn,
    SeenAt,
    ShortDigest,
    Term,
    TimeSpan,
)
from .planlog import PlanOrder, callsign
from .wording import date_time_group, printable, shortened

WIDTH: Final = 160
REMEMBERED: Final = 1_000

V = TypeVar("V")


class _Lately(Generic[V]):
    """What was last put under each name, for so many names."""

    def __init__(self) -> None:
        self._values: dict[str, V] = {}

    def get(self, name: str) -> V | None:
        return self._values.get(name)

    def put(self, name: str, value: V) -> V:
        self._values[name] = value
        if len(self._values) > REMEMBERED:
            del self._values[next(iter(self._values))]
        return value


class _Call:
    """What the log must know of a call to tell how it went."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.reason: Reason | None = None
        self.tier: Tier | None = None
        self.rang_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.is_over = False

    @property
    def manner(self) -> list[Term]:
        """Why it was made and who speaks."""
        return [Term(kind.value) for kind in (self.reason, self.tier) if kind is not None]


class DutyLog:
    """Writes lines, numbering calls as they ring. ``calls_before`` is how many were in the log already."""

    def __init__(self, *, calls_before: int = 0, width: int = WIDTH) -> None:
        self._numbered = calls_before
        self._width: Final = width
        self._calls: Final[_Lately[_Call]] = _Lately()
        self._menus: Final[_Lately[Menu]] = _Lately()
        self._offers: Final[_Lately[Parts]] = _Lately()
        self._presence: Final[_Lately[tuple[Presence, str]]] = _Lately()
        self._said_at: datetime | None = None

    def line(self, message: Message) -> str | None:
        """This message as a line without its end, or None when it does not belong in a log.

        Whatever the message holds, the line is one line and cannot steer a terminal.
        """
        entry = self.entry(message)
        if entry is None:
            return None
        call = f"call {entry.call}" if entry.call else ""
        verb = logtext.verb(entry.kind, entry.round)
        line = f"{date_time_group(entry.at)}  {call:<7}  {entry.who:<7}  {verb:<11} {logtext.text(entry.parts)}"
        return shortened(printable(line).rstrip(), self._width)

    def entry(self, message: Message) -> LogEntry | None:
        """This message as it stands in the log, or None when it does not belong in one."""
        found = self._entry(message)
        at = self._time(message)
        if found is None:
            return None
        who = (message.to if isinstance(message, Injected) else message.source).upper()
        if isinstance(message, ToPeer):
            who += f" → {message.to.upper()}"
        call = self._call(message.call_id).number if isinstance(message, OnCall) else None
        parts = tuple(part for part in found.parts if part is not None)
        return LogEntry(at=at, call=call, who=who, kind=found.kind, round=found.round, parts=parts)

    def _time(self, message: Message) -> datetime:
        """When it was said; a will, made beforehand and perhaps by no clock, goes by what was said last."""
        if isinstance(message, Health) and message.presence is Presence.DOWN:
            return self._said_at or message.time
        if isinstance(message, Health) or message.seq:  # the rest may bear the time of some machine
            self._said_at = message.time
        return message.time

    def _entry(self, message: Message) -> LogDraft | None:
        """What this message tells."""
        match message:
            case InNegotiation():
                return self._negotiation(message)
            case OnCall():
                return self._conversation(message)
            case ToPeer():
                return self._bookkeeping(message)
            case Injected():
                return self._injection(message)
            case Health():
                return self._health(message)
            case Stop(to=to):
                return LogDraft(LogKind.STOP, [named(Thing.SERVICE, to)])
            case Resend():
                wanted = MessageRange(message.to, message.first_seq, message.last_seq)
                return LogDraft(LogKind.ASK_AGAIN, [wanted])
            case _:
                return self._event(message)

    def _call(self, call_id: str) -> _Call:
        call = self._calls.get(call_id)
        if call is None:
            self._numbered += 1
            call = self._calls.put(call_id, _Call(self._numbered))
        return call

    def _conversation(self, message: OnCall) -> LogDraft | None:
        call = self._call(message.call_id)
        match message:
            case Ring():
                call.reason, call.tier, call.rang_at = message.reason, message.tier, message.time
                about = AboutIds(tuple(message.about)) if message.about else None
                return LogDraft(LogKind.RING, [*call.manner, about])
            case Answer():
                call.answered_at = message.time
                return LogDraft(LogKind.ANSWER, [_lasted(Relation.AFTER, call.rang_at, message)])
            case Busy():
                call.is_over = True
                return LogDraft(LogKind.BUSY, [Remark(Phrase.IN_ANOTHER_CALL)])
            case HangUp():
                return self._hang_up(call, message)
            case LineCheck() | LineChecked():
                kind = LogKind.LINE_CHECK if isinstance(message, LineCheck) else LogKind.LINE_CHECKED
                return LogDraft(kind, [ShortDigest(Thing.AGREEMENT, message.agreement[:8]), _chains(message.heads)])
            case Protest():
                return LogDraft(
                    LogKind.PROTEST, [SeenAt(message.kind.value, message.seen_at), free_text(message.statement)]
                )
            case Noted():
                return LogDraft(LogKind.NOTED, [Remark(Phrase.UNDERSTOOD)])
            case _:
                return worldlog.said(message)

    def _hang_up(self, call: _Call, message: HangUp) -> LogDraft | None:
        """Both sides may hang up; the first ends the call."""
        if call.is_over:
            return None
        call.is_over = True
        lasted = None
        if call.answered_at:
            lasted = _lasted(Relation.AFTER, call.answered_at, message)
        elif message.outcome is CallOutcome.NO_ANSWER:
            lasted = _lasted(Relation.RANG_FOR, call.rang_at, message)
        return LogDraft(LogKind.HANG_UP, [Term(message.outcome.value), lasted, *call.manner])

    def _negotiation(self, message: InNegotiation) -> LogDraft | None:
        about = named(Thing.NEGOTIATION, message.negotiation_id)
        match message:
            case Propose(menu=menu):
                self._menus.put(message.negotiation_id, menu)
                made = self._offers.put(message.offer, offer_parts(menu, message.choice))
                priority = "" if message.priority.rank == 0 else message.priority.value
                flight = FlightTold(message.kind.value, priority=priority)
                window = TimeSpan(menu.windows[0].start, menu.windows[-1].end)
                return LogDraft(LogKind.PROPOSAL, [about, flight, *made, window], message.round)
            case Counter():
                known = self._menus.get(message.negotiation_id)
                made = offer_parts(known, message.choice) if known else _unknown(message.offer)
                return LogDraft(LogKind.COUNTER, [about, *self._offers.put(message.offer, made)], message.round)
            case Concur():
                return LogDraft(LogKind.CONCUR, [about, *self._offered(message.offer)])
            case Decline() | Withdraw():
                kind = LogKind.DECLINE if isinstance(message, Decline) else LogKind.WITHDRAW
                return LogDraft(kind, [about, free_text(message.reason)])
            case Expire():
                return LogDraft(LogKind.EXPIRE, [about, *self._offered(message.offer), Remark(Phrase.NOT_ANSWERED)])
            case Disclose():
                return LogDraft(LogKind.DISCLOSE, [about, Number(Counted.OUTCOMES_DISCLOSED, len(message.worth))])
            case _:
                return None

    def _offered(self, digest: str) -> Parts:
        """The offer of this digest, if it was heard lately; else its digest."""
        return self._offers.get(digest) or _unknown(digest)

    def offer_named(self, digest: str) -> str:
        """The offer of this digest as the log words it, if it was heard lately."""
        return logtext.text(self._offered(digest))

    def _bookkeeping(self, message: ToPeer) -> LogDraft | None:
        match message:
            case Confirm():
                agreed = named(Thing.NEGOTIATION, message.negotiation_id)
                return LogDraft(LogKind.CONFIRM, [agreed, *self._offered(message.offer)])
            case Entered(entry=entry):
                kind = LogKind.AGREEMENT if entry.kind is EntryKind.GRANTED else LogKind.RELEASED
                agreement = named(Thing.AGREEMENT, entry.agreement_id)
                return LogDraft(kind, [agreement, EntryOf(entry.index, entry.granter), *air_parts(entry.volumes)])
            case Lapsed():
                lapsed = named(Thing.NEGOTIATION, message.negotiation_id)
                nothing = Remark(Phrase.NOTHING_AGREED)
                return LogDraft(LogKind.LAPSED, [lapsed, *self._offered(message.offer), nothing])
            case Release():
                released = named(Thing.AGREEMENT, message.agreement_id)
                return LogDraft(LogKind.RELEASE, [released, free_text(message.reason)])
            case Reconcile():
                return LogDraft(LogKind.RECONCILE, [_chains(message.heads)])
            case Entries():
                return LogDraft(LogKind.ENTRIES, [Number(Counted.ENTRIES_LACKING, len(message.entries))])
            case _:
                return worldlog.said(message)

    def _injection(self, message: Injected) -> LogDraft | None:
        if isinstance(message, PlanOrder):
            return planlog.ordered(message)
        match message:
            case ReportSighting():
                seen = Observed(message.kind.value, message.seen_at, message.by)
                return LogDraft(LogKind.SIGHTING, [seen, free_text(message.detail)])
            case AnnounceLine():
                return LogDraft(LogKind.TO_ANNOUNCE, _announced(message))
            case AnswersOffer():
                return desklog.ordered(message, self._menus.get(message.negotiation_id))
            case _:
                return worldlog.injected(message)

    def _event(self, message: Message) -> LogDraft | None:
        if isinstance(message, DecisionAwaited):  # tells the menu to who has not heard the proposal
            self._menus.put(message.negotiation_id, message.menu)
            self._offers.put(message.offer, offer_parts(message.menu, message.choice))
        match message:
            case PlanStatus():
                return LogDraft(LogKind.PLAN, _plan_status(message))
            case Escalated():
                told: Parts = [Term(message.kind.value), PartyTold(Relation.WITH, message.peer)]
                about, tier = named(Thing.SUBJECT, message.about), Term(message.tier.value)
                return LogDraft(LogKind.ESCALATION, [*told, about, tier, free_text(message.detail)])
            case NegotiationEnded():
                took = RoundsIn(message.rounds, (message.time - message.began_at).total_seconds())
                about = named(Thing.NEGOTIATION, message.negotiation_id)
                return LogDraft(LogKind.OUTCOME, [about, Term(message.outcome.value), took])
            case LineAnnounced():
                return LogDraft(LogKind.ANNOUNCED, _announced(message))
            case LineStateChanged():
                return LogDraft(LogKind.LINE_STATE, [LineToPeer(message.peer, message.state.value)])
            case InputRejected(problem=problem):
                wrong = FieldProblem(problem.field, problem.reason, problem.code)
                return LogDraft(LogKind.REJECTED, [wrong, free_text(message.topic)])
            case DeadLettered():
                error = message.error.strip().rpartition("\n")[2]
                return LogDraft(LogKind.SET_ASIDE, [free_text(message.topic), free_text(error)])
            case _:
                return worldlog.happened(message)

    def _health(self, message: Health) -> LogDraft | None:
        """Only comings and goings; a will of an earlier session says nothing of the present one."""
        before = self._presence.get(message.source)
        if before == (message.presence, message.session):
            return None
        if message.presence is Presence.DOWN and before and before[1] != message.session:
            return None
        if before is None and message.note.startswith(WAITS):
            return None  # it is about to begin
        self._presence.put(message.source, (message.presence, message.session))
        kind = LogKind.SERVICE_UP if message.presence is Presence.UP else LogKind.SERVICE_DOWN
        return LogDraft(kind, [free_text(message.note)])


def _lasted(relation: Relation, start: datetime | None, message: Message) -> Lasted | None:
    return Lasted(relation, (message.time - start).total_seconds()) if start else None


def _unknown(digest: str) -> Parts:
    return (ShortDigest(Thing.OFFER, digest[:8]),)


def _announced(message: AnnounceLine | LineAnnounced) -> Parts:
    return [LineStanding(message.state.value), free_text(message.statement)]


def _chains(heads: Mapping[str, Head]) -> ChainLengths:
    return ChainLengths({granter: head.length for granter, head in sorted(heads.items())})


def _plan_status(status: PlanStatus) -> Parts:
    is_amended = status.amends is not UNSET or status.number > 1
    standing = PlanStanding(
        status.state.value,
        status.as_filed,
        callsign=callsign(status.callsign, status.plan_id),
        number=status.number if is_amended else None,
        in_force=None if status.in_force is UNSET else status.in_force,
    )
    problem = status.problem and FieldProblem(status.problem.field, status.problem.reason)
    notes = () if status.notes is UNSET else status.notes
    found = FieldNotes(tuple(FieldProblem(note.field, note.reason) for note in notes)) if notes else None
    return [named(Thing.PLAN, status.plan_id), standing, *air_parts(status.volumes), problem, found]
