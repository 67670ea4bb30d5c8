"""What options of several commands have in common."""

from typing import Final

import msgspec
from cyclopts import Parameter

from hotline_protocol.message import PartyName
from hotline_services.monitor.wording import printable, shortened

Flag: Final = Parameter(negative="")
"""What one either says or does not: it has no --no- of its own."""


def party_name(option: str, text: str) -> PartyName:
    """The party that this option names. Raises ValueError for what cannot be a party's name."""
    try:
        return msgspec.convert(text, PartyName)
    except msgspec.ValidationError as error:
        shown = printable(shortened(text, 40))
        raise ValueError(f"{option}: {shown!r} is not the name of a party, such as us or ru") from error
