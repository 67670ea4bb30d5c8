"""The asking side of a negotiation: it wants to fly, opens, bargains, and takes up what it is granted."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from hotline_protocol.agreement import Agreement, TierRule
from hotline_protocol.airspace import Volume4D
from hotline_protocol.events import NegotiationOutcome
from hotline_protocol.flightplan import FlightPlan, Priority
from hotline_protocol.ledger import Entry
from hotline_protocol.lifecycle import NEGOTIATION, NegotiationState, NegotiationStep
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
    offer_digest,
)
from hotline_protocol.menu import Choice, Menu
from hotline_protocol.message import digest_of

from .config import PartyConfig
from .menus import Bid, moved_plan, moved_volumes
from .negotiation import Accept, Answer, Bargainer, GiveUp, settlement
from .officer import Judge, by_strategy
from .voice import Voice
from .weighing import WORTH_DIGITS, Stakes, Weighing

GRACE: Final = 0.25
TRIES_AT_TIER: Final = 3
GONE: Final = "that air has gone to another flight since it was offered"
WITHHELD: Final = "we do not lay our needs open here"
NO_ROOM: Final = "no place, height or time is left in which this could be flown"

Freedom = Callable[[tuple[Volume4D, ...], FlightPlan, str, tuple[int, ...]], bool]
"""Whether this air is free for the plan towards this peer, who has been told these legs of it and no others."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What the asking side has said yes to and waits to see entered."""

    choice: Choice
    offer: str
    volumes: tuple[Volume4D, ...]
    until: datetime


