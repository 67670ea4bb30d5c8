"""The side that asks: it wants to fly, opens, bargains, and takes up what it is granted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hotline_protocol.agreement import Timing
from hotline_protocol.airspace import Volume4D
from hotline_protocol.events import NegotiationOutcome
from hotline_protocol.flightplan import FlightPlan, Priority
from hotline_protocol.ledger import Entry
from hotline_protocol.lifecycle import NegotiationState, NegotiationStep
from hotline_protocol.line import (
    Concur,
    Confirm,
    Counter,
    Decline,
    Disclose,
    Expire,
    Lapsed,
    Propose,
    Tier,
    Withdraw,
)
from hotline_protocol.menu import Choice

from .menus import Bid, moved_plan, moved_volumes
from .negotiation import CallLost, OnTable, Say, settlement
from .negotiation.offers import LONGEST_REASON
from .request import GRACE, OFF_MENU, WORTH_DIGITS, Due, Request, RequestRole

TRIES_AT_TIER: Final = 3
CONFIRMED_AGAIN: Final = 0.25
"""Share of the agreed hold after which what has been taken up and is not entered yet is confirmed again."""
GONE: Final = "that air has gone to another flight since it was offered"
WITHHELD: Final = "we do not lay our needs open here"
NO_ROOM: Final = "no place, height or time is left in which this could be flown"


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What the asking side has said yes to and waits to see entered: ``until`` then, and confirmed ``again``."""

    choice: Choice
    offer: str
    volumes: tuple[Volume4D, ...]
    until: datetime
    again: datetime


class OurRequest(Request, frozen=True, kw_only=True):
    """One negotiation as the side that asks sees it, through all its calls and tiers.

    It ends in bounded time: rounds at a tier, tries at a tier, tiers and ``deadline`` are all finite, and an
    offer that is not answered is forfeit a quarter of its life after its end. ``legs`` are the numbers of the volumes
    that it is about, if it is not about all.
    """

    plan: FlightPlan
    volumes: tuple[Volume4D, ...]
    legs: tuple[int, ...] = ()
    began_at: datetime
    tries: int = 0
    is_open: bool = False
    """Both needs are laid open in this call."""
    taken: Taken | None = None
    outcome: NegotiationOutcome | None = None
    reason: str = ""

    @property
    def plan_id(self) -> str | None:
        """See :class:`~.request.Request`."""
        return self.plan.plan_id

    @property
    def tier(self) -> Tier:
        return self.rule.tier

    @property
    def is_at_last_tier(self) -> bool:
        """What fails now fails for good."""
        return self.tier_index + 1 >= len(self.tiers)

    @property
    def next_deadline(self) -> datetime | None:
        """When silence becomes an answer."""
        if self.state.is_over:
            return None
        if self.taken is not None and self.state is NegotiationState.TAKEN:
            return min(self.taken.again, self.taken.until)
        if self.ours is not None and self.state is NegotiationState.THEIRS:
            return min(self.ours.until + timedelta(seconds=self.rule.offer_s * GRACE), self.deadline)
        return self.deadline

    def moved_plan(self, plan: FlightPlan) -> FlightPlan:
        """The plan as what has been taken would have it."""
        return moved_plan(plan, self.laid, self.taken.choice) if self.taken is not None else plan


def latest(plan: FlightPlan, volumes: Sequence[Volume4D], now: datetime, timing: Timing) -> datetime:
    """When a negotiation that begins now ends at the latest: in the agreed time, and while consent is of use.

    For a flight under way or in distress that is until its end, else until its last start.
    """
    in_time, start = now + timedelta(seconds=timing.negotiation_s), min(volume.start for volume in volumes)
    if start <= now or plan.priority is Priority.EMERGENCY:
        return min(in_time, max(volume.end for volume in volumes))
    return min(in_time, start + timedelta(minutes=plan.flexibility.max_shift_min))


class Opened(msgspec.Struct, frozen=True):
    """It is talked about in this call, with this bid."""

    call_id: str
    bid: Bid


class Inherited(msgspec.Struct, frozen=True):
    """An earlier life of ours was granted this choice of the bid."""

    bid: Bid
    choice: Choice
    entry: Entry


class Withdrawn(msgspec.Struct, frozen=True):
    """We no longer want to fly this."""

    reason: str


class Raised(msgspec.Struct, frozen=True):
    """The next tier is to speak, whatever is on the table."""

    reason: str


