"""Checksums that tie each entry of a journal to all those before it, and the check of a journal by them.

A flipped byte in any entry, an entry that is missing and two that have changed places are found; a tail that is
missing altogether is not: only others can tell of it. Where the beginning was pruned, the chain begins at the last
entry that was.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from typing import Final, NamedTuple

DIGEST_BYTES: Final = 8

Row = tuple[int, int | None, int | None, int | None, bytes | None, int]
"""An entry as it is stored: n, at_us, seq, arrived, message, sum."""

_ENTRIES: Final = "SELECT n, at_us, seq, arrived, message, sum FROM entry ORDER BY n"
_ENTRIES_OF_1: Final = "SELECT n, at_us, seq, arrived, message, 0 FROM entry ORDER BY n"
UNREADABLE: Final = (sqlite3.Error, UnicodeDecodeError, OverflowError)
"""What SQLite raises over a damaged file; the second also in place of an error whose text is damaged too."""
_ABOUT_THE_SYSTEM: Final = ("locked", "unable to open", "disk I/O", "is full", "readonly", "read-only")


class Place(NamedTuple):
    """A place in a journal: behind entry ``n``, whose checksum is ``sum``."""

    n: int
    sum: int


class Report(NamedTuple):
    """What a check has found: how far the journal is sound, and what is wrong behind that (None: nothing).

    ``unmarked`` are entries whose mark of arrival is neither set nor unset: their messages are sent again. ``sums`` are
    the checksums of the sound entries that were asked for.
    """

    end: Place
    fault: str | None
    unmarked: tuple[int, ...]
    sums: Mapping[int, int]


def checksum(previous: int, content: bytes) -> int:
    """The checksum of this content after what ``previous`` stands for, as a number that SQLite can hold."""
    digest = blake2b(b"%d," % previous + content, digest_size=DIGEST_BYTES).digest()
    return int.from_bytes(digest, "big", signed=True) or 1  # 0 marks a message that has not arrived


def entry_sum(previous: int, n: int, at_us: int | None, seq: int | None, message: bytes | None) -> int:
    """The checksum of an entry that follows the one with checksum ``previous``. Of arrival it says nothing."""
    told = b"-" if message is None else b"+" + message
    return checksum(previous, f"{n},{at_us},{seq}".encode() + told)


def first_sum(service: str) -> int:
    """What the first entry of a journal of this service follows."""
    return checksum(0, service.encode())


def is_damage(error: Exception) -> bool:
    """Whether this tells of the file's content, and not of its use: no room, no right, another process."""
    return not any(words in str(error) for words in _ABOUT_THE_SYSTEM)


def check(db: sqlite3.Connection, start: Place, version: int, wanted: Collection[int] = ()) -> Report:
    """Read every entry behind ``start`` once, as far as they are sound.

    Version 1 has no checksums: only gaps are found in it.
    """
    last, total = start
    sums = {last: total}
    unmarked: list[int] = []
    fault: str | None = None
    try:
        for n, at_us, seq, arrived, message, stored in db.execute(_entries(version)):
            found = entry_sum(total, n, at_us, seq, message) if message is None or type(message) is bytes else None
            if n != last + 1:
                fault = f"entry {last + 1} is missing"
            elif found is None:
                fault = f"entry {n} holds something else than a message"
            elif version > 1 and found != stored:
                fault = f"entry {n} is not what was written"
            if fault is not None or found is None:
                break
            if arrived not in ({0, stored} if seq is not None else {None}) and version > 1:
                unmarked.append(n)
            if n in wanted:
                sums[n] = found
            last, total = n, found
    except UNREADABLE as error:
        if not is_damage(error):
            raise
        fault = f"entry {last + 1} cannot be read: {error}"
    return Report(Place(last, total), fault, tuple(unmarked), sums)


def sound_rows(db: sqlite3.Connection, start: Place, version: int, last: int) -> Iterator[Row]:
    """The entries behind ``start`` up to ``last``, with their checksums."""
    total = start.sum
    for n, at_us, seq, arrived, message, _ in islice(db.execute(_entries(version)), last - start.n):
        total = entry_sum(total, n, at_us, seq, message)
        waits = arrived == 0 if version == 1 else arrived not in {total, None}
        mark = None if seq is None else 0 if waits or arrived is None else total
        yield n, at_us, seq, mark, message, total


def _entries(version: int) -> str:
    return _ENTRIES_OF_1 if version == 1 else _ENTRIES
