"""On which line of a TOML text a field stands, since the parser does not tell."""

import re
from collections.abc import Iterator
from typing import Final

Path = tuple[str, ...]

_TOKEN: Final = re.compile(
    r"""(?P<blank>[ \t\r]+|\#[^\n]*)
      | (?P<newline>\n)
      | (?P<long>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5})
      | (?P<text>"(?:\\.|[^"\\\n])*"|'[^'\n]*')
      | (?P<mark>[\[\]{}=,])
      | (?P<bare>[^\s\[\]{}=,"'\#]+)""",
    re.VERBOSE | re.DOTALL,
)


def line_of(text: str, field: str) -> int | None:
    """The line of this field (``traffic[3].blocks``, ``parties[...].officer``) in a text that is valid TOML, or of the
    nearest thing that holds it. None when nothing of it is there."""
    wanted = tuple(name for name in re.split(r"[.\[\]]+", field.replace("[...]", ".*")) if name)
    lines: dict[Path, int] = {}
    for path, line in _Positions(text):
        for length in range(1, len(path) + 1):  # a table that is only there because something is in it counts too
            lines.setdefault(path[:length], line)
    for length in range(len(wanted), 0, -1):
        for path, line in lines.items():
            if len(path) == length and all(map(_is_meant, wanted, path)):
                return line
    return None


def _is_meant(wanted: str, name: str) -> bool:
    return wanted in ("*", name)


class _Positions:
    """Every key, table and element of the text with its line, outer ones first. A quoted key with dots in it counts as
    the path that it spells."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._kind, self._word, self._line = next(self._tokens)
        self._counts: dict[Path, int] = {}

    def __iter__(self) -> Iterator[tuple[Path, int]]:
        table: Path = ()
        while self._kind != "end":
            if self._word == "[":
                line = self._line
                table = self._header()
                yield table, line
            elif self._kind in {"bare", "text"}:
                yield from self._pair(table)
            else:
                self._step()

    def _step(self) -> tuple[str, str]:
        taken = self._kind, self._word
        self._kind, self._word, self._line = next(self._tokens)
        return taken

    def _header(self) -> Path:
        self._step()
        is_list = self._word == "["
        if is_list:
            self._step()
        key = self._in_lists(self._key())
        while self._word == "]":
            self._step()
        return self._another(key) if is_list else key

    def _another(self, key: Path) -> Path:
        """The next element of the list of tables of this name."""
        self._counts[key] = self._counts.get(key, -1) + 1
        return (*key, str(self._counts[key]))

    def _in_lists(self, key: Path) -> Path:
        """The same path with the number of the element that a header is about, wherever it leads through a list."""
        path: Path = ()
        for number, name in enumerate(key):
            path = (*path, name)
            if path in self._counts and number < len(key) - 1:
                path = (*path, str(self._counts[path]))
        return path

    def _key(self) -> Path:
        names: list[str] = []
        while self._kind in {"bare", "text"}:
            kind, token = self._step()
            names += [name for name in (token[1:-1] if kind == "text" else token).split(".") if name]
        return tuple(names)

    def _pair(self, within: Path) -> Iterator[tuple[Path, int]]:
        line = self._line
        path = (*within, *self._key())
        yield path, line
        if self._word == "=":
            self._step()
            yield from self._value(path)

    def _value(self, path: Path) -> Iterator[tuple[Path, int]]:
        if self._word == "[" and self._kind == "mark":
            yield from self._array(path)
        elif self._word == "{" and self._kind == "mark":
            yield from self._inline_table(path)
        else:
            self._step()

    def _array(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._step()
        number = 0
        while self._word != "]" and self._kind != "end":
            if self._word == "," or self._kind == "newline":
                self._step()
                continue
            yield (*path, str(number)), self._line
            yield from self._value((*path, str(number)))
            number += 1
        self._step()

    def _inline_table(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._step()
        while self._word != "}" and self._kind != "end":
            if self._kind in {"bare", "text"}:
                yield from self._pair(path)
            else:
                self._step()
        self._step()


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and line of each token, and ``end`` for ever after."""
    line = 1
    for found in _TOKEN.finditer(text):
        kind = str(found.lastgroup)
        if kind != "blank":
            yield kind, found[0], line
        line += found[0].count("\n")
    while True:
        yield "end", "", line
