"""The negotiating table with a person at it: what they order to be said, within what is free and agreed."""

from typing import Final, assert_never

from hotline_protocol.lifecycle import NegotiationState
from hotline_protocol.line import Counter, Propose
from hotline_protocol.orders import AcceptOffer, CounterOffer, DeclineOffer, RaiseTier

from .desk import Desk
from .negotiation import Accept, GiveUp, Offer
from .talks import Talk, Talks
from .voice import Voice

TableOrder = AcceptOffer | CounterOffer | DeclineOffer | RaiseTier

CAN_RISE: Final = frozenset({NegotiationState.WAITING, NegotiationState.OURS, NegotiationState.THEIRS})
NOT_FREE: Final = "that air is not free: something firm is in the way"


class Table:
    """Carries out orders about negotiations, each of which names the very offer, or the tier, that it means."""

    def __init__(self, talks: Talks, desk: Desk, voice: Voice) -> None:
        self._talks = talks
        self._desk = desk
        self._voice = voice

    def obey(self, order: TableOrder) -> str | None:
        """Why this order cannot be carried out ("field: reason"), or None when it has been."""
        if isinstance(order, RaiseTier):
            return self._raise_tier(order)
        talk = self._talks.awaiting(order.negotiation_id, order.offer)
        if talk is None:
            return f"offer: {order.offer[:8]} of {order.negotiation_id} does not await an answer"
        offer = talk.to_answer
        if offer.expires_at < self._voice.now:
            return f"offer: it lapsed at {offer.expires_at:%H:%M:%S %Z}"
        match order:
            case AcceptOffer():
                if not talk.is_free(offer.choice):
                    return f"offer: {NOT_FREE}"
                talk.overrule(Accept())
            case CounterOffer():
                return _counter(talk, offer, order)
            case DeclineOffer():
                talk.overrule(GiveUp(reason=order.reason or "declined"))
            case _:
                assert_never(order)
        return None

    def _raise_tier(self, order: RaiseTier) -> str | None:
        asking = self._talks.asking.get(order.negotiation_id)
        if asking is None:
            return f"negotiation_id: {order.negotiation_id} is none in which we ask"
        if asking.tier is not order.tier:
            return f"tier: it is with the {asking.tier.value} now"
        if asking.is_at_last_tier:
            return f"tier: there is none above {asking.tier.value}"
        if asking.state not in CAN_RISE:
            return f"negotiation_id: {order.negotiation_id} is {asking.state.value}"
        if asking.state is NegotiationState.WAITING:
            self._desk.dequeue(asking.id)  # it is queued again for its new tier
        asking.rise("taken up a tier by order")
        return None


def _counter(talk: Talk, offer: Propose | Counter, order: CounterOffer) -> str | None:
    try:
        outcome = talk.menu.outcome(order.choice)
    except IndexError as error:
        return f"choice: {error}"
    if order.choice == offer.choice:
        return "choice: that is what they offer: accept it"
    if not talk.is_free(order.choice):
        return f"choice: {NOT_FREE}"
    fault = talk.cannot_counter()
    if fault is None:
        talk.overrule(Offer(outcome=outcome))
    return fault
