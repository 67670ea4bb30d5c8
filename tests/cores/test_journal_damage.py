"""A journal that is not what was written: noticed at the next start, cut there, kept, and reported."""

import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotline_protocol.line import Answer
from hotline_protocol.message import Author, Message
from hotline_protocol.service import EpochBegun
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.recovery import Recovery
from hotline_services.runtime.replay import Past, replay
from hotline_services.runtime.service import Service
from hotline_services.runtime.store import Heard, StoreError
from hotline_services.runtime.watchdog import Unwatched
from hotline_services.runtime.writer import Writer

from .test_journal import NOON, SECOND, Echo, lived, reopened

Entry = tuple[str, Message | None]


def held(journal: Journal) -> list[Entry]:
    """What it holds, in two lists one behind the other."""
    recovered = journal.recover()
    heard = [(str(at), message) for at, message in recovered.heard]
    assert recovered.said is not None
    return [*heard, *(("said", message) for message in recovered.said)]


def beginning(part: list[Entry], whole: list[Entry]) -> bool:
    """Whether both lists of ``part`` are beginnings of those of ``whole``."""
    pairs = (([e for e in part if said is (e[0] == "said")], [e for e in whole if said is (e[0] == "said")])
             for said in (True, False))  # fmt: skip
    return all(one == other[: len(one)] for one, other in pairs)


def change(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)


@pytest.mark.parametrize(
    ("statement", "fault", "left"),
    [
        ("DELETE FROM entry WHERE n = 3", "entry 3 is missing", 2),
        ("DELETE FROM entry WHERE n = 1", "entry 1 is missing", 0),
        ("UPDATE entry SET at_us = at_us + 1 WHERE n = 5", "entry 5 is not what was written", 4),
        ("UPDATE entry SET seq = seq + 1 WHERE n = 4", "entry 4 is not what was written", 3),
        ("UPDATE entry SET message = x'7b7d' WHERE n = 2", "entry 2 is not what was written", 1),
        ("UPDATE entry SET message = '{}' WHERE n = 2", "entry 2 holds something else than a message", 1),
        ("UPDATE entry SET message = NULL WHERE n = 2", "entry 2 is not what was written", 1),
        ("UPDATE entry SET sum = sum + 1 WHERE n = 6", "entry 6 is not what was written", 5),
        ("UPDATE entry SET n = 99 WHERE n = 4", "entry 4 is missing", 3),
        ("INSERT INTO attempt VALUES ('x', 'y', 'z', x'00', 1)", "failed inputs", 8),
    ],
)
def test_what_was_changed_is_noticed_and_the_journal_ends_before_it(
    tmp_path: Path, statement: str, fault: str, left: int
) -> None:
    lived(tmp_path / "j").close()
    with closing(reopened(tmp_path / "j")) as journal:
        whole, epoch = held(journal), journal.epoch
    change(tmp_path / "j", statement)
    with closing(reopened(tmp_path / "j")) as journal:
        assert fault in journal.loss
        assert "j.damaged-1" in journal.loss
        assert journal.epoch == epoch
        assert len(held(journal)) == left
        assert beginning(held(journal), whole)
    assert (tmp_path / "j.damaged-1").exists()


@pytest.mark.parametrize("damaged", range(1, 12))
def test_what_was_said_to_the_inputs_that_are_left_is_said_again(tmp_path: Path, damaged: int) -> None:
    """Three commits of two inputs and two answers: the cut may be between an input and its answer."""
    journal = Journal(tmp_path / "j", "ru")
    core, peer = Echo(journal.epoch), Author("us", "e1")
    for at in (NOON, NOON + SECOND, NOON + 2 * SECOND):
        heard = [peer.say(Answer, at, to="ru", call_id="c") for _ in range(2)]
        said = [answer for message in heard for answer in core.receive(message, at)]
        journal.commit([Heard(at, message) for message in heard], said, [])
    whole = held(journal)
    journal.close()
    change(tmp_path / "j", "DELETE FROM entry WHERE n = ?", damaged)
    first = Past()
    with closing(reopened(tmp_path / "j")) as journal:
        inputs = sum(1 for _ in replay(Echo(journal.epoch), journal.recover(), first))
        journal.commit([], first.said_again, [])
        assert beginning(held(journal), whole)
        assert len(held(journal)) == 2 * inputs
    again = Past()
    with closing(reopened(tmp_path / "j")) as journal:
        assert journal.loss
        list(replay(Echo(journal.epoch), journal.recover(), again))
        assert again.said_again == []
        assert first.said_again == journal.recover().unconfirmed[inputs - len(first.said_again) :]


