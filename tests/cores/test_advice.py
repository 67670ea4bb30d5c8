"""What one side tells the other that is no request for air: said, misheard, read back, understood and acted upon."""

from datetime import timedelta
from typing import Any

import pytest

from hotline_protocol.airspace import Position
from hotline_protocol.events import (
    ActivityStopped,
    CallEnded,
    EscalationKind,
    InputRejected,
    LedgerChanged,
    Misheard,
    NegotiationEnded,
)
from hotline_protocol.flightplan import PlanState
from hotline_protocol.geodesy import route_nm
from hotline_protocol.injection import Advice, AdviceKind, DeclareEmergency, PassAdvice, ReportSighting, SightingKind
from hotline_protocol.line import Advise, Affirm, HangUp, Noted, Protest, ReadBack, Reason, Release, Ring
from hotline_services.aoc.config import Officer, PartyConfig

from .joined import DAWN, FAR_EAST, ON_THE_LINE, PROMPT, Joined, minutes, plan

PROMPT_RELAY = Officer(answer_s=0, think_s=0, relay_s=120)


def told(world: Joined, kind: AdviceKind, at: Position = FAR_EAST, **changes: Any) -> Advice:
    """``ru`` is to tell ``us`` this."""
    fields: dict[str, Any] = {"start": world.now, "end": world.now + timedelta(hours=2)}
    advice = Advice(kind=kind, at=at, **(fields | changes))
    world.tell("ru", PassAdvice, peer="us", advice=advice)
    return advice


def flying(officer: Officer = PROMPT_RELAY, **peers: Any) -> Joined:
    """Two hours after dawn; ``us`` has a flight in the far east, where nobody's consent is needed."""
    world = Joined(PartyConfig(officer=officer), **peers)
    world.file("us", plan("us-1", FAR_EAST, hours=1, lasts=4))
    world.run(minutes=120)
    assert world.status("us-1").state is PlanState.ACTIVATED
    return world


def ear(**changes: Any) -> Officer:
    """Somebody who mishears every place, by a lot."""
    return Officer(**({"answer_s": 0, "think_s": 0, "relay_s": 120, "mishears": 1.0, "misheard_nm": 60.0} | changes))


# Understood ---------------------------------------------------------------------------------------------------------


def test_a_stop_request_that_is_understood_stops_what_is_flown_there_in_the_time_that_relaying_takes() -> None:
    world = flying()
    told(world, AdviceKind.STOP_REQUEST)
    assert world.status("us-1").state is PlanState.ACTIVATED
    world.run(minutes=5)
    (noted,) = world.all(Noted)
    (stopped,) = world.all(ActivityStopped)
    assert (stopped.source, stopped.peer, stopped.plan_ids, stopped.understood_at) == (
        "us",
        "ru",
        ("us-1",),
        noted.time,
    )
    assert 60 <= (stopped.time - noted.time).total_seconds() <= 180
    status = world.status("us-1")
    assert (status.state, status.time) == (PlanState.ENDED, stopped.time)
    assert status.problem is not None
    assert status.problem.code == "asked-to-stop"
    assert status.cause == stopped.cause == world.all(Advise)[0].id


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (AdviceKind.STOP_REQUEST, Reason.INCIDENT),
        (AdviceKind.WARNING, Reason.INCIDENT),
        (AdviceKind.OPERATION, Reason.ADVICE),
        (AdviceKind.INQUIRY, Reason.ADVICE),
    ],
)
def test_what_is_urgent_is_called_about_as_an_incident(kind: AdviceKind, reason: Reason) -> None:
    world = Joined()
    advice = told(world, kind)
    assert [ring.reason for ring in world.all(Ring)] == [reason]
    assert [said.advice for said in world.all(Advise)] == [advice]
    assert len(world.all(Noted)) == 1
    assert world.centres["ru"].untold() == []


def test_agreements_of_what_is_stopped_are_given_back_and_what_is_asked_is_withdrawn() -> None:
    world = Joined(PartyConfig(officer=PROMPT_RELAY))
    world.file("us", plan("us-1", hours=1))
    world.run(minutes=1)
    world.lost = lambda message: isinstance(message, Ring) and message.source == "us"
    world.file("us", plan("us-2", hours=1, lower_ft=26_000, upper_ft=28_000))
    told(world, AdviceKind.STOP_REQUEST, ON_THE_LINE)
    world.run(minutes=5)
    assert [world.status(name).state for name in ("us-1", "us-2")] == [PlanState.WITHDRAWN, PlanState.WITHDRAWN]
    assert world.all(Release)[0].to == "ru"
    assert world.all(LedgerChanged)[-1].source in {"us", "ru"}
    assert [ended.outcome.value for ended in world.all(NegotiationEnded)] == ["agreed-as-filed", "withdrawn"]


