"""The journal: what was committed is there, and what cannot be read rightly is refused with a sentence."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_protocol.line import Answer
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Health, Presence, Unreadable
from hotline_services.runtime.chain import entry_sum, first_sum
from hotline_services.runtime.journal import Journal, Sync
from hotline_services.runtime.replay import Past, replay
from hotline_services.runtime.store import Heard, StoreError

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Echo:
    """Answers each answer, ``times`` times; with what words, is up to its call_id."""

    next_deadline: datetime | None = None

    def __init__(self, epoch: str, times: int = 1, words: str = "c") -> None:
        self._author = Author("ru", epoch)
        self._times = times
        self._words = words

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        said = range(self._times if isinstance(message, Answer) else 0)
        return [self._author.say(Answer, now, to="us", call_id=self._words, cause=message.id) for _ in said]

    def lapse(self, now: datetime) -> Sequence[Message]:
        return [self._author.say(Answer, now, to="us", call_id=self._words)]


def lived(path: Path, inputs: int = 3) -> Journal:
    """The journal of an Echo that has heard so many answers, and then a lapse."""
    journal = Journal(path, "ru")
    core, peer = Echo(journal.epoch), Author("us", "e1")
    for n in range(inputs):
        message = peer.say(Answer, NOON, to="ru", call_id="c")
        at = NOON + n * SECOND
        journal.commit([Heard(at, message)], core.receive(message, at), [])
    at = NOON + inputs * SECOND
    journal.commit([Heard(at, None)], core.lapse(at), [])
    return journal


def reopened(path: Path) -> Journal:
    return Journal(path, "ru")


def test_what_was_committed_comes_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ru.journal"
    journal = lived(path)
    epoch = journal.epoch
    journal.close()
    journal = reopened(path)
    heard = list(journal.recover().heard)
    assert [(entry.at, getattr(entry.message, "seq", None)) for entry in heard] == [
        (NOON, 1),
        (NOON + SECOND, 2),
        (NOON + 2 * SECOND, 3),
        (NOON + 3 * SECOND, None),
    ]
    assert journal.epoch == epoch


def test_only_what_is_unconfirmed_is_to_be_sent_again(tmp_path: Path) -> None:
    journal = lived(tmp_path / "j")
    first, second, *_ = (message.id for message in journal.recover().unconfirmed)
    journal.commit([], [], [first, "never-said"])
    journal.close()
    journal = reopened(tmp_path / "j")
    assert [message.id for message in journal.recover().unconfirmed][:1] == [second]
    journal.commit([], [], [second])
    journal.close()
    assert len(reopened(tmp_path / "j").recover().unconfirmed) == 2


def test_messages_said_are_found_by_their_numbers(tmp_path: Path) -> None:
    journal = lived(tmp_path / "j", inputs=9)
    assert [message.seq for message in journal.said_between(journal.epoch, 3, 5)] == [3, 4, 5]
    assert [message.seq for message in journal.said_between(journal.epoch, 9, 99)] == [9, 10]
    assert journal.said_between("another", 1, 5) == []


def test_deaths_are_counted_across_lives(tmp_path: Path) -> None:
    poison = Author("us").say(Answer, NOON, to="ru", call_id="c")
    for death in (1, 2):
        journal = reopened(tmp_path / "j")
        assert journal.attempted(poison, "Traceback: it hurts") == death
        journal.close()
    assert reopened(tmp_path / "j").recover().attempts == {poison.id: 2}


@pytest.mark.parametrize(("sync", "level"), [("normal", 1), ("full", 2)])
def test_sync_is_what_sqlite_was_told(tmp_path: Path, sync: Sync, level: int) -> None:
    journal = Journal(tmp_path / "j", "ru", sync=sync)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (level,)
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_journal_of_another_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    lived(tmp_path / "j").close()
    with sqlite3.connect(tmp_path / "j") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    for _ in range(2):
        with pytest.raises(StoreError, match="is a journal of version 99, and this program reads version 3"):
            reopened(tmp_path / "j")


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other") as database:
        database.execute("CREATE TABLE mine (x)")
    database.close()
    with pytest.raises(StoreError, match="not a journal of Hotline"):
        reopened(tmp_path / "other")
    (tmp_path / "text").write_text("dear diary, " * 100)
    with pytest.raises(StoreError, match="Is it a journal"):
        reopened(tmp_path / "text")


def test_an_entry_that_is_no_message_is_refused_when_it_is_read(tmp_path: Path) -> None:
    lived(tmp_path / "j").close()
    with sqlite3.connect(tmp_path / "j") as database:
        total, told = first_sum("ru"), b"{}"
        for n, at_us, seq, message in database.execute(
            "SELECT n, at_us, seq, message FROM entry ORDER BY n"
        ).fetchall():
            told = b"{}" if n == 1 else message
            total = entry_sum(total, n, at_us, seq, told)
            database.execute(
                "UPDATE entry SET message = ?, sum = ?, arrived = min(arrived, 0) WHERE n = ?", (told, total, n)
            )
    database.close()
    journal = reopened(tmp_path / "j")
    assert journal.loss == ""
    with pytest.raises(StoreError, match="j is damaged"):
        list(journal.recover().heard)
    journal.close()


def test_a_data_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        reopened(tmp_path / "file" / "j")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="unable to open database file"):
        reopened(tmp_path / "folder")


def test_the_journal_of_another_service_is_refused(tmp_path: Path) -> None:
    lived(tmp_path / "j").close()
    with pytest.raises(StoreError, match="is the journal of ru, not of us"):
        Journal(tmp_path / "j", "us")


def test_a_journal_has_one_writer(tmp_path: Path) -> None:
    journal = lived(tmp_path / "j")
    with pytest.raises(StoreError, match="does another process have it open"):
        reopened(tmp_path / "j")
    journal.close()


def test_a_replayed_core_is_where_it_was(tmp_path: Path) -> None:
    lived(tmp_path / "j").close()
    journal = reopened(tmp_path / "j")
    core, past = Echo(journal.epoch), Past()
    assert sum(1 for _ in replay(core, journal.recover(), past)) == 4
    assert core.lapse(NOON)[0].seq == 5
    assert past.latest == NOON + 3 * SECOND
    assert not past.seen.first_time(Author("us", "e1").say(Answer, NOON, to="ru", call_id="c"))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"times": 2}, "Replaying input 1"),
        ({"times": 0}, "Replaying input 4 of the journal, this program says Answer"),
        ({"words": "d"}, "Replaying input 1 of the journal, this program says Answer .* where Answer"),
    ],
)
def test_a_program_that_no_longer_says_what_it_said_is_refused(
    tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    lived(tmp_path / "j").close()
    journal = reopened(tmp_path / "j")
    with pytest.raises(StoreError, match=reason):
        list(replay(Echo(journal.epoch, **changed), journal.recover(), Past()))


def test_a_program_that_says_less_than_it_said_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "ru")
    core, message = Echo(journal.epoch), Author("us").say(Answer, NOON, to="ru", call_id="c")
    journal.commit([Heard(NOON, message)], core.receive(message, NOON), [])
    journal.close()
    journal = reopened(tmp_path / "j")
    with pytest.raises(StoreError, match="which this program no longer says"):
        list(replay(Echo(journal.epoch, times=0), journal.recover(), Past()))


def test_replay_remembers_who_was_up_and_what_was_set_aside(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "ru")
    up = Health(id="h", source="us", seq=0, time=NOON, presence=Presence.UP, session="s1")
    letter = Unreadable(
        id="dead-1",
        source="unknown",
        seq=0,
        time=NOON,
        cause="us-e1-1",
        topic="t",
        code="dead-letter",
        field="",
        reason="",
        evidence="",
    )
    journal.commit([Heard(NOON, up), Heard(NOON, letter)], [], [])
    past = Past()
    list(replay(Echo(journal.epoch), journal.recover(), past))
    assert not past.peers.news(up)
    assert past.set_aside == {"us-e1-1"}
