"""Real time as whoever sets the clock has it: what this machine's clock is ahead of that is found out and made up for.

A sign of life says when it was sent. It may have waited in a queue, so it shows by how much this machine is ahead at
most, and the least of the last few is the best. That it is ahead by so much takes more: an answer to a sign of life of
ours, which was sent after that; or several that each came after one of ours had come back. A skew within
:data:`TOLERANCE` may be delay alone and is left as it is.
"""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Final

from hotline_protocol.service import MOST_SKEW_MS
from hotline_services.pacing.scaled_clock import RealTime

TOLERANCE: Final = timedelta(milliseconds=100)
"""By how much the real time of two services may differ without anything being done about it."""
PLAIN: Final = timedelta(seconds=1)
"""A machine that is off by no more may follow the clock at the first sign of life."""
MOST: Final = timedelta(milliseconds=MOST_SKEW_MS)
"""Of a machine whose clock is further off, something is wrong that a service should not make up for."""
SAMPLES: Final = 6
ENOUGH: Final = 3
REMEMBERED: Final = 20
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Reference:
    """``real_now`` is this machine's time. ``skew`` is by how much it is ahead, as signs of life have shown.

    ``made_up`` is what is taken off it: the skew, unless that is more than :data:`MOST`.
    ``is_known`` is whether signs of life have shown it.
    """

    def __init__(self, real_now: RealTime) -> None:
        self._real_now: Final = real_now
        self._spoke: Final[dict[str, datetime]] = {}  # when our last signs of life were sent, by this machine
        self._echo: timedelta | None = (
            None  # how long our own was under way that has come back since the last of theirs
        )
        self._session = ""
        self._newest = LONG_AGO  # when the newest of theirs was sent; what comes after it and is older was late
        self._at_most: Final[deque[timedelta]] = deque(maxlen=SAMPLES)
        self._fresh: Final[deque[timedelta]] = deque(maxlen=ENOUGH)
        self.skew = timedelta()
        self.made_up = timedelta()
        self.is_known = False

    @property
    def is_off(self) -> bool:
        """Whether this machine's clock is further off than what is made up for."""
        return abs(self.skew) > MOST

    def now(self) -> datetime:
        """Real time by whoever sets the clock."""
        return self._real_now() - self.made_up

    def spoke(self, name: str) -> None:
        """Our sign of life of this id goes out."""
        self._spoke[name] = self._real_now()
        if len(self._spoke) > REMEMBERED:
            del self._spoke[next(iter(self._spoke))]

    def came_back(self, name: str) -> None:
        """It has come in again: what waited for us in a queue has come before it."""
        if name in self._spoke:
            self._echo = self._real_now() - self._spoke[name]

    def hear(self, session: str, sent: datetime, answers: str | None = None) -> None:
        """Whoever sets the clock has sent a sign of life when it was this time there.

        ``answers`` is the id of the one of ours that it answers.
        """
        if session != self._session:
            self._session = session
            self._newest = LONG_AGO
            self._at_most.clear()
            self._fresh.clear()
        if sent <= self._newest:
            return
        at_most = self._real_now() - sent
        if at_most > -MOST:  # a false time, far ahead, must not make all that are true seem late
            self._newest = sent
        self._at_most.append(at_most)
        least = min(self._at_most)
        at_least = self._at_least(sent, at_most, answers)
        self.is_known = self.is_known or at_least is not None or abs(least) <= PLAIN
        if least - self.skew < -TOLERANCE:
            self._take(least)
        elif at_least is not None and at_least - self.skew > TOLERANCE:
            self._at_most.clear()
            self._at_most.append(at_most)
            self._take(at_least)

    def _at_least(self, sent: datetime, at_most: timedelta, answers: str | None) -> timedelta | None:
        """By how much this machine is ahead for certain, if this shows it."""
        if answers in self._spoke:
            return self._spoke[answers] - sent
        echo, self._echo = self._echo, None
        if echo is None:
            return None
        self._fresh.append(at_most - echo)
        return min(self._fresh) if len(self._fresh) >= ENOUGH else None

    def _take(self, skew: timedelta) -> None:
        self.skew = timedelta() if abs(skew) <= TOLERANCE else skew
        self.made_up = self.made_up if self.is_off else self.skew
