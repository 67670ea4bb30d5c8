"""Reading an Airspace Control Order. Nothing here raises: what cannot be used is refused, with its line and reason.

A measure is taken whole or not at all: of one whose shape, height or time cannot be read nothing is reserved. What
is missing is assumed so that rather too much is reserved than too little, and said.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from hotline_protocol.airspace import Area, Volume4D

from .fields import GROUND_FT, HIGHEST_FT, NO_DATA, FieldError, Mend, read_levels, read_time
from .order import Line, Measure, Order
from .periods import Window, read_end, read_period
from .sets import LINE, OTHER_SHAPES, PASSED_OVER, SHAPES, TEXTS, Note, Set, read_sets
from .shapes import read_area, read_line

T = TypeVar("T")

MOST_CHARACTERS: Final = 2_000_000
MOST_MEASURES: Final = 1_000
WGS84: Final = frozenset({"WGS84", "WGS-84", "WGS 84", "WGS1984", "WGS 1984", "WGE", "WE", "W84"})
DESIGNATIONS: Final = ("NAME:", "DESIG:", "ID:")
KINDS: Final = ("ACM:", "OTR:", "TYPE:")
USE: Final = "USE:"
FIELD_OF: Final = {"EFFLEVEL": "heights", "APERIOD": "period"}


def read_order(text: str, *, year: int | None = None, ground_ft: int = GROUND_FT) -> Order:
    """Everything in this order. ``year`` is for times that name none where the order's PERIOD names none either."""
    if len(text) > MOST_CHARACTERS:
        reason = f"has {len(text):,} characters; {MOST_CHARACTERS:,} is the most"
        return Order(refused=(Note(line=1, set="", reason=reason),))
    reader = _Reader(year, ground_ft)
    for found in read_sets(text):
        reader.take(found)
    return reader.order()


class _Draft(msgspec.Struct):
    """A measure of which sets are still being read."""

    first: Set
    name: str
    kind: str
    use: str
    shape: str
    sets: list[Set]


