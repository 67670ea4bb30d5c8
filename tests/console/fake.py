"""A desk without a centre: what is heard is given by a test, what is ordered is kept."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from hotline_protocol.examples_story import CALL, MENU, NEGOTIATION, NINE, at
from hotline_protocol.flightplan import FlightKind, PlanState, Priority
from hotline_protocol.line import Answer, Reason, Ring, Tier, offer_digest
from hotline_protocol.menu import Choice
from hotline_protocol.message import Author, Message, digest_of
from hotline_protocol.orders import DecisionAwaited, DeskTaken, OwnPlan, Sitting, Verdict
from hotline_services.console.desk.desk_view import DeskView, Notice
from hotline_services.console.desk.sitting import Draft

SITTING = "console-ru-1"
WANTED = Choice(sector=0, block=0, shift=1)
HIGHER = Choice(sector=0, block=1, shift=1)
PLAN = OwnPlan(plan_id="ru-7", callsign="PATROL7", state=PlanState.ACCEPTED, volumes=MENU.volumes(WANTED))


def offer_of(choice: Choice) -> str:
    return offer_digest(NEGOTIATION, CALL, digest_of(MENU), choice)


class FakeDesk:
    """What :class:`~hotline_services.console.app.ConsoleApp` sits at."""

    def __init__(self) -> None:
        self.view = DeskView("ru", SITTING)
        self.peers: tuple[str, ...] = ("us",)
        self.speed = 4.0
        self.time = NINE
        self.sent: list[Draft] = []
        self.looks = 0
        self.us, self.ru = Author("us"), Author("ru")

    def now(self) -> datetime:
        return self.time

    async def send(self, draft: Draft) -> None:
        self.sent.append(draft)

    async def look(self) -> None:
        self.looks += 1

    def hear(self, *messages: Message) -> list[Notice]:
        return [notice for message in messages for notice in self.view.hear(message)]

    def taken(self, sitting: str = SITTING, plans: Iterable[OwnPlan] = (PLAN,)) -> DeskTaken:
        by = Sitting(sitting=sitting, operator="Col. X")
        until = self.time + timedelta(minutes=5)
        return self.ru.say(DeskTaken, self.time, by=by, until=until, agreement="0" * 16, plans=tuple(plans))

    def ring(self, call_id: str = CALL) -> Ring:
        manner: dict[str, Any] = {"reason": Reason.SHORT_NOTICE, "tier": Tier.DUTY_OFFICER}
        return self.us.say(Ring, self.time, to="ru", call_id=call_id, about=(NEGOTIATION,), **manner)

    def asked(self, **changes: Any) -> DecisionAwaited:
        worth = [0.8] * MENU.size
        worth[MENU.outcome(WANTED)] = -1
        asked = self.ru.say(
            DecisionAwaited,
            self.time,
            peer="us",
            call_id=CALL,
            negotiation_id=NEGOTIATION,
            tier=Tier.DUTY_OFFICER,
            kind=FlightKind.TANKER,
            priority=Priority.PRIORITY,
            menu=MENU,
            choice=WANTED,
            offer=offer_of(WANTED),
            round=1,
            expires_at=at(2),
            worth=tuple(worth),
            walk_away=0.35,
            meets=("ru-7",),
            officer=Verdict.COUNTER,
            officer_choice=HIGHER,
        )
        return msgspec.structs.replace(asked, **changes)


def manned() -> FakeDesk:
    """A desk that this sitting has taken."""
    desk = FakeDesk()
    desk.hear(desk.taken())
    return desk


def talking() -> FakeDesk:
    """A desk with a call that is up, and an offer to be answered."""
    desk = manned()
    desk.hear(desk.ring(), desk.ru.say(Answer, desk.time, to="us", call_id=CALL), desk.asked())
    return desk
