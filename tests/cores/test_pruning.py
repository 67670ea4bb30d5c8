"""Pruning of a journal behind its snapshots breaks no promise, and damage to a pruned journal is told."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from hotline_protocol.message import Message
from hotline_services.delivery.outbox import WINDOW
from hotline_services.monitor.order import Limits
from hotline_services.runtime import pruning
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.journalreader import JournalReader
from hotline_services.runtime.tail import LOOKBACK, NEWCOMERS_LOOKBACK

from .snapshotted import NOON, SECOND, Shell
from .test_journal_damage import change
from .test_snapshot_recovery import ring
from .test_snapshots import ended, lived, reopened, snapshots


def test_as_much_is_kept_of_what_was_said_as_anybody_asks_for() -> None:
    assert max(Limits().lookback, NEWCOMERS_LOOKBACK, LOOKBACK) <= pruning.KEPT_NUMBERS <= WINDOW


def test_what_has_not_arrived_is_not_pruned_and_is_sent_again_until_it_has(tmp_path: Path) -> None:
    shell = lived(tmp_path / "j", 55, arrived=False)
    said = list(shell.waiting)
    assert shell.journal._pruned.at.n > 20
    shell.die()
    assert list(shell.waiting) == said
    shell.confirm(len(said) - 1)
    shell.die()
    assert list(shell.waiting) == said[-1:]
    shell.confirm(1)
    shell.die()
    assert not shell.waiting
    shell.journal.close()


def test_the_last_numbers_of_each_epoch_can_be_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "KEPT_NUMBERS", 8)
    shell = lived(tmp_path / "j", 40)
    first = shell.journal.epoch
    said_in_first = shell.past.tail.said
    shell.lose_state(NOON + 60 * SECOND)
    for number in range(41, 90):
        shell.turn(NOON + (60 + number) * SECOND, ring(number))
        shell.confirm(99)
    shell.die()
    journal = shell.journal
    assert [message.seq for message in journal.said_between(first, 1, 999)][-8:] == list(
        range(said_in_first - 7, said_in_first + 1)
    )
    last = shell.past.tail.said
    kept = [message.seq for message in journal.said_between(journal.epoch, 1, 999)]
    assert kept[0] > 1
    assert kept == list(range(kept[0], last + 1))
    assert kept[0] <= last - 7
    assert journal.next_said(first, 1) == journal.said_between(first, 1, 999)[0].seq
    assert journal.next_said(journal.epoch, 1) == kept[0]
    assert journal.next_said(journal.epoch, last + 1) is None
    assert journal.next_said("never", 1) is None
    shell.journal.close()


def test_a_journal_that_is_pruned_says_so_to_whoever_reads_it(tmp_path: Path) -> None:
    ended(lived(tmp_path / "j", 55))
    with JournalReader(tmp_path / "j") as reader:
        assert reader.pruned is not None
        assert reader.pruned.at > NOON + 30 * SECOND
        assert reader.fault == ""
        assert 0 < len(list(reader.heard())) < 40
    ended(lived(tmp_path / "whole", 5))
    with JournalReader(tmp_path / "whole") as reader:
        assert reader.pruned is None


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE kept SET message = x'7b7d' WHERE n = (SELECT min(n) FROM kept)", "kept of the pruned messages"),
        ("UPDATE kept SET seq = seq + 1 WHERE n = (SELECT max(n) FROM kept)", "kept of the pruned messages"),
        ("DELETE FROM kept WHERE n = (SELECT min(n) FROM kept)", "kept of the pruned messages"),
        ("UPDATE pruned SET kept = kept + 1", "kept of the pruned messages"),
        ("DELETE FROM entry WHERE n = (SELECT max(n) - 3 FROM entry)", "is missing"),
    ],
)
def test_damage_to_a_pruned_journal_is_told_and_what_is_sound_is_kept(
    tmp_path: Path, statement: str, fault: str
) -> None:
    ended(lived(tmp_path / "j", 55, arrived=False))
    known = [message.id for message in waiting(tmp_path / "j")]
    change(tmp_path / "j", statement)
    shell = Shell(tmp_path / "j", 10)
    assert fault in shell.journal.loss
    assert (tmp_path / "j.damaged-1").exists()
    assert shell.past.latest is not None
    assert shell.past.latest > NOON + 40 * SECOND
    assert set(shell.waiting) <= set(known)
    assert len(known) - len(shell.waiting) <= 2
    shell.journal.close()
    assert fault in reopened(tmp_path / "j")[2]


@pytest.mark.parametrize("statement", ["UPDATE pruned SET sum = sum + 1", "UPDATE pruned SET after = after - 1"])
def test_damage_to_the_beginning_of_a_pruned_journal_is_told(tmp_path: Path, statement: str) -> None:
    ended(lived(tmp_path / "j", 55))
    change(tmp_path / "j", statement)
    assert "the journal is damaged" in reopened(tmp_path / "j")[2]


def test_a_mark_of_arrival_that_is_none_sends_a_kept_message_again(tmp_path: Path) -> None:
    ended(lived(tmp_path / "j", 55))
    assert not waiting(tmp_path / "j")
    change(tmp_path / "j", "UPDATE kept SET arrived = 1 WHERE n = (SELECT min(n) FROM kept)")
    assert [message.seq for message in waiting(tmp_path / "j")] == [1]


def waiting(path: Path) -> Sequence[Message]:
    with closing(Journal(path, "ru")) as journal:
        assert journal.loss == ""
        return journal.recover().unconfirmed


def test_a_journal_of_the_version_without_snapshots_goes_on(tmp_path: Path) -> None:
    before = ended(lived(tmp_path / "j", 15, every=0))
    for table in ("snapshot", "pruned", "kept"):
        change(tmp_path / "j", f"DROP TABLE {table}")
    change(tmp_path / "j", "PRAGMA user_version = 2")
    with JournalReader(tmp_path / "j") as reader:
        assert len(list(reader.heard())) >= 15
    shell = Shell(tmp_path / "j", 10)
    assert shell.state[0] == before[0]
    for number in range(16, 60):
        shell.turn(NOON + number * SECOND, ring(number))
    assert shell.journal._pruned.at.n > 0
    shell.journal.close()


def test_without_snapshots_nothing_is_pruned(tmp_path: Path) -> None:
    ended(lived(tmp_path / "j", 55, every=0))
    assert snapshots(tmp_path / "j") == []
    _, replayed, _, _ = reopened(tmp_path / "j", every=0)
    assert replayed >= 55
