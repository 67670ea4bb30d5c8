"""`hotline --help` and `hotline COMMAND --help`, and what they do not take the time to import."""

import importlib
import inspect
import sys

import pytest

from hotline_services.cli.main import COMMANDS, command_line


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