def test_what_is_flown_elsewhere_or_later_goes_on() -> None:
    world = flying()
    world.file("us", plan("us-2", FAR_EAST, hours=8, lower_ft=22_000, upper_ft=24_000))
    world.file("us", plan("us-3", Position(41.6, 34.0), hours=3))
    told(world, AdviceKind.STOP_REQUEST)
    world.run(minutes=5)
    assert [world.status(name).state for name in ("us-1", "us-2", "us-3")] == [
        PlanState.ENDED, PlanState.ACCEPTED, PlanState.ACCEPTED,
    ]  # fmt: skip


def test_a_flight_in_distress_is_not_ended_on_request() -> None:
    world = flying()
    world.tell("us", DeclareEmergency, plan_id="us-1")
    told(world, AdviceKind.STOP_REQUEST)
    world.run(minutes=5)
    assert world.status("us-1").state is PlanState.CONTINGENT
    assert world.all(ActivityStopped) == []


@pytest.mark.parametrize("at", [Position(179.9, 89.9), Position(-120.0, -60.0)])
def test_a_stop_request_for_somewhere_off_the_map_stops_nothing(at: Position) -> None:
    world = flying()
    told(world, AdviceKind.STOP_REQUEST, at)
    world.run(minutes=5)
    assert len(world.all(Noted)) == 1
    assert world.all(ActivityStopped) == []


def test_a_request_that_no_longer_holds_stops_nothing() -> None:
    world = flying()
    told(world, AdviceKind.STOP_REQUEST, end=world.now - minutes(1))
    world.run(minutes=5)
    assert world.all(ActivityStopped) == []


def test_a_warning_is_on_record_where_it_was_heard_and_stops_nothing() -> None:
    world = flying()
    told(world, AdviceKind.WARNING, statement="keep clear of the camp")
    world.run(minutes=5)
    (warned,) = world.escalations(EscalationKind.WARNING)
    assert (warned.source, warned.peer, warned.detail) == ("us", "ru", "keep clear of the camp")
    assert world.status("us-1").state is PlanState.ACTIVATED


@pytest.mark.parametrize(("ahead_min", "late"), [(60, False), (5, True), (0, True)])
def test_an_operation_that_is_told_too_late_is_on_record(ahead_min: float, late: bool) -> None:
    world = Joined()
    told(world, AdviceKind.OPERATION, start=DAWN + minutes(ahead_min))
    assert len(world.escalations(EscalationKind.LATE_NOTICE)) == int(late)


def test_advice_to_somebody_without_a_line_is_rejected() -> None:
    world = Joined()
    advice = Advice(kind=AdviceKind.WARNING, at=FAR_EAST, start=DAWN, end=DAWN)
    for peer in ("ru", "elsewhere"):
        world.tell("ru", PassAdvice, peer=peer, advice=advice)
    assert [(event.problem.code, event.problem.field) for event in world.all(InputRejected)] == [
        ("unknown-party", "peer")
    ] * 2


# Misheard -----------------------------------------------------------------------------------------------------------


def test_a_place_that_is_read_back_wrong_is_put_right_and_the_right_flight_stops() -> None:
    world = flying(ear(catches=1.0), ru=PartyConfig(officer=Officer(answer_s=0, think_s=0, catches=1.0)))
    advice = told(world, AdviceKind.STOP_REQUEST)
    world.run(minutes=5)
    (back,), (affirm,), (misheard,) = world.all(ReadBack), world.all(Affirm), world.all(Misheard)
    assert affirm.at == advice.at != back.at
    assert (affirm.cause, back.cause) == (back.id, world.all(Advise)[0].id)
    assert (misheard.source, misheard.caught, misheard.cause) == ("us", True, back.cause)
    assert misheard.error_nm == pytest.approx(route_nm((back.at, advice.at)), rel=1e-3)
    assert world.all(ActivityStopped)[0].plan_ids == ("us-1",)


