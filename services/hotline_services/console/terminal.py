"""What is left to do when the terminal is closed under a console."""

import contextlib
import errno
import os
import select
import sys
import termios
from collections.abc import Iterator
from typing import Any, Final, TextIO

from hotline_services.output_encoding import handler_name

OUTPUTS: Final = (1, 2)  # by number: whoever draws on the terminal has put something else in the place of sys.stdout


def let_go_of_a_closed_terminal() -> None:
    """Have what is still written to a terminal that is gone go nowhere, rather than raise an error."""
    for fd in OUTPUTS:
        try:
            termios.tcgetattr(fd)
        except termios.error as error:  # any other error is that of a file or a pipe, which are still there
            if error.args[0] == errno.EIO:
                os.dup2(os.open(os.devnull, os.O_WRONLY), fd)


ROOM_S: Final = 1.0
"""How long a terminal that takes no output is waited for, before what was to be drawn is dropped."""


class LossyTerminal:
    """A terminal that may vanish or stop taking output under whoever draws on it: what cannot be drawn is dropped.

    Textual draws in a thread. If that dies of an error, or waits for ever, the console waits for it and never leaves.
    Opened anew, the terminal can be written to without waiting, while its other users wait as ever.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._out = os.open(os.ttyname(file.fileno()), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        self._wait_s = ROOM_S

    def write(self, text: str) -> int:
        """Draw this, or what there is room for within a second."""
        left = text.encode(self._file.encoding, errors=handler_name(self._file.encoding, cells=True))
        while left:
            _, room, _ = select.select([], [self._out], [], self._wait_s)
            self._wait_s = ROOM_S if room else 0.0
            if not room:
                break
            left = left[self._write(left) :]
        return len(text)

    def _write(self, text: bytes) -> int:
        """How much of this is done with."""
        try:
            return os.write(self._out, text)
        except BlockingIOError:
            return 0
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return len(text)  # there is nobody to see it

    def flush(self) -> None:
        """Nothing is buffered."""

    def close(self) -> None:
        """Let go of it."""
        os.close(self._out)

    def __getattr__(self, name: str) -> Any:  # whatever else a file has
        return getattr(self._file, name)


@contextlib.contextmanager
def lossy_screen() -> Iterator[None]:
    """Textual draws on ``sys.__stderr__``: for as long as this lasts, that drops what cannot be drawn."""
    terminal = sys.__stderr__
    if terminal is None or not terminal.isatty():
        yield
        return
    lossy = LossyTerminal(terminal)
    sys.__stderr__ = lossy  # type: ignore[misc,assignment]
    try:
        yield
    finally:
        sys.__stderr__ = terminal  # type: ignore[misc]
        lossy.close()
