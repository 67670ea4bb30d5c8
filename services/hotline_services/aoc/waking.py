"""The calendar of a centre: when each part wants to be woken, and in which order those that are due are woken."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol


class Sleeper(Protocol):
    """A part that wants to be woken."""

    @property
    def next_deadline(self) -> datetime | None:
        """When it next has something to do; None when it has nothing to do."""
        ...


Lapse = Callable[[], None]
Row = tuple[Sleeper, Lapse]
"""A part that wants to be woken, and what is then done."""


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two times; None is never."""
    if one is None or (other is not None and other < one):
        return other
    return one


class Calendar:
    """The deadlines of all parts, and who is woken when one has come.

    A deadline is kept until its part is woken, or names itself in ``changed``. Parts that are ``restless`` are woken
    whenever the centre is. Those that are ``asked`` in each turn have deadlines that depend on the time, or on nearly
    all that happens.
    """

    def __init__(
        self, rows: Sequence[Row], *, restless: Sequence[Sleeper], asked: Sequence[Sleeper], changed: set[Sleeper]
    ) -> None:
        self.rows: Final = tuple((sleeper, lapse, sleeper in restless) for sleeper, lapse in rows)
        self._asked: Final = tuple(asked)
        self._changed: Final = changed
        self.deadlines = self.asked()

    def asked(self) -> dict[Sleeper, datetime]:
        """The deadlines of all parts, as they are if each is asked."""
        found = {sleeper: sleeper.next_deadline for sleeper, _, _ in self.rows}
        return {sleeper: at for sleeper, at in found.items() if at is not None}

    def wake(self, now: datetime) -> None:
        """Let the parts that are due do what is due, in the order of the rows."""
        for sleeper, lapse, is_restless in self.rows:
            if not is_restless:
                if sleeper in self._changed:
                    self._ask(sleeper)
                at = self.deadlines.get(sleeper)
                if at is None or at > now:
                    continue
                self._changed.add(sleeper)
            lapse()

    def first(self) -> datetime | None:
        """The earliest deadline; None when no part has one. Those that may have changed are asked for."""
        for sleeper in self._asked:
            self._ask(sleeper)
        if self._changed:
            for sleeper in self._changed:
                self._ask(sleeper)
            self._changed.clear()
        return min(self.deadlines.values(), default=None)

    def _ask(self, sleeper: Sleeper) -> None:
        at = sleeper.next_deadline
        if at is not None:
            self.deadlines[sleeper] = at
        elif sleeper in self.deadlines:
            del self.deadlines[sleeper]
