"""What every query takes: where the record is, from when on, which party, and in which form."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, TypeVar

from cyclopts import Parameter

from hotline_services.monitor.rows import Row, ServiceRow
from hotline_services.monitor.volume import Period
from hotline_services.monitor.wording import printable_lines
from hotline_services.records.reading import Source, open_source
from hotline_services.runtime.store import StoreError

from .exits import BAD_INPUT
from .folders import data_folder
from .options import Flag
from .times import read_moment

VARIABLE: Final = "HOTLINE_RECORD"
RECORD: Final = "monitor.sqlite3"

R = TypeVar("R", bound=Row)

_UNITS: Final = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Query:
    """Options of every query.

    Parameters
    ----------
    record
        The monitor's record, or a recording (run.jsonl); by default HOTLINE_RECORD of the environment, else
        monitor.sqlite3 in HOTLINE_DATA, else in var.
    since
        Only what is later than this time (2017-06-18T16:00Z) or than so long before the record's end (6h, 30min, 2d).
    party
        Only what this party, such as us or ru, took part in.
    json
        A list of JSON objects on the standard output, times in UTC.
    """

    record: Path | None = None
    since: str | None = None
    party: str | None = None
    json: Annotated[bool, Flag] = False


ALL: Final = Query()


def record_path(given: Path | None) -> Path:
    """Where the record is: as given, or by HOTLINE_RECORD of the environment, or in the folder of the run."""
    if named := given or os.environ.get(VARIABLE):
        return Path(named)
    return data_folder(None) / RECORD


def complain(command: str, reason: str) -> int:
    """Say why this command cannot do it; returns the exit code. What is wrong may stand in a file of anybody's."""
    sys.stderr.write(f"hotline {command}: {printable_lines(reason)}\n")
    return BAD_INPUT


class Reading:
    """An opened record, as one query sees it."""

    def __init__(self, source: Source, query: Query) -> None:
        self._source: Final = source
        self._party: Final = query.party
        self.since: Final = since(query.since, source.period)

    @property
    def period(self) -> Period | None:
        """What the query covers: the record from ``since`` on; None when nothing has been recorded."""
        whole = self._source.period
        if whole is None:
            return None
        return Period(start=min(max(whole.start, self.since or whole.start), whole.end), end=whole.end)

    def rows(self, kind: type[R], parties: Callable[[R], Sequence[str]]) -> list[R]:
        """Rows of this kind from ``since`` on in which the party that was asked for is among ``parties``.

        Raises ValueError when there are none because nobody of that name is in the record.
        """
        rows = self._source.rows(kind, self.since)
        found = [row for row in rows if self._party is None or self._party in parties(row)]
        if not found and self._party is not None:
            self._check_party(self._party)
        return found

    def _check_party(self, party: str) -> None:
        heard = {row.key for row in self._source.rows(ServiceRow)}
        if heard and party not in heard:
            raise ValueError(f"--party: nobody called {party} is in this record; there are: {', '.join(sorted(heard))}")

    def origin(self, message_id: str) -> str:
        """What message this is, for a person."""
        return self._source.origin(message_id)


@contextmanager
def reading(query: Query) -> Iterator[Reading]:
    """The record that the query names. Raises StoreError and ValueError, each with a sentence for the user."""
    source = open_source(record_path(query.record))
    try:
        yield Reading(source, query)
    finally:
        source.close()


def answer(command: str, query: Query, respond: Callable[[Reading], None]) -> int:
    """Let ``respond`` answer from the record; returns the exit code: 0, or 2 after one sentence on what is wrong."""
    try:
        with reading(query) as opened:
            respond(opened)
    except (StoreError, ValueError) as error:
        return complain(command, str(error))
    return 0


def since(text: str | None, period: Period | None) -> datetime | None:
    """The time that this means: ISO 8601 (UTC unless it says otherwise), or so long before the end of the period.

    Raises ValueError.
    """
    if text is None:
        return None
    span = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|w)", text.strip())
    try:
        if span:
            end = period.end if period else datetime.now(UTC)
            return end - timedelta(**{_UNITS[span[2]]: float(span[1])})
        return read_moment(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"--since: {text!r} is neither a time such as 2017-06-18T16:00Z nor a span such as 6h"
        ) from error
