"""`hotline run` and `hotline demo`: what cannot be played is refused before anything is started."""

from pathlib import Path

import pytest

from hotline_services.cli.demo import demo
from hotline_services.cli.run import run


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
