"""Lines for a reader who may be slow, asleep or gone: whoever writes them never waits for that."""

import asyncio
import select
from collections import deque
from typing import Final, TextIO

LINES_AT_MOST: Final = 10_000
RETRY_S: Final = 0.1
LAST_S: Final = 1.0


class LineOutput:
    """Writes lines as far as ``output`` takes them at once, keeps up to ``at_most`` for later, and counts the others.

    A line is shorter than 4,096 bytes: so much a pipe takes when it says that it takes anything. ``failed`` is done,
    with the error, when it takes no more at all.
    """

    def __init__(self, output: TextIO, at_most: int = LINES_AT_MOST) -> None:
        self._output: Final = output
        self._at_most: Final = at_most
        self._lines: Final[deque[str]] = deque()
        self._left_out = 0
        self._again: asyncio.TimerHandle | None = None
        self._poll = _poll_of(output)
        self.failed: Final[asyncio.Future[None]] = asyncio.get_running_loop().create_future()

    def write(self, line: str) -> None:
        """Write this line, now or later."""
        if self._left_out or len(self._lines) >= self._at_most:
            self._left_out += 1
        else:
            self._lines.append(line)
        self._pump()

    async def drained(self) -> None:
        """Give the reader a moment to take what is left."""
        if self._lines and not self.failed.done():
            await asyncio.wait([self.failed], timeout=LAST_S)
        if self._again is not None:
            self._again.cancel()

    def _pump(self) -> None:
        while self._lines and not self.failed.done() and (self._poll is None or self._poll.poll(0)):
            try:
                self._output.write(f"{self._lines.popleft()}\n")
                self._output.flush()
            except OSError as error:
                self.failed.set_exception(error)
            if not self._lines and self._left_out:
                self._lines.append(f"... {self._left_out:,} lines are left out: nobody read them")
                self._left_out = 0
        if self._lines and not self.failed.done() and self._again is None:
            self._again = asyncio.get_running_loop().call_later(RETRY_S, self._retry)

    def _retry(self) -> None:
        self._again = None
        self._pump()


def _poll_of(output: TextIO) -> "select.poll | None":
    """What tells whether it takes more now; None for what always does."""
    try:
        number = output.fileno()
    except (OSError, ValueError):
        return None
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return poll
