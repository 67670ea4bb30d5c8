"""One example of each message, out of one story: see ``examples_story``. They are published with the schemas."""

from collections.abc import Iterator
from datetime import UTC, datetime

from . import events, injection, line, service
from .airspace import Position
from .examples_desk import desk
from .examples_story import (
    AGREEMENT,
    AS_FILED,
    ASKED,
    CALL,
    GRANT,
    HEADS,
    HIGHER,
    MENU,
    NEGOTIATION,
    OFFERED,
    PLAN,
    PREVIOUS_CALL,
    at,
)
from .examples_world import world
from .flightplan import PlanState, Problem
from .ledger import Head
from .message import Author, Message

__all__ = ["PLAN", "examples"]


def examples() -> list[Message]:
    """One message of each type that is said on a topic."""
    us, ru = Author("us", "e1"), Author("ru", "e1")
    return [
        *_injected(),
        *_call(us, ru),
        *_bargaining(us, ru),
        *_ledger(us, ru),
        *_events(us),
        *world(),
        *desk(),
        *_housekeeping(),
    ]


def _injected() -> Iterator[Message]:
    say = Author("director", "e1").say
    yield say(injection.SubmitPlan, at(0), to="us", plan=PLAN)
    yield say(injection.CancelPlan, at(20), to="us", plan_id=PLAN.plan_id)
    yield say(injection.ChangePlan, at(25), to="us", plan_id=PLAN.plan_id, shift_min=30)
    yield say(injection.FileMessage, at(26), to="us", text="(DLA-EXER11-OSDZ1430-OSLK-DOF/170618)")
    yield say(injection.DeclareEmergency, at(90), to="us", plan_id=PLAN.plan_id)
    yield say(
        injection.ReportSighting,
        at(95),
        to="ru",
        kind=injection.SightingKind.LINE_CROSSING,
        by="us",
        at=Position(38.9, 35.75),
        seen_at=at(94),
        detail="one aircraft, westbound",
    )
    yield say(
        injection.AnnounceLine,
        at(120),
        to="ru",
        state=injection.AnnouncedState.SUSPENDED,
        statement="Use of the line is suspended.",
    )


def _call(us: Author, ru: Author) -> Iterator[Message]:
    ring = us.say(
        line.Ring,
        at(1),
        to="ru",
        call_id=CALL,
        reason=line.Reason.SHORT_NOTICE,
        tier=line.Tier.DUTY_OFFICER,
        about=(NEGOTIATION,),
    )
    yield ring
    yield ru.say(line.Answer, at(1.2), cause=ring.id, to="us", call_id=CALL)
    yield ru.say(line.Busy, at(-1), to="us", call_id=PREVIOUS_CALL)
    check = us.say(line.LineCheck, at(1.5), to="ru", call_id=CALL, agreement=AGREEMENT, heads=HEADS, heard_seq=4)
    yield check
    yield ru.say(
        line.LineChecked, at(1.7), cause=check.id, to="us", call_id=CALL, agreement=AGREEMENT, heads=HEADS, heard_seq=9
    )
    protest = ru.say(
        line.Protest,
        at(96),
        to="us",
        call_id="ru-us-3",
        kind=injection.SightingKind.LINE_CROSSING,
        at=Position(38.9, 35.75),
        seen_at=at(94),
        statement="We object to the crossing.",
    )
    yield protest
    yield us.say(line.Noted, at(97), cause=protest.id, to="ru", call_id="ru-us-3")
    yield us.say(line.HangUp, at(7), to="ru", call_id=CALL, outcome=line.CallOutcome.COMPLETED)


def _bargaining(us: Author, ru: Author) -> Iterator[Message]:
    both = {"call_id": CALL, "negotiation_id": NEGOTIATION}
    asked = us.say(
        line.Propose,
        at(2),
        to="ru",
        **both,
        menu=MENU,
        choice=AS_FILED,
        offer=ASKED,
        kind=PLAN.kind,
        priority=PLAN.priority,
        round=1,
        expires_at=at(4),
    )
    yield asked
    countered = ru.say(
        line.Counter,
        at(3),
        cause=asked.id,
        to="us",
        **both,
        answers=ASKED,
        choice=HIGHER,
        offer=OFFERED,
        round=2,
        expires_at=at(5),
    )
    yield countered
    yield us.say(line.Concur, at(4), cause=countered.id, to="ru", **both, offer=OFFERED, hold_until=at(9))
    yield ru.say(line.Decline, at(3), cause=asked.id, to="us", **both, answers=ASKED, reason="held by our own patrol")
    yield us.say(line.Withdraw, at(3), to="ru", **both, reason="the flight is off")
    yield ru.say(line.Expire, at(4), cause=asked.id, to="us", **both, offer=ASKED)
    worth = tuple(round(1 - 0.05 * outcome, 2) for outcome in range(MENU.size))
    yield us.say(line.Disclose, at(5), to="ru", **both, worth=worth, walk_away=0.35)


