"""What a centre says while it deals with one input: one list, one clock, one numbering for all its parts."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import Notes
from hotline_protocol.message import Author, M, Message

LONG_AGO: Final = datetime(1900, 1, 1, tzinfo=UTC)
"""Before any time that a scenario may have, so that a deadline then is due at once."""


class Voice:
    """Collects the messages of one turn. ``now`` is the time of that turn, ``cause`` the message that began it."""

    def __init__(self, author: Author, now: datetime) -> None:
        self.author = author
        self.now = now
        self.cause: str | None = None
        self._said: list[Message] = []
        self._notes: dict[str, Notes] = {}

    def begin(self, now: datetime, cause: str | None) -> None:
        """A new turn. Time never runs backwards, whatever the shell's clock does."""
        self.now = max(self.now, now)
        self.cause = cause
        self._notes.clear()

    def note(self, plan_id: str, notes: Notes | msgspec.UnsetType) -> None:
        """Add this to what is said first of the plan's state in this turn."""
        if notes is not msgspec.UNSET:
            self._notes[plan_id] = notes

    def say(self, kind: type[M], /, *, cause: str | None = None, **fields: Any) -> M:
        """Say this; it answers ``cause``, or else the message that began the turn."""
        if self._notes and kind is PlanStatus and fields["plan_id"] in self._notes:
            fields["notes"] = self._notes.pop(fields["plan_id"])
        message = self.author.write(kind, self.now, cause or self.cause, fields)
        self._said.append(message)
        return message

    def repeat(self, messages: Iterable[Message]) -> None:
        """Say these, which are complete."""
        self._said.extend(messages)

    def end(self) -> list[Message]:
        """Everything said in this turn, in order."""
        said, self._said = self._said, []
        return said
