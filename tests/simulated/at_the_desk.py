"""Persons at both desks of a faulty day: they answer late or never, say anything, repeat themselves, and walk away."""

import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hotline_protocol.line import CallOutcome, HangUp, Ring
from hotline_protocol.message import Author, Message
from hotline_protocol.orders import (
    AcceptOffer,
    AnswerRing,
    AtDesk,
    CounterOffer,
    DecisionAwaited,
    DeclineOffer,
    DeskTaken,
    EndCall,
    LeaveDesk,
    LetRing,
    RaiseTier,
    RingNow,
    TakeDesk,
)
from hotline_protocol.topics import EVENT, LINE
from hotline_services.simulation.chance import Chance

from .dice import QUIET_FROM, START, Dice
from .faulty_day import PARTIES, FaultyDay

LEASE_S = 120.0
BETWEEN_RENEWALS = timedelta(seconds=45)


class Person:
    """A core that sits at the desk of ``party`` now and then, until the day is to be quiet."""

    def __init__(self, party: str, chance: Chance) -> None:
        self._party = party
        self._chance = chance
        self._author = Author(f"console-{party}")
        self._agenda: list[tuple[datetime, int, type[AtDesk], dict[str, Any]]] = []
        self._count = 0
        dice = Dice(chance, f"sittings/{party}")
        for number in range(dice.whole(1, 3)):
            begin = dice.moment(0, QUIET_FROM - 1)
            sitting = {"sitting": f"{party}-sitting-{number}"}
            at, end = begin, begin + timedelta(minutes=dice.between(5, 120))
            while at < min(end, START + timedelta(hours=QUIET_FROM - 0.1)):
                taking = {"operator": "Col. X", "lease_s": LEASE_S, "tell": dice.happens(0.2)}
                self._plan(at, TakeDesk, **sitting, **taking)
                at += BETWEEN_RENEWALS
            if dice.happens(0.5):  # else the lease runs out
                self._plan(at, LeaveDesk, **sitting)
        self._sitting = f"{party}-sitting-0"

    @property
    def next_deadline(self) -> datetime | None:
        return self._agenda[0][0] if self._agenda else None

    def _plan(self, at: datetime, kind: type[AtDesk], **fields: Any) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (at, self._count, kind, fields))

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        dice = Dice(self._chance, f"{self._party}/{message.id}")
        match message:
            case DeskTaken(source=self._party, by=by):
                self._sitting = by.sitting
            case Ring(to=self._party):
                kind = dice.pick((AnswerRing, AnswerRing, AnswerRing, LetRing))
                self._order(dice, now, 70, kind, call_id=message.call_id)
            case DecisionAwaited(source=self._party):
                self._decide(dice, message, now)
            case HangUp(to=self._party, outcome=CallOutcome.DROPPED) if dice.happens(0.3):
                self._order(dice, now, 60, RingNow, peer=message.source)
        return []

    def _decide(self, dice: Dice, asked: DecisionAwaited, now: datetime) -> None:
        offer = {"negotiation_id": asked.negotiation_id, "offer": asked.offer}
        what = dice.whole(0, 9)
        if what <= 3:
            self._order(dice, now, 150, AcceptOffer, **offer)
        elif what <= 6:
            choice = asked.menu.choice(dice.whole(0, asked.menu.size - 1))
            self._order(dice, now, 150, CounterOffer, **offer, choice=choice)
        elif what == 7:
            self._order(dice, now, 150, DeclineOffer, **offer)
        elif what == 8:
            self._order(dice, now, 150, EndCall, call_id=asked.call_id)
        elif asked.plan_id is not None:
            self._order(dice, now, 150, RaiseTier, negotiation_id=asked.negotiation_id, tier=asked.tier)

    def _order(self, dice: Dice, now: datetime, within_s: float, kind: type[AtDesk], **fields: Any) -> None:
        """Sooner or later, and sometimes twice."""
        for _ in range(2 if dice.happens(0.2) else 1):
            at = now + timedelta(seconds=dice.between(0, within_s))
            self._plan(at, kind, sitting=self._sitting, **fields)

    def lapse(self, now: datetime) -> Sequence[Message]:
        said = []
        while self._agenda and self._agenda[0][0] <= now:
            _, _, kind, fields = heapq.heappop(self._agenda)
            said.append(self._author.say(kind, now, to=self._party, **fields))
        return said


def manned_day(seed: int) -> FaultyDay:
    """The faulty day of this seed with persons at both desks."""
    day = FaultyDay(seed)
    for party in PARTIES:
        day.simulation.add(f"console-{party}", partial(Person, party, Chance(seed)), hears=[EVENT, LINE])
    return day
