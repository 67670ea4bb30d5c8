"""How rows are shown: a table on a terminal, aligned columns in a pipe, JSON for programs."""

import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

from hotline_services.monitor.wording import printable

GUTTER: Final = 3
FOLDED_AT_LEAST: Final = 20


class Column(NamedTuple):
    """A heading, and the text under it for one row. What is ``at_right`` are numbers."""

    heading: str
    text: Callable[[Any], str]
    at_right: bool = False


def show(rows: Sequence[object], columns: Sequence[Column], *, json: bool, empty: str) -> None:
    """Rows on the standard output; ``empty`` is the sentence for a person when there are none."""
    if json:
        write_json(rows)
    elif not rows:
        _write([empty])
    elif sys.stdout.isatty() and _has_room(rows, columns):
        _show_on_terminal(rows, columns)
    else:
        _write(aligned(rows, columns))


def write_json(value: object) -> None:
    """This value as indented JSON."""
    _write([msgspec.json.format(msgspec.json.encode(value), indent=2).decode()])


def aligned(rows: Sequence[object], columns: Sequence[Column]) -> list[str]:
    """Lines of columns, two blanks between them, as wide as they need to be."""
    texts = [[column.heading for column in columns], *(_texts(row, columns) for row in rows)]
    widths = [max(len(line[n]) for line in texts) for n in range(len(columns))]
    return ["  ".join(_fill(*cell) for cell in zip(line, widths, columns, strict=True)).rstrip() for line in texts]


def _fill(text: str, width: int, column: Column) -> str:
    return text.rjust(width) if column.at_right else text.ljust(width)


def _texts(row: object, columns: Sequence[Column]) -> list[str]:
    return [printable(column.text(row)) for column in columns]


def _has_room(rows: Sequence[object], columns: Sequence[Column]) -> bool:
    """Whether the terminal is wide enough for all columns but the last, which can be folded.

    Where it is not, lines run over its edge: a table that leaves out what does not fit would mislead.
    """
    texts = [[column.heading for column in columns], *(_texts(row, columns) for row in rows)]
    widths = [max(len(line[n]) for line in texts) for n in range(len(columns))]
    needed = sum(widths[:-1]) + min(widths[-1], FOLDED_AT_LEAST) + GUTTER * len(columns)
    return needed <= shutil.get_terminal_size().columns


def _show_on_terminal(rows: Sequence[object], columns: Sequence[Column]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:  # only the last, which is the freest, may take more than one line
        justify: Literal["left", "right"] = "right" if column.at_right else "left"
        is_last = column is columns[-1]
        table.add_column(column.heading, justify=justify, no_wrap=not is_last, overflow="fold" if is_last else "ignore")
    for row in rows:
        table.add_row(*(Text(text) for text in _texts(row, columns)))  # Text: what looks like markup is not
    Console().print(table)


def _write(lines: Sequence[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()
