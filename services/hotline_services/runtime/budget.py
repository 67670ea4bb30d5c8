"""How many log lines of one kind may be written: so many at once, then so many a second; the others are counted."""

import time
from collections.abc import Callable
from typing import Final


class Budget:
    """Allows ``burst`` at once, and ``per_s`` a second from then on. ``left_out`` is how many it has refused
    since the caller last asked ``told``.
    """

    def __init__(self, burst: float, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst: Final = burst
        self._per_s: Final = per_s
        self._clock: Final = clock
        self._left = burst
        self._at = clock()
        self.left_out = 0

    @property
    def has_room(self) -> bool:
        """Whether one more would be allowed now."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        return self._left >= 1

    def take(self) -> bool:
        """Count one: whether it is allowed now."""
        if not self.has_room:
            self.left_out += 1
            return False
        self._left -= 1
        return True

    def told(self) -> int:
        """How many were left out, which is set back to 0: the caller says so."""
        count, self.left_out = self.left_out, 0
        return count
