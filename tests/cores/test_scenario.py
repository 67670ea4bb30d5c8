"""Scenario files: what is read from them, and what is said when they are wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest

from hotline_protocol.airspace import Circle, Position, Volume4D
from hotline_protocol.boundaries import Boundaries
from hotline_protocol.conflicts import in_conflict
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.intake import check_plan
from hotline_services.director.play import Act, expand, troubles
from hotline_services.director.scenario import Scenario, ScenarioError, read_scenario, shipped_scenarios
from hotline_services.simulation.network import NetworkModel

SHIPPED = shipped_scenarios()
BUSY = ("euphrates-2017-06-18", "valley-2017", "valley-day")

SMALL = """
name = "small"
title = "A small scenario"
start = 2020-01-01T06:00:00+03:00
agreement = "valley"
[parties.us]
[parties.ru]
[places]
"Somewhere" = [38.0, 34.0]
"""

PATROL = """
[[timeline]]
at = "+00:10"
action = "submit-plan"
to = "us"
[timeline.plan]
callsign = "EXER01"
area = { shape = "circle", centre = "Somewhere", radius_nm = 5 }
lower_ft = 10_000
upper_ft = 14_000
start = "+01:00"
end = "+00:30"
"""

TRAFFIC = """
[[traffic]]
party = "us"
callsign = "EXER"
a_day = 8
window = ["08:00", "20:00"]
duration_min = [30, 60]
areas = [{ shape = "circle", centre = "Somewhere", radius_nm = 5 }]
blocks = ["A", "B"]
"""


SKY = "[sky]\n"
CRASH = """
[[timeline]]
at = "+01:00"
action = "crash"
party = "{}"
minutes = 2
"""
ADVICE = """
[[timeline]]
at = "+01:00"
action = "pass-advice"
to = "us"
peer = "ru"
kind = "inquiry"
where = "Somewhere"
"""


def read(tmp_path: Path, text: str) -> Scenario:
    path = tmp_path / "small.toml"
    path.write_text(text)
    return read_scenario(path)


def plans(acts: tuple[Act, ...], party: str) -> Iterator[tuple[datetime, FlightPlan]]:
    for act in acts:
        if act.kind is SubmitPlan and act.fields["to"] == party:
            yield act.at, act.fields["plan"]


def volume(plan: FlightPlan) -> Volume4D:
    return Volume4D(area=plan.area, lower_ft=plan.lower_ft, upper_ft=plan.upper_ft, start=plan.start, end=plan.end)


def test_the_shipped_scenarios_are_found_by_name() -> None:
    assert set(BUSY) < set(SHIPPED)
    assert [read_scenario(name).name for name in SHIPPED] == list(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_plan_of_a_shipped_scenario_is_sound_when_it_is_filed(name: str, seed: int) -> None:
    acts = expand(read_scenario(name), seed)
    for party in ("us", "ru"):
        for filed, plan in plans(acts, party):
            assert check_plan(plan, filed) == [], plan.plan_id
            assert plan.start > filed


@pytest.mark.parametrize("name", SHIPPED)
def test_every_plan_has_an_id_of_its_own(name: str) -> None:
    ids = [plan.plan_id for party in ("us", "ru") for _, plan in plans(expand(read_scenario(name), 3), party)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("party", ["us", "ru"])
def test_no_two_flights_of_one_side_are_in_conflict_as_filed(name: str, party: str) -> None:
    scenario = read_scenario(name)
    rule = scenario.agreement.boundary_rule
    filed = [plan for _, plan in plans(expand(scenario, 5, days=1), party)]
    for one, other in combinations(filed, 2):
        assert not in_conflict(volume(one), volume(other), rule), f"{one.plan_id} {other.plan_id}"


@pytest.mark.parametrize("seed", range(8))
def test_valley_day_has_about_a_hundred_sorties_of_which_about_thirty_need_consent(seed: int) -> None:
    scenario = read_scenario("valley-day")
    boundaries = Boundaries(scenario.agreement)
    acts = expand(scenario, seed)
    counts = {party: len(list(plans(acts, party))) for party in ("us", "ru")}
    needing = [
        plan.plan_id
        for party in ("us", "ru")
        for _, plan in plans(acts, party)
        if boundaries.demands(volume(plan), party)
    ]
    assert 52 <= counts["us"] <= 60
    assert 44 <= counts["ru"] <= 49
    assert 28 <= len(needing) <= 34


def test_the_historical_day_files_a_plan_that_needs_consent_at_once() -> None:
    scenario = read_scenario("euphrates-2017-06-18")
    first = expand(scenario, scenario.seed)[0]
    assert first.at - scenario.start <= timedelta(seconds=30)
    assert Boundaries(scenario.agreement).demands(volume(first.fields["plan"]), first.fields["to"])


def test_every_cited_source_of_the_historical_day_is_listed_and_every_report_cites_one() -> None:
    scenario = read_scenario("euphrates-2017-06-18")
    reports = [event for event in scenario.timeline if not hasattr(event, "plan")]
    assert len(reports) >= 5
    assert {event.source for event in reports} <= {source.key for source in scenario.sources}


@pytest.mark.parametrize("name", BUSY)
def test_the_same_seed_gives_the_same_acts_and_another_seed_others(name: str) -> None:
    scenario = read_scenario(name)
    assert expand(scenario, 7, days=2) == expand(scenario, 7, days=2)
    assert expand(scenario, 7, days=2) != expand(scenario, 8, days=2)


def test_a_longer_run_begins_like_a_shorter_one() -> None:
    scenario = read_scenario("valley-day")
    short, long = expand(scenario, 7, days=1), expand(scenario, 7, days=3)
    assert long[: len(short)] == short


def test_acts_come_in_the_order_of_their_times_and_in_utc() -> None:
    acts = expand(read_scenario("valley-day"), 7, days=2)
    assert [act.at for act in acts] == sorted(act.at for act in acts)
    assert {act.at.tzinfo for act in acts} == {UTC}


def test_times_are_read_as_clock_offset_or_date_in_the_zone_of_the_start(tmp_path: Path) -> None:
    lines = ['at = "16:30"', 'at = "05:00"', 'at = "+00:10"', "at = 2020-01-01T12:00:00Z"]
    events = "".join(
        f'[[timeline]]\n{line}\naction = "announce-line"\nto = "ru"\nstate = "suspended"\n' for line in lines
    )
    acts = expand(read(tmp_path, SMALL + events), 0, days=2)
    assert [act.at for act in acts] == [
        datetime(2020, 1, 1, 3, 10, tzinfo=UTC),
        datetime(2020, 1, 1, 12, 0, tzinfo=UTC),
        datetime(2020, 1, 1, 13, 30, tzinfo=UTC),
        datetime(2020, 1, 2, 2, 0, tzinfo=UTC),
    ]


def test_a_plan_counts_its_start_from_its_filing_and_its_end_from_its_start(tmp_path: Path) -> None:
    ((filed, plan),) = plans(expand(read(tmp_path, SMALL + PATROL), 0), "us")
    assert (plan.start - filed, plan.end - plan.start) == (timedelta(hours=1), timedelta(minutes=30))
    assert plan.area == Circle(centre=Position(38.0, 34.0), radius_nm=5)


def test_traffic_avoids_the_timeline_of_its_own_side(tmp_path: Path) -> None:
    all_day = PATROL.replace('"+00:30"', '"+20:00"')
    ours = [plan for _, plan in plans(expand(read(tmp_path, SMALL + all_day + TRAFFIC), 0), "us")]
    assert {plan.lower_ft for plan in ours if plan.callsign != "EXER01"} == {14_000}


def test_traffic_can_be_handed_in_together(tmp_path: Path) -> None:
    text = TRAFFIC + 'filed_at = ["07:00", "12:00"]\nnotice_min = [60, 60]\n'
    filed = {at.astimezone(UTC).hour for at, _ in plans(expand(read(tmp_path, SMALL + text), 0), "us")}
    assert filed == {4, 9}


def test_short_notice_is_kept_out_of_the_common_filing(tmp_path: Path) -> None:
    text = TRAFFIC + 'filed_at = ["07:00"]\nshort_notice = 1\nshort_notice_min = [20, 30]\n'
    for filed, plan in plans(expand(read(tmp_path, SMALL + text), 0), "us"):
        assert timedelta(minutes=20) <= plan.start - filed <= timedelta(minutes=31)


def test_troubles_become_outages_partitions_and_crashes(tmp_path: Path) -> None:
    text = """
