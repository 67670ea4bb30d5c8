"""Times, heights and choices as a duty officer writes them, and other people's text made safe to show."""

import unicodedata
from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.airspace import Volume4D
from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import Notes
from hotline_protocol.menu import Choice, Menu

from .rows import utc
from .volume import Spread

TRANSITION_FT: Final = 10_000  # from here up, heights are written as flight levels
_MONTHS: Final = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


def printable(text: str) -> str:
    """This text without anything that could move a cursor, hide, reverse or pile up characters: ``?`` stands for it."""
    if text.isprintable() and not any(map(unicodedata.combining, text)):
        return text
    kept = (char for char in text if not unicodedata.combining(char))
    return "".join(char if char.isprintable() else "?" for char in kept)


def printable_lines(text: str) -> str:
    """The same of a text of several lines."""
    return "\n".join(map(printable, text.split("\n")))


def shortened(text: str, width: int) -> str:
    """This text in at most ``width`` characters, with an ellipsis where it was cut."""
    return text if len(text) <= width else text[: width - 1] + "…"


def date_time_group(at: datetime) -> str:
    """Day, hour and minute in UTC, and month: ``18 1643Z JUN``."""
    at = utc(at)
    return f"{at:%d %H%M}Z {_MONTHS[at.month - 1]}"


def clock_time(at: datetime, *, seconds: bool = False) -> str:
    """``1643Z``, or to the second ``16:43:20Z``: in UTC, whatever the offset in which the time was told."""
    return f"{utc(at):%H:%M:%S}Z" if seconds else f"{utc(at):%H%M}Z"


def height(feet: int) -> str:
    """``FL240`` from 10,000 ft up where it is a round level, else ``6,500 ft``."""
    return f"FL{feet // 100:03d}" if feet >= TRANSITION_FT and feet % 100 == 0 else f"{feet:,} ft"


def heights(lower_ft: int, upper_ft: int) -> str:
    """``FL240-260``, ``6,000 ft-FL120``."""
    upper = height(upper_ft)
    return f"{height(lower_ft)}-{upper.removeprefix('FL') if lower_ft >= TRANSITION_FT else upper}"


def noted(notes: Notes | msgspec.UnsetType) -> str:
    """What stood in a plan that is no field: ``prioritty: not a field; priority?``."""
    return "" if notes is msgspec.UNSET else ", ".join(f"{note.field}: {note.reason}" for note in notes)


def duration(seconds: float) -> str:
    """``8 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3_600} h" + (f" {whole % 3_600 // 60} min" if whole % 3_600 >= 60 else "")


def mean_and_p90(times: Spread) -> str:
    """``3 min 20 s / 8 min``; a dash where there was no call to measure."""
    return f"{duration(times.mean_s)} / {duration(times.p90_s)}" if times.is_known else "—"


def shift(minutes: int) -> str:
    """``+15 min``, or ``on time``."""
    return f"{minutes:+d} min" if minutes else "on time"


def offer(menu: Menu, choice: Choice) -> str:
    """Where, how high and when: ``441LL15 · FL240-260 · +15 min``. Safe for a choice that is not on the menu."""
    try:
        menu.outcome(choice)
    except IndexError:
        return f"off the menu (sector {choice.sector}, block {choice.block}, shift {choice.shift})"
    block = menu.blocks[choice.block]
    place, time = menu.sectors[choice.sector].name, shift(menu.shifts_min[choice.shift])
    return f"{place} · {heights(block.lower_ft, block.upper_ft)} · {time}"


def of_version(status: PlanStatus, state: str) -> str:
    """A plan's state with the version that it is about, where the plan has been amended, and the one that stands."""
    amended = status.amends is not msgspec.UNSET or status.number > 1
    told = f"version {status.number} {state}" if amended else state
    return told if status.in_force is msgspec.UNSET else f"{told}; version {status.in_force} stands"


def air(volumes: tuple[Volume4D, ...]) -> str:
    """Heights and times that these volumes span: ``FL240-260 · 1700Z-1800Z``; empty for none."""
    if not volumes:
        return ""
    lower, upper = min(v.lower_ft for v in volumes), max(v.upper_ft for v in volumes)
    start, end = min(v.start for v in volumes), max(v.end for v in volumes)
    return f"{heights(lower, upper)} · {clock_time(start)}-{clock_time(end)}"


def words(name: str) -> str:
    """A name of the protocol as words: ``short-notice`` is ``short notice``."""
    return name.replace("-", " ")
