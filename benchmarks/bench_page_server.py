"""What the page's server costs the recorder, and how fast a month is looked up over HTTP.

Example: python benchmarks/bench_page_server.py --rounds 5 --seeks 50

**Recorder.** A process writes simulated days into a record as fast as it goes, in batches as large as the live
shell's, with nobody looking; with `hotline run page` over it; and with that and 50 open streams, which a third process
reads. The three take turns, and the quietest of each is printed: other work on the machine only ever makes it
slower. Beside the messages a second stands the writer's own processor time, which is all that the page can cost it
on a machine with a core to spare: where there are two, all three processes share them.

**Seek.** `hotline replay` over 30 days of valley-2017: pictures at times of chance, each a request of its own.
"""

import argparse
import asyncio
import multiprocessing as mp
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple

import httpx
from rich.console import Console
from rich.table import Table

from bench_monitor import BATCH, batches, spoken
from hotline_services.director.scenario import read_scenario
from hotline_services.records.record import Record
from hotline_services.runtime.children import die_with_parent
from hotline_services.runtime.recording import Header, RecordingWriter
from hotline_services.runtime.store import Heard
from hotline_services.world import build
from sizes import parsed

PAGES: Final = 50
SLOWER_WANTED: Final = 0.05
SEEK_WANTED_S: Final = 0.5
LONGEST_S: Final = 120.0
ALONE, SERVED, WATCHED = "nobody looking", "the page's server", f"and {PAGES} open pages"


class Cost(NamedTuple):
    """What writing took: seconds in all, and of the processor."""

    took_s: float
    processor_s: float


def write(path: Path, heard: list[Heard], told: Connection) -> None:
    """Commit everything."""
    with closing(Record(path)) as record:
        began, used = time.perf_counter(), time.process_time()
        for batch in batches(heard):
            record.commit(batch, [], [])
        told.send(Cost(time.perf_counter() - began, time.process_time() - used))


@contextmanager
def serving(*arguments: str | Path) -> Iterator[str]:
    """The address of a page of a process of its own."""
    command = [sys.executable, "-m", "hotline_services.cli.main", *map(str, arguments), "--port", "0"]
    before = die_with_parent()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=before) as process:  # noqa: PLW1509
        assert process.stderr is not None
        found = None
        while found is None and (line := process.stderr.readline()):
            found = re.search(r"http://\S+/", line)
        assert found is not None
        yield found[0]
        process.send_signal(signal.SIGTERM)


def follow(address: str, pages: int, ready: Connection) -> None:
    """Hold so many streams open and read what comes, as cheaply as can be, until killed."""
    host, port = re.findall(r"http://(.*):(\d+)/", address)[0]

    async def one() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET /api/v1/live/stream?after=0 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        opened.append(1)
        if len(opened) == pages:
            ready.send("open")
        while await reader.read(1 << 20):
            pass

    async def all_of_them() -> None:
        await asyncio.gather(*(one() for _ in range(pages)))

    os.nice(19)  # a browser's work is done elsewhere
    opened: list[int] = []
    asyncio.run(all_of_them())


def once(folder: Path, heard: list[Heard], mode: str) -> Cost:
    """Write it all once, looked at in this way."""
    path = folder / f"{random.getrandbits(64):x}.sqlite3"
    Record(path).close()
    with ExitStack() as stack:
        if mode != ALONE:
            address = stack.enter_context(serving("run", "page", "--record", path, "--broker", "mqtt://127.0.0.1:1"))
            httpx.get(f"{address}api/v1/live/setting", timeout=LONGEST_S)
        if mode == WATCHED:
            ours, theirs = mp.Pipe()
            looking = mp.Process(target=follow, args=(address, PAGES, theirs), daemon=True)
            looking.start()
            stack.callback(looking.kill)
            assert ours.poll(LONGEST_S)
        ours, theirs = mp.Pipe()
        writing = mp.Process(target=write, args=(path, heard, theirs))
        writing.start()
        assert ours.poll(LONGEST_S)
        cost: Cost = ours.recv()
        writing.join()
    return cost


