"""When a monitor has ended, its record is one file that can be copied alone."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from hotline_services.records.reading import RecordSource
from hotline_services.records.record import Record
from hotline_services.records.recordfile import make_whole, read_only
from hotline_services.runtime.store import Heard

from .talk import at, everything

HEARD = [Heard(at(second), message) for second, message in enumerate(everything())]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "monitor.sqlite3"


def test_a_closed_record_is_one_whole_file_also_while_a_page_reads_it(path: Path, tmp_path: Path) -> None:
    record = Record(path)
    record.commit(HEARD[:3], [], [])
    with closing(read_only(path)) as page:
        record.commit(HEARD[3:], [], [])
        assert page.execute("SELECT count(*) FROM messages").fetchone()[0] == len(HEARD)
        record.close()
        copied = shutil.copy(path, tmp_path / "elsewhere.sqlite3")
    with RecordSource(Path(copied)) as source:
        assert source.count == len(HEARD)


def test_a_record_whose_monitor_was_killed_is_made_one_whole_file(path: Path, tmp_path: Path) -> None:
    record = Record(path)
    record.commit(HEARD, [], [])
    killed = tmp_path / "killed.sqlite3"
    for end in ("", "-wal"):
        shutil.copy(f"{path}{end}", f"{killed}{end}")
    record.close()
    assert make_whole(killed)
    copied = shutil.copy(killed, tmp_path / "elsewhere.sqlite3")
    with RecordSource(Path(copied)) as source:
        assert source.count == len(HEARD)


def test_a_record_that_is_read_at_the_moment_is_told_not_to_be_whole(path: Path) -> None:
    record = Record(path)
    record.commit(HEARD[:3], [], [])
    with closing(read_only(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        record.commit(HEARD[3:], [], [])
        assert not make_whole(path)
    assert make_whole(path)
    record.close()
