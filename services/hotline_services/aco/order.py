"""What is read of an Airspace Control Order: its measures as volumes, lines, and what was assumed and refused."""

from datetime import datetime

import msgspec

from hotline_protocol.airspace import Position, Volume4D

from .sets import Note


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One airspace control measure: what it is (``kind``: ROZ), for what (``use``), and the air it reserves.

    ``lines`` are the first and the last line of its sets, ``remarks`` its amplifications.
    """

    name: str
    kind: str
    use: str
    shape: str
    volumes: tuple[Volume4D, ...]
    lines: tuple[int, int]
    remarks: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A measure that is a line, such as one of coordination. It has heights and times, and reserves no air."""

    name: str
    kind: str
    use: str
    positions: tuple[Position, ...]
    lower_ft: int
    upper_ft: int
    windows: tuple[tuple[datetime, datetime], ...]
    lines: tuple[int, int]
    remarks: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A whole order. ``title`` is of the EXER or OPER set; ``exercise`` whether it was EXER."""

    title: str = ""
    exercise: bool = False
    start: datetime | None = None
    end: datetime | None = None
    measures: tuple[Measure, ...] = ()
    lines: tuple[Line, ...] = ()
    mended: tuple[Note, ...] = ()
    refused: tuple[Note, ...] = ()
