"""Which trace a message belongs to, as W3C's Trace Context has it: all that is said because of one plan is one trace.

Ids are derived from the names that messages bear: a plan's party and the beginning of its digest, which its
negotiation is named by as well. So every service finds the same trace by itself, after a restart too, and over a broker
that carries no properties. Where somebody has said with a message which trace it is part of, that counts instead.

A sighting begins a trace of its own. Under that of the flight that was seen, a side would learn which of the other's
plans it has seen, and the agreement does not tell it that.
"""

import hashlib
import re
from typing import Final, NamedTuple

from hotline_protocol.events import (
    CallEnded,
    Escalated,
    LineMoved,
    Misheard,
    NegotiationEnded,
    PlanStatus,
    ReviewEnded,
)
from hotline_protocol.injection import CancelPlan, DeclareEmergency, Deviate, FlyUnannounced, ReportSighting, SubmitPlan
from hotline_protocol.ledger import negotiation_id_of
from hotline_protocol.line import (
    Amend,
    Confirm,
    Entered,
    InNegotiation,
    InReview,
    Lapsed,
    Mail,
    MailRead,
    OnCall,
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

_HEADER: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NEGOTIATION: Final = re.compile(r"(.+)-[a-z0-9]{1,16}-n([0-9a-f]{8})")  # party, epoch, beginning of the plan's digest
_PLAN: Final = "plan:"
_UNTRACED: Final = (Health, Clock, Receipt, Resend, Stop, Tracks)  # about no plan, and many


class Trace(NamedTuple):
    """A message's place in its trace; ids in hex. Each message is one span; ``parent_id`` is empty at the first.

    ``state`` is the ``tracestate`` of others, handed on as it came. ``told``: it came with a message, not derived here.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    flags: str = SAMPLED
    state: str = ""
    told: bool = False

    @property
    def header(self) -> str:
        """The ``traceparent`` that this message bears."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


class Threads(NamedTuple):
    """Names by which a message says what it is part of: ``own`` (with ``aliases``), or what it is ``about``."""

    own: str = ""
    aliases: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


def read_header(header: str, state: str = "") -> Trace | None:
    """What a ``traceparent`` and ``tracestate`` say, or None when they are not to be used."""
    found = _HEADER.fullmatch(header)
    if found is None:
        return None
    version, trace_id, span_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    kept = state if len(state) <= STATE_AT_MOST and state.isprintable() and state.isascii() else ""
    return Trace(trace_id, span_id, "", SAMPLED if int(flags, 16) & 1 else "00", kept, told=True)


def span_id_of(message_id: str) -> str:
    """The span of this message."""
    return _derived(message_id, 16)


def _derived(name: str, digits: int) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:digits]


class Traces:
    """The traces of the messages and threads that came last: at least so many, at most twice as many."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._at_most: Final = remembered
        self._new: dict[str, Trace] = {}
        self._old: dict[str, Trace] = {}

    def place(self, message: Message, header: str = "", state: str = "") -> Trace | None:
        """Where this message belongs, which came with this ``traceparent``, if any. None: to no trace.

        Said of a message again, it is the same.
        """
        known = self._find(message.id)
        if known is not None or isinstance(message, _UNTRACED):
            return known
        threads = threads_of(message)
        trace = read_header(header, state) if header else None
        if trace is None:
            trace = self._derive(message, threads)
        self._keep(message.id, trace)
        self._bind(message, threads, trace)
        return trace

    def _derive(self, message: Message, threads: Threads) -> Trace:
        origin = self._origin(message, threads)
        span_id = span_id_of(message.id)
        if origin is None:
            name = threads.own or message.id
            return Trace(_derived(name, 32), span_id)
        cause = self._find(message.cause) if message.cause else None
        parent = cause if cause is not None and cause.trace_id == origin.trace_id else origin
        return Trace(origin.trace_id, span_id, parent.span_id, origin.flags, origin.state, origin.told)

    def _origin(self, message: Message, threads: Threads) -> Trace | None:
        """The first that is known of its thread, of what it is about, and of its cause; a plan's name always counts."""
        for name in (threads.own, *threads.about):
            found = self._find(name)
            if found is not None:
                return found
            if name.startswith(_PLAN):
                return None if name == threads.own else Trace(_derived(name, 32), "")
        return self._find(message.cause) if message.cause and not isinstance(message, ReportSighting) else None

    def _bind(self, message: Message, threads: Threads, trace: Trace) -> None:
        """What comes of the same thread goes with it. The trace that was told first stays, until a plan comes anew."""
        bound = self._find(threads.own) if threads.own else None
        if threads.own and (bound is None or (trace.told and (not bound.told or isinstance(message, SubmitPlan)))):
            bound = trace
            self._keep(threads.own, trace)
        for alias in threads.aliases:
            self._keep(alias, bound or trace)

    def _find(self, name: str) -> Trace | None:
        found = self._new.get(name)
        if found is None:
            found = self._old.get(name)
            if found is not None:
                self._keep(name, found)
        return found

    def _keep(self, name: str, trace: Trace) -> None:
        if len(self._new) >= self._at_most:
            self._old, self._new = self._new, {}
        self._new[name] = trace


