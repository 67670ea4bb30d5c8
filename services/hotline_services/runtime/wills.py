"""Wills of peers that may only have moved to another node of the cluster.

When a node dies, or the cluster chooses new leaders, it may speak the will of a service that is back a moment later.
So where there is another node to go to, a will waits a little before the core hears it.
"""

import asyncio
from collections import deque
from typing import Final

from hotline_protocol.service import Health, Presence

from .wire import Delivery

GRACE_S: Final = 3.0
KEPT_GRACE_S: Final = 12.0
"""For what the broker kept. A node that is back may keep what was true before; a service that lives says so in 10 s."""
LOST: Final = "the connection was lost"
"""The note of a will."""
STOPPED: Final = "stopped"
"""The note of a service that says itself that it ends: that is believed at once."""


class Wills:
    """Keeps the will of each peer for ``grace_s``, unless the peer is heard of meanwhile. 0 keeps none.

    A retained one is kept for ``kept_grace_s``.

    Afterwards it goes into ``inbox``, and ``wake`` is set.
    """

    def __init__(
        self, inbox: deque[Delivery], wake: asyncio.Event, grace_s: float, kept_grace_s: float = KEPT_GRACE_S
    ) -> None:
        self._inbox: Final = inbox
        self._wake: Final = wake
        self._grace_s: Final = grace_s
        self._kept_grace_s: Final = kept_grace_s
        self._held: Final[dict[str, asyncio.TimerHandle]] = {}

    def hold(self, health: Health, delivery: Delivery) -> bool:
        """Keep this if it is a will; a sign of life makes the kept one void. Whether it was kept."""
        if health.presence is Presence.UP:
            self._forget(health.source)
            return False
        if not self._grace_s or health.note != LOST:
            return False
        self._forget(health.source)
        # Confirmed to the broker when it is kept, and not again: it holds the will as the retained health anyway.
        later = delivery._replace(qos=0)
        wait_s = self._kept_grace_s if delivery.retained else self._grace_s
        timer = asyncio.get_running_loop().call_later(wait_s, self._let_go, health.source, later)
        self._held[health.source] = timer
        return True

    def _let_go(self, source: str, delivery: Delivery) -> None:
        del self._held[source]
        self._inbox.append(delivery)
        self._wake.set()

    def _forget(self, source: str) -> None:
        timer = self._held.pop(source, None)
        if timer is not None:
            timer.cancel()
