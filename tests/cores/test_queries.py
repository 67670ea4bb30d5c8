"""The commands over a record: tables for people, JSON for programs, one sentence when something is wrong."""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_protocol.events import Escalated, EscalationKind, LedgerChanged
from hotline_protocol.ledger import Head
from hotline_protocol.line import Tier
from hotline_protocol.message import Author
from hotline_protocol.service import Presence
from hotline_services.cli import queries
from hotline_services.cli.query import Query, record_path, since
from hotline_services.cli.recording import recording
from hotline_services.cli.tables import Column, aligned
from hotline_services.director.scenario import read_scenario
from hotline_services.monitor.rows import CallRow
from hotline_services.monitor.volume import Grouping, Period, call_volume
from hotline_services.records.record import Record
from hotline_services.records.recordings import record_to_recording
from hotline_services.runtime.recording import RecordingReader
from hotline_services.runtime.store import Heard

from .damaged import damage
from .talk import NOON, at, everything, health

Command = Callable[..., int]
LISTS: dict[str, int] = {"calls": 3, "negotiations": 2, "agreements": 2, "plans": 2, "escalations": 1, "volume": 1}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("HOTLINE_BROKER", raising=False)
    path = tmp_path / "monitor.sqlite3"
    with closing(Record(path)) as record:
        record.commit([Heard(message.time, message) for message in everything()], [], [])
    return path


@pytest.fixture(params=["record", "recording"])
def kept(request: pytest.FixtureRequest, path: Path) -> Path:
    """The same messages in a monitor's record, and in a recording."""
    if request.param == "record":
        return path
    out = path.with_name("run.jsonl")
    record_to_recording(path, out)
    return out


def command(name: str) -> Command:
    found: Command = getattr(queries, name)
    return found


