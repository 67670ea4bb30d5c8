"""The console line by line: for screen readers, scripts and pipes. Commands come in, sentences go out."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from hotline_services.runtime.wire import BrokerSettings
from hotline_services.text_files import MARK

from .desk.commands import CommandError, Commands, Reply
from .desk.desk_view import Matter, Notice
from .desk.sentences import status_lines, too_fast
from .session import Session
from .terminal import let_go_of_a_closed_terminal

LOOK_S: Final = 1.0
LINES_AHEAD: Final = 100
"""How many lines of the input may be read before they are obeyed."""
LONGEST_WAIT_S: Final = 86_400.0
SETTLE_S: Final = 2.0
"""How long after the end of the input the answers to the last commands are still told, in real seconds."""

Write = Callable[[str], None]


class PlainConsole:
    """Tells everything that matters as a line; ``duty_log`` adds the log of the whole line."""

    def __init__(self, session: Session, write: Write, *, duty_log: bool = False) -> None:
        self._session = session
        self._write = write
        self._duty_log = duty_log
        self._commands = Commands(session.view)

    async def run(self, settings: BrokerSettings, lines: AsyncIterator[str]) -> None:
        """Sit at the desk until told to leave, or the lines end. Raises NoBrokerError and DeskError."""
        self._session.on_news = self._tell
        async with self._session.seated(settings):
            self._commands.peers = self._session.peers
            for line in status_lines(self._session.view, self._session.now()):
                self._write(line)
            if warning := too_fast(self._session.view, self._session.speed):
                self._write(warning)
            working = [asyncio.ensure_future(work) for work in (self._obey_all(lines), self._watch())]
            lost = asyncio.ensure_future(self._session.lost())
            try:
                done, _ = await asyncio.wait({*working, lost}, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()
            finally:
                for each in (*working, lost):
                    each.cancel()

    def _tell(self, notices: list[Notice]) -> None:
        for notice in notices:
            if notice.matter is not Matter.LOG or self._duty_log:
                self._write(notice.text)

    async def _watch(self) -> None:
        """Tell what has lapsed with nobody saying so."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._tell(self._session.view.lapse(self._session.now()))

    async def _obey_all(self, lines: AsyncIterator[str]) -> None:
        async for line in lines:
            if await self._obey(line):
                return
        await asyncio.sleep(SETTLE_S)

    async def _obey(self, line: str) -> bool:
        """Whether that was to leave."""
        command, *rest = line.lower().split() or [""]
        if command == "wait":
            await self._wait(" ".join(rest))
            return False
        try:
            reply = self._commands.obey(line, self._session.now())
        except CommandError as error:
            self._write(str(error))
            return False
        await self._act(reply)
        return reply.leave

    async def _act(self, reply: Reply) -> None:
        for line in reply.lines:
            self._write(line)
        for draft in reply.send:
            await self._session.send(draft)
        if reply.look:
            await self._session.look()

    async def _wait(self, what: str) -> None:
        """For scripts: so many real seconds, or until the phone rings, an offer is to be answered, or the call ends."""
        view = self._session.view
        reached: dict[str, Callable[[], bool]] = {
            "ring": lambda: view.rings,
            "offer": lambda: view.decision() is not None,
            "free": lambda: view.call is None,
        }
        if what in reached:
            await self._session.until(reached[what])
            return
        with contextlib.suppress(ValueError):
            if 0 <= (seconds := float(what)) <= LONGEST_WAIT_S:
                await asyncio.sleep(seconds)
                return
        self._write("Wait for how many seconds (a day at most), or for ring, offer or free?")


def write_line(line: str) -> None:
    """On the standard output, at once. Raises OSError, but not for a terminal that has just been closed."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError:
        let_go_of_a_closed_terminal()
        sys.stdout.flush()


async def standard_input() -> AsyncIterator[str]:
    """Lines as they come, from a terminal, a pipe or a file.

    Read by a thread: an event loop cannot wait for a file, and would make a terminal's output non-blocking too. It
    reads past Python's own buffer, whose lock would be missed when the program ends while it waits.
    """
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    room = threading.Semaphore(LINES_AHEAD)
    loop = asyncio.get_running_loop()

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            for line in _lines_read():
                room.acquire()
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name="standard-input", daemon=True).start()
    while (line := await lines.get()) is not None:
        room.release()
        yield line


def _lines_read() -> Iterator[str]:
    begun, mark = b"", MARK
    if sys.stdin is None:  # it was closed before we began
        return
    with contextlib.suppress(OSError):  # a terminal that is gone: nothing more comes
        while chunk := os.read(sys.stdin.fileno(), 65_536):
            *whole, begun = (begun + chunk.removeprefix(mark)).split(b"\n")
            mark = b""
            yield from (line.decode(errors="replace") for line in whole)
    if begun:
        yield begun.decode(errors="replace")
