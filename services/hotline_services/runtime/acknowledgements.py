"""Acknowledgements to the broker, a few at a time.

Each packet wakes the broker, and it is to be busy with what others wait for: so they are sent a little later, together,
but early enough to leave room in the smallest window that brokers are known to have (10).
"""

import asyncio
from collections.abc import Callable
from typing import Final

from .wire import Delivery

MOST: Final = 5
WITHIN_S: Final = 0.005


class Acknowledgements:
    """Gathers deliveries that are done with, and hands each to ``send``."""

    def __init__(self, send: Callable[[Delivery], object]) -> None:
        self._send: Final = send
        self._waiting: list[Delivery] = []

    def add(self, delivery: Delivery) -> None:
        """The broker may forget this one."""
        self._waiting.append(delivery)
        if len(self._waiting) >= MOST:
            self.flush()
        elif len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(WITHIN_S, self.flush)

    def flush(self) -> None:
        """Send them now."""
        waiting, self._waiting = self._waiting, []
        for delivery in waiting:
            self._send(delivery)