def parsed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("name", "count"), LISTS.items())
def test_json_is_a_list_of_objects(name: str, count: int, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(name)(query=Query(record=kept, json=True)) == 0
    rows = parsed(capsys)
    assert len(rows) == count
    assert all(isinstance(row, dict) for row in rows)


@pytest.mark.parametrize(("name", "count"), LISTS.items())
def test_in_a_pipe_rows_are_aligned_lines_under_headings(
    name: str, count: int, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(name)(query=Query(record=kept)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + count
    assert not any("\x1b" in line for line in lines)


def test_on_a_terminal_rows_are_a_table_without_a_word_lost_or_taken_for_markup(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert command("calls")(query=Query(record=path)) == 0
    out = capsys.readouterr().out
    assert "duty officer" in out
    assert "no answer" in out


def test_since_leaves_out_what_was_before(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("calls")(query=Query(record=kept, json=True, since="2017-06-18T12:20Z")) == 0
    assert [call["key"] for call in parsed(capsys)] == ["us-c9"]


def test_since_a_span_counts_back_from_the_records_end(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("calls")(query=Query(record=kept, json=True, since="25min")) == 0
    assert [call["key"] for call in parsed(capsys)] == ["us-c2", "us-c9"]


def test_party_leaves_out_what_it_had_no_part_in(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("plans")(query=Query(record=kept, json=True, party="ru")) == 0
    assert parsed(capsys) == []
    assert command("calls")(query=Query(record=kept, json=True, party="ru")) == 0
    assert len(parsed(capsys)) == 3


def test_the_history_of_plans_has_every_change(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("plans")(history=True, query=Query(record=kept, json=True)) == 0
    assert [step["state"] for step in parsed(capsys)] == ["negotiating", "accepted"] * 2


def test_call_volume_comes_in_groups(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("volume")(by=Grouping.REASON, query=Query(record=kept, json=True)) == 0
    rows = {row["group"]: (row["calls"], row["attempts"], row["no_answer"]) for row in parsed(capsys)}
    assert rows == {"incident": (0, 1, 1), "short-notice": (2, 0, 0)}


def test_how_long_calls_last_is_not_told_where_there_was_none(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("volume")(by=Grouping.REASON, query=Query(record=kept)) == 0
    _, attempts, calls = capsys.readouterr().out.splitlines()
    assert attempts.startswith("incident")
    assert (attempts.count("—"), calls.count("—")) == (3, 1)  # of less than a day nothing is said a day


def test_a_ring_that_nobody_answers_is_listed_as_an_attempt(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("calls")(query=Query(record=kept)) == 0
    listed = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert sorted({("attempt" in line, "no answer" in " ".join(line)) for line in listed}) == [
        (False, False),
        (True, True),
    ]


@pytest.mark.parametrize("by", [Grouping.HOUR, Grouping.DAY])
def test_a_call_at_either_end_of_the_calendar_is_counted(by: Grouping) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    calls = [CallRow(key=str(at.year), caller="us", rang_at=at, answered_at=at, ended_at=at) for at in (first, last)]
    groups = call_volume(calls, Period(start=first, end=last), by)
    assert [(group.group[:10], group.calls) for group in groups] == [("0001-01-01", 1), ("9999-12-31", 1)]
    assert groups[0].hours == (1 if by is Grouping.HOUR else 24)


def test_reasons_and_tiers_are_told_in_words_and_no_daily_rate_of_less_than_six_hours(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("volume")(by=Grouping.REASON, query=Query(record=path)) == 0
    head, _, row = capsys.readouterr().out.splitlines()
    assert "set-up: mean / p90" in head
    assert row.split()[:4] == ["short", "notice", "2", "—"]
    with closing(Record(path)) as record:
        record.commit([Heard(at(86_400), health("us", 86_400))], [], [])
    assert command("volume")(by=Grouping.REASON, query=Query(record=path)) == 0
    assert capsys.readouterr().out.splitlines()[2].split()[:4] == ["short", "notice", "2", "2.0"]


def test_what_was_settled_on_is_told_in_its_three_parts(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("negotiations")(query=Query(record=path)) == 0
    for line in capsys.readouterr().out.splitlines()[1:]:
        assert line.count(" · ") == 2


def test_a_protest_is_its_own_cause_and_what_no_message_caused_says_so(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    us = Author("us", "b3")
    strain: dict[str, Any] = {"peer": "ru", "about": "ru-c1", "tier": Tier.DUTY_OFFICER}
    said = [
        us.say(Escalated, at(9_000), kind=kind, **strain) for kind in (EscalationKind.PROTEST, EscalationKind.EXPIRED)
    ]
    with closing(Record(path)) as record:
        record.commit([Heard(message.time, message) for message in said], [], [])
    assert command("escalations")(query=Query(record=path)) == 0
    protest, expired = capsys.readouterr().out.splitlines()[-2:]
    assert protest.endswith("protest of ru")
    assert expired.endswith("—")


def test_an_empty_answer_is_said_in_words_and_as_an_empty_list(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("agreements")(query=Query(record=path, since="2030-01-01T00:00Z")) == 0
    assert capsys.readouterr().out == "No agreements.\n"
    assert command("agreements")(query=Query(record=path, since="2030-01-01T00:00Z", json=True)) == 0
    assert parsed(capsys) == []


@pytest.mark.parametrize("name", ["calls", "plans", "agreements"])
def test_a_party_of_whom_nothing_was_heard_is_told_with_those_that_were(
    name: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(name)(query=Query(record=path, party="fr")) == 2
    assert "--party: nobody called fr is in this record; there are: ru, us" in capsys.readouterr().err


@pytest.mark.parametrize("name", [*LISTS, "status"])
def test_without_a_record_it_says_so_in_one_sentence_and_exits_with_2(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOTLINE_BROKER", raising=False)
    assert command(name)(query=Query(record=tmp_path / "none.sqlite3")) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"hotline {name}: ")
    assert "there is no record to read" in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("content", ["", "hello\n", '{"hotline_recording": 99}\n'])
def test_a_file_of_another_kind_is_named_in_one_sentence(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text(content)
    assert command("calls")(query=Query(record=wrong)) == 2
    assert str(wrong) in capsys.readouterr().err


@pytest.mark.parametrize("name", [*LISTS, "status"])
def test_a_record_that_is_damaged_further_on_is_told_in_one_sentence(
    name: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(path)
    assert command(name)(query=Query(record=path)) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "is damaged" in told.err
    assert told.err.count("\n") == 1


def test_a_wrong_since_is_explained(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("calls")(query=Query(record=path, since="yesterday")) == 2
    assert "--since: 'yesterday' is neither a time" in capsys.readouterr().err


def test_since_is_read_as_utc_unless_it_says_otherwise() -> None:
    period = Period(start=NOON, end=at(86_400))
    assert since("2017-06-18T12:00", period) == NOON
    assert since("2017-06-18T15:00+03:00", period) == NOON
    assert since("1d", period) == NOON
    assert since("1.5h", period) == NOON + timedelta(hours=22.5)
    assert since(None, period) is None
    assert since("2017-06-18", None) == datetime(2017, 6, 18, tzinfo=UTC)


def test_the_record_is_the_one_named_or_of_the_environment_or_in_the_folder_of_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOTLINE_RECORD", "/data/monitor.sqlite3")
    assert record_path(Path("mine")) == Path("mine")
    assert record_path(None) == Path("/data/monitor.sqlite3")
    monkeypatch.delenv("HOTLINE_RECORD")
    monkeypatch.setenv("HOTLINE_DATA", "other")
    assert record_path(None) == Path("other/monitor.sqlite3")
    monkeypatch.delenv("HOTLINE_DATA")
    assert record_path(None) == Path("var/monitor.sqlite3")


def test_status_tells_services_line_and_ledgers(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("status")(query=Query(record=path)) == 0
    out = capsys.readouterr().out
    assert "ru: suspended since 18 1231Z JUN: until further notice" in out
    assert "us → ru: silent since 18 1231Z JUN" in out
    assert "granted by ru to us: 2 entries" in out
    assert "they agree" in out
    assert "ru rejected 1 from inject: malformed" in out


def test_status_as_json_is_one_object(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("status")(query=Query(record=path, json=True)) == 0
    told = parsed(capsys)
    assert [service["key"] for service in told["services"]] == ["ru", "us"]
    assert told["ledgers"][0]["granted"] == told["ledgers"][0]["copied"]


def test_status_says_when_the_two_sides_ledgers_differ(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed = Author("ru", "b3").say(LedgerChanged, at(9_000), peer="us", heads={"ru": Head(length=3, hash="f" * 64)})
    with closing(Record(path)) as record:
        record.commit([Heard(at(9_000), changed)], [], [])
    assert command("status")(query=Query(record=path)) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "DIFFER" in line]
    assert "ru has 3 entries, ffffffffffffffff; us has 2" in line


def test_status_tells_since_when_a_service_is_down(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Record(path)) as record:
        record.commit([Heard(at(9_000), health("us", -60, Presence.DOWN))], [], [])
    assert command("status")(query=Query(record=path)) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("us ")]
    assert line.split()[1:5] == ["down", "18", "1430Z", "JUN"]


def test_status_falls_back_on_the_record_when_the_broker_is_gone(
    path: Path, capsys: pytest.CaptureFixture[str], unused_tcp_port: int
) -> None:
    broker = f"mqtt://127.0.0.1:{unused_tcp_port}"
    assert command("status")(broker=broker, query=Query(record=path)) == 4
    told = capsys.readouterr()
    assert "this is what the record says" in told.err
    assert "they agree" in told.out


def test_watch_without_a_broker_says_so_in_one_sentence(
    capsys: pytest.CaptureFixture[str], unused_tcp_port: int
) -> None:
    assert queries.watch(broker=f"mqtt://127.0.0.1:{unused_tcp_port}") == 4
    assert capsys.readouterr().err.startswith("hotline watch: no connection to the broker")


def test_watch_with_a_wrong_address_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert queries.watch(broker="http://nowhere") == 2
    assert capsys.readouterr().err.startswith("hotline watch: ")


def test_rebuild_tells_how_many_messages_it_read(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert queries.rebuild(record=path) == 0
    assert f"made the tables again from {len(everything())} messages" in capsys.readouterr().out


def test_rebuild_of_nothing_makes_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert queries.rebuild(record=tmp_path / "none.sqlite3") == 2
    assert list(tmp_path.iterdir()) == []
    assert "there is no such record" in capsys.readouterr().err


def test_recording_writes_what_a_query_can_read(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert recording(record=path, out=tmp_path / "run.jsonl") == 0
    assert recording(record=path, out=tmp_path / "no" / "run.jsonl") == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_a_recording_of_a_shipped_scenario_names_its_agreement(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.jsonl"
    assert recording(record=path, out=out, scenario="valley-day") == 0
    with out.open("rb") as file:
        header = RecordingReader(file).header
    assert (header.scenario, header.agreement) == ("valley-day", read_scenario("valley-day").agreement.digest)


def test_columns_are_as_wide_as_their_texts_and_harmless() -> None:
    columns = (Column("name", str), Column("n", lambda row: str(len(row)), at_right=True))
    assert aligned(["a", "bell\x07 rings"], columns) == ["name          n", "a             1", "bell? rings  11"]
