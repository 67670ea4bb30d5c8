"""What every service is inside: a core that decides, with no I/O, no clock and no chance of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, Self, runtime_checkable

from .message import Message


class Core(Protocol):
    """Fed one message at a time by a shell; says what is to be sent.

    ``receive`` must be right when messages come twice, late, or in another order. ``next_deadline`` is when
    ``lapse`` wants to be called next, or None; after ``lapse(now)`` it is later than ``now``.
    """

    @property
    def next_deadline(self) -> datetime | None: ...

    def receive(self, message: Message, now: datetime) -> Sequence[Message]: ...

    def lapse(self, now: datetime) -> Sequence[Message]: ...


@runtime_checkable
class Value(Core, Protocol):
    """A core whose state is plain data, apart from its configuration and its wiring."""

    def clone(self) -> Self:
        """An equal core that shares nothing that changes: continued alike, both say the same."""
        ...

    def fingerprint(self, since: datetime | None = None) -> bytes:
        """A digest of the state, 16 bytes.

        With ``since`` it is canonical: times count from then, and ids and epochs from their first appearance.
        """
        ...

    def save(self) -> bytes:
        """The state, written down."""
        ...

    def load(self, saved: bytes) -> None:
        """Go on from a state that a core of the same configuration has saved."""
        ...
