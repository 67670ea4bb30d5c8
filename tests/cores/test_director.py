"""The director's core: what it says, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline_protocol.events import InputRejected, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import (
    AnnouncedState,
    AnnounceLine,
    CancelPlan,
    FlyUnannounced,
    PassAdvice,
    ReportSighting,
    SubmitPlan,
)
from hotline_protocol.message import Author
from hotline_protocol.service import Unreadable
from hotline_protocol.topics import address_of, decode, encode
from hotline_services.director.play import Act, Director, expand
from hotline_services.director.scenario import read_scenario, shipped_scenarios

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

ACTS = (
    Act(at=NOON, kind=CancelPlan, fields={"to": "us", "plan_id": "A"}),
    Act(at=NOON, kind=CancelPlan, fields={"to": "ru", "plan_id": "B"}),
    Act(at=NOON + MINUTE, kind=AnnounceLine, fields={"to": "ru", "state": AnnouncedState.SUSPENDED}),
)


def test_it_says_every_act_at_its_time_once_and_in_order() -> None:
    director = Director(ACTS)
    assert director.next_deadline == NOON
    said = director.lapse(NOON)
    assert [(type(message), message.to) for message in said if isinstance(message, CancelPlan)] == [
        (CancelPlan, "us"),
        (CancelPlan, "ru"),
    ]
    assert director.lapse(NOON) == []
    assert director.next_deadline == NOON + MINUTE
    assert [type(message) for message in director.lapse(NOON + MINUTE)] == [AnnounceLine]
    assert director.next_deadline is None


def test_a_late_wake_up_says_what_was_missed_with_the_time_at_which_it_is_said() -> None:
    said = Director(ACTS).lapse(NOON + 5 * MINUTE)
    assert len(said) == len(ACTS)
    assert {message.time for message in said} == {NOON + 5 * MINUTE}


def test_replaying_the_same_lapses_says_the_same_messages_with_the_same_ids() -> None:
    one, other = Director(ACTS, "e1"), Director(ACTS, "e1")
    assert one.lapse(NOON) == other.lapse(NOON)
    assert one.lapse(NOON + MINUTE) == other.lapse(NOON + MINUTE)


def test_what_becomes_of_its_plans_changes_nothing_that_it_says() -> None:
    director = Director(ACTS)
    status = Author("us").say(PlanStatus, NOON, plan_id="A", callsign="EXER01", plan="0" * 16, state=PlanState.REFUSED)
    assert director.receive(status, NOON) == []
    assert director.next_deadline == NOON
    assert director.lapse(NOON) == Director(ACTS).lapse(NOON)


def test_bad_input_is_answered_and_disturbs_nothing() -> None:
    director = Director(ACTS)
    bad = Author("director").say(
        Unreadable, NOON, topic="hotline/v1/status/us/A", code="malformed", field="state", reason="no", evidence="{}"
    )
    (answer,) = director.receive(bad, NOON)
    assert isinstance(answer, InputRejected)
    assert (answer.problem.field, answer.cause) == ("state", bad.id)
    assert director.next_deadline == NOON


@pytest.mark.parametrize("name", shipped_scenarios())
def test_everything_that_a_shipped_scenario_says_can_be_read_on_its_topic(name: str) -> None:
    scenario = read_scenario(name)
    said = Director(expand(scenario, scenario.seed)).lapse(scenario.end())
    assert {type(message) for message in said} <= {SubmitPlan, ReportSighting, AnnounceLine, FlyUnannounced, PassAdvice}
    for message in said:
        assert decode(address_of(message), encode(message)) == message
