"""The historical scenarios: each replays to its sourced times, whatever the seed, and a changed decision changes it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from hotline_protocol.events import ActivityStopped, Escalated, EscalationKind
from hotline_protocol.injection import AdviceKind, SightingKind
from hotline_protocol.line import Advise, Answer, Noted, Protest
from hotline_protocol.message import Message
from hotline_protocol.sky import FlightFlown
from hotline_services.director.expecting import Expecting, Finding
from hotline_services.director.scenario import read_scenario
from hotline_services.world import build

HISTORY = {
    "al-tanf-2016-06-16": 1,
    "deir-ez-zor-2016-09-17": 1,
    "suspension-2017-04": 31,
    "euphrates-2017-06-18": 2,
    "valley-2017-12-13": 4,
    "khasham-2018-02-07": 1,
}
ABSENT = "officers.us.duty.absent"


def played(
    name: str, days: int, seed: int | None = None, changes: Mapping[str, Any] | None = None
) -> tuple[list[Message], tuple[Finding, ...]]:
    scenario = read_scenario(name, changes or {})
    simulation, expecting = build(scenario, scenario.seed if seed is None else seed, days), Expecting(scenario)
    said: list[Message] = []

    def take(message: Message, at: datetime) -> None:
        said.append(message)
        expecting.take(message, at)

    simulation.run(scenario.start + timedelta(days=days), take)
    return said, expecting.findings()


def first(said: list[Message], fits: Callable[[Message], bool]) -> datetime | None:
    return next((message.time for message in said if fits(message)), None)


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("name", HISTORY)
def test_a_historical_scenario_comes_out_at_the_sourced_times(name: str, seed: int | None) -> None:
    _, findings = played(name, HISTORY[name], seed)
    assert findings
    assert [(each.name, each.expected_at, each.found_at) for each in findings if not each.met] == []


@pytest.mark.parametrize("name", HISTORY)
def test_a_historical_scenario_names_its_sources(name: str) -> None:
    scenario = read_scenario(name)
    assert scenario.sources
    assert scenario.disclaimer.startswith("\nEXERCISE") or scenario.disclaimer.startswith("EXERCISE")
    assert all(each.source for each in scenario.expect)


def test_an_officer_at_the_desk_would_have_been_understood_half_an_hour_earlier() -> None:
    as_it_was, _ = played("deir-ez-zor-2016-09-17", 1)
    present, _ = played("deir-ez-zor-2016-09-17", 1, changes={ABSENT: "0m"})
    stopped = [first(said, lambda m: isinstance(m, ActivityStopped)) for said in (as_it_was, present)]
    assert stopped[0] is not None
    assert stopped[1] is not None
    assert timedelta(minutes=20) < stopped[0] - stopped[1] < timedelta(minutes=32)


def test_the_flight_would_have_stayed_to_its_planned_end_had_nobody_rung() -> None:
    said, _ = played("deir-ez-zor-2016-09-17", 1, changes={"timeline.report.happens": False})
    (flown,) = [message for message in said if isinstance(message, FlightFlown)]
    assert flown.ended_at - flown.began_at > timedelta(minutes=115)


def test_without_the_second_wave_nothing_is_protested_against() -> None:
    said, _ = played(
        "al-tanf-2016-06-16", 1, changes={"timeline.second-wave.happens": False, "timeline.seen.happens": False}
    )
    assert not any(isinstance(message, Protest) for message in said)


def test_nobody_answers_where_the_officers_go_when_the_line_is_suspended() -> None:
    gone = {
        "officers.ru.duty.absent": "28d",
        "officers.ru.duty.absent_from": datetime.fromisoformat("2017-04-08T00:00+03:00"),
    }
    said, _ = played("suspension-2017-04", 5, changes=gone)
    suspended = datetime.fromisoformat("2017-04-08T00:00+03:00")
    assert not any(isinstance(m, Answer) and m.source == "ru" and m.time > suspended for m in said)
    assert any(isinstance(m, Escalated) and m.kind is EscalationKind.LINE_DOWN for m in said)


def test_the_other_side_would_have_known_before_the_loss_had_it_been_warned() -> None:
    loss = datetime.fromisoformat("2017-06-18T18:43+03:00")

    def advised(**changes: Any) -> list[Advise]:
        said, _ = played("euphrates-2017-06-18", 1, changes=changes)
        return [m for m in said if isinstance(m, Advise) and m.time < loss]

    assert advised() == []
    (told,) = advised(**{"timeline.warned.happens": True})
    assert (told.source, told.advice.kind) == ("us", AdviceKind.OPERATION)


def test_two_aircraft_that_stay_on_their_own_bank_are_not_spoken_of() -> None:
    start = datetime.fromisoformat("2017-12-13T12:35+02:00")

    def protests(**changes: Any) -> int:
        said, _ = played("valley-2017-12-13", 4, changes=changes)
        seen = [m for m in said if isinstance(m, Protest) and start <= m.seen_at <= start + timedelta(minutes=45)]
        return sum(m.kind is SightingKind.UNANNOUNCED_FLIGHT for m in seen)

    assert protests(**{"timeline.stray.happens": False}) == 0
    assert protests() > 0


def test_nobody_asks_beforehand_where_the_inquiry_is_not_made() -> None:
    said, _ = played("khasham-2018-02-07", 1, changes={"timeline.inquiry.happens": False})
    advised = [m for m in said if isinstance(m, Advise)]
    assert len(advised) == 2
    assert any(isinstance(m, Noted) and m.source == "ru" for m in said)
