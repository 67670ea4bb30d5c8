"""Whoever only looks on never ends those who are looked at: a record that is locked, full, or cannot be made."""

import asyncio
import contextlib
import os
import resource
import select
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path

import pytest

from hotline_protocol.flightplan import PlanState
from hotline_protocol.message import Message, canonical_json
from hotline_protocol.service import Health, Presence
from hotline_services.cli.demo import MARK
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.launch import UNUSABLE

from .conftest import need
from .locking import LONG_READ, held
from .test_stack import Quick, playing

PATIENCE_S = 240
THE_RECORD = "the record "
HOTLINE = [sys.executable, "-c", "from hotline_services.cli.main import main; main()"]


@pytest.fixture
def broker_on_disk(tmp_path: Path) -> EmbeddedBroker:
    need("mosquitto")
    return EmbeddedBroker("mosquitto", tmp_path / "broker")


async def agreed(stack: Quick, first: int, last: int) -> None:
    for number in range(first, last):
        low = 10_000 + 1_000 * number
        await stack.inject(canonical_json(stack.plan(f"p{number}", lower_ft=low, upper_ft=low + 1_000)))
    for number in range(first, last):
        assert (await stack.settled(f"p{number}")).state is PlanState.ACCEPTED


def of_monitor(message: Message) -> bool:
    return isinstance(message, Health) and message.source == "monitor"


async def troubled(stack: Quick, *, since: int) -> str:
    """What the monitor says of its trouble, or that it has gone."""
    health = await stack.hear(
        lambda m: of_monitor(m) and isinstance(m, Health) and (THE_RECORD in m.note or m.presence is Presence.DOWN),
        since=since,
    )
    assert isinstance(health, Health)
    return health.note


async def recovered(stack: Quick) -> None:
    """Wait until the monitor's health no longer reports trouble with the record."""
    said = len(stack.said)
    await stack.hear(lambda m: of_monitor(m) and isinstance(m, Health) and THE_RECORD not in m.note, since=said)
    await stack.whole()


def recorded_ids(stack: Quick) -> set[str]:
    with closing(sqlite3.connect(f"file:{stack.data / 'monitor.sqlite3'}?mode=ro", uri=True)) as db:
        return {name for (name,) in db.execute("SELECT id FROM messages")}


async def test_a_monitor_whose_record_is_locked_waits_and_records_everything_afterwards(
    broker_on_disk: EmbeddedBroker, tmp_path: Path
) -> None:
    with broker_on_disk as broker:
        async with playing(broker, tmp_path) as stack:
            await agreed(stack, 0, 3)
            said = len(stack.said)
            with held(tmp_path / "monitor.sqlite3"):
                until = asyncio.get_running_loop().time() + 12
                await agreed(stack, 3, 20)
                note = await troubled(stack, since=said)
                assert "the record is locked by another process since " in note
                while asyncio.get_running_loop().time() < until:  # more than SQLite's own patience
                    await stack.hear(of_monitor, since=len(stack.said))
                assert all(process.poll() is None for process in stack.processes.values())
            await recovered(stack)
            await agreed(stack, 20, 22)
            await stack.whole()
            numbered = {message.id for message in stack.said if message.seq > 0}
            await stack.until(lambda: numbered <= recorded_ids(stack))
            assert all(message.restarts == 0 for message in stack.said if isinstance(message, Health))


async def test_a_monitor_can_be_stopped_while_its_record_is_locked(
    broker_on_disk: EmbeddedBroker, tmp_path: Path
) -> None:
    with broker_on_disk as broker:
        async with playing(broker, tmp_path) as stack:
            said = len(stack.said)
            with held(tmp_path / "monitor.sqlite3"):
                await agreed(stack, 0, 1)
                await troubled(stack, since=said)
                stack.processes["monitor"].terminate()
                assert await asyncio.to_thread(stack.processes["monitor"].wait, PATIENCE_S) == 0
            stack.launch("monitor")
            await stack.up("monitor", since=len(stack.said))
            await agreed(stack, 1, 2)
            await stack.whole()


async def test_a_monitor_begins_with_a_record_that_is_locked_as_soon_as_it_is_not(
    broker_on_disk: EmbeddedBroker, tmp_path: Path
) -> None:
    with broker_on_disk as broker:
        async with playing(broker, tmp_path) as stack:
            await agreed(stack, 0, 1)
            stack.kill("monitor")
            said = len(stack.said)
            with held(tmp_path / "monitor.sqlite3"):
                stack.launch("monitor")
                await agreed(stack, 1, 4)
                log = tmp_path / "monitor.log"
                while b"store-blocked" not in log.read_bytes():
                    await stack.hear(lambda m: isinstance(m, Health), since=len(stack.said))
            await stack.up("monitor", since=said)
            await stack.whole()
            assert stack.processes["monitor"].poll() is None


