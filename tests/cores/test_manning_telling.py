"""What a person at the desk has told to the other side: protests and questions, in whichever call there is."""

from typing import Any

import pytest

from hotline_protocol.events import CallEnded
from hotline_protocol.injection import Advice, AdviceKind, PassAdvice, SightingKind
from hotline_protocol.line import Advise, CallOutcome, Noted, Protest, Reason, Ring
from hotline_protocol.orders import AcceptOffer, DeskTaken, LodgeProtest, TakeDesk

from .joined import DAWN, ON_THE_LINE, minutes, plan
from .manned import SITTING, Manned

INQUIRY = Advice(
    kind=AdviceKind.INQUIRY, at=ON_THE_LINE, start=DAWN, end=DAWN + minutes(60), statement="Who flies there?"
)
SEEN: dict[str, Any] = {"kind": SightingKind.SHOW_OF_FORCE, "at": ON_THE_LINE, "seen_at": DAWN}
TOLD: list[tuple[type[Any], dict[str, Any], type[Any]]] = [
    (LodgeProtest, {"sitting": SITTING, "peer": "us", **SEEN}, Protest),
    (PassAdvice, {"peer": "us", "advice": INQUIRY}, Advise),
]


def test_a_protest_is_lodged_by_order_in_a_call() -> None:
    world = Manned()
    world.order(LodgeProtest, peer="us", statement="Stop that.", **SEEN)
    (protest,) = world.all(Protest)
    assert protest.statement == "Stop that."
    assert world.all(Ring)[-1].reason is Reason.PROTEST
    world.order(LodgeProtest, peer="xx", **SEEN)
    assert world.refusals == ["unknown-party peer"]


@pytest.mark.parametrize(("order", "fields", "said"), TOLD)
def test_what_is_to_be_told_is_told_in_a_call_of_theirs_and_needs_none_of_ours(
    order: type[Any], fields: dict[str, Any], said: type[Any]
) -> None:
    world = Manned()
    theirs = world.asked().call_id
    world.tell("ru", order, **fields)
    assert [message.call_id for message in world.all(said)] == [theirs]
    assert [noted.source for noted in world.all(Noted)] == ["us"]
    world.answer(AcceptOffer)
    world.run(minutes=60)
    assert [call.outcome for call in world.all(CallEnded)] == [CallOutcome.COMPLETED]
    assert world.centres["ru"].untold() == []


@pytest.mark.parametrize(("order", "fields", "said"), TOLD)
def test_what_they_hang_up_upon_before_they_have_noted_it_is_told_in_a_call_of_ours(
    order: type[Any], fields: dict[str, Any], said: type[Any]
) -> None:
    world = Manned()
    theirs = world.asked().call_id
    world.lost = lambda message: isinstance(message, said)
    world.tell("ru", order, **fields)
    world.lost = lambda _: False
    world.answer(AcceptOffer)
    assert [ring.source for ring in world.all(Ring)] == ["us", "ru"]
    assert [message.call_id == theirs for message in world.all(said)] == [True, False]
    assert world.centres["ru"].untold() == []


@pytest.mark.parametrize(("order", "fields", "said"), TOLD)
def test_what_is_to_be_told_is_rung_about_at_once_where_no_call_is_up(
    order: type[Any], fields: dict[str, Any], said: type[Any]
) -> None:
    world = Manned()
    world.tell("ru", order, **fields)
    assert [ring.source for ring in world.all(Ring)] == ["ru"]
    assert len(world.all(said)) == len(world.all(Noted)) == 1


def test_who_sits_down_is_told_what_waits_to_be_told_and_what_is_asked_for() -> None:
    world = Manned()
    world.lost = lambda message: isinstance(message, Ring)
    world.tell("ru", PassAdvice, peer="us", advice=INQUIRY)
    world.order(LodgeProtest, peer="us", statement="Stop that.", **SEEN)
    world.file("ru", plan("ours"))
    world.order(TakeDesk, operator="Col. X")
    told = {item.reason: item for item in world.all(DeskTaken)[-1].waiting}
    assert told[Reason.ADVICE].advice == INQUIRY
    protest = told[Reason.PROTEST]
    assert (protest.protests, protest.advice and protest.advice.statement) == (SEEN["kind"], "Stop that.")
    assert [item.plan_id for item in told.values() if item.advice is None] == ["ours"]
