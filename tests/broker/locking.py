"""Another process that holds a SQLite file: it locks, says so, and lets go when it is told to."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LOCKER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=90)
db.executescript(sys.argv[2])
print("locked", flush=True)
sys.stdin.read()
"""
WRITE_LOCK = "BEGIN EXCLUSIVE"
LONG_READ = "BEGIN; SELECT count(*) FROM messages"


@contextlib.contextmanager
def held(path: Path, how: str = WRITE_LOCK) -> Iterator[None]:
    """This file as another process holds it."""
    command = [sys.executable, "-c", LOCKER, str(path), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            process.communicate(timeout=90)
