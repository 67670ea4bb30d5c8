"""Which trace a message belongs to, as W3C's Trace Context has it: all that is said because of one plan is one trace.

Ids are derived from the names that messages bear: a plan's party and the beginning of its digest, which its
negotiation is named by as well. So every service finds the same trace by itself, after a restart too, and over a broker
that carries no properties. Where somebody has said with a message which trace it is part of, that counts instead.

A sighting begins a trace of its own. Under that of the flight that was seen, a side would learn which of the other's
plans it has seen, and the agreement does not tell it that.
"""

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple, get_args

from hotline_protocol.events import (
    CallEnded,
    Escalated,
    LineMoved,
    Misheard,
    NegotiationEnded,
    PlanStatus,
    ReviewEnded,
)
from hotline_protocol.injection import (
    CancelPlan,
    ChangePlan,
    DeclareEmergency,
    Deviate,
    FlyUnannounced,
    ReportSighting,
    SubmitPlan,
)
from hotline_protocol.ledger import negotiation_id_of
from hotline_protocol.line import (
    Amend,
    CallMessage,
    ConcurTrace,
    Confirm,
    CounterTrace,
    DeclineTrace,
    Entered,
    InNegotiation,
    InReview,
    Lapsed,
    Mail,
    MailRead,
    NegotiationMessage,
    OnCall,
    ProposeTrace,
    Release,
    Ring,
)
from hotline_protocol.message import Message
from hotline_protocol.service import Clock, Health, Receipt, Resend, Stop
from hotline_protocol.sky import (
    ConformanceChanged,
    Encountered,
    FlightBegan,
    FlightFlown,
    Flyer,
    LineCrossed,
    Tracks,
    ZoneEntered,
)

REMEMBERED: Final = 10_000
SAMPLED: Final = "01"
STATE_AT_MOST: Final = 512  # what everybody has to hand on

NOTED_AT_MOST: Final = 256

_PARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NEGOTIATION: Final = re.compile(r"(.+)-[a-z0-9]{1,16}-n([0-9a-f]{8})")  # party, epoch, beginning of the plan's digest
_PLAN: Final = "plan:"
_UNTRACED: Final = frozenset({Health, Clock, Receipt, Resend, Stop, Tracks})  # about no plan, and many


class Headers(NamedTuple):
    """What a message bears of its trace: ``traceparent``, and the ``tracestate`` of others, which is handed on."""

    parent: str = ""
    state: str = ""


NO_HEADERS: Final = Headers()


class Trace(NamedTuple):
    """A trace: its id in hex, its flags and state. ``told`` when it came with a message, and was not derived here."""

    trace_id: str
    flags: str = SAMPLED
    state: str = ""
    told: bool = False


class SavedTraces(NamedTuple):
    """The names that :class:`Traces` remembers, as plain data."""

    new: dict[str, Trace]
    old: dict[str, Trace]


class Threads(NamedTuple):
    """Names by which a message says what it is part of: ``own`` (with ``aliases``), or what it is ``about``."""

    own: str = ""
    aliases: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


def read(headers: Headers) -> Trace | None:
    """The trace that these headers name, or None when they are not to be used."""
    found = _PARENT.fullmatch(headers.parent)
    if found is None:
        return None
    version, trace_id, span_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    state = headers.state
    usable = len(state) <= STATE_AT_MOST and state.isprintable() and state.isascii()
    return Trace(trace_id, SAMPLED if int(flags, 16) & 1 else "00", state if usable else "", told=True)


def span_id_of(message_id: str) -> str:
    """The span of this message: each is one."""
    return _derived(message_id, 16)


def _derived(name: str, digits: int) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:digits]


