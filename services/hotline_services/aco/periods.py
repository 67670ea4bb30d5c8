"""When a measure holds: APERIOD sets as windows of time."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from .fields import NO_DATA, FieldError, Mend, bare, read_time, time_field

Window = tuple[datetime, datetime]

DAY: Final = timedelta(days=1)
HALF_A_YEAR: Final = timedelta(days=183)
ZONE_AT_MOST: Final = timedelta(hours=12)
"""How far the time of a place is from Zulu. Where it is the next year already, nothing is assumed by saying so."""
MOST_WINDOWS: Final = 400
OPEN_ENDED: Final = frozenset({"UFN", "INDEF", "UNK", "TBD", "AFTER", "ASOF", "ASAPAFT", "ONCALL", "NET"}) | NO_DATA
EVERY_DAY: Final = frozenset(range(7))
FREQUENCIES: Final = {
    "DAILY": (1, EVERY_DAY),
    "WEEKLY": (7, EVERY_DAY),
    "BIWEEKLY": (14, EVERY_DAY),
    "WEEKDAYS": (1, frozenset({0, 1, 2, 3, 4})),
    "WEEKENDS": (1, frozenset({5, 6})),
    "MON WED FRI": (1, frozenset({0, 2, 4})),
    "TUE THUR": (1, frozenset({1, 3})),
}
"""How many days are between two times, and on which weekdays (Monday is 0) it holds."""
_DURATION: Final = re.compile(r"(\d{1,3})(DAY|DAYS|DY|WK|WKS|WEEK|WEEKS)")


def read_period(fields: Sequence[str], whole: Window | None, year: int | None, mend: Mend) -> list[Window]:
    """The windows of one APERIOD: ``DISCRETE/start/end`` or ``INTERVAL/start/end/frequency/duration``.

    ``whole`` is the order's own period, for what is left open and for times that name no year; where there is none,
    ``year`` is for those. Raises FieldError.
    """
    try:
        return _windows(fields, whole, year, mend)
    except OverflowError as error:  # the end of the calendar
        raise FieldError(f"there is no such time: {error}") from error


def _windows(fields: Sequence[str], whole: Window | None, year: int | None, mend: Mend) -> list[Window]:
    mode, start, end, frequency, duration = (*fields, "", "", "", "", "")[:5]
    if mode not in {"DISCRETE", "INTERVAL"}:
        if bare(mode)[:1].isdigit():
            mend("neither DISCRETE nor INTERVAL: DISCRETE was assumed")
            mode, start, end = "DISCRETE", mode, start
        else:
            raise FieldError(f"{mode or 'nothing'} is neither DISCRETE nor INTERVAL")
    first = _window(start, end, whole, year, mend)
    return [first] if mode == "DISCRETE" else _repeated(first, frequency, duration, whole, mend)


def _window(start: str, end: str, whole: Window | None, year: int | None, mend: Mend) -> Window:
    if start in NO_DATA | {"ASAP"}:
        if whole is None:
            raise FieldError("no start, and the order has no PERIOD")
        mend(f"{'no start' if start in NO_DATA else start}: the start of the order was taken")
        began = whole[0]
    else:
        began = _read_start(start, whole, year, mend)
    if end in OPEN_ENDED:
        return began, _open_end(end, began, whole, mend)
    ended = read_end(end, began, whole, mend)
    if ended <= began:
        raise FieldError(f"ends before it starts: the end {end} is not after the start {start}")
    return began, ended


def _read_start(field: str, whole: Window | None, year: int | None, mend: Mend) -> datetime:
    """The time of a start: one that names no year has that in which it lies within the order, if there is one."""
    if whole is None or _names_year(field):
        return read_time(field, year, mend)
    first, last = whole
    if last.year > first.year and not _is_within(field, whole, first.year) and _is_within(field, whole, first.year + 1):
        mend(f"{field} has no year: {first.year + 1} was taken, in which it lies within the order's PERIOD")
        return read_time(field, first.year + 1, mend)
    return read_time(field, first.year, mend)


def _is_within(field: str, whole: Window, year: int) -> bool:
    at = _time_in(year, field)
    return at is not None and whole[0] <= at <= whole[1]


def read_end(field: str, began: datetime, whole: Window | None, mend: Mend) -> datetime:
    """The time of an end: one that names no year is in the first in which it is not before the start.

    In a year after the start's it has to lie within ``whole`` or, without that, be less than half a year away: else
    the end was written before the start. Raises FieldError.
    """
    if _names_year(field):
        return read_time(field, None, mend)
    around = range(began.year - 1, began.year + 2)  # west of Zulu the year before may not be over yet
    later = [(year, at) for year in around if (at := _time_in(year, field)) is not None and at >= began]
    if not later:
        return read_time(field, began.year, mend)
    year, at = later[0]
    if year > began.year and (at > whole[1] if whole else at - began > HALF_A_YEAR):
        where = "outside the order's PERIOD" if whole else "more than half a year later"
        raise FieldError(f"ends before it starts: the end {field} in the year after {time_field(began)} lies {where}")
    if year > began.year and year > (began + ZONE_AT_MOST).year:
        mend("the end has no year and would be before the start: the year after was assumed")
    return read_time(field, year, mend)


def _time_in(year: int, field: str) -> datetime | None:
    try:
        return read_time(field, year, lambda _: None)
    except FieldError:  # the 29th of February, the end of the calendar
        return None


def _names_year(field: str) -> bool:
    return bare(field)[-1:].isdigit()


def _open_end(end: str, began: datetime, whole: Window | None, mend: Mend) -> datetime:
    if whole and whole[1] > began:
        mend(f"{end or 'no end'}: the end of the order was taken")
        return whole[1]
    mend(f"{end or 'no end'}: 24 hours were assumed")
    return began + DAY


def _repeated(first: Window, frequency: str, duration: str, whole: Window | None, mend: Mend) -> list[Window]:
    known = FREQUENCIES.get(frequency)
    if known is None:
        raise FieldError(f"{frequency or 'no frequency'}: none of {', '.join(FREQUENCIES)}")
    step, weekdays = known
    until = _until(first, duration, whole, mend)
    windows: list[Window] = []
    start, end = first
    while start < until and len(windows) < MOST_WINDOWS:
        if start.weekday() in weekdays:
            windows.append((start, end))
        start, end = start + step * DAY, end + step * DAY
    if start < until:
        mend(f"only the first {MOST_WINDOWS} times were taken")
    if not windows:
        raise FieldError("it holds at no time")
    return windows


def _until(first: Window, duration: str, whole: Window | None, mend: Mend) -> datetime:
    if duration in OPEN_ENDED:
        return _open_end(duration, first[0], whole, mend)
    found = _DURATION.fullmatch(bare(duration))
    if found:
        days = int(found[1]) * (7 if found[2].startswith("W") else 1)
        return first[0] + days * DAY
    return read_end(duration, first[0], whole, mend)
