"""A consent that is asked for, by either side: alternating offers over the choices of a menu."""

from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from hotline_protocol.agreement import TierRule, Timing
from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import FlightKind, Priority
from hotline_protocol.lifecycle import NEGOTIATION, NegotiationState, NegotiationStep
from hotline_protocol.line import Counter, Decline, Propose, offer_digest
from hotline_protocol.menu import Choice, Menu
from hotline_protocol.message import digest_of

from .config import Strategy
from .menus import Bid
from .negotiation import AlternatingOffers, Bargainer, Bids, CallLost, Kind, Negotiation, OnTable, Response

WORTH_DIGITS: Final = 4
GRACE: Final = 0.25
"""The answer to an offer may take so much of the offer's life longer to arrive."""
OFF_MENU: Final = -1
IN_CALL: Final = frozenset({NegotiationState.OURS, NegotiationState.THEIRS})


class Request(Negotiation[NegotiationState, int], frozen=True, kw_only=True):
    """What both sides know of a request. ``tiers`` are the rules towards this peer as they were when it began.

    ``bid`` is the menu last laid on the table, with what its outcomes are worth to us; ``strategy`` is how we bargain
    about it, and what we accept is worth more than ``least`` to us.
    """

    state: NegotiationState = NegotiationState.WAITING
    kind: FlightKind
    priority: Priority
    deadline: datetime
    tiers: tuple[TierRule, ...]
    tier_index: int = 0
    strategy: Strategy
    least: float
    bid: Bid | None = None
    menu_digest: str = ""

    @property
    def plan_id(self) -> str | None:
        """The plan that is negotiated about, where the plan is our own."""
        return None

    @property
    def rule(self) -> TierRule:
        """The rules of the tier that speaks now."""
        return self.tiers[self.tier_index]

    @property
    def laid(self) -> Bid:
        """The bid. Raises ValueError before the first proposal."""
        if self.bid is None:
            raise ValueError(f"{self.id} has not been opened")
        return self.bid

    @property
    def menu(self) -> Menu:
        """The menu on the table. Raises ValueError before the first proposal."""
        return self.laid.menu

    @property
    def awaited(self) -> OnTable[int] | None:
        """The offer that awaits our answer, if it is our turn."""
        return self.theirs if self.state is NegotiationState.OURS else None

    @property
    def to_answer(self) -> OnTable[int]:
        """The offer that awaits our answer. Raises ValueError when there is none."""
        if self.theirs is None or self.state is not NegotiationState.OURS:
            raise ValueError(f"no offer awaits an answer in {self.id}")
        return self.theirs

    def strategist(self) -> Bargainer:
        """What we go by now, as it stands."""
        bid = self.laid
        return Bargainer(bid.worth, self.least, self.strategy, self.rule.rounds, bid.menu.shape, self.bids)

    def weigh(self) -> Response[int]:
        """What our strategy says to the offer that awaits our answer."""
        bargainer = self.strategist()
        reply = bargainer.answer(self.to_answer.outcome)
        return Response(reply, bargainer.bids)

    def cannot_offer(self, outcome: int) -> str | None:
        """Why this cannot be said to the offer that awaits our answer, as "field: reason", or None."""
        size, rounds = len(self.laid.worth), self.rule.rounds
        if not 0 <= outcome < size:
            return f"choice: outcome {outcome} is not on a menu of {size}"
        if outcome == self.to_answer.outcome:
            return "choice: that is what they offer: accept it"
        return None if len(self.bids.said) < rounds else f"choice: this tier may make {rounds} offers, and has"


R = TypeVar("R", bound=Request)


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What is not in the record: the agreed times, and whether nothing firm is in the way of an air."""

    timing: Timing
    is_free: Callable[[Any, tuple[Volume4D, ...]], bool]


class Due(msgspec.Struct, frozen=True):
    """Time has passed, perhaps more than there was."""


class RequestRole(AlternatingOffers[R, int]):
    """Either side of a request."""

    KIND = Kind(table=NEGOTIATION, steps=NegotiationStep, counter=Counter, decline=Decline, id_field="negotiation_id")

    def __init__(self, record: R, now: datetime, context: Context) -> None:
        super().__init__(record, now)
        self.context: Final = context

    # The role says: ---------------------------------------------------------------------------------------

    @abstractmethod
    def _air(self, choice: Choice) -> tuple[Volume4D, ...]:
        """The air that this stands for."""

    @abstractmethod
    def _fail_try(self, reason: str) -> None:
        """Nothing came of it in this call: there may be another at the same tier."""

    @abstractmethod
    def _fail_at_tier(self, reason: str, *, answers: str) -> None:
        """Decline this offer: no agreement at this tier."""

    # Offers -----------------------------------------------------------------------------------------------

    @property
    def menu(self) -> Menu:
        """What is on the table."""
        return self.record.laid.menu

    def is_free(self, choice: Choice) -> bool:
        """Whether nothing firm is in the way of this."""
        return self.context.is_free(self.record, self._air(choice))

    def _lay(self, call_id: str, bid: Bid, **changes: Any) -> None:
        """This is on the table in this call: all offers begin anew."""
        self._change(call_id=call_id, bid=bid, menu_digest=digest_of(bid.menu), bids=Bids(), **changes)

    @property
    def offer_s(self) -> float:
        """See :class:`~.negotiation.AlternatingOffers`."""
        return self.record.rule.offer_s

    def _digest(self, outcome: int) -> str:
        return offer_digest(self.record.id, self.record.call_id, self.record.menu_digest, self.menu.choice(outcome))

    def _shown(self, outcome: int) -> dict[str, Any]:
        return {"choice": self.menu.choice(outcome)}

    def _read(self, offer: Propose | Counter) -> OnTable[int]:
        """An offer of theirs, with the number of its outcome; -1 when that is not on the menu."""
        try:
            outcome = self.menu.outcome(offer.choice)
        except IndexError:
            outcome = OFF_MENU
        return OnTable(digest=offer.offer, outcome=outcome, round=offer.round, until=offer.expires_at)

    def _is_true(self, theirs: OnTable[int]) -> bool:
        """Whether it is on the menu, and what its digest names."""
        return theirs.outcome != OFF_MENU and theirs.digest == self._digest(theirs.outcome)

    def _hear_offer(self, theirs: OnTable[int]) -> None:
        """It is our turn: the officer is to be asked what to say to this."""
        self._step(NegotiationStep.HEAR_OFFER, theirs=theirs)
        self.awaits_answer = True

    # The officer ------------------------------------------------------------------------------------------

    @property
    def to_answer(self) -> OnTable[int]:
        """See :class:`~.negotiation.AlternatingOffers`."""
        return self.record.to_answer

    def _strategist(self) -> Bargainer:
        return self.record.strategist()

    def _give_up(self, reason: str) -> None:
        self._fail_at_tier(reason, answers=self.to_answer.digest)

    def lose_call(self, event: CallLost) -> None:
        """What is held or taken up stays so; anything else waits for another call."""
        if self.record.state in IN_CALL and self.record.call_id == event.call_id:
            self._fail_try("the call was dropped")
