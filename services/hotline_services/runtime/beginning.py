"""What a service waits for before its time begins: for what the broker holds, and for those who are to be there."""

import asyncio
from collections.abc import Collection
from typing import Final

import structlog

from hotline_protocol.service import WAITS, Health, Presence

from .timing import Timing

LISTEN_S: Final = 1.0
"""Once our own sign of life has come back: what the broker holds has come before it."""
PATIENCE_S: Final = 10.0
"""Once we are connected, if it does not come back, or not all are there. A cluster that chooses leaders may take so
long."""

log = structlog.get_logger(__name__)


class Beginning:
    """Decides when time begins here.

    Who has a past listens first. Who sets the clock for the first time waits until each of ``awaited`` has given a sign
    of life: what is said to a service before its first connection reaches nobody.
    """

    def __init__(self, timing: Timing, awaited: Collection[str] = ()) -> None:
        self._timing: Final = timing
        self._awaited: Final = set(awaited)
        self._is_first = False
        self._is_connected = False
        self._has_heard = False

    def recovered(self, *, has_past: bool) -> None:
        """The journal has been gone through. Whoever sets the clock and has no past need hear nothing."""
        self._is_first = self._timing.is_setter and not has_past
        if self._is_first and not self._awaited:
            asyncio.get_running_loop().call_soon(self._timing.begin)

    def connected(self) -> None:
        """All subscriptions have been granted."""
        if not self._is_connected:
            self._is_connected = True
            asyncio.get_running_loop().call_later(PATIENCE_S, self._end_patience)

    def came_back(self) -> None:
        """A sign of life of ours has come in again."""
        if not self._has_heard:
            self._has_heard = True
            asyncio.get_running_loop().call_later(LISTEN_S, self._end)

    def heard(self, health: Health) -> None:
        """A sign of life of anybody: up, or waiting for the clock that we are to set."""
        if health.presence is Presence.DOWN and not health.note.startswith(WAITS):
            return
        self._awaited.discard(health.source)
        if self._is_first and not self._awaited:
            self._timing.begin()

    def _end_patience(self) -> None:
        if self._is_first and self._awaited:
            log.warning("begins-without", missing=sorted(self._awaited), waited_s=PATIENCE_S)
            self._awaited.clear()
        self._end()

    def _end(self) -> None:
        if not self._timing.is_setter:
            self._timing.end_patience()
        elif not (self._is_first and self._awaited):
            self._timing.begin()
