"""One turn of the live shell, without its I/O: deliveries in, what the core heard and said out."""

import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
import structlog
from paho.mqtt.client import topic_matches_sub

from hotline_protocol.core import Core
from hotline_protocol.events import DeadLettered, InputRejected
from hotline_protocol.flightplan import Problem
from hotline_protocol.message import Message
from hotline_protocol.service import EpochBegun, Health, Presence, Stop, Unreadable
from hotline_protocol.topics import is_kept, topic_of

from .flood import Flood
from .guard import Contents, contradicted
from .hearing import HUNG, INCOMPLETE, STRAY, dead_letter, given_falsely, input_id, is_stray, refused, too_large, unread
from .journalfile import new_epoch
from .replay import Past
from .service import Service
from .store import Heard
from .watchdog import Unwatched
from .wire import Delivery, PublishTooLarge

DEATHS: Final = 3

log = structlog.get_logger(__name__)


class Bug(NamedTuple):
    """The core raised, over this message."""

    message: Message
    error: str


class Birth(NamedTuple):
    """A peer said that it is up; ``news`` when that was not known."""

    peer: str
    news: bool


class Turn:
    """What was heard and said; messages to be receipted; peers that are up; and what went wrong, if anything did.

    ``deliveries`` are those that are done with, once this is in the store.
    """

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.heard: list[Heard] = []
        self.said: list[Message] = []
        self.arrived: list[Message] = []
        self.births: list[Birth] = []
        self.bug: Bug | None = None
        self.marked: datetime | None = None

    @property
    def kept(self) -> list[Message]:
        """Of what was said, that which belongs in the store."""
        return [message for message in self.said if is_kept(message)]