def in_turn(folder: Path, heard: list[Heard], rounds: int) -> dict[str, Cost]:
    """The quietest of each mode."""
    costs: dict[str, list[Cost]] = {ALONE: [], SERVED: [], WATCHED: []}
    for _ in range(rounds):
        for mode, found in costs.items():
            found.append(once(folder, heard, mode))
    return {mode: Cost(*map(min, zip(*found, strict=True))) for mode, found in costs.items()}


def month(path: Path, days: int) -> tuple[int, timedelta]:
    """Write down so many days of valley-2017: how many messages, and how long they go."""
    scenario = read_scenario("valley-2017")
    digest = scenario.agreement.digest
    header = Header(scenario=scenario.name, seed=1, start=scenario.start, days=days, agreement=digest)
    count = 0
    with path.open("wb") as file:
        writer = RecordingWriter(file, header)

        def take(message: object, at: object) -> None:
            nonlocal count
            count += 1
            writer.write(message, at)  # type: ignore[arg-type]

        build(scenario, 1, days).run(scenario.start + timedelta(days=days), take)
    return count, timedelta(days=days)


def seeks(path: Path, length: timedelta, times: int) -> tuple[float, list[float]]:
    """Seconds from the start of the process to its first picture, and of each look at a time of chance."""
    start, chance, took = read_scenario("valley-2017").start, random.Random(1), []
    began = time.perf_counter()
    with serving("replay", path) as address, httpx.Client(base_url=address, timeout=LONGEST_S) as client:
        client.get("api/v1/a/picture").raise_for_status()
        first_s = time.perf_counter() - began
        for _ in range(times):
            at = (start + length * chance.random()).isoformat()
            asked = time.perf_counter()
            client.get("api/v1/a/picture", params={"at": at}).raise_for_status()
            took.append(time.perf_counter() - asked)
    return first_s, took


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=20, help="simulated days that are written in each turn")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each, of which the quietest is told")
    parser.add_argument("--seeks", type=int, default=50, help="times of chance that are looked up")
    parser.add_argument("--month", type=int, default=30, help="days of the recording in which they are looked up")
    chosen = parsed(parser, days=1, rounds=1, seeks=1, month=1)
    console, heard = Console(), spoken(chosen.days)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = in_turn(folder, heard, chosen.rounds)
        console.print(recorder_table(found, len(heard), chosen.rounds))
        count, length = month(folder / "month.jsonl", chosen.month)
        first_s, took = seeks(folder / "month.jsonl", length, chosen.seeks)
    table = Table("seek", "s", "wanted", title=f"{chosen.month} days of valley-2017, {count:,} messages")
    table.add_row("process start to the first picture", f"{first_s:.2f}", "")
    table.add_row(f"median of {len(took)}", f"{statistics.median(took):.3f}", "")
    table.add_row("slowest", f"{max(took):.3f}", f"<= {SEEK_WANTED_S}")
    console.print(table)


def recorder_table(found: dict[str, Cost], count: int, rounds: int) -> Table:
    """Messages a second, and how much slower than with nobody looking."""
    title = f"{count:,} messages, batches of {BATCH}, quietest of {rounds}, {os.cpu_count()} cores"
    table = Table(
        "recorder, as fast as it goes", "messages/s", "slower", "processor us/message", "more", "wanted", title=title
    )
    base = found[ALONE]
    for mode, cost in found.items():
        slower, more = cost.took_s / base.took_s - 1, cost.processor_s / base.processor_s - 1
        wanted = f"< {SLOWER_WANTED:.0%}" if mode == WATCHED else ""
        used = f"{cost.processor_s / count * 1e6:.1f}"
        table.add_row(mode, f"{count / cost.took_s:,.0f}", f"{slower:+.1%}", used, f"{more:+.1%}", wanted)
    return table


if __name__ == "__main__":
    main()
