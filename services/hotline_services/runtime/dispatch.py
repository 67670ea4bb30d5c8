"""What was said, on its way: sent at once, sent again after every break, until the peer or the broker has it."""

import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import structlog

from hotline_protocol.message import Message
from hotline_protocol.service import Health
from hotline_protocol.topics import address_of, is_kept, topic_of
from hotline_services.delivery.outbox import FIRST_RESEND_S, Outbox
from hotline_services.delivery.payloads import Encode, unsigned
from hotline_services.delivery.presence import Peers
from hotline_services.delivery.tracing import Headers, Traces

from .wire import PublishRefused, PublishTooLarge, Will

CROWDED: Final = 1_000  # publishes that wait for the broker: sending more of them again would only add to the crowd
A_FEW: Final = 20

log = structlog.get_logger(__name__)


def complain(error: PublishRefused | None) -> None:
    """A refused publish is an error, also of what nobody waits for."""
    if error is not None:
        log.error("publish-refused", topic=error.topic, reason=error.reason)


class Outlet(Protocol):
    """What a dispatch needs of a connection; see :class:`~.mqtt.Connection`."""

    @property
    def up(self) -> bool: ...

    @property
    def backlog(self) -> int: ...

    def publish(
        self,
        topic: str,
        payload: bytes,
        done: Callable[[PublishRefused | None], object],
        *,
        retain: bool = False,
        headers: Headers | None = None,
    ) -> bool: ...

    def show(self, topic: str, payload: bytes) -> None: ...


class Publisher:
    """Publishes what a service says: in the payload's form, with the headers of its trace."""

    def __init__(self, connection: Outlet, traces: Traces, encode: Encode = unsigned) -> None:
        self._connection = connection
        self._traces = traces
        self._encode = encode

    def publish(
        self, message: Message, *, retain: bool = False, done: Callable[[PublishRefused | None], object] = complain
    ) -> None:
        """Send it, if there is a connection."""
        address, headers = address_of(message), self._traces.headers_of(message)
        self._connection.publish(address, self._encode(address, message), done, retain=retain, headers=headers)

    def will(self, health: Health) -> Will:
        """What the broker is to say for us."""
        address = address_of(health)
        return Will(address, self._encode(address, health))

    def show(self, message: Message) -> None:
        """Send it with QoS 0."""
        address = address_of(message)
        self._connection.show(address, self._encode(address, message))


class Dispatch:
    """Sends what a core said in the order in which it was said, and knows what has arrived.

    Messages on receipted topics wait for the peer's receipt, the others for the broker's acknowledgement; what goes out
    with QoS 0 waits for nothing.
    """

    def __init__(
        self,
        connection: Outlet,
        peers: Peers,
        now_s: Callable[[], float] = time.monotonic,
        *,
        publisher: Publisher | None = None,
    ) -> None:
        self._connection = connection
        self._publisher = publisher or Publisher(connection, Traces())
        self._peers = peers
        self._now_s = now_s
        self._outbox = Outbox()
        self._broadcast: dict[str, Message] = {}
        self._confirmed: list[str] = []
        self._held = True
        self._ready: set[str] = set()
        self._receipted_at: dict[str, float] = {}
        self._undelivered: list[tuple[Message, PublishTooLarge]] = []
        self.refused = 0
        self.too_large = 0

    def __len__(self) -> int:
        """Messages that have not arrived yet."""
        return len(self._outbox) + len(self._broadcast)

    def send(self, messages: Iterable[Message]) -> None:
        """Keep these until they have arrived, and send them; what is not to be kept is sent, or is not."""
        for message in messages:
            if not is_kept(message):
                self._publisher.show(message)
                continue
            if not topic_of(message).receipted:
                self._broadcast[message.id] = message
                self._publish(message)
                continue
            self._outbox.add(message, self._now_s())
            if not self._held or _receiver(message) in self._ready:
                self._publish(message)

    def connected(self, *, session_present: bool) -> None:
        """Everything again, in order. A broker that lost our session may have lost the peers' subscriptions too, and
        would confirm messages that nobody gets: then each peer's are held until it is heard from, or the timer runs.
        """
        self._held = not session_present
        for message in self._broadcast.values():
            self._publish(message)
        self._hurry()

    def disconnected(self) -> None:
        """Who is listening is to be found out again: a peer may be heard as soon as the broker is, or later."""
        self._held, self._ready = True, set()

    def peer_up(self, name: str, *, news: bool) -> None:
        """This peer is listening now."""
        if news or (self._held and name not in self._ready):
            self._ready.add(name)
            self._hurry()

    def received(self, peer: str, ids: Iterable[str]) -> None:
        """The peer has these in its journal, so it is listening."""
        self._ready.add(peer)
        self._receipted_at[peer] = self._now_s()
        self._confirmed += self._outbox.confirm(ids, by=peer)

    def send_due(self) -> None:
        """Send again what has waited long enough: nothing to peers that are gone, whose birth will hurry it, and a few
        messages only to peers that are working through what they have, who would have to work through it twice.
        """
        if not self._connection.up or self._connection.backlog > CROWDED:
            return
        due = [message for message in self._outbox.due(self._now_s()) if not self._peers.is_down(_receiver(message))]
        for number, message in enumerate(due):
            if number < A_FEW or not self._is_at_work(_receiver(message)):
                self._publish(message)

    def _is_at_work(self, peer: str) -> bool:
        return self._now_s() - self._receipted_at.get(peer, -FIRST_RESEND_S) < FIRST_RESEND_S

    def take_undelivered(self) -> list[tuple[Message, PublishTooLarge]]:
        """The messages that were set aside since this was last asked, each with the reason."""
        undelivered, self._undelivered = self._undelivered, []
        return undelivered

    def take_confirmed(self) -> list[str]:
        """The ids that have arrived since this was last asked, to be written down."""
        confirmed, self._confirmed = self._confirmed, []
        return confirmed

    def _hurry(self) -> None:
        if not self._connection.up:
            return
        self._outbox.hurry(self._now_s())
        if self._connection.backlog > CROWDED:
            return  # they are due, and go out as soon as there is room
        for message in self._outbox.due(self._now_s()):
            receiver = _receiver(message)
            if not self._held or receiver in self._ready:
                self._publish(message)

    def _publish(self, message: Message) -> None:
        self._publisher.publish(
            message, retain=topic_of(message).retain, done=lambda error: self._settled(message, error)
        )

    def _settled(self, message: Message, error: PublishRefused | None) -> None:
        if isinstance(error, PublishTooLarge):
            self._set_aside(message, error)
        elif error is not None:
            self.refused += 1
            log.error("publish-refused", topic=error.topic, reason=error.reason, id=message.id)
        elif self._broadcast.pop(message.id, None) is not None:
            self._confirmed.append(message.id)

    def _set_aside(self, message: Message, error: PublishTooLarge) -> None:
        """It cannot be delivered by this broker: it is done with, and the core is to know."""
        if self._broadcast.pop(message.id, None) is None and not self._outbox.confirm([message.id]):
            return  # it was said again on somebody's request
        self.too_large += 1
        self._confirmed.append(message.id)
        self._undelivered.append((message, error))
        log.error("message-too-large", topic=error.topic, reason=error.reason, id=message.id)


def _receiver(message: Message) -> str:
    return str(getattr(message, "to", ""))
