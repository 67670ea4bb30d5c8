"""Output on a terminal whose encoding lacks characters: they are replaced, and never end a program.

Python raises UnicodeEncodeError when an arrow is printed where the locale is ISO-8859-1, KOI8-R or a code page. Here
the standard streams get an error handler of their own. What the encoding has is written as it is, to the byte.
"""

import codecs
import io
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Final

OTHER: Final = "?"
"""What stands for a character that has no likeness below."""
LIKENESS: Final = {
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("·•…", "."),
    **dict.fromkeys("‘’‚‹›", "'"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("\u00a0\u2007\u2009\u202f\u2800", " "),
    **dict.fromkeys(map(chr, range(0x2801, 0x2900)), "."),  # Braille, of which Textual and our chart make drawings
    **dict.fromkeys("─━═╌╍┄┅┈┉▁▔╴╶╸╺", "-"),
    **dict.fromkeys("│┃║╎╏┆┇┊┋▏▕▎▍▌▐▊▋▉", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬", "+"),
    **dict.fromkeys("█▀▄▇▆▅▃▂░▒▓□■", "#"),
    **dict.fromkeys("●○", "o"),
    **dict.fromkeys("▲△↑", "^"),
    **dict.fromkeys("▼▽↓", "v"),
    **dict.fromkeys("◆◇✓", "*"),
    "×": "x",
}
ONE_CELL: Final = LIKENESS | {"→": ">", "←": "<"}
WIDE: Final = LIKENESS | {"→": "->", "←": "<-"}
LENIENT: Final = frozenset({"strict", "surrogateescape", "backslashreplace"})
"""How Python sets the standard streams up by itself. Whoever has asked for something else gets that."""

Handler = Callable[[UnicodeError], tuple[str, int]]


def make_outputs_encodable() -> None:
    """Set up the standard output and error of this process. Called once, when a program starts."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            make_encodable(stream)


def make_encodable(stream: io.TextIOWrapper) -> None:
    """Replace what this stream's encoding lacks, from now on."""
    is_unicode = codecs.lookup(stream.encoding).name.startswith("utf")
    if stream.errors == "strict" or (stream.errors in LENIENT and not is_unicode):
        stream.reconfigure(errors=handler_name(stream.encoding))


@lru_cache
def handler_name(encoding: str, *, cells: bool = False) -> str:
    """The name of an error handler for ``encoding``, which is registered now.

    With ``cells``, one character stands for each, as a screen needs that is drawn cell by cell. Otherwise an arrow
    becomes ``->``, and one of the blanks of the next gap (two or more) is left out: columns stay in line.
    """
    name = f"hotline-{'cells' if cells else 'text'}-{encoding}"
    codecs.register_error(name, _handler(encoding, ONE_CELL if cells else WIDE))
    return name


def _handler(encoding: str, likeness: dict[str, str]) -> Handler:
    @lru_cache
    def encodable(char: str) -> str:
        try:
            char.encode(encoding)
        except UnicodeEncodeError:
            return likeness.get(char, OTHER)
        return char

    def replace(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        text, at = error.object, error.start
        if text[:1] in {"{", "["}:
            return _escaped(text[at : error.end]), error.end
        return _replaced(text, at, encodable)

    return replace


def _escaped(text: str) -> str:
    """JSON has escapes for all characters, so that nothing of it is lost."""
    utf16 = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{utf16[n]:02x}{utf16[n + 1]:02x}" for n in range(0, len(utf16), 2))


def _replaced(text: str, at: int, encodable: Callable[[str], str]) -> tuple[str, int]:
    """What stands for the character ``at``, and where to go on. One that grows takes its room from the next gap."""
    mark = encodable(text[at])
    gap = text.find("  ", at, _end_of_line(text, at))
    if len(mark) == 1 or gap < 0:
        return mark, at + 1
    between = [encodable(char) for char in text[at + 1 : gap]]
    width, room = len(mark) + sum(map(len, between)), gap - at
    until = gap
    while width > room and text[until : until + 2] == "  ":
        until, room = until + 1, room + 1
    return "".join([mark, *between]), until


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
