"""The record as a duty officer would write it down: one line for each thing said that matters.

18 1643Z JUN  call 7   US → RU  ring        short notice · duty officer · about us-017
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Generic, TypeVar

import msgspec

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

from . import desklog, planlog, worldlog
from .planlog import PlanOrder, callsign
from .wording import air, clock_time, date_time_group, duration, noted, of_version, offer, printable, shortened, words

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
    def manner(self) -> list[str]:
        """Why it was made and who speaks."""
        return [words(kind.value) for kind in (self.reason, self.tier) if kind is not None]


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log in its parts: when, the number of the call, who (to whom), what was done, and the rest.

    The words are as they were sent: who shows them must make them harmless first.
    """

    at: datetime
    call: int | None
    who: str
    verb: str
    told: str


class DutyLog:
    """Writes lines, numbering calls as they ring. ``calls_before`` is how many were in the log already."""

    def __init__(self, *, calls_before: int = 0, width: int = WIDTH) -> None:
        self._numbered = calls_before
        self._width: Final = width
        self._calls: Final[_Lately[_Call]] = _Lately()
        self._menus: Final[_Lately[Menu]] = _Lately()
        self._offers: Final[_Lately[str]] = _Lately()
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
        line = f"{date_time_group(entry.at)}  {call:<7}  {entry.who:<7}  {entry.verb:<11} {entry.told}"
        return shortened(printable(line).rstrip(), self._width)

    def entry(self, message: Message) -> LogEntry | None:
        """This message as it stands in the log, or None when it does not belong in one."""
        found = self._entry(message)
        at = self._time(message)
        if found is None:
            return None
        verb, details = found
        who = (message.to if isinstance(message, Injected) else message.source).upper()
        if isinstance(message, ToPeer):
            who += f" → {message.to.upper()}"
        call = self._call(message.call_id).number if isinstance(message, OnCall) else None
        return LogEntry(at=at, call=call, who=who, verb=verb, told=" · ".join(detail for detail in details if detail))

    def _time(self, message: Message) -> datetime:
        """When it was said; a will, made beforehand and perhaps by no clock, goes by what was said last."""
        if isinstance(message, Health) and message.presence is Presence.DOWN:
            return self._said_at or message.time
        if isinstance(message, Health) or message.seq:  # the rest may bear the time of some machine
            self._said_at = message.time
        return message.time

    def _entry(self, message: Message) -> tuple[str, Sequence[str]] | None:
        """The verb and the details of this message's line."""
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
                return "stop", [to]
            case Resend():
                return "ask again", [f"{message.to}: messages {message.first_seq} to {message.last_seq}"]
            case _:
                return self._event(message)

    def _call(self, call_id: str) -> _Call:
        call = self._calls.get(call_id)
        if call is None:
            self._numbered += 1
            call = self._calls.put(call_id, _Call(self._numbered))
        return call

    def _conversation(self, message: OnCall) -> tuple[str, Sequence[str]] | None:
        call = self._call(message.call_id)
        match message:
            case Ring():
                call.reason, call.tier, call.rang_at = message.reason, message.tier, message.time
                return "ring", [*call.manner, f"about {', '.join(message.about)}" if message.about else ""]
            case Answer():
                call.answered_at = message.time
                return "answer", [f"after {_since(call.rang_at, message)}" if call.rang_at else ""]
            case Busy():
                call.is_over = True
                return "busy", ["in another call"]
            case HangUp():
                return self._hang_up(call, message)
            case LineCheck() | LineChecked():
                verb = "line check" if isinstance(message, LineCheck) else "checked"
                return verb, [f"agreement {message.agreement[:8]}", _chains(message.heads)]
            case Protest():
                seen = f"{words(message.kind.value)} seen at {clock_time(message.seen_at)}"
                return "protest", [seen, message.statement]
            case Noted():
                return "noted", ["it was understood"]
            case _:
                return worldlog.said(message)

    def _hang_up(self, call: _Call, message: HangUp) -> tuple[str, Sequence[str]] | None:
        """Both sides may hang up; the first ends the call."""
        if call.is_over:
            return None
        call.is_over = True
        lasted = ""
        if call.answered_at:
            lasted = f"after {_since(call.answered_at, message)}"
        elif call.rang_at and message.outcome is CallOutcome.NO_ANSWER:
            lasted = f"rang for {_since(call.rang_at, message)}"
        return "hang-up", [words(message.outcome.value), lasted, *call.manner]

    def _negotiation(self, message: InNegotiation) -> tuple[str, Sequence[str]] | None:
        about = message.negotiation_id
        match message:
            case Propose():
                self._menus.put(about, message.menu)
                made = self._offers.put(message.offer, offer(message.menu, message.choice))
                window = f"{clock_time(message.menu.windows[0].start)}-{clock_time(message.menu.windows[-1].end)}"
                priority = "" if message.priority.rank == 0 else f"{message.priority.value} "
                return f"proposal {message.round}", [about, priority + message.kind.value, made, window]
            case Counter():
                menu = self._menus.get(about)
                made = offer(menu, message.choice) if menu else f"offer {message.offer[:8]}"
                return f"counter {message.round}", [about, self._offers.put(message.offer, made)]
            case Concur():
                return "concur", [about, self.offer_named(message.offer)]
            case Decline() | Withdraw():
                return "decline" if isinstance(message, Decline) else "withdraw", [about, message.reason]
            case Expire():
                return "expire", [about, self.offer_named(message.offer), "not answered in time"]
            case Disclose():
                return "disclose", [about, f"lays open what {len(message.worth)} outcomes are worth"]
            case _:
                return None

    def offer_named(self, digest: str) -> str:
        """The offer of this digest as the log words it, if it was heard lately."""
        return self._offers.get(digest) or f"offer {digest[:8]}"

    def _bookkeeping(self, message: ToPeer) -> tuple[str, Sequence[str]] | None:
        match message:
            case Confirm():
                return "confirm", [message.negotiation_id, self.offer_named(message.offer)]
            case Entered():
                entry = message.entry
                verb = "agreement" if entry.kind is EntryKind.GRANTED else "released"
                granted = f"entry {entry.index} of {entry.granter.upper()}"
                return verb, [entry.agreement_id, granted, air(entry.volumes)]
            case Lapsed():
                return "lapsed", [message.negotiation_id, self.offer_named(message.offer), "nothing is agreed"]
            case Release():
                return "release", [message.agreement_id, message.reason]
            case Reconcile():
                return "reconcile", [_chains(message.heads)]
            case Entries():
                return "entries", [f"{len(message.entries)} that were lacking"]
            case _:
                return worldlog.said(message)

    def _injection(self, message: Injected) -> tuple[str, Sequence[str]] | None:
        if isinstance(message, PlanOrder):
            return planlog.ordered(message)
        match message:
            case ReportSighting():
                seen = f"{words(message.kind.value)} by {message.by.upper()} at {clock_time(message.seen_at)}"
                return "sighting", [seen, message.detail]
            case AnnounceLine():
                return "announce", [f"line {message.state.value}", message.statement]
            case AnswersOffer():
                return desklog.ordered(message, self._menus.get(message.negotiation_id))
            case _:
                return worldlog.injected(message)

    def _event(self, message: Message) -> tuple[str, Sequence[str]] | None:
        if isinstance(message, DecisionAwaited):  # tells the menu to who has not heard the proposal
            self._menus.put(message.negotiation_id, message.menu)
            self._offers.put(message.offer, offer(message.menu, message.choice))
        match message:
            case PlanStatus():
                state = of_version(message, message.state.value + ("" if message.as_filed else " with changes"))
                problem = f"{message.problem.field}: {message.problem.reason}" if message.problem else ""
                known = callsign(message.callsign, message.plan_id) + state
                return "plan", [message.plan_id, known, air(message.volumes), problem, noted(message.notes)]
            case Escalated():
                told = [words(message.kind.value), f"with {message.peer.upper()}", message.about]
                return "ESCALATION", [*told, words(message.tier.value), message.detail]
            case NegotiationEnded():
                took = duration((message.time - message.began_at).total_seconds())
                rounds = f"{message.rounds} round{'' if message.rounds == 1 else 's'} in {took}"
                return "outcome", [message.negotiation_id, words(message.outcome.value), rounds]
            case LineAnnounced():
                return "ANNOUNCED", [f"line {message.state.value}", message.statement]
            case LineStateChanged():
                return "line", [f"to {message.peer.upper()} is {message.state.value}"]
            case InputRejected(problem=problem):
                return "rejected", [f"{problem.code}: {problem.field}: {problem.reason}", message.topic]
            case DeadLettered():
                return "set aside", [message.topic, message.error.strip().rpartition("\n")[2]]
            case _:
                return worldlog.happened(message)

    def _health(self, message: Health) -> tuple[str, Sequence[str]] | None:
        """Only comings and goings; a will of an earlier session says nothing of the present one."""
        before = self._presence.get(message.source)
        if before == (message.presence, message.session):
            return None
        if message.presence is Presence.DOWN and before and before[1] != message.session:
            return None
        if before is None and message.note.startswith(WAITS):
            return None  # it is about to begin
        self._presence.put(message.source, (message.presence, message.session))
        return f"service {message.presence.value}", [message.note]


def _since(start: datetime, message: Message) -> str:
    return duration((message.time - start).total_seconds())


def _chains(heads: Mapping[str, Head]) -> str:
    lengths = [f"{granter.upper()} {head.length}" for granter, head in sorted(heads.items())]
    return f"entries {', '.join(lengths)}" if lengths else "no entries"
