"""`hotline simulate`: the same seed, the same bytes; bad input, one clear sentence."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hotline_services.cli.simulate import simulate
from hotline_services.runtime.recording import RecordingReader

SCENARIO = "valley-day"
DAYS = 0.3
OUTPUT_IS_FULL = "hotline: the output cannot be written: No space left on device. Make room, or have it elsewhere.\n"


def recorded(path: Path, seed: int) -> bytes:
    assert simulate(SCENARIO, seed=seed, days=DAYS, out=path) == 0
    return path.read_bytes()


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = recorded(tmp_path / "a.jsonl", 1)
    assert first == recorded(tmp_path / "b.jsonl", 1)
    assert first != recorded(tmp_path / "c.jsonl", 2)


def test_the_recording_says_what_was_run_and_holds_every_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run.jsonl"
    simulate(SCENARIO, seed=3, days=DAYS, out=out, json=True)
    summary = json.loads(capsys.readouterr().out)
    with out.open("rb") as file:
        reader = RecordingReader(file)
        messages = sum(1 for _ in reader)
    assert (reader.header.scenario, reader.header.seed, reader.header.days) == (SCENARIO, 3, DAYS)
    assert summary["messages"] == messages
    assert summary["summary"]["days"] == DAYS
    assert summary["outcomes"]["calls_per_day"] == pytest.approx(summary["summary"]["calls"]["total"] / DAYS)


def test_a_recording_to_the_standard_output_is_not_mixed_with_the_summary(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    simulate(SCENARIO, seed=1, days=DAYS, out=Path("-"))
    printed = capfdbinary.readouterr()
    assert printed.out == recorded(tmp_path / "a.jsonl", 1)
    assert b"calls" in printed.err


def test_the_summary_is_a_table_of_calls_and_what_came_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    simulate(SCENARIO, seed=1, days=1)
    printed = capsys.readouterr().out
    for row in ("calls", "by reason", "by tier", "by outcome", "negotiations", "agreements", "line load", "1 day:"):
        assert row in printed


def test_a_changed_value_changes_the_run_and_is_told_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    def simulated(*changes: str) -> Any:
        assert simulate(SCENARIO, seed=1, days=1, set=changes, json=True) == 0
        return json.loads(capsys.readouterr().out)

    plain, doubled = simulated(), simulated("traffic.TALON.tempo=2", "traffic.FINCH.a_day = 9")
    assert doubled["changes"] == {"traffic.TALON.tempo": 2, "traffic.FINCH.a_day": 9}
    assert sum(doubled["summary"]["plans"].values()) > sum(plain["summary"]["plans"].values())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("traffic.TALON.tempo", "--set: traffic.TALON.tempo: write path=value"),
        ("traffic.TALN.tempo=2", "traffic.TALN.tempo: none is called 'TALN'; there are: TALON, "),
        ("traffic.TALON.tempi=2", "traffic[0].tempi: no such field; there are: "),
        ("traffic.TALON.tempo=fast", "traffic[0].tempo: Expected `float`, got `str`"),
        ("agreement.line_check.caller=fr", "agreement.line_check.caller: 'fr' is not a party"),
        ("officers.ru.duty.absent=6 hours", 'officers.ru.duty.absent: 6 hours is no length of time: write "27m"'),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_with_its_path_and_what_would_be_right(
    change: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(SCENARIO, days=1, set=(change,)) == 2
    assert reason in capsys.readouterr().err


def test_a_run_that_is_interrupted_says_that_its_recording_is_partial(tmp_path: Path) -> None:
    out = tmp_path / "run.fifo"
    os.mkfifo(out)
    command = [sys.executable, "-m", "hotline_services.cli.main", "simulate", SCENARIO, "--days", "300"]
    with subprocess.Popen([*command, "--out", str(out)], stderr=subprocess.PIPE, text=True) as running:
        with out.open("rb") as recording:
            recording.readline()
            running.send_signal(signal.SIGINT)
            recording.read()
        assert running.stderr
        said = running.stderr.read()
    assert running.returncode == 130
    assert f"of 300 days; {out} is partial" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("scenario", "days", "out", "reason"),
    [
        ("no-such-day", 1, None, "no-such-day: name: none of this name is shipped"),
        ("no-such-day.toml", 1, None, "no-such-day.toml: file: cannot be read: No such file or directory"),
        (SCENARIO, 0, None, "--days: 0: more than 0"),
        (SCENARIO, -1, None, "--days: -1: more than 0"),
        (SCENARIO, 1, Path("no/such/folder/run.jsonl"), "--out: no/such/folder/run.jsonl: No such file or directory"),
    ],
)
def test_bad_input_is_refused_with_its_name_and_the_reason(
    scenario: str, days: float, out: Path | None, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(scenario, days=days, out=out) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert reason in printed.err


def test_the_bytes_do_not_depend_on_how_this_process_hashes() -> None:
    def recorded_with(hash_seed: str) -> bytes:
        command = [
            sys.executable,
            "-m",
            "hotline_services.cli.main",
            "simulate",
            SCENARIO,
            "--days",
            "0.2",
            "--out",
            "-",
        ]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.run(command, env=environment, capture_output=True, check=True, timeout=300).stdout

    first = recorded_with("1")
    assert first.count(b"\n") > 10
    assert first == recorded_with("2")


def test_a_historical_scenario_is_held_against_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    simulate("deir-ez-zor-2016-09-17")
    as_it_was = capsys.readouterr().out
    simulate("deir-ez-zor-2016-09-17", set=("officers.us.duty.absent=0m",))
    at_the_desk = capsys.readouterr().out
    assert "as known" in as_it_was
    assert "OTHERWISE" not in as_it_was
    assert "disputed: " in as_it_was
    assert "OTHERWISE" in at_the_desk


def test_what_is_known_is_part_of_the_summary_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    simulate("deir-ez-zor-2016-09-17", json=True)
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert "understood" in [finding["name"] for finding in findings]
    assert all(finding["met"] for finding in findings)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--out", "/dev/full"], "hotline simulate: --out: /dev/full: No space left on device\n"),
        (["--out", "-"], OUTPUT_IS_FULL),
        (["--json"], OUTPUT_IS_FULL),
        ([], OUTPUT_IS_FULL),
    ],
)
def test_a_full_disk_is_told_in_one_sentence(options: list[str], sentence: str) -> None:
    quiet = ["--set", "timeline.*.happens=false"]  # else a warning comes before, of what lies beyond the end
    command = [sys.executable, "-m", "hotline_services.cli.main", "simulate", SCENARIO, "--days", "0.1", *quiet]
    command += options
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (run.returncode, run.stderr) == (2, sentence)


def test_a_line_that_is_off_has_attempts_and_no_calls(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(SCENARIO, seed=1, days=DAYS, set=("circuit.available=false",), json=True) == 0
    run = json.loads(capsys.readouterr().out)
    calls = run["summary"]["calls"]
    assert (calls["total"], calls["by_party"], calls["by_day"]) == (0, {}, [0])
    assert calls["attempts"] == sum(calls["by_outcome"].values()) > 0
    assert run["outcomes"]["calls_per_day"] == 0
