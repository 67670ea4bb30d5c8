"""A USMTF message as its sets: ``NAME/field/field//``, wrapped at 69 characters, in any case, with any line ends."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

WIDTH: Final = 69
"""The longest line of a message (MIL-STD-6040)."""

SHAPES: Final = frozenset({"POLYGON", "CIRCLE", "CORRIDOR", "AORBIT"})
LINE: Final = "GEOLINE"
OTHER_SHAPES: Final = frozenset({"APOINT", LINE, "RADARC", "POLYARC", "1TRACK", "TRACK"})
HEADER: Final = frozenset({"EXER", "OPER", "MSGID", "REF", "ACOID", "GEODATUM", "PERIOD"})
TEXTS: Final = frozenset({"AMPN", "NARR", "GENTEXT", "RMKS"})
PASSED_OVER: Final = TEXTS | {"CNTRLPT", "CONTAUTH", "AKNLDG", "POC", "DECL", "REF"}
"""Known, and of no account for where and when something is reserved."""
KNOWN: Final = SHAPES | OTHER_SHAPES | HEADER | PASSED_OVER | {"ACMID", "ACMSTAT", "EFFLEVEL", "APERIOD"}

GOING_ON: Final = SHAPES | OTHER_SHAPES | {"ACMID", "EFFLEVEL", "APERIOD", "PERIOD"}
GOES_ON: Final = "went on after one slash too many"

_FIELD: Final = re.compile(
    r"[A-Z]{2,6}:|\d+(?:\.\d+)? ?(?:NM|KM|M|FT)?$|\d{4,8}(?:\.\d+)?[NS]|\d{6}[A-Z]|DISCRETE$|INTERVAL$"
)
_NO_SLASH: Final = re.compile(
    rf"({'|'.join(sorted(GOING_ON))})[ -]?"
    r"([A-Z]{2,6}:.*|\d{4,8}(?:\.\d+)?[NS].*|\d+(?:\.\d+)? ?(?:NM|KM|M|FT)|\d{6}[A-Z].*|DISCRETE|INTERVAL)"
)
_BEGINS: Final = re.compile(rf"({'|'.join(sorted(KNOWN))})/", re.IGNORECASE)


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be said of a place in the message: which line, set and field of which measure, and what of it."""

    line: int
    set: str
    field: str = ""
    reason: str
    measure: str = ""


class Set(NamedTuple):
    """One set: the line on which it begins, its name, its fields in capitals, and whether its ``//`` was there.

    ``mended`` says what was put right in it.
    """

    line: int
    name: str
    fields: tuple[str, ...]
    is_ended: bool = True
    mended: tuple[str, ...] = ()


def read_sets(text: str) -> Iterator[Set]:
    """The sets of a message one after the other. One without its end goes on to where the next one begins.

    Fields that stand straight behind a set and its ``//`` belong to it: there was one slash too many.
    """
    held: Set | None = None
    for found in map(_with_slash, _sets(text)):
        if held and held.name in GOING_ON and _is_field(held.name, found):
            held = _joined(held, found)
            continue
        if held:
            yield held
        held = found
    if held:
        yield held


def _is_field(name: str, found: Set) -> bool:
    """Whether this is no set but a field that belongs to the set of this name."""
    if found.name in KNOWN:
        return False
    first = next(filter(None, (found.name, *found.fields)), "")
    return bool(_FIELD.match(first)) or (name == "EFFLEVEL" and "-" in first.strip("-"))


def _joined(held: Set, found: Set) -> Set:
    empty = not any(held.fields)
    reason = f"the set was empty, and {GOES_ON}" if empty else f"the set {GOES_ON}"
    fields = (*(held.fields if not empty else ()), *filter(None, [found.name]), *found.fields)
    return held._replace(
        fields=fields, is_ended=found.is_ended, mended=tuple(dict.fromkeys((*held.mended, reason, *found.mended)))
    )


def _with_slash(found: Set) -> Set:
    """The set with the slash behind its name, if there is a field straight behind it."""
    parted = _NO_SLASH.fullmatch(found.name)
    if not parted:
        return found
    reason = f"the slash after {parted[1]} was missing"
    return found._replace(name=parted[1], fields=(parted[2], *found.fields), mended=(reason,))


def _sets(text: str) -> Iterator[Set]:
    pending, began, last = "", 0, ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line:
            continue
        if pending and _is_new(pending, line):
            yield from _set(began, pending, is_ended=False)
            pending = ""
        began = began if pending else number
        pending = f"{pending}{_joint(pending, last, line)}{line}" if pending else line
        while (cut := pending.find("//")) >= 0:
            yield from _set(began, pending[:cut])
            pending, began = pending[cut + 2 :].strip(), number
        last = line
    if pending:
        yield from _set(began, pending, is_ended=False)


def _joint(pending: str, last: str, line: str) -> str:
    """What stood where the line was broken: nothing at a field's edge or at the full width, else a blank."""
    return "" if pending.endswith("/") or line.startswith("/") or len(last) >= WIDTH else " "


def _is_new(pending: str, line: str) -> bool:
    """Whether this line begins a set although the one before it has not ended."""
    found = _BEGINS.match(line)
    if not found:
        return False
    is_field = found[1].upper() in SHAPES | OTHER_SHAPES and pending.upper().startswith("ACMID")
    return not (is_field and pending.endswith("/"))


def _set(line: int, text: str, *, is_ended: bool = True) -> Iterator[Set]:
    """Nothing for what holds no more than the marks of empty fields."""
    name, *fields = (" ".join(part.split()).upper() for part in text.split("/"))
    if name.strip("-") or any(field.strip("-") for field in fields):
        yield Set(line, name, tuple(fields), is_ended)


def wrapped(name: str, *fields: str) -> Iterator[str]:
    """The lines of a set: broken before a field or, in a text, at a blank; its ``//`` is never parted."""
    line = name
    parts = [f"/{field}" for field in fields]
    parts[-1] += "//"
    for part in parts:
        if len(line) + len(part) > WIDTH:
            yield line
            line = part
            while len(line) > WIDTH:
                cut = line.rfind(" ", 1, WIDTH)
                cut = cut if cut > 0 else WIDTH
                yield line[:cut]
                line = line[cut:].lstrip()
        else:
            line += part
    yield line