class Asker(RequestRole[OurRequest]):
    """The part of the side that asks."""

    def _air(self, choice: Choice) -> tuple[Volume4D, ...]:
        return moved_volumes(self.record.volumes, self.record.laid, choice)

    # Offers -----------------------------------------------------------------------------------------------

    def _open(self, event: Opened) -> None:
        """Lay the menu on the table with our best outcome. Fails for good when there is none: no tier can help."""
        bid, plan = event.bid, self.record.plan
        self._lay(event.call_id, bid, is_open=False)
        outcome = self._opening()
        if outcome is None:
            self._end(NegotiationStep.FAIL, NegotiationOutcome.REFUSED, NO_ROOM)
            return
        self._say(Propose, menu=bid.menu, kind=plan.kind, priority=plan.priority, **self._put(outcome))

    def _hear_counter(self, counter: Counter) -> None:
        """A counter-offer to our standing offer; any other is stale and changes nothing."""
        if not self._answers_in_time(counter.answers, counter.time):
            return
        theirs = self._read(counter)
        if self._is_true(theirs):
            self._hear_offer(theirs)
        else:
            fault = "not on the menu" if theirs.outcome == OFF_MENU else "not what its digest names"
            self._fail_at_tier(f"the counter-offer is {fault}", answers=counter.offer)

    def _answers_in_time(self, digest: str, said_at: datetime) -> bool:
        ours = self.record.ours
        return self._is_answer(digest) and ours is not None and said_at <= ours.until

    def _is_answer(self, digest: str) -> bool:
        return self.record.state is NegotiationState.THEIRS and self._is_ours(digest)

    def _hear_disclose(self, disclose: Disclose) -> None:
        """They have laid their needs open: lay ours open too and propose what is best for both."""
        record = self.record
        if record.state is not NegotiationState.THEIRS or record.is_open or record.ours is None:
            return
        if not record.rule.disclosure or len(disclose.worth) != record.menu.size:
            reason = "a disclosure that does not fit the menu" if record.rule.disclosure else WITHHELD
            self._fail_at_tier(reason, answers=record.ours.digest)
            return
        self._change(is_open=True)
        ours = tuple(round(worth, WORTH_DIGITS) for worth in record.laid.worth)
        walk_away = round(record.least, WORTH_DIGITS)
        best = settlement(ours, walk_away, disclose.worth, disclose.walk_away)
        if best is None:
            reason = "with both needs laid open there is nothing that serves both"
            self._fail_at_tier(reason, answers=record.ours.digest)
            return
        self._say(Disclose, worth=ours, walk_away=walk_away)
        self._step(NegotiationStep.HEAR_OFFER)
        self._counter(record.ours.digest, best)

    # Yes and no -------------------------------------------------------------------------------------------

    def _concur(self, theirs: OnTable[int]) -> None:
        if self.now > theirs.until:
            self._fail_try("their offer had lapsed before we could concur")
        elif self._take(theirs, theirs.until, NegotiationStep.SAY_CONCUR_TO_TAKE):
            self._say(Concur, offer=theirs.digest, hold_until=theirs.until)

    def _hear_concur(self, concur: Concur) -> None:
        """They hold our offer for us: take it up."""
        ours = self.record.ours
        if ours is None or not self._answers_in_time(concur.offer, concur.time):
            return
        if self._take(ours, concur.hold_until, NegotiationStep.HEAR_CONCUR_TO_GRANT):
            self._confirm(concur.offer)

    def _confirm(self, offer: str) -> None:
        self.said.append(Say(Confirm, {"to": self.record.peer, "negotiation_id": self.record.id, "offer": offer}))

    def _take(self, offer: OnTable[int], until: datetime, step: NegotiationStep) -> bool:
        """Say yes, unless that air has gone to somebody else since we offered to fly in it."""
        choice = self.menu.choice(offer.outcome)
        volumes = self._air(choice)
        if not self.context.is_free(self.record, volumes):
            self._fail_try(GONE)
            return False
        timing = self.context.timing
        # No side may make us wait longer than the agreement has it, by a false clock or on purpose.
        longest = timedelta(seconds=max(timing.hold_s, self.offer_s))
        until = min(max(until, self.now), self.now + longest) + timedelta(seconds=timing.silence_s)
        again = self.now + self._patience
        self._step(step, taken=Taken(choice=choice, offer=offer.digest, volumes=volumes, until=until, again=again))
        return True

    @property
    def _patience(self) -> timedelta:
        return timedelta(seconds=self.context.timing.hold_s * CONFIRMED_AGAIN)

    def _hear_decline(self, decline: Decline) -> None:
        """They see nothing acceptable at this tier."""
        if self._is_answer(decline.answers):
            self._raise_tier(decline.reason or "declined", NegotiationOutcome.REFUSED)

    def _hear_expire(self, expire: Expire) -> None:
        """An offer of theirs has lapsed before we answered it; ours may still be on its way."""
        if self.record.state is NegotiationState.OURS:
            self._fail_try(f"their offer {expire.offer} has lapsed")

    def _hear_entered(self, entry: Entry) -> None:
        """It is agreed, when this entry is what we took up."""
        record, taken = self.record, self.record.taken
        if record.state is not NegotiationState.TAKEN or taken is None or entry.granter != record.peer:
            return
        if entry.offer == taken.offer and entry.volumes == record.menu.volumes(taken.choice):
            self._agree(NegotiationStep.HEAR_ENTERED)

    def _inherit(self, event: Inherited) -> None:
        if event.entry.offer is None:
            return
        self._change(bid=event.bid)
        air = self._air(event.choice)
        self._change(
            taken=Taken(choice=event.choice, offer=event.entry.offer, volumes=air, until=self.now, again=self.now)
        )
        self._agree(NegotiationStep.INHERIT)

    def _agree(self, step: NegotiationStep) -> None:
        menu, taken = self.menu, self.record.taken
        as_filed = Choice(sector=0, block=0, shift=menu.shifts_min.index(0))
        same = taken is not None and menu.outcome(taken.choice) == menu.outcome(as_filed)
        outcome = NegotiationOutcome.AGREED_AS_FILED if same else NegotiationOutcome.AGREED_WITH_CHANGES
        self._step(step, outcome=outcome)

    def _hear_lapsed(self, lapsed: Lapsed) -> None:
        """What we took up was gone: try again."""
        record = self.record
        if record.state is NegotiationState.TAKEN and record.taken is not None and lapsed.offer == record.taken.offer:
            self._step(NegotiationStep.HEAR_LAPSED, taken=None)
            self._fail_try("the hold had lapsed", already_waiting=True)

    # Ends -------------------------------------------------------------------------------------------------

    def _withdraw(self, event: Withdrawn) -> None:
        if not self.record.state.is_over:
            if self.record.bid is not None:
                self._say(Withdraw, reason=event.reason[:LONGEST_REASON])
            self._end(NegotiationStep.WITHDRAW, NegotiationOutcome.WITHDRAWN, event.reason)

    def _lapse(self, _: Due) -> None:
        """Nobody spoke in time."""
        record = self.record
        if record.next_deadline is None or self.now < record.next_deadline:
            return
        if record.state is NegotiationState.TAKEN and record.taken is not None:
            self._wait_for_entry(record.taken)
            return
        if record.state is NegotiationState.THEIRS and record.ours is not None:
            self._say(Expire, offer=record.ours.digest)
        if self.now >= record.deadline:
            self._end(NegotiationStep.FAIL, NegotiationOutcome.EXPIRED, "no agreement in time")
        else:
            self._fail_try("our offer was not answered")

    def _wait_for_entry(self, taken: Taken) -> None:
        """Our yes or their entry may be lost: say it again, for a while."""
        if self.now >= taken.until:
            self._end(NegotiationStep.FAIL, NegotiationOutcome.LAPSED, "what was taken up was never entered")
        else:
            self._change(taken=msgspec.structs.replace(taken, again=self.now + self._patience))
            self._confirm(taken.offer)

    def _fail_try(self, reason: str, *, already_waiting: bool = False) -> None:
        """Another call at the same tier, until its tries are used up."""
        self._change(tries=self.record.tries + 1)
        if self.record.tries >= TRIES_AT_TIER:
            self._raise_tier(reason, NegotiationOutcome.EXPIRED)
        elif not already_waiting:
            self._step(NegotiationStep.FAIL_AT_TIER, reason=reason)

    def _fail_at_tier(self, reason: str, *, answers: str | None = None) -> None:
        if answers is not None:
            self._decline(answers, reason)
        self._raise_tier(reason, NegotiationOutcome.REFUSED)

    def _rise(self, event: Raised) -> None:
        record = self.record
        ours = record.ours if record.state is NegotiationState.THEIRS else None
        on_table = record.awaited or ours
        self._fail_at_tier(event.reason, answers=on_table.digest if on_table is not None else None)

    def _raise_tier(self, reason: str, outcome: NegotiationOutcome) -> None:
        if self.record.is_at_last_tier:
            self._end(NegotiationStep.FAIL, outcome, reason)
        else:
            raised = {"tier_index": self.record.tier_index + 1, "tries": 0}
            self._step(NegotiationStep.FAIL_AT_TIER, reason=reason, **raised)

    def _end(self, step: NegotiationStep, outcome: NegotiationOutcome, reason: str) -> None:
        self._step(step, outcome=outcome, reason=reason)

    EVENTS = {
        Opened: _open,
        Counter: _hear_counter,
        Disclose: _hear_disclose,
        Concur: _hear_concur,
        Decline: _hear_decline,
        Expire: _hear_expire,
        Entry: _hear_entered,
        Inherited: _inherit,
        Lapsed: _hear_lapsed,
        CallLost: RequestRole.lose_call,
        Due: _lapse,
        Withdrawn: _withdraw,
        Raised: _rise,
    }
