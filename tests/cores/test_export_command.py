"""`hotline export`: what it writes where, and the sentence for each thing that can be wrong."""

import io
import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from hotline_protocol.intake import check_plan, read_plans
from hotline_protocol.sky import Fix, FlightBegan
from hotline_services.cli.export import Format, export
from hotline_services.cli.simulate import simulate
from hotline_services.export.run import Run
from hotline_services.records.record import Record
from hotline_services.runtime.hearing import unread
from hotline_services.runtime.recording import Header, RecordingWriter
from hotline_services.runtime.store import Heard, StoreError

from . import doc4444
from .skies import MINUTE, NOON
from .test_export import HEADER, said


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "run.jsonl"
    write(path, HEADER)
    return path


def write(path: Path, header: Header) -> None:
    with path.open("wb") as file:
        writer = RecordingWriter(file, header)
        for message in said():
            writer.write(message, message.time)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.mark.parametrize("to", [each.value for each in Format])
def test_every_format_is_written_whole_and_named_on_the_standard_output(
    recording: Path, out: Path, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(recording, to=to, out=out) == 0
    assert out.exists()
    assert not list(out.parent.glob("*.partial"))
    assert capsys.readouterr().out == f"{out}\n"


def test_a_folder_of_tables_has_one_of_each_kind_of_row(recording: Path, out: Path) -> None:
    assert export(recording, to="csv", out=out) == 0
    names = {path.name for path in out.iterdir()}
    assert {"calls.csv", "negotiations.csv", "agreements.csv", "plans.csv", "messages.csv", "tracks.csv"} <= names


def test_without_out_the_run_gives_the_name(recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert export(recording, to="geojson") == 0
    assert json.loads((tmp_path / "run.geojson").read_bytes())["type"] == "FeatureCollection"


def test_a_monitors_record_is_exported_like_a_recording(recording: Path, tmp_path: Path, out: Path) -> None:
    record = Record(tmp_path / "monitor.sqlite3")
    record.recover()
    record.commit([Heard(message.time, message) for message in said()], [], [])
    record.close()
    assert export(tmp_path / "monitor.sqlite3", to="aircraft.json", out=out, at="2017-06-18T12:05Z") == 0
    live = json.loads(out.read_bytes())
    assert export(recording, to="aircraft.json", out=out, at="2017-06-18T12:05Z", force=True) == 0
    assert live == json.loads(out.read_bytes())
    assert len(live["aircraft"]) == 2


def test_the_radar_shows_no_more_than_was_known_at_the_time(recording: Path, out: Path) -> None:
    assert export(recording, to="aircraft.json", out=out, at=(NOON + 5 * MINUTE).isoformat()) == 0
    assert json.loads(out.read_bytes())["messages"] == 3


def test_what_is_there_is_written_over_only_when_asked_for(
    recording: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out.write_text("mine")
    assert export(recording, to="czml", out=out) == 2
    assert "is there already; --force" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert export(recording, to="czml", out=out, force=True) == 0
    assert out.read_text() != "mine"


def test_a_cut_off_recording_is_said_to_be_and_taken_as_far_as_it_goes_when_asked(
    recording: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = recording.read_bytes()
    recording.write_bytes(whole[:-40])
    assert export(recording, to="geojson", out=out) == 2
    assert "cut off" in (told := capsys.readouterr().err)
    assert "--partial" in told
    assert not out.exists()
    assert export(recording, to="geojson", out=out, partial=True) == 0
    assert "cut off" in capsys.readouterr().err
    tracks = [each for each in json.loads(out.read_bytes())["features"] if each["properties"]["feature"] == "track"]
    assert len(tracks) == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"not a recording\n", "neither a monitor's record nor a recording"),
        (b"", "neither a monitor's record nor a recording"),
        (b'{"hotline_recording":3}\n', "has format 3; this program reads formats 1 and 2"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "neither a monitor's record nor a recording"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong_with_it(
    tmp_path: Path, content: bytes, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x").write_bytes(content)
    assert export(tmp_path / "x", to="csv", out=tmp_path / "out", partial=True) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert str(tmp_path / "x") in told


def test_a_time_that_is_not_in_the_run_is_told(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for at, warned in (("2001-01-01T00:00Z", True), ("2099-01-01T00:00Z", True), (None, False)):
        assert export(recording, to="aircraft.json", at=at, out=Path("-")) == 0
        assert (f"{at}"[:10] in capsys.readouterr().err) == warned


def test_a_run_that_is_not_there_a_folder_and_another_database_are_no_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sqlite3.connect(tmp_path / "other.sqlite3").execute("CREATE TABLE x (y)").connection.close()
    for path in (tmp_path / "nothing.jsonl", tmp_path, tmp_path / "other.sqlite3"):
        assert export(path, to="kml", out=tmp_path / "out") == 2
        assert str(path) in capsys.readouterr().err


def test_a_run_that_cannot_be_read_on_is_not_said_to_be_the_output_s_fault(recording: Path) -> None:
    with Run(recording) as run:
        recording.unlink()
        with pytest.raises(StoreError, match=re.escape(str(recording))):
            next(run.messages())


def test_a_recording_of_something_that_nobody_says_is_refused(
    recording: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with recording.open("ab") as file:
        file.write(msgspec.json.encode({"at": NOON, "message": unread("hotline/v1/line/us/ru", b"?", NOON)}) + b"\n")
    for to in ("mcap", "csv"):
        assert export(recording, to=to, out=out) == 2
        assert "not a recorded message" in capsys.readouterr().err


class Terminal(io.StringIO):
    """An output that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_a_file_may_have_any_name_on_a_terminal_too(
    recording: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = recording.rename(recording.with_name("run{1}[b].jsonl"))
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert export(named, to="czml", out=out) == 0
    assert "run{1}[b].jsonl" in terminal.getvalue()


def test_a_full_disk_is_said_to_be(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for to in ("czml", "kml", "geojson", "aircraft.json", "mcap", "otlp"):
        assert export(recording, to=to, out=Path("/dev/full")) == 2
        assert "/dev/full: No space left on device" in capsys.readouterr().err


def test_tables_go_to_no_standard_output_and_no_format_is_guessed(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(recording, to="parquet", out=Path("-")) == 2
    assert "folder of tables" in capsys.readouterr().err
    assert export(recording, to="shapefile") == 2
    assert "parquet, csv, czml, kml, geojson, aircraft.json, mcap, otlp" in capsys.readouterr().err
    assert export(recording, to="aircraft.json", out=Path("-"), at="noon") == 2
    assert "--at: 'noon' is no time" in capsys.readouterr().err


def test_a_line_that_nobody_knows_is_not_drawn_and_that_is_said(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "live.jsonl", HEADER)
    assert export(tmp_path / "live.jsonl", to="geojson", out=out) == 0
    assert "no shipped scenario has this run's agreement" in capsys.readouterr().err
    assert export(tmp_path / "live.jsonl", to="geojson", out=out, force=True, scenario="valley-2017") == 0
    assert '"feature":"line"' in out.read_text()
    assert export(tmp_path / "live.jsonl", to="geojson", out=out, force=True, scenario="nowhere") == 2
    assert "none of this name is shipped" in capsys.readouterr().err


def test_times_at_the_ends_of_the_calendar_are_exported_like_any_others(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    with path.open("wb") as file:
        writer = RecordingWriter(file, HEADER)
        for at in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
            for message in said():
                writer.write(replace(message, time=at, id=f"{message.id}-{at.year}"), at)
    for to in Format:
        assert export(path, to=to.value, out=tmp_path / to.value) == 0, to


def test_a_flight_that_lasts_for_ever_is_drawn_as_far_as_a_calendar_goes(tmp_path: Path, out: Path) -> None:
    began = next(message for message in said() if isinstance(message, FlightBegan))
    with (tmp_path / "long.jsonl").open("wb") as file:
        writer = RecordingWriter(file, HEADER)
        path = (began.path[0], Fix(1e300, 41.0, 35.0, 20_000.0))
        writer.write(replace(began, path=path), began.time + timedelta(seconds=1))
    for to in ("czml", "kml", "geojson", "csv", "aircraft.json"):
        assert export(tmp_path / "long.jsonl", to=to, out=out / to if to == "csv" else tmp_path / to) == 0


def test_the_plans_of_a_run_are_written_and_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = tmp_path / "run.jsonl", tmp_path / "run.fpl"
    assert simulate("euphrates-2017-06-18", out=run) == 0
    assert export(run, to="fpl", out=out) == 0
    assert "left out" not in capsys.readouterr().err
    found, refusals = read_plans(out.read_bytes(), NOON)
    assert refusals == []
    assert len(found) > 20
    assert all(check_plan(plan, plan.start) == [] for plan in found)
    assert all(doc4444.read(f"{text.rstrip()}")["callsign"] for text in out.read_text().split("\n\n"))
