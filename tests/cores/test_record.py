"""The monitor's record: every message once, tables that can be made again, and files that are not its own."""

import gc
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline_protocol.events import LineAnnounced
from hotline_protocol.injection import AnnouncedState, CancelPlan
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Resend, Unreadable
from hotline_protocol.topics import decode_any
from hotline_services.monitor.order import Span
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.rows import ROWS, CallRow, Row
from hotline_services.monitor.volume import Grouping, call_volume
from hotline_services.records.reading import RecordSource, open_source
from hotline_services.records.record import Record, rebuild
from hotline_services.records.recordfile import VERSION
from hotline_services.records.recordings import record_to_recording
from hotline_services.records.stored_rows import StoredRows, make_tables
from hotline_services.runtime.replay import Past, replay
from hotline_services.runtime.store import Heard, StoreError

from .damaged import damage
from .talk import NOON, at, everything

ALL = everything()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "monitor.sqlite3"


@pytest.fixture
def record(path: Path) -> Iterator[Record]:
    with closing(Record(path)) as opened:
        yield opened


def heard(messages: Sequence[Message]) -> list[Heard]:
    return [Heard(at(second), message) for second, message in enumerate(messages)]


def tables(path: Path) -> dict[str, list[Row]]:
    with RecordSource(path) as source:
        return {kind.table: source.rows(kind) for kind in ROWS}


def in_memory(messages: Sequence[Message]) -> dict[str, list[Row]]:
    projection = Projection()
    for message in messages:
        projection.apply(message)
    return {kind.table: projection.rows(kind) for kind in ROWS}


def announcements(count: int, source: str = "us") -> list[Message]:
    author = Author(source, "e1")
    return [author.say(LineAnnounced, at(n), state=AnnouncedState.OPEN) for n in range(count)]


def test_the_stored_tables_are_those_in_memory(record: Record, path: Path) -> None:
    record.commit(heard(ALL), [], [])
    assert tables(path) == in_memory(ALL)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(ALL), st.lists(st.sampled_from(ALL), max_size=10), st.integers(1, 20))
def test_tables_made_again_are_those_kept_up_and_those_of_any_other_order(
    tmp_path_factory: pytest.TempPathFactory, shuffled: list[Message], again: list[Message], batch: int
) -> None:
    path = tmp_path_factory.mktemp("record") / "monitor.sqlite3"
    inputs = heard([*shuffled, *again])
    with closing(Record(path)) as record:
        for first in range(0, len(inputs), batch):
            record.commit(inputs[first : first + batch], [], [])
    kept_up = tables(path)
    assert rebuild(path) == len(ALL)
    assert tables(path) == kept_up == in_memory(ALL)


def test_the_number_of_calls_so_far_is_where_a_log_goes_on(record: Record) -> None:
    assert record.count(CallRow) == 0
    record.commit(heard(ALL), [], [])
    assert record.count(CallRow) == 3


def test_a_message_that_comes_again_is_kept_once(record: Record, path: Path) -> None:
    record.commit(heard(ALL), [], [])
    record.commit(heard(ALL), [], [])
    with RecordSource(path) as source:
        assert [message for _, message in source.messages()] == ALL


def test_a_message_is_kept_though_another_has_used_its_id(record: Record, path: Path) -> None:
    genuine = Author("ru", "e1").say(LineAnnounced, NOON, state=AnnouncedState.OPEN)
    forged = CancelPlan(id=genuine.id, source="lt-smith", seq=0, time=NOON, to="us", plan_id="p")
    for messages in ([forged, genuine], [forged, genuine], [genuine], [forged]):
        record.commit(heard(messages), [], [])
    with RecordSource(path) as source:
        kept = [message for _, message in source.messages()]
    assert [type(message) for message in kept] == [CancelPlan, LineAnnounced]
    assert [message.source for message in kept] == ["lt-smith", "ru"]


def test_what_is_read_back_is_what_was_heard_in_the_order_in_which_it_came(record: Record, path: Path) -> None:
    record.commit(heard(ALL[::-1]), [], [])
    with RecordSource(path) as source:
        assert list(source.messages()) == [(at(n), message) for n, message in enumerate(ALL[::-1])]


def test_readers_see_what_is_committed_while_the_monitor_goes_on(record: Record, path: Path) -> None:
    with RecordSource(path) as source:
        assert source.period is None
        record.commit(heard(ALL), [], [])
        assert source.period is not None
        assert source.period.end == at(len(ALL) - 1)


