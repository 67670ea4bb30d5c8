"""What lies beyond the end of a run is told before it: events, outages, absences, facts, levels of experiments."""

from datetime import timedelta
from pathlib import Path

import pytest

from hotline_services.cli import experiment as experiment_module
from hotline_services.cli.experiment import experiment
from hotline_services.cli.simulate import simulate
from hotline_services.director.horizon import beyond, end_of
from hotline_services.director.scenario import read_scenario, shipped_scenarios
from hotline_services.experiment.analysis.unreached_levels import warnings
from hotline_services.experiment.design_file import read_experiment, shipped_experiments

LATER = {
    "circuit.down": [{"start": "+60:00", "lasts": "6h"}],
    "officers.us.duty.absent": "27m",
    "officers.us.duty.absent_from": "+50:00",
}


@pytest.mark.parametrize("name", shipped_scenarios())
def test_all_of_a_shipped_scenario_happens_within_its_own_days(name: str) -> None:
    scenario = read_scenario(name)
    assert beyond(scenario, end_of(scenario, scenario.days)) == []


@pytest.mark.parametrize("name", shipped_experiments())
def test_all_of_a_shipped_experiment_happens_within_its_own_days(name: str) -> None:
    assert list(warnings(read_experiment(name))) == []


def test_an_outage_and_an_absence_beyond_the_end_are_found_in_the_order_of_time() -> None:
    scenario = read_scenario("valley-day", LATER)
    assert [each.field for each in beyond(scenario, end_of(scenario, 1))] == [
        "officers.us.duty.absent_from",
        "circuit.down[0].start",
    ]
    assert [each.field for each in beyond(scenario, end_of(scenario, 2.1))] == ["circuit.down[0].start"]
    assert beyond(scenario, end_of(scenario, 3)) == []


def test_an_absence_of_each_day_is_within_every_run() -> None:
    scenario = read_scenario(
        "valley-2017",
        {
            "officers.us.duty.absent": "27m",
            "officers.us.duty.absent_from": "12:00",
            "officers.us.duty.daily": True,
        },
    )
    assert beyond(scenario, end_of(scenario, 1)) == []


def test_an_event_that_does_not_happen_is_not_missed() -> None:
    scenario = read_scenario("khasham-2018-02-07")
    first = min(event.at.after(scenario.start) for event in scenario.happening)
    late = beyond(scenario, first)
    assert {each.field for each in late} >= {"timeline[0].at", "expect[1].at"}
    without = read_scenario("khasham-2018-02-07", {"timeline.*.happens": False})
    assert {each.field for each in beyond(without, first)} == {each.field for each in late if "expect" in each.field}
    assert beyond(scenario, first + timedelta(days=30)) == []


def test_a_simulation_that_ends_before_its_outage_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    change = 'circuit.down=[{start="+20:00", lasts="1h"}]'
    assert simulate("valley-day", days=0.1, set=(change,), json=True) == 0
    told = capsys.readouterr()
    assert "hotline simulate: warning: beyond the end of the run (2017-07-20 06:24), and so never: " in told.err
    assert "circuit.down[0].start (2017-07-21 00:00)" in told.err
    assert told.out.startswith("{")


def test_the_level_of_an_experiment_that_changes_nothing_is_named() -> None:
    (told,) = warnings(read_experiment("outage", {"days": 1}))
    assert told.startswith("line down-6h: circuit.down[0].start is at 2017-08-22 12:00, beyond the end of the run")
    assert list(warnings(read_experiment("outage", {"days": 3}))) == []


def test_an_experiment_tells_before_its_first_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told_by_now(*_: object) -> None:
        assert "line down-6h" in capsys.readouterr().err
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment_module, "conduct", told_by_now)
    assert experiment("outage", out=tmp_path, days=1, replications=1, jobs=1) == 130
