"""Simulated time in a live run: one scaled clock that all services share."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from hotline_protocol.service import Clock

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)  # far enough from the last year there is for every deadline

RealTime = Callable[[], datetime]


class ScaledClock:
    """Simulated time as a :class:`Clock` message sets it. It may stand still for a while, but never goes backwards.

    Whatever the message says, it is between ``EARLIEST`` and ``LATEST``: beyond them time stands still.

    Paced, not causal: two services agree as well as what they take for real time does, times the speed.
    """

    def __init__(self, setting: Clock, real_now: RealTime) -> None:
        self._setting = setting
        self._real_now = real_now
        self._latest = self.reading()

    @property
    def speed(self) -> float:
        """Simulated seconds in a real one."""
        return self._setting.speed

    def now(self) -> datetime:
        """Simulated time, never earlier than what was returned before."""
        self._latest = max(self._latest, self.reading())
        return self._latest

    def real_delay(self, until: datetime) -> float:
        """Real seconds until it is this simulated time; 0 when it has passed."""
        return max(0.0, (until - self.reading()).total_seconds() / self._setting.speed)

    def set(self, setting: Clock) -> None:
        """Go on by this setting."""
        self._setting = setting

    def not_before(self, time: datetime) -> timedelta:
        """Stand still until this time, which a journal has seen already; returns how far off it is."""
        ahead = time - self.now()
        self._latest = max(self._latest, time)
        return max(ahead, timedelta())

    def reading(self) -> datetime:
        """The time by the present setting, even if it is earlier than a time returned before."""
        real = self._real_now() - self._setting.real_start
        try:
            reading = self._setting.simulated_start + real * self._setting.speed
        except OverflowError:
            return LATEST if real > timedelta() else EARLIEST
        return min(max(reading, EARLIEST), LATEST)
