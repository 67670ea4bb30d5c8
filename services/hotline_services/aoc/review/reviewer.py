"""One line review as one of its two sides sees it: alternating offers over how far the line moves at each point."""

import math
from datetime import datetime
from typing import Any, Final

import msgspec

from hotline_protocol.agreement import LineReviewRule
from hotline_protocol.arc import Arc
from hotline_protocol.lifecycle import REVIEW, ReviewState, ReviewStep
from hotline_protocol.line import ConcurTrace, CounterTrace, DeclineTrace, ProposeTrace, TraceOffer, trace_digest
from hotline_services.aoc.config import Review as Wants
from hotline_services.aoc.negotiation import AlternatingOffers, Bids, CallLost, Kind, Negotiation, OnTable

from .bargain import NO_LINE, Bargain, Offsets

TRIES: Final = 3
LAPSED: Final = "the offer had lapsed before it was answered"


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What we have said that we would have, and so may be held to: by ``until``, an offer that is still to be
    concurred to."""

    review_id: str
    offer: str
    trace: TraceOffer
    said_at: datetime
    until: datetime | None


class LineReview(Negotiation[ReviewState, Offsets], frozen=True, kw_only=True):
    """A review through all its calls. ``wants`` is what we want of it in this call.

    It ends in bounded time: both sides' offers are counted, a call in which nobody speaks is dropped, after
    :data:`TRIES` of them it is given up, and so it is at the ``deadline`` whatever has happened.
    """

    state: ReviewState = ReviewState.WAITING
    deadline: datetime
    wants: Wants = Wants()
    tries: int = 0
    reason: str = ""
    bound: Bound | None = None

    @property
    def to_answer(self) -> OnTable[Offsets]:
        """The offer that awaits our answer. Raises ValueError when there is none."""
        if self.state is not ReviewState.OURS or self.theirs is None:
            raise ValueError(f"no offer awaits an answer in {self.id}")
        return self.theirs

    def is_answered_by(self, message: CounterTrace | ConcurTrace | DeclineTrace) -> bool:
        """Whether this answers our standing offer; what does not is stale, and changes nothing.

        Who declines may name an offer of their own instead: ours has perhaps not been heard.
        """
        if self.state is not ReviewState.THEIRS or self.ours is None or message.call_id != self.call_id:
            return False
        answers = message.offer if isinstance(message, ConcurTrace) else message.answers
        own = self.theirs.digest if self.theirs is not None and isinstance(message, DeclineTrace) else None
        return answers in {self.ours.digest, own}


class ReviewContext(msgspec.Struct, frozen=True, kw_only=True):
    """What is not in the record: the time, the line as an arc, and what is agreed about reviews of it.

    ``sign`` is 1 for the side that holds the right of the line, -1 for that of the left.
    """

    now: datetime
    arc: Arc
    rule: LineReviewRule
    sign: int
    offer_s: float


class ReviewOpened(msgspec.Struct, frozen=True):
    """It is talked about in this call, and this is what we want."""

    call_id: str
    wants: Wants


class ReviewProposed(msgspec.Struct, frozen=True):
    """They open. The offer has been screened, and this is what we want."""

    propose: ProposeTrace
    wants: Wants


class Refused(msgspec.Struct, frozen=True):
    """Their offer cannot be used, for this reason."""

    reason: str


class GivenUp(msgspec.Struct, frozen=True):
    """It is over without an agreement, for this reason."""

    reason: str


class Reviewer(AlternatingOffers[LineReview, Offsets]):
    """Either side of a review."""

    KIND = Kind(table=REVIEW, steps=ReviewStep, counter=CounterTrace, decline=DeclineTrace, id_field="review_id")

    def __init__(self, record: LineReview, context: ReviewContext) -> None:
        super().__init__(record, context.now)
        self.context: Final = context

    # Offers -----------------------------------------------------------------------------------------------

    @property
    def offer_s(self) -> float:
        """See :class:`~hotline_services.aoc.negotiation.AlternatingOffers`."""
        return self.context.offer_s

    def _digest(self, outcome: Offsets) -> str:
        return trace_digest(self.record.id, self.record.call_id, self.context.arc.offer(outcome))

    def _shown(self, outcome: Offsets) -> dict[str, Any]:
        return {"trace": self.context.arc.offer(outcome)}

    def _put(self, outcome: Offsets, **changes: Any) -> dict[str, Any]:
        said = super()._put(outcome, **changes)
        self._bind(said["offer"], said["trace"], said["expires_at"])
        return said

    def _bind(self, offer: str, trace: TraceOffer, until: datetime | None) -> None:
        bound = Bound(review_id=self.record.id, offer=offer, trace=trace, said_at=self.now, until=until)
        self._change(bound=bound)

    def _strategist(self) -> Bargain:
        record, context = self.record, self.context
        return Bargain.over(context.arc, record.wants, context.rule, sign=context.sign, bids=record.bids)

    def _open(self, event: ReviewOpened) -> None:
        """Lay our first offer on the table, or fail for good when there is nothing that we could offer."""
        self._change(call_id=event.call_id, wants=event.wants, theirs=None, bids=Bids())
        offsets = self._opening()
        if offsets is None:
            self._give_up_for_good(GivenUp(NO_LINE))
        else:
            self._say(ProposeTrace, **self._put(offsets))

    def _hear_propose(self, event: ReviewProposed) -> None:
        self._change(call_id=event.propose.call_id, wants=event.wants)
        self._hear_offer(event.propose)

    def _hear_offer(self, offer: ProposeTrace | CounterTrace) -> None:
        """It is our turn: the officer is to be asked what to say to this offer, which has been screened."""
        offsets = offer.trace.offsets_nm
        theirs = OnTable(digest=offer.offer, outcome=offsets, round=offer.round, until=offer.expires_at)
        self._step(ReviewStep.HEAR_OFFER, theirs=theirs)
        if self.now > theirs.until:
            self._give_up(LAPSED)
            return
        self.awaits_answer = True

    @property
    def to_answer(self) -> OnTable[Offsets]:
        """See :class:`~hotline_services.aoc.negotiation.AlternatingOffers`."""
        return self.record.to_answer

    # Yes and no -------------------------------------------------------------------------------------------

    def _concur(self, theirs: OnTable[Offsets]) -> None:
        self._step(ReviewStep.SAY_CONCUR)
        self._bind(theirs.digest, self.context.arc.offer(theirs.outcome), None)
        self._say(ConcurTrace, offer=theirs.digest)

    def _hear_concur(self, concur: ConcurTrace) -> None:
        """They agree to our standing offer."""
        record, bound = self.record, self.record.bound
        if record.ours is None or bound is None:
            return
        if concur.time > record.ours.until:
            self._give_up(LAPSED)
        else:
            self._step(ReviewStep.HEAR_CONCUR, bound=msgspec.structs.replace(bound, until=None))

    def _give_up(self, reason: str) -> None:
        """We see no line in reach that would do."""
        on_table = self.record.theirs or self.record.ours
        self._step(ReviewStep.SAY_DECLINE, bound=None, reason=reason)
        self._decline(on_table.digest if on_table is not None else "", reason)

    def _hear_decline(self, decline: DeclineTrace) -> None:
        """They see no line in reach that would do."""
        self._step(ReviewStep.HEAR_DECLINE, bound=None, reason=decline.reason or "declined")

    def _refuse(self, event: Refused) -> None:
        self._give_up(event.reason)

    def _lose_call(self, event: CallLost) -> None:
        """Another call may follow, and begins anew. What we have said may yet be taken up."""
        if self.record.call_id == event.call_id and self.record.state is ReviewState.THEIRS:
            self._step(ReviewStep.LOSE_CALL, tries=self.record.tries + 1)
            if self.record.tries >= TRIES:
                self._give_up_for_good(GivenUp("the call was dropped"))

    def _give_up_for_good(self, event: GivenUp) -> None:
        """Nothing is taken back: their yes to our offer may be on its way."""
        if not self.record.state.is_over:
            self._step(ReviewStep.FAIL, reason=event.reason)

    EVENTS = {
        ReviewOpened: _open,
        ReviewProposed: _hear_propose,
        CounterTrace: _hear_offer,
        ConcurTrace: _hear_concur,
        DeclineTrace: _hear_decline,
        Refused: _refuse,
        CallLost: _lose_call,
        GivenUp: _give_up_for_good,
    }


def fault_of(message: ProposeTrace | CounterTrace, arc: Arc, furthest_nm: float) -> str | None:
    """What makes an offer unusable for anybody, as "field: reason", or None."""
    trace = message.trace
    if message.offer != trace_digest(message.review_id, message.call_id, trace):
        return "offer: is not the digest of this trace in this review and call"
    if not arc.takes_hold_at(trace.control):
        return f"trace.control: not the {len(arc.control)} points along the line that the agreement's spacing gives"
    if len(trace.offsets_nm) != len(trace.control):
        return f"trace.offsets_nm: {len(trace.offsets_nm)} for {len(trace.control)} control points"
    if not all(math.isfinite(offset) and abs(offset) <= furthest_nm for offset in trace.offsets_nm):
        return f"trace.offsets_nm: the line is moved by no more than {furthest_nm:g} NM in one review"
    return None