async def test_a_centre_begins_with_a_journal_that_is_locked_as_soon_as_it_is_not(
    broker_on_disk: EmbeddedBroker, tmp_path: Path
) -> None:
    with broker_on_disk as broker:
        async with playing(broker, tmp_path) as stack:
            await agreed(stack, 0, 1)
            stack.kill("aoc ru")
            said = len(stack.said)
            with held(tmp_path / "ru.sqlite3"):
                stack.launch("aoc ru")
                log = tmp_path / "aoc ru.log"
                while b"store-blocked" not in log.read_bytes():
                    await stack.hear(lambda m: isinstance(m, Health), since=len(stack.said))
            await stack.up("ru", since=said)
            await agreed(stack, 1, 2)


async def test_a_monitor_whose_disk_is_full_waits_for_room(broker_on_disk: EmbeddedBroker, tmp_path: Path) -> None:
    """A file that may not grow is what SQLite and logs meet on a full disk."""
    with broker_on_disk as broker:
        async with playing(broker, tmp_path) as stack:
            await agreed(stack, 0, 2)
            said, pid = len(stack.said), stack.processes["monitor"].pid
            before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))
            await agreed(stack, 2, 8)
            note = await troubled(stack, since=said)
            assert THE_RECORD in note
            assert " since " in note
            assert stack.processes["monitor"].poll() is None
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
            await recovered(stack)


async def test_a_long_read_of_the_record_holds_up_nobody(broker_on_disk: EmbeddedBroker, tmp_path: Path) -> None:
    with broker_on_disk as broker:
        async with playing(broker, tmp_path) as stack:
            await agreed(stack, 0, 1)
            with held(tmp_path / "monitor.sqlite3", LONG_READ):
                await agreed(stack, 1, 10)
                await stack.whole()
            assert not any(THE_RECORD in message.note for message in stack.said if isinstance(message, Health))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says whose children there are")
def test_a_demo_whose_log_nobody_reads_still_restarts_what_dies(tmp_path: Path) -> None:
    need("mosquitto")
    data = tmp_path / "var"
    options = ["--data", str(data), "--broker", "mosquitto", "--no-page", "--seconds", "600", "--speed", "10"]
    out, into = os.pipe()
    with (
        os.fdopen(out, "rb"),
        subprocess.Popen([*HOTLINE, "demo", "valley-2017", *options], stdout=into, stderr=subprocess.DEVNULL) as demo,
    ):
        filling = os.open(f"/proc/self/fd/{into}", os.O_WRONLY | os.O_NONBLOCK)
        os.close(into)
        try:
            first = child_with(demo.pid, "aoc us", ())
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(filling, b"x")
            os.close(filling)
            log = data / "logs" / "monitor.log"
            wait_for(lambda: log.exists() and log.stat().st_size > 0)  # so there is something to write
            os.kill(first, signal.SIGKILL)
            assert child_with(demo.pid, "aoc us", {first}) != first
            demo.send_signal(signal.SIGTERM)
            assert demo.wait(PATIENCE_S) == 0
        finally:
            demo.kill()


def wait_for(condition: Callable[[], bool]) -> None:
    """Look again and again."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until
        select.select([], [], [], 0.05)


def child_with(parent: int, words: str, but: Collection[int]) -> int:
    """Wait for a child of this process with these words in its command, which is none of ``but``."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for task in Path(f"/proc/{parent}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                with contextlib.suppress(OSError):
                    command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if words in command and child not in but:
                        return child
        select.select([], [], [], 0.05)
    raise AssertionError(f"no child of {parent} is {words}")


def test_a_demo_goes_on_without_a_monitor_that_cannot_be_kept_up(tmp_path: Path) -> None:
    need("mosquitto")
    (tmp_path / "var" / "monitor.sqlite3").mkdir(parents=True)  # no record can be made there
    (tmp_path / "var" / MARK).touch()
    options = ["--data", str(tmp_path / "var"), "--broker", "mosquitto", "--no-page", "--seconds", "600"]
    with subprocess.Popen(
        [*HOTLINE, "demo", "valley-2017", *options, "--speed", "10"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        alarm = threading.Timer(2 * PATIENCE_S, process.kill)
        alarm.start()
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            told = next((line for line in process.stderr if "given up" in line), "")
            assert told == (
                "hotline demo: The monitor was given up, exit code 78: it cannot work as it is set up. "
                "Everything else goes on.\n"
            )
            assert process.stdout.readline()
            assert process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_S)
            assert process.returncode == UNUSABLE
        finally:
            process.kill()
            alarm.cancel()