[[timeline]]
at = "+01:00"
action = "outage"
minutes = 30
[[timeline]]
at = "+02:00"
action = "partition"
between = ["us", "ru"]
minutes = 5
[[timeline]]
at = "+03:00"
action = "crash"
party = "us"
minutes = 2
"""
    scenario = read(tmp_path, SMALL + text)
    network, faults = troubles(scenario, NetworkModel())
    assert network.outages[0].end - network.outages[0].start == timedelta(minutes=30)
    assert network.partitions[0].between == ("us", "ru")
    assert (faults.crashes[0].party, faults.crashes[0].down_s) == ("us", 120)
    assert expand(scenario, 0) == ()


@pytest.mark.parametrize(
    ("text", "field", "would_be_right"),
    [
        (SMALL.replace('title = "A small scenario"', ""), "title", "missing required field"),
        (SMALL.replace("+03:00", ""), "start", "timezone"),
        (SMALL + "[parties.cn]\n", "parties.cn", "us, ru"),
        (
            SMALL.replace("[parties.us]", "[parties.us]\nstrategy = { expnent = 2 }"),
            "parties.us.strategy.expnent",
            "exponent",
        ),
        (SMALL.replace("agreement", "agreemnt"), "agreement", "missing required field"),
        (SMALL.replace("[parties.us]", "sped = 3\n[parties.us]"), "sped", "speed"),
        (SMALL.replace('"valley"', '"nowhere"'), "file", "cannot be read"),
        (SMALL + PATROL.replace("submit-plan", "submit"), "timeline[0].action", "submit-plan, "),
        (SMALL + PATROL.replace('"us"', '"uk"'), "timeline[0].to", "us, ru"),
        (SMALL + PATROL.replace('"+00:10"', '"in ten minutes"'), "timeline[0].at", '"16:30"'),
        (SMALL + PATROL.replace("Somewhere", "Nowhere"), "timeline[0].plan.area", "[places]"),
        (SMALL + PATROL.replace("EXER01", "exer 01"), "timeline[0].plan.callsign", "regex"),
        (SMALL + PATROL.replace("14_000", "9_000"), "timeline[0].plan.lower_ft", "below upper_ft"),
        (SMALL + PATROL + 'kind = "patrl"\n', "timeline[0].plan.kind", "patrol, surveillance"),
        (SMALL + PATROL + 'colour = "blue"\n', "timeline[0].plan.colour", "callsign"),
        (SMALL + PATROL + PATROL, "timeline[1].plan.plan_id", "another plan"),
        (
            SMALL + PATROL.replace("[timeline.plan]", 'source = "X"\n[timeline.plan]'),
            "timeline[0].source",
            "[[sources]]",
        ),
        (SMALL + TRAFFIC.replace('"B"]', '"Z"]'), "traffic[0].blocks", "A, B, C, D, E, F"),
        (SMALL + TRAFFIC.replace("[30, 60]", "[60, 30]"), "traffic[0].duration_min", "[30, 60]"),
        (SMALL + TRAFFIC.replace('["08:00"', '["+08:00"'), "traffic[0].window", '"05:00"'),
        (SMALL + TRAFFIC + "weights = [1, 2]\n", "traffic[0].weights", "1 areas"),
        (SMALL + TRAFFIC + TRAFFIC, "traffic[1].callsign", "once"),
        (SMALL + TRAFFIC.replace("Somewhere", "Nowhere"), "traffic[0].areas[0]", "[places]"),
        (SMALL + TRAFFIC.replace("a_day = 8", "a_day = 800"), "traffic[0].a_day", "<= 99"),
        (SMALL.replace("us]", "us]\nofficer = { gather_s = 3_600 }"), "parties.us.officer.gather_s", "3600"),
        (SMALL + CRASH.format("sky"), "timeline[0].party", "us, ru, monitor"),
        (SMALL + SKY + CRASH.format("director"), "timeline[0].party", "us, ru, monitor, sky"),
        (SMALL + ADVICE + 'lasts = "0m"\n', "timeline[0].lasts", '"1h"'),
        ("= =", "file", "TOML"),
    ],
)
def test_an_error_names_the_file_the_field_and_what_would_be_right(
    tmp_path: Path, text: str, field: str, would_be_right: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, text)
    assert caught.value.file.endswith(".toml")
    assert caught.value.field == field
    assert would_be_right in str(caught.value)


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(ScenarioError, match="valley-day"):
        read_scenario("no-such-day")


def test_an_agreement_can_stand_beside_its_scenario_and_its_errors_name_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\nparties = ["us", "ru"]\n')
    with pytest.raises(ScenarioError, match=r"mine\.toml: altitude_blocks"):
        read(tmp_path, SMALL.replace('"valley"', '"mine.toml"'))


def test_the_example_in_the_documentation_can_be_read_and_played(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text()
    example = text.split("```toml\n")[1].split("```")[0]
    acts = expand(read(tmp_path, example), 1)
    assert {act.kind.__name__ for act in acts} == {"SubmitPlan", "ReportSighting"}
