"""Files of another version are refused: the version follows what stands in them, and nobody has to remember it."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hotline_protocol.message import digest_of
from hotline_services.monitor import tables
from hotline_services.monitor.rows import CallRow, Row
from hotline_services.records.record import Record
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.store import Heard

from .talk import everything

ANOTHER_PROGRAM = """
import sys
from datetime import datetime
from pathlib import Path
import msgspec
from hotline_services.monitor import rows

class CallRow(rows.CallRow, frozen=True, kw_only=True):
    table = "calls"
    when = "rang_at"
    {field}

rows.ROWS = tuple(CallRow if kind is rows.CallRow else kind for kind in rows.ROWS)
rows.CallRow = CallRow
from hotline_services.records.reading import RecordSource
from hotline_services.runtime.store import StoreError
try:
    with RecordSource(Path(sys.argv[1])) as source:
        print([msgspec.to_builtins(row) for row in source.rows(CallRow)])
except StoreError as error:
    print("refused:", error)
"""


@pytest.mark.parametrize("field", ['colour: str = ""', 'outcome: str = ""', "tier: str | None = None"])
def test_a_program_with_another_column_refuses_a_record_that_this_one_made(field: str, tmp_path: Path) -> None:
    path = tmp_path / "monitor.sqlite3"
    with closing(Record(path)) as made:
        made.commit([Heard(message.time, message) for message in everything()], [], [])
    done = subprocess.run(
        [sys.executable, "-c", ANOTHER_PROGRAM.format(field=field), str(path)],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert done.stdout.startswith("refused: "), done.stdout
    assert "hotline rebuild" in done.stdout


def test_the_version_of_the_tables_follows_their_columns_kinds_and_meaning() -> None:
    class Renamed(Row, frozen=True, kw_only=True):
        table = "calls"
        when = "rang_at"
        calling: str = ""

    known = [tables.Table(CallRow)]
    versions = {
        tables.tables_version(known),
        tables.tables_version([tables.Table(Renamed)]),
        tables.tables_version([*known, tables.Table(Renamed)]),
        tables.tables_version(known, folds=tables.FOLDS + 1),
    }
    assert len(versions) == 4
    assert tables.tables_version([tables.Table(CallRow)]) in versions


SCHEMAS = {
    ("monitor", 1): "12614b37c87e0926",
    ("journal", 2): "8d25d0244b3aebe5",
    ("journal", 3): "421a9d61b07a4201",
}
"""What the tables of each version of a file are. A new version is a new line; a line that stands never changes."""


@pytest.mark.parametrize("kind", ["monitor", "journal"])
def test_another_schema_of_a_file_is_another_version(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"{kind}.sqlite3"
    with closing(Record(path) if kind == "monitor" else Journal(path, kind)):
        pass
    with closing(sqlite3.connect(path)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        schema = [sql for (sql,) in db.execute("SELECT sql FROM sqlite_master ORDER BY name") if sql]
    kept = [sql for sql in schema if not any(sql in table.schema for table in tables.TABLES.values())]
    assert len(kept) > 3
    assert digest_of(kept) == SCHEMAS[kind, version], f"raise the version of this file, or keep its schema: {kind}"
