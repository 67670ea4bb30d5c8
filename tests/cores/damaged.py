"""Records whose beginning is whole, and of which what follows is not."""

import sqlite3
from contextlib import closing
from pathlib import Path


def damage(record: Path) -> None:
    """Overwrite the first page of every table and index but the one that tells what record it is."""
    with closing(sqlite3.connect(record)) as db:
        (size,) = db.execute("PRAGMA page_size").fetchone()
        pages = db.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 0 AND name != 'life'").fetchall()
    content = bytearray(record.read_bytes())
    for (page,) in pages:
        content[(page - 1) * size : page * size] = b"\xff" * size
    record.write_bytes(content)
