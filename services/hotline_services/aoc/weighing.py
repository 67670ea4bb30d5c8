"""What both sides of a negotiation have in common: an offer of the other side is judged, and answered."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hotline_protocol.flightplan import FlightKind, Priority
from hotline_protocol.lifecycle import NegotiationState
from hotline_protocol.line import Counter, InNegotiation, Propose, Tier
from hotline_protocol.menu import Choice, Menu

from .negotiation import Answer, Bargainer, Offer
from .officer import Judge
from .voice import Voice

WORTH_DIGITS: Final = 4


class Stakes(msgspec.Struct, frozen=True, kw_only=True):
    """What is at stake for us: see :class:`~hotline_protocol.orders.DecisionAwaited`."""

    plan_id: str | None = None
    tier: Tier
    kind: FlightKind
    priority: Priority
    worth: Sequence[float]
    walk_away: float


class Weighing(ABC):
    """A negotiation as the officer sees it: :class:`~.officer.Offered` while it is our turn.

    ``_heard`` is the offer last made to us, ``_bargainer`` what we go by, ``_judge`` the officer.
    """

    def __init__(self, negotiation_id: str, peer: str, judge: Judge, voice: Voice) -> None:
        self.id: Final = negotiation_id
        self.peer: Final = peer
        self.call_id = ""
        self.state = NegotiationState.WAITING
        self._heard: Propose | Counter | None = None
        self._bargainer: Bargainer | None = None
        self._judge = judge
        self._voice = voice

    @property
    @abstractmethod
    def menu(self) -> Menu:
        """What is on the table."""

    @abstractmethod
    def weigh(self) -> Answer:
        """See :class:`~.officer.Offered`."""

    @abstractmethod
    def is_free(self, choice: Choice) -> bool:
        """Whether nothing firm is in the way of this."""

    @abstractmethod
    def _strategist(self) -> Bargainer:
        """What we go by at this tier."""

    @abstractmethod
    def _stakes(self) -> Stakes:
        """What is at stake for us at this tier."""

    @abstractmethod
    def _answer(self, offer: Propose | Counter, answer: Answer) -> None:
        """Say this to the offer."""

    def _say(self, message: type[InNegotiation], /, **fields: Any) -> None:
        """Say this to the peer, in the call and the negotiation that we are in."""
        self._voice.say(message, to=self.peer, call_id=self.call_id, negotiation_id=self.id, **fields)

    @property
    def awaited(self) -> Propose | Counter | None:
        """The offer that awaits our answer, if it is our turn."""
        return self._heard if self.state is NegotiationState.OURS else None

    def decide(self) -> None:
        """Have the officer judge the offer that awaits an answer, and say it, if they have one yet."""
        offer, answer = self.to_answer, self._judge(self)
        if answer is not None:
            self._answer(offer, answer)

    @property
    def to_answer(self) -> Propose | Counter:
        """The offer that awaits our answer. Raises ValueError when there is none."""
        if self.awaited is None:
            raise ValueError(f"no offer awaits an answer in {self.id}")
        return self.awaited

    def rehearse(self) -> Answer:
        """See :class:`~.officer.Offered`."""
        before = copy.deepcopy(self._bargainer)
        answer = self.weigh()
        self._bargainer = before
        return answer

    def overrule(self, answer: Answer) -> None:
        """Say this by order; it counts like what we say by ourselves. Raises ValueError when nothing is awaited."""
        offer = self.to_answer
        said = answer.outcome if isinstance(answer, Offer) else None
        self._strategist().note(self.menu.outcome(offer.choice), said)
        self._answer(offer, answer)

    def cannot_counter(self) -> str | None:
        """Why no further offer may be made at this tier, or None when it may."""
        bargainer = self._strategist()
        return None if bargainer.rounds_left else f"choice: this tier may make {bargainer.rounds} offers, and has"

    def laid_out(self) -> dict[str, Any]:
        """See :class:`~.officer.Offered`. Raises ValueError when nothing awaits an answer."""
        offer, stakes = self.to_answer, self._stakes()
        return {
            "negotiation_id": self.id,
            "peer": self.peer,
            "call_id": self.call_id,
            "menu": self.menu,
            "choice": offer.choice,
            "offer": offer.offer,
            "round": offer.round,
            "expires_at": offer.expires_at,
            "plan_id": stakes.plan_id,
            "tier": stakes.tier,
            "kind": stakes.kind,
            "priority": stakes.priority,
            "worth": tuple(round(worth, WORTH_DIGITS) for worth in stakes.worth),
            "walk_away": round(stakes.walk_away, WORTH_DIGITS),
        }
