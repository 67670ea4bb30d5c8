"""The benchmarks of kills, load and recovery run, in small, and find what they want to find."""

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import need

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PATIENCE_S = 300


def run(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / name), *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_a_few_kills_lose_double_and_deny_nothing(tmp_path: Path) -> None:
    need("mosquitto")
    results = tmp_path / "kills.jsonl"
    options = ["--on", "mosquitto", "--results", str(results), "--keep", str(tmp_path / "kept")]
    done = run("bench_kills.py", "--runs", "1", "--kills", "4", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 kills in" in done.stdout
    again = run("bench_kills.py", "--runs", "1", "--kills", "4", *options)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "kills in" not in again.stdout, "what is in the results is not run again"


@pytest.mark.parametrize("rate", ["20"])
def test_a_small_load_is_answered_whole(rate: str) -> None:
    need("mosquitto")
    done = run("bench_load.py", "--rate", rate, "--minutes", "0.05")
    assert "answered 60 of 60" in done.stdout, done.stdout + done.stderr
    assert "60 accepted" in done.stdout


def test_the_journal_of_a_day_is_recovered() -> None:
    done = run("bench_recovery.py", "--days", "1", "--repeats", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "recovered" in done.stdout


def test_the_memory_of_a_short_run_is_told_for_each_process() -> None:
    need("mosquitto")
    done = run("bench_long_run.py", "--minutes", "0.3", "--most-mb", "1000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(name in done.stdout for name in ("monitor", "aoc us", "aoc ru", "sky", "director"))


def test_make_soak_runs_everything_that_takes_long() -> None:
    told = subprocess.run(
        ["make", "-n", "soak", "VENV=.venv"], cwd=BENCHMARKS.parent, capture_output=True, text=True, check=True
    ).stdout
    long_runs = [line for line in told.splitlines() if ".py" in line or "pytest" in line]
    for script in ("tools/soak.py", "bench_kills.py", "bench_load.py", "bench_long_run.py", "pytest", "-m nightly"):
        assert any(script in line for line in long_runs), script
