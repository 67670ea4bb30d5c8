"""A conversation to test readers with: what two centres say from a plan to an agreement, and some trouble."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import (
    ActualState,
    CallEnded,
    Escalated,
    EscalationKind,
    InputRejected,
    LedgerChanged,
    LineAnnounced,
    LineStateChanged,
    NegotiationEnded,
    NegotiationOutcome,
    PlanStatus,
)
from hotline_protocol.flightplan import FlightKind, PlanState, Priority, Problem
from hotline_protocol.injection import AnnouncedState
from hotline_protocol.ledger import GENESIS, Entry, EntryKind, Head
from hotline_protocol.line import (
    Answer,
    CallOutcome,
    Concur,
    Confirm,
    Counter,
    Entered,
    HangUp,
    Propose,
    Reason,
    Ring,
    Tier,
    offer_digest,
)
from hotline_protocol.menu import Block, Choice, Menu, Sector, Window
from hotline_protocol.message import Author, Message, digest_of
from hotline_protocol.service import Health, Presence

NOON = datetime(2017, 6, 18, 12, 0, tzinfo=UTC)
AREA = Circle(centre=Position(40.14, 35.34), radius_nm=8.0)
MENU = Menu(
    sectors=(Sector(name="441LL15", areas=(AREA,)), Sector(name="441LL24", areas=(AREA,))),
    blocks=(
        Block(name="low", lower_ft=6_000, upper_ft=8_000),
        Block(name="high", lower_ft=24_000, upper_ft=26_000),
    ),
    shifts_min=(0, 15),
    windows=(Window(start=NOON + timedelta(hours=1), end=NOON + timedelta(hours=2)),),
)
WANTED, AGREED = Choice(sector=0, block=1, shift=0), Choice(sector=1, block=1, shift=1)


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def offer_of(negotiation: str, call: str, choice: Choice) -> str:
    return offer_digest(negotiation, call, digest_of(MENU), choice)


def call_ended(us: Author, call: str, began_s: float, *, answered: bool = True) -> CallEnded:
    """A call of 10 s waiting, 8 s set-up and 200 s hold; 60 s of ringing when it is not answered."""
    return us.say(
        CallEnded,
        at(began_s + 208),
        call_id=call,
        callee="ru",
        reason=Reason.SHORT_NOTICE if answered else Reason.INCIDENT,
        tier=Tier.DUTY_OFFICER if answered else Tier.COMMANDER,
        outcome=CallOutcome.COMPLETED if answered else CallOutcome.NO_ANSWER,
        queued_at=at(began_s - 10),
        rang_at=at(began_s),
        answered_at=at(began_s + 8) if answered else None,
        ended_at=at(began_s + 208) if answered else at(began_s + 60),
        about=("us-017",),
    )


def agreed_call(us: Author, ru: Author, number: int = 1, began_s: float = 0.0) -> list[Message]:
    """One call in which a plan of us is proposed, countered, agreed to and entered."""
    call, negotiation, plan = f"us-c{number}", f"us-n{number}", f"us-{number:03d}"
    first, second = offer_of(negotiation, call, WANTED), offer_of(negotiation, call, AGREED)
    granted = Entry(
        granter="ru",
        user="us",
        index=number,
        previous=GENESIS,
        kind=EntryKind.GRANTED,
        agreement_id=f"{negotiation}.{second[:8]}",
        volumes=MENU.volumes(AGREED),
        offer=second,
        entered_at=at(began_s + 150),
    )
    heads = {"ru": Head(length=number, hash=granted.hash), "us": Head()}

    def plan_status(state: PlanState, seconds: float, **fields: Any) -> PlanStatus:
        return us.say(
            PlanStatus,
            at(began_s + seconds),
            plan_id=plan,
            callsign="VIPER21",
            plan=digest_of(plan),
            state=state,
            negotiation_id=negotiation,
            **fields,
        )

    in_call = {"call_id": call, "negotiation_id": negotiation}
    return [
        plan_status(PlanState.NEGOTIATING, -10),
        us.say(
            Ring,
            at(began_s),
            to="ru",
            call_id=call,
            reason=Reason.SHORT_NOTICE,
            tier=Tier.DUTY_OFFICER,
            about=(negotiation,),
        ),
        ru.say(Answer, at(began_s + 8), to="us", call_id=call),
        us.say(
            Propose,
            at(began_s + 30),
            to="ru",
            **in_call,
            menu=MENU,
            choice=WANTED,
            offer=first,
            kind=FlightKind.PATROL,
            priority=Priority.ROUTINE,
            round=1,
            expires_at=at(began_s + 150),
        ),
        ru.say(
            Counter,
            at(began_s + 60),
            to="us",
            **in_call,
            answers=first,
            choice=AGREED,
            offer=second,
            round=2,
            expires_at=at(began_s + 180),
        ),
        us.say(Concur, at(began_s + 90), to="ru", **in_call, offer=second, hold_until=at(began_s + 180)),
        us.say(Confirm, at(began_s + 120), to="ru", negotiation_id=negotiation, offer=second),
        ru.say(Entered, at(began_s + 150), to="us", entry=granted),
        ru.say(LedgerChanged, at(began_s + 150), peer="us", heads=heads),
        us.say(LedgerChanged, at(began_s + 151), peer="ru", heads=heads),
        us.say(
            NegotiationEnded,
            at(began_s + 151),
            negotiation_id=negotiation,
            plan_id=plan,
            responder="ru",
            outcome=NegotiationOutcome.AGREED_WITH_CHANGES,
            tier=Tier.DUTY_OFFICER,
            rounds=2,
            began_at=at(began_s - 10),
            choice=AGREED,
            sector="441LL24",
            block="high",
            shift_min=15,
        ),
        plan_status(PlanState.ACCEPTED, 151, as_filed=False, volumes=MENU.volumes(AGREED)),
        us.say(HangUp, at(began_s + 208), to="ru", call_id=call, outcome=CallOutcome.COMPLETED),
        call_ended(us, call, began_s),
    ]


def trouble(us: Author, ru: Author) -> list[Message]:
    """Half an hour later: nobody answers, tiers rise, a line is suspended, rubbish comes in."""
    later = 1_800.0
    return [
        us.say(
            Ring, at(later), to="ru", call_id="us-c9", reason=Reason.INCIDENT, tier=Tier.COMMANDER, about=("us-n9",)
        ),
        call_ended(us, "us-c9", later, answered=False),
        us.say(
            Escalated,
            at(later + 61),
            cause="ru-0-1",
            kind=EscalationKind.TIER_RAISED,
            peer="ru",
            about="us-n9",
            tier=Tier.CHIEFS,
            detail="nobody answers",
        ),
        ru.say(LineAnnounced, at(later + 70), state=AnnouncedState.SUSPENDED, statement="until further notice"),
        us.say(LineStateChanged, at(later + 80), peer="ru", state=ActualState.SILENT),
        ru.say(
            InputRejected,
            at(later + 90),
            topic="hotline/v1/inject/ru",
            problem=Problem(code="malformed", field="plan.end", reason="Expected `str`, got `int`"),
            evidence="{}",
            sender="inject",
        ),
    ]


def health(source: str, seconds: float, presence: Presence = Presence.UP, session: str = "1", **more: Any) -> Health:
    """A birth or a death, which is not numbered."""
    name = f"{source}-{session}-{presence.value}-{seconds}"
    return Health(id=name, source=source, seq=0, time=at(seconds), presence=presence, session=session, **more)


def everything() -> list[Message]:
    """All of it, in the order in which it is said."""
    us, ru = Author("us", "a1"), Author("ru", "b2")
    return [
        health("us", -60),
        health("ru", -60, lag_ms=3.0),
        *agreed_call(us, ru, 1),
        *agreed_call(us, ru, 2, 600.0),
        *trouble(us, ru),
    ]
