"""Receipts, a few at a time: one message for all that came within 20 ms."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from hotline_protocol.message import Message

from .dispatch import complain
from .wire import Done, PublishRefused, PublishTooLarge

GATHER_S: Final = 0.02
MOST: Final = 100

Send = Callable[[str, tuple[str, ...], Done], None]


class Receipts:
    """Gathers the ids of what has arrived, by sender, and hands them to ``send(to, ids, done)``."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._owed: dict[str, list[str]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def owe(self, messages: Iterable[Message]) -> None:
        """These are in the store now."""
        for message in messages:
            ids = self._owed.setdefault(message.source, [])
            ids.append(message.id)
            if len(ids) >= MOST:
                self._hand_over(message.source, tuple(self._owed.pop(message.source)))
        if self._owed and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self.flush)

    def flush(self) -> None:
        """Send all that are owed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        owed, self._owed = self._owed, {}
        for sender, ids in owed.items():
            self._hand_over(sender, tuple(ids))

    def _hand_over(self, to: str, ids: tuple[str, ...]) -> None:
        self._send(to, ids, lambda error: self._sent(to, ids, error))

    def _sent(self, to: str, ids: tuple[str, ...], error: PublishRefused | None) -> None:
        """In halves, when it was too large for the broker: else the sender would send everything again for ever."""
        half = len(ids) // 2
        if half and isinstance(error, PublishTooLarge):
            self._hand_over(to, ids[:half])
            self._hand_over(to, ids[half:])
        else:
            complain(error)
