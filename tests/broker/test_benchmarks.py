"""Every benchmark runs to its end at its smallest sizes, and some find what they want to find."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.nightly import nightly

from .conftest import need

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PATIENCE_S = 300
LOOKED_INTO = {"bench_kills", "bench_load", "bench_long_run", "bench_recovery"}
"""Tests of their own run them, and look at what they say."""
LONG = ("bench_before", "bench_live", "bench_page", "bench_page_server")
"""They start services or browsers."""
PARTS = {"bench_before": ["month"]}
"""What is tried of a benchmark with parts that others try as well."""


def run(name: str, *arguments: str) -> str:
    """What the benchmark prints at its smallest sizes, or at those of the arguments."""
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / f"{name}.py"), *arguments, "--smoke"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


OTHERS = sorted({path.stem for path in BENCHMARKS.glob("bench_*.py")} - LOOKED_INTO)


@pytest.mark.parametrize("name", [*(name for name in OTHERS if name not in LONG), *nightly(LONG)])
def test_a_benchmark_runs_to_its_end(name: str) -> None:
    need("mosquitto")
    assert run(name, *PARTS.get(name, [])).strip()


def test_a_few_kills_lose_double_and_deny_nothing(tmp_path: Path) -> None:
    need("mosquitto")
    options = ["--results", str(tmp_path / "kills.jsonl"), "--keep", str(tmp_path / "kept")]
    assert "2 kills in" in run("bench_kills", "--kills", "2", *options)
    assert "kills in" not in run("bench_kills", "--kills", "2", *options), "what is in the results is not run again"


def test_a_small_load_is_answered_whole() -> None:
    need("mosquitto")
    told = run("bench_load")
    assert "answered 60 of 60" in told, told
    assert "60 accepted" in told


def test_the_journal_of_a_day_is_recovered() -> None:
    told = run("bench_recovery")
    assert "with the newest snapshot" in told
    assert "snapshots, " in told, told


def test_the_memory_of_a_short_run_is_told_for_each_process() -> None:
    need("mosquitto")
    told = run("bench_long_run")
    assert all(name in told for name in ("monitor", "aoc us", "aoc ru", "sky", "director"))


def test_make_soak_runs_everything_that_takes_long() -> None:
    told = subprocess.run(
        ["make", "-n", "soak", "VENV=.venv"], cwd=BENCHMARKS.parent, capture_output=True, text=True, check=True
    ).stdout
    long_runs = [line for line in told.splitlines() if ".py" in line or "pytest" in line]
    for script in ("tools/soak.py", "bench_kills.py", "bench_load.py", "bench_long_run.py", "pytest", "-m nightly"):
        assert any(script in line for line in long_runs), script
