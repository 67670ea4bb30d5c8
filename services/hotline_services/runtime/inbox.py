"""What has arrived and is yet to be taken in."""

from collections import deque
from typing import Final

import structlog

from .budget import Budget
from .wire import Delivery

MOST: Final = 10_000
MOST_BYTES: Final = 64 * 2**20
TOO_FAST: Final = "sent with QoS 0 faster than it can be taken in"

log = structlog.get_logger(__name__)


class Inbox(deque[Delivery]):
    """In the order of arrival. Only messages of QoS 0 can fill it, by their number or by their bytes: then more of them
    are dropped. Of the others the broker sends a window, and keeps the rest within its own bounds.
    """

    def __init__(self) -> None:
        super().__init__()
        self._bytes = 0
        self._drops: Final = Budget(10, 0.1)

    def offer(self, delivery: Delivery) -> None:
        """Take this in, if there is room for it."""
        is_full = len(self) >= MOST or self._bytes + len(delivery.payload) > MOST_BYTES
        if delivery.qos > 0 or not is_full:
            self.append(delivery)
        elif self._drops.take():
            log.warning("dropped", topic=delivery.topic, reason=TOO_FAST, more=self._drops.told())

    def append(self, delivery: Delivery) -> None:
        """Take this in."""
        super().append(delivery)
        self._bytes += len(delivery.payload)

    def popleft(self) -> Delivery:
        """The first, which is taken out."""
        delivery = super().popleft()
        self._bytes -= len(delivery.payload)
        return delivery
