"""Reading files that people and other programs have written: UTF-8, with or without a byte order mark.

Editors on Windows put the mark at the beginning. It is no part of the text.
"""

import codecs
from pathlib import Path
from typing import Final

MARK: Final = codecs.BOM_UTF8


def read_text(path: Path) -> str:
    """The text of this file. Raises OSError and UnicodeDecodeError."""
    return path.read_text(encoding="utf-8-sig")


def read_bytes(path: Path) -> bytes:
    """The bytes of this file's text. Raises OSError."""
    return without_mark(path.read_bytes())


def without_mark(content: bytes) -> bytes:
    """The same without a byte order mark at the beginning."""
    return content.removeprefix(MARK)
