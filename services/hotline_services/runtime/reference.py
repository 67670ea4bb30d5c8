"""Real time as whoever sets the clock has it: what this machine's clock is ahead of that is found out and made up for.

A sign of life says when it was sent. It arrives a moment later, so it shows by how much this machine is ahead at most,
and the least of the last few is the best. A skew within :data:`TOLERANCE` may be delay alone and is left as it is.
"""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.service import MOST_SKEW_MS

from .clock import RealTime

TOLERANCE: Final = timedelta(milliseconds=100)
"""By how much the real time of two services may differ without anything being done about it."""
PLAIN: Final = timedelta(seconds=1)
"""More than any delay: believed at the first sign of life."""
MOST: Final = timedelta(milliseconds=MOST_SKEW_MS)
"""Of a machine whose clock is further off, something is wrong that a service should not make up for."""
SAMPLES: Final = 6
ENOUGH: Final = 3


class Reference:
    """``real_now`` is this machine's time. ``skew`` is by how much it is ahead, as signs of life have shown.

    ``made_up`` is what is taken off it: the skew, unless that is more than :data:`MOST`.
    """

    def __init__(self, real_now: RealTime) -> None:
        self._real_now: Final = real_now
        self._ahead: Final[deque[timedelta]] = deque(maxlen=SAMPLES)
        self._session = ""
        self.skew = timedelta()
        self.made_up = timedelta()

    @property
    def is_known(self) -> bool:
        """Whether a sign of life has shown it."""
        return bool(self._ahead)

    @property
    def is_off(self) -> bool:
        """Whether this machine's clock is further off than what is made up for."""
        return abs(self.skew) > MOST

    def now(self) -> datetime:
        """Real time by whoever sets the clock."""
        return self._real_now() - self.made_up

    def hear(self, session: str, sent: datetime) -> None:
        """Whoever sets the clock has sent a sign of life when it was this time there."""
        if session != self._session:
            self._session = session
            self._ahead.clear()
        self._ahead.append(self._real_now() - sent)
        least = min(self._ahead)
        behind = least - self.skew < -TOLERANCE
        ahead = least - self.skew > (TOLERANCE if len(self._ahead) >= ENOUGH else PLAIN)
        if behind or ahead:
            self.skew = timedelta() if abs(least) <= TOLERANCE else least
            self.made_up = self.made_up if self.is_off else self.skew
