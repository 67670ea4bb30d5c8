"""What has arrived and is yet to be taken in."""

from collections import deque
from typing import Final

import structlog

from hotline_protocol.topics import HEALTH, INJECT

from .budget import Budget
from .wire import Delivery

MOST: Final = 10_000
MOST_BYTES: Final = 64 * 2**20
MOST_KEPT: Final = 5
"""Typed inputs, and as many other messages, that wait for the clock at the broker: together half of the smallest window
that brokers are known to have."""
TOO_FAST: Final = "sent with QoS 0 faster than it can be taken in"

log = structlog.get_logger(__name__)
_TYPED: Final = INJECT.template.partition("{")[0]
_HEALTH: Final = HEALTH.template.partition("{")[0]


class Inbox(deque[Delivery]):
    """In the order of arrival. Only messages of QoS 0 can fill it, by their number or by their bytes: then more of them
    are dropped. Of the others the broker sends a window, and keeps the rest within its own bounds.
    """

    def __init__(self) -> None:
        super().__init__()
        self._bytes = 0
        self._kept = {True: 0, False: 0}  # typed or not: came before the clock, not acknowledged
        self._drops: Final = Budget(10, 0.1)

    def offer(self, delivery: Delivery) -> None:
        """Take this in, if there is room for it."""
        if delivery.qos > 0 or self._has_room(delivery):
            self.append(delivery)
        elif self._drops.take():
            log.warning("dropped", topic=delivery.topic, reason=TOO_FAST, more=self._drops.told())

    def offer_early(self, delivery: Delivery) -> bool:
        """Take this in while there is no clock. Return True if the broker is to forget it now.

        Until there is a clock nothing can be journalled. A broker sends only a window of messages that are not
        acknowledged, and the clock must still fit into it. So they are acknowledged early and wait here. If the service
        dies meanwhile, senders say them again, or the monitor asks for them. Of health only the last is kept. Of other
        messages the first ones stay with the broker too, and so do the first that were typed by hand: nobody says those
        again.
        """
        is_typed = delivery.topic.startswith(_TYPED)
        if delivery.topic.startswith(_HEALTH):
            self._forget(delivery.topic)
        elif delivery.qos > 0 and self._kept[is_typed] < MOST_KEPT:
            self._kept[is_typed] += 1
            self.append(delivery)
            return False
        if delivery.qos > 0 and not self._has_room(delivery):
            self.append(delivery)
            return False
        self.offer(delivery._replace(qos=0))
        return True

    def disconnected(self) -> None:
        """What the broker has kept, it delivers again: count that anew."""
        self._kept = {True: 0, False: 0}

    def _has_room(self, delivery: Delivery) -> bool:
        return len(self) < MOST and self._bytes + len(delivery.payload) <= MOST_BYTES

    def _forget(self, topic: str) -> None:
        """Drop an earlier message on this topic."""
        for earlier in [delivery for delivery in self if delivery.topic == topic]:
            self.remove(earlier)
            self._bytes -= len(earlier.payload)

    def append(self, delivery: Delivery) -> None:
        """Take this in."""
        super().append(delivery)
        self._bytes += len(delivery.payload)

    def popleft(self) -> Delivery:
        """The first, which is taken out."""
        delivery = super().popleft()
        self._bytes -= len(delivery.payload)
        return delivery
