"""Signs of life, and what they tell of delay: a service hears its own health messages come back."""

import os
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec import UNSET, UnsetType

from hotline_protocol.service import Health, Presence

from .deafness import Deafness
from .tail import Tail
from .versions import program_version, protocol_version

MOST_PROBES: Final = 8


class Pulse:
    """Writes the health messages, and other uncounted ones' ids, of one process: one session.

    Each lag in seconds is handed to ``judge``.
    """

    def __init__(
        self,
        name: str,
        restarts: int,
        judge: Callable[[float], object] = lambda _: None,
        tail: Tail | None = None,
        deafness: Deafness | None = None,
    ) -> None:
        self.name = name
        self._tail = tail or Tail(name)
        self._deafness = deafness or Deafness()
        self._restarts = restarts
        self._judge = judge
        self.session = self._tail.session = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._uncounted = 0
        self._sent: dict[str, float] = {}
        self.lag_ms = 0.0

    def next_id(self) -> str:
        """An id for a message that is not counted."""
        self._uncounted += 1
        return f"{self.name}-{self.session}-{self._uncounted}"

    def health(
        self,
        presence: Presence,
        now: datetime,
        *,
        inbox: int = 0,
        outbox: int = 0,
        note: str = "",
        cause: str | None = None,
        sent: datetime | UnsetType = UNSET,
        skew_ms: float | UnsetType = UNSET,
    ) -> Health:
        """A birth, a further sign of life, or a will. ``cause`` is the question that it answers."""
        return Health(
            id=self.next_id(),
            source=self.name,
            seq=0,
            time=now,
            cause=cause,
            presence=presence,
            session=self.session,
            lag_ms=round(self.lag_ms, 3),
            inbox=inbox,
            outbox=outbox,
            restarts=self._restarts,
            note=note,
            epoch=self._tail.epoch,
            said=self._tail.said,
            sent=sent,
            skew_ms=skew_ms,
            program=program_version(),
            protocol=protocol_version(),
        )

    def is_ours(self, health: Health) -> bool:
        """Whether this process said it, or the broker on its behalf."""
        return health.session == self.session

    def sent(self, health: Health) -> None:
        """This goes out now."""
        self._tail.spoke()
        self._deafness.spoke()
        self._sent[health.id] = time.perf_counter()
        if len(self._sent) > MOST_PROBES:
            del self._sent[next(iter(self._sent))]

    def came_back(self, health: Health, *, retained: bool = False) -> None:
        """This has come in: the way through the broker and back is our lag, unless the broker kept it meanwhile."""
        sent = self._sent.pop(health.id, None)
        if sent is not None:
            self._tail.came_back()
            if retained:
                return
            self._deafness.came_back()
            lag_s = time.perf_counter() - sent
            self.lag_ms = lag_s * 1_000
            self._judge(lag_s)
