"""Fields that no plan has: told to whoever hands the plan in, which stops nothing; and two shapes in one area."""

import difflib
import json
from pathlib import Path
from typing import Any

import pytest

from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.hearing import ear
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.line import Propose
from hotline_protocol.message import Message
from hotline_protocol.service import Unreadable
from hotline_protocol.topics import address_of, decode, encode
from hotline_services.monitor.dutylog import DutyLog
from hotline_services.web.answers.checking import check

from .filed import NOON, corridor, polygon, raw
from .joined import FAR_EAST, Joined, plan
from .test_hearing import heard

TYPED: dict[str, Any] = raw(prioritty="emergency", flexibility={"max_shift": 0, "other_blocks": False})
NOTES = [
    {"code": "unknown-field", "field": "prioritty", "reason": "not a field; priority?"},
    {"code": "unknown-field", "field": "flexibility.max_shift", "reason": "not a field; max_shift_min?"},
]
CIRCLE = {"shape": "circle", "centre": [39.5, 35.5], "radius_nm": 5}


def fields(message: Message) -> Any:
    return json.loads(encode(message))


def notes(payload: object) -> list[tuple[str, str]]:
    (message,) = heard(payload)
    assert isinstance(message, SubmitPlan)
    return [(note["field"], note["reason"]) for note in fields(message).get("notes", [])]


@pytest.mark.parametrize("payload", [TYPED, [TYPED], {"plans": [TYPED]}, {"type": "submit-plan", "plan": TYPED}])
def test_each_unknown_field_is_told_with_the_nearest_known_one_in_every_form(payload: object) -> None:
    prefix = "plan." if isinstance(payload, dict) and "type" in payload else ""
    assert notes(payload) == [(f"{prefix}{note['field']}", note["reason"]) for note in NOTES]


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"Priority": "emergency"}, "Priority", "not a field; priority?"),
        ({"lower-ft": 1}, "lower-ft", "not a field; lower_ft?"),
        ({"zzz": 1}, "zzz", "not a field"),
        ({"area": CIRCLE | {"radius": 3}}, "area.radius", "not a field; radius_nm?"),
        ({"area": corridor([39, 35], [40, 35]) | {"name": "one"}}, "area.name", "not a field"),
    ],
)
def test_a_slip_is_told_where_it_is(changes: dict[str, Any], field: str, reason: str) -> None:
    assert notes(raw(**changes)) == [(field, reason)]


def test_a_plan_without_a_slip_is_told_nothing_and_a_flood_of_slips_is_cut_short() -> None:
    assert notes(raw()) == []
    assert len(notes(raw(**{f"x{number}" * 100: number for number in range(1_000)}))) == 16


@pytest.mark.parametrize(
    ("area", "field", "reason"),
    [
        (
            polygon([39, 35], [40, 35], [40, 36]) | {"centre": [39, 35], "radius_nm": 9},
            "area.centre, area.radius_nm",
            "area.centre: belongs to a circle; the shape is polygon; "
            "area.radius_nm: belongs to a circle; the shape is polygon",
        ),
        (CIRCLE | {"route": [[39, 35], [40, 35]]}, "area.route", "belongs to a corridor; the shape is circle"),
    ],
)
@pytest.mark.parametrize("form", ["bare", "order"])
def test_an_area_of_two_shapes_is_refused_with_the_field(
    area: dict[str, Any], field: str, reason: str, form: str
) -> None:
    typed = raw(area=area)
    (message,) = heard(typed if form == "bare" else {"type": "submit-plan", "plan": typed})
    assert isinstance(message, Unreadable)
    prefix = "" if form == "bare" else "plan."
    assert message.about == "plan-1"
    assert message.field.replace("plan.", "") == field
    assert message.reason.removeprefix("plan-1: ").replace(prefix, "") == reason


