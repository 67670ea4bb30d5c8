"""What is on the desk, in the eyes of who only hears of it."""

from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any

import msgspec
import pytest

from hotline_protocol.airspace import Position
from hotline_protocol.events import InputRejected, NegotiationEnded, NegotiationOutcome, PlanStatus
from hotline_protocol.examples_story import CALL, GRANT, MENU, NEGOTIATION, PLAN, at
from hotline_protocol.flightplan import PlanState, Problem
from hotline_protocol.injection import Advice, AdviceKind, SightingKind, SubmitPlan
from hotline_protocol.line import (
    Advise,
    Answer,
    Busy,
    CallOutcome,
    Concur,
    Counter,
    Decline,
    Entered,
    Expire,
    HangUp,
    Noted,
    Protest,
    Reason,
    Ring,
    Tier,
)
from hotline_protocol.message import Author
from hotline_protocol.orders import (
    AcceptOffer,
    CounterOffer,
    DeskLeft,
    Leaving,
    Sitting,
    TakeDesk,
)
from hotline_protocol.service import Health, Presence
from hotline_services.console.desk.air_view import Sky
from hotline_services.console.desk.desk_view import Matter, Notice
from hotline_services.console.desk.offer_sentences import in_words
from hotline_services.console.desk.sentences import status_lines
from hotline_services.console.desk.sitting import Draft, SittingAt
from hotline_services.monitor.worldlog import place

from .fake import HIGHER, SITTING, WANTED, FakeDesk, manned, offer_of, talking


def matters(notices: Sequence[Notice]) -> list[Matter]:
    return [notice.matter for notice in notices if notice.matter is not Matter.LOG]


def test_a_desk_is_ours_when_it_was_taken_in_this_sitting() -> None:
    desk = manned()
    assert desk.view.is_ours
    desk.hear(desk.taken(sitting="console-ru-2"))
    assert not desk.view.is_ours


def test_a_ring_is_told_once_however_often_it_is_heard() -> None:
    desk = manned()
    ring = desk.ring()
    assert matters(desk.hear(ring, ring)) == [Matter.RINGS]
    assert desk.view.rings


def test_a_ring_of_another_peer_does_not_take_the_place_of_our_own() -> None:
    desk = manned()
    manner: dict[str, Any] = {"reason": Reason.ROUTINE, "tier": Tier.DUTY_OFFICER}
    desk.hear(desk.ru.say(Ring, desk.time, to="us", call_id="ours", **manner))
    tr = Author("tr")
    theirs = tr.say(Ring, desk.time, to="ru", call_id="theirs", **manner)
    busy = desk.ru.say(Busy, desk.time, to="tr", call_id="theirs")
    assert matters(desk.hear(theirs, busy)) == []
    desk.hear(desk.us.say(Answer, desk.time, to="ru", call_id="ours"))
    assert desk.view.call is not None
    assert (desk.view.call.call_id, desk.view.call.talking) == ("ours", True)


def test_a_call_that_is_over_takes_its_offers_with_it() -> None:
    desk = talking()
    assert desk.view.decision() is not None
    desk.hear(desk.us.say(HangUp, desk.time, to="ru", call_id=CALL, outcome=CallOutcome.DROPPED))
    assert desk.view.call is None
    assert desk.view.decision() is None


def test_silence_begins_anew_with_what_is_heard() -> None:
    desk = talking()
    before = desk.view.call
    answers: dict[str, Any] = {"answers": offer_of(HIGHER), "choice": WANTED, "offer": offer_of(WANTED), "round": 2}
    said: dict[str, Any] = {"call_id": CALL, "negotiation_id": NEGOTIATION, "expires_at": at(9)}
    desk.hear(desk.us.say(Counter, desk.time + timedelta(minutes=1), to="ru", **said, **answers))
    assert before is not None
    assert desk.view.call is not None
    assert desk.view.call.until - before.until == timedelta(minutes=1)