class _Reader:
    """Takes set after set; a measure is made when the next one begins."""

    def __init__(self, year: int | None, ground_ft: int) -> None:
        self._year: Final = year
        self._ground_ft: Final = ground_ft
        self._title = ""
        self._exercise = False
        self._whole: Window | None = None
        self._draft: _Draft | None = None
        self._measures: list[Measure] = []
        self._lines: list[Line] = []
        self._mended: list[Note] = []
        self._refused: list[Note] = []
        self._count = 0

    def take(self, found: Set) -> None:
        """The next set of the order."""
        if not found.is_ended:
            self._mend(found, "", "has no // at its end: it was taken to end where the next set begins")
        for reason in found.mended:
            self._mend(found, "", reason)
        match found.name:
            case "ACMID":
                self._finish()
                self._draft = self._begun(found)
            case "EXER" | "OPER":
                self._title, self._exercise = (found.fields or ("",))[0], found.name == "EXER"
            case "PERIOD":
                self._take_period(found)
            case "GEODATUM":
                self._take_datum(found)
            case "ACMSTAT":
                self._refuse(found, "", "changes and deletions of measures of other orders are not followed")
            case "MSGID" | "ACOID":
                pass
            case _:
                self._take_part(found)

    def order(self) -> Order:
        """All of it, once every set has been taken."""
        self._finish()
        if not self._count:
            self._refused.append(Note(line=1, set="ACMID", reason="there is no ACMID: this is no order with measures"))
        if self._count and not self._exercise:
            reason = "no EXER says that it is an exercise's: it was taken as one all the same"
            self._mended.insert(0, Note(line=1, set="EXER", reason=reason))
        taken = {"", *(measure.name for measure in self._measures), *(line.name for line in self._lines)}
        start, end = self._whole or (None, None)
        return Order(
            title=self._title,
            exercise=self._exercise,
            start=start,
            end=end,
            measures=tuple(self._measures),
            lines=tuple(self._lines),
            mended=tuple(note for note in self._mended if note.measure in taken),
            refused=tuple(self._refused),
        )

    def _take_part(self, found: Set) -> None:
        if found.name not in SHAPES | OTHER_SHAPES | PASSED_OVER | {"EFFLEVEL", "APERIOD"}:
            self._refuse(found, "", "an unknown set was passed over")
        elif self._draft:
            self._draft.sets.append(found)
        elif found.name not in PASSED_OVER:
            self._refuse(found, "", "stands before any ACMID")

    def _take_period(self, found: Set) -> None:
        def assumed(reason: str) -> None:
            self._mend(found, "period", reason)

        start, end = (*found.fields, "", "")[:2]
        try:
            began = read_time(start, self._year, assumed)
            ended = read_end(end, began, None, assumed)
        except FieldError as error:
            self._refuse(found, "period", str(error))
            return
        if ended > began:
            self._whole = began, ended
        else:
            self._refuse(found, "period", f"ends before it starts: the end {end} is not after the start {start}")

    def _take_datum(self, found: Set) -> None:
        datum = (found.fields or ("",))[0]
        if datum not in WGS84 | NO_DATA:
            self._mend(found, "datum", f"{datum} was taken as WGS 84: positions were not shifted")

    def _begun(self, found: Set) -> _Draft:
        self._count += 1
        name = next((field.partition(":")[2].strip() for field in found.fields if field.startswith(DESIGNATIONS)), "")
        kind = next((field.partition(":")[2].strip() for field in found.fields if field.startswith(KINDS)), "")
        use = next((field.partition(":")[2].strip() for field in found.fields if field.startswith(USE)), "")
        shape = next(
            (field for field in found.fields if field in SHAPES | OTHER_SHAPES | {"ORBIT", "POINT", "LINE"}), ""
        )
        draft = _Draft(found, name or f"UNNAMED {self._count}", kind, use, shape, [found])
        for what, value in (("name", name), ("kind", kind)):
            if not value:
                self._mend(found, what, f"no {what}", draft.name)
        return draft

    def _finish(self) -> None:
        draft, self._draft = self._draft, None
        if draft is None:
            return
        if self._count > MOST_MEASURES:
            self._refuse(draft.first, "", f"more than {MOST_MEASURES:,} measures", draft.name)
            return
        if {found.name for found in draft.sets} & (SHAPES | OTHER_SHAPES) == {LINE}:
            self._finish_line(draft)
        else:
            self._finish_measure(draft)

    def _finish_measure(self, draft: _Draft) -> None:
        areas, levels, windows = self._areas(draft), self._levels(draft), self._windows(draft)
        if not (areas and levels and windows):
            return
        lower_ft, upper_ft = levels
        volumes = tuple(
            Volume4D(area=area, lower_ft=lower_ft, upper_ft=upper_ft, start=start, end=end)
            for area in areas
            for start, end in windows
        )
        self._measures.append(
            Measure(
                name=draft.name,
                kind=draft.kind,
                use=draft.use,
                shape=draft.shape,
                volumes=volumes,
                lines=_extent(draft),
                remarks=_remarks(draft),
            )
        )

    def _finish_line(self, draft: _Draft) -> None:
        sets = [found for found in draft.sets if found.name == LINE]
        read = [self._read(found, draft, lambda each, mend: read_line(each.fields, mend)) for found in sets]
        levels, windows = self._levels(draft), self._windows(draft)
        if None in read or not (levels and windows):
            return
        self._lines += (
            Line(
                name=draft.name,
                kind=draft.kind,
                use=draft.use,
                positions=positions,
                lower_ft=levels[0],
                upper_ft=levels[1],
                windows=tuple(windows),
                lines=_extent(draft),
                remarks=_remarks(draft),
            )
            for positions in read
            if positions
        )

    def _areas(self, draft: _Draft) -> list[Area]:
        sets = [found for found in draft.sets if found.name in SHAPES]
        others = [found for found in draft.sets if found.name in OTHER_SHAPES]
        for found in others:
            self._refuse(found, "shape", f"{found.name} is none of {', '.join(sorted(SHAPES))}", draft.name)
        if not sets and not others:
            self._refuse(draft.first, "shape", f"no {draft.shape or 'shape'} follows: nobody knows where", draft.name)
        said, does = draft.shape.removeprefix("A"), {found.name.removeprefix("A") for found in sets}
        if sets and said not in does:
            self._mend(draft.first, "shape", f"says {said or 'no shape'}: the {sets[0].name} was taken", draft.name)
        draft.shape = sets[0].name if sets else draft.shape
        areas = [self._read(found, draft, lambda each, mend: read_area(each.name, each.fields, mend)) for found in sets]
        return [] if others or None in areas else [area for area in areas if area is not None]

    def _levels(self, draft: _Draft) -> tuple[int, int] | None:
        sets = [found for found in draft.sets if found.name == "EFFLEVEL"]
        given = [(found, field) for found in sets if (field := next(filter(_says_something, found.fields), ""))]
        if not given:
            reason = f"no heights: from the ground up to {HIGHEST_FT:,} ft"
            self._mend(sets[0] if sets else draft.first, "heights", reason, draft.name)
            return 0, HIGHEST_FT
        read = [
            self._read(found, draft, lambda _, mend, field=field: read_levels(field, self._ground_ft, mend))  # type: ignore[misc]
            for found, field in given
        ]
        levels = [each for each in read if each is not None]
        if len(levels) < len(read):
            return None
        if len(levels) > 1:
            reason = f"{len(levels)} heights: from the lowest floor to the highest ceiling"
            self._mend(sets[1], "heights", reason, draft.name)
        return min(lower for lower, _ in levels), max(upper for _, upper in levels)

    def _windows(self, draft: _Draft) -> list[Window]:
        sets = [found for found in draft.sets if found.name == "APERIOD"]
        if not sets and self._whole:
            self._mend(draft.first, "period", "no period: that of the whole order", draft.name)
            return [self._whole]
        if not sets:
            self._refuse(draft.first, "period", "neither it nor the order says when it holds", draft.name)
        read = [
            self._read(found, draft, lambda each, mend: read_period(each.fields, self._whole, self._year, mend))
            for found in sets
        ]
        return [] if None in read else [window for windows in read if windows for window in windows]

    def _read(self, found: Set, draft: _Draft, read: Callable[[Set, Mend], T]) -> T | None:
        """What ``read`` makes of this set, with all that it had to assume; None when it is refused."""
        assumed: list[str] = []
        try:
            value = read(found, assumed.append)
        except FieldError as error:
            self._refuse(found, FIELD_OF.get(found.name, "shape"), str(error), draft.name)
            return None
        for reason in dict.fromkeys(assumed):
            self._mend(found, FIELD_OF.get(found.name, "shape"), reason, draft.name)
        return value

    def _mend(self, found: Set, field: str, reason: str, measure: str = "") -> None:
        self._mended.append(Note(line=found.line, set=found.name, field=field, reason=reason, measure=measure))

    def _refuse(self, found: Set, field: str, reason: str, measure: str = "") -> None:
        self._refused.append(Note(line=found.line, set=found.name, field=field, reason=reason, measure=measure))


def _extent(draft: _Draft) -> tuple[int, int]:
    """The first and the last line of its sets."""
    return draft.first.line, draft.sets[-1].line


def _remarks(draft: _Draft) -> str:
    return " ".join(" ".join(found.fields) for found in draft.sets if found.name in TEXTS)


def _says_something(field: str) -> bool:
    return bool(field.strip("-"))
