"""Observations of a broker, from which findings are made."""

from datetime import datetime, timedelta

import msgspec

from hotline_protocol.authority import admit
from hotline_protocol.message import Message
from hotline_protocol.service import Clock, Health
from hotline_protocol.topics import CLOCK, CONTROL, HEALTH, MalformedMessageError

from .kinds import Kind


class NoConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the broker to which no connection came about, or did not last; ``kind`` is one of
    :data:`~.kinds.NO_CONNECTION`, ``reason`` one clause."""

    node: str
    kind: Kind
    reason: str


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One publish that arrived ``at`` this time of our machine's clock.

    ``forged`` is what is wrong with its signature, where there was a roster to check it by.
    """

    topic: str
    payload: bytes
    retained: bool
    at: datetime
    forged: str = ""


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """A health message that could be read, which arrived ``at`` this time of our machine's clock."""

    health: Health
    retained: bool
    at: datetime


class Observations(msgspec.Struct, frozen=True, kw_only=True):
    """All that was seen. ``until`` is our machine's time when the looking ended.

    ``not_subscribed`` are the topic filters that the broker refused, of those that ``user`` is to hear.
    ``echoes_sent`` counts the messages that were sent to ourselves, where ``user`` may send such; ``echoes_s`` are the
    times there and back, and ``echo_refused`` is what the broker said to the first that it did not take.
    ``packet_limit`` is in bytes, None where the broker told none. ``protocol`` and ``program`` are our own versions.
    """

    broker: str
    until: datetime
    user: str | None = None
    listened: timedelta = timedelta()
    connected_to: str | None = None
    no_connection: tuple[NoConnection, ...] = ()
    packet_limit: int | None = None
    not_subscribed: tuple[str, ...] = ()
    echoes_sent: int = 0
    echoes_s: tuple[float, ...] = ()
    echo_refused: str = ""
    heard: tuple[Heard, ...] = ()
    program: str = ""
    protocol: str = ""

    @property
    def own_topic(self) -> str:
        """The topic on which ``user`` publishes to itself."""
        return CONTROL.filter(source=self.user or "", to=self.user or "")

    @property
    def clock(self) -> Clock | None:
        """The last readable clock."""
        clocks = (readable(heard) for heard in self.heard if heard.topic == CLOCK.template)
        return next((clock for clock in reversed([*clocks]) if isinstance(clock, Clock)), None)

    @property
    def signs(self) -> dict[str, list[Sign]]:
        """The signs of life of each service in the order in which they came, each message once."""
        found: dict[str, dict[str, Sign]] = {}
        for heard in self.heard:
            health = readable(heard) if HEALTH.match(heard.topic) else None
            if isinstance(health, Health):
                sign = Sign(health=health, retained=heard.retained, at=heard.at)
                found.setdefault(health.source, {}).setdefault(health.id, sign)
        return {name: list(signs.values()) for name, signs in sorted(found.items())}


def readable(heard: Heard) -> Message | None:
    """The message, if it can be read and may be believed."""
    try:
        return None if heard.forged else admit(heard.topic, heard.payload)
    except MalformedMessageError:
        return None