def threads_of(message: Message) -> Threads:  # noqa: C901, PLR0911, PLR0912  one case a kind of thread
    """What this message says that it is part of."""
    match message:
        case InNegotiation() | Confirm() | Lapsed():
            return Threads(_of_negotiation(message.negotiation_id))
        case PlanStatus():
            talks = (_of_negotiation(message.negotiation_id),) if message.negotiation_id else ()
            plan = _plan(message.source, message.plan_id)
            return Threads(_contents(message.source, message.plan), (plan, *talks))
        case SubmitPlan(to=party, plan=flight):
            return Threads(_contents(party, flight.digest), (_plan(party, flight.plan_id),))
        case FlyUnannounced(plan=flight):
            party = message.side or flight.operator or ""
            return Threads(_contents(party, flight.digest), (_plan(party, flight.plan_id),))
        case Entered():
            return Threads(_of_negotiation(negotiation_id_of(message.entry.agreement_id)))
        case Release():
            return Threads(_of_negotiation(negotiation_id_of(message.agreement_id)))
        case NegotiationEnded():
            return Threads(_of_negotiation(message.negotiation_id), (_plan(message.source, message.plan_id),))
        case Ring() | CallEnded():
            return Threads(message.call_id, about=tuple(map(_of_negotiation, message.about[:1])))
        case InReview():
            return Threads(message.review_id, about=(message.call_id,))
        case OnCall() | Misheard():
            return Threads(message.call_id)
        case Amend() | ReviewEnded() | LineMoved():
            return Threads(message.review_id)
        case FlightBegan() | FlightFlown() | ConformanceChanged() | LineCrossed() | ZoneEntered():
            return Threads(_flown(message.flyer))
        case Encountered():
            return Threads(about=(_flown(message.one), _flown(message.other)))
        case CancelPlan() | DeclareEmergency():
            return Threads(_plan(message.to, message.plan_id))
        case Deviate():
            return Threads(_plan(message.side, message.plan_id))
        case Escalated():
            return Threads(about=(_of_negotiation(message.about), _plan(message.source, message.about)))
        case Mail() | MailRead():
            return Threads(about=(_of_negotiation(message.about),))
    return Threads()


def _contents(party: str, digest: str) -> str:
    return f"{_PLAN}{party}-n{digest[:8]}"


def _of_negotiation(name: str) -> str:
    """The plan that a negotiation is about, by the name that a centre gives it; the name itself of other things."""
    found = _NEGOTIATION.fullmatch(name)
    return f"{_PLAN}{found[1]}-n{found[2]}" if found else name


def _plan(party: str, plan_id: str) -> str:
    return f"{party}/{plan_id}"


def _flown(flyer: Flyer) -> str:
    return _plan(flyer.side or flyer.operator, flyer.plan_id)
