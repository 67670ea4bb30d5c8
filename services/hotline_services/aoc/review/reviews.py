"""The line reviews of one side: when they are due, what is said in them, and what comes of each."""

from datetime import datetime, timedelta
from typing import Final, assert_never

from hotline_protocol.agreement import LineReviewRule
from hotline_protocol.events import ReviewEnded
from hotline_protocol.lifecycle import ReviewState
from hotline_protocol.line import (
    Amend,
    ConcurTrace,
    CounterTrace,
    DeclineTrace,
    InReview,
    ProposeTrace,
    Reason,
    TraceMessage,
)
from hotline_protocol.slices import Slice
from hotline_services.aoc import internal
from hotline_services.aoc.calls import Item
from hotline_services.aoc.config import Review as Wants
from hotline_services.aoc.internal import BadInput, ItemDropped, ItemQueued, ItemTaken, WordsUnderstood
from hotline_services.aoc.negotiation import CallLost
from hotline_services.aoc.questions import Seated, TraceOffered
from hotline_services.aoc.strain.relations import Relations
from hotline_services.aoc.voice import LONG_AGO, Voice

from .accord import Accord
from .moving import MovingLine
from .reviewer import GivenUp, LineReview, Refused, ReviewContext, Reviewer, ReviewOpened, ReviewProposed, fault_of

TOO_LATE: Final = "no agreement in time"
NOT_IN_EFFECT: Final = "the line agreed last is not in effect yet"


class ReviewsState(Slice, kw_only=True):
    """When a review is due, the one in progress, and the one last proposed to us with the time by which it has to end.

    ``next_deadline`` is when a review is due or has to end, or the line moves.
    """

    due: datetime | None
    reviewing: LineReview | None = None
    heard: tuple[str, datetime] = ("", LONG_AGO)
    next_deadline: datetime | None