class Asking(Weighing):
    """One negotiation as the side that asks sees it, through all its calls and tiers.

    It ends in bounded time: rounds at a tier, tries at a tier, tiers and ``deadline`` are all finite, and an
    offer that is not answered is forfeit a quarter of its life after its end. ``legs`` are the numbers of the volumes
    that it is about, if it is not about all.
    """

    def __init__(  # noqa: PLR0913  each by name
        self,
        negotiation_id: str,
        plan: FlightPlan,
        volumes: Sequence[Volume4D],
        peer: str,
        *,
        agreement: Agreement,
        config: PartyConfig,
        voice: Voice,
        is_free: Freedom,
        on_step: Callable[["Asking"], None],
        judge: Judge = by_strategy,
        legs: tuple[int, ...] = (),
    ) -> None:
        super().__init__(negotiation_id, peer, judge, voice)
        self.plan: Final = plan
        self.volumes: Final = tuple(volumes)
        self.legs: Final = legs
        self.began_at: Final = voice.now
        in_time = voice.now + timedelta(seconds=agreement.timing.negotiation_s)
        self.deadline: Final = min(in_time, _latest(plan, volumes, voice.now))
        self._is_free = is_free
        self._on_step = on_step
        self._agreement = agreement
        self._strategy = config.strategy
        self._walk_away = config.costs.walk_away
        self.outcome: NegotiationOutcome | None = None
        self.tier_index = 0
        self.tries = 0
        self.rounds = 0
        self.bid: Bid | None = None
        self.taken: Taken | None = None
        self.reason = ""
        self._menu_digest = ""
        self._offered: tuple[str, Choice] | None = None
        self._offer_ends = voice.now
        self._their_worth: Disclose | None = None

    @property
    def rule(self) -> TierRule:
        """The rules of the tier that speaks now."""
        return self._agreement.tiers[self.tier_index]

    @property
    def tier(self) -> Tier:
        return self.rule.tier

    @property
    def menu(self) -> Menu:
        """The menu last laid on the table. Raises ValueError before the first proposal."""
        return self._bid.menu

    @property
    def _bid(self) -> Bid:
        if self.bid is None:
            raise ValueError(f"{self.id} has not been opened")
        return self.bid

    @property
    def next_deadline(self) -> datetime | None:
        """When silence becomes an answer."""
        if self.state.is_over:
            return None
        if self.state is NegotiationState.TAKEN and self.taken is not None:
            return self.taken.until
        if self.state is NegotiationState.THEIRS:
            return min(self._forfeit_at, self.deadline)
        return self.deadline

    @property
    def _forfeit_at(self) -> datetime:
        return self._offer_ends + timedelta(seconds=self.rule.offer_s * GRACE)

    def open(self, call_id: str, bid: Bid) -> None:
        """Lay the menu on the table with our best outcome. Fails for good when there is none: no tier can help."""
        self.bid = bid
        self.call_id = call_id
        self._bargainer = Bargainer(bid.worth, self._walk_away, self._strategy, self.rule.rounds, bid.menu.shape)
        self._menu_digest = digest_of(bid.menu)
        self._their_worth = None
        outcome = self._bargainer.opening()
        if outcome is None:
            self._end(NegotiationStep.FAIL, NegotiationOutcome.REFUSED, NO_ROOM)
            return
        self._propose(bid, outcome)

    def _propose(self, bid: Bid, outcome: int) -> None:
        offer, choice = self._put(outcome)
        self._say(
            Propose,
            menu=bid.menu,
            choice=choice,
            offer=offer,
            kind=self.plan.kind,
            priority=self.plan.priority,
            round=self.rounds,
            expires_at=self._offer_ends,
        )

    def _put(self, outcome: int) -> tuple[str, Choice]:
        """Make this outcome our standing offer."""
        choice = self.menu.choice(outcome)
        self._offered = (offer_digest(self.id, self.call_id, self._menu_digest, choice), choice)
        self._offer_ends = self._voice.now + timedelta(seconds=self.rule.offer_s)
        self.rounds += 1
        self._step(NegotiationStep.SAY_OFFER)
        return self._offered

    def hear_counter(self, counter: Counter) -> None:
        """Weigh a counter-offer to our standing offer; any other is stale and changes nothing."""
        if self.state is not NegotiationState.THEIRS or self._offered is None or counter.answers != self._offered[0]:
            return
        if counter.time > self._offer_ends or self._bargainer is None:
            return
        try:
            self.menu.outcome(counter.choice)
        except IndexError:
            self._fail_at_tier("the counter-offer is not on the menu", answers=counter.offer)
            return
        if counter.offer != offer_digest(self.id, self.call_id, self._menu_digest, counter.choice):
            self._fail_at_tier("the counter-offer is not what its digest names", answers=counter.offer)
            return
        self._step(NegotiationStep.HEAR_OFFER)
        self._heard = counter
        self.decide()

    def weigh(self) -> Answer:
        """See :class:`~.officer.Offered`."""
        return self._strategist().answer(self.menu.outcome(self.to_answer.choice))

    def _strategist(self) -> Bargainer:
        if self._bargainer is None:
            raise ValueError(f"{self.id} has not been opened")
        return self._bargainer

    def _answer(self, offer: Propose | Counter, answer: Answer) -> None:
        if isinstance(answer, Accept):
            self._accept(offer)
        elif isinstance(answer, GiveUp):
            self._fail_at_tier(answer.reason, answers=offer.offer)
        else:
            self._counter(offer.offer, answer.outcome)

    def is_free(self, choice: Choice) -> bool:
        """See :class:`~.weighing.Weighing`."""
        return self._is_free(moved_volumes(self.volumes, self._bid, choice), self.plan, self.peer, self._bid.legs)

    def _stakes(self) -> Stakes:
        plan, worth, least = self.plan, self._bid.worth, self._walk_away
        flight: dict[str, Any] = {"plan_id": plan.plan_id, "kind": plan.kind, "priority": plan.priority}
        return Stakes(tier=self.tier, worth=worth, walk_away=least, **flight)

    def _accept(self, counter: Propose | Counter) -> None:
        if self._voice.now > counter.expires_at:
            self._fail_try("their offer had lapsed before we could concur")
            return
        if not self._take(counter.choice, counter.offer, counter.expires_at, NegotiationStep.SAY_CONCUR_TO_TAKE):
            return
        self._say(Concur, offer=counter.offer, hold_until=counter.expires_at)

    def _counter(self, answers: str, outcome: int) -> None:
        offer, choice = self._put(outcome)
        self._say(Counter, answers=answers, choice=choice, offer=offer, round=self.rounds, expires_at=self._offer_ends)

    def hear_concur(self, concur: Concur) -> None:
        """They hold our offer for us: take it up."""
        if self.state is not NegotiationState.THEIRS or self._offered is None or concur.offer != self._offered[0]:
            return
        if concur.time > self._offer_ends:
            return
        if self._take(self._offered[1], concur.offer, concur.hold_until, NegotiationStep.HEAR_CONCUR_TO_GRANT):
            self._voice.say(Confirm, to=self.peer, negotiation_id=self.id, offer=concur.offer)

    def _take(self, choice: Choice, offer: str, until: datetime, step: NegotiationStep) -> bool:
        """Say yes, unless that air has gone to somebody else since we offered to fly in it."""
        volumes = moved_volumes(self.volumes, self._bid, choice)
        if not self._is_free(volumes, self.plan, self.peer, self._bid.legs):
            self._fail_try(GONE)
            return False
        timing = self._agreement.timing
        # No side may make us wait longer than the agreement has it, by a false clock or on purpose.
        longest = timedelta(seconds=max(timing.hold_s, self.rule.offer_s))
        until = min(max(until, self._voice.now), self._voice.now + longest) + timedelta(seconds=timing.silence_s)
        self.taken = Taken(choice=choice, offer=offer, volumes=volumes, until=until)
        self._step(step)
        return True

    def hear_decline(self, decline: Decline) -> None:
        """They see nothing acceptable at this tier."""
        if self.state is NegotiationState.THEIRS and self._offered is not None and decline.answers == self._offered[0]:
            self._fail_at_tier(decline.reason or "declined")

    def hear_expire(self, expire: Expire) -> None:
        """An offer of theirs has lapsed before we answered it; ours may still be on its way."""
        if self.state is NegotiationState.OURS:
            self._fail_try(f"their offer {expire.offer} has lapsed")

    def hear_disclose(self, disclose: Disclose) -> None:
        """They have laid their needs open: lay ours open too and propose what is best for both."""
        if self.state is not NegotiationState.THEIRS or self._their_worth is not None or self.bid is None:
            return
        if not self.rule.disclosure or len(disclose.worth) != self.menu.size or self._offered is None:
            reason = "a disclosure that does not fit the menu" if self.rule.disclosure else WITHHELD
            self._fail_at_tier(reason, answers=self._offered[0] if self._offered else None)
            return
        self._their_worth = disclose
        ours = tuple(round(worth, WORTH_DIGITS) for worth in self.bid.worth)
        walk_away = round(self._walk_away, WORTH_DIGITS)
        best = settlement(ours, walk_away, disclose.worth, disclose.walk_away)
        if best is None:
            self._fail_at_tier("with both needs laid open there is nothing that serves both", answers=self._offered[0])
            return
        self._say(Disclose, worth=ours, walk_away=walk_away)
        self._step(NegotiationStep.HEAR_OFFER)
        self._counter(self._offered[0], best)

    def hear_entered(self, entry: Entry) -> bool:
        """True when this entry is what we took up: it is agreed."""
        if self.state is not NegotiationState.TAKEN or self.taken is None or entry.granter != self.peer:
            return False
        if entry.offer != self.taken.offer or entry.volumes != self.menu.volumes(self.taken.choice):
            return False
        self._step(NegotiationStep.HEAR_ENTERED)
        as_filed = self.menu.outcome(self.taken.choice) == self.menu.outcome(self._as_filed)
        self.outcome = NegotiationOutcome.AGREED_AS_FILED if as_filed else NegotiationOutcome.AGREED_WITH_CHANGES
        return True

    def moved_plan(self, plan: FlightPlan) -> FlightPlan:
        """The plan as what has been taken would have it."""
        return moved_plan(plan, self._bid, self.taken.choice) if self.taken is not None else plan

    @property
    def _as_filed(self) -> Choice:
        return Choice(sector=0, block=0, shift=self.menu.shifts_min.index(0))

    def hear_lapsed(self, lapsed: Lapsed) -> None:
        """What we took up was gone: try again."""
        if self.state is NegotiationState.TAKEN and self.taken is not None and lapsed.offer == self.taken.offer:
            self.taken = None
            self._step(NegotiationStep.HEAR_LAPSED)
            self._fail_try("the hold had lapsed", already_waiting=True)

    def interrupt(self) -> None:
        """The call was dropped. What is taken up stays so; anything else waits for another call."""
        if self.state in {NegotiationState.OURS, NegotiationState.THEIRS}:
            self._fail_try("the call was dropped")

    def withdraw(self, reason: str) -> None:
        """We no longer want to fly this."""
        if not self.state.is_over:
            if self.bid is not None:
                self._say(Withdraw, reason=reason[:200])
            self._end(NegotiationStep.WITHDRAW, NegotiationOutcome.WITHDRAWN, reason)

    def lapse(self) -> None:
        """Nobody spoke in time."""
        now = self._voice.now
        if self.next_deadline is None or now < self.next_deadline:
            return
        if self.state is NegotiationState.TAKEN:
            self._end(NegotiationStep.FAIL, NegotiationOutcome.LAPSED, "what was taken up was never entered")
        elif now >= self.deadline:
            self._say_expire()
            self._end(NegotiationStep.FAIL, NegotiationOutcome.EXPIRED, "no agreement in time")
        else:
            self._say_expire()
            self._fail_try("our offer was not answered")

    def _say_expire(self) -> None:
        if self.state is NegotiationState.THEIRS and self._offered is not None:
            self._say(Expire, offer=self._offered[0])

    def _fail_try(self, reason: str, *, already_waiting: bool = False) -> None:
        """Another call at the same tier, until its tries are used up."""
        self.tries += 1
        if self.tries >= TRIES_AT_TIER:
            self._raise_tier(reason, NegotiationOutcome.EXPIRED)
        elif not already_waiting:
            self.reason = reason
            self._step(NegotiationStep.FAIL_AT_TIER)

    def _fail_at_tier(self, reason: str, *, answers: str | None = None) -> None:
        if answers is not None:
            self._say(Decline, answers=answers, reason=reason[:200])
        self._raise_tier(reason, NegotiationOutcome.REFUSED)

    def rise(self, reason: str) -> None:
        """Leave this tier for the next one, whatever is on the table."""
        ours = self._offered[0] if self.state is NegotiationState.THEIRS and self._offered else None
        self._fail_at_tier(reason, answers=self.awaited.offer if self.awaited else ours)

    @property
    def is_at_last_tier(self) -> bool:
        """What fails now fails for good."""
        return self.tier_index + 1 >= len(self._agreement.tiers)

    def _raise_tier(self, reason: str, outcome: NegotiationOutcome) -> None:
        self.reason = reason
        if self.is_at_last_tier:
            self._end(NegotiationStep.FAIL, outcome, reason)
            return
        self.tier_index += 1
        self.tries = 0
        self._step(NegotiationStep.FAIL_AT_TIER)

    def _end(self, step: NegotiationStep, outcome: NegotiationOutcome, reason: str) -> None:
        self.reason = reason
        self.outcome = outcome
        self._step(step)

    def _step(self, step: NegotiationStep) -> None:
        self.state = NEGOTIATION[(self.state, step)]
        self._on_step(self)


def _latest(plan: FlightPlan, volumes: Sequence[Volume4D], now: datetime) -> datetime:
    """After this, consent is of no use: for a flight under way or in distress until its end, else its last start."""
    start = min(volume.start for volume in volumes)
    if start <= now or plan.priority is Priority.EMERGENCY:
        return max(volume.end for volume in volumes)
    return start + timedelta(minutes=plan.flexibility.max_shift_min)
