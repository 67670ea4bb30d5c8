"""`hotline --help` and `hotline COMMAND --help`, and what they do not take the time to import."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from cyclopts import App

from hotline_services.cli.main import COMMANDS, command_line

FULL = Path("/dev/full")
HOTLINE = [sys.executable, "-m", "hotline_services.cli.main"]


def helped(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    command_line(words[0])(words, result_action="return_value")
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


def test_each_command_is_listed_with_a_word_on_it_and_none_is_imported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _, where, _, _ in COMMANDS:
        monkeypatch.delitem(sys.modules, f"hotline_services.cli.{where.partition(':')[0]}", raising=False)
    out = helped(capsys, "--help")
    for name, where, _, sentence in COMMANDS:
        assert f"{name} {sentence}" in out
        assert f"hotline_services.cli.{where.partition(':')[0]}" not in sys.modules


@pytest.mark.parametrize(("name", "where"), [(name, where) for name, where, _, _ in COMMANDS])
def test_a_command_that_is_asked_for_explains_itself_at_length(
    name: str, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module, _, function = where.partition(":")
    explained = inspect.getdoc(getattr(importlib.import_module(f"hotline_services.cli.{module}"), function)) or ""
    out = helped(capsys, name, "--help")
    assert out.startswith(f"Usage: hotline {name}")
    assert " ".join(explained.partition("\n\n")[0].split()) in out


@pytest.mark.parametrize("seed", ["1.5", "-1", "0x10", "9007199254740993", "²"])
def test_a_seed_that_is_no_whole_number_is_refused_and_never_rounded(
    seed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["simulate", "valley-day"], ["demo"], ["run", "sky"]):
        with pytest.raises(SystemExit) as caught:
            command_line()([*command, f"--seed={seed}"])
        assert caught.value.code == 2
        assert f'Invalid value for --seed: "{seed}" is no whole number' in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--help"], ["aco", "--help"], ["asyncapi"]])
def test_an_output_that_takes_no_more_is_told_in_a_sentence(words: list[str]) -> None:
    if not FULL.exists():
        pytest.skip(f"this machine has no {FULL}")
    with FULL.open("w") as full:
        ended = subprocess.run([*HOTLINE, *words], stdout=full, stderr=subprocess.PIPE, check=False, text=True)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "the output cannot be written: No space left on device" in ended.stderr


def test_a_command_whose_output_was_closed_runs_and_says_nothing() -> None:
    closed = [sys.executable, "-c", "import os, sys; os.close(1); os.execv(sys.argv[1], sys.argv[1:])"]
    ended = subprocess.run([*closed, *HOTLINE, "asyncapi"], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


NEEDS = {
    "console": ["--as", "ru"],
    "debrief": ["--party", "ru"],
    "export": ["--to", "czml"],
    "health": ["us"],
    "inject": ["plan.json", "--to", "us"],
    "recording": ["--out", "run.jsonl"],
    "replay": ["run.jsonl", "other.jsonl"],
    "report": ["run.jsonl"],
    "run": ["sky"],
    "simulate": ["valley-day"],
}
"""What a command asks for before it looks at anything else."""


def commands() -> list[list[str]]:
    """Every command with its subcommands, each with what it cannot do without."""
    found = []
    for name, where, _, _ in COMMANDS:
        module, _, member = where.partition(":")
        command = getattr(importlib.import_module(f"hotline_services.cli.{module}"), member)
        below = [one for one in command if not one.startswith("-")] if isinstance(command, App) else []
        found += [[name, one] for one in below] or [[name, *NEEDS.get(name, [])]]
    return found


NAMES_OF_FILES = {"aco read": ["order.txt"], "aco write": ["run.jsonl", "--out", "order.txt"]}


@pytest.mark.parametrize("words", commands(), ids=" ".join)
@pytest.mark.parametrize("value", [[], ["80"]])
def test_an_unknown_option_is_refused_by_its_name(
    words: list[str], value: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        command_line(words[0])([*words, *NAMES_OF_FILES.get(" ".join(words), []), "--no-such-option", *value])
    assert caught.value.code == 2
    assert "Unknown option: --no-such-option" in " ".join(capsys.readouterr().err.replace("│", " ").split())


@pytest.mark.parametrize(
    "words", [["export", "run.jsonl", "--to", "czml", "--out"], ["simulate", "valley-day", "--out"]]
)
def test_an_unknown_option_is_not_the_file_of_the_option_before_it(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        command_line(words[0])([*words, "--no-such-option"])
    assert caught.value.code == 2
    assert "Unknown option: --no-such-option" in capsys.readouterr().err


def test_a_file_whose_name_begins_with_a_hyphen_is_written_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command_line("replay")(["replay", "./--run.jsonl"], result_action="return_value") == 2
    assert "--run.jsonl: No such file" in capsys.readouterr().err
