"""Signs of life and receipts: what a shell says of itself, and is not kept."""

import time
from collections.abc import Callable, Sized
from typing import Final

from hotline_protocol.service import Presence, Receipt

from .clock import ScaledClock, wall_clock
from .dispatch import Publisher
from .notes import Notes
from .pulse import Pulse
from .wire import Done

HEALTH_S: Final = 10.0


class Signs:
    """Publishes them. ``clock`` gives the clock once there is one; without it a service says nothing of its health."""

    def __init__(
        self,
        pulse: Pulse,
        notes: Notes,
        publisher: Publisher,
        clock: Callable[[], ScaledClock | None],
        inbox: Sized,
        outbox: Sized,
    ) -> None:
        self._pulse: Final = pulse
        self._notes: Final = notes
        self._publisher: Final = publisher
        self._clock: Final = clock
        self._inbox: Final = inbox
        self._outbox: Final = outbox
        self._due_at = time.monotonic() + HEALTH_S
        self._told = ""

    def say(self, presence: Presence, *, cause: str | None = None) -> None:
        """That we are up, or not; ``cause`` is the question that this answers."""
        clock = self._clock()
        if clock is None:
            return
        waiting = {"inbox": len(self._inbox), "outbox": len(self._outbox)}
        health = self._pulse.health(presence, clock.now(), **waiting, note=self._notes.text, cause=cause)
        self._pulse.sent(health)
        self._publisher.publish(health, retain=True)

    def say_if_due(self) -> None:
        """Again after ten seconds, and at once when there is another trouble."""
        note = self._notes.text
        if time.monotonic() >= self._due_at or note != self._told:
            self._due_at, self._told = time.monotonic() + HEALTH_S, note
            self.say(Presence.UP)

    def send_receipt(self, to: str, ids: tuple[str, ...], done: Done) -> None:
        """These messages of ``to`` are in our store."""
        clock = self._clock()
        now = clock.now() if clock else wall_clock()
        receipt = Receipt(id=self._pulse.next_id(), source=self._pulse.name, seq=0, time=now, to=to, ids=ids)
        self._publisher.publish(receipt, done=done)