@pytest.mark.parametrize("by_whom", ["order", "said", "expired", "ended"])
def test_an_offer_that_is_answered_or_lapsed_is_off_the_desk(by_whom: str) -> None:
    desk = talking()
    said = {"to": "us", "call_id": CALL, "negotiation_id": NEGOTIATION, "offer": offer_of(WANTED)}
    match by_whom:
        case "order":
            sitting = SittingAt("ru", SITTING, "Col. X")
            draft = Draft(AcceptOffer, {"negotiation_id": NEGOTIATION, "offer": offer_of(WANTED)})
            desk.hear(sitting.write(draft, desk.time))
        case "said":
            desk.hear(desk.ru.say(Concur, desk.time, **said, hold_until=at(5)))
        case "expired":
            desk.hear(desk.us.say(Expire, desk.time, **{**said, "to": "ru"}))
        case _:
            desk.hear(
                desk.ru.say(
                    NegotiationEnded,
                    desk.time,
                    negotiation_id=NEGOTIATION,
                    plan_id="ru-1",
                    responder="us",
                    outcome=NegotiationOutcome.WITHDRAWN,
                    tier=Tier.DUTY_OFFICER,
                    rounds=1,
                    began_at=at(0),
                )
            )
    assert desk.view.decision() is None


def test_what_is_said_to_an_offer_is_told_with_who_said_it_and_what_was_entered() -> None:
    desk = talking()
    about: dict[str, Any] = {"call_id": CALL, "negotiation_id": NEGOTIATION}
    counter: dict[str, Any] = {"answers": offer_of(WANTED), "choice": HIGHER, "offer": offer_of(HIGHER), "round": 1}
    told = desk.hear(
        desk.ru.say(Counter, desk.time, to="us", **about, **counter, expires_at=at(4)),
        desk.ru.say(Concur, desk.time, to="us", **about, offer=offer_of(WANTED), hold_until=at(5)),
        desk.us.say(Concur, desk.time, to="ru", **about, offer=offer_of(HIGHER), hold_until=at(5)),
        desk.ru.say(Decline, desk.time, to="us", **about, answers=offer_of(WANTED), reason="held"),
        desk.ru.say(Entered, desk.time, to="us", entry=GRANT),
    )
    place = MENU.sectors[0].name
    assert [notice.text for notice in told if notice.matter is not Matter.LOG] == [
        f"You countered: {place} · FL270-290 · on time.",
        f"You concurred: {place} · FL240-260 · on time.",
        f"US concurred: {place} · FL270-290 · on time.",
        "You declined: held.",
        f"Agreed: {place} · FL270-290 · on time: FL270-290 · 1000Z-1200Z, entry 1 of RU.",
    ]


def test_what_is_said_while_nobody_sits_there_is_the_automatic_officer_s() -> None:
    desk = FakeDesk()
    about: dict[str, Any] = {"call_id": CALL, "negotiation_id": NEGOTIATION, "answers": offer_of(WANTED)}
    told = desk.hear(desk.ru.say(Decline, desk.time, to="us", **about, reason=""))
    assert told[0].text == "The automatic officer declined."


def test_an_offer_comes_back_when_the_order_is_refused() -> None:
    desk = talking()
    draft = Draft(CounterOffer, {"negotiation_id": NEGOTIATION, "offer": offer_of(WANTED), "choice": HIGHER})
    order = SittingAt("ru", SITTING, "Col. X").write(draft, desk.time)
    desk.hear(order)
    problem = Problem(code="bad-order", field="choice", reason="that air is not free")
    refused: dict[str, Any] = {"topic": "CounterOffer", "problem": problem, "evidence": order.id, "sender": SITTING}
    assert matters(desk.hear(desk.ru.say(InputRejected, desk.time, **refused))) == [Matter.REFUSED]
    assert desk.view.decision() is not None


def test_another_sitting_s_refusal_is_not_told() -> None:
    desk = manned()
    problem = Problem(code="desk-taken", field="sitting", reason="Col. X holds the desk")
    refused: dict[str, Any] = {"topic": "TakeDesk", "problem": problem, "evidence": "x", "sender": "console-ru-2"}
    assert matters(desk.hear(desk.ru.say(InputRejected, desk.time, **refused))) == []


def test_an_offer_that_lapsed_with_nobody_saying_so_is_taken_off_in_time() -> None:
    desk = talking()
    assert desk.view.lapse(at(3)) == []
    (lapsed,) = desk.view.lapse(at(6))
    what = f"{MENU.sectors[0].name} · FL240-260 · on time"
    assert (lapsed.matter, lapsed.text) == (Matter.OUTCOME, f"Their offer, {what}, has lapsed unanswered.")
    assert desk.view.decision() is None


