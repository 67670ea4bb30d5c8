"""How long a service that has a past listens to what the broker holds, before it goes by what it has heard."""

import asyncio
from typing import Final

from .timing import Timing

LISTEN_S: Final = 1.0
"""Once our own sign of life has come back: what the broker holds has come before it."""
PATIENCE_S: Final = 10.0
"""Once we are connected, if it does not come back. A cluster that chooses leaders may take so long."""


class Beginning:
    """Whoever sets the clock begins then, and the others follow one that nobody lives by."""

    def __init__(self, timing: Timing) -> None:
        self._timing: Final = timing
        self._is_connected = False
        self._has_heard = False

    def recovered(self, *, has_past: bool) -> None:
        """The journal has been gone through. Whoever sets the clock and has no past need hear nothing."""
        if self._timing.is_setter and not has_past:
            asyncio.get_running_loop().call_soon(self._timing.begin)

    def connected(self) -> None:
        """All subscriptions have been granted."""
        if not self._is_connected:
            self._is_connected = True
            asyncio.get_running_loop().call_later(PATIENCE_S, self._end)

    def came_back(self) -> None:
        """A sign of life of ours has come in again."""
        if not self._has_heard:
            self._has_heard = True
            asyncio.get_running_loop().call_later(LISTEN_S, self._end)

    def _end(self) -> None:
        if self._timing.is_setter:
            self._timing.begin()
        else:
            self._timing.end_patience()
