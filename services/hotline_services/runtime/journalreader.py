"""A journal read by others than its service: whose it is, how that was started, what it heard and what it said."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from hotline_protocol.message import Message
from hotline_protocol.topics import decode_any

from . import pruning, snapshotrows
from .chain import Place, Report, check, first_sum
from .journalfile import MARK, READ, VERSION
from .launches import newest_launch
from .provenance import Launch
from .recording import Pruned
from .replay import pruned_at
from .store import Heard, StoreError, usable

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class JournalReader:
    """The journal in this file, whose service has ended. Raises StoreError when it cannot be read.

    The sound beginning of a damaged journal is read, and ``fault`` describes the damage. For a pruned journal,
    ``pruned`` is the state from which its inputs go on.
    """

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._after = 0
        with usable(path):
            self._db: Final = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)
        try:
            with usable(path):
                version = self._check_kind()
                has_snapshots = version == VERSION
                self.service, self.epoch = self._first_life()
                self.launch: Final[Launch | None] = newest_launch(self._db)
                first = Place(0, first_sum(self.service))
                start = pruning.read(self._db, first).at if has_snapshots else first
                wanted = snapshotrows.places(self._db) if has_snapshots else ()
                self._report: Final[Report] = check(self._db, start, version, wanted)
                self.pruned: Final = self._state_at_beginning() if start.n else None
        except BaseException:
            self._db.close()
            raise

    @property
    def fault(self) -> str:
        """What is wrong with the end of it; empty when nothing is."""
        return self._report.fault or ""

    def _state_at_beginning(self) -> Pruned:
        """What is behind the oldest snapshot is whole. Raises StoreError when none of them is sound."""
        rows, _, _ = snapshotrows.sound(self._db, self._report.sums)
        if not rows:
            raise StoreError(f"{self._path} is pruned, and none of its snapshots is sound.")
        self._after, program, _, _, state, _ = rows[0]
        lives = self._db.execute("SELECT epoch FROM life WHERE after < ? ORDER BY rowid", (self._after,)).fetchall()
        return pruned_at(state, program, tuple(epoch for (epoch,) in lives))

    def heard(self) -> Iterator[Heard]:
        """The inputs of its service, in order; where it was pruned, those since the state that is known."""
        with usable(self._path):
            rows = self._db.execute(_HEARD, (self._after, self._report.end.n))
            for at_us, message in rows:
                at = _BEGINNING + timedelta(microseconds=at_us)
                yield Heard(at, None if message is None else decode_any(message))

    def said(self) -> Iterator[tuple[Message, bytes]]:
        """The messages that its service said to these inputs, in order, each also as it was written."""
        with usable(self._path):
            for (message,) in self._db.execute(_SAID, (self._after, self._report.end.n)):
                yield decode_any(message), message

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_kind(self) -> int:
        (mark,), (version,) = (
            self._db.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
        )
        if mark != MARK:
            raise StoreError(f"{self._path} is not a journal of Hotline. Name another file.")
        if version not in READ:
            raise StoreError(
                f"{self._path} is a journal of version {version}, and this program reads up to {READ[-1]}."
            )
        return int(version)

    def _first_life(self) -> tuple[str, str]:
        life = self._db.execute("SELECT service, epoch FROM life ORDER BY rowid LIMIT 1").fetchone()
        if life is None:
            raise StoreError(f"{self._path} is damaged: its list of epochs is gone.")
        return life[0], life[1]


_HEARD: Final = "SELECT at_us, message FROM entry WHERE at_us NOT NULL AND n > ? AND n <= ? ORDER BY n"
_SAID: Final = "SELECT message FROM entry WHERE at_us IS NULL AND n > ? AND n <= ? ORDER BY n"


def is_journal(path: Path) -> bool:
    """Whether this file bears the mark of a journal. Raises OSError."""
    with path.open("rb") as file:
        return file.read(72)[68:] == MARK.to_bytes(4, "big")