def test_a_peer_s_time_of_another_offset_is_told_in_utc() -> None:
    desk = manned()
    there = at(2).astimezone(timezone(timedelta(hours=3)))
    rings, _ = desk.hear(msgspec.structs.replace(desk.ring(), time=there))
    assert rings.text.endswith(f"rings until {at(3):%H:%M:%S}Z.")
    assert f"lapses at {at(2):%H:%M:%S}Z" in in_words(desk.asked(expires_at=there))


def test_own_plans_come_and_go() -> None:
    desk = manned()
    desk.hear(desk.us.say(SubmitPlan, desk.time, to="ru", plan=PLAN))
    assert desk.view.plans[PLAN.plan_id].volumes
    status = {"plan_id": PLAN.plan_id, "callsign": PLAN.callsign, "plan": PLAN.digest}
    desk.hear(desk.ru.say(PlanStatus, desk.time, **status, state=PlanState.ENDED))
    assert PLAN.plan_id not in desk.view.plans


def test_who_leaves_has_nothing_to_decide() -> None:
    desk = talking()
    by = Sitting(sitting=SITTING, operator="Col. X")
    assert matters(desk.hear(desk.ru.say(DeskLeft, desk.time, by=by, how=Leaving.LEASE_OVER))) == [Matter.DESK]
    assert not desk.view.is_ours
    assert desk.view.decision() is None


def test_a_centre_that_has_gone_takes_the_call_with_it() -> None:
    desk = talking()
    gone = Health(id="h", source="ru", seq=0, time=desk.time, presence=Presence.DOWN, session="s")
    assert matters(desk.hear(gone)) == [Matter.DESK]
    assert desk.view.absent
    assert desk.view.call is None


def test_what_is_told_cannot_steer_a_terminal() -> None:
    desk = manned()
    notices = desk.hear(desk.asked(meets=("x\x1b[2J",)))
    assert all(notice.text.isprintable() for notice in notices)


def test_the_status_is_told_in_words_for_one_and_for_many_and_for_what_is_not_known() -> None:
    desk = manned()
    assert status_lines(desk.view, desk.time)[-1] == "1 own plan; what flies has not been told yet."
    desk.view.plans.clear()
    desk.view.sky = Sky("ru", is_known=True)
    assert status_lines(desk.view, desk.time)[-1] == "0 own plans; 0 aircraft fly."


def test_what_rings_rings_on_and_a_call_ends_in_silence() -> None:
    desk = manned()
    desk.hear(desk.ring())
    assert status_lines(desk.view, desk.time)[1].endswith("; it rings for another 1 min.")
    desk.hear(desk.ru.say(Answer, desk.time, to="us", call_id=CALL))
    assert status_lines(desk.view, desk.time)[1].endswith(" if nothing is said.")


def test_a_lease_lasts_as_long_in_real_time_at_any_speed() -> None:
    sitting = SittingAt("ru", SITTING, "Col. X")
    taken = [sitting.take(at(0), speed, tell=False) for speed in (0.5, 1, 60, 100_000)]
    assert [order.lease_s for order in taken if isinstance(order, TakeDesk)] == [20, 20, 1_200, 86_400]


def test_what_is_asked_and_protested_in_a_call_is_told_with_who_said_it() -> None:
    desk = talking()
    about: dict[str, Any] = {"call_id": CALL, "at": Position(40.0, 35.6)}
    protest = desk.us.say(
        Protest, desk.time, to="ru", kind=SightingKind.SHOW_OF_FORCE, seen_at=desk.time, statement="Stop.", **about
    )
    advice = Advice(kind=AdviceKind.INQUIRY, at=about["at"], start=at(0), end=at(9), statement="Who flies?")
    inquiry = desk.ru.say(Advise, desk.time, to="us", call_id=CALL, advice=advice)
    noted = desk.us.say(Noted, desk.time, to="ru", call_id=CALL)
    told = [notice.text for notice in desk.hear(protest, inquiry, noted) if notice.matter is Matter.SAID]
    assert told == [
        f'US protested: show of force at {place(about["at"])}: "Stop."',
        f'You asked, at {place(about["at"])}: "Who flies?"',
        "US noted what was said.",
    ]
