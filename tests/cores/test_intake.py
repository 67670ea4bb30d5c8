"""Plans from outside: every accepted form, every refusal, and that nothing at all makes a service deaf."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.flightplan import FlightPlan, Problem
from hotline_protocol.geometry import expand
from hotline_protocol.hearing import ear
from hotline_protocol.injection import CancelPlan, SubmitPlan
from hotline_protocol.intake import MAX_BYTES, MAX_PLANS, Refusal, check_plan, read_plans
from hotline_protocol.line import Ring
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Resend, Unreadable
from hotline_protocol.topics import address_of, encode

EXAMPLES = Path(__file__).parents[2] / "examples/plans"
TODAY = date(2017, 6, 18)
NOON = datetime(2017, 6, 18, 12, 0, tzinfo=UTC)
INJECT = "hotline/v1/inject/us"
FPL = "(FPL-EXER11-IM-F18/M-S/S-OSDZ1400-N0471F310 RAQQA-OSLK0130-DOF/170618)"


def raw(**changes: Any) -> dict[str, Any]:
    """A sound plan as one writes it in JSON, with these fields changed."""
    plan = {
        "plan_id": "plan-1",
        "callsign": "EXER11",
        "area": {"shape": "polygon", "vertices": [[39, 35], [40, 35], [40, 36]]},
        "lower_ft": 20_000,
        "upper_ft": 22_000,
        "start": "2017-06-18T14:00:00Z",
        "end": "2017-06-18T15:00:00Z",
    }
    return plan | changes


def corridor(*route: list[float], half_width_nm: float = 5) -> dict[str, Any]:
    return {"shape": "corridor", "route": list(route), "half_width_nm": half_width_nm}


def polygon(*vertices: list[float]) -> dict[str, Any]:
    return {"shape": "polygon", "vertices": list(vertices)}


def refusal(payload: object) -> Refusal:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    plans, (refused,) = read_plans(data, TODAY)
    assert plans == []
    return refused


def found(**changes: Any) -> list[Problem]:
    """What is wrong at noon with a plan that can be read."""
    (plan,), _ = read_plans(json.dumps(raw(**changes)).encode(), TODAY)
    return check_plan(plan, NOON)


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(raw()),
        json.dumps([raw()]),
        json.dumps({"plans": [raw()]}),
        json.dumps(raw(nobody_knows_this_field=1), indent=2),
        "\ufeff\n " + json.dumps(raw()) + "\n",
    ],
)
def test_a_plan_is_read_in_every_form_of_json(payload: str) -> None:
    (plan,), refusals = read_plans(payload.encode(), TODAY)
    assert refusals == []
    assert plan.plan_id == "plan-1"
    assert check_plan(plan, NOON) == []


def test_messages_of_the_aeronautical_kind_are_read_as_well() -> None:
    plans, refusals = read_plans(f"{FPL}\n{FPL.replace('EXER11', 'EXER12')}".encode(), TODAY)
    assert [plan.callsign for plan in plans] == ["EXER11", "EXER12"]
    assert refusals == []


def test_a_bad_plan_among_good_ones_disturbs_none_of_them() -> None:
    batch = [raw(plan_id="a"), raw(plan_id="b", lower_ft="low"), 7, raw(plan_id="c")]
    plans, refusals = read_plans(json.dumps(batch).encode(), TODAY)
    assert [plan.plan_id for plan in plans] == ["a", "c"]
    assert [(refused.plan_id, refused.callsign, refused.problem.field) for refused in refusals] == [
        ("b", "EXER11", "lower_ft"),
        ("", "", "message"),
    ]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"[]", "empty"),
        (b'{"plans": []}', "empty"),
        (b"\xff\xfe{}", "not-utf-8"),
        (b"a plan", "unknown-format"),
        (b"42", "unknown-format"),
        (b"{", "malformed-json"),
        (b'{"lower_ft": NaN}', "malformed-json"),
        (b'{"plan_id": "\\ud800"}', "malformed-json"),
        (b"[" * 100_000, "too-deep"),
        (b'{"a":' * 100_000, "too-deep"),
        (b'[{"area":' + b"[" * 900 + b"]" * 900 + b"}]", "bad-value"),
        (b" " * 10_000_000, "too-large"),
        (b"[" + b"0," * MAX_PLANS + b"0]", "too-many-plans"),
        (b"(FPL-" * (MAX_PLANS + 1), "too-many-plans"),
        (b'{"plans": 3}', "bad-value"),
        (b"{}", "missing-field"),
        (b"(FPL-EXER11-IM)", "missing-fields"),
    ],
)
def test_a_payload_that_holds_no_plan_is_refused_with_a_code(payload: bytes, code: str) -> None:
    refused = refusal(payload)
    assert refused.problem.code == code
    assert refused.problem.field
    assert refused.problem.reason
    assert len(refused.evidence) <= 200


def test_a_payload_at_its_limits_is_read() -> None:
    batch = json.dumps([raw(plan_id=f"plan-{number}") for number in range(MAX_PLANS)]).encode()
    plans, refusals = read_plans(batch + b" " * (MAX_BYTES - len(batch)), TODAY)
    assert (len(plans), refusals) == (MAX_PLANS, [])


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"area": polygon(*[[39, 35]] * 10_000)}, "area.vertices", "more than 500"),
        ({"area": corridor(*[[39.0, 35.0]] * 501)}, "area.route", "more than 500"),
        ({"area": polygon([39, 35], [40, 35])}, "area.vertices", "fewer than 3"),
        ({"area": polygon([181, 35], [39, 35], [39, 36])}, "area.vertices[0][0]", "180"),
        ({"area": {"shape": "star"}}, "area.shape", "polygon, corridor or circle"),
        ({"callsign": "exer-11"}, "callsign", "capital letters"),
        ({"plan_id": "a/b"}, "plan_id", "letters, digits"),
        ({"plan_id": "#"}, "plan_id", "letters, digits"),
        ({"plan_id": "plan-1\n"}, "plan_id", "letters, digits"),
        ({"callsign": "EXER11\n"}, "callsign", "capital letters"),
        ({"end": "2017-06-18T15:00:00"}, "end", "does not say which zone it is in"),
        ({"end": "2017-06-18 15 h"}, "end", "is not a time such as 2017-06-18T15:00:00Z"),
        ({"area": {"shape": "polygon"}}, "area", "has no vertices"),
        ({"upper_ft": 10**400}, "upper_ft", "60000"),
        ({"upper_ft": 61_000}, "upper_ft", "60000"),
        ({"kind": "parade"}, "kind", "is 'parade'; it may be patrol, surveillance,"),
        ({"priority": "high"}, "priority", "is 'high'; it may be routine, priority or emergency"),
        ({"flexibility": {"max_shift_min": 400}}, "flexibility.max_shift_min", "360"),
    ],
)
def test_a_field_that_cannot_be_read_is_named_with_the_reason(changes: dict[str, Any], field: str, reason: str) -> None:
    problem = refusal(raw(**changes)).problem
    assert problem.field == field
    assert reason in problem.reason


def test_what_is_said_of_a_plan_is_also_said_of_one_in_an_envelope() -> None:
    message = {"type": "submit-plan", "plan": raw(priority="high")}
    (heard,) = ear(INJECT, json.dumps(message).encode(), NOON)
    assert isinstance(heard, Unreadable)
    assert (heard.field, heard.reason) == ("plan.priority", refusal(raw(priority="high")).problem.reason)


def test_a_missing_field_is_named() -> None:
    plan = raw()
    del plan["end"]
    assert refusal(plan).problem == Problem(code="missing-field", field="end", reason="is missing")


def test_all_that_is_wrong_with_an_fpl_is_told_in_one_refusal() -> None:
    refused = refusal(FPL.replace("1400", "2500").replace("RAQQA", "UL602").encode())
    assert refused.callsign == "EXER11"
    assert refused.problem.field == "field 13 EOBT, field 15"
    assert "2500" in refused.problem.reason
    assert "UL602" in refused.problem.reason
    assert refused.evidence.startswith("(FPL-EXER11")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"end": "2017-06-18T13:59:00Z"}, "ends-before-start", "end"),
        ({"end": "2017-06-18T14:00:00Z"}, "ends-before-start", "end"),
        ({"end": "2017-06-19T14:00:01Z"}, "too-long", "end"),
        ({"start": "2017-06-18T10:00:00Z", "end": "2017-06-18T12:00:00Z"}, "in-the-past", "end"),
        ({"start": "2017-07-18T12:00:01Z", "end": "2017-07-18T13:00:00Z"}, "too-far-ahead", "start"),
        ({"lower_ft": 22_000}, "lower-not-below-upper", "lower_ft"),
        ({"area": polygon([39, 35], [40, 36], [39, 36], [40, 35])}, "bad-area", "area.vertices"),
        ({"area": polygon([0, 90], [120, 90], [-120, 90])}, "bad-area", "area.vertices[0]"),
        ({"area": polygon([-179, 35], [179, 35], [179, 36])}, "bad-area", "area.vertices[0]"),
        ({"area": polygon([10, 35], [11, 35], [11, 36])}, "bad-area", "area.vertices[0]"),
        ({"area": corridor([39, 35], [39, 35])}, "bad-area", "area.route[1]"),
        ({"area": corridor([36, 33], [42, 37]), "end": "2017-06-18T14:10:00Z"}, "impossible-speed", "end"),
        ({"area": corridor([39, 35], [39.2, 35])}, "impossible-speed", "end"),
    ],
)
def test_a_plan_that_makes_no_sense_is_told_why(changes: dict[str, Any], code: str, field: str) -> None:
    (problem,) = found(**changes)
    assert (problem.code, problem.field) == (code, field)
    assert problem.reason


@pytest.mark.parametrize(
    "changes",
    [
        {"end": "2017-06-19T14:00:00Z"},
        {"start": "2017-06-18T10:00:00Z", "end": "2017-06-18T12:00:01Z"},
        {"start": "2017-07-18T12:00:00Z", "end": "2017-07-18T13:00:00Z"},
        {"lower_ft": 21_999},
        {"start": "2017-06-18T16:00:00+02:00"},
    ],
)
def test_a_plan_just_within_its_bounds_is_sound(changes: dict[str, Any]) -> None:
    assert found(**changes) == []


def test_everything_that_makes_no_sense_is_told_at_once() -> None:
    problems = found(end="2017-06-18T11:00:00Z", lower_ft=30_000, area=polygon([10, 35], [11, 35], [11, 36]))
    assert [problem.code for problem in problems] == [
        "ends-before-start",
        "in-the-past",
        "lower-not-below-upper",
        "bad-area",
    ]


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_the_ends_of_time_are_judged_like_any_other_time(when: str) -> None:
    assert found(start=when)
    assert found(end=when)


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
        {"id": "mine-1", "source": "director", "seq": 7, "time": "2017-06-18T11:59:00Z", "to": "us"},
    ],
)
def test_an_envelope_is_filled_in_where_it_lacks_something(envelope: dict[str, Any]) -> None:
    (message,) = heard({"type": "cancel-plan", "plan_id": "plan-1", **envelope})
    assert isinstance(message, CancelPlan)
    for field in ("id", "source", "seq", "to"):
        assert getattr(message, field) == envelope.get(field, getattr(message, field))
    assert address_of(message) == INJECT


def test_a_whole_message_is_heard_as_it_was_said() -> None:
    (message,) = heard(raw())
    assert isinstance(message, SubmitPlan)
    said = Author("director").say(SubmitPlan, NOON, to="us", plan=message.plan)
    assert ear(INJECT, encode(said), NOON + timedelta(hours=1)) == [said]


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


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
ODD_PLANS = st.dictionaries(st.sampled_from([*raw(), "type", "plans", "plan", "time", "id", "to"]), ANY_JSON).map(
    lambda odd: json.dumps(raw() | odd).encode()
)


@pytest.mark.parametrize("field", ["seq", "first_seq", "last_seq"])
def test_a_number_that_no_store_can_hold_is_refused(field: str) -> None:
    asked = {"type": "resend", "id": "r", "source": "monitor", "seq": 0, "time": "2017-06-18T12:00:00Z"}
    wanted = {"to": "us", "wanted_epoch": "e", "first_seq": 1, "last_seq": 2}
    topic = "hotline/v1/control/us"
    assert isinstance(ear(topic, json.dumps(asked | wanted | {field: 2**63 - 1}).encode(), NOON)[0], Resend)
    (refused,) = ear(topic, json.dumps(asked | wanted | {field: 2**63}).encode(), NOON)
    assert isinstance(refused, Unreadable)
    assert refused.field == field


def spoiled(payload: bytes, place: int, junk: bytes) -> bytes:
    at = place % len(payload)
    return payload[:at] + junk + payload[at + 1 :]


SUBMISSIONS = ODD_PLANS.map(lambda plan: b'{"type":"submit-plan","plan":' + plan + b"}")
SPOILED = st.builds(spoiled, ODD_PLANS | SUBMISSIONS, st.integers(0, 1_000), st.binary(max_size=3))
PAYLOADS = st.binary(max_size=300) | ANY_JSON.map(lambda value: json.dumps(value).encode()) | ODD_PLANS | SPOILED
TOPICS = st.sampled_from([INJECT, "hotline/v1/line/ru/us", "hotline/v1/clock", "hotline/v1/inject/ü", ""]) | st.text()


@given(PAYLOADS)
def test_no_payload_makes_the_reader_raise_or_say_nothing(payload: bytes) -> None:
    plans, refusals = read_plans(payload, TODAY)
    assert plans or refusals
    assert all(refused.problem.reason and len(refused.evidence) <= 200 for refused in refusals)
    for plan in plans:
        if not check_plan(plan, NOON):
            assert expand(plan)


@given(TOPICS, PAYLOADS)
def test_nothing_that_is_heard_makes_the_ear_raise_or_say_nothing(topic: str, payload: bytes) -> None:
    messages = ear(topic, payload, NOON)
    assert messages
    for message in messages:
        assert encode(message)


@pytest.mark.parametrize("name", ["patrol.json", "orbit.json", "evening.fpl"])
def test_the_examples_are_sound_plans_for_a_day_that_is_ahead_while_one_reads(name: str) -> None:
    plans, refusals = read_plans((EXAMPLES / name).read_bytes(), date(2026, 1, 1))
    assert refusals == []
    assert plans
    for plan in plans:
        assert isinstance(plan, FlightPlan)
        assert check_plan(plan, NOON) == []
        assert plan.start.date() == date(2017, 6, 22)  # at 60x, an hour and a half after the scenario has begun
