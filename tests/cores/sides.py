"""Either side of one negotiation, alone, and a peer that a test speaks for."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, TypeVar

import msgspec

from hotline_protocol.agreement import TierRule, Timing
from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import FlightKind, Priority
from hotline_protocol.ledger import Entry, EntryKind
from hotline_protocol.lifecycle import NegotiationState
from hotline_protocol.line import Concur, Counter, InNegotiation, Propose, Tier, offer_digest
from hotline_protocol.menu import Block, Choice, Menu, Sector, Window
from hotline_protocol.message import Author, Message, digest_of
from hotline_services.aoc.asker import Asker, Opened, OurRequest, latest
from hotline_services.aoc.config import Strategy
from hotline_services.aoc.granter import Granter, Proposed, TheirRequest
from hotline_services.aoc.menus import Bid
from hotline_services.aoc.request import Context
from hotline_services.aoc.voice import Voice

from .joined import DAWN, agreement, plan

TIMING = Timing()
OFFER_S = 100.0
TIERS = (
    TierRule(tier=Tier.DUTY_OFFICER, rounds=3, offer_s=OFFER_S),
    TierRule(tier=Tier.DEPUTY_COMMANDER, rounds=3, offer_s=OFFER_S, disclosure=True),
)
RULES = agreement(tiers=TIERS, timing=TIMING)
WANTED = plan("us-1")
AIR = Volume4D(area=WANTED.area, lower_ft=WANTED.lower_ft, upper_ft=WANTED.upper_ft, start=WANTED.start, end=WANTED.end)
MENU = Menu(
    sectors=(Sector(name="here", areas=(WANTED.area,)),),
    blocks=tuple(Block(name=str(low), lower_ft=low, upper_ft=low + 2_000) for low in (18_000, 22_000, 26_000, 30_000)),
    shifts_min=(0,),
    windows=(Window(start=WANTED.start, end=WANTED.end),),
)
FALLING = (1.0, 0.8, 0.6, 0.4)
RISING = FALLING[::-1]


R = TypeVar("R", Asker, Granter)


class Side:
    """Whatever both sides have: a voice, a peer, and a clock."""

    negotiation_id = "us-n1"

    def __init__(self) -> None:
        self.voice = Voice(Author("us"), DAWN)
        self.peer = Author("ru")
        self.free = True

    @property
    def context(self) -> Context:
        return Context(timing=TIMING, is_free=lambda *_: self.free)

    def deal(self, role: R, twin: R, event: object) -> R:
        """This happens; what is to be answered, our strategy answers. Twice, with the same result."""
        for each in (role, twin):
            each.take(event)
            if each.awaits_answer:
                each.answer(each.record.weigh())
        assert (role.record, role.said) == (twin.record, twin.said)
        for said in role.said:
            self.voice.say(said.kind, **said.fields)
        return role

    def at(self, seconds: float) -> None:
        self.voice.begin(DAWN + timedelta(seconds=seconds), None)

    def said(self) -> list[Message]:
        return self.voice.end()

    def words(self, kind: type[Any], /, **fields: Any) -> Any:
        called = {"call_id": "c1"} if issubclass(kind, InNegotiation) else {}
        fields = {"negotiation_id": self.negotiation_id, **called, **fields}
        return self.peer.say(kind, self.voice.now, to="us", **fields)

    def offer(self, block: int, call_id: str = "c1") -> str:
        choice = Choice(sector=0, block=block, shift=0)
        return offer_digest(self.negotiation_id, call_id, digest_of(MENU), choice)

    def counter(self, answers: str, block: int, **changes: Any) -> Counter:
        fields = {
            "answers": answers,
            "choice": Choice(sector=0, block=block, shift=0),
            "offer": self.offer(block),
            "round": 1,
            "expires_at": self.voice.now + timedelta(seconds=OFFER_S),
        }
        counter: Counter = self.words(Counter, **(fields | changes))
        return counter


class AskingSide(Side):
    """We ask; ``worth`` is what each height is worth to us."""

    def __init__(self, worth: Iterable[float] = FALLING, **changes: Any) -> None:
        super().__init__()
        self.steps = 0
        wanted = msgspec.structs.replace(WANTED, **changes)
        air = msgspec.structs.replace(AIR, start=wanted.start, end=wanted.end)
        self.asking = OurRequest(
            id=self.negotiation_id,
            peer="ru",
            plan=wanted,
            volumes=(air,),
            began_at=DAWN,
            deadline=latest(wanted, [air], DAWN, TIMING),
            tiers=TIERS,
            strategy=Strategy(),
            least=0.3,
            kind=wanted.kind,
            priority=wanted.priority,
        )
        self.bid = Bid(menu=MENU, worth=tuple(worth), legs=(0,), offsets_nm=((0.0, 0.0),))

    def take(self, event: object) -> None:
        """This happens."""
        role = self.deal(
            Asker(self.asking, self.voice.now, self.context), Asker(self.asking, self.voice.now, self.context), event
        )
        self.steps += role.has_stepped
        self.asking = role.record

    def open(self, call_id: str = "c1") -> Propose:
        self.take(Opened(call_id, self.bid))
        (proposal,) = self.said()
        assert isinstance(proposal, Propose)
        return proposal

    def concur(self, offer: str, hold_s: float = 300, **changes: Any) -> None:
        until = self.voice.now + timedelta(seconds=hold_s)
        self.take(self.words(Concur, **({"offer": offer, "hold_until": until} | changes)))

    def entry(self, taken: str, **changes: Any) -> Entry:
        fields: dict[str, Any] = {
            "granter": "ru", "user": "us", "index": 1, "previous": "0" * 64, "kind": EntryKind.GRANTED,
            "agreement_id": "x", "volumes": MENU.volumes(Choice(sector=0, block=0, shift=0)), "offer": taken,
            "entered_at": self.voice.now,
        }  # fmt: skip
        return Entry(**(fields | changes))


class GrantingSide(Side):
    """They ask; ``worth`` is what each height is worth to us."""

    negotiation_id = "ru-n1"

    def __init__(self, worth: Iterable[float] = RISING, tier: Tier = Tier.DUTY_OFFICER) -> None:
        super().__init__()
        self.worth = tuple(worth)
        self.tier = tier
        self.granting = TheirRequest(
            id=self.negotiation_id,
            peer="ru",
            deadline=DAWN + timedelta(seconds=2 * TIMING.negotiation_s),
            tiers=TIERS,
            strategy=Strategy(),
            walk_away=0.3,
            content=0.95,
            least=0.3,
            kind=FlightKind.PATROL,
            priority=Priority.ROUTINE,
            ends=DAWN,
        )

    def take(self, event: object) -> None:
        """This happens."""
        role = self.deal(
            Granter(self.granting, self.voice.now, self.context),
            Granter(self.granting, self.voice.now, self.context),
            event,
        )
        self.granting = role.record

    def taken(self, message: Any) -> Choice | None:
        """What is to be entered, when they say this; None when that is gone."""
        self.take(message)
        held = self.granting.held
        is_agreed = self.granting.state is NegotiationState.AGREED
        return MENU.choice(held.outcome) if is_agreed and held is not None else None

    def propose(self, block: int = 0, **changes: Any) -> list[Message]:
        fields = {
            "menu": MENU, "choice": Choice(sector=0, block=block, shift=0), "offer": self.offer(block),
            "kind": FlightKind.PATROL, "priority": Priority.ROUTINE, "round": 1,
            "expires_at": self.voice.now + timedelta(seconds=OFFER_S),
        }  # fmt: skip
        proposal: Propose = self.words(Propose, **(fields | changes))
        self.take(Proposed(proposal, self.tier, self.worth))
        return self.said()