def test_the_centre_says_in_the_plan_s_status_what_it_has_not_read() -> None:
    world = Joined()
    sound = json.loads(json.dumps(fields(submitted(plan("far", FAR_EAST)))["plan"]))
    (typed,) = ear("hotline/v1/inject/us", json.dumps(sound | {"prioritty": "emergency"}).encode(), world.now)
    assert isinstance(typed, SubmitPlan)
    world.deliver(typed)
    status = world.status("far")
    assert status.state is PlanState.ACCEPTED
    assert fields(status).get("notes") == NOTES[:1]
    assert "prioritty: not a field; priority?" in (DutyLog(width=300).line(status) or "")


def test_a_plan_that_is_negotiated_is_told_at_once_and_only_once() -> None:
    world = Joined()
    sound = fields(submitted(plan("near")))["plan"]
    (typed,) = ear("hotline/v1/inject/us", json.dumps(sound | {"prioritty": "emergency"}).encode(), world.now)
    world.deliver(typed)
    said = [fields(status).get("notes") for status in world.all(PlanStatus)]
    assert said[0] == NOTES[:1]
    assert said[1:] == [None] * len(said[1:])
    assert world.all(Propose)


@pytest.mark.parametrize(
    ("order", "field", "reason"),
    [
        ({"type": "change-plan", "shift_mim": 1, "remarks": "later"}, "shift_mim", "not a field; shift_min?"),
        ({"type": "cancel-plan", "reazon": "weather"}, "reazon", "not a field"),
        ({"type": "declare-emergency", "prioritty": 1}, "prioritty", "not a field"),
    ],
)
@pytest.mark.parametrize("envelope", [{}, {"id": "typed-1", "source": "inject", "seq": 0, "time": NOON.isoformat()}])
def test_a_slip_in_an_order_on_a_plan_is_told_with_the_next_word_on_it(
    order: dict[str, Any], field: str, reason: str, envelope: dict[str, Any]
) -> None:
    world = Joined()
    world.deliver(submitted(plan("far", FAR_EAST)))
    typed = ear("hotline/v1/inject/us", json.dumps(order | envelope | {"plan_id": "far"}).encode(), world.now)
    world.deliver(*typed)
    told = [note for status in world.all(PlanStatus) for note in fields(status).get("notes", [])]
    assert told == [{"code": "unknown-field", "field": field, "reason": reason}]


def test_who_checks_a_plan_before_it_is_handed_in_is_told_the_same() -> None:
    (one,) = check(json.dumps(TYPED).encode(), "us", NOON, None, ()).plans
    assert [(note.field, note.reason) for note in one.notes] == [(note["field"], note["reason"]) for note in NOTES]


def test_between_centres_unknown_fields_pass() -> None:
    world = Joined()
    world.file("us", plan("near"))
    (proposal,) = world.all(Propose)
    newer = fields(proposal) | {"something_new": 1}
    assert decode(address_of(proposal), json.dumps(newer).encode()) == proposal


def submitted(flown: Any) -> SubmitPlan:
    return SubmitPlan(id="typed", source="inject", seq=0, time=NOON, to="us", plan=flown)


def test_the_command_line_tells_and_sends(tmp_path: Path) -> None:
    from hotline_services.injecting import read_texts

    reading = read_texts([("typo.json", json.dumps(TYPED).encode())], NOON)
    assert reading.complaints == ()
    assert len(reading.letters) == 1
    assert [str(note) for note in reading.notes] == [
        "plan-1: prioritty: not a field; priority?",
        "plan-1: flexibility.max_shift: not a field; max_shift_min?",
    ]


def test_what_may_have_been_meant_is_looked_for_only_for_the_few_fields_that_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_for: list[str] = []
    alike = difflib.get_close_matches

    def counted(*args: Any, **named: Any) -> list[Any]:
        looked_for.append("")
        return alike(*args, **named)

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    typed = raw(**{f"prioritty{number}": 0 for number in range(10_000)})
    (message,) = ear("hotline/v1/inject/us", json.dumps(typed).encode(), NOON)
    assert isinstance(message, SubmitPlan)
    assert isinstance(message.notes, tuple)
    assert len(message.notes) == len(looked_for) == 16
