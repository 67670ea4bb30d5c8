"""A service's own record of what it heard and said, in SQLite: what it is after a crash is what this file says.

There are no snapshots: the shell replays 100,000 inputs and compares 100,000 answers in three seconds or less
(``benchmarks/bench_live.py --replay 100000``), and a core restored from a picture that other code has taken can be
wrong without showing it, while a replay that goes another way is noticed at the first message.

Each entry bears a checksum that ties it to all those before it; :mod:`.journalfile` checks them at each start.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain as chained
from pathlib import Path
from typing import Final

from hotline_protocol.message import LAST_SEQ, Message
from hotline_protocol.service import EpochBegun
from hotline_protocol.topics import decode_any, encode

from .chain import Row, entry_sum
from .journalfile import Life, Sync, attempt_sum, keep_lives, keep_loss, next_life, open_journal
from .launches import keep_launch
from .provenance import Launch
from .store import Heard, Recovered, StoreError, usable

__all__ = ["Journal", "Sync"]

CHECKPOINT_AT: Final = 1_000
_INSERT: Final = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)"
_INSERTS: Final = [_INSERT + ", (?, ?, ?, ?, ?, ?)" * more for more in range(8)]
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Journal:
    """The journal of ``service`` in this file, made if it is not there. Raises StoreError when it cannot be used.

    With ``sync="normal"`` a killed process loses nothing; with ``"full"`` a power failure loses nothing either, at the
    price of one flush to the disk a commit. ``launch`` is how the service was started, to be kept with it.
    """

    def __init__(self, path: Path, service: str, *, sync: Sync = "normal", launch: Launch | None = None) -> None:
        self._path: Final = path
        self._service: Final = service
        self._db, self._lives, self._last, self._sum = open_journal(path, service, sync)
        if launch is not None:
            self._keep(launch)
        self._uncopied = 0  # messages written since the last checkpoint
        self._numbers: dict[str, tuple[int, int]] = {}  # n and checksum of what waits for confirmation, by id

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
            waiting = self._db.execute("SELECT n, sum, message FROM entry WHERE arrived = 0 ORDER BY n")
            unconfirmed = [((n, total), decode_any(message)) for n, total, message in waiting]
            attempts = self._db.execute("SELECT id, count(*) FROM attempt GROUP BY id").fetchall()
        self._numbers = {message.id: number for number, message in unconfirmed}
        return Recovered(
            heard=self._all_heard(),
            said=self._all_said(),
            unconfirmed=[message for _, message in unconfirmed],
            attempts=dict(attempts),
        )

    def _all_heard(self) -> Iterator[Heard]:
        with usable(self._path):
            entries = self._db.execute("SELECT at_us, message FROM entry WHERE at_us NOT NULL ORDER BY n")
            for at_us, message in entries:
                yield Heard(_BEGINNING + at_us * _MICROSECOND, None if message is None else decode_any(message))

    def _all_said(self) -> Iterator[Message]:
        with usable(self._path):
            for (message,) in self._db.execute("SELECT message FROM entry WHERE at_us IS NULL ORDER BY n"):
                yield decode_any(message)

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
        arrived = [self._numbers[known][::-1] for known in confirmed if known in self._numbers]
        begun = [
            (message, self._last + place) for place, (_, message) in enumerate(heard) if isinstance(message, EpochBegun)
        ]
        with usable(self._path):
            self._write(rows, arrived, begun)
        self._uncopied += len(rows) + len(arrived)
        for known in confirmed:
            self._numbers.pop(known, None)
        waiting = zip(said, rows[len(heard) :], strict=True)
        self._numbers.update((message.id, (row[0], row[-1])) for message, row in waiting)
        self._last, self._sum = n, total

    def _write(self, rows: list[Row], arrived: list[tuple[int, int]], begun: list[tuple[EpochBegun, int]]) -> None:
        if len(rows) <= len(_INSERTS) and not arrived and not begun:
            if rows:
                self._db.execute(_INSERTS[len(rows) - 1], list(chained.from_iterable(rows)))  # a transaction by itself
        else:
            with self._transaction():
                self._db.executemany(_INSERT, rows)
                self._db.executemany("UPDATE entry SET arrived = ? WHERE n = ?", arrived)
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
        life = self.epochs.index(epoch) if epoch in self.epochs else None
        if life is None:
            return []
        end = self._lives[life + 1].after if life + 1 < len(self._lives) else LAST_SEQ
        with usable(self._path):
            rows = self._db.execute(
                "SELECT message FROM entry WHERE n >= ? AND n <= ? AND seq BETWEEN ? AND ? ORDER BY n LIMIT ?",
                (min(self._lives[life].after + first_seq, end), end, first_seq, last_seq, last_seq - first_seq + 1),
            )
            return [decode_any(message) for (message,) in rows]

    def tidy(self) -> None:
        """See :class:`~.store.Store`. Moves what was committed from the WAL into the file, when it has grown."""
        if self._uncopied >= CHECKPOINT_AT:
            with usable(self._path):
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._uncopied = 0

    def close(self) -> None:
        """See :class:`~.store.Store`."""
        self._db.close()
