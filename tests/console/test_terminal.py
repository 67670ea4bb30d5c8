"""A terminal that vanishes, or takes no more output, stops nobody who draws on it."""

import contextlib
import os
import pty
import sys
from collections.abc import Iterator
from typing import TextIO

import pytest

from hotline_services.console.terminal import LossyTerminal, lossy_screen


class Pair:
    """A pseudo terminal: where one draws, and where that is read."""

    def __init__(self) -> None:
        self.reader, drawn_on = pty.openpty()
        self.file: TextIO = os.fdopen(drawn_on, "w", buffering=1)

    def vanish(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self.reader)


@pytest.fixture
def pair() -> Iterator[Pair]:
    found = Pair()
    yield found
    found.vanish()
    with contextlib.suppress(OSError):
        found.file.close()


def test_what_is_drawn_arrives(pair: Pair) -> None:
    terminal = LossyTerminal(pair.file)
    assert terminal.write("hello") == 5
    terminal.flush()
    assert os.read(pair.reader, 100) == b"hello"
    assert terminal.isatty()


def test_drawing_on_a_terminal_that_is_gone_is_no_error(pair: Pair) -> None:
    terminal = LossyTerminal(pair.file)
    pair.vanish()
    assert terminal.write("hello\n") == 6
    terminal.flush()


def test_a_terminal_that_nobody_reads_is_drawn_on_no_more(pair: Pair) -> None:
    terminal = LossyTerminal(pair.file)
    lines = "x" * 500 + "\n"
    for _ in range(1_000):  # far more than a pseudo terminal buffers: without a bound this waits for ever
        assert terminal.write(lines) == len(lines)
        terminal.flush()


def test_the_screen_is_lossy_only_while_it_is_drawn(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "__stderr__", pair.file)
    with lossy_screen():
        assert isinstance(sys.__stderr__, LossyTerminal)
    assert sys.__stderr__ is pair.file
