"""ICAO messages about plans filed before: a CNL cancels; what the others change is in test_plan_changes."""

from datetime import UTC, datetime

import msgspec
import pytest

from hotline_protocol.hearing import ear
from hotline_protocol.injection import CancelPlan, SubmitPlan
from hotline_protocol.intake import read_plans
from hotline_protocol.service import Unreadable
from hotline_protocol.topics import INJECT
from hotline_services.injecting import read_texts

from .test_icao_fpl import fpl

NOON = datetime(2017, 6, 18, 12, tzinfo=UTC)
TOPIC = INJECT.filter(to="us")


def cancelled(text: str, now: datetime = NOON) -> str:
    (message,) = ear(TOPIC, text.encode(), now)
    assert isinstance(message, CancelPlan), message
    assert message.to == "us"
    return message.plan_id


@pytest.mark.parametrize(
    "text",
    [
        "(CNL-EXER11-OSDZ1400-OSLK-DOF/170618)",
        "(cnl-exer11-osdz1400-oslk-dof/170618 rmk/weather)",
        "(CNL-EXER11\n-OSDZ1400\n-OSLK\n-DOF/170618)",
        "(CNL-EXER11-OSDZ1400-OSLK)",
        "(CNL-EXER11-OSDZ1400-OSLK-0)",
        "(CNL-EXER11-OSDZ1400-OSLK-RMK/WEATHERDOF/170618)",
    ],
)
def test_a_cancellation_names_the_plan_that_was_filed(text: str) -> None:
    (filed,) = ear(TOPIC, fpl(f18="DOF/170618").encode(), NOON)
    assert isinstance(filed, SubmitPlan)
    assert cancelled(text) == filed.plan.plan_id == "EXER11-20170618-1400"


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2017, 6, 18, 23, 30, tzinfo=UTC), "20170618"),
        (datetime(2017, 6, 18, 14, 5, tzinfo=UTC), "20170618"),
        (datetime(2017, 6, 19, 2, 1, tzinfo=UTC), "20170619"),
    ],
)
def test_a_cancellation_without_a_date_is_of_the_flight_that_is_near(now: datetime, day: str) -> None:
    assert cancelled("(CNL-EXER11-OSDZ1400-OSLK-0)", now) == f"EXER11-{day}-1400"
    late = datetime(2017, 6, 18, 23, 30, tzinfo=UTC)
    assert cancelled("(CNL-EXER11-OSDZ0015-OSLK-0)", late) == "EXER11-20170619-0015"


@pytest.mark.parametrize(
    ("text", "field", "why"),
    [
        ("(CNL-EXER11-OSDZ1400-OSLK-DOF/170631)", "field 18 DOF", "170631"),
        ("(CNL-EXER11-OSDZ1400-OSLK-DOF/170618 DOF/170619)", "field 18 DOF", "more than one day"),
        ("(CNL-EXER11-OSDZ2460-OSLK)", "field 13", "aerodrome and time"),
        ("(CNL-TOOLONG11-OSDZ1400-OSLK)", "field 7", "two to seven"),
        ("(CNL-EXER11)", "field 13", "aerodrome and time"),
        ("(CNL-EXER11-OSDZ1400-OSLK", "message", "closing bracket"),
        ("(ALR-INCERFA/X-EXER11-IM)", "field 3", "only FPL, CNL, CHG"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(text: str, field: str, why: str) -> None:
    (message,) = ear(TOPIC, text.encode(), NOON)
    assert isinstance(message, Unreadable)
    assert message.field.split(", ")[0] == field
    assert why in message.reason


def test_a_plan_may_be_cancelled_and_filed_anew_in_one_text() -> None:
    text = f"(CNL-EXER11-OSDZ1400-OSLK-DOF/170618)\n{fpl(f13='OSDZ1500')}"
    first, second = ear(TOPIC, text.encode(), NOON)
    assert isinstance(first, CancelPlan)
    assert isinstance(second, SubmitPlan)
    assert second.plan.plan_id == "EXER11-20170618-1500"


def test_a_cancellation_is_a_letter_that_a_centre_reads_as_one() -> None:
    reading = read_texts([("day.fpl", b"(CNL-EXER11-OSDZ1400-OSLK-DOF/170618)")], NOON)
    (letter,) = reading.letters
    assert (letter.plans, letter.cancels, reading.complaints) == ((), "EXER11-20170618-1400", ())
    assert cancelled(letter.payload.decode()) == "EXER11-20170618-1400"
    assert msgspec.json.decode(letter.payload) == {"type": "cancel-plan", "plan_id": "EXER11-20170618-1400"}


def test_where_only_plans_are_wanted_a_cancellation_is_refused() -> None:
    plans, (refusal,) = read_plans(b"(CNL-EXER11-OSDZ1400-OSLK-DOF/170618)", NOON)
    assert plans == []
    assert refusal.plan_id == "EXER11-20170618-1400"


@pytest.mark.parametrize("kind", ["DLA", "DEP"])
def test_where_only_plans_are_wanted_a_change_is_refused(kind: str) -> None:
    plans, (refusal,) = read_plans(f"({kind}-EXER11-OSDZ1430-OSLK-DOF/170618)".encode(), NOON)
    assert plans == []
    assert refusal.problem.reason == f"{kind} changes a plan, and is none"
