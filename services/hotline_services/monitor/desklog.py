"""The duty log's lines on the person at a desk: who sits there, what they are asked, and what they order."""

from collections.abc import Sequence

from hotline_protocol.menu import Menu
from hotline_protocol.message import Message
from hotline_protocol.orders import (
    AcceptOffer,
    AnswerRing,
    AnswersOffer,
    AtDesk,
    CounterOffer,
    DecisionAwaited,
    DeclineOffer,
    DeskLeft,
    DeskTaken,
    EndCall,
    LetRing,
    LodgeProtest,
    RaiseTier,
    RingNow,
)

from .wording import clock_time, offer, words

Entry = tuple[str, Sequence[str]]


def ordered(order: AtDesk, menu: Menu | None = None) -> Entry | None:
    """What the person at a desk orders; taking the desk is told by the desk itself. ``menu`` is what is negotiated
    from, where it is known."""
    match order:
        case AnswerRing() | LetRing() | EndCall():
            verbs = {AnswerRing: "pick up", LetRing: "let it ring", EndCall: "hang up"}
            return "ORDER", [verbs[type(order)], order.call_id]
        case RingNow():
            return "ORDER", [f"ring {order.peer.upper()} now"]
        case RaiseTier():
            return "ORDER", ["go up a tier", order.negotiation_id, f"above {words(order.tier.value)}"]
        case LodgeProtest():
            seen = f"{words(order.kind.value)} at {clock_time(order.seen_at)}"
            return "ORDER", [f"protest to {order.peer.upper()}", seen, order.statement]
        case AnswersOffer():
            return "ORDER", [answer(order, menu), order.negotiation_id, f"offer {order.offer[:8]}"]
        case _:
            return None


def answer(order: AnswersOffer, menu: Menu | None) -> str:
    """What this order answers to an offer, in words of the menu where it is known."""
    match order:
        case AcceptOffer():
            return "concur"
        case CounterOffer(choice=choice) if menu is not None:
            return f"counter with {offer(menu, choice)}"
        case CounterOffer(choice=choice):  # numbered from one, as the console lists a menu
            sector, block, minutes = choice.sector + 1, choice.block + 1, choice.shift + 1
            return f"counter with sector {sector}, block {block}, shift {minutes} of the menu"
        case DeclineOffer():
            return f"decline: {order.reason}" if order.reason else "decline"
        case _:
            return words(str(order.__struct_config__.tag))


def told(message: Message) -> Entry | None:
    """What a desk tells the person who sits there."""
    match message:
        case DeskTaken():
            return "DESK TAKEN", [f"by {message.by.operator}", f"until {clock_time(message.until)} at least"]
        case DeskLeft():
            return "DESK LEFT", [f"by {message.by.operator}", words(message.how.value)]
        case DecisionAwaited():
            until = f"until {clock_time(message.expires_at)}"
            return "to decide", [message.negotiation_id, offer(message.menu, message.choice), until]
        case _:
            return None
