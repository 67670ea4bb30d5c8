"""The real time of this machine."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from hotline_services.pacing.scaled_clock import RealTime

NO_CLOCK: Final = "no clock on this broker: is the director running?"
"""What a tool says that would need the stack's time. It does not take the machine's instead."""


def wall_clock() -> datetime:
    """The time of the machine, UTC."""
    return datetime.now(UTC)


class SteadyClock:
    """The machine's time when this was made, plus the time that has passed since: no step of its clock is followed."""

    def __init__(self, wall: RealTime = wall_clock, elapsed_s: Callable[[], float] = time.monotonic) -> None:
        self._elapsed_s: Final = elapsed_s
        self._began: Final = wall()
        self._began_s: Final = elapsed_s()

    def __call__(self) -> datetime:
        return self._began + timedelta(seconds=self._elapsed_s() - self._began_s)
