"""The side that grants: it is asked for consent, bargains, holds, and enters what is taken up."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import Priority
from hotline_protocol.lifecycle import NegotiationState, NegotiationStep
from hotline_protocol.line import Concur, Confirm, Counter, Decline, Disclose, Expire, Propose, Tier, Withdraw
from hotline_protocol.menu import Choice

from .menus import Bid
from .negotiation import Accept, CallLost, GiveUp, OnTable, Response, settlement
from .request import GRACE, IN_CALL, WORTH_DIGITS, Due, Request, RequestRole

STANDING: Final = frozenset({NegotiationState.THEIRS, NegotiationState.HELD})
"""Something of ours stands for a while: an offer, or a hold."""


class TheirRequest(Request, frozen=True, kw_only=True):
    """One negotiation as the side that is asked sees it. A new proposal begins it afresh at the caller's tier.

    ``walk_away`` is what we fall back upon (a tier may have to have more); what is worth ``content`` is conceded at
    once. ``held`` is what is kept free for them. ``ends`` is when our offer or our hold lapses.
    """

    walk_away: float
    content: float
    held: OnTable[int] | None = None
    ends: datetime
    needs: Disclose | None = None
    """What they have laid open in this call."""
    settled: OnTable[int] | None = None
    """What they propose as the settlement of both needs."""

    @property
    def next_deadline(self) -> datetime | None:
        """When our offer or our hold lapses, or when the whole is forgotten."""
        if self.state.is_over:
            return None
        return self.ends if self.state in STANDING else self.deadline

    def weigh(self) -> Response[int]:
        """See :class:`~.request.Request`. Most offers are good enough not to bargain."""
        enough = 0.0 if self.priority is Priority.EMERGENCY else max(self.content, self.least)
        if self.settled is not None or self.laid.worth[self.to_answer.outcome] >= enough:
            return Response(Accept(), self.bids)
        response = super().weigh()
        if isinstance(response.reply, GiveUp) and self.least != self.walk_away:
            return Response(GiveUp(reason=f"more than our {self.rule.tier.value} may concede"), response.bids)
        return response

    def cannot_offer(self, outcome: int) -> str | None:
        """See :class:`~.request.Request`."""
        if self.settled is not None:
            return "choice: with both needs laid open the settlement is taken or left"
        return super().cannot_offer(outcome)

    def volumes(self, offer: OnTable[int]) -> tuple[Volume4D, ...]:
        """The air that this offer stands for."""
        return self.menu.volumes(self.menu.choice(offer.outcome))


class Proposed(msgspec.Struct, frozen=True):
    """They open, at this tier. The menu has been screened.

    ``authority`` is how much of the way from all to nothing this tier may go; see :class:`~.config.Watch`.
    """

    propose: Propose
    tier: Tier
    worth: tuple[float, ...]
    authority: float = 1.0


class Granter(RequestRole[TheirRequest]):
    """The part of the side that grants."""

    def _air(self, choice: Choice) -> tuple[Volume4D, ...]:
        return self.menu.volumes(choice)

    # Offers -----------------------------------------------------------------------------------------------

    def _hear_propose(self, event: Proposed) -> None:
        """A fresh start: weigh the menu and the first offer."""
        propose, walk_away = event.propose, self.record.walk_away
        tiers = [rule.tier for rule in self.record.tiers]
        self._lay(
            propose.call_id,
            Bid(menu=propose.menu, worth=event.worth),
            priority=propose.priority,
            kind=propose.kind,
            tier_index=tiers.index(event.tier) if event.tier in tiers else 0,
            least=walk_away if event.authority == 1 else 1 - event.authority * (1 - walk_away),
            held=None,
            ours=None,
            needs=None,
            settled=None,
        )
        if self.record.rule.disclosure and propose.priority is not Priority.EMERGENCY:
            self._disclose(propose)
        else:
            self._weigh_offer(propose)

    def _disclose(self, propose: Propose) -> None:
        worth = tuple(round(worth, WORTH_DIGITS) for worth in self.record.laid.worth)
        bid = msgspec.structs.replace(self.record.laid, worth=worth)
        self._step(NegotiationStep.HEAR_OFFER, theirs=self._read(propose), bid=bid)
        self._step(NegotiationStep.SAY_OFFER, rounds=self.record.rounds + 1, ends=self._ends)
        self._say(Disclose, worth=worth, walk_away=round(self.record.least, WORTH_DIGITS))

    def _weigh_offer(self, offer: Propose | Counter) -> None:
        theirs = self._read(offer)
        if self._is_true(theirs):
            self._hear_offer(theirs)
        else:
            self._step(NegotiationStep.HEAR_OFFER)
            self._fail_at_tier("the offer is not on the menu", answers=offer.offer)

    def _hear_counter(self, counter: Counter) -> None:
        """Weigh an answer to our standing offer; at a disclosing tier, the settlement."""
        record = self.record
        if record.state is not NegotiationState.THEIRS or counter.time > record.ends:
            return
        if record.rule.disclosure and record.ours is None:
            self._change(settled=self._read(counter))
            self._settle()
        elif self._is_ours(counter.answers):
            self._weigh_offer(counter)

    def _hear_disclose(self, disclose: Disclose) -> None:
        """Their needs, in return for ours."""
        if self.record.state is NegotiationState.THEIRS and self.record.needs is None:
            self._change(needs=disclose)
            self._settle()

    def _settle(self) -> None:
        """With both needs open, concur if what they propose is what both can work out."""
        record, theirs = self.record, self.record.needs
        if record.settled is None or theirs is None or len(theirs.worth) != record.menu.size:
            return
        best = settlement(theirs.worth, theirs.walk_away, record.laid.worth, round(record.least, WORTH_DIGITS))
        if best is not None and record.settled.outcome == best and self._is_true(record.settled):
            self._hear_offer(record.settled)
        else:
            self._step(NegotiationStep.HEAR_OFFER)
            fault = "that is not the settlement that both disclosures lead to"
            self._fail_at_tier(fault, answers=record.settled.digest)

    def _put(self, outcome: int, **changes: Any) -> dict[str, Any]:
        return super()._put(outcome, ends=self._ends, **changes)

    @property
    def _ends(self) -> datetime:
        """When what we say now lapses: the answer may take a quarter of its life longer to arrive."""
        return self.now + timedelta(seconds=self.offer_s) + timedelta(seconds=self.offer_s * GRACE)

    # Yes and no -------------------------------------------------------------------------------------------

    def _concur(self, theirs: OnTable[int]) -> None:
        """Hold their offer for them, unless it has lapsed on its way."""
        if self.now > theirs.until:
            self._fail_try("it had lapsed on its way")
            return
        if not self.is_free(self.menu.choice(theirs.outcome)):
            self._fail_at_tier("that air is no longer free", answers=theirs.digest)
            return
        ends = self.now + timedelta(seconds=self.context.timing.hold_s)
        self._step(NegotiationStep.SAY_CONCUR_TO_GRANT, held=theirs, ends=ends)
        self._say(Concur, offer=theirs.digest, hold_until=ends)

    def _fail_try(self, reason: str) -> None:  # noqa: ARG002  it is for them to say why, and to call again
        self._step(NegotiationStep.FAIL_AT_TIER)

    def _fail_at_tier(self, reason: str, *, answers: str) -> None:
        self._decline(answers, reason)
        self._step(NegotiationStep.FAIL_AT_TIER)

    def _hear_taken(self, message: Confirm | Concur) -> None:
        """They take up our hold, or concur with our offer: it is to be entered, unless it is gone."""
        record = self.record
        is_held = record.state is NegotiationState.HELD
        standing = record.held if is_held else record.ours
        if standing is None or standing.digest != message.offer:
            return
        is_offered = record.state is NegotiationState.THEIRS
        if is_held or (is_offered and self.is_free(self.menu.choice(standing.outcome))):
            self._step(NegotiationStep.HEAR_TAKEN, held=standing)

    def _hear_decline(self, decline: Decline) -> None:
        """They see nothing acceptable at this tier, or not our last offer."""
        record = self.record
        known = {offer.digest for offer in (record.theirs, record.ours) if offer is not None}
        if record.state in IN_CALL and decline.answers in known:
            self._step(NegotiationStep.FAIL_AT_TIER)

    def _hear_expire(self, expire: Expire) -> None:
        """Their offer stands no more."""
        if self.record.awaited is not None and expire.offer == self.record.awaited.digest:
            self._step(NegotiationStep.FAIL_AT_TIER)

    # Ends -------------------------------------------------------------------------------------------------

    def _hear_withdraw(self, _: Withdraw) -> None:
        """They no longer ask; a hold is given up with it."""
        if not self.record.state.is_over:
            self._step(NegotiationStep.WITHDRAW, held=None)

    def _lapse(self, _: Due) -> None:
        """Our offer or our hold was not taken up in time, or they never came back: all of it, after a long sleep."""
        while self.record.next_deadline is not None and self.record.next_deadline <= self.now:
            self._lapse_once()

    def _lapse_once(self) -> None:
        record = self.record
        if record.state is NegotiationState.HELD:
            self._step(NegotiationStep.HOLD_LAPSES, held=None)
        elif record.state is NegotiationState.THEIRS:
            if record.ours is not None:
                self._say(Expire, offer=record.ours.digest)
            self._step(NegotiationStep.FAIL_AT_TIER)
        else:
            self._step(NegotiationStep.FAIL)

    EVENTS = {
        Proposed: _hear_propose,
        Counter: _hear_counter,
        Disclose: _hear_disclose,
        Confirm: _hear_taken,
        Concur: _hear_taken,
        Decline: _hear_decline,
        Expire: _hear_expire,
        Withdraw: _hear_withdraw,
        CallLost: RequestRole.lose_call,
        Due: _lapse,
    }
