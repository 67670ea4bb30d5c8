"""Field 18 of an ICAO flight plan, its ``INDICATOR/words``, and where field 19 begins (PANS-ATM, Doc 4444).

Other programs do not always part two indicators by one blank. What is read:

* an indicator of the lists below after a blank, a hyphen, a comma or another indicator's slash, or straight after
  letters and digits (``PBN/B1D1DOF/170622``);
* an indicator that is in no list, after a blank, a hyphen or a comma: it ends the one before it;
* within RMK, a word with a slash stays text unless it is an indicator of the lists. One without a blank before it
  counts only as ``DOF/`` with a date or ``STS/`` with a status: these change the day and the priority of a plan.
"""

import re
from datetime import date
from typing import Final

import msgspec

KNOWN: Final = (
    *("STS", "PBN", "NAV", "COM", "DAT", "SUR", "DEP", "DEST", "DOF", "REG", "EET", "SEL", "TYP", "CODE", "DLE", "OPR"),
    *("ORGN", "PER", "ALTN", "RALT", "TALT", "RIF", "RMK"),
    *("EUR", "RFP", "RVR", "IFP", "AWR", "SRC", "STAYINFO"),
)
"""The indicators of PANS-ATM, and in the last line those of Europe (EUROCONTROL, IFPS Users Manual)."""
STATUSES: Final = frozenset({
    *("ALTRV", "ATFMX", "EMER", "FFR", "FLTCK", "HAZMAT", "HEAD", "HOSP", "HUM", "MARSA", "MEDEVAC", "NONRVSM", "SAR"),
    "STATE",
})  # fmt: skip

_KNOWN: Final = "|".join(sorted(KNOWN, key=len, reverse=True))
_SLASH: Final = re.compile(r"([A-Z0-9]+)(\s?)/")
_INDICATOR: Final = re.compile(rf"(?:{_KNOWN})[0-9]?")
_LAST: Final = re.compile(rf"[A-Z0-9]*?({_KNOWN})")
_ITEM_ANYWHERE: Final = re.compile(rf"(?:{_KNOWN})[0-9]?\s?/")
_UNKNOWN: Final = re.compile(r"[A-Z]{2,9}[0-9]?")
_STATUS: Final = re.compile(rf"\s?(?:{'|'.join(sorted(STATUSES))})(?![A-Z0-9])")
_DATE: Final = re.compile(r"\s?[0-9]{6}(?![0-9])")
_DATE_ANYWHERE: Final = re.compile(r"DOF\s?/\s?([0-9]{6})(?![0-9])")
_DATE_WITHOUT_SLASH: Final = re.compile(r"(?<![A-Z0-9])DOF\s?([0-9]{6})(?![0-9])")
_END: Final = r"(?![A-Z0-9])"
_SUPPLEMENT: Final = re.compile(
    rf"-\s?(?:E/\s?[0-9]{{4}}|P/\s?(?:[0-9]{{1,3}}|TBN)|R/\s?[UVE]{{1,3}}|S/\s?[PDMJ]{{1,4}}|J/\s?[LFUV]{{1,4}}|"
    rf"D/\s?[0-9]{{1,2}}){_END}|(?:^|\s)-\s?[ANC]/"
)
_BETWEEN: Final = " ,;-"


class _Item(msgspec.Struct, frozen=True):
    """One indicator: its name, where it begins in the text, and where its words begin."""

    name: str
    begin: int
    words: int


def has_item(text: str) -> bool:
    """Whether an indicator of the lists stands anywhere in the text, before its slash."""
    return _ITEM_ANYWHERE.search(text) is not None


def without_supplement(text: str) -> str:
    """Field 18 without the field 19 behind it, which begins with ``-E/0400`` or another item with a fitting value."""
    return _SUPPLEMENT.split(text, maxsplit=1)[0]


def read_items(text: str) -> dict[str, str]:
    """The words of each indicator. Of one that comes twice, the words of both, with a blank between.

    What stands before the first indicator has no name.
    """
    found = [_Item("", 0, 0), *_found(text)]
    ends = [*(item.begin for item in found[1:]), len(text)]
    items: dict[str, str] = {}
    for item, end in zip(found, ends, strict=True):
        words = text[item.words : end].strip(_BETWEEN)
        items[item.name] = f"{items.get(item.name, '')} {words}".strip()
    return items


def statuses(items: dict[str, str]) -> set[str]:
    """The words of STS, whatever stands between them."""
    return set(re.findall("[A-Z0-9]+", items.get("STS", "")))


def dates(message: str, items: dict[str, str]) -> set[str]:
    """Every date that a message gives for its flight, as six digits; or the words of a DOF that is none."""
    beside = [words for name, words in items.items() if name != "RMK"]
    given = set(_DATE_ANYWHERE.findall(message))
    given.update(date for words in beside for date in _DATE_WITHOUT_SLASH.findall(words))
    if "DOF" in items:
        words = items["DOF"]
        given.update(words.split() if re.fullmatch("[0-9]{6}( [0-9]{6})+", words) else [words])
    return given


class DateError(ValueError):
    """A message does not say of one day that it is of it; the message says why."""


def day_of(given: set[str]) -> date:
    """The one day that these say, as :func:`dates` found them. Raises DateError."""
    if len(given) > 1:
        days = " and ".join(repr(text[:20]) for text in sorted(given))
        raise DateError(f"gives more than one day: {days}")
    (text,) = given
    try:
        if not re.fullmatch("[0-9]{6}", text):
            raise ValueError(text)
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError as error:
        raise DateError(f"{text[:20]!r} is not a date as year, month and day: 170618") from error


def _found(text: str) -> list[_Item]:
    found: list[_Item] = []
    for slash in _SLASH.finditer(text):
        name = _name(text, slash, in_remark=bool(found) and found[-1].name == "RMK")
        if name:
            found.append(_Item(name, slash.end(1) - len(name), slash.end()))
    return found


def _name(text: str, slash: "re.Match[str]", *, in_remark: bool) -> str:
    """The indicator before this slash; empty where the word before it is text."""
    word, before = slash[1], text[slash.start() - 1 : slash.start()]
    if _INDICATOR.fullmatch(word) and not (in_remark and before == "/"):
        return word
    last = _LAST.fullmatch(word)
    if last and (not in_remark or _changes_plan(last[1], text, slash.end())):
        return last[1]
    if in_remark or slash[2] or before == "/" or word in STATUSES:
        return ""
    return word if _UNKNOWN.fullmatch(word) else ""


def _changes_plan(name: str, text: str, begin: int) -> bool:
    """Whether this is the day or the status of a plan, written without a blank before it."""
    return bool((name == "DOF" and _DATE.match(text, begin)) or (name == "STS" and _STATUS.match(text, begin)))
