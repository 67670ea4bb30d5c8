"""Plans from outside: every accepted form, every refusal, and that nothing at all makes the reader fail."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from hotline_protocol.flightplan import FlightPlan, Problem
from hotline_protocol.geometry import expand
from hotline_protocol.hearing import ear
from hotline_protocol.intake import MAX_BYTES, MAX_PLANS, Refusal, check_plan, read_plans
from hotline_protocol.service import Unreadable

from .filed import FPL, INJECT, NOON, PAYLOADS, TODAY, corridor, polygon, raw

EXAMPLES = Path(__file__).parents[2] / "examples/plans"


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


@given(PAYLOADS)
def test_no_payload_makes_the_reader_raise_or_say_nothing(payload: bytes) -> None:
    plans, refusals = read_plans(payload, TODAY)
    assert plans or refusals
    assert all(refused.problem.reason and len(refused.evidence) <= 200 for refused in refusals)
    for plan in plans:
        if not check_plan(plan, NOON):
            assert expand(plan)


@pytest.mark.parametrize("name", ["patrol.json", "orbit.json", "evening.fpl"])
def test_the_examples_are_sound_plans_for_a_day_that_is_ahead_while_one_reads(name: str) -> None:
    plans, refusals = read_plans((EXAMPLES / name).read_bytes(), date(2026, 1, 1))
    assert refusals == []
    assert plans
    for plan in plans:
        assert isinstance(plan, FlightPlan)
        assert check_plan(plan, NOON) == []
        assert plan.start.date() == date(2017, 6, 22)  # at 60x, an hour and a half after the scenario has begun
