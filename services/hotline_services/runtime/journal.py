"""A service's own record of what it heard and said, in SQLite: what it is after a crash is what this file says.

It is the last snapshot of the service, and the inputs since then, which are replayed: a replay that goes another way is
noticed at the first message. A snapshot that another program has taken could be wrong without showing it, so it is used
only where everything before it is gone. What lies before the older of two snapshots is pruned (:mod:`.pruning`).

Each entry bears a checksum that ties it to all those before it; :mod:`.journalfile` checks them at each start.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain as chained
from pathlib import Path
from typing import Final

from hotline_protocol.message import LAST_SEQ, Message, digest_of
from hotline_protocol.service import EpochBegun
from hotline_protocol.topics import decode_any, encode
from hotline_services.program import program

from . import pruning, snapshotrows
from .chain import Place, Row, entry_sum
from .journalfile import Life, Sync, attempt_sum, keep_lives, keep_loss, next_life, open_journal, tell_passed_over
from .launches import keep_launch
from .provenance import Launch
from .snapshotrows import Maker
from .store import SNAPSHOT_EVERY, Heard, Recovered, Snapshot, StoreError, usable

__all__ = ["Journal", "Sync"]

CHECKPOINT_AT: Final = 1_000
_INSERT: Final = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)"
_INSERTS: Final = [_INSERT + ", (?, ?, ?, ?, ?, ?)" * more for more in range(8)]
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Journal:
    """The journal of ``service`` in this file, made if it is not there. Raises StoreError when it cannot be used.

    With ``sync="normal"`` a killed process loses nothing; with ``"full"`` a power failure loses nothing either, at the
    price of one flush to the disk a commit. ``launch`` is how the service was started, to be kept with it. A snapshot
    is wanted every ``snapshot_every`` inputs; with 0 there are none, and the journal is never pruned.
    """

    def __init__(
        self,
        path: Path,
        service: str,
        *,
        sync: Sync = "normal",
        launch: Launch | None = None,
        snapshot_every: int = SNAPSHOT_EVERY,
    ) -> None:
        self._path: Final = path
        self._service: Final = service
        self._db, self._lives, (self._last, self._sum), self._pruned = open_journal(path, service, sync)
        if launch is not None:
            self._keep(launch)
        self._maker: Final = Maker(program(), _configuration(launch))
        self._every: Final = snapshot_every
        self._inputs = 0  # since the last snapshot
        self._prune_to = 0
        self._uncopied = 0  # messages written since the last checkpoint
        self._numbers: dict[str, int] = {}  # the entries of what waits for confirmation, by id

    def _keep(self, launch: Launch) -> None:
        try:
            with usable(self._path):
                keep_launch(self._db, launch)
        except StoreError:
            self._db.close()
            raise

    @property
    def epoch(self) -> str:
        """The present one."""
        return self._lives[-1].epoch

    @property
    def epochs(self) -> tuple[str, ...]:
        """See :class:`~.store.Store`."""
        return tuple(life.epoch for life in self._lives)

    @property
    def loss(self) -> str:
        """See :class:`~.store.Store`."""
        with usable(self._path):
            reasons = self._db.execute("SELECT reason FROM loss WHERE epoch IS NULL").fetchall()
        return "; ".join(reason for (reason,) in reasons)

    def recover(self) -> Recovered:
        """See :class:`~.store.Store`."""
        with usable(self._path):
            unconfirmed = [(n, decode_any(message)) for n, message in self._db.execute(_WAITING)]
            attempts = self._db.execute("SELECT id, count(*) FROM attempt GROUP BY id").fetchall()
            snapshots = self._snapshots()
        self._numbers = {message.id: n for n, message in unconfirmed}
        return Recovered(
            heard=self._heard_behind(0),
            said=self._said_behind(0),
            unconfirmed=[message for _, message in unconfirmed],
            attempts=dict(attempts),
            snapshots=snapshots,
            is_cut=bool(self.loss),
        )

    def _snapshots(self) -> list[Snapshot]:
        """Ours, the newest first. Then, where there is no other way, those of other programs, the oldest first: the
        replay behind it has more to compare."""
        found: list[Snapshot] = []
        in_doubt: list[Snapshot] = []
        rows = self._db.execute("SELECT after, made_by, made_for, state FROM snapshot ORDER BY after DESC").fetchall()
        for after, made_by, made_for, state in rows:
            snapshot = Snapshot(after, state, self._heard_behind(after), self._said_behind(after))
            problem = self._maker.problem(made_by, made_for)
            if not problem:
                found.append(snapshot)
            elif self._pruned.at.n and made_for == self._maker.configuration:
                in_doubt.insert(0, snapshot._replace(doubt=problem))
            else:
                tell_passed_over(self._path, after, problem)
        since = found[0].after if found else 0
        (self._inputs,) = self._db.execute("SELECT count(at_us) FROM entry WHERE n > ?", (since,)).fetchone()
        self._prune_to = found[-1].after if len(found) == snapshotrows.KEPT else 0
        return [*found, *in_doubt]

    def _heard_behind(self, after: int) -> Iterator[Heard]:
        if after < self._pruned.at.n:
            raise StoreError(
                f"{self._path} is pruned up to entry {self._pruned.at.n}, and there is no snapshot that "
                f"Hotline {program()} can use as it was started. Run the program that wrote it, with the scenario, "
                "seed, length and speed that it was written with, or begin with an empty data folder."
            )
        with usable(self._path):
            for at_us, message in self._db.execute(_HEARD, (after,)):
                yield Heard(_BEGINNING + at_us * _MICROSECOND, None if message is None else decode_any(message))

    def _said_behind(self, after: int) -> Iterator[Message]:
        with usable(self._path):
            for (message,) in self._db.execute(_SAID, (after,)):
                yield decode_any(message)

    @property
    def wants_snapshot(self) -> bool:
        """See :class:`~.store.SnapshotStore`."""
        return 0 < self._every <= self._inputs

    def place(self) -> Place:
        """See :class:`~.store.SnapshotStore`."""
        self._inputs = 0
        return Place(self._last, self._sum)

    def keep_snapshot(self, at: Place, state: bytes) -> None:
        """See :class:`~.store.SnapshotStore`. What lies before the older one is pruned little by little, by ``tidy``"""
        with usable(self._path), self._transaction():
            self._prune_to = snapshotrows.keep(self._db, at, self._maker, state)

    def commit(self, heard: Sequence[Heard], said: Sequence[Message], confirmed: Sequence[str]) -> None:
        """See :class:`~.store.Store`."""
        rows: list[Row] = []
        n, total = self._last, self._sum
        for at, message in heard:
            n, at_us = n + 1, (at - _BEGINNING) // _MICROSECOND
            told = None if message is None else encode(message)
            total = entry_sum(total, n, at_us, None, told)
            rows.append((n, at_us, None, None, told, total))
        for message in said:
            n, told = n + 1, encode(message)
            total = entry_sum(total, n, None, message.seq, told)
            rows.append((n, None, message.seq, 0, told, total))
        arrived = [self._numbers[known] for known in confirmed if known in self._numbers]
        begun = [
            (message, self._last + place) for place, (_, message) in enumerate(heard) if isinstance(message, EpochBegun)
        ]
        with usable(self._path):
            self._write(rows, arrived, begun)
        self._uncopied += len(rows) + len(arrived)
        self._inputs += len(heard)
        for known in confirmed:
            self._numbers.pop(known, None)
        waiting = zip(said, rows[len(heard) :], strict=True)
        self._numbers.update((message.id, row[0]) for message, row in waiting)
        self._last, self._sum = n, total

    def _write(self, rows: list[Row], arrived: list[int], begun: list[tuple[EpochBegun, int]]) -> None:
        if len(rows) <= len(_INSERTS) and not arrived and not begun:
            if rows:
                self._db.execute(_INSERTS[len(rows) - 1], list(chained.from_iterable(rows)))  # a transaction by itself
        else:
            with self._transaction():
                self._db.executemany(_INSERT, rows)
                pruned = self._pruned.at.n
                self._db.executemany(_ARRIVED, [(n,) for n in arrived if n > pruned])
                self._db.executemany(_ARRIVED_PRUNED, [(n,) for n in arrived if n <= pruned])
                lives = self._lives
                for message, after in begun:
                    lives = (*lives, self._begin(message, after, lives))
            self._lives = lives

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or nothing: then the same can be tried again."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # on some errors SQLite has rolled back itself
                self._db.execute("ROLLBACK")
            raise

    def _begin(self, begun: EpochBegun, after: int, before: Sequence[Life]) -> Life:
        """The next life, and what it is to make good: a loss that was found here before, or one that others told of."""
        life = next_life(self._service, begun.begun, after, before)
        keep_lives(self._db, [life], self._service)
        if not self._db.execute("UPDATE loss SET epoch = ? WHERE epoch IS NULL", (life.epoch,)).rowcount:
            keep_loss(self._db, begun.reason, life.epoch)
        return life

    def attempted(self, message: Message, error: str) -> int:
        """See :class:`~.store.Store`."""
        now = datetime.now(UTC).isoformat()
        with usable(self._path):
            row = (message.id, now, error, encode(message))
            self._db.execute("INSERT INTO attempt VALUES (?, ?, ?, ?, ?)", (*row, attempt_sum(*row)))
            (count,) = self._db.execute("SELECT count(*) FROM attempt WHERE id = ?", (message.id,)).fetchone()
        return int(count)

    def said_between(self, epoch: str, first_seq: int, last_seq: int) -> list[Message]:
        """See :class:`~.store.Store`."""
        found = self._said_from(epoch, first_seq, last_seq, last_seq - first_seq + 1)
        return [decode_any(message) for _, message in found]

    def next_said(self, epoch: str, seq: int) -> int | None:
        """See :class:`~.store.Store`."""
        found = self._said_from(epoch, seq, LAST_SEQ, 1)
        return found[0][0] if found else None

    def _said_from(self, epoch: str, first_seq: int, last_seq: int, most: int) -> list[tuple[int, bytes]]:
        """The first of these, in order, each with its number."""
        if epoch not in self.epochs:
            return []
        life = self.epochs.index(epoch)
        end = self._lives[life + 1].after if life + 1 < len(self._lives) else LAST_SEQ
        span = (min(self._lives[life].after + first_seq, end), end, first_seq, last_seq)
        found: list[tuple[int, bytes]] = []
        with usable(self._path):
            for table in ("kept", "entry"):
                found += self._db.execute(_SAID_FROM.format(table), (*span, most - len(found))).fetchall()
        return found

    def tidy(self) -> None:
        """See :class:`~.store.Store`. Prunes a little, and moves what was committed from the WAL into the file."""
        if self._pruned.at.n < self._prune_to:
            with usable(self._path), self._transaction():
                pruned = pruning.prune(self._db, self._pruned, self._prune_to)
                if pruned.at.n == self._prune_to:
                    pruned = pruning.thin(self._db, pruned, [life.after for life in self._lives])
            self._uncopied += pruned.at.n - self._pruned.at.n
            self._pruned = pruned
        if self._uncopied >= CHECKPOINT_AT:
            with usable(self._path):
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._uncopied = 0

    def close(self) -> None:
        """See :class:`~.store.Store`."""
        self._db.close()


_WAITING: Final = (
    "SELECT n, message FROM kept WHERE arrived = 0 UNION ALL SELECT n, message FROM entry WHERE arrived = 0 ORDER BY n"
)
_HEARD: Final = "SELECT at_us, message FROM entry WHERE at_us NOT NULL AND n > ? ORDER BY n"
_SAID: Final = "SELECT message FROM entry WHERE at_us IS NULL AND n > ? ORDER BY n"
_SAID_FROM: Final = "SELECT seq, message FROM {} WHERE n >= ? AND n <= ? AND seq BETWEEN ? AND ? ORDER BY n LIMIT ?"
_ARRIVED: Final = "UPDATE entry SET arrived = sum WHERE n = ?"
_ARRIVED_PRUNED: Final = "UPDATE kept SET arrived = sum WHERE n = ?"


def _configuration(launch: Launch | None) -> str:
    """The same for services that were started alike."""
    if launch is None:
        return ""
    return digest_of((launch.scenario, launch.provenance.digest, launch.seed, launch.days, launch.speed))
