"""What makes one live service of a core."""

from collections.abc import Callable, Sequence

import msgspec

from hotline_protocol.core import Core
from hotline_protocol.hearing import ear
from hotline_protocol.service import Clock

from .hearing import Hear


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Its name on the wire, what its core listens to, and how it reads that.

    ``core`` makes the core, given the epoch of its store. A service that ``sets_clock`` publishes this for all; the
    others wait for it. Restarted, it follows the clock that the broker still holds, or time would jump back.
    For the first time it does so when each of ``awaits`` has given a sign of life, or has been waited for long enough.
    One that ``waits_for_store`` goes on when its store can be used again, however long that takes.
    ``shortest_deadline_s`` is simulated time, by which a broker is found to be too slow for the speed.
    """

    name: str
    core: Callable[[str], Core]
    subscriptions: Sequence[str]
    hear: Hear = ear
    sets_clock: Clock | None = None
    awaits: frozenset[str] = frozenset()
    restarts: int = 0
    waits_for_store: bool = False
    shortest_deadline_s: float | None = None
