"""The negotiating table with a person at it: what they order to be said, within what is free and agreed."""

from typing import Final, assert_never

from hotline_protocol.lifecycle import NegotiationState
from hotline_protocol.orders import AcceptOffer, CounterOffer, DeclineOffer, RaiseTier

from .desk import Desk
from .internal import ItemDropped
from .negotiation import Accept, GiveUp, Offer, Response
from .requests import Role
from .talks import Talks
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
        role = self._talks.awaiting(order.negotiation_id, order.offer)
        if role is None:
            return f"offer: {order.offer[:8]} of {order.negotiation_id} does not await an answer"
        offer = role.to_answer
        if offer.until < self._voice.now:
            return f"offer: it lapsed at {offer.until:%H:%M:%S %Z}"
        match order:
            case AcceptOffer():
                if not role.is_free(role.menu.choice(offer.outcome)):
                    return f"offer: {NOT_FREE}"
                return self._talks.answer(role, Response(Accept()))
            case CounterOffer():
                return self._counter(role, order)
            case DeclineOffer():
                return self._talks.answer(role, Response(GiveUp(reason=order.reason or "declined")))
            case _:
                assert_never(order)

    def _counter(self, role: Role, order: CounterOffer) -> str | None:
        try:
            outcome = role.menu.outcome(order.choice)
        except IndexError as error:
            return f"choice: {error}"
        if outcome != role.to_answer.outcome and not role.is_free(order.choice):
            return f"choice: {NOT_FREE}"
        return self._talks.answer(role, Response(Offer(outcome=outcome)))

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
            self._voice.tell(ItemDropped(asking.id))  # it is queued again for its new tier
        self._talks.rise(asking, "taken up a tier by order")
        return None