class Intake:
    """Feeds a core each message once, its lapses in time, and dead letters in place of what has killed it."""

    def __init__(
        self,
        service: Service,
        core: Core,
        past: Past,
        attempts: Mapping[str, int],
        watch: Unwatched = Unwatched(),  # noqa: B008  it has no state
        unproven: Callable[[Message], Problem | None] = lambda _: None,
    ) -> None:
        self._name = service.name
        self._subscriptions = service.subscriptions
        self._hear = service.hear
        self._core = core
        self._past = past
        self._attempts = attempts
        self._watch = watch
        self._unproven = unproven
        self._flood = Flood(service.name)

    def take(self, delivery: Delivery, now: datetime, turn: Turn) -> None:
        """What arrived on a topic. When ``turn.bug`` is set afterwards, nothing more may be taken."""
        self._watch.take(delivery.topic, delivery.payload)
        self._take(delivery, now, turn)
        self._watch.done()

    def _take(self, delivery: Delivery, now: datetime, turn: Turn) -> None:
        try:
            messages = self._read(delivery, now)
        except Exception:  # noqa: BLE001  whatever it is, it is kept as evidence and ends the process
            stand_in = unread(delivery.topic, delivery.payload, now)
            if self._attempts.get(stand_in.id, 0) < DEATHS:
                turn.bug = Bug(stand_in, traceback.format_exc())
                return
            messages = [stand_in]
        if self._past.contents is not None:
            messages = [self._settled(message, delivery, self._past.contents, now) for message in messages]
        for index, message in enumerate(self._flood.thinned(messages, now)):
            if turn.bug is None and self._is_new(message, delivery.topic, turn):
                self._feed(message, delivery, index, turn, now)
        if turn.bug is None:
            turn.deliveries.append(delivery)

    def undelivered(self, message: Message, error: PublishTooLarge, now: datetime, turn: Turn) -> None:
        """Tell the core that a message of its own was set aside; but not that it could not tell of another one."""
        if isinstance(message, InputRejected | DeadLettered):
            return
        letter = too_large(error.topic, message, error.reason, now)
        try:
            said = self._core.receive(letter, now)
        except Exception:  # noqa: BLE001  as above
            turn.bug = Bug(letter, traceback.format_exc())
            return
        turn.heard.append(Heard(now, letter))
        turn.said.extend(said)

    def _read(self, delivery: Delivery, now: datetime) -> list[Message]:
        problem = delivery.problem or (STRAY if is_stray(delivery) else None)
        if problem is not None:
            return [refused(delivery.topic, delivery.payload, problem, now)]
        if self._attempts and self._attempts.get(input_id(delivery.topic, delivery.payload), 0) >= HUNG:
            return [unread(delivery.topic, delivery.payload, now)]  # it may have been the reading that did not end
        messages = self._hear(delivery.topic, delivery.payload, now)
        if any(isinstance(message, Stop) and message.to == self._name for message in messages):
            return [refused(delivery.topic, delivery.payload, INCOMPLETE, now)]
        return messages

    def lapse(self, now: datetime, turn: Turn) -> None:
        """Let the core act when the time comes that it has asked for; tell it of inputs that were too many."""
        if self._past.tail.loss:
            self._begin_epoch(turn, now)
        for report in self._flood.due(now):
            self._tell(report, report.id, turn, now)
        deadline = self._core.next_deadline
        if turn.bug is not None or deadline is None or deadline > now:
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

    def mark(self, now: datetime, turn: Turn) -> None:
        """Let the core act on the time that has passed, due or not, so that the journal knows that it was now."""
        try:
            said = self._core.lapse(now)
        except Exception:  # noqa: BLE001  as above
            turn.bug = Bug(unread("lapse", b"", now), traceback.format_exc())
            return
        turn.heard.append(Heard(now, None))
        turn.said.extend(said)
        turn.marked = now

    def _is_new(self, message: Message, topic: str, turn: Turn) -> bool:
        if message.source == self._name:
            return False
        match message:
            case Unreadable():
                return True
            case Health():
                news = self._past.peers.news(message)
                if message.presence is Presence.UP:
                    turn.births.append(Birth(message.source, news))
                return news and self._wanted(topic)
            case _:
                pass
        if topic_of(message).receipted and getattr(message, "to", None) == self._name:
            turn.arrived.append(message)  # a duplicate too: perhaps our first receipt was lost
        if not is_kept(message):
            return True  # it comes once or not at all
        return message.id not in self._past.set_aside and self._past.seen.first_time(message)

    def _settled(self, message: Message, delivery: Delivery, contents: Contents, now: datetime) -> Message:
        """This message, unless its number has said something else: then it is refused, and not receipted."""
        if message.source == self._name or not contents.contradicts(message):
            return message
        return refused(delivery.topic, delivery.payload, contradicted(message), now)

    def _wanted(self, topic: str) -> bool:
        """Whether the core listens here, and not only its shell."""
        return any(topic_matches_sub(wanted, topic) for wanted in self._subscriptions)

    def _feed(self, message: Message, delivery: Delivery, index: int, turn: Turn, now: datetime) -> None:
        # Bytes sent by hand get a new id each time that they are read, and only they themselves tell them again.
        key = message.id if message.seq else input_id(delivery.topic, delivery.payload, index)
        deaths = self._attempts.get(key, 0)
        if deaths >= DEATHS:
            self._past.set_aside.add(key)
            message = dead_letter(delivery.topic, msgspec.structs.replace(message, id=key), deaths, now)
        elif (problem := self._unproven(message)) is not None:  # receipted: said again, it would be no truer
            message = given_falsely(delivery.topic, message, problem, now)
        self._past.traces.hear(message, delivery.headers)
        if index:
            self._watch.take(delivery.topic, delivery.payload, index)
        self._tell(message, key, turn, now)

    def _begin_epoch(self, turn: Turn, now: datetime) -> None:
        """State was lost: tell the core, before anything else."""
        past, epoch = self._past, new_epoch()
        begun = EpochBegun(
            id=f"{self._name}-{epoch}-begun",
            source=self._name,
            seq=0,
            time=now,
            begun=epoch,
            reason=past.tail.loss,
            held=past.tail.held(past.seen),
        )
        log.error("state-lost", reason=begun.reason, epoch=epoch)
        past.tail.begin(epoch)
        self._tell(begun, begun.id, turn, now)

    def _tell(self, message: Message, key: str, turn: Turn, now: datetime) -> None:
        if turn.bug is None and self._past.tail.contradicts(message):
            self._begin_epoch(turn, now)
        if turn.bug is not None:
            return
        try:
            said = self._core.receive(message, now)
        except Exception:  # noqa: BLE001  as above
            turn.bug = Bug(msgspec.structs.replace(message, id=key), traceback.format_exc())
            return
        turn.heard.append(Heard(now, message))
        turn.said.extend(said)
