"""Whether the broker still brings us what is said: a node that died may have taken our subscriptions with it.

The connection stands, and what we say is taken, so nothing else shows it. But a service hears its own signs of life
come back, and those of others tell how much they have said. Where that stays away the service connects again, to the
next node of a cluster.
"""

import time
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from hotline_protocol.service import Health, Presence
from hotline_services.delivery.outbox import Seen

from .clock import wall_clock

DEAF_S: Final = 25.0
"""How long a sign of life is waited for: two further ones have been said meanwhile."""
LONGEST_S: Final = 300.0
"""The wait doubles up to this, as long as connecting again does not help."""
QUIET_S: Final = 1.0
"""Where more keeps coming, what is waited for is behind it in our queue."""
LIVES: Final = 3
"""After so many connections in vain, what the broker holds for us is given up: it may be what is broken."""
REMEMBERED_S: Final = 600.0


Stream = tuple[str, str]
"""A source and its epoch."""


class Behind(NamedTuple):
    """What has not come of a stream: since when, after which number, and up to which."""

    since: float
    heard: int
    said: int


class Droppable(Protocol):
    """A connection that is made again once it is dropped; ``forget``: without what the broker holds for us."""

    def drop(self, reason: str, *, forget: bool) -> None: ...


class Deafness:
    """Of service ``name``. ``hears_all`` is for one to which everything that anybody says is brought."""

    def __init__(
        self,
        name: str = "",
        *,
        hears_all: bool = False,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name: Final = name
        self._hears_all: Final = hears_all
        self._now_s: Final = now_s
        self._first_wait_s: Final = DEAF_S
        self._wait_s = DEAF_S
        self._lives = 0  # connections in vain
        self._is_up = False
        self._spoke_at: float | None = None  # the first sign of life that has not come back
        self._behind: Final[dict[Stream, Behind]] = {}
        self._blamed: Final[dict[Stream, int]] = {}  # how much they had said when that made us connect again
        self._delivered_at = 0.0
        self._told_at: float | None = None
        self._told = ""

    @property
    def trouble(self) -> str:
        """For the note on health, as long as it is of interest."""
        recent = self._told_at is not None and self._now_s() - self._told_at < REMEMBERED_S
        return self._told if recent else ""

    def connected(self) -> None:
        """All subscriptions have been granted."""
        self._is_up, self._spoke_at = True, None
        self._behind.clear()

    def disconnected(self) -> None:
        """Nothing can come."""
        self._is_up = False

    def spoke(self) -> None:
        """A sign of life of ours goes out."""
        if self._is_up and self._spoke_at is None:
            self._spoke_at = self._now_s()

    def came_back(self) -> None:
        """One has come in again, and not as what the broker retains."""
        self._spoke_at = None
        if not self._behind:
            self._wait_s, self._lives = self._first_wait_s, 0

    def delivered(self) -> None:
        """Anything has come."""
        self._delivered_at = self._now_s()

    def hear(self, health: Health, seen: Seen) -> None:
        """This tells how much its source has said, and we know how much of that has come.

        Not of what we say ourselves: it comes back too, but nobody takes it in or counts it.
        """
        if not self._hears_all or health.source == self._name or not isinstance(health.said, int):
            return
        stream, said = (health.source, health.epoch), health.said
        heard, before = seen.highest(*stream), self._behind.get(stream)
        if health.presence is Presence.DOWN or heard >= said or said <= self._blamed.get(stream, 0):
            self._behind.pop(stream, None)
        else:
            since = before.since if before is not None and before.heard == heard else self._now_s()
            self._behind[stream] = Behind(since, heard, said)

    def look(self, connection: Droppable, *, idle: bool) -> None:
        """Drop this connection if it is time. ``idle`` is whether everything that has come was taken in."""
        now = self._now_s()
        if not self._is_up or not idle or now - self._delivered_at < QUIET_S:
            return
        if self._spoke_at is not None and now - self._spoke_at >= self._wait_s:
            self._connect_again(connection, f"no sign of life of ours has come back for {now - self._spoke_at:.0f} s")
            return
        late = {stream: one.said for stream, one in self._behind.items() if now - one.since >= self._wait_s}
        if late:
            self._blamed.update(late)  # what is missing for another reason makes us connect again once
            names = " and ".join(sorted({source for source, _ in late}))
            self._connect_again(connection, f"what {names} said has not come for {self._wait_s:.0f} s")

    def _connect_again(self, connection: Droppable, why: str) -> None:
        self._lives += 1
        self._wait_s = min(self._wait_s * 2, LONGEST_S)
        self._is_up, self._told_at = False, self._now_s()
        self._told = f"{why}; connected anew at {wall_clock():%H:%M:%S} UTC"
        connection.drop(why, forget=self._lives % LIVES == 0)
