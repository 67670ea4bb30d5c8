"""Whole numbers on the command line: left to itself the parser rounds 1.5 to 2, and that is another run."""

from collections.abc import Sequence
from typing import Annotated, Final

from cyclopts import Parameter, Token

LARGEST: Final = 2**53
"""The largest whole number that every reader of JSON has exactly."""


def read_whole(_kind: object, tokens: Sequence[Token]) -> int:
    """The number that is written in digits alone. Raises ValueError that says what would be right."""
    text = tokens[0].value
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST)) or int(text) > LARGEST:
        raise ValueError(f'"{text}" is no whole number from 0 to 2**53, such as 7.')
    return int(text)


Whole = Annotated[int | None, Parameter(converter=read_whole)]
