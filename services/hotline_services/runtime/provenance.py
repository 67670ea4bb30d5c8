"""How a run was made: with which scenario, values, seed and program. Kept in recordings, records and journals."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hotline_protocol.message import Digest

Days = Annotated[int, Meta(gt=0, le=3_660)]
Speed = Annotated[float, Meta(gt=0, le=100_000)]


class Provenance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Scenario, program and Python version of a run; its seed and length stand elsewhere.

    ``file`` is the path of the scenario as it was given, empty for one that is shipped. ``digest`` is that of all that
    the scenario says, with its agreement and with the values that were ``set``, which stand here as they were typed.
    """

    file: str = ""
    digest: Digest
    set: tuple[str, ...] = ()
    program: str
    python: str


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of a live service. ``days`` and ``speed`` are None where they were not given."""

    scenario: str
    provenance: Provenance
    seed: int
    days: Days | None = None
    speed: Speed | None = None


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