def test_the_period_begins_with_the_first_ring_where_that_was_said_before_anything_was_recorded(
    record: Record, path: Path, tmp_path: Path
) -> None:
    late = [Heard(at(86_400 + second), message) for second, message in enumerate(ALL)]
    record.commit(late, [], [])
    recording = tmp_path / "late.jsonl"
    record_to_recording(path, recording)
    for file in (path, recording):
        with closing(open_source(file)) as source:
            rung = [row.rang_at for row in source.rows(CallRow) if row.rang_at]
            assert source.period is not None
            assert source.period.start == min(rung)
            assert source.period.end > at(86_400)
            (total,) = call_volume(source.rows(CallRow), source.period, Grouping.TOTAL)
        assert total.calls + total.attempts == 3


def test_progress_is_read_from_the_record_and_not_replayed(record: Record, path: Path) -> None:
    us = announcements(9)
    own = Author("monitor", record.epoch).say(LineAnnounced, NOON, state=AnnouncedState.OPEN)
    record.commit(heard([*us[1:3], us[5], *announcements(2, "ru")]), [own], [])
    progress = record.progress()
    assert (progress.epoch, progress.said) == (record.epoch, 1)
    marks = {mark.source: (mark.highest, mark.missing) for mark in progress.marks}
    assert marks == {"us": (6, (Span(1, 1), Span(4, 5))), "ru": (2, ())}
    assert record.recover().heard == ()


def test_a_record_tells_how_far_time_had_come_though_nothing_is_replayed(record: Record) -> None:
    class Silent:
        next_deadline = None

        def receive(self, _message: Message, _now: datetime) -> Sequence[Message]:
            raise AssertionError

        def lapse(self, _now: datetime) -> Sequence[Message]:
            raise AssertionError

    past = Past()
    assert list(replay(Silent(), record.recover(), past)) == []
    assert past.latest is None
    record.commit(heard(announcements(9)), [], [])
    assert list(replay(Silent(), record.recover(), past)) == []
    assert past.latest == at(8)


def test_what_the_monitor_said_waits_until_it_has_arrived(path: Path) -> None:
    said = announcements(2, "monitor")
    with closing(Record(path)) as record:
        record.commit([], said, [])
        record.commit([], [], [said[0].id])
    with closing(Record(path)) as record:
        assert record.recover().unconfirmed == [said[1]]


def test_a_request_to_send_again_does_not_wait_since_it_is_made_anew(record: Record) -> None:
    request = Resend(id="r", source="monitor", seq=0, time=NOON, to="us", wanted_epoch="e", first_seq=1, last_seq=2)
    record.commit([], [request], [])
    assert record.recover().unconfirmed == []


def test_what_was_said_can_be_said_again_by_its_numbers(record: Record) -> None:
    author = Author("monitor", record.epoch)
    said = [author.say(LineAnnounced, at(n), state=AnnouncedState.OPEN) for n in range(5)]
    record.commit([], said, [])
    assert record.said_between(record.epoch, 2, 4) == said[1:4]
    assert record.said_between("another", 2, 4) == []


def test_the_deaths_that_an_input_causes_are_counted_over_restarts(path: Path) -> None:
    message = announcements(1)[0]
    with closing(Record(path)) as record:
        assert record.attempted(message, "boom") == 1
    with closing(Record(path)) as record:
        assert record.attempted(message, "boom") == 2
        assert record.recover().attempts == {message.id: 2}


def test_its_epoch_is_its_own_for_life(path: Path, tmp_path: Path) -> None:
    with closing(Record(path)) as first:
        epoch = first.epoch
    with closing(Record(path)) as again, closing(Record(tmp_path / "other.sqlite3")) as other:
        assert again.epoch == epoch != other.epoch


def test_rubbish_itself_is_not_kept_since_what_was_said_of_it_is(record: Record, path: Path) -> None:
    rubbish = Unreadable(
        id="u", source="unknown", seq=0, time=NOON, topic="t", code="malformed", field="f", reason="r", evidence="e"
    )
    record.commit([Heard(NOON, rubbish), Heard(NOON, None)], announcements(1, "monitor"), [])
    with RecordSource(path) as source:
        assert [message.source for _, message in source.messages()] == ["monitor"]


def test_the_greatest_number_and_times_beyond_what_the_database_holds_are_kept(record: Record, path: Path) -> None:
    text = (
        b'{"type":"line-announced","id":"x","source":"us","seq":9223372036854775807,"epoch":"e1",'
        b'"time":"0001-01-01T00:00:00+14:00","state":"open"}'
    )
    message = decode_any(text)
    record.commit(heard([message]), [], [])
    with RecordSource(path) as source:
        assert [kept for _, kept in source.messages()] == [message]


