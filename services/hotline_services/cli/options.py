"""What options of several commands have in common."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_origin

import msgspec
from cyclopts import ArgumentCollection, Parameter, Token, UnknownOptionError

from hotline_protocol.message import PartyName
from hotline_services.monitor.wording import printable, shortened

Flag: Final = Parameter(negative="")
"""What one either says or does not: it has no --no- of its own."""


def _files(kind: object, tokens: Sequence[Token]) -> Path | list[Path]:
    """Raises UnknownOptionError for what begins with a hyphen: a file of such a name is written ``./-name``."""
    for token in tokens:
        if token.value.startswith("-") and token.value != "-":
            plausible = ArgumentCollection()  # type: ignore[no-untyped-call]
            raise UnknownOptionError(token=Token(keyword=token.value, source="cli"), argument_collection=plausible)
    paths = [Path(token.value) for token in tokens]
    return paths if get_origin(kind) is list else paths[0]


FileOrHyphen: Final = Parameter(allow_leading_hyphen=True, converter=_files)
"""A file, or ``-`` for the standard input or output."""


def party_name(option: str, text: str) -> PartyName:
    """The party that this option names. Raises ValueError for what cannot be a party's name."""
    try:
        return msgspec.convert(text, PartyName)
    except msgspec.ValidationError as error:
        shown = printable(shortened(text, 40))
        raise ValueError(f"{option}: {shown!r} is not the name of a party, such as us or ru") from error
