"""Snapshots in a journal: recovery goes on from the newest, and a bad one is passed over with a sentence."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from hotline_protocol.line import Answer
from hotline_protocol.message import Message
from hotline_services.runtime import journalfile
from hotline_services.runtime import replay as replay_module
from hotline_services.runtime.chain import Place
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.provenance import Launch, Provenance
from hotline_services.runtime.replay import Past, replay, restore
from hotline_services.runtime.snapshotrows import snapshot_sum
from hotline_services.runtime.store import Heard, StoreError
from hotline_services.runtime.wal import log_of

from .snapshotted import NOON, SECOND, Shell, Switchboard
from .test_journal import Echo
from .test_journal_damage import bits_changed, change
from .test_snapshot_recovery import ring


def lived(path: Path, turns: int, *, every: int = 10, arrived: bool = True) -> Shell:
    shell = Shell(path, every)
    for number in range(1, turns + 1):
        shell.turn(NOON + number * SECOND, ring(number))
        if arrived:
            shell.confirm(9)
    return shell


def ended(shell: Shell) -> tuple[bytes, list[Message]]:
    """Close it; returns the state of its core, and what is to be sent again."""
    core, _, waiting = shell.state
    shell.journal.close()
    return core, waiting


def reopened(path: Path, every: int = 10) -> tuple[tuple[bytes, list[Message]], int, str, list[str]]:
    """What is recovered, from how many inputs, what loss is told, and why snapshots were passed over."""
    with logged() as logs:
        shell = Shell(path, every)
    replayed, loss = shell.replayed, shell.journal.loss
    passed_over = [str(line["reason"]) for line in logs if line["event"] == "snapshot-passed-over"]
    return ended(shell), replayed, loss, passed_over


class Log:
    """Keeps what is logged, however logging is set up in this process."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def warning(self, event: str, **what: Any) -> None:
        self.lines.append({"event": event, **what})

    error = info = warning


@contextmanager
def logged() -> Iterator[list[dict[str, Any]]]:
    log = Log()
    with patch.object(journalfile, "log", log), patch.object(replay_module, "log", log):
        yield log.lines


def rows(path: Path, query: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query, values).fetchall()


def resealed(path: Path, after: int, **changed: Any) -> None:
    """Change the snapshot behind this entry, and give it the checksum that then is right."""
    ((made_by, made_for, at_real, state),) = rows(
        path, "SELECT made_by, made_for, at_real, state FROM snapshot WHERE after = ?", after
    )
    new = {"made_by": made_by, "made_for": made_for, "at_real": at_real, "state": state} | changed
    pruned = rows(path, "SELECT sum FROM pruned WHERE after = ?", after)
    ((total,),) = pruned or rows(path, "SELECT sum FROM entry WHERE n = ?", after)
    change(
        path,
        "UPDATE snapshot SET made_by = ?, made_for = ?, at_real = ?, state = ?, sum = ? WHERE after = ?",
        *new.values(),
        snapshot_sum(Place(after, total), **new),
        after,
    )


SET = (
    "UPDATE snapshot SET state = ? WHERE after = ?",
    "UPDATE snapshot SET sum = ? WHERE after = ?",
    "UPDATE OR REPLACE snapshot SET after = ? WHERE after = ?",
)


def snapshots(path: Path) -> list[int]:
    return [after for (after,) in rows(path, "SELECT after FROM snapshot ORDER BY after")]


def test_recovery_goes_on_from_the_newest_snapshot_and_two_are_kept(tmp_path: Path) -> None:
    before = ended(lived(tmp_path / "j", 55))
    assert len(snapshots(tmp_path / "j")) == 2
    state, replayed, loss, passed_over = reopened(tmp_path / "j")
    assert (state, loss, passed_over) == (before, "", [])
    assert replayed < 15


@pytest.mark.parametrize("newest", [True, False])
def test_a_snapshot_that_is_not_what_was_written_is_passed_over(tmp_path: Path, newest: bool) -> None:
    before = ended(lived(tmp_path / "j", 55))
    after = snapshots(tmp_path / "j")[-1 if newest else 0]
    change(tmp_path / "j", "UPDATE snapshot SET state = x'00' WHERE after = ?", after)
    state, replayed, loss, passed_over = reopened(tmp_path / "j")
    assert (state, loss, passed_over) == (before, "", ["it is not what was written"])
    assert (replayed >= 10) == newest
    assert after not in snapshots(tmp_path / "j")