def test_two_monitors_cannot_write_to_one_record(record: Record, path: Path) -> None:
    with pytest.raises(StoreError, match="is being written by another process"):
        Record(path)
    with pytest.raises(StoreError, match="is being written by another process"):
        rebuild(path)


def test_a_record_of_another_version_is_refused_with_a_sentence(path: Path) -> None:
    Record(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    sentence = f"is a record of version {VERSION + 1}, and this program reads version {VERSION}"
    for open_it in (Record, RecordSource, rebuild):
        with pytest.raises(StoreError, match=sentence):
            open_it(path)


def test_tables_of_another_version_are_made_again_by_the_monitor_and_refused_to_readers(path: Path) -> None:
    with closing(Record(path)) as record:
        record.commit(heard(ALL), [], [])
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE life SET tables_version = 0")
        db.execute("DELETE FROM calls")
    with pytest.raises(StoreError, match="hotline rebuild"):
        RecordSource(path)
    Record(path).close()
    assert tables(path) == in_memory(ALL)


@pytest.mark.parametrize(
    "content",
    [
        b"not a database at all, but long enough to look like one" * 20,
        b"{}\n",
        b"SQLite format 3\x00, and then something else" * 100,
    ],
)
def test_a_file_that_is_no_record_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for open_it in (Record, rebuild, open_source):
        with pytest.raises(StoreError, match=r"record"):
            open_it(path)
    assert path.read_bytes() == content


def test_a_record_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        Record(tmp_path / "file" / "record")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="folder"):
        Record(tmp_path / "folder")


def test_what_holds_nothing_to_make_tables_of_is_refused_in_a_sentence(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"{tmp_path}: unable to open"):
        rebuild(tmp_path)
    Record(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM life")
    with pytest.raises(StoreError, match="is empty"):
        rebuild(path)


def test_a_record_that_is_refused_is_let_go(path: Path) -> None:
    """What stays open would be a warning when it is collected, which is an error here."""
    with closing(Record(path)) as record:
        record.commit(heard(ALL), [], [])
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE life SET tables_version = 0")
        db.execute("UPDATE messages SET message = '{' WHERE n = 5")
    for service in ("other", "monitor"):
        with pytest.raises(StoreError, match=r"not of other|is damaged"):
            Record(path, service)
    gc.collect()


@pytest.mark.parametrize(
    "read",
    [
        lambda source: source.period,
        lambda source: source.rows(CallRow),
        lambda source: source.origin("x"),
        lambda source: source.count,
        lambda source: source.agreement,
        lambda source: list(source.messages()),
    ],
)
def test_a_record_that_is_damaged_further_on_is_told_to_be(
    record: Record, path: Path, read: Callable[[RecordSource], object]
) -> None:
    record.commit(heard(ALL), [], [])
    record.close()
    damage(path)
    with RecordSource(path) as source, pytest.raises(StoreError, match=f"{path} is damaged"):
        read(source)


def test_a_database_of_somebody_else_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreError, match="is not a monitor's record"):
        Record(path)


def test_a_record_of_another_service_is_refused(path: Path) -> None:
    Record(path).close()
    with pytest.raises(StoreError, match="is the record of monitor, not of other"):
        Record(path, "other")


def test_a_failed_commit_leaves_neither_messages_nor_rows(
    record: Record, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(_: StoredRows) -> None:
        raise sqlite3.OperationalError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(StoredRows, "flush", break_off)
        with pytest.raises(StoreError, match="disk full"):
            record.commit(heard(ALL), [], [])
    assert all(rows == [] for rows in tables(path).values())
    record.commit(heard(ALL), [], [])
    assert tables(path) == in_memory(ALL)


def test_rows_in_memory_are_bounded_and_come_back_from_the_database() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        make_tables(db)
        rows = StoredRows(db, at_most=3)
        projection = Projection(rows)
        for message in ALL:
            projection.apply(message)
            rows.flush()
            assert len(rows) <= 3
        for kind in ROWS:
            for row in in_memory(ALL)[kind.table]:
                assert rows.get(kind, row.key) == row


def test_a_recording_of_a_record_gives_the_same_tables(record: Record, path: Path, tmp_path: Path) -> None:
    record.commit(heard(ALL), [], [])
    out = tmp_path / "run.jsonl"
    count = record_to_recording(path, out).messages
    source = open_source(out)
    assert count == sum(message.seq > 0 for message in ALL)
    expected = {**in_memory(ALL), "services": []}
    assert {kind.table: source.rows(kind) for kind in ROWS} == expected


def test_no_recording_appears_where_there_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        record_to_recording(tmp_path / "none.sqlite3", tmp_path / "run.jsonl")
    assert list(tmp_path.iterdir()) == []
