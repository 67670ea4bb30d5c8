"""How fast the monitor's record takes in events while it is read, and whether any is lost when it is killed.

Example: python benchmarks/bench_recorder.py --kills 20

A process writes the messages of simulated valley-days into a record, in batches as large as the live shell's, and
says after each commit how far it is. Four processes read the record meanwhile as the page does: each asks five times a
second for what is new and once a second for the calls. ``alone`` is the same writer with nobody reading, and ``bare``
is SQLite alone: an id and the text, same batches, same synchronisation. Then the writer is killed with SIGKILL again
and again, at a moment of chance: all that it had said to be committed must be in the record, once, in order.
"""

import argparse
import multiprocessing as mp
import os
import random
import signal
import sqlite3
import tempfile
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench_monitor import BATCH, bare, batches, measured, spoken
from hotline_services.monitor.rows import CallRow
from hotline_services.records.reading import RecordSource
from hotline_services.records.record import Record
from hotline_services.runtime.store import Heard, StoreError
from sizes import parsed

WANTED: int = 15_000
READERS = 4
POLL_S = 0.2
LONGEST_S = 60.0


def write(path: Path, heard: list[Heard], told: Connection) -> None:
    """Commit everything, telling after each batch how many messages are in the record for good."""
    done = 0
    with closing(Record(path)) as record:
        told.send(0)
        for batch in batches(heard):
            record.commit(batch, [], [])
            done += len(batch)
            told.send(done)
    told.close()


def read(path: Path, until: Connection) -> None:
    """Follow the record until told to stop; then tell how many messages were seen."""
    seen, asked = 0, 0
    with RecordSource(path) as source, closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        while not until.poll(POLL_S):
            found = db.execute("SELECT n, at, message FROM messages WHERE n > ? ORDER BY n", (seen,)).fetchall()
            seen = found[-1][0] if found else seen
            asked += 1
            if asked % 5 == 0:
                source.rows(CallRow)
    until.send(seen)


def rate(path: Path, heard: list[Heard], readers: int) -> float:
    """Messages a second, with so many processes reading along."""
    with closing(Record(path)):
        pass
    pipes = [mp.Pipe() for _ in range(readers)]
    following = [mp.Process(target=read, args=(path, theirs)) for _, theirs in pipes]
    for process in following:
        process.start()
    ours, theirs = mp.Pipe()
    writer = mp.Process(target=write, args=(path, heard, theirs))
    writer.start()
    theirs.close()
    ours.recv()
    began = time.perf_counter()
    while ours.recv() < len(heard):
        pass
    took_s = time.perf_counter() - began
    writer.join(LONGEST_S)
    for pipe, _ in pipes:
        pipe.send("stop")
    for (pipe, _), process in zip(pipes, following, strict=True):
        assert pipe.poll(LONGEST_S)
        pipe.recv()
        process.join(LONGEST_S)
    return len(heard) / took_s


def kill(path: Path, heard: list[Heard], chance: random.Random) -> int:
    """Go on writing from what the record holds, kill the writer, and count what it had committed and is gone."""
    with closing(Record(path)), RecordSource(path) as source:
        before = sum(1 for _ in source.messages())
    ours, theirs = mp.Pipe()
    writer = mp.Process(target=write, args=(path, heard[before:], theirs))
    writer.start()
    theirs.close()
    ours.recv()
    last, until = 0, time.perf_counter() + chance.uniform(0.005, 0.1)
    while time.perf_counter() < until and writer.is_alive():
        if ours.poll(0.001):
            last = ours.recv()
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join(LONGEST_S)
    while True:
        try:
            last = ours.recv()
        except EOFError:
            break
    with closing(Record(path)), RecordSource(path) as source:
        kept = [message.id for _, message in source.messages()]
    there = [item.message.id for item in heard[: before + last] if item.message]
    return sum(a != b for a, b in zip(kept, there, strict=False)) + max(0, len(there) - len(kept))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=40, help="simulated days whose messages are recorded")
    parser.add_argument("--kills", type=int, default=20, help="how often the writer is killed")
    chosen = parsed(parser, days=1, kills=1)
    heard = spoken(chosen.days)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        bare_s = measured(lambda: bare(here / "bare.sqlite3", heard))
        rows = [
            ("bare inserts (comparison)", f"{len(heard) / bare_s:,.0f}", ""),
            ("record alone", f"{rate(here / 'alone.sqlite3', heard, 0):,.0f}", ""),
            (f"record with {READERS} readers", f"{rate(here / 'read.sqlite3', heard, READERS):,.0f}", f"{WANTED:,}"),
        ]
        chance = random.Random(1)
        lost = 0
        try:
            lost = sum(kill(here / "killed.sqlite3", heard, chance) for _ in range(chosen.kills))
        except StoreError as error:
            raise SystemExit(f"the record could not be opened after a kill: {error}") from error
        rows.append((f"lost in {chosen.kills} kills", f"{lost}", "0"))
    table = Table("what", "messages/s", "wanted", title=f"{len(heard):,} messages, batches of {BATCH}")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
