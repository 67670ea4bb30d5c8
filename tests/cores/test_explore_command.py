"""`hotline explore` on the command line: its output, its exit codes, and resuming from a checkpoint."""

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hotline_services.cli.explore import UNFINISHED, Result, explore
from hotline_services.explore.kept import kept_graphs

PATIENCE_S = 120


def test_it_tells_how_many_states_were_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert explore(["peer-down", "reordered"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"peer-down: {kept_graphs()['peer-down'].states:,} states")
    assert first.endswith("all looked at, none is wrong; as kept")
    assert second.startswith("reordered: ")


def test_a_search_that_was_ended_goes_on_from_its_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = tmp_path / "away.checkpoint"
    assert explore(["away"], checkpoint=checkpoint, most_states=300, json=True) == UNFINISHED
    (half,) = msgspec.json.decode(capsys.readouterr().out, type=list[Result])
    assert not half.graph.complete
    assert explore(["away"], checkpoint=checkpoint, json=True) == 0
    (whole,) = msgspec.json.decode(capsys.readouterr().out, type=list[Result])
    assert whole.graph.states > half.graph.states >= 300
    assert whole.graph.digest == kept_graphs()["away"].digest
    assert not checkpoint.exists()


def test_the_world_for_a_long_search_can_be_begun(tmp_path: Path) -> None:
    large = Path(__file__).parents[2] / "benchmarks" / "worlds" / "two-plans-large.toml"
    assert explore([str(large)], checkpoint=tmp_path / "large.checkpoint", most_states=200) == UNFINISHED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "no world of this name is shipped"),
        (["peer-down", "away", "--checkpoint", "x"], "it is of one world"),
        (["nowhere.toml"], "cannot be read"),
    ],
)
def test_bad_input_is_told_in_a_sentence(arguments: list[str], said: str) -> None:
    command = [sys.executable, "-m", "hotline_services.cli.main", "explore", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert not done.stdout


def test_a_checkpoint_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = tmp_path / "bad"
    checkpoint.write_bytes(b"no checkpoint")
    assert explore(["away"], checkpoint=checkpoint) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_an_act_that_is_no_message_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = tmp_path / "world.toml"
    scenario = Path(__file__).parents[2] / "scenarios" / "explore" / "scenarios" / "pair.toml"
    act = '[[acts]]\nat_min = 1\nto = "us"\n[acts.message]\ntype = "cancel-plan"\n'
    world.write_text(f'name = "world"\ntitle = "A world"\nscenario = "{scenario}"\n{act}', encoding="utf-8")
    assert explore([str(world)]) == 2
    assert "acts[0].message" in capsys.readouterr().err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupted_search_keeps_how_far_it_came(tmp_path: Path, workers: str) -> None:
    checkpoint = tmp_path / "two.checkpoint"
    command = [sys.executable, "-m", "hotline_services.cli.main", "explore", "two-plans"]
    options = ["--checkpoint", str(checkpoint), "--workers", workers]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "states a second" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(PATIENCE_S) == 130, said
    assert "goes on from there" in said
    assert checkpoint.stat().st_size > 0
