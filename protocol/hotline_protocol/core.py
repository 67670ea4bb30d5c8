"""What every service is inside: a core that decides, with no I/O, no clock and no chance of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

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
