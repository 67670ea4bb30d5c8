"""The arguments of a live service, kept beside the tables of its journal or record."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

import msgspec

from .provenance import Launch

_TABLE: Final = "CREATE TABLE IF NOT EXISTS launch (at_real TEXT NOT NULL, launch TEXT NOT NULL)"
"""Beside the tables of a journal or a record, which earlier versions read without it."""


def keep_launch(db: sqlite3.Connection, launch: Launch) -> None:
    """Write down in this journal or record how its service was started, unless it says so already."""
    db.execute(_TABLE)
    if newest_launch(db) != launch:
        row = (datetime.now(UTC).isoformat(), msgspec.json.encode(launch).decode())
        db.execute("INSERT INTO launch VALUES (?, ?)", row)


def newest_launch(db: sqlite3.Connection) -> Launch | None:
    """How the service was started last; None where an earlier version has not written that down.

    Raises sqlite3.Error, and what :data:`~hotline_protocol.topics.UNDECODABLE` names.
    """
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'launch'").fetchone():
        return None
    with closing(db.execute("SELECT launch FROM launch ORDER BY rowid DESC LIMIT 1")) as rows:
        row = rows.fetchone()
    return msgspec.json.decode(row[0], type=Launch) if row else None
