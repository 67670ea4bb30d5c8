"""What the monitor's record costs: messages kept a second, with tables, beside bare inserts of the same bytes.

Example: python benchmarks/bench_monitor.py --days 30

The messages are those of simulated valley-days. ``bare`` is SQLite alone: one table, an id and the text, the same
batches, journal mode and synchronisation.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hotline_protocol.message import Message
from hotline_protocol.topics import encode
from hotline_services.director.scenario import read_scenario
from hotline_services.monitor.core import MonitorCore
from hotline_services.monitor.dutylog import DutyLog
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.rows import CallRow
from hotline_services.records.reading import RecordSource
from hotline_services.records.record import Record, rebuild
from hotline_services.runtime.store import Heard
from hotline_services.world import build
from sizes import parsed

BATCH = 256  # as many as the live shell takes in at once


def spoken(days: int) -> list[Heard]:
    """Everything said in so many simulated days, in order."""
    heard: list[Heard] = []

    def keep(message: Message, at: datetime) -> None:
        heard.append(Heard(at, message))

    simulation = build(read_scenario("valley-day"), seed=1, days=days)
    simulation.run(simulation.start + timedelta(days=days), keep)
    return heard


def measured(work: Callable[[], object]) -> float:
    """Seconds that this takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def bare(path: Path, heard: list[Heard]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("CREATE TABLE messages (n INTEGER PRIMARY KEY, id TEXT UNIQUE, message TEXT)")
        for batch in batches(heard):
            db.execute("BEGIN")
            rows = [(item.message.id, encode(item.message).decode()) for item in batch if item.message]
            db.executemany("INSERT OR IGNORE INTO messages (id, message) VALUES (?, ?)", rows)
            db.execute("COMMIT")


def batches(heard: list[Heard]) -> list[list[Heard]]:
    return [heard[first : first + BATCH] for first in range(0, len(heard), BATCH)]


def record(path: Path, heard: list[Heard]) -> None:
    with closing(Record(path)) as opened:
        for batch in batches(heard):
            opened.commit(batch, [], [])


def fold(heard: list[Heard]) -> None:
    projection = Projection()
    for item in heard:
        if item.message:
            projection.apply(item.message)


def follow(heard: list[Heard]) -> None:
    core = MonitorCore()
    for item in heard:
        if item.message:
            core.receive(item.message, item.at)


def write_log(heard: list[Heard]) -> None:
    log = DutyLog()
    for item in heard:
        if item.message:
            log.line(item.message)


def resume(path: Path) -> None:
    with closing(Record(path)) as opened:
        opened.progress()


def ask(path: Path) -> None:
    with RecordSource(path) as source:
        source.rows(CallRow)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=20, help="simulated days whose messages are recorded")
    heard = spoken(parsed(parser, days=1).days)
    with tempfile.TemporaryDirectory() as folder:
        plain, path = Path(folder) / "bare.sqlite3", Path(folder) / "monitor.sqlite3"
        works: list[tuple[str, Callable[[], object]]] = [
            ("bare inserts (comparison)", lambda: bare(plain, heard)),
            ("record: messages and tables", lambda: record(path, heard)),
            ("tables alone, in memory", lambda: fold(heard)),
            ("gaps and order (core)", lambda: follow(heard)),
            ("duty log", lambda: write_log(heard)),
            ("rebuild", lambda: rebuild(path)),
            ("resume after a restart", lambda: resume(path)),
            ("hotline calls", lambda: ask(path)),
        ]
        table = Table("what", "seconds", "messages/s", title=f"{len(heard):,} messages, batches of {BATCH}")
        for name, work in works:
            seconds = measured(work)
            table.add_row(name, f"{seconds:.3f}", f"{len(heard) / seconds:,.0f}")
        Console().print(table)


if __name__ == "__main__":
    main()
