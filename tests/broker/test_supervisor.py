"""What dies is restarted, what keeps dying is given up loudly, and nothing is left behind."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from hotline_services.runtime.launch import UNUSABLE
from hotline_services.runtime.supervisor import NOT_STARTED, Limits, Supervisor

QUICK = Limits(restarts=3, within_s=60, first_wait_s=0.01, longest_wait_s=0.02, grace_s=0.5)
FOR_EVER = "import time; time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
PATIENCE_S = 240


def program(code: str, note: Path, *, first: str = "") -> Sequence[str]:
    """A program that notes its process id and how often it was restarted, and keeps the note open while it lives."""
    noting = f"import os; f = open({str(note)!r}, 'a', 1); print(os.getpid(), os.environ['HOTLINE_RESTARTS'], file=f); "
    return [sys.executable, "-c", first + noting + code]


def noted(note: Path) -> list[tuple[int, int]]:
    return [(int(pid), int(restarts)) for pid, restarts in (line.split() for line in note.read_text().splitlines())]


async def live_note(path: Path) -> asyncio.StreamReader:
    """A note that can be waited on: a line comes when it is written, and its end when the writer is gone."""
    os.mkfifo(path)
    reader = asyncio.StreamReader()
    opened = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), opened)
    return reader


async def pid_in(note: asyncio.StreamReader) -> int:
    async with asyncio.timeout(PATIENCE_S):
        return int((await note.readline()).split()[0])


def is_running(pid: int) -> bool:
    """Whether this process is there and has not ended."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


async def test_a_program_that_ends_well_is_not_restarted(tmp_path: Path) -> None:
    note = tmp_path / "note"
    assert await Supervisor({"one": program("", note)}, limits=QUICK).run() == 0
    assert len(noted(note)) == 1


async def test_a_program_that_dies_is_restarted_and_told_how_often(tmp_path: Path) -> None:
    note = tmp_path / "note"
    dies_twice = "import sys; sys.exit(0 if os.environ['HOTLINE_RESTARTS'] == '2' else 70)"
    assert await Supervisor({"one": program(dies_twice, note)}, limits=QUICK).run() == 0
    assert [restarts for _, restarts in noted(note)] == [0, 1, 2]


@pytest.mark.parametrize(("code", "told", "lives"), [("sys.exit(70)", 70, 4), ("os.kill(os.getpid(), 9)", 137, 4)])
async def test_what_keeps_dying_is_given_up_and_the_others_are_stopped(
    tmp_path: Path, code: str, told: int, lives: int
) -> None:
    note, gate = tmp_path / "note", tmp_path / "gate"
    well = await live_note(tmp_path / "well")
    os.mkfifo(gate)
    wait = f"import sys\nif os.environ['HOTLINE_RESTARTS'] == '0': open({str(gate)!r}).read()\n"
    programs = {"dying": program(wait + code, note), "well": program(FOR_EVER, tmp_path / "well")}
    running = asyncio.create_task(Supervisor(programs, limits=QUICK).run())
    pid = await pid_in(well)
    await asyncio.to_thread(gate.write_text, "")  # returns once who waits there has come
    assert await running == told
    assert len(noted(note)) == lives
    assert not is_running(pid)


@pytest.mark.parametrize("code", ["sys.exit(70)", f"sys.exit({UNUSABLE})", "os.kill(os.getpid(), 9)"])
async def test_an_observer_that_is_given_up_stops_nobody_and_is_told_in_the_end(tmp_path: Path, code: str) -> None:
    told: list[str] = []
    given_up = asyncio.Event()
    well = await live_note(tmp_path / "well")
    programs = {
        "observer": program(f"import sys; {code}", tmp_path / "note"),
        "well": program(FOR_EVER, tmp_path / "well"),
    }

    def report(one: str) -> None:
        told.append(one)
        given_up.set()

    supervisor = Supervisor(programs, limits=QUICK, observers=["observer"], report=report)
    running = asyncio.create_task(supervisor.run())
    pid = await pid_in(well)
    async with asyncio.timeout(PATIENCE_S):
        await given_up.wait()
    assert is_running(pid)
    assert not running.done()
    supervisor.stop()
    assert await running in {70, UNUSABLE, 137}
    assert len(told) == 1
    assert told[0].startswith("The observer was given up")


async def test_a_program_without_room_for_its_log_is_tried_again_like_one_that_died(tmp_path: Path) -> None:
    (tmp_path / "one.log").mkdir()
    assert await Supervisor({"one": [sys.executable, "-c", ""]}, limits=QUICK, logs=tmp_path).run() == NOT_STARTED


async def test_what_cannot_work_is_not_tried_again(tmp_path: Path) -> None:
    note = tmp_path / "note"
    assert await Supervisor({"one": program(f"import sys; sys.exit({UNUSABLE})", note)}, limits=QUICK).run() == UNUSABLE
    assert len(noted(note)) == 1


async def test_stopping_leaves_nothing_running_not_even_what_will_not_listen(tmp_path: Path) -> None:
    names = ["polite", "stubborn"]
    notes = [await live_note(tmp_path / name) for name in names]
    firsts = ["", STUBBORN]
    supervisor = Supervisor(
        {name: program(FOR_EVER, tmp_path / name, first=first) for name, first in zip(names, firsts, strict=True)},
        limits=QUICK,
    )
    running = asyncio.create_task(supervisor.run())
    pids = [await pid_in(note) for note in notes]
    supervisor.stop()
    async with asyncio.timeout(PATIENCE_S):
        assert await running == 0
    assert not any(is_running(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
async def test_the_children_of_a_killed_supervisor_end_with_it(tmp_path: Path) -> None:
    note = await live_note(tmp_path / "note")
    programs = {"one": program(FOR_EVER, tmp_path / "note")}
    code = f"from hotline_services.runtime.supervisor import supervise; supervise({programs!r})"
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    await pid_in(note)
    supervisor.kill()
    await supervisor.wait()
    async with asyncio.timeout(PATIENCE_S):
        assert await note.read() == b""  # its end comes when the last process that wrote it is gone
