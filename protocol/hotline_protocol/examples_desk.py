"""Examples of what is ordered by a person at the desk, and of what the desk tells them."""

from collections.abc import Iterator
from typing import Any, Final

from . import line, orders
from .airspace import Position
from .examples_story import AGREEMENT, AS_FILED, ASKED, CALL, HIGHER, MENU, NEGOTIATION, at
from .flightplan import FlightKind, PlanState, Priority
from .injection import Advice, AdviceKind, SightingKind
from .message import Author, Message

SITTING: Final = "sitting-4c1d"
OWN: Final = "ru-PATROL7"


def desk() -> Iterator[Message]:
    """One message of each type that has to do with a person at the desk."""
    yield from _orders()
    yield from _told()


def _orders() -> Iterator[Message]:
    author = Author("ru-desk", "e1")
    offer = {"negotiation_id": NEGOTIATION, "offer": ASKED}

    def order(kind: type[Message], minute: float, /, **fields: Any) -> Message:
        return author.say(kind, at(minute), to="ru", sitting=SITTING, **fields)

    yield order(orders.TakeDesk, 0, operator="Col. X", lease_s=60.0)
    yield order(orders.AnswerRing, 1.2, call_id=CALL)
    yield order(orders.LetRing, 1.2, call_id=CALL)
    yield order(orders.AcceptOffer, 3, **offer)
    yield order(orders.CounterOffer, 3, **offer, choice=HIGHER)
    yield order(orders.DeclineOffer, 3, **offer, reason="held by our own patrol")
    yield order(orders.EndCall, 5, call_id=CALL)
    yield order(orders.RaiseTier, 6, negotiation_id="ru-e1-n4c1d", tier=line.Tier.DUTY_OFFICER)
    yield order(orders.RingNow, 7, peer="us")
    yield order(
        orders.LodgeProtest,
        96,
        peer="us",
        kind=SightingKind.LINE_CROSSING,
        at=Position(38.9, 35.75),
        seen_at=at(94),
        statement="We object to the crossing.",
    )
    yield order(orders.LeaveDesk, 120)


def _told() -> Iterator[Message]:
    ru = Author("ru", "e1")
    by = orders.Sitting(sitting=SITTING, operator="Col. X")
    yield _taken(ru, by)
    yield _awaited(ru)
    yield ru.say(orders.DeskLeft, at(120), by=by, how=orders.Leaving.LEFT)


def _taken(ru: Author, by: orders.Sitting) -> Message:
    call = orders.CallOnDesk(
        call_id=CALL,
        peer="us",
        ours=False,
        talking=False,
        reason=line.Reason.SHORT_NOTICE,
        tier=line.Tier.DUTY_OFFICER,
        until=at(2),
        about=(NEGOTIATION,),
    )
    waiting = orders.Waiting(
        ref="ru-e1-n4c1d",
        peer="us",
        reason=line.Reason.ROUTINE,
        tier=line.Tier.DUTY_OFFICER,
        not_before=at(9),
        plan_id="ru-8",
    )
    stop = Advice(
        kind=AdviceKind.STOP_REQUEST, at=Position(38.9, 35.75), start=at(1), end=at(120), statement="Stop, please."
    )
    told = orders.Waiting(
        ref="director-7",
        peer="us",
        reason=line.Reason.INCIDENT,
        tier=line.Tier.DUTY_OFFICER,
        not_before=at(1),
        advice=stop,
    )
    plan = orders.OwnPlan(plan_id=OWN, callsign="PATROL7", state=PlanState.ACCEPTED, volumes=MENU.volumes(AS_FILED))
    return ru.say(
        orders.DeskTaken,
        at(1),
        by=by,
        until=at(2),
        agreement=AGREEMENT,
        call=call,
        waiting=(told, waiting),
        plans=(plan,),
    )


def _awaited(ru: Author) -> Message:
    return ru.say(
        orders.DecisionAwaited,
        at(2),
        peer="us",
        call_id=CALL,
        negotiation_id=NEGOTIATION,
        tier=line.Tier.DUTY_OFFICER,
        kind=FlightKind.TANKER,
        priority=Priority.PRIORITY,
        menu=MENU,
        choice=AS_FILED,
        offer=ASKED,
        round=1,
        expires_at=at(4),
        worth=tuple(round(0.6 + 0.02 * outcome, 2) for outcome in range(MENU.size)),
        walk_away=0.35,
        meets=(OWN,),
        officer=orders.Verdict.COUNTER,
        officer_choice=HIGHER,
    )
