"""How things stood after any message: every version of every row, so that one can go to any time at once.

The tables of :class:`~.projection.Projection` change by whole rows, which never change themselves. So it is enough to
keep each row under the number of the message that made it: going to a time is looking up, row by row, the version that
was the last by then; going on from there is a slice of the list of changes.

What is older than a horizon can be forgotten, so that it need not grow for ever: then nobody can go back beyond that.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import Any, ClassVar, Final, TypeVar

from msgspec.structs import replace

from hotline_protocol.message import Message

from . import logtext
from .dutylog import DutyLog
from .folds import type_of
from .logkinds import Gravity, LogKind
from .logparts import AnyPart
from .offers import Offers
from .projection import Projection, presentable
from .rows import Row
from .threads import ids_of
from .volume import Period
from .wording import printable, words

R = TypeVar("R", bound=Row)

LINES_KEPT: Final = 300
"""Of the duty log, so many lines of before the horizon are kept, for whoever looks back to that."""

_NUMBER: Final = itemgetter(0)


class LogRow(Row, frozen=True, kw_only=True):
    """An entry of the duty log; its key is the id of message ``n``. ``ids`` is all that it names.

    ``verb`` and ``told`` are the English text of ``kind`` (with the ``round`` of a negotiation) and of ``parts``, and
    ``details`` the text of each part. ``kind`` is None for a message that is not in the duty log.
    """

    table: ClassVar[str] = "log"

    n: int = 0
    at: datetime | None = None
    call: int | None = None
    source: str = ""
    to: str = ""
    who: str = ""
    type: str = ""
    verb: str = ""
    told: str = ""
    kind: LogKind | None = None
    gravity: Gravity = Gravity.ROUTINE
    round: int = 0
    parts: tuple[AnyPart, ...] = ()
    details: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


class _Versions:
    """Where the projection keeps its rows: each under the number of the message being folded."""

    def __init__(self) -> None:
        self.n = 0
        self.changes: Final[list[tuple[int, Row]]] = []
        self._tables: Final[dict[type[Row], dict[str, list[tuple[int, Any]]]]] = {}

    def get(self, kind: type[R], key: str) -> R | None:
        """The newest version."""
        versions = self._tables.get(kind, {}).get(key)
        return versions[-1][1] if versions else None

    def put(self, row: Row) -> None:
        self._tables.setdefault(type(row), {}).setdefault(row.key, []).append((self.n, row))
        self.changes.append((self.n, row))

    def as_of(self, kind: type[R], key: str, n: int) -> R | None:
        versions = self._tables.get(kind, {}).get(key, ())
        found = bisect_right(versions, n, key=_NUMBER)
        return versions[found - 1][1] if found else None

    def all(self, kind: type[R], n: int) -> Iterator[R]:
        for versions in self._tables.get(kind, {}).values():
            if versions[-1][0] <= n:
                yield versions[-1][1]
            elif (found := bisect_right(versions, n, key=_NUMBER)) > 0:
                yield versions[found - 1][1]

    @property
    def kinds(self) -> list[type[Row]]:
        return list(self._tables)

    def forget(self, n: int) -> None:
        """All that is not needed to go to message ``n`` or any later one."""
        gone = bisect_left(self.changes, n, key=_NUMBER)
        for _, row in self.changes[:gone]:
            versions = self._tables.get(type(row), {}).get(row.key, [])
            del versions[: max(bisect_right(versions, n, key=_NUMBER) - 1, 0)]
        del self.changes[:gone]

    def drop(self, kind: type[Row], keys: Iterable[str], n: int) -> None:
        """These rows, if they have not changed after message ``n``."""
        table = self._tables[kind]
        for key in keys:
            if table[key][-1][0] <= n:
                del table[key]


class History:
    """Messages numbered from 1 in the order in which they were recorded, and all rows after each of them.

    Numbers rise, but need not be without gaps. ``types`` counts them by their type, forgotten or not. ``horizon`` is
    the first message to which one can go back: 0 as long as nothing has been forgotten. To look after an earlier one
    is to look after that.
    """

    def __init__(self) -> None:
        self._versions: Final = _Versions()
        self._projection: Final = Projection(self._versions)
        self._offers: Final = Offers()
        self._duty: Final = DutyLog()
        self._log: Final[list[LogRow]] = []
        self._lines: Final[dict[int, LogRow]] = {}
        self._numbers: Final[list[int]] = []
        self._times: Final[list[datetime]] = []
        self._ids: Final[dict[str, int]] = {}
        self._causes: Final[dict[str, str]] = {}
        self._threads: Final[dict[str, list[int]]] = {}
        self._forgotten = 0
        self.horizon = 0
        self.types: Final[Counter[str]] = Counter()

    def take(self, n: int, at: datetime, message: Message) -> None:
        """Fold message ``n``, recorded at this time."""
        self._versions.n = n
        self._numbers.append(n)
        self._times.append(max(at, self._times[-1]) if self._times else at)
        self._ids[message.id] = n
        self.types[type_of(message)] += 1
        if message.cause:
            self._causes[message.id] = message.cause
        self._projection.apply(message, at)
        if (offer := self._offers.row(message)) is not None:
            self._versions.put(offer)
        ids = ids_of(message)
        for name in ids:
            self._threads.setdefault(name, []).append(n)
        self._write_up(n, message, ids)

    def _write_up(self, n: int, message: Message, ids: tuple[str, ...]) -> None:
        """In the words of the duty log, where officers write it down; else in a line that is not in the log."""
        row = LogRow(
            key=message.id,
            n=n,
            at=message.time,
            source=message.source,
            to=str(getattr(message, "to", "")),
            who=message.source.upper(),
            type=type_of(message),
            verb=words(type_of(message)),
            ids=ids,
        )
        if (entry := self._duty.entry(message)) is not None:
            details = tuple(printable(logtext.part_text(part)) for part in entry.parts)
            row = replace(
                row,
                at=entry.at,
                call=entry.call,
                who=entry.who,
                verb=logtext.verb(entry.kind, entry.round),
                told=" · ".join(details),
                kind=entry.kind,
                gravity=entry.gravity,
                round=entry.round,
                parts=entry.parts,
                details=details,
            )
            self._log.append(row)
            self._versions.changes.append((n, row))
        self._lines[n] = row

    def forget(self, before: int, at_most: int) -> bool:
        """Forget what is older than message ``before``, up to so many messages: whether there are more."""
        old = bisect_left(self._numbers, min(before, self.last))
        gone = min(old, at_most)
        if gone == 0:
            return False
        horizon = self._numbers[gone]
        for n in self._numbers[:gone]:
            self._forget_line(self._lines.pop(n), horizon)
        del self._numbers[:gone], self._times[:gone]
        del self._log[: max(bisect_left(self._log, horizon, key=lambda row: row.n) - LINES_KEPT, 0)]
        self._versions.forget(horizon)
        self._forgotten += gone
        self.horizon = horizon
        return gone < old

    def _forget_line(self, line: LogRow, horizon: int) -> None:
        self._ids.pop(line.key, None)
        self._causes.pop(line.key, None)
        for name in line.ids:
            thread = self._threads.get(name, [])
            del thread[: bisect_left(thread, horizon)]
            if not thread:
                self._threads.pop(name, None)

    @property
    def kinds(self) -> list[type[Row]]:
        """All kinds of which there are rows."""
        return self._versions.kinds

    def thin(self, kind: type[R], chosen: Callable[[list[R]], Iterable[R]]) -> None:
        """Of the rows as they stood at the horizon and have stood since, keep those that are chosen."""
        rows = self.rows(kind, self.horizon)
        kept = {row.key for row in chosen(rows)}
        self._versions.drop(kind, (row.key for row in rows if row.key not in kept), self.horizon)

    def nearest(self, n: int | None) -> int:
        """After which message one looks who asks for ``n``: not beyond the last, which it is by default, and not beyond
        the horizon."""
        return self.last if n is None else max(min(n, self.last), self.horizon)

    @property
    def last(self) -> int:
        """The number of the newest message; 0 when there is none."""
        return self._numbers[-1] if self._numbers else 0

    @property
    def count(self) -> int:
        """How many messages there were."""
        return self._forgotten + len(self._numbers)

    @property
    def period(self) -> Period | None:
        """From the first message to which one can go to the last; None when there is none."""
        return Period(start=self._times[0], end=self._times[-1]) if self._times else None

    def number_at(self, at: datetime) -> int:
        """The last message recorded by this time; the horizon before that."""
        found = bisect_right(self._times, at)
        return self._numbers[found - 1] if found else self.horizon

    def time_of(self, n: int) -> datetime | None:
        """When message ``n``, or the last before it, was recorded."""
        found = bisect_right(self._numbers, max(n, self.horizon))
        return self._times[found - 1] if found else None

    def rows(self, kind: type[R], n: int | None = None) -> list[R]:
        """The rows of this kind after message ``n`` (by default the last), fit to be shown, by time."""
        return presentable(self._versions.all(kind, self.nearest(n)))

    def row(self, kind: type[R], key: str, n: int | None = None) -> R | None:
        """One row as it was after message ``n``."""
        return self._versions.as_of(kind, key, self.nearest(n))

    def log(self, n: int | None = None) -> list[LogRow]:
        """The duty log up to message ``n``."""
        n = self.nearest(n)
        if n == self.last:
            return self._log
        return self._log[: bisect_right(self._log, n, key=lambda row: row.n)]

    def changed(self, after: int, until: int) -> list[Row]:
        """The rows that messages ``after < n <= until`` have changed, each once, as they were after the last of these.

        In the order in which they last changed.
        """
        changes = self._versions.changes
        first, last = bisect_right(changes, after, key=_NUMBER), bisect_right(changes, until, key=_NUMBER)
        newest: dict[tuple[type[Row], str], Row] = {}
        for _, row in changes[first:last]:
            newest.pop((type(row), row.key), None)
            newest[type(row), row.key] = row
        return list(newest.values())

    def change_count(self, after: int, until: int) -> int:
        """How many changes of rows :meth:`changed` would look at."""
        changes = self._versions.changes
        return bisect_right(changes, until, key=_NUMBER) - bisect_right(changes, after, key=_NUMBER)

    def number_of(self, message_id: str) -> int | None:
        """The number of the message of this id."""
        return self._ids.get(message_id)

    def line(self, n: int) -> LogRow | None:
        """What message ``n`` is in one line, whether it is in the duty log or not."""
        return self._lines.get(n)

    def cause_of(self, message_id: str) -> str | None:
        """The id of the message that this one answers."""
        return self._causes.get(message_id)

    def thread(self, name: str, n: int | None = None) -> list[int]:
        """The numbers of the messages that name this call, plan, negotiation, agreement or message, up to ``n``."""
        found = self._threads.get(name, [])
        return found if n is None else found[: bisect_right(found, n)]


def fold(messages: Iterable[tuple[int, datetime, Message]]) -> History:
    """The history of these messages."""
    history = History()
    for n, at, message in messages:
        history.take(n, at, message)
    return history
