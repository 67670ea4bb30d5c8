"""The sky in a simulated world: what centres clear is flown, and what comes of it reaches their desks."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import ReportSighting
from hotline_protocol.message import Message
from hotline_protocol.names import SKY
from hotline_protocol.service import Health
from hotline_protocol.sky import Encountered, FlightBegan, FlightFlown, LineCrossed, Tracks
from hotline_services.director.scenario import read_scenario
from hotline_services.director.script import Scenario
from hotline_services.simulation.network import Crash, Faults, NetworkModel
from hotline_services.world import build

DAY = timedelta(days=1)
CRASHES = Faults(
    crashes=tuple(
        Crash(
            party=SKY, at=read_scenario("valley-2017").start + timedelta(hours=hours), down_s=down_s, in_the_act=acting
        )
        for hours, down_s, acting in ((5, 600, False), (9, 60, True), (14, 1_800, False))
    )
)


@pytest.fixture(scope="module")
def valley() -> Scenario:
    return read_scenario("valley-2017")


def a_day_of(valley: Scenario, seed: int = 1, **changed: object) -> list[Message]:
    said: list[Message] = []
    simulation = build(valley, seed, 1, **changed)  # type: ignore[arg-type]
    simulation.run(valley.end(1), lambda message, _: said.append(message))
    return said


@pytest.fixture(scope="module")
def day(valley: Scenario) -> list[Message]:
    return a_day_of(valley)


def of(kind: type[Message], said: list[Message]) -> list[Message]:
    return [message for message in said if isinstance(message, kind)]


def test_what_is_cleared_is_flown(day: list[Message]) -> None:
    cleared = {
        (status.source, status.plan_id)
        for status in day
        if isinstance(status, PlanStatus) and status.state is PlanState.ACTIVATED
    }
    began = {
        (told.flyer.side, told.flyer.plan_id) for told in day if isinstance(told, FlightBegan) and told.flyer.announced
    }
    assert len(began) > 50
    # What is early has begun, and what is late has not, when its centre takes it to be flying.
    assert len(cleared ^ began) < 0.1 * len(began)


def test_whoever_comes_down_has_taken_off(day: list[Message]) -> None:
    began = Counter(told.flyer.plan_id for told in day if isinstance(told, FlightBegan))
    flown = Counter(told.flyer.plan_id for told in day if isinstance(told, FlightFlown))
    assert set(began.values()) == {1}
    assert flown <= began


def test_sightings_come_of_crossings_entries_and_encounters(day: list[Message]) -> None:
    reports = [told for told in day if isinstance(told, ReportSighting) and told.source == SKY]
    causes = {told.id: told for told in day}
    assert reports
    assert {type(causes[told.cause or ""]).__name__ for told in reports} <= {
        "LineCrossed",
        "ZoneEntered",
        "Encountered",
    }
    assert all(told.time >= causes[told.cause or ""].time for told in reports)


def test_no_tracks_are_told_where_nobody_watches(day: list[Message]) -> None:
    assert of(Tracks, day) == []


def test_one_seed_flies_one_day(valley: Scenario, day: list[Message]) -> None:
    assert a_day_of(valley) == day


def test_another_seed_flies_another(valley: Scenario, day: list[Message]) -> None:
    assert of(LineCrossed, a_day_of(valley, seed=2)) != of(LineCrossed, day)


def test_a_sky_that_crashes_goes_on_where_it_was(valley: Scenario, day: list[Message]) -> None:
    torn = a_day_of(valley, network=NetworkModel(loss=0.05, duplication=0.05), faults=CRASHES)
    whole = {told.flyer.plan_id for told in day if isinstance(told, FlightBegan)}
    began = Counter(told.flyer.plan_id for told in torn if isinstance(told, FlightBegan))
    assert set(began.values()) == {1}
    assert len(set(began) ^ whole) < 0.2 * len(whole)  # bargaining takes other turns on a line that loses what is said
    assert all(met.one != met.other for met in torn if isinstance(met, Encountered))


SCRIPTED = """
name = "torn"
title = "A sky that dies, and cannot be reached"
start = 2020-01-01T06:00:00+03:00
agreement = "valley"
[parties.us]
[parties.ru]
[sky]
[[timeline]]
at = "+00:20"
action = "partition"
between = ["director", "sky"]
minutes = 20
[[timeline]]
at = "+00:30"
action = "fly-unannounced"
side = "ru"
[timeline.plan]
callsign = "STRAY1"
area = { shape = "circle", centre = "Palmyra", radius_nm = 8 }
lower_ft = 12_000
upper_ft = 14_000
start = "+00:30"
end = "+01:00"
[[timeline]]
at = "+01:10"
action = "crash"
party = "sky"
minutes = 10
"""


def test_a_scenario_can_have_the_sky_die_and_be_cut_off(tmp_path: Path) -> None:
    (tmp_path / "torn.toml").write_text(SCRIPTED)
    scenario = read_scenario(tmp_path / "torn.toml")
    heard: list[tuple[Message, timedelta]] = []
    build(scenario, 1).run(scenario.end(), lambda message, at: heard.append((message, at - scenario.start)))
    presences = [
        (told.presence.value, after) for told, after in heard if isinstance(told, Health) and told.source == SKY
    ]
    assert presences == [
        ("up", timedelta(0)),
        ("down", timedelta(minutes=70)),
        ("up", timedelta(minutes=80)),
    ]
    (began,) = [after for told, after in heard if isinstance(told, FlightBegan)]
    (flown,) = [after for told, after in heard if isinstance(told, FlightFlown)]
    assert timedelta(minutes=40) < began < timedelta(minutes=70), "it was told of once it could be reached"
    assert flown > timedelta(minutes=80), "and flew on while its sky was down"


def test_a_scenario_can_have_the_monitor_die_in_a_run_that_has_none(tmp_path: Path) -> None:
    (tmp_path / "torn.toml").write_text(SCRIPTED.replace('party = "sky"', 'party = "monitor"'))
    scenario = read_scenario(tmp_path / "torn.toml")
    said: list[Message] = []
    build(scenario, 1).run(scenario.end(), lambda message, _: said.append(message))
    assert len(of(FlightFlown, said)) == 1