async def test_a_service_sends_again_what_its_journal_was_cut_before(tmp_path: Path) -> None:
    lived(tmp_path / "j").close()
    change(tmp_path / "j", "DELETE FROM entry WHERE n = 4")
    with closing(reopened(tmp_path / "j")) as journal:
        writer = Writer(journal)
        service = Service(name="ru", core=Echo, subscriptions=[])
        recovery = Recovery(service, Echo(journal.epoch), Past(), journal, {}, Unwatched())
        recovered = await recovery.run(writer, lambda: False)
        assert recovered is not None
        assert [message.seq for message in recovered.unconfirmed] == [1, 2]
        assert journal.recover().unconfirmed == recovered.unconfirmed
        writer.close()


def test_two_entries_that_have_changed_places_are_noticed(tmp_path: Path) -> None:
    lived(tmp_path / "j").close()
    change(tmp_path / "j", "UPDATE entry SET n = -n WHERE n IN (1, 3)")
    change(tmp_path / "j", "UPDATE entry SET n = 4 + n WHERE n < 0")
    with closing(reopened(tmp_path / "j")) as journal:
        assert "entry 1 is not what was written" in journal.loss


def test_a_loss_is_told_until_an_epoch_has_begun_because_of_it(tmp_path: Path) -> None:
    lived(tmp_path / "j").close()
    change(tmp_path / "j", "DELETE FROM entry WHERE n = 3")
    reopened(tmp_path / "j").close()
    journal = reopened(tmp_path / "j")
    assert journal.loss
    first = journal.epoch
    begun = EpochBegun(id="epoch-two", source="ru", seq=0, time=NOON, begun="two", reason=journal.loss)
    author = Author("ru", "two")
    journal.commit([Heard(NOON, begun)], [author.say(Answer, NOON, to="us", call_id="c")], [])
    journal.commit([Heard(NOON, None)], [author.say(Answer, NOON, to="us", call_id="d")], [])
    journal.close()
    with closing(reopened(tmp_path / "j")) as journal:
        assert journal.loss == ""
        assert journal.epochs == (first, "two")
        assert journal.epoch == "two"
        assert [message.call_id for message in journal.said_between("two", 1, 9)] == ["c", "d"]  # type: ignore[attr-defined]
        assert [message.seq for message in journal.said_between("two", 2, 2)] == [2]
        assert [message.epoch for message in journal.said_between(first, 1, 9)] == [first]
        assert journal.said_between("three", 1, 9) == []


def test_a_mark_of_arrival_that_is_none_sends_the_message_again(tmp_path: Path) -> None:
    journal = lived(tmp_path / "j")
    waiting = journal.recover().unconfirmed
    journal.commit([], [], [message.id for message in waiting])
    journal.close()
    change(tmp_path / "j", "UPDATE entry SET arrived = 1 WHERE n = 2")
    with closing(reopened(tmp_path / "j")) as journal:
        assert journal.loss == ""
        assert journal.recover().unconfirmed == [waiting[0]]


def test_every_bit_of_every_entry_counts(tmp_path: Path) -> None:
    """As SQLite would hand it over: each value of each row with one bit changed."""
    lived(tmp_path / "whole").close()
    with closing(sqlite3.connect(tmp_path / "whole")) as database:
        rows = database.execute("SELECT n, at_us, seq, message, sum FROM entry").fetchall()
    for row in rows:
        for column, value in list(zip(SET, row[1:], strict=True)):
            for changed in bits_changed(value):
                shutil.copy(tmp_path / "whole", tmp_path / "j")
                change(tmp_path / "j", SET[column], changed, row[0])
                with closing(reopened(tmp_path / "j")) as journal:
                    assert f"entry {row[0]} is not what was written" in journal.loss
                for evidence in tmp_path.glob("j.damaged*"):
                    evidence.unlink()


SET = {
    "at_us": "UPDATE entry SET at_us = ? WHERE n = ?",
    "seq": "UPDATE entry SET seq = ? WHERE n = ?",
    "message": "UPDATE entry SET message = ? WHERE n = ?",
    "sum": "UPDATE entry SET sum = ? WHERE n = ?",
}


def bits_changed(value: int | bytes | None) -> Iterator[int | bytes]:
    if isinstance(value, int):
        yield from (value ^ (1 << bit) for bit in range(0, 62, 13))
    elif value is not None:
        for place in range(0, len(value), 29):
            yield value[:place] + bytes([value[place] ^ 1 << place % 8]) + value[place + 1 :]


def flipped(path: Path, places: list[int], dice: random.Random) -> None:
    with path.open("r+b") as file:
        for place in places:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ dice.randrange(1, 256)]))


def noticed_or_harmless(path: Path, whole: list[Entry]) -> str:
    """What became of this journal. Never anything that was not written, never less without a word."""
    try:
        journal = reopened(path)
    except StoreError:
        return "refused"
    with closing(journal):
        found = held(journal)
        assert beginning(found, whole)
        assert journal.loss or found == whole
        return "reported" if journal.loss else "harmless"


