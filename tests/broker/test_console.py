"""`hotline console` at the desk of a real centre: by a pipe, in a real terminal, and what it says when it cannot."""

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.nightly import nightly

from hotline_protocol.flightplan import PlanState
from hotline_protocol.line import Concur, Ring
from hotline_protocol.message import Message, canonical_json
from hotline_protocol.orders import DecisionAwaited, DeskLeft, Leaving
from hotline_services.cli.debrief import debrief
from hotline_services.runtime.broker import BrokerError, EmbeddedBroker
from hotline_services.runtime.children import die_with_parent

from .test_stack import Quick, playing

PATIENCE_S: Final = 240
pytestmark = pytest.mark.either_broker
WINDOW: Final = (24, 80)
BAD_INPUT, NO_DESK, NO_BROKER = 2, 3, 4


@pytest.fixture
def a_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """Whichever there is."""
    try:
        broker = EmbeddedBroker(data=tmp_path / "broker")
    except BrokerError as error:
        pytest.skip(str(error))
    with broker:
        yield broker


def command(broker: EmbeddedBroker, *options: str) -> list[str]:
    return [sys.executable, "-m", "hotline_services.cli.main", "console", "--broker", broker.url, *options]


class Plain:
    """A console that reads a pipe."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told: list[str] = []

    async def say(self, *lines: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        await self.process.stdin.drain()

    async def tells(self, what: str) -> str:
        """The first line from now on with this in it."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self.process.stdout.readline()).decode():
                self.told.append(line)
                if what in line:
                    return line
        raise AssertionError(f"not told: {what!r} in {''.join(self.told)}")

    async def ends(self) -> tuple[int, str]:
        """Its exit code, and what it had to complain of."""
        async with asyncio.timeout(PATIENCE_S):
            rest, complaints = await self.process.communicate()
        self.told += rest.decode().splitlines(keepends=True)
        return self.process.returncode or 0, complaints.decode()