def test_an_error_that_nobody_notices_sends_the_stop_to_the_wrong_place() -> None:
    world = flying(ear(), ru=PartyConfig(officer=Officer(answer_s=0, think_s=0, catches=0.0)))
    told(world, AdviceKind.STOP_REQUEST)
    world.run(minutes=5)
    assert world.all(Affirm)[0].at == world.all(ReadBack)[0].at
    assert [event.caught for event in world.all(Misheard)] == [False]
    assert len(world.all(Noted)) == 1
    assert world.all(ActivityStopped) == []
    assert world.status("us-1").state is PlanState.ACTIVATED


def test_who_does_not_read_back_finds_out_nothing() -> None:
    world = flying(ear(reads_back=False))
    told(world, AdviceKind.STOP_REQUEST)
    world.run(minutes=5)
    assert world.all(ReadBack) == []
    assert [event.caught for event in world.all(Misheard)] == [False]
    assert world.all(ActivityStopped) == []


def test_a_second_request_can_be_understood_where_the_first_was_not() -> None:
    world = flying(ear(mishears=0.5, reads_back=False))
    for _ in range(8):
        told(world, AdviceKind.STOP_REQUEST)
        world.run(minutes=5)
    assert 0 < len(world.all(Misheard)) < 8
    assert len(world.all(ActivityStopped)) == 1


def test_what_is_heard_right_is_read_back_too_and_affirmed() -> None:
    world = flying(ear(mishears=1e-9))
    advice = told(world, AdviceKind.STOP_REQUEST)
    world.run(minutes=5)
    assert [*(said.at for said in world.all(ReadBack)), *(said.at for said in world.all(Affirm))] == [advice.at] * 2
    assert world.all(Misheard) == []
    assert len(world.all(ActivityStopped)) == 1


def test_the_place_of_a_protest_is_misheard_like_any_other() -> None:
    world = Joined(PartyConfig(officer=ear(reads_back=False)))
    world.tell("ru", ReportSighting, kind=SightingKind.CLOSE_APPROACH, by="us", at=ON_THE_LINE, seen_at=DAWN)
    assert [event.caught for event in world.all(Misheard)] == [False]
    assert len(world.escalations(EscalationKind.PROTEST)) == 1


def test_an_offer_that_is_misheard_costs_a_repetition_and_is_always_caught() -> None:
    def agreed(mishears: float) -> Joined:
        officer = Officer(answer_s=0, think_s=20, mishears=mishears)
        world = Joined(ru=PartyConfig(officer=officer))
        world.file("us", plan("us-1"))
        world.run(minutes=10)
        assert world.status("us-1").state is PlanState.ACCEPTED
        return world

    clear, poor = agreed(0.0), agreed(1.0)
    assert clear.all(Misheard) == []
    assert [event.caught for event in poor.all(Misheard)] == [True]
    lasted = [world.all(NegotiationEnded)[0].time - DAWN for world in (clear, poor)]
    assert lasted[1] == 2 * lasted[0]


# Said again ---------------------------------------------------------------------------------------------------------


def test_what_is_told_again_since_its_answer_was_lost_has_one_effect() -> None:
    world = flying()
    world.lost = lambda message: isinstance(message, Noted | HangUp)
    told(world, AdviceKind.WARNING)
    world.run(minutes=20)
    world.lost = lambda _: False
    world.run(minutes=20)
    assert len(world.all(Advise)) > 1
    assert len(world.escalations(EscalationKind.WARNING)) == 1
    assert world.centres["ru"].untold() == []


def test_a_call_that_is_lost_while_it_is_read_back_is_made_again() -> None:
    world = flying(ear(catches=1.0), ru=PartyConfig(officer=Officer(answer_s=0, think_s=0, catches=1.0)))
    world.lost = lambda message: isinstance(message, Affirm)
    told(world, AdviceKind.STOP_REQUEST)
    world.run(minutes=4)
    world.lost = lambda _: False
    world.run(minutes=20)
    assert [call.outcome.value for call in world.all(CallEnded)][-2:] == ["dropped", "completed"]
    assert [stopped.plan_ids for stopped in world.all(ActivityStopped)] == [("us-1",)]


def test_a_protest_that_is_told_twice_is_one_protest() -> None:
    world = Joined(PROMPT, PROMPT)
    world.lost = lambda message: isinstance(message, Noted | HangUp)
    world.tell("ru", ReportSighting, kind=SightingKind.CLOSE_APPROACH, by="us", at=ON_THE_LINE, seen_at=DAWN)
    world.run(minutes=20)
    world.lost = lambda _: False
    world.run(minutes=20)
    assert len(world.all(Protest)) > 1
    assert len(world.escalations(EscalationKind.PROTEST)) == 1