def test_every_bit_of_a_snapshot_counts(tmp_path: Path) -> None:
    before = ended(lived(tmp_path / "whole", 35))
    after = snapshots(tmp_path / "whole")[-1]
    (values,) = rows(tmp_path / "whole", "SELECT state, sum, after FROM snapshot WHERE after = ?", after)
    for statement, value in zip(SET, values, strict=True):
        for changed in list(bits_changed(value))[::7]:
            shutil.copy(tmp_path / "whole", tmp_path / "j")
            change(tmp_path / "j", statement, changed, after)
            state, _, loss, passed_over = reopened(tmp_path / "j")
            assert (state, loss, passed_over) == (before, "", ["it is not what was written"])


def test_without_any_snapshot_all_is_replayed_while_it_is_there(tmp_path: Path) -> None:
    before = ended(lived(tmp_path / "j", 12))
    change(tmp_path / "j", "UPDATE snapshot SET state = x'00'")
    state, replayed, loss, _ = reopened(tmp_path / "j")
    assert (state, loss) == (before, "")
    assert replayed >= 12


def test_without_any_snapshot_a_pruned_journal_begins_anew_and_tells_it(tmp_path: Path) -> None:
    ended(lived(tmp_path / "j", 55))
    change(tmp_path / "j", "UPDATE snapshot SET state = x'00'")
    (_, waiting), replayed, loss, _ = reopened(tmp_path / "j")
    assert (waiting, replayed) == ([], 0)
    assert "none of its snapshots is sound" in loss
    assert (tmp_path / "j.damaged-1").exists()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"made_for": "another"}, "it was taken with another scenario, seed, length or speed"),
        ({"state": b"\xc1"}, "it cannot be loaded: DecodeError"),
        ({"state": b"\x80"}, "it cannot be loaded: ValidationError"),
    ],
)
def test_a_snapshot_of_another_scenario_or_that_cannot_be_loaded_is_passed_over(
    tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    before = ended(lived(tmp_path / "j", 55))
    older, newer = snapshots(tmp_path / "j")
    resealed(tmp_path / "j", newer, **changed)
    state, replayed, loss, (passed_over,) = reopened(tmp_path / "j")
    assert (state, loss) == (before, "")
    assert passed_over.startswith(reason)
    assert replayed >= 10
    resealed(tmp_path / "j", older, **changed)
    with pytest.raises(StoreError, match=r"is pruned up to entry .* Run the program that wrote it"):
        reopened(tmp_path / "j")
    assert snapshots(tmp_path / "j") == [older, newer]


def test_a_snapshot_of_another_program_is_used_only_where_there_is_no_other_way(tmp_path: Path) -> None:
    before = ended(lived(tmp_path / "j", 55))
    older, newer = snapshots(tmp_path / "j")
    resealed(tmp_path / "j", newer, made_by="0.0.1+another")
    assert reopened(tmp_path / "j")[:2] == (before, 10)
    resealed(tmp_path / "j", older, made_by="0.0.1+another")
    with logged() as logs:
        shell = Shell(tmp_path / "j", 10)
    (line,) = logs
    assert (line["event"], line["entry"]) == ("snapshot-in-doubt", older)
    assert line["reason"].startswith("it was taken by Hotline 0.0.1+another, and this is")
    assert (ended(shell), shell.replayed) == (before, 10)


def test_snapshots_of_another_program_are_kept_until_there_are_two_of_this_one(tmp_path: Path) -> None:
    ended(lived(tmp_path / "j", 12))
    (foreign,) = snapshots(tmp_path / "j")
    resealed(tmp_path / "j", foreign, made_by="0.0.1+another")
    shell = Shell(tmp_path / "j", 10)
    counts = []
    for number in range(13, 60):
        shell.turn(NOON + number * SECOND, ring(number))
        pruned = shell.journal._pruned.at.n > 0
        kept = [after for (after,) in shell.journal._db.execute("SELECT after FROM snapshot ORDER BY after")]
        counts.append((len(kept), foreign in kept, pruned))
    assert list(dict.fromkeys(counts)) == [(2, True, False), (2, False, True)]
    shell.journal.close()


def test_a_core_that_has_no_saved_state_is_replayed(tmp_path: Path) -> None:
    ended(lived(tmp_path / "j", 12))

    class Forgetful(Echo):
        def __init__(self, epoch: str) -> None:
            super().__init__(epoch, times=0)

    with closing(Journal(tmp_path / "j", "ru")) as journal, logged() as logs:
        behind = restore(Forgetful("e"), journal.recover(), Past(), lambda: Forgetful("e"))
        assert len(list(behind.heard)) >= 12
    assert [line["event"] for line in logs] == ["snapshot-passed-over"]


def test_a_core_that_was_spoilt_by_a_bad_snapshot_is_fresh_again_for_the_next(tmp_path: Path) -> None:
    before = ended(lived(tmp_path / "j", 55))
    (_, newer) = snapshots(tmp_path / "j")
    ((state,),) = rows(tmp_path / "j", "SELECT state FROM snapshot WHERE after = ?", newer)

    class Delicate(Switchboard):
        def load(self, saved: bytes) -> None:
            super().load(saved)
            if saved == spoils:
                self.heard.digest = "spoilt"
                raise ValueError("no")

    spoils = msgspec.msgpack.decode(state)["core"]
    with logged() as logs:
        shell = Shell(tmp_path / "j", 0, make=Delicate)
    assert [line["event"] for line in logs] == ["snapshot-passed-over"]
    assert (ended(shell), shell.replayed) == (before, 10)


def test_services_that_were_started_otherwise_use_no_snapshots_of_each_other(tmp_path: Path) -> None:
    made = Provenance(digest="a" * 16, program="p", python="3")
    launch = Launch(scenario="s", provenance=made, seed=1)
    for seed in (1, 2, 1):
        with closing(Journal(tmp_path / "j", "ru", launch=Launch(scenario="s", provenance=made, seed=seed))) as journal:
            found = journal.recover().snapshots
            assert len(found) == (seed == launch.seed and journal.place().n > 0)
            if not found:
                journal.commit([Heard(NOON, None)], [], [])
                if seed == 1:
                    journal.keep_snapshot(journal.place(), b"state")


def test_a_service_that_dies_while_a_snapshot_is_written_has_lost_nothing(tmp_path: Path) -> None:
    """The log of the journal, cut off at every place within the transactions of the snapshot and of the pruning."""
    shell = lived(tmp_path / "j", 29)
    begins = log_of(tmp_path / "j").stat().st_size
    shell.turn(NOON + 30 * SECOND, ring(30))
    core = shell.state[0]
    ends = log_of(tmp_path / "j").stat().st_size
    for name in ("j", "j-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"copy{name[1:]}")
    shell.journal.close()
    found = set()
    for size in range(begins, ends + 1, 512):
        for name in ("copy", "copy-wal"):
            shutil.copy(tmp_path / name, tmp_path / f"cut{name[4:]}")
        with (tmp_path / "cut-wal").open("r+b") as file:
            file.truncate(size)
        cut = Shell(tmp_path / "cut", 10)
        if cut.journal._last < shell.journal._last:  # the turn itself was not committed: it comes again
            cut.turn(NOON + 30 * SECOND, ring(30))
        assert cut.state[0] == core
        found.add(len(cut.journal.recover().snapshots))
        cut.journal.close()
    assert found


def test_a_replay_behind_a_snapshot_that_goes_another_way_is_refused(tmp_path: Path) -> None:
    ended(lived(tmp_path / "j", 14))

    class Changed(Switchboard):
        def receive(self, message: Message, now: Any) -> Sequence[Message]:
            return [m for m in super().receive(message, now) if not isinstance(m, Answer)]

    make: Callable[[str], Switchboard] = Changed
    with closing(Journal(tmp_path / "j", "ru")) as journal:
        core, past = make("e"), Past()
        behind = restore(core, journal.recover(), past, lambda: make("e"))
        with pytest.raises(StoreError, match="Replaying input"):
            list(replay(core, behind, past))
