"""The whole stack of docker-compose.yml, as a newcomer starts it."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
import pytest

from hotline_protocol import topics
from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import InputRejected, PlanStatus
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.message import Message
from hotline_protocol.service import Clock, Health, Presence
from hotline_services.pacing.scaled_clock import ScaledClock
from hotline_services.runtime.clock import wall_clock

from .conftest import Stack
from .speaking import Speaker
from .test_identities import passwords

pytestmark = pytest.mark.compose

SERVICES = {"broker", "us-aoc", "ru-aoc", "monitor", "page", "sky", "director"}
M = TypeVar("M", bound=Message)


@pytest.fixture(scope="module")
def password(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    """That of control, as the setup service has made it."""
    return passwords(stack.keys(tmp_path_factory.mktemp("stack") / "keys"))["control"]


@pytest.fixture
def people(stack: Stack, password: str) -> Iterator[Speaker]:
    """Somebody with any MQTT client."""
    with Speaker(stack.port, "control", password) as speaker:
        yield speaker


def heard(speaker: Speaker, kind: type[M]) -> Iterator[M]:
    """The messages of this kind among all that come."""
    for name, payload in speaker:
        message = topics.decode(name, payload)
        if isinstance(message, kind):
            yield message


def containers(stack: Stack) -> list[dict[str, Any]]:
    names = stack.compose("ps", "--quiet").split()  # setup has done its work
    found: list[dict[str, Any]] = json.loads(stack.docker("inspect", *names))
    return found


def now(people: Speaker) -> datetime:
    """Simulated time."""
    people.subscribe(topics.CLOCK.template)
    return ScaledClock(next(heard(people, Clock)), wall_clock).now()


def plan(start: datetime) -> FlightPlan:
    """A small patrol far from the line."""
    return FlightPlan(
        plan_id="VISITOR-1",
        callsign="VISIT1",
        area=Circle(centre=Position(36.0, 33.2), radius_nm=4.0),
        lower_ft=20_000,
        upper_ft=22_000,
        start=start,
        end=start + timedelta(hours=1),
    )


def follow(stack: Stack) -> Iterator[None]:
    """Look after one call has been told in the monitor's log, after two, and so on: it is recorded a little later."""
    for calls in range(1, 6):
        stack.follow("monitor", *("ring", "hang-up") * calls)
        yield


def test_every_service_is_healthy(stack: Stack) -> None:
    health = {
        each["Config"]["Labels"]["com.docker.compose.service"]: each["State"]["Health"]["Status"]
        for each in containers(stack)
    }
    assert health == dict.fromkeys(SERVICES, "healthy")


def test_no_port_is_open_beyond_the_loopback_address(stack: Stack) -> None:
    ports = [port for each in containers(stack) for port in each["HostConfig"]["PortBindings"].values()]
    assert [binding["HostIp"] for port in ports for binding in port] == ["127.0.0.1"] * 2  # the broker's, the page's


def test_no_container_runs_as_root_or_can_write_its_own_program(stack: Stack) -> None:
    for each in containers(stack):
        assert each["Config"]["User"] not in {"", "0", "root"}
        assert each["HostConfig"]["ReadonlyRootfs"]
        assert each["HostConfig"]["CapDrop"] == ["ALL"]


def test_the_monitor_writes_down_a_whole_call(stack: Stack) -> None:
    stack.follow("monitor", "ring", "answer", "proposal", "hang-up")


def test_the_calls_can_be_asked_for_in_the_monitors_container(stack: Stack) -> None:
    calls: list[Any] = []
    for _ in follow(stack):
        calls = json.loads(stack.compose("exec", "-T", "monitor", "hotline", "calls", "--json"))
        if calls:
            break
    assert {call["caller"] for call in calls} <= {"us", "ru"}
    assert calls


def test_the_page_shows_the_record_that_it_cannot_write(stack: Stack) -> None:
    for _ in follow(stack):
        with urllib.request.urlopen(f"http://127.0.0.1:{stack.page_port}/api/v1/live/picture", timeout=90) as answer:
            picture = json.load(answer)
        if picture["rows"]["calls"]:
            break
    assert picture["rows"]["calls"]
    assert picture["clock"]["speed"] > 0


def test_a_bare_plan_from_any_client_is_answered_on_its_status_topic(people: Speaker) -> None:
    asked = plan(now(people) + timedelta(hours=2))
    people.subscribe(topics.STATUS.filter(source="us", plan_id=asked.plan_id))
    people.publish("hotline/v1/inject/us", msgspec.json.encode(asked))
    status = next(heard(people, PlanStatus))
    assert (status.source, status.callsign) == ("us", asked.callsign)
    assert status.state in {PlanState.ACCEPTED, PlanState.NEGOTIATING}


def test_a_plan_entered_on_the_page_comes_to_the_centre(stack: Stack, people: Speaker) -> None:
    """The page orders it in its own name, which the broker knows by the page's certificate."""
    asked = msgspec.structs.replace(plan(now(people) + timedelta(hours=2)), plan_id="PAGE-1", callsign="PAGE1")
    people.subscribe(topics.STATUS.filter(source="ru", plan_id=asked.plan_id))
    token = stack.follow("page", "#token=")[-1].partition("#token=")[2].strip()
    where = f"http://127.0.0.1:{stack.page_port}/api/v1/live/inject?to=ru"
    request = urllib.request.Request(where, msgspec.json.encode(asked), {"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=90) as answer:  # noqa: S310  our own page
        assert answer.status in {200, 202}
    status = next(heard(people, PlanStatus))
    assert (status.source, status.callsign) == ("ru", asked.callsign)


def test_rubbish_is_answered_with_the_field_and_the_reason(people: Speaker) -> None:
    people.subscribe(topics.EVENT.filter(source="ru"))
    people.publish("hotline/v1/inject/ru", b'{"plan_id": "RUBBISH-1", "callsign": 7}')
    rejected = next(each for each in heard(people, InputRejected) if "RUBBISH-1" in each.evidence)
    assert rejected.problem.field == "callsign"
    assert rejected.problem.reason


def test_a_centre_that_is_killed_is_seen_to_go_and_to_come_back(stack: Stack, people: Speaker) -> None:
    people.subscribe(topics.HEALTH.filter(source="ru"))
    before = next(each for each in heard(people, Health) if each.presence is Presence.UP)
    stack.compose("kill", "ru-aoc")
    assert next(each for each in heard(people, Health) if each.presence is Presence.DOWN).session == before.session
    stack.compose("start", "ru-aoc")
    assert next(each for each in heard(people, Health) if each.presence is Presence.UP).session != before.session


def test_no_service_has_complained(stack: Stack) -> None:
    lines = stack.compose("logs", "--no-log-prefix", *(SERVICES - {"broker", "monitor", "page"})).splitlines()
    complaints = [line for line in lines if '"level": "error"' in line or '"level": "critical"' in line]
    assert complaints == []
    assert '"level": "' in lines[0]
