"""Entries of the duty log on the person at a desk: who sits there, what they are asked, and what they order."""

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

from .logentry import LogDraft, Parts, free_text, named, offer_parts
from .logkinds import LogKind, Phrase, Relation, Thing
from .logparts import (
    AboveTier,
    CounterWith,
    DeclineOrder,
    MenuPlace,
    Observed,
    OperatorTold,
    PartyTold,
    Remark,
    ShortDigest,
    Term,
    TimeTold,
)


def ordered(order: AtDesk, menu: Menu | None = None) -> LogDraft | None:
    """What the person at a desk orders; taking the desk is told by the desk itself. ``menu`` is what is negotiated
    from, where it is known."""
    match order:
        case AnswerRing() | LetRing() | EndCall():
            phrases = {AnswerRing: Phrase.PICK_UP, LetRing: Phrase.LET_IT_RING, EndCall: Phrase.HANG_UP}
            parts: Parts = [Remark(phrases[type(order)]), named(Thing.CALL, order.call_id)]
        case RingNow():
            parts = [PartyTold(Relation.RING, order.peer)]
        case RaiseTier():
            negotiation = named(Thing.NEGOTIATION, order.negotiation_id)
            parts = [Remark(Phrase.RAISE_TIER), negotiation, AboveTier(order.tier.value)]
        case LodgeProtest():
            seen = Observed(order.kind.value, order.seen_at)
            parts = [PartyTold(Relation.PROTEST_TO, order.peer), seen, free_text(order.statement)]
        case AnswersOffer():
            negotiation = named(Thing.NEGOTIATION, order.negotiation_id)
            parts = [*answer(order, menu), negotiation, ShortDigest(Thing.OFFER, order.offer[:8])]
        case _:
            return None
    return LogDraft(LogKind.ORDER, parts)


def answer(order: AnswersOffer, menu: Menu | None) -> Parts:
    """What this order answers to an offer, as the menu has it where it is known."""
    match order:
        case AcceptOffer():
            return [Remark(Phrase.CONCUR)]
        case CounterOffer(choice=choice) if menu is not None:
            made = offer_parts(menu, choice)
            return [CounterWith(made[0]), *made[1:]]
        case CounterOffer(choice=choice):
            return [CounterWith(MenuPlace(choice.sector, choice.block, choice.shift))]
        case DeclineOffer():
            return [DeclineOrder(order.reason)]
        case _:
            return [Term(str(order.__struct_config__.tag))]


def told(message: Message) -> LogDraft | None:
    """What a desk tells the person who sits there."""
    match message:
        case DeskTaken():
            until = TimeTold(Relation.UNTIL_AT_LEAST, message.until)
            return LogDraft(LogKind.DESK_TAKEN, [OperatorTold(message.by.operator), until])
        case DeskLeft():
            return LogDraft(LogKind.DESK_LEFT, [OperatorTold(message.by.operator), Term(message.how.value)])
        case DecisionAwaited():
            made = offer_parts(message.menu, message.choice)
            until = TimeTold(Relation.UNTIL, message.expires_at)
            return LogDraft(LogKind.TO_DECIDE, [named(Thing.NEGOTIATION, message.negotiation_id), *made, until])
        case _:
            return None
