"""`hotline inject` without a broker: what it reads, what it complains of, and what it makes of the answers."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import FlightPlan, PlanState, Problem
from hotline_protocol.geometry import expand
from hotline_protocol.hearing import ear
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.intake import read_plans
from hotline_services.cli.connection import DEFAULT, broker_settings
from hotline_services.cli.exits import BAD_INPUT, NO_BROKER
from hotline_services.cli.inject import inject, told
from hotline_services.injecting import judge, read_texts
from hotline_services.runtime.wire import BrokerSettings

EXAMPLES = Path(__file__).parents[2] / "examples/plans"
NOON = datetime(2017, 6, 18, 12, 0, tzinfo=UTC)
NOBODY = "mqtt://127.0.0.1:1"


@pytest.fixture
def patrol() -> FlightPlan:
    (plan,), _ = read_plans((EXAMPLES / "patrol.json").read_bytes(), NOON.date())
    return plan


def status(plan: FlightPlan, state: PlanState, **others: object) -> PlanStatus:
    envelope = {"id": "us-0-1", "source": "us", "seq": 1, "time": NOON}
    about = {"plan_id": plan.plan_id, "callsign": plan.callsign, "plan": plan.digest}
    return PlanStatus(**envelope, **about, state=state, **others)  # type: ignore[arg-type]


def test_each_plan_of_a_file_is_a_letter_that_the_centre_reads_as_that_plan() -> None:
    reading = read_texts([("evening.fpl", (EXAMPLES / "evening.fpl").read_bytes())], NOON, whole=False)
    assert reading.complaints == ()
    assert len(reading.letters) == 3
    for letter in reading.letters:
        (message,) = ear("hotline/v1/inject/ru", letter.payload, NOON)
        assert isinstance(message, SubmitPlan)
        assert (message.plan,) == letter.plans
        assert message.plan.digest == letter.plans[0].digest


def test_a_file_with_an_unreadable_part_is_complained_of_and_can_be_sent_as_it_is() -> None:
    payload = (EXAMPLES / "evening.fpl").read_bytes().replace(b"EXER42", b"TOOLONG42")
    reading = read_texts([("evening.fpl", payload)], NOON, whole=True)
    (complaint,) = reading.complaints
    assert str(complaint).startswith("evening.fpl: a plan: field 7: 'TOOLONG42'")
    assert [(letter.payload, len(letter.plans)) for letter in reading.letters] == [(payload, 2)]


def test_plans_are_judged_by_the_time_they_are_sent_at() -> None:
    reading = read_texts([("patrol.json", (EXAMPLES / "patrol.json").read_bytes())], NOON, whole=False)
    assert judge(reading.plans, NOON) == []
    (complaint,) = judge(reading.plans, datetime(2026, 1, 1, tzinfo=UTC))
    assert "EXER21-20170622-1500: end: 2017-06-22T15:30:00Z has passed" in str(complaint)


def test_an_answer_is_told_in_a_line(patrol: FlightPlan) -> None:
    refused = Problem(code="expired", field="area", reason="nobody answered")
    volumes = expand(patrol)
    assert told(status(patrol, PlanState.NEGOTIATING)).endswith("12:00:00Z  EXER21-20170622-1500  negotiating")
    assert told(status(patrol, PlanState.REFUSED, problem=refused)).endswith("refused: area: nobody answered")
    assert told(status(patrol, PlanState.ACCEPTED, volumes=volumes)).endswith("accepted as filed")
    assert told(status(patrol, PlanState.ACCEPTED, volumes=volumes, as_filed=False)).endswith(
        "accepted with changes: from 438LM2, FL240-260 · 1500Z-1530Z"
    )


def test_an_answer_that_bears_another_offset_is_told_in_utc(patrol: FlightPlan) -> None:
    answer = status(patrol, PlanState.NEGOTIATING)
    there = answer.time.astimezone(timezone(timedelta(hours=-12)))
    assert told(msgspec.structs.replace(answer, time=there)) == told(answer)


def test_what_cannot_be_read_is_told_before_a_broker_is_looked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"plan_id": "p"}')
    assert inject([bad], to="us", broker=NOBODY) == BAD_INPUT
    assert "bad.json: p: callsign: is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "to", "broker", "reason"),
    [
        ("missing.json", "us", NOBODY, "missing.json: No such file"),
        ("patrol.json", "us/#", NOBODY, "not the name of a party"),
        ("patrol.json", "us", "http://127.0.0.1", "begins with mqtt://"),
    ],
)
def test_a_wrong_argument_is_told_in_a_sentence(
    file: str, to: str, broker: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inject([EXAMPLES / file], to=to, broker=broker) == BAD_INPUT
    assert reason in capsys.readouterr().err


def test_without_a_broker_one_sentence_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert inject([EXAMPLES / "patrol.json"], to="us", broker=NOBODY) == NO_BROKER
    error = capsys.readouterr().err
    assert error.startswith("hotline inject: no connection to the broker at mqtt://127.0.0.1:1")
    assert "nothing listens there: start the broker, or name its port" in error
    assert error.count("\n") == 1


def test_the_broker_is_the_one_given_else_the_environment_s_else_this_machine_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HOTLINE_BROKER", raising=False)
    assert broker_settings(None) == BrokerSettings.from_url(DEFAULT)
    monkeypatch.setenv("HOTLINE_BROKER", "mqtt://exercise:se%40cret@broker:1884")
    found = broker_settings(None)
    assert (found.host, found.port, found.username, found.password) == ("broker", 1884, "exercise", "se@cret")
    assert broker_settings("mqtts://other").port == 8883
