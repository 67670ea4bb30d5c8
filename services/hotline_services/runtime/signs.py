"""Signs of life and receipts: what a shell says of itself, and is not kept."""

import time
from collections import deque
from collections.abc import Callable, Sized
from datetime import datetime
from typing import Final

from msgspec import UNSET

from hotline_protocol.service import Presence, Receipt

from .dispatch import Publisher
from .notes import Notes
from .pulse import Pulse
from .timing import Timing
from .wire import Done

HEALTH_S: Final = 10.0
MOST_QUESTIONS: Final = 20


class Signs:
    """Publishes them. A service that sets the clock tells a time once its journal has it: ``mark`` sees to that, and
    then has us say it; it returns False when that cannot be now.
    """

    def __init__(
        self,
        pulse: Pulse,
        notes: Notes,
        publisher: Publisher,
        timing: Timing,
        inbox: Sized,
        outbox: Sized,
        mark: Callable[[], bool],
    ) -> None:
        self._pulse: Final = pulse
        self._notes: Final = notes
        self._publisher: Final = publisher
        self._timing: Final = timing
        self._inbox: Final = inbox
        self._outbox: Final = outbox
        self._mark: Final = mark
        self._due_at = time.monotonic() + HEALTH_S
        self._told = ""
        self._questions: Final[deque[str]] = deque(maxlen=MOST_QUESTIONS)

    def say(self, presence: Presence, *, cause: str | None = None, at: datetime | None = None) -> None:
        """That we are up, or not, or wait for the clock; ``cause`` is the question that this answers."""
        timing = self._timing
        if timing.clock is None:
            self._say(Presence.DOWN, timing.now(), timing.waiting_note(), cause)
        elif not (timing.is_setter and at is None and cause is None and self._mark()):
            for question in self._causes(cause):
                self._say(presence, at or timing.now(), self._notes.text, question)

    def _say(self, presence: Presence, at: datetime, note: str, cause: str | None) -> None:
        health = self._pulse.health(
            presence,
            at,
            inbox=len(self._inbox),
            outbox=len(self._outbox),
            note=note,
            cause=cause,
            sent=self._timing.real_now(),
            skew_ms=round(self._timing.skew_ms, 3) if self._timing.skew_ms else UNSET,
        )
        self._pulse.sent(health)
        self._timing.spoke(health)
        self._publisher.publish(health, retain=True)

    def answer(self, question: str) -> None:
        """Say that we are up, to whoever has asked: by that they see how their clocks go."""
        self._questions.append(question)
        self.say(Presence.UP)

    def _causes(self, cause: str | None) -> list[str | None]:
        if cause is not None:
            return [cause]
        asked: list[str | None] = [*self._questions]
        self._questions.clear()
        return asked or [None]

    def say_if_due(self) -> None:
        """Again after ten seconds, and at once when there is another trouble."""
        note = self._notes.text
        self._timing.say_owed()
        if self._timing.is_to_ask():
            self.say(Presence.UP)
        if time.monotonic() >= self._due_at or note != self._told:
            self._due_at, self._told = time.monotonic() + HEALTH_S, note
            self.say(Presence.UP)

    def send_receipt(self, to: str, ids: tuple[str, ...], done: Done) -> None:
        """These messages of ``to`` are in our store."""
        now = self._timing.now()
        receipt = Receipt(id=self._pulse.next_id(), source=self._pulse.name, seq=0, time=now, to=to, ids=ids)
        self._publisher.publish(receipt, done=done)
