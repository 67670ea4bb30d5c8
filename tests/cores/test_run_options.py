"""`hotline run` and `hotline demo`: what cannot be played is refused before anything is started."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_services.cli.demo import demo
from hotline_services.cli.page import kept
from hotline_services.cli.run import run, sound_start
from hotline_services.director.scenario import read_scenario
from hotline_services.world import director_service


@pytest.mark.parametrize("speed", [0.0, -5.0, float("nan"), float("inf"), 1e9])
def test_a_speed_at_which_time_does_not_run_forwards_is_refused(
    speed: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("director", speed=speed, data=tmp_path / "var") == 2
    assert demo(speed=speed, data=tmp_path / "var") == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[2] for line in told] == [
        f"--speed: {speed:g}: more than 0, and no more than 100,000"
    ] * 2
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("days", [0, -2, 3_661])
def test_days_without_a_beginning_or_an_end_are_refused(
    days: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("director", days=days, data=tmp_path / "var") == 2
    assert demo(days=days, data=tmp_path / "var") == 2
    assert capsys.readouterr().err.count(f"--days: {days}: more than 0, and no more than 3,660") == 2


@pytest.mark.parametrize("keep", [-1.0, float("nan"), float("inf"), 1e9])
def test_a_page_that_would_go_back_by_no_number_of_days_is_refused(
    keep: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("page", keep=keep, data=tmp_path / "var") == 2
    assert f"--keep: {keep:g}: simulated days, up to 36,500, or 0 for all of them" in capsys.readouterr().err


def test_a_page_goes_back_by_so_many_days_or_without_an_end() -> None:
    assert kept(1.5) == timedelta(hours=36)
    assert kept(0) is None


def test_no_time_at_all_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo(seconds=-1.0, data=tmp_path / "var") == 2
    assert "--seconds: -1: more than 0" in capsys.readouterr().err


def test_a_data_folder_that_cannot_be_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert demo(data=tmp_path / "file") == 2
    assert "--data: " in capsys.readouterr().err


def test_a_recording_that_could_not_be_written_in_the_end_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo(data=tmp_path / "var", out=tmp_path / "nowhere" / "run.jsonl") == 2
    assert "nowhere is no folder" in capsys.readouterr().err
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("text", ["soon", "09:59", "2016-09-16T13:20Z", "2026-01-01T00:00Z", "25:00"])
def test_a_beginning_outside_the_scenario_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, data = "deir-ez-zor-2016-09-17", tmp_path / "var"
    assert demo(scenario, begin=text, data=data) == 2
    assert run("director", scenario=scenario, begin=text, data=data) == 2
    assert capsys.readouterr().err.count("--from: ") == 2
    assert not data.exists()


@pytest.mark.parametrize("text", ["13:20", "13:20Z", "2016-09-17T13:20Z", "2016-09-17T15:20+02:00"])
def test_a_later_beginning_is_where_the_director_sets_the_clock(text: str) -> None:
    scenario = read_scenario("deir-ez-zor-2016-09-17")
    start = sound_start(text, scenario)
    service = director_service(scenario, 1, None, speed=1.0, real_start=datetime.now(UTC), start=start)
    assert service.sets_clock is not None
    assert service.sets_clock.simulated_start == datetime(2016, 9, 17, 13, 20, tzinfo=UTC)
    core = service.core("e")
    assert {act.time for act in core.lapse(service.sets_clock.simulated_start)} == {service.sets_clock.simulated_start}