class Traces:
    """The traces of the messages and threads that came last: at least so many, at most twice as many.

    What is heard is only noted, and thought about when there is time (``settle``), or when something is said that
    cannot be placed without it: an answer is not to wait for this.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._at_most: Final = remembered
        self._new: dict[str, Trace] = {}
        self._old: dict[str, Trace] = {}
        self._heard: list[tuple[Message, Headers]] = []

    def __len__(self) -> int:
        """How many names are remembered."""
        return len(self._new) + len(self._old)

    def hear(self, message: Message, headers: Headers = NO_HEADERS) -> None:
        """This has come, with these headers."""
        if type(message) in _UNTRACED:
            return
        self._heard.append((message, headers))
        if len(self._heard) >= NOTED_AT_MOST or isinstance(message, SubmitPlan):
            self.settle()

    def settle(self) -> None:
        """Place what was heard."""
        heard, self._heard = self._heard, []
        for message, headers in heard:
            self._place(message, threads_of(message), read(headers) if headers.parent else None)

    def save(self) -> SavedTraces:
        """A copy as plain data, once what was heard has been placed."""
        self.settle()
        return SavedTraces(dict(self._new), dict(self._old))

    def load(self, saved: SavedTraces) -> None:
        """Replace everything by what was saved."""
        self._heard, self._new, self._old = [], dict(saved.new), dict(saved.old)

    def of(self, message: Message) -> Trace | None:
        """The trace of this message, which is said here or has been heard; None when it is part of none."""
        if type(message) in _UNTRACED:
            return None
        threads = threads_of(message)
        if self._heard and self._find(threads.own) is None:
            self.settle()
        return self._find(message.id) or self._place(message, threads, None)

    def named(self, name: str) -> Trace | None:
        """The trace of this message or thread, where it is remembered."""
        return self._find(name)

    def headers_of(self, message: Message) -> Headers | None:
        """What this message bears when it is published."""
        trace = self.of(message)
        if trace is None:
            return None
        return Headers(f"00-{trace.trace_id}-{span_id_of(message.id)}-{trace.flags}", trace.state)

    def _place(self, message: Message, threads: Threads, told: Trace | None) -> Trace:
        trace = told or self._origin(message, threads) or Trace(_derived(threads.own or message.id, 32))
        self._keep(message.id, trace)
        bound = self._find(threads.own)
        if threads.own and _counts(trace, bound, message):
            self._keep(threads.own, trace)
            bound = trace
        for alias in threads.aliases:
            self._keep(alias, bound or trace)
        return trace

    def _origin(self, message: Message, threads: Threads) -> Trace | None:
        """That of its thread, of what it is about, or of its cause: the first that is known, or follows from a name."""
        for name in (threads.own, *threads.about):
            found = self._find(name)
            if found is not None:
                return found
            if name.startswith(_PLAN):
                return Trace(_derived(name, 32))
        return self._find(message.cause) if message.cause and not isinstance(message, ReportSighting) else None

    def _find(self, name: str) -> Trace | None:
        found = self._new.get(name)
        if found is None and name in self._old:
            found = self._old[name]
            self._keep(name, found)
        return found

    def _keep(self, name: str, trace: Trace) -> None:
        if len(self._new) >= self._at_most:
            self._old, self._new = self._new, {}
        self._new[name] = trace


def _counts(trace: Trace, bound: Trace | None, message: Message) -> bool:
    """Whether a thread is of this trace from now on. That which was told first stays, until its plan comes anew."""
    if bound is None:
        return True
    return trace.told and (not bound.told or isinstance(message, SubmitPlan))


def threads_of(message: Message) -> Threads:
    """What this message says that it is part of."""
    named = _NAMED.get(type(message))
    return named(message) if named is not None else _NONE


def named_by(message: Message) -> tuple[str, ...]:
    """All that this message is about, also what decides nothing: a call goes with the first of what it is about."""
    if isinstance(message, Ring | CallEnded):
        return tuple(_of_negotiation(name) for name in message.about)
    return threads_of(message).about


def _negotiated(message: InNegotiation | Confirm | Lapsed) -> Threads:
    return Threads(_of_negotiation(message.negotiation_id))


def _ended(message: NegotiationEnded) -> Threads:
    return Threads(_of_negotiation(message.negotiation_id), (_plan(message.source, message.plan_id),))


def _granted(message: Entered) -> Threads:
    return Threads(_of_negotiation(negotiation_id_of(message.entry.agreement_id)))


def _released(message: Release) -> Threads:
    return Threads(_of_negotiation(negotiation_id_of(message.agreement_id)))


def _stated(message: PlanStatus) -> Threads:
    talks = (_of_negotiation(message.negotiation_id),) if message.negotiation_id else ()
    return Threads(_contents(message.source, message.plan), (_plan(message.source, message.plan_id), *talks))


def _filed(message: SubmitPlan) -> Threads:
    return Threads(_contents(message.to, message.plan.digest), (_plan(message.to, message.plan.plan_id),))


def _unannounced(message: FlyUnannounced) -> Threads:
    party, plan = message.side or message.plan.operator or "", message.plan
    return Threads(_contents(party, plan.digest), (_plan(party, plan.plan_id),))


def _changed(message: CancelPlan | ChangePlan | DeclareEmergency) -> Threads:
    return Threads(_plan(message.to, message.plan_id))


def _deviating(message: Deviate) -> Threads:
    return Threads(_plan(message.side, message.plan_id))


def _flown(message: FlightBegan | FlightFlown | ConformanceChanged | LineCrossed | ZoneEntered) -> Threads:
    return Threads(_flight(message.flyer))


def _met(message: Encountered) -> Threads:
    return Threads(about=(_flight(message.one), _flight(message.other)))


def _rung(message: Ring | CallEnded) -> Threads:
    """A call about several plans goes with the first."""
    return Threads(message.call_id, about=tuple(_of_negotiation(name) for name in message.about[:1]))


def _in_call(message: OnCall | Misheard) -> Threads:
    return Threads(message.call_id)


def _reviewed(message: InReview) -> Threads:
    return Threads(message.review_id, about=(message.call_id,))


def _after_review(message: Amend | ReviewEnded | LineMoved) -> Threads:
    return Threads(message.review_id)


def _escalated(message: Escalated) -> Threads:
    return Threads(about=(_of_negotiation(message.about), _plan(message.source, message.about)))


def _mailed(message: Mail | MailRead) -> Threads:
    return Threads(about=(_of_negotiation(message.about),))


def _contents(party: str, digest: str) -> str:
    return f"{_PLAN}{party}-n{digest[:8]}"


@lru_cache(maxsize=1_000)
def _of_negotiation(name: str) -> str:
    """The plan that a negotiation is about, by the name that a centre gives it; the name itself of other things."""
    found = _NEGOTIATION.fullmatch(name)
    return f"{_PLAN}{found[1]}-n{found[2]}" if found else name


def _plan(party: str, plan_id: str) -> str:
    return f"{party}/{plan_id}"


def _flight(flyer: Flyer) -> str:
    return _plan(flyer.side or flyer.operator, flyer.plan_id)


def _each(names: Callable[[Any], Threads], *kinds: type[Message]) -> dict[type[Message], Callable[[Any], Threads]]:
    return dict.fromkeys(kinds, names)


_NONE: Final = Threads()
_NAMED: Final[dict[type[Message], Callable[[Any], Threads]]] = {  # a table: this is asked of every message
    **_each(_negotiated, *get_args(NegotiationMessage), Confirm, Lapsed),
    **_each(_ended, NegotiationEnded),
    **_each(_granted, Entered),
    **_each(_released, Release),
    **_each(_stated, PlanStatus),
    **_each(_filed, SubmitPlan),
    **_each(_unannounced, FlyUnannounced),
    **_each(_changed, CancelPlan, ChangePlan, DeclareEmergency),
    **_each(_deviating, Deviate),
    **_each(_flown, FlightBegan, FlightFlown, ConformanceChanged, LineCrossed, ZoneEntered),
    **_each(_met, Encountered),
    **_each(_in_call, *get_args(CallMessage), Misheard),
    **_each(_rung, Ring, CallEnded),
    **_each(_reviewed, ProposeTrace, CounterTrace, ConcurTrace, DeclineTrace),
    **_each(_after_review, Amend, ReviewEnded, LineMoved),
    **_each(_escalated, Escalated),
    **_each(_mailed, Mail, MailRead),
}
