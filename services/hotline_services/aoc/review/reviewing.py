"""One line review as one of its two sides sees it: who has offered what, and how it ends."""

import math
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from hotline_protocol.arc import Arc
from hotline_protocol.lifecycle import REVIEW, ReviewState, ReviewStep
from hotline_protocol.line import (
    ConcurTrace,
    CounterTrace,
    DeclineTrace,
    InReview,
    ProposeTrace,
    TraceOffer,
    trace_digest,
)
from hotline_services.aoc.negotiation import Accept, GiveUp
from hotline_services.aoc.voice import Voice

from .bargain import Bargain, Offsets

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


class Reviewing:
    """A review through all its calls.

    It ends in bounded time: both sides' offers are counted, a call in which nobody speaks is dropped, after
    :data:`TRIES` of them it is given up, and so it is at the ``deadline`` whatever has happened.
    """

    def __init__(
        self, review_id: str, peer: str, arc: Arc, *, deadline: datetime, voice: Voice, offer_s: float
    ) -> None:
        self.id: Final = review_id
        self.peer: Final = peer
        self.deadline: Final = deadline
        self._arc: Final = arc
        self._voice: Final = voice
        self._life: Final = timedelta(seconds=offer_s)
        self.state = ReviewState.WAITING
        self.call_id = ""
        self.rounds = 0
        self.tries = 0
        self.reason = ""
        self.bound: Bound | None = None
        self._bargain: Bargain | None = None
        self._heard = ""

    # The side that calls ------------------------------------------------------------------------------------

    def open(self, call_id: str, bargain: Bargain) -> None:
        """Lay our first offer on the table, or fail for good when there is nothing that we could offer."""
        self.call_id, self._bargain, self._heard = call_id, bargain, ""
        offsets = bargain.opening()
        if offsets is None:
            self.fail("no line that we could agree to can be drawn")
            return
        bound = self._put(offsets)
        self._say(ProposeTrace, trace=bound.trace, offer=bound.offer, round=self.rounds, expires_at=bound.until)

    # The side that is called --------------------------------------------------------------------------------

    def hear_propose(self, propose: ProposeTrace, bargain: Bargain) -> None:
        """They open. The offer has been screened."""
        self.call_id, self._bargain = propose.call_id, bargain
        self._step(ReviewStep.HEAR_OFFER)
        self._weigh(propose)

    # Both ---------------------------------------------------------------------------------------------------

    def awaits(self, message: CounterTrace | ConcurTrace | DeclineTrace) -> bool:
        """Whether this answers our standing offer; what does not is stale, and changes nothing.

        Who declines may name an offer of their own instead: ours has perhaps not been heard.
        """
        if self.state is not ReviewState.THEIRS or self.bound is None or message.call_id != self.call_id:
            return False
        answers = message.offer if isinstance(message, ConcurTrace) else message.answers
        return answers == self.bound.offer or (isinstance(message, DeclineTrace) and answers == self._heard)

    def hear_counter(self, counter: CounterTrace) -> None:
        """Weigh their answer to our standing offer. It has been screened."""
        self._step(ReviewStep.HEAR_OFFER)
        self._weigh(counter)

    def hear_concur(self, concur: ConcurTrace) -> None:
        """They agree to our standing offer."""
        if self.bound is None:
            return
        if self.bound.until is not None and concur.time > self.bound.until:
            self.decline(LAPSED)
            return
        self._step(ReviewStep.HEAR_CONCUR)
        self.bound = msgspec.structs.replace(self.bound, until=None)

    def hear_decline(self, decline: DeclineTrace) -> None:
        """They see no line in reach that would do."""
        self._step(ReviewStep.HEAR_DECLINE)
        self.bound = None
        self.reason = decline.reason or "declined"

    def decline(self, reason: str) -> None:
        """We see no line in reach that would do."""
        answers = self._heard or (self.bound.offer if self.bound else "")
        self._step(ReviewStep.SAY_DECLINE)
        self.bound = None
        self.reason = reason
        self._say(DeclineTrace, answers=answers, reason=reason[:200])

    def lose_call(self, call_id: str) -> None:
        """The call was dropped: another may follow, and begins anew. What we have said may yet be taken up."""
        if self.call_id == call_id and self.state is ReviewState.THEIRS:
            self._step(ReviewStep.LOSE_CALL)
            self.tries += 1
            if self.tries >= TRIES:
                self.fail("the call was dropped")

    def fail(self, reason: str) -> None:
        """It is over without an agreement. Nothing is taken back: their yes to our offer may be on its way."""
        if not self.state.is_over:
            self._step(ReviewStep.FAIL)
            self.reason = reason

    def _weigh(self, offer: ProposeTrace | CounterTrace) -> None:
        self._heard = offer.offer
        if self._bargain is None or self._voice.now > offer.expires_at:
            self.decline(LAPSED)
            return
        answer = self._bargain.answer(offer.trace.offsets_nm)
        if isinstance(answer, Accept):
            self._concur(offer)
        elif isinstance(answer, GiveUp):
            self.decline(answer.reason)
        else:
            bound = self._put(answer.offsets_nm)
            self._say(
                CounterTrace,
                answers=offer.offer,
                trace=bound.trace,
                offer=bound.offer,
                round=self.rounds,
                expires_at=bound.until,
            )

    def _concur(self, offer: ProposeTrace | CounterTrace) -> None:
        self.bound = Bound(review_id=self.id, offer=offer.offer, trace=offer.trace, said_at=self._voice.now, until=None)
        self._step(ReviewStep.SAY_CONCUR)
        self._say(ConcurTrace, offer=offer.offer)

    def _put(self, offsets: Offsets) -> Bound:
        """Make this our standing offer."""
        now = self._voice.now
        trace = self._arc.offer(offsets)
        offer = trace_digest(self.id, self.call_id, trace)
        self.bound = Bound(review_id=self.id, offer=offer, trace=trace, said_at=now, until=now + self._life)
        self.rounds += 1
        self._step(ReviewStep.SAY_OFFER)
        return self.bound

    def _say(self, message: type[InReview], /, **fields: Any) -> None:
        self._voice.say(message, to=self.peer, call_id=self.call_id, review_id=self.id, **fields)

    def _step(self, step: ReviewStep) -> None:
        self.state = REVIEW[(self.state, step)]


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
