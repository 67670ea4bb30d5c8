"""What an officer is asked and what can be answered, as plain data. Whoever sits at the desk is asked the same.

A question has all that the officer may know to decide. :func:`give` is the one way in which an answer takes effect,
whether the automatic officer, a person's order or an officer of one's own gives it.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Protocol, assert_never

import msgspec

from hotline_protocol.agreement import LineReviewRule
from hotline_protocol.arc import Arc
from hotline_protocol.injection import ReportSighting
from hotline_protocol.line import OnCallMessage, Reason, Ring

from .asker import OurRequest
from .config import Review
from .granter import TheirRequest
from .negotiation import Accept, Bids, GiveUp, Offer, OnTable, Reply, Response

Offsets = tuple[float, ...]

# Questions ------------------------------------------------------------------------------------------------------


class RingHeard(msgspec.Struct, frozen=True, kw_only=True):
    """The phone rings, and does so until ``deadline``: is it picked up, and when?"""

    now: datetime
    deadline: datetime
    ring: Ring


class OfferMade(msgspec.Struct, frozen=True, kw_only=True):
    """A peer has made an offer in a negotiation about a flight: what is said to it?

    ``request`` is all that we know of the negotiation: the menu with what its outcomes are worth to us, the tier and
    its rounds, all offers so far, and the offer that awaits the answer. ``request.weigh()`` is the strategy's advice.
    """

    now: datetime
    request: OurRequest | TheirRequest

    @property
    def deadline(self) -> datetime:
        """When the offer lapses."""
        return self.request.to_answer.until


class TraceOffered(msgspec.Struct, frozen=True, kw_only=True):
    """A peer has made an offer in a line review: what is said to it?

    ``theirs`` is how far the line is to move at each control point, ``bids`` are our offers so far. We have ``wants``
    and are on the side that gains where ``sign`` times an offset is greater. ``arc`` tells which lines can be drawn.
    """

    now: datetime
    review_id: str
    peer: str
    theirs: OnTable[Offsets]
    bids: Bids[Offsets]
    wants: Review
    rule: LineReviewRule
    sign: int
    arc: Arc

    @property
    def deadline(self) -> datetime:
        """When the offer lapses."""
        return self.theirs.until


class SightingMade(msgspec.Struct, frozen=True, kw_only=True):
    """Something of a peer's has been seen that is a ground for a protest: is there to be one? It has no deadline."""

    now: datetime
    deadline: None = None
    sighting: ReportSighting
    reason: Reason


Question = RingHeard | OfferMade | TraceOffered | SightingMade

# Answers --------------------------------------------------------------------------------------------------------


class PickUp(msgspec.Struct, frozen=True):
    """Take the call after so many seconds."""

    in_s: float = 0.0


class LeaveRinging(msgspec.Struct, frozen=True):
    """Do not take the call, and do not call back."""


class MakeProtest(msgspec.Struct, frozen=True):
    """Protest."""


class LetPass(msgspec.Struct, frozen=True):
    """Do not protest."""


Answer = PickUp | LeaveRinging | Response[Any] | MakeProtest | LetPass

ANSWERS: Final[Mapping[type[Question], tuple[type[Answer], ...]]] = MappingProxyType(
    {
        RingHeard: (PickUp, LeaveRinging),
        OfferMade: (Response,),
        TraceOffered: (Response,),
        SightingMade: (MakeProtest, LetPass),
    }
)
"""The kinds of answers to each kind of question."""


class Subject(Protocol):
    """The matter that a question is about."""

    def answer(self, answer: Any, /) -> None:
        """Let this answer take effect."""
        ...


def give(question: Question, answer: Answer, subject: Subject) -> str | None:
    """Answer a question: the answer takes effect. Returns why it cannot be given, as "field: reason", or None."""
    fault = fault_of(question, answer)
    if fault is None:
        subject.answer(answer)
    return fault


def fault_of(question: Question, answer: Answer) -> str | None:
    """Why this answer cannot be given to this question, as "field: reason", or None."""
    if not isinstance(answer, ANSWERS[type(question)]):
        return f"answer: {type(answer).__name__} is none to {type(question).__name__}"
    match question:
        case RingHeard():
            is_time = not isinstance(answer, PickUp) or 0 <= answer.in_s < math.inf
            return None if is_time else "in_s: is no time from now on"
        case OfferMade():
            reply = answer.reply if isinstance(answer, Response) else None
            return question.request.cannot_offer(reply.outcome) if isinstance(reply, Offer) else None
        case TraceOffered():
            return _trace_fault(question, answer.reply) if isinstance(answer, Response) else None
        case SightingMade():
            return None
        case _:
            assert_never(question)


def _trace_fault(question: TraceOffered, reply: Reply[Offsets]) -> str | None:
    arc, rule = question.arc, question.rule
    match reply:
        case Accept():
            return None if arc.can_run(question.theirs.outcome) else "trace: no line can be drawn so"
        case Offer(outcome=offsets):
            if len(offsets) != len(arc.control):
                return f"trace.offsets_nm: {len(offsets)} for {len(arc.control)} control points"
            if not all(abs(offset) <= rule.furthest_nm for offset in offsets):
                return f"trace.offsets_nm: the line is moved by no more than {rule.furthest_nm:g} NM in one review"
            if len(question.bids.said) >= rule.rounds:
                return f"trace: a review has {rule.rounds} offers of each side, and we have made ours"
            return None if arc.can_run(offsets) else "trace: no line can be drawn so"
        case GiveUp():
            return None
        case _:
            assert_never(reply)


class Seated(Protocol):
    """Whoever sits at the desk, as the parts of a centre ask them."""

    @property
    def has_one_ear(self) -> bool:
        """Whether one call at a time is all that they take, however many lines there are."""
        ...

    def grasp_s(self, message: OnCallMessage) -> float:
        """Seconds until these words have been understood and thought about."""
        ...

    def answer(self, question: Question) -> Answer | None:
        """What they say to this; None when that is yet to be ordered."""
        ...

    def ask(self, question: Question, subject: Subject) -> bool:
        """Put the question; returns whether it has been answered by now. Else it stays open for an order."""
        ...