@pytest.mark.parametrize("seed", range(80))
def test_flipped_bytes_anywhere_in_the_file_are_noticed_or_do_no_harm(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    lived(tmp_path / "j", inputs=40).close()
    with closing(reopened(tmp_path / "j")) as journal:
        whole = held(journal)
    size = (tmp_path / "j").stat().st_size
    flipped(tmp_path / "j", [dice.randrange(size) for _ in range(dice.choice([1, 1, 50]))], dice)
    noticed_or_harmless(tmp_path / "j", whole)


def as_killed(journal: Journal, path: Path, copy: Path) -> None:
    """The files as a killed process leaves them: with what it committed last in SQLite's log."""
    for ending in ("", "-wal"):
        shutil.copy(f"{path}{ending}", f"{copy}{ending}")
    journal.close()


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bytes_in_the_log_of_a_killed_process_are_noticed_or_do_no_harm(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    journal = lived(tmp_path / "live", inputs=40)
    whole = held(journal)
    as_killed(journal, tmp_path / "live", tmp_path / "j")
    size = (tmp_path / "j-wal").stat().st_size
    flipped(tmp_path / "j-wal", [dice.randrange(size) for _ in range(dice.choice([1, 50]))], dice)
    noticed_or_harmless(tmp_path / "j", whole)


def test_fifty_flipped_bytes_in_the_log_are_reported_and_what_was_before_them_is_kept(tmp_path: Path) -> None:
    journal = lived(tmp_path / "live", inputs=53)
    whole = held(journal)
    as_killed(journal, tmp_path / "live", tmp_path / "j")
    size = (tmp_path / "j-wal").stat().st_size
    flipped(tmp_path / "j-wal", [size * 6 // 10 + 7 * n for n in range(50)], random.Random(1))
    with closing(reopened(tmp_path / "j")) as journal:
        assert "SQLite's log of it is damaged behind entry" in journal.loss
        assert 20 < len(held(journal)) < len(whole)
        assert beginning(held(journal), whole)
    assert (tmp_path / "j.damaged-1-wal").stat().st_size == size


def test_what_a_killed_process_had_not_finished_writing_is_no_damage(tmp_path: Path) -> None:
    journal = lived(tmp_path / "live", inputs=40)
    whole = held(journal)
    as_killed(journal, tmp_path / "live", tmp_path / "j")
    with (tmp_path / "j-wal").open("ab") as log:
        log.write(b"\x00\x00\x00\x02" + b"\x00" * 4_000)  # a frame that ends no commit, half of it
    with closing(reopened(tmp_path / "j")) as journal:
        assert journal.loss == ""
        assert held(journal) == whole


def halved(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def headless(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"S?Lite")


@pytest.mark.parametrize("damage", [halved, headless])
def test_a_journal_that_cannot_be_read_at_all_is_kept_and_another_begun(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    lived(tmp_path / "j", inputs=400).close()
    damage(tmp_path / "j")
    with closing(reopened(tmp_path / "j")) as journal:
        assert "the journal is damaged" in journal.loss
    assert (tmp_path / "j.damaged-1").exists()
    with closing(reopened(tmp_path / "j")) as journal:
        assert "the journal is damaged" in journal.loss, "the service has not begun another epoch yet"


def test_a_rescue_that_was_interrupted_is_finished_at_the_next_start(tmp_path: Path) -> None:
    lived(tmp_path / "j").close()
    with closing(reopened(tmp_path / "j")) as journal:
        whole = held(journal)
    shutil.move(tmp_path / "j", tmp_path / "j.rebuilt")
    (tmp_path / "j").write_bytes(b"SQLite format 3\x00 half of it")
    (tmp_path / "j-wal").write_bytes(b"of the damaged one")
    with closing(reopened(tmp_path / "j")) as journal:
        assert held(journal) == whole


def test_a_hundred_thousand_entries_are_checked_in_two_seconds(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "ru")
    core, peer = Echo(journal.epoch), Author("us", "e1")
    for batch in range(50):
        at = NOON + batch * SECOND
        heard = [Heard(at, peer.say(Answer, at, to="ru", call_id="c")) for _ in range(1_000)]
        said = [answer for one in heard if one.message for answer in core.receive(one.message, at)]
        journal.commit(heard, said, [])
    journal.close()
    began = time.process_time()
    reopened(tmp_path / "j").close()
    assert time.process_time() - began < 2


def test_messages_in_the_journal_can_be_read_with_any_tool(tmp_path: Path) -> None:
    lived(tmp_path / "j").close()
    with closing(sqlite3.connect(tmp_path / "j")) as database:
        (message,) = database.execute("SELECT message FROM entry WHERE n = 2").fetchone()
    assert msgspec.json.decode(message)["type"] == "answer"
