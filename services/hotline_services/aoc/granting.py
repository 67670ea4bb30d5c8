"""The granting side of a negotiation: it is asked for consent, bargains, holds, and enters what is taken up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.agreement import Agreement, TierRule
from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import FlightKind, Priority
from hotline_protocol.lifecycle import NEGOTIATION, NegotiationState, NegotiationStep
from hotline_protocol.line import (
    Concur,
    Confirm,
    Counter,
    Decline,
    Disclose,
    Expire,
    Propose,
    Tier,
    Withdraw,
    offer_digest,
)
from hotline_protocol.menu import Choice, Menu
from hotline_protocol.message import digest_of

from .asking import GRACE
from .config import PartyConfig
from .negotiation import Accept, Answer, Bargainer, GiveUp, settlement
from .officer import Judge, by_strategy
from .voice import Voice
from .weighing import WORTH_DIGITS, Stakes, Weighing

Appraisal = Callable[[Menu, Priority, str], tuple[float, ...]]
Freedom = Callable[[tuple[Volume4D, ...], Priority, str], bool]


class Granting(Weighing):
    """One negotiation as the side that is asked sees it. A new proposal begins it afresh at the caller's tier."""

    def __init__(
        self,
        negotiation_id: str,
        peer: str,
        *,
        agreement: Agreement,
        config: PartyConfig,
        voice: Voice,
        is_free: Freedom,
        on_step: Callable[["Granting"], None],
        judge: Judge = by_strategy,
    ) -> None:
        super().__init__(negotiation_id, peer, judge, voice)
        self._is_free = is_free
        self._on_step = on_step
        self._agreement = agreement
        self._strategy = config.strategy
        self._walk_away = self._least = config.costs.walk_away
        self._content = config.costs.content
        self.deadline: Final = voice.now + timedelta(seconds=2 * agreement.timing.negotiation_s)
        self.priority = Priority.ROUTINE
        self._kind = FlightKind.PATROL
        self.rounds = 0
        self.held: tuple[str, Choice] | None = None
        self._menu: Menu | None = None
        self._menu_digest = ""
        self._rule: TierRule = agreement.tiers[0]
        self._worth: tuple[float, ...] = ()
        self._offered: tuple[str, Choice] | None = None
        self._ends = voice.now
        self._their_worth: Disclose | None = None
        self._settled: Counter | None = None

    @property
    def next_deadline(self) -> datetime | None:
        """When our offer or our hold lapses, or when the whole is forgotten."""
        if self.state.is_over:
            return None
        if self.state in {NegotiationState.THEIRS, NegotiationState.HELD}:
            return self._ends
        return self.deadline

    @property
    def menu(self) -> Menu:
        """The menu that the other side laid on the table. Raises ValueError before that."""
        if self._menu is None:
            raise ValueError(f"nothing has been proposed in {self.id}")
        return self._menu

    def volumes(self, choice: Choice) -> tuple[Volume4D, ...]:
        """The air that this choice stands for."""
        return self.menu.volumes(choice)

    def hear_propose(self, propose: Propose, tier: Tier, appraise: Appraisal, authority: float = 1.0) -> None:
        """A fresh start: weigh the menu and the first offer. The menu has been screened.

        ``authority`` is how much of the way from all to nothing this tier may go; see :class:`~.config.Watch`.
        """
        self.held = None
        self.state = NegotiationState.WAITING
        self.call_id, self.priority = propose.call_id, propose.priority
        self._kind = propose.kind
        self._menu, self._menu_digest = propose.menu, digest_of(propose.menu)
        self._rule = next((rule for rule in self._agreement.tiers if rule.tier is tier), self._agreement.tiers[0])
        self._worth = appraise(propose.menu, propose.priority, self.peer)
        self._least = self._walk_away if authority == 1 else 1 - authority * (1 - self._walk_away)
        self._bargainer = None  # most offers are good enough not to bargain
        self._offered = self._their_worth = self._settled = None
        self._step(NegotiationStep.HEAR_OFFER)
        if self._rule.disclosure and propose.priority is not Priority.EMERGENCY:
            self._disclose(propose)
        else:
            self._weigh(propose)

    def _disclose(self, propose: Propose) -> None:
        self._heard = propose
        self._worth = tuple(round(worth, WORTH_DIGITS) for worth in self._worth)
        self._stand()
        self._say(
            Disclose,
            worth=self._worth,
            walk_away=round(self._least, WORTH_DIGITS),
        )

    def hear_counter(self, counter: Counter) -> None:
        """Weigh an answer to our standing offer; at a disclosing tier, the settlement."""
        if self.state is not NegotiationState.THEIRS or counter.time > self._ends:
            return
        if self._rule.disclosure and self._offered is None:
            self._settled = counter
            self._settle()
        elif self._offered is not None and counter.answers == self._offered[0]:
            self._step(NegotiationStep.HEAR_OFFER)
            self._weigh(counter)

    def hear_disclose(self, disclose: Disclose) -> None:
        """Their needs, in return for ours."""
        if self.state is NegotiationState.THEIRS and self._their_worth is None:
            self._their_worth = disclose
            self._settle()

    def _settle(self) -> None:
        """With both needs open, concur if what they propose is what both can work out."""
        if self._settled is None or self._their_worth is None or len(self._their_worth.worth) != self.menu.size:
            return
        best = settlement(
            self._their_worth.worth, self._their_worth.walk_away, self._worth, round(self._least, WORTH_DIGITS)
        )
        self._step(NegotiationStep.HEAR_OFFER)
        self._heard = counter = self._settled
        if best is not None and self._on_menu(counter) and self.menu.outcome(counter.choice) == best:
            self.decide()
        else:
            self._decline("that is not the settlement that both disclosures lead to")

    def _weigh(self, offer: Propose | Counter) -> None:
        self._heard = offer
        if self._on_menu(offer):
            self.decide()
        else:
            self._decline("the offer is not on the menu")

    def weigh(self) -> Answer:
        """See :class:`~.officer.Offered`."""
        if self._settled is not None:
            return Accept()  # else it would not have come to this
        outcome = self.menu.outcome(self.to_answer.choice)
        enough = 0.0 if self.priority is Priority.EMERGENCY else max(self._content, self._least)
        if self._worth[outcome] >= enough:
            return Accept()
        answer = self._strategist().answer(outcome)
        if isinstance(answer, GiveUp) and self._least != self._walk_away:
            return GiveUp(reason=f"more than our {self._rule.tier.value} may concede")
        return answer

    def _answer(self, offer: Propose | Counter, answer: Answer) -> None:
        if isinstance(answer, Accept):
            self._concur(offer)
        elif isinstance(answer, GiveUp):
            self._decline(answer.reason)
        else:
            self._counter(offer.offer, answer.outcome)

    def _strategist(self) -> Bargainer:
        if self._bargainer is None:
            worth, strategy, rounds = self._worth, self._strategy, self._rule.rounds
            self._bargainer = Bargainer(worth, self._least, strategy, rounds, self.menu.shape)
        return self._bargainer

    def cannot_counter(self) -> str | None:
        """See :class:`~.weighing.Weighing`."""
        if self._settled is not None:
            return "choice: with both needs laid open the settlement is taken or left"
        return super().cannot_counter()

    def is_free(self, choice: Choice) -> bool:
        """See :class:`~.weighing.Weighing`."""
        return self._is_free(self.volumes(choice), self.priority, self.peer)

    def _stakes(self) -> Stakes:
        tier, least = self._rule.tier, self._least
        return Stakes(tier=tier, kind=self._kind, priority=self.priority, worth=self._worth, walk_away=least)

    def _on_menu(self, offer: Propose | Counter) -> bool:
        try:
            self.menu.outcome(offer.choice)
        except IndexError:
            return False
        return offer.offer == offer_digest(self.id, self.call_id, self._menu_digest, offer.choice)

    def _concur(self, offer: Propose | Counter) -> None:
        """Hold their offer for them, unless it has lapsed on its way."""
        if self._voice.now > offer.expires_at:
            self._step(NegotiationStep.FAIL_AT_TIER)
            return
        if not self.is_free(offer.choice):
            self._decline("that air is no longer free")
            return
        self.held = (offer.offer, offer.choice)
        self._ends = self._voice.now + timedelta(seconds=self._agreement.timing.hold_s)
        self._step(NegotiationStep.SAY_CONCUR_TO_GRANT)
        self._say(
            Concur,
            offer=offer.offer,
            hold_until=self._ends,
        )

    def _counter(self, answers: str, outcome: int) -> None:
        choice = self.menu.choice(outcome)
        offer = offer_digest(self.id, self.call_id, self._menu_digest, choice)
        self._offered = (offer, choice)
        self._stand()
        self._say(
            Counter,
            answers=answers,
            choice=choice,
            offer=offer,
            round=self.rounds,
            expires_at=self._offer_ends,
        )

    def _stand(self) -> None:
        """What we have just said stands for the tier's time; the answer may take a quarter longer to arrive."""
        self.rounds += 1
        self._offer_ends = self._voice.now + timedelta(seconds=self._rule.offer_s)
        self._ends = self._offer_ends + timedelta(seconds=self._rule.offer_s * GRACE)
        self._step(NegotiationStep.SAY_OFFER)

    def _decline(self, reason: str) -> None:
        answers = self._heard.offer if self._heard else ""
        self._say(
            Decline,
            answers=answers,
            reason=reason[:200],
        )
        self._step(NegotiationStep.FAIL_AT_TIER)

    def hear_taken(self, message: Confirm | Concur) -> Choice | None:
        """They take up our hold, or concur with our offer: the choice to be entered, or None when it is gone."""
        standing = self.held if self.state is NegotiationState.HELD else self._offered
        if standing is None or standing[0] != message.offer:
            return None
        if self.state is NegotiationState.THEIRS and not self.is_free(standing[1]):
            return None
        if (self.state, NegotiationStep.HEAR_TAKEN) not in NEGOTIATION:
            return None
        self._step(NegotiationStep.HEAR_TAKEN)
        return standing[1]

    def hear_decline(self, decline: Decline) -> None:
        """They see nothing acceptable at this tier, or not our last offer."""
        known = {self._heard.offer if self._heard else None, self._offered[0] if self._offered else None}
        if self.state in {NegotiationState.OURS, NegotiationState.THEIRS} and decline.answers in known:
            self._step(NegotiationStep.FAIL_AT_TIER)

    def hear_expire(self, expire: Expire) -> None:
        """Their offer stands no more."""
        if self.state is NegotiationState.OURS and self._heard and expire.offer == self._heard.offer:
            self._step(NegotiationStep.FAIL_AT_TIER)

    def hear_withdraw(self, _withdraw: Withdraw) -> None:
        """They no longer ask; a hold is given up with it."""
        if not self.state.is_over:
            self.held = None
            self._step(NegotiationStep.WITHDRAW)

    def interrupt(self) -> None:
        """The call was dropped. A hold stands until it lapses; anything else waits for another call."""
        if self.state in {NegotiationState.OURS, NegotiationState.THEIRS}:
            self._step(NegotiationStep.FAIL_AT_TIER)

    def lapse(self) -> None:
        """Our offer or our hold was not taken up in time, or they never came back: all of it, after a long sleep."""
        while self.next_deadline is not None and self.next_deadline <= self._voice.now:
            self._lapse_once()

    def _lapse_once(self) -> None:
        if self.state is NegotiationState.HELD:
            self.held = None
            self._step(NegotiationStep.HOLD_LAPSES)
        elif self.state is NegotiationState.THEIRS:
            if self._offered is not None:
                self._say(Expire, offer=self._offered[0])
            self._step(NegotiationStep.FAIL_AT_TIER)
        else:
            self._step(NegotiationStep.FAIL)

    def _step(self, step: NegotiationStep) -> None:
        self.state = NEGOTIATION[(self.state, step)]
        self._on_step(self)
