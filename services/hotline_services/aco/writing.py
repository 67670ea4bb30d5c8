"""Writing an Airspace Control Order: an exercise's, from its first line on, that :mod:`.reading` reads back.

Positions are written to the second, heights to the hundred feet and times to the minute: heights and times are
rounded outwards, so that no air is lost by it. Every volume is a measure of its own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from hotline_protocol.airspace import Volume4D

from .fields import levels_field, time_field
from .sets import wrapped
from .shapes import area_fields

LONGEST_NAME: Final = 30
MINUTE: Final = timedelta(minutes=1)
LAST_MINUTE: Final = datetime.max.replace(tzinfo=UTC, second=0, microsecond=0)
_UNFIT: Final = re.compile(r"[^A-Z0-9 .,()-]+")


class Reserved(NamedTuple):
    """A volume to be ordered: its name, its kind of measure (ROZ), and what to say of it, for a person."""

    name: str
    kind: str
    volume: Volume4D
    remark: str = ""


def write_order(title: str, serial: str, start: datetime, end: datetime, reserved: Sequence[Reserved]) -> str:
    """The order of an exercise of this name, for this period. Raises ValueError when the period is empty."""
    if start >= end:
        raise ValueError("an order's period must end after its start")
    return "".join(f"{line}\n" for line in _lines(title, serial, start, end, reserved))


def _lines(title: str, serial: str, start: datetime, end: datetime, reserved: Iterable[Reserved]) -> Iterator[str]:
    yield from wrapped("EXER", text_field(title))
    yield from wrapped("MSGID", "ACO", "HOTLINE", text_field(serial))
    yield from wrapped("ACOID", "HOTLINE", text_field(serial))
    yield from wrapped("GEODATUM", "WGS 1984")
    yield from wrapped("PERIOD", *_period(start, end))
    yield from wrapped("AMPN", "FOR EXERCISE ONLY. MADE BY A SIMULATION. NOT FOR NAVIGATION")
    names: dict[str, None] = {}
    for each in reserved:
        yield from _measure(each, _free(text_field(each.name), names))


def _measure(reserved: Reserved, name: str) -> Iterator[str]:
    shape, *fields = area_fields(reserved.volume.area)
    yield from wrapped("ACMID", f"ACM:{text_field(reserved.kind)}", f"NAME:{name}", shape, "USE:OTR")
    yield from wrapped(shape, *fields)
    yield from wrapped("EFFLEVEL", levels_field(reserved.volume.lower_ft, reserved.volume.upper_ft))
    yield from wrapped("APERIOD", "DISCRETE", *_period(reserved.volume.start, reserved.volume.end))
    if reserved.remark:
        yield from wrapped("AMPN", text_field(reserved.remark, longest=300))


def _period(start: datetime, end: datetime) -> tuple[str, str]:
    """Whole minutes around this time."""
    began = start.astimezone(UTC).replace(second=0, microsecond=0)
    ended = end.astimezone(UTC).replace(second=0, microsecond=0)
    return time_field(began), time_field(ended if ended in {end, LAST_MINUTE} else ended + MINUTE)


def text_field(text: str, longest: int = LONGEST_NAME) -> str:
    """A text that can stand in a field: capitals, digits, blanks and a few marks; a hyphen for anything else."""
    fit = " ".join(_UNFIT.sub("-", text.upper()).split())[:longest].strip()
    return fit if fit.strip("-") else "UNNAMED"


def _free(name: str, taken: dict[str, None]) -> str:
    """This name, or with a number where it is taken; noted as taken."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name[: LONGEST_NAME - 1 - len(str(number))]}-{number}"
    taken[found] = None
    return found
