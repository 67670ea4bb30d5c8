"""From what a scenario says of officers and of the circuit to who is there when."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from hotline_protocol.line import Tier
from hotline_services.aoc.config import Roster
from hotline_services.aoc.duty import Presence
from hotline_services.director.rostering import roster
from hotline_services.director.scenario import ScenarioError, read_scenario
from hotline_services.director.script import Scenario

SMALL = """
name = "small"
title = "A small scenario"
start = 2020-01-01T06:00:00+03:00
agreement = "valley"
[parties.us]
[parties.ru]
"""
START = datetime(2020, 1, 1, 3, tzinfo=UTC)
DUTY = Tier.DUTY_OFFICER


def read(tmp_path: Path, text: str) -> Scenario:
    path = tmp_path / "small.toml"
    path.write_text(SMALL + text)
    return read_scenario(path)


def at(hour: int, minute: int = 0, day: int = 1) -> datetime:
    """This time of day in the scenario's zone, on this day of January."""
    return datetime(2020, 1, day, hour, minute, tzinfo=UTC) - timedelta(hours=3)


def test_a_scenario_that_says_nothing_of_officers_has_them_always_there(tmp_path: Path) -> None:
    assert roster(read(tmp_path, ""), "us") == Roster()


def test_shifts_are_written_in_the_zone_of_the_scenario(tmp_path: Path) -> None:
    made = roster(read(tmp_path, '[officers.us.duty]\nshifts = [["06:00", "14:00"], ["22:00", "06:00"]]\n'), "us")
    assert made.watches[DUTY].shifts == ((time(3), time(11)), (time(19), time(3)))


def test_an_absence_begins_at_its_time_and_lasts(tmp_path: Path) -> None:
    there = Presence(roster(read(tmp_path, '[officers.us.deputy]\nabsent_from = "16:25"\nabsent = "27m"\n'), "us"))
    deputy = Tier.DEPUTY_COMMANDER
    assert there.next_change(START) == at(16, 25)
    assert there.back_at(deputy, at(16, 25)) == at(16, 52)
    assert there.present(deputy, at(16, 30, day=2))
    assert there.tiers == (deputy,)


def test_a_daily_absence_comes_every_day_and_the_one_of_the_night_before_reaches_into_the_run(tmp_path: Path) -> None:
    text = '[officers.us.duty]\nabsent_from = "05:00"\nabsent = "2h"\ndaily = true\n'
    there = Presence(roster(read(tmp_path, text), "us"))
    assert [there.present(DUTY, START + timedelta(days=day)) for day in (0, 1, 200)] == [False] * 3
    assert there.back_at(DUTY, START) == at(7)


def test_each_tier_has_its_own_pace_and_authority(tmp_path: Path) -> None:
    made = roster(read(tmp_path, '[officers.us.chiefs]\nanswer = "10m"\nauthority = 0.5\n'), "us")
    assert {tier: (watch.answer_s, watch.authority) for tier, watch in made.watches.items()} == {
        Tier.CHIEFS: (600.0, 0.5)
    }


def test_a_circuit_that_is_not_available_is_down_for_both_sides_for_the_whole_run(tmp_path: Path) -> None:
    scenario = read(tmp_path, "[circuit]\navailable = false\n")
    for party in ("us", "ru"):
        there = Presence(roster(scenario, party))
        assert not any(there.circuit_up(START + timedelta(days=day)) for day in (0, 1, 1_000))


def test_a_break_of_the_circuit_lasts_as_long_as_it_is_written(tmp_path: Path) -> None:
    there = Presence(roster(read(tmp_path, '[[circuit.down]]\nstart = "+02:00"\nlasts = "6h"\n'), "ru"))
    hours = [START + timedelta(hours=hour) for hour in (1, 2, 7, 8)]
    assert [there.circuit_up(hour) for hour in hours] == [True, False, False, True]
    assert there.next_break(START) == START + timedelta(hours=2)


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ("[officers.tr.duty]\nauthority = 0.5", "officers.tr", "there are: us, ru"),
        ('[officers.us.duty]\nshifts = [["+01:00", "14:00"]]', "officers.us.duty.shifts[0]", '["06:00", "18:00"]'),
        ('[officers.us.duty]\nabsent = "1h"\ndaily = true', "officers.us.duty.absent_from", "a time of day"),
        (
            '[officers.us.duty]\nabsent = "24h"\nabsent_from = "12:00"\ndaily = true',
            "officers.us.duty.absent",
            "less than a day",
        ),
        ('[officers.us.duty]\nanswer = "3h"', "officers.us.duty.answer", "two hours at most"),
        ('[[circuit.down]]\nstart = "+02:00"\nlasts = "0m"', "circuit.down[0].lasts", "longer than nothing"),
        (
            '[[timeline]]\nat = "+01:00"\naction = "pass-advice"\nto = "us"\npeer = "us"\nkind = "warning"\n'
            'where = "Palmyra"',
            "timeline[0].peer",
            "the other side",
        ),
    ],
)
def test_an_error_names_the_field_and_what_would_be_right(tmp_path: Path, text: str, field: str, reason: str) -> None:
    with pytest.raises(ScenarioError) as error:
        read(tmp_path, text + "\n")
    assert error.value.field == field
    assert reason in error.value.reason
