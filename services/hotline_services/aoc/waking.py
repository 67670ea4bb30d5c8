"""When the first of a centre's parts wants to be woken."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol


class Part(Protocol):
    """What wants to be woken."""

    @property
    def next_deadline(self) -> datetime | None: ...


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two times; None is never."""
    if one is None or (other is not None and other < one):
        return other
    return one


def first_deadline(parts: Iterable[Part], first: datetime | None) -> datetime | None:
    """The earliest of this and what the parts want; None when nobody wants anything."""
    for part in parts:
        at = part.next_deadline
        if at is not None and (first is None or at < first):
            first = at
    return first
