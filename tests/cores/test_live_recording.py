"""A recording of a live run: which journals go into it, and which versions of records and messages it reads."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hotline_services.cli.export import export
from hotline_services.cli.queries import calls, rebuild
from hotline_services.cli.query import Query
from hotline_services.cli.recording import recording
from hotline_services.cli.rerun import rerun
from hotline_services.records.reading import RecordSource
from hotline_services.runtime.journal import Journal

from .live_run import SCENARIO, changed, found, played


def test_journals_of_services_on_other_machines_are_found_where_they_are_named(
    live_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "us").mkdir()
    for name in ("monitor", "us"):
        shutil.copy(live_data / f"{name}.sqlite3", tmp_path / "us")
    capsys.readouterr()
    out = tmp_path / "run.jsonl"
    assert recording(record=tmp_path / "us/monitor.sqlite3", journals=(tmp_path / "us",), out=out, json=True) == 0
    assert json.loads(capsys.readouterr().out)["journals"] == ["us"]
    code, told = found(out, capsys)
    assert code == 0
    assert [each["service"] for each in told["services"] if each["reason"]] == ["ru", "director"]


def test_a_journal_in_use_is_left_out_and_named(
    live_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in live_data.glob("*.sqlite3"):
        shutil.copy(path, tmp_path)
    out = tmp_path / "run.jsonl"
    with closing(Journal(tmp_path / "us.sqlite3", "us")):
        capsys.readouterr()
        assert recording(record=tmp_path / "monitor.sqlite3", out=out) == 0
    told = capsys.readouterr()
    assert "us.sqlite3" in told.err
    assert "what was heard by director, ru" in told.out


def test_a_damaged_journal_is_read_as_far_as_it_is_sound(
    live_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in live_data.glob("*.sqlite3"):
        shutil.copy(path, tmp_path)
    with closing(sqlite3.connect(tmp_path / "us.sqlite3")) as db, db:
        db.execute("UPDATE entry SET at_us = at_us + 1 WHERE n = 9 AND at_us NOT NULL")
        db.execute("DELETE FROM entry WHERE n = 10")
    capsys.readouterr()
    assert recording(record=tmp_path / "monitor.sqlite3", out=tmp_path / "run.jsonl") == 0
    assert "us.sqlite3 is damaged" in capsys.readouterr().err
    code, told = found(tmp_path / "run.jsonl", capsys)
    assert code == 1
    assert [each["service"] for each in told["services"] if each["difference"]] == ["us"]


def test_the_seed_of_an_earlier_record_is_the_scenarios_unless_it_is_told(live_data: Path, tmp_path: Path) -> None:
    old = Path(shutil.copy(live_data / "monitor.sqlite3", tmp_path))
    with closing(sqlite3.connect(old)) as db, db:
        db.execute("DROP TABLE launch")
    seeds = []
    for seed in (None, 5):
        assert recording(record=old, out=tmp_path / "run.jsonl", scenario=SCENARIO, seed=seed) == 0
        seeds.append(json.loads((tmp_path / "run.jsonl").read_bytes().splitlines()[0])["seed"])
    assert seeds[0] is not None
    assert seeds[1] == 5


def test_a_record_of_an_earlier_version_of_the_tables_is_exported_all_the_same(live_data: Path, tmp_path: Path) -> None:
    old = Path(shutil.copy(live_data / "monitor.sqlite3", tmp_path))
    with closing(sqlite3.connect(old)) as db, db:
        db.execute("UPDATE life SET tables_version = 4")
        db.execute("DROP TABLE losses")
    assert export(old, to="csv", out=tmp_path / "csv") == 0
    assert recording(record=old, out=tmp_path / "run.jsonl") == 0
    with RecordSource(old, tables=False) as source:
        assert source.count > 20


def test_a_record_with_messages_of_a_later_version_is_refused_with_the_program_that_wrote_it(
    live_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = Path(shutil.copy(live_data / "monitor.sqlite3", tmp_path))
    with closing(sqlite3.connect(later)) as db, db:
        db.execute("""UPDATE messages SET message = replace(message, '"type":"', '"type":"later-') WHERE n = 3""")
    refusals: tuple[Callable[[], int], ...] = (
        lambda: recording(record=later, out=tmp_path / "run.jsonl"),
        lambda: export(later, to="csv", out=tmp_path / "csv"),
        lambda: rebuild(record=later),
    )
    for refuse in refusals:
        capsys.readouterr()
        assert refuse() == 2
        told = capsys.readouterr().err
        assert "message 3 cannot be read" in told
        assert "Hotline 0.0.1+test wrote it" in told
        assert told.count("\n") == 1


def test_a_recording_with_messages_of_a_later_version_is_refused_with_the_program_that_wrote_it(
    live: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def later(lines: list[bytes]) -> list[bytes]:
        return [*lines[:3], lines[3].replace(b'"type":"', b'"type":"later-'), *lines[4:]]

    assert calls(query=Query(record=changed(live, tmp_path, later))) == 2
    told = capsys.readouterr().err
    assert "line 4: not a recorded message" in told
    assert "Hotline 0.0.1+test wrote it" in told


def test_a_recording_of_pruned_journals_is_played_again_from_their_snapshots(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    played(tmp_path, snapshot_every=4)
    assert recording(record=tmp_path / "monitor.sqlite3", out=tmp_path / "run.jsonl") == 0
    assert "us.sqlite3 is pruned: what its service heard before 2017-" in capsys.readouterr().err
    code, told = found(tmp_path / "run.jsonl", capsys)
    assert code == 0, told
    (us,) = (each for each in told["services"] if each["service"] == "us")
    assert us["since"]
    assert us["messages"] > 0
    assert rerun(tmp_path / "run.jsonl") == 0
    assert "inputs before that were pruned" in capsys.readouterr().out


US_BEGINS = b'{"journal":"us","epoch"'


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("state", "", "the recording has no state from which it could go on"),
        ("state", "gA==", "saved cannot be loaded"),
    ],
)
def test_a_snapshot_in_a_recording_that_is_of_no_use_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, value: str, reason: str
) -> None:
    played(tmp_path, snapshot_every=4)
    assert recording(record=tmp_path / "monitor.sqlite3", out=tmp_path / "run.jsonl") == 0

    def other(lines: list[bytes]) -> list[bytes]:
        return [changed_in(line, key, value) if line.startswith(US_BEGINS) else line for line in lines]

    code, told = found(changed(tmp_path / "run.jsonl", tmp_path, other), capsys)
    assert code == 0
    (us,) = (each for each in told["services"] if each["service"] == "us")
    assert reason in us["reason"]


def changed_in(line: bytes, key: str, value: str) -> bytes:
    """This line of a journal with another value about its state."""
    found = json.loads(line)
    found["pruned"][key] = value
    return json.dumps(found).encode() + b"\n"
