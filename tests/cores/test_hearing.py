"""What a service hears in what comes to its topics, and that nothing at all makes it deaf."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.hearing import ear
from hotline_protocol.injection import CancelPlan, SubmitPlan
from hotline_protocol.line import Ring
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Resend, Unreadable
from hotline_protocol.topics import address_of, encode

from .filed import FPL, INJECT, NOON, PAYLOADS, polygon, raw

TOPICS = st.sampled_from([INJECT, "hotline/v1/line/ru/us", "hotline/v1/clock", "hotline/v1/inject/ü", ""]) | st.text()


def heard(payload: object, topic: str = INJECT, now: datetime = NOON) -> list[Message]:
    return ear(topic, payload if isinstance(payload, bytes) else json.dumps(payload).encode(), now)


def unreadable(payload: object, topic: str = INJECT) -> Unreadable:
    (message,) = heard(payload, topic)
    assert isinstance(message, Unreadable)
    return message


def test_a_bare_plan_is_heard_as_submitted_to_the_topic_s_party() -> None:
    (message,) = heard(raw())
    assert isinstance(message, SubmitPlan)
    assert (message.to, message.source, message.seq, message.time) == ("us", "inject", 0, NOON)
    assert heard(encode(message)) == [message]


def test_every_plan_of_a_payload_is_a_message_of_its_own_even_when_it_comes_twice() -> None:
    messages = heard([raw(), raw(), raw(plan_id="other"), raw(end=1)])
    assert [type(message) for message in messages] == [SubmitPlan, SubmitPlan, SubmitPlan, Unreadable]
    assert len({message.id for message in messages}) == 4


def test_a_plan_sent_again_is_a_new_message_and_hearing_is_repeatable() -> None:
    assert heard(raw()) == heard(raw())
    assert heard(raw())[0].id != heard(raw(), now=NOON + timedelta(seconds=1))[0].id


@pytest.mark.parametrize(
    "envelope",
    [
        {},
        {"id": "mine-1"},
        {"id": "mine-1", "source": "lt-smith", "seq": 0, "time": "2017-06-18T11:59:00Z", "to": "us"},
    ],
)
def test_an_envelope_is_filled_in_where_it_lacks_something(envelope: dict[str, Any]) -> None:
    (message,) = heard({"type": "cancel-plan", "plan_id": "plan-1", **envelope})
    assert isinstance(message, CancelPlan)
    for field in ("id", "source", "seq", "to"):
        assert getattr(message, field) == envelope.get(field, getattr(message, field))
    assert (address_of(message) == INJECT) is (message.source == "inject")


def test_a_whole_message_is_heard_as_it_was_said() -> None:
    (message,) = heard(raw())
    assert isinstance(message, SubmitPlan)
    said = Author("director").say(SubmitPlan, NOON, to="us", plan=message.plan)
    assert ear("hotline/v1/order/director/us", encode(said), NOON + timedelta(hours=1)) == [said]


@pytest.mark.parametrize(
    ("payload", "field", "reason"),
    [
        ({"type": "launch", "plan_id": "x"}, "type", "launch"),
        ({"type": 5}, "type", "str"),
        ({"type": "cancel-plan"}, "plan_id", "missing"),
        ({"type": "submit-plan", "plan": raw(end=None)}, "plan.end", "datetime"),
        ({"type": "submit-plan", "plan": raw(area=polygon(*[[39, 35]] * 10_000))}, "plan.area.vertices", "500"),
        ({"type": "submit-plan", "to": "ru", "plan": raw()}, "topic", "addressed"),
        ({"type": "plan", **raw(end=None)}, "end", "plan-1"),
        ("rubbish", "payload", "neither"),
    ],
)
def test_an_injected_message_that_cannot_be_used_is_accounted_for(payload: object, field: str, reason: str) -> None:
    message = unreadable(payload)
    assert (message.field, message.topic) == (field, INJECT)
    assert reason in message.reason
    assert message.code != "dead-letter"


@pytest.mark.parametrize(
    "payload",
    [
        raw(end=1),
        [raw(lower_ft="low")],
        {"type": "submit-plan", "plan": raw(end=1)},
        FPL.replace("RAQQA", "UL602").encode(),
    ],
)
def test_the_account_of_a_bad_plan_says_which_one_it_is_about(payload: object) -> None:
    assert unreadable(payload).about in {"plan-1", "EXER11-20170618-1400"}


def test_a_plan_id_that_is_unfit_for_a_topic_is_not_passed_on() -> None:
    assert unreadable(raw(plan_id="a/#")).about == ""
    assert "plan_id" in unreadable(raw(plan_id="a/#")).field


def test_the_account_of_a_bad_message_names_the_topic_s_source_and_keeps_the_evidence() -> None:
    message = unreadable(b"\xffrubbish" * 100, "hotline/v1/line/ru/us")
    assert message.source == "ru"
    assert message.evidence.startswith("\ufffdrubbish")
    assert len(message.evidence) == 200


@pytest.mark.parametrize("field", ["plan_id", "callsign", "remarks", "unheard-of"])
def test_a_submitted_plan_that_is_not_utf_8_is_refused_wherever_the_byte_stands(field: str) -> None:
    payload = json.dumps({"type": "submit-plan", "plan": raw(**{field: "SPOILED"})}).encode()
    (heard,) = ear(INJECT, payload.replace(b"SPOILED", b"\xff"), NOON)
    assert isinstance(heard, Unreadable)
    assert heard.code == "not-utf-8"


@pytest.mark.parametrize("field", ["id", "source", "cause", "epoch", "to", "call_id"])
def test_a_name_that_ends_in_a_line_break_is_refused_since_no_topic_can_bear_it(field: str) -> None:
    ring = Author("ru").say(Ring, NOON, cause="m-1", to="us", call_id="c", reason="routine", tier="duty-officer")
    spoiled = json.loads(encode(ring)) | {field: f"{getattr(ring, field)}\n"}
    assert unreadable(spoiled, "hotline/v1/line/ru/us").field == field


def test_other_topics_take_whole_messages_as_ever() -> None:
    (message,) = heard(raw())
    assert isinstance(message, SubmitPlan)
    status = "hotline/v1/status/us/plan-1"
    assert unreadable(encode(message), status).field == "type"
    assert unreadable(b'{"x":' * 100_000, "hotline/v1/line/ru/us").code == "malformed"
    assert unreadable(raw(), "hotline/v1/nonsense").reason == "no such topic"
    assert unreadable(raw(), "hotline/v1/inject/US!").field == "topic"
    ring = Author("ru").say(Ring, NOON, to="us", call_id="c", reason="routine", tier="duty-officer")
    (back,) = ear("hotline/v1/line/ru/us", encode(ring), NOON)
    assert isinstance(back, Ring)


@pytest.mark.parametrize("field", ["seq", "first_seq", "last_seq"])
def test_a_number_that_no_store_can_hold_is_refused(field: str) -> None:
    asked = {"type": "resend", "id": "r", "source": "monitor", "seq": 0, "time": "2017-06-18T12:00:00Z"}
    wanted = {"to": "us", "wanted_epoch": "e", "first_seq": 1, "last_seq": 2}
    topic = "hotline/v1/control/us"
    assert isinstance(ear(topic, json.dumps(asked | wanted | {field: 2**63 - 1}).encode(), NOON)[0], Resend)
    (refused,) = ear(topic, json.dumps(asked | wanted | {field: 2**63}).encode(), NOON)
    assert isinstance(refused, Unreadable)
    assert refused.field == field


@given(TOPICS, PAYLOADS)
def test_nothing_that_is_heard_makes_the_ear_raise_or_say_nothing(topic: str, payload: bytes) -> None:
    messages = ear(topic, payload, NOON)
    assert messages
    for message in messages:
        assert encode(message)
