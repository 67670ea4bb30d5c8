"""The calendar of a centre: which parts want to be woken, when, and in which order they are."""

from datetime import datetime
from typing import Final, Protocol


class Sleeper(Protocol):
    """A part that wants to be woken."""

    @property
    def next_deadline(self) -> datetime | None: ...

    def lapse(self) -> None:
        """Do what is due by now, if anything is."""
        ...


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two times; None is never."""
    if one is None or (other is not None and other < one):
        return other
    return one


class Calendar:
    """The deadlines of all parts. Those that are woken do what is due, in the order in which the calendar has them."""

    def __init__(self, sleepers: tuple[Sleeper, ...]) -> None:
        self._sleepers: Final = sleepers

    @property
    def next_deadline(self) -> datetime | None:
        """The earliest of what the parts want; None when nobody wants anything."""
        first = None
        for sleeper in self._sleepers:
            at = sleeper.next_deadline
            if at is not None and (first is None or at < first):
                first = at
        return first

    def wake(self) -> None:
        """Let all of them do what is due."""
        for sleeper in self._sleepers:
            sleeper.lapse()