def _ledger(us: Author, ru: Author) -> Iterator[Message]:
    confirmed = us.say(line.Confirm, at(5), to="ru", negotiation_id=NEGOTIATION, offer=OFFERED)
    yield confirmed
    yield ru.say(line.Entered, at(6), cause=confirmed.id, to="us", entry=GRANT)
    yield ru.say(line.Lapsed, at(12), cause=confirmed.id, to="us", negotiation_id=NEGOTIATION, offer=OFFERED)
    yield us.say(line.Release, at(150), to="ru", agreement_id=GRANT.agreement_id, reason="the flight has landed")
    yield us.say(line.Reconcile, at(30), to="ru", agreement=AGREEMENT, heads={"us": Head(), "ru": Head()})
    yield ru.say(line.Entries, at(30), to="us", entries=(GRANT,))


def _events(us: Author) -> Iterator[Message]:
    yield us.say(
        events.PlanStatus,
        at(6),
        plan_id=PLAN.plan_id,
        callsign=PLAN.callsign,
        plan=PLAN.digest,
        state=PlanState.ACCEPTED,
        negotiation_id=NEGOTIATION,
        as_filed=False,
        volumes=MENU.volumes(HIGHER),
    )
    wrong = Problem(code="malformed", field="plan.end", reason="lies before start")
    yield us.say(events.InputRejected, at(0), topic="hotline/v1/inject/us", problem=wrong, evidence='{"plan_id": ...')
    yield us.say(
        events.DeadLettered, at(0), topic="hotline/v1/inject/us", error="ZeroDivisionError", evidence='{"plan_id": ...'
    )
    yield us.say(events.StateLost, at(0), lost_epoch="e0", last_seq=1_204, reason="us-e0-1219 has been received of us")
    yield us.say(
        events.CallEnded,
        at(7),
        call_id=CALL,
        callee="ru",
        reason=line.Reason.SHORT_NOTICE,
        tier=line.Tier.DUTY_OFFICER,
        outcome=line.CallOutcome.COMPLETED,
        queued_at=at(0),
        rang_at=at(1),
        answered_at=at(1.2),
        ended_at=at(7),
        about=(NEGOTIATION,),
    )
    yield us.say(
        events.NegotiationEnded,
        at(6),
        negotiation_id=NEGOTIATION,
        plan_id=PLAN.plan_id,
        responder="ru",
        outcome=events.NegotiationOutcome.AGREED_WITH_CHANGES,
        tier=line.Tier.DUTY_OFFICER,
        rounds=2,
        began_at=at(1),
        choice=HIGHER,
        sector=MENU.sectors[0].name,
        block="high",
        shift_min=0,
    )
    yield us.say(
        events.Escalated,
        at(10),
        kind=events.EscalationKind.TIER_RAISED,
        peer="ru",
        about=NEGOTIATION,
        tier=line.Tier.DEPUTY_COMMANDER,
        detail="declined by the duty officer",
    )
    yield us.say(events.LineAnnounced, at(120), state=injection.AnnouncedState.OPEN, statement="The line is open.")
    yield us.say(events.LineStateChanged, at(2), peer="ru", state=events.ActualState.WORKING)
    yield us.say(events.LedgerChanged, at(6), peer="ru", heads=HEADS)


def _housekeeping() -> Iterator[Message]:
    """Not counted (``seq`` 0): these are never recorded as part of the story."""
    yield service.Clock(
        id="clock-1",
        source="director",
        seq=0,
        time=at(0),
        simulated_start=at(0),
        real_start=datetime(2026, 1, 5, 10, tzinfo=UTC),
        speed=60.0,
    )
    yield service.Health(
        id="us-s4-h1", source="us", seq=0, time=at(0), presence=service.Presence.UP, session="us-s4", lag_ms=1.8
    )
    yield service.Stop(id="stop-1", source="director", seq=0, time=at(240), to="us")
    yield service.Resend(
        id="resend-1", source="monitor", seq=0, time=at(30), to="us", wanted_epoch="e1", first_seq=12, last_seq=14
    )
    yield service.Receipt(id="receipt-1", source="ru", seq=0, time=at(1), to="us", ids=("us-e1-1", "us-e1-2"))