class Reviews:
    """The reviews of the line between us and whoever holds its other side.

    Only who calls a review says how it ended, and that the line moves (``Amend``). The other side takes that for the
    offer that it has concurred to, or made and not seen declined, and for no other; then both move the line at the
    same instant. Strain makes a side stiffer. Without a rule in the agreement there are no reviews, and they cost
    nothing.
    """

    def __init__(self, party: str, accord: Accord, relations: Relations, seat: Seated, voice: Voice) -> None:
        self._party: Final = party
        self._accord: Final = accord
        self._relations: Final = relations
        self._seat: Final = seat
        self._voice: Final = voice
        self._rule: Final = accord.rule
        self._line: Final = MovingLine(accord, voice)
        self._calls: Final = self._rule.caller == party
        due = LONG_AGO if self._calls else None
        self.state = ReviewsState(due=due, next_deadline=due)

    @property
    def next_deadline(self) -> datetime | None:
        """When a review is due or has to end, or the line moves."""
        return self.state.next_deadline

    def open_ids(self) -> list[str]:
        """The review that is not over, if any."""
        return [self.state.reviewing.id] if self.state.reviewing is not None else []

    # Time -------------------------------------------------------------------------------------------------

    def move_if_due(self) -> None:
        """Before anything else is done in a turn: the line moves when its time has come."""
        if self._accord.state.coming is not None:
            self._line.move_if_due()
            self._set_deadline()

    def lapse(self) -> None:
        """Move the line, end the review that is past its time, or begin one that is due."""
        now = self._voice.now
        self._line.move_if_due()
        if self.state.reviewing is not None and self.state.reviewing.deadline <= now:
            self._give_up(self.state.reviewing, TOO_LATE)
        if self.state.due is not None and self.state.due <= now:
            self._begin(self.state.due)
        self._set_deadline()

    def _begin(self, due: datetime) -> None:
        """A review is due; the first time, we only find out when that is."""
        now = self._voice.now
        self.state.due = next_review(self._rule, now)
        if due == LONG_AGO:
            return
        if self.state.reviewing is not None:
            self._give_up(self.state.reviewing, "the next review is due")
        peer = next(name for name in self._accord.agreement.parties if name != self._party)
        # By its day and not by a running number: in a run in which something else is changed it is the same review.
        review_id = f"{self._party}-{self._voice.author.epoch}-r{due:%Y%m%d}"
        reviewing = self._new(review_id, peer, self._open_until(review_id))
        if self._accord.state.coming is not None:
            self._give_up(reviewing, NOT_IN_EFFECT)
            return
        tier = self._accord.agreement.tiers[0].tier
        item = Item(ref=reviewing.id, peer=peer, reason=Reason.LINE_REVIEW, tier=tier, queued_at=now, not_before=now)
        self._voice.tell(ItemQueued(item))

    def _give_up(self, reviewing: LineReview, reason: str) -> None:
        self._take(reviewing, GivenUp(reason))
        self._voice.tell(ItemDropped(reviewing.id))

    def _set_deadline(self) -> None:
        open_until = self.state.reviewing.deadline if self.state.reviewing is not None else None
        wakes = (self.state.due, open_until, self._line.moves_at)
        self.state.next_deadline = min((at for at in wakes if at is not None), default=None)
        self._voice.reschedule(self)

    # Calls ------------------------------------------------------------------------------------------------

    def open(self, taken: ItemTaken) -> bool:
        """Begin to talk about it in this call; False when there is nothing left to say."""
        reviewing, call = self.state.reviewing, taken.call
        if reviewing is None or reviewing.id != taken.item.ref or reviewing.state is not ReviewState.WAITING:
            return False
        self._take(reviewing, ReviewOpened(call.id, self._wants(reviewing.peer)))
        return self.state.reviewing is not None

    def lose_call(self, lost: internal.CallLost) -> None:
        """The call was dropped, perhaps with a review under way: then there is to be another."""
        call = lost.call
        if self.state.reviewing is None:
            return
        self._take(self.state.reviewing, CallLost(call.id))
        item = call.current
        if self.state.reviewing is not None and item is not None and item.ref == self.state.reviewing.id:
            self._voice.tell(ItemQueued(item))

    def hear(self, words: WordsUnderstood[TraceMessage]) -> None:
        """Something said in a review."""
        message = words.message
        fault, reviewing = None, self._of(message)
        match message:
            case ProposeTrace():
                fault = self._hear_propose(message)
            case CounterTrace():
                fault = self._hear_counter(message)
            case ConcurTrace() | DeclineTrace():
                self._hear_end(message)
            case _:
                assert_never(message)
        if reviewing is not None and reviewing.id not in self.open_ids():
            self._voice.tell(ItemDropped(reviewing.id))  # it is over: what the call was about has been dealt with
        if fault is not None:
            self._voice.tell(BadInput(message, "bad-review", fault))

    def hear_amend(self, amend: Amend) -> None:
        """The line is to run so."""
        fault = self._hear_amend(amend)
        if fault is not None:
            self._voice.tell(BadInput(amend, "bad-amendment", fault))

    def _hear_amend(self, amend: Amend) -> str | None:
        """Why we do not take it, as "field: reason", or None."""
        if self._calls or amend.source != self._rule.caller:
            return f"source: line reviews are called by {self._rule.caller or 'nobody'}"
        fault = self._line.hear_amend(amend)
        if fault is None and self._of(amend) is not None:
            self.state.reviewing = None
        self._set_deadline()
        return fault

    def _hear_propose(self, propose: ProposeTrace) -> str | None:
        fault = refusal = None
        if self._calls or propose.source != self._rule.caller:
            fault = f"source: line reviews are called by {self._rule.caller or 'nobody'}"
        elif propose.trace.base != self._accord.arc.digest:
            refusal = f"we hold the line to be {self._accord.arc.digest}"  # nobody's fault: an Amend may be on its way
        elif self._accord.state.coming is not None:
            refusal = NOT_IN_EFFECT
        elif self._open_until(propose.review_id) <= self._voice.now:
            refusal = TOO_LATE
        else:
            fault = fault_of(propose, self._accord.arc, self._rule.furthest_nm)
        if fault is not None or refusal is not None:
            self._decline(propose, fault or refusal or "")
            return fault
        self.state.heard = (propose.review_id, self._open_until(propose.review_id))
        reviewing = self._new(propose.review_id, propose.source, self.state.heard[1])
        self._take(reviewing, ReviewProposed(propose, self._wants(propose.source)))
        return None

    def _hear_counter(self, counter: CounterTrace) -> str | None:
        reviewing = self._of(counter)
        if reviewing is None:
            self._decline(counter, "that review is over")
            return None
        if not reviewing.is_answered_by(counter):
            return None
        fault = fault_of(counter, self._accord.arc, self._rule.furthest_nm)
        self._take(reviewing, counter if fault is None else Refused(fault))
        return fault

    def _hear_end(self, message: ConcurTrace | DeclineTrace) -> None:
        reviewing = self._of(message)
        if reviewing is not None and reviewing.is_answered_by(message):
            self._take(reviewing, message)

    def _of(self, message: InReview | Amend) -> LineReview | None:
        reviewing = self.state.reviewing
        known = reviewing is not None and (reviewing.id, reviewing.peer) == (message.review_id, message.source)
        return reviewing if known else None

    def _decline(self, offer: ProposeTrace | CounterTrace, reason: str) -> None:
        self._voice.say(
            DeclineTrace,
            to=offer.source,
            call_id=offer.call_id,
            review_id=offer.review_id,
            answers=offer.offer,
            reason=reason[:200],
        )

    def _open_until(self, review_id: str) -> datetime:
        """When this review has to end: so long after it began, however often it is proposed again."""
        if self.state.heard[0] == review_id:
            return self.state.heard[1]
        return self._voice.now + timedelta(seconds=self._accord.agreement.timing.negotiation_s)

    def _new(self, review_id: str, peer: str, deadline: datetime) -> LineReview:
        self.state.reviewing = LineReview(id=review_id, peer=peer, deadline=deadline)
        return self.state.reviewing

    def _wants(self, peer: str) -> Wants:
        return self._relations.config_towards(peer).review

    def _take(self, reviewing: LineReview, event: object) -> None:
        """This happens to the review: say what is to be said, and draw the consequences."""
        context = ReviewContext(
            now=self._voice.now,
            arc=self._accord.arc,
            rule=self._rule,
            sign=1 if self._accord.line.right == self._party else -1,
            offer_s=self._accord.agreement.timing.silence_s,
        )
        reviewer = Reviewer(reviewing, context)
        reviewer.take(event)
        if reviewer.awaits_answer:
            self._seat.ask(_question(reviewer.record, context), reviewer)
        self.state.reviewing = reviewer.record
        for said in reviewer.said:
            self._voice.say(said.kind, **said.fields)
        self._settle()

    # Endings ----------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Draw the consequences of what has just been said."""
        reviewing = self.state.reviewing
        if reviewing is None:
            return
        if not self._calls:
            self._accord.state.bound = reviewing.bound
        if reviewing.state.is_over:
            self.state.reviewing = None
            if self._calls:
                self._end(reviewing)
        self._set_deadline()

    def _end(self, reviewing: LineReview) -> None:
        agreed = reviewing.bound if reviewing.state is ReviewState.AGREED else None
        if agreed is not None:
            self._line.amend(agreed, reviewing.peer)
        self._voice.say(
            ReviewEnded,
            review_id=reviewing.id,
            peer=reviewing.peer,
            agreed=agreed is not None,
            rounds=reviewing.rounds,
            offsets_nm=agreed.trace.offsets_nm if agreed is not None else (),
            reason=reviewing.reason,
        )


def _question(reviewing: LineReview, context: ReviewContext) -> TraceOffered:
    return TraceOffered(
        now=context.now,
        review_id=reviewing.id,
        peer=reviewing.peer,
        theirs=reviewing.to_answer,
        bids=reviewing.bids,
        wants=reviewing.wants,
        rule=context.rule,
        sign=context.sign,
        arc=context.arc,
    )


def next_review(rule: LineReviewRule, now: datetime) -> datetime:
    """When the line is next to be reviewed by this rule; later than ``now``.

    Days are counted from 1 January of the year 1, a Monday, so that every run has its reviews on the same days,
    whenever it begins and whoever has lost its memory of the last one: every 7 days is each Sunday.
    """
    day = now.replace(hour=rule.at.hour, minute=rule.at.minute, second=rule.at.second, microsecond=0)
    day += timedelta(days=-day.toordinal() % rule.every_days)
    return day if day > now else day + timedelta(days=rule.every_days)