@contextlib.asynccontextmanager
async def plain(broker: EmbeddedBroker, *options: str) -> AsyncIterator[Plain]:
    process = await asyncio.create_subprocess_exec(
        *command(broker, "--plain", *options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield Plain(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def left_of(stack: Quick) -> DeskLeft:
    """How the only sitting ended."""
    (left,) = [message for message in stack.said if isinstance(message, DeskLeft)]
    return left


async def test_a_call_is_taken_and_an_offer_agreed_to_through_a_pipe(
    own_broker: EmbeddedBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with playing(own_broker, tmp_path, speed=4) as stack, plain(own_broker, "--as", "ru", "--name", "X") as desk:
        await desk.tells("You decide at the desk of RU")
        await desk.say("wait ring", "answer", "wait offer", "hint", "accept", "wait free", "quit")
        await stack.inject(canonical_json(stack.plan("near")))
        assert (await stack.settled("near")).state is PlanState.ACCEPTED
        code, complaints = await desk.ends()
    assert (code, complaints) == (0, "")
    told = "".join(desk.told)
    assert "The phone rings: US" in told
    assert "The automatic officer would concur." in told
    assert "You concurred: " in told
    assert "Agreed: " in told
    report = told[told.index("# After-action report: the desk of RU") :]
    capsys.readouterr()
    assert debrief(tmp_path / "monitor.sqlite3", party="ru", sitting=left_of(stack).by.sitting) == 0
    assert capsys.readouterr().out == report
    assert "The automatic officer would have said the same to 1 of 1." in told
    assert left_of(stack).how is Leaving.LEFT


async def test_a_desk_is_kept_through_the_death_of_its_centre(a_broker: EmbeddedBroker, tmp_path: Path) -> None:
    async with playing(a_broker, tmp_path, speed=4) as stack, plain(a_broker, "--as", "ru") as desk:
        await desk.tells("You decide")
        stack.kill("aoc ru")
        await desk.tells("has left the network")
        stack.launch("aoc ru")
        await desk.tells("is back")
        await desk.say("wait ring", "answer", "wait offer", "accept", "wait free", "quit")
        await stack.inject(canonical_json(stack.plan("near")))
        assert (await stack.settled("near")).state is PlanState.ACCEPTED
        assert (await desk.ends())[0] == 0


async def test_two_persons_bargain_with_each_other(a_broker: EmbeddedBroker, tmp_path: Path) -> None:
    async with (
        playing(a_broker, tmp_path, speed=4) as stack,
        plain(a_broker, "--as", "ru", "--name", "Col. X") as ru,
        plain(a_broker, "--as", "us", "--name", "Maj. Y") as us,
    ):
        await ru.tells("You decide")
        await us.tells("You decide")
        await ru.say("wait ring", "answer", "wait offer", "counter block 2", "wait free", "quit")
        await us.say("wait offer", "accept", "wait free", "quit")
        await stack.inject(canonical_json(stack.plan("near")))
        status = await stack.settled("near")
        assert (status.state, status.as_filed) == (PlanState.ACCEPTED, False)
        assert [(await each.ends())[0] for each in (ru, us)] == [0, 0]
        (concur,) = [message for message in stack.said if isinstance(message, Concur)]
        assert str(concur.cause).startswith("console-us-")


async def test_what_is_in_the_way_of_sitting_down_is_told_in_a_sentence(
    a_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with plain(a_broker, "--as", "ru") as desk:
        assert await desk.ends() == (NO_DESK, f"hotline console: {NOTHING_RUNS}\n")
    for name in ("+", "ru/x", "", "ru\n"):
        async with plain(a_broker, "--as", name) as desk:
            code, complaint = await desk.ends()
            assert (code, complaint.count("\n")) == (BAD_INPUT, 1)
            assert "is not the name of a party, such as us or ru" in complaint
    async with playing(a_broker, tmp_path, speed=4), plain(a_broker, "--as", "ru", "--name", "Col. X") as first:
        await first.tells("You decide")
        async with plain(a_broker, "--as", "ru") as second:
            code, complaint = await second.ends()
            assert code == NO_DESK
            assert complaint.startswith("hotline console: The desk of ru is not free: Col. X holds the desk until ")
        async with plain(a_broker, "--as", "xx") as third:
            assert await third.ends() == (
                NO_DESK,
                "hotline console: No centre called xx has been heard of; there are: ru, us.\n",
            )
    a_broker.stop()
    async with plain(a_broker, "--as", "ru") as desk:
        code, complaint = await desk.ends()
        assert (code, complaint.count("\n")) == (NO_BROKER, 1)


NOTHING_RUNS: Final = "No centre called ru has been heard of; there are: none."


def begin_in_terminal() -> Callable[[], None]:
    """To be done in the child: its terminal is the one that hangs up on it when it is closed."""
    die_too = die_with_parent()

    def begin() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        die_too()

    return begin


class Terminal:
    """A console in a terminal of its own, 80 columns by 24 lines."""

    def __init__(self, broker: EmbeddedBroker, *options: str) -> None:
        self._fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", *WINDOW, 0, 0))
        self.process = subprocess.Popen(
            command(broker, *options),
            stdin=child,
            stdout=child,
            stderr=child,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
            preexec_fn=begin_in_terminal(),  # noqa: PLW1509  no threads yet
            start_new_session=True,
        )
        os.close(child)
        self.drawn = ""
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._fd, self._read)

    def _read(self) -> None:
        try:
            self.drawn += os.read(self._fd, 65_536).decode(errors="replace")
        except OSError:  # the other end has been closed
            asyncio.get_running_loop().remove_reader(self._fd)
        self._news.set()

    async def shows(self, what: str) -> None:
        """Wait until this has been drawn."""
        async with asyncio.timeout(PATIENCE_S):
            while what not in self.drawn:
                self._news.clear()
                await self._news.wait()

    def press(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def hang_up(self) -> None:
        """As closing its window does."""
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def close(self) -> None:
        self.hang_up()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)


@contextlib.asynccontextmanager
async def terminal(broker: EmbeddedBroker, *options: str) -> AsyncIterator[Terminal]:
    sitting = Terminal(broker, *options)
    try:
        yield sitting
    finally:
        sitting.close()


def kind(wanted: type[Message]) -> Callable[[Message], bool]:
    return lambda message: isinstance(message, wanted)


async def ring(stack: Quick) -> None:
    await stack.inject(canonical_json(stack.plan("near")))
    await stack.hear(kind(Ring))


async def test_a_person_takes_a_call_and_agrees_in_a_real_terminal(a_broker: EmbeddedBroker, tmp_path: Path) -> None:
    async with playing(a_broker, tmp_path, speed=4) as stack, terminal(a_broker, "--as", "ru", "--name", "X") as desk:
        await desk.shows("No call.")
        await ring(stack)
        await desk.shows("RINGS")
        desk.press("a")
        await stack.hear(kind(DecisionAwaited))
        await desk.shows("lapses")
        await desk.shows("illustrative")
        desk.press("y")
        assert (await stack.settled("near")).state is PlanState.ACCEPTED
        desk.press("q")
        await desk.shows("After-action report")
        assert await asyncio.to_thread(desk.process.wait, PATIENCE_S) == 0
        await desk.shows("\x1b[?1049l")  # the terminal has its old screen back
        await stack.hear(kind(DeskLeft))


SEATED: Final = {"--plain": "You decide", "--name=X": "No call."}
"""What shows that the desk is held, line by line and on a whole terminal."""


@pytest.mark.parametrize(
    ("number", "code", "manner"),
    [
        (signal.SIGINT, 130, "--plain"),
        (signal.SIGTERM, 143, "--name=X"),
        *nightly([(signal.SIGINT, 130, "--name=X"), (signal.SIGTERM, 143, "--plain")]),
    ],
)
async def test_a_signal_to_end_leaves_the_desk_first(
    a_broker: EmbeddedBroker, tmp_path: Path, manner: str, number: signal.Signals, code: int
) -> None:
    async with playing(a_broker, tmp_path, speed=4) as stack, terminal(a_broker, "--as", "ru", manner) as desk:
        await desk.shows(SEATED[manner])
        desk.process.send_signal(number)
        left = await stack.hear(kind(DeskLeft))
        assert isinstance(left, DeskLeft)
        assert left.how is Leaving.LEFT
        assert await asyncio.to_thread(desk.process.wait, PATIENCE_S) == code
        await desk.shows("After-action report")


@pytest.mark.parametrize("manner", SEATED)
async def test_a_terminal_that_is_closed_leaves_the_desk_and_the_report(
    a_broker: EmbeddedBroker, tmp_path: Path, manner: str
) -> None:
    report = tmp_path / "after.md"
    options = ("--as", "ru", manner, "--report", str(report))
    async with playing(a_broker, tmp_path, speed=4) as stack, terminal(a_broker, *options) as desk:
        await desk.shows(SEATED[manner])
        desk.hang_up()
        left = await stack.hear(kind(DeskLeft))
        assert isinstance(left, DeskLeft)
        assert left.how is Leaving.LEFT
        assert await asyncio.to_thread(desk.process.wait, PATIENCE_S) == 129
        assert report.read_text().startswith("# After-action report")


async def test_a_line_to_the_broker_that_is_lost_is_told_and_the_desk_goes_on_when_it_is_back(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with playing(own_broker, tmp_path, speed=4) as stack, plain(own_broker, "--as", "ru") as desk:
        await desk.tells("You decide")
        own_broker.stop()
        await desk.tells("The line to the broker is lost since ")
        await desk.say("look")
        await desk.tells("Not ordered: the line to the broker is lost since ")
        own_broker.start()
        await desk.tells("The line to the broker is back after ")
        await desk.tells("You decide")
        await desk.say("wait ring", "answer", "wait offer", "accept", "wait free", "quit")
        await stack.inject(canonical_json(stack.plan("near")))
        assert (await stack.settled("near")).state is PlanState.ACCEPTED
        assert await desk.ends() == (0, "")


async def test_who_leaves_a_whole_terminal_while_the_line_is_lost_is_told_when_the_automatic_officer_goes_on(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with playing(own_broker, tmp_path, speed=4), terminal(own_broker, "--as", "ru", "--name=X") as desk:
        await desk.shows("No call.")
        own_broker.stop()
        await desk.shows("The line to the broker is lost since ")
        desk.press("q")
        await desk.shows("the automatic officer goes on when the lease is over.")
        assert await asyncio.to_thread(desk.process.wait, PATIENCE_S) == 0
        own_broker.start()
