"""A live service takes snapshots beside its event loop, one at a time, and never because of them loses anything."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from hotline_protocol.message import Message
from hotline_services.runtime.chain import Place
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.replay import Past
from hotline_services.runtime.snapshots import REST, Snapshots
from hotline_services.runtime.store import Heard, StoreError
from hotline_services.runtime.writer import Writer

from .snapshotted import NOON, Shell, Switchboard
from .test_journal import Echo
from .test_snapshot_recovery import ring

PATIENCE_S = 60.0


class Watched(Journal):
    """A journal that waits until it may keep a snapshot, or refuses to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "ru", snapshot_every=3)
        self.may_keep = Event()
        self.refuses = False
        self.kept: list[Place] = []

    def keep_snapshot(self, at: Place, state: bytes) -> None:
        assert self.may_keep.wait(PATIENCE_S)
        if self.refuses:
            raise StoreError("there is no room")
        super().keep_snapshot(at, state)
        self.kept.append(at)


class Living:
    """A switchboard with its journal, and what takes its snapshots."""

    def __init__(self, path: Path) -> None:
        self.journal = Watched(path)
        self.writer = Writer(self.journal)
        self.core, self.past = Switchboard(self.journal.epoch), Past()
        self.time_s = 0.0
        self.snapshots = Snapshots(self.core, self.past, self.journal, self.writer, lambda: self.time_s)
        self.number = 0

    async def hear(self, inputs: int) -> None:
        for _ in range(inputs):
            self.number += 1
            message: Message = ring(self.number)
            said = self.core.receive(message, NOON)
            await self.writer.commit([Heard(NOON, message)], said, [])
            self.past.remember(Heard(NOON, message))
            self.past.tail.tell(said)
            self.snapshots.take_if_due()

    async def end(self) -> None:
        self.journal.may_keep.set()
        await self.snapshots.finish()
        self.writer.close()
        self.journal.close()


def living(tmp_path: Path, play: Callable[[Living], asyncio.Future[None] | object]) -> Living:
    async def run() -> Living:
        async with asyncio.timeout(PATIENCE_S):
            alive = Living(tmp_path / "j")
            try:
                await play(alive)  # type: ignore[misc]
            finally:
                await alive.end()
            return alive

    return asyncio.run(run())


def test_what_is_heard_while_a_snapshot_is_written_is_not_in_it_and_not_lost(tmp_path: Path) -> None:
    async def play(alive: Living) -> None:
        await alive.hear(3)
        hearing = asyncio.create_task(alive.hear(2))
        await asyncio.sleep(0)
        alive.journal.may_keep.set()
        await hearing

    alive = living(tmp_path, play)
    assert alive.journal.kept[0].n == 6
    shell = Shell(tmp_path / "j", 0)
    assert shell.core.save() == alive.core.save()
    assert shell.replayed == 2
    shell.journal.close()


def test_the_next_one_waits_until_this_one_is_kept_and_a_while_longer(tmp_path: Path) -> None:
    async def play(alive: Living) -> None:
        alive.journal.may_keep.set()
        await alive.hear(3)
        alive.time_s = 2.0
        await alive.snapshots.finish()
        await alive.hear(6)
        await alive.snapshots.finish()
        assert len(alive.journal.kept) == 1
        alive.time_s = 2.0 + 2.0 * REST
        await alive.hear(1)
        await alive.snapshots.finish()
        assert len(alive.journal.kept) == 2

    assert [at.n for at in living(tmp_path, play).journal.kept] == [6, 20]


def test_a_snapshot_that_cannot_be_kept_costs_nothing_but_itself(tmp_path: Path) -> None:
    async def play(alive: Living) -> None:
        alive.journal.refuses = True
        alive.journal.may_keep.set()
        await alive.hear(3)
        await alive.snapshots.finish()
        alive.journal.refuses = False
        await alive.hear(3)
        await alive.snapshots.finish()

    assert [at.n for at in living(tmp_path, play).journal.kept] == [12]


def test_a_core_that_cannot_be_copied_is_never_snapshotted(tmp_path: Path) -> None:
    async def run() -> None:
        with closing(Journal(tmp_path / "j", "ru", snapshot_every=1)) as journal:
            writer = Writer(journal)
            snapshots = Snapshots(Echo("e"), Past(), journal, writer)
            await writer.commit([Heard(NOON, None)], [], [])
            snapshots.take_if_due()
            await snapshots.finish()
            assert journal.wants_snapshot
            writer.close()

    asyncio.run(run())


@pytest.mark.parametrize("every", [0, 4])
def test_a_journal_wants_a_snapshot_every_so_many_inputs(tmp_path: Path, every: int) -> None:
    wanted = []
    for _ in range(3):  # and remembers how many there were when it is opened again
        with closing(Journal(tmp_path / "j", "ru", snapshot_every=every)) as journal:
            journal.recover()
            for _ in range(3):
                journal.commit([Heard(NOON, None)], [], [])
                wanted.append(journal.wants_snapshot)
                if journal.wants_snapshot:
                    journal.keep_snapshot(journal.place(), b"state")
    assert wanted == [every != 0 and number % every == every - 1 for number in range(9)]
