"""One turn of the live shell, without its I/O: deliveries in, what the core heard and said out."""

import traceback
from datetime import datetime
from typing import Final, NamedTuple

from hotline_protocol.core import Core
from hotline_protocol.message import Message
from hotline_protocol.service import Health, Presence, Unreadable
from hotline_protocol.topics import topic_of

from .hearing import Hear, dead_letter, input_id, unread
from .replay import Past
from .store import Heard
from .wire import Delivery

DEATHS: Final = 3


class Bug(NamedTuple):
    """The core raised, over this message."""

    message: Message
    error: str


class Birth(NamedTuple):
    """A peer said that it is up; ``news`` when that was not known."""

    peer: str
    news: bool


class Turn:
    """What was heard and said; messages to be receipted; peers that are up; and what went wrong, if anything did."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.said: list[Message] = []
        self.arrived: list[Message] = []
        self.births: list[Birth] = []
        self.bug: Bug | None = None


class Intake:
    """Feeds a core each message once, its lapses in time, and dead letters in place of what has killed it."""

    def __init__(self, name: str, core: Core, hear: Hear, past: Past, attempts: dict[str, int]) -> None:
        self._name = name
        self._core = core
        self._hear = hear
        self._past = past
        self._attempts = attempts

    def take(self, delivery: Delivery, now: datetime, turn: Turn) -> None:
        """What arrived on a topic. When ``turn.bug`` is set afterwards, nothing more may be taken."""
        try:
            messages = self._read(delivery, now)
        except Exception:  # noqa: BLE001  whatever it is, it is kept as evidence and ends the process
            turn.bug = Bug(unread(delivery.topic, delivery.payload, now), traceback.format_exc())
            return
        for message in messages:
            if turn.bug is None and self._is_new(message, turn):
                self._feed(self._set_aside_if_deadly(delivery.topic, message, now), now, turn)

    def lapse(self, now: datetime, turn: Turn) -> None:
        """Let the core act on time that has passed, when it has asked for that."""
        deadline = self._core.next_deadline
        if deadline is None or deadline > now:
            return
        try:
            said = self._core.lapse(now)
            if self._core.next_deadline is not None and self._core.next_deadline <= now:
                raise RuntimeError(f"after lapse({now}) the core still waits for {self._core.next_deadline}")
        except Exception:  # noqa: BLE001  as above
            turn.bug = Bug(unread("lapse", b"", now), traceback.format_exc())
            return
        turn.heard.append(Heard(now, None))
        turn.said.extend(said)

    def _read(self, delivery: Delivery, now: datetime) -> list[Message]:
        if self._attempts:
            name = input_id(delivery.topic, delivery.payload)
            if name in self._past.set_aside:
                return []
            if self._attempts.get(name, 0) >= DEATHS:
                return [unread(delivery.topic, delivery.payload, now)]
        return self._hear(delivery.topic, delivery.payload, now)

    def _is_new(self, message: Message, turn: Turn) -> bool:
        if message.source == self._name:
            return False
        match message:
            case Unreadable():
                return True
            case Health():
                news = self._past.peers.news(message)
                if message.presence is Presence.UP:
                    turn.births.append(Birth(message.source, news))
                return news
        if topic_of(message).receipted and getattr(message, "to", None) == self._name:
            turn.arrived.append(message)  # a duplicate too: perhaps our first receipt was lost
        return message.id not in self._past.set_aside and self._past.seen.first_time(message)

    def _set_aside_if_deadly(self, topic: str, message: Message, now: datetime) -> Message:
        deaths = self._attempts.get(message.id, 0)
        if deaths < DEATHS:
            return message
        self._past.set_aside.add(message.id)
        return dead_letter(topic, message, deaths, now)

    def _feed(self, message: Message, now: datetime, turn: Turn) -> None:
        try:
            said = self._core.receive(message, now)
        except Exception:  # noqa: BLE001  as above
            turn.bug = Bug(message, traceback.format_exc())
            return
        turn.heard.append(Heard(now, message))
        turn.said.extend(said)
