"""Whether the broker keeps up with the speed of time, while a service runs."""

from collections.abc import Callable
from typing import Final

import structlog

from hotline_services.pacing.bounds import SHARE, fitting_speed, told_speed
from hotline_services.pacing.scaled_clock import ScaledClock

log = structlog.get_logger(__name__)


class Pace:
    """Judges each lag of our signs of life. Without ``shortest_s``, the shortest deadline, any lag will do."""

    def __init__(self, shortest_s: float | None, clock: Callable[[], ScaledClock | None]) -> None:
        self._shortest_s: Final = shortest_s
        self._clock: Final = clock
        self._before_s = 0.0
        self.trouble = ""

    def judge(self, lag_s: float) -> None:
        """A sign of life has come back after so long. One that was late may be chance: two in a row are not."""
        steady_s, self._before_s = min(lag_s, self._before_s), lag_s
        clock = self._clock()
        if self._shortest_s is None or clock is None:
            return
        if steady_s * clock.speed <= SHARE * self._shortest_s:
            self.trouble = ""
            return
        first, fit = not self.trouble, fitting_speed(steady_s, self._shortest_s)
        slow = f"the broker is too slow for {clock.speed:g}x: a message takes {steady_s:.3g} s"
        self.trouble = f"{slow}; at most {told_speed(fit)} would do"
        if first:
            log.warning("broker-slow", reason=self.trouble)
