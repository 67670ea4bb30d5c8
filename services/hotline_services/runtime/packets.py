"""What one MQTT packet may weigh: as the broker told it, or as it is found out where a broker does not tell.

MQTT 5 brokers tell their limit when they take the connection. MQTT 3.1.1 has no way to: there the broker closes the
connection as soon as it sees a packet that is too large, each time that it is sent.
"""

import time
from collections.abc import Collection
from typing import Final, NamedTuple

import structlog
from paho.mqtt.properties import Properties

from hotline_services.delivery.payloads import NEEDED

from .wire import Publish

STRIKES: Final = 3
AT_ONCE_S: Final = 2.0
"""A packet that is too large ends the connection at once. NATS ends it too when it cannot store: after 5 s."""

_HEADERS_AT_MOST: Final = 1_024  # of a packet, with the trace context; less than that below the limit, one counts

log = structlog.get_logger(__name__)


class TooLarge(NamedTuple):
    """The size of a packet and the limit that the broker ``told``: None when it closed the connection instead."""

    size: int
    told: int | None

    def __str__(self) -> str:
        over = f"the broker takes {self.told:,}" if self.told else "the broker closes the connection over it"
        return f"it has {self.size:,} bytes, and {over}"


def packet_size(publish: Publish, properties: Properties | None) -> int:
    """Bytes of this publish as a packet of QoS 1 in MQTT 5; in MQTT 3.1.1 it is one less."""
    packed = 1 if properties is None else len(properties.pack())
    rest = 2 + len(publish.topic.encode()) + 2 + packed + len(publish.payload)
    length_digits = 1 + (rest > 127) + (rest > 16_383) + (rest > 2_097_151)
    return 1 + length_digits + rest


class PacketLimit:
    """One for all connections to a broker. A publish is known again by its topic and its bytes."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet: Final = quiet
        self.told: int | None = None
        self._silent = False  # whether this broker does not tell its limit, so that it has to be found out
        self._proven = 0  # bytes of payload: the largest that was confirmed
        self._learned: int | None = None  # bytes of payload: the smallest that was set aside
        self._suspect: tuple[str, bytes] | None = None
        self._strikes = 0
        self._sent_at = 0.0

    def connected(self, told: int | None, *, tells: bool) -> None:
        """The broker took the connection, and told this limit, if ``tells``: MQTT 5 does."""
        if told is not None and told < NEEDED and told != self.told and not self._quiet:
            log.warning("broker-limit-small", bytes=told, needed=NEEDED, effect="larger messages are set aside")
        self.told, self._silent = told, not tells
        if tells:
            self._suspect, self._strikes = None, 0

    def fitting(self, publish: Publish, properties: Properties | None) -> Properties | None:
        """These properties, or none of them where the packet is only too large with them."""
        return None if properties is not None and self._excess(publish, properties) else properties

    def refusal(self, publish: Publish, properties: Properties | None) -> TooLarge | None:
        """Why this must not be sent, if so. What was found out about it is forgotten then."""
        if self._suspect is None:
            return self._excess(publish, properties)
        size = len(publish.payload)
        if not self._is_suspect(publish) or self._strikes < self._strikes_needed(size):
            return None
        self._suspect, self._strikes = None, 0
        self._learned = min(size, self._learned or size)
        return TooLarge(packet_size(publish, None), told=None)

    def _excess(self, publish: Publish, properties: Properties | None) -> TooLarge | None:
        """By how much this is over the limit that the broker told, if it is."""
        if self.told is None or len(publish.payload) + len(publish.topic) + _HEADERS_AT_MOST < self.told:
            return None
        size = packet_size(publish, properties)
        return TooLarge(size, told=self.told) if size > self.told else None

    def must_be_alone(self, publish: Publish) -> bool:
        """Whether nothing else may be in flight with this, so that it is known what the broker closed over."""
        return self._suspect is not None and self._is_suspect(publish)

    def sent(self) -> None:
        """A publish goes out now."""
        self._sent_at = time.monotonic()

    def confirmed(self, publish: Publish) -> None:
        """The broker has it: it was not too large."""
        self._proven = max(self._proven, len(publish.payload))
        if self._suspect is not None and self._is_suspect(publish):
            self._suspect, self._strikes = None, 0

    def lost(self, in_flight: Collection[Publish]) -> None:
        """The broker closed a connection that was up, with these unconfirmed."""
        if not self._silent or not in_flight or time.monotonic() - self._sent_at > AT_ONCE_S:
            return
        largest = max(in_flight, key=lambda publish: len(publish.payload))
        if len(largest.payload) <= self._proven:
            return
        if not self._is_suspect(largest):
            self._suspect, self._strikes = (largest.topic, largest.payload), 0
        elif len(in_flight) == 1:
            self._strikes += 1

    def _is_suspect(self, publish: Publish) -> bool:
        return self._suspect == (publish.topic, publish.payload)

    def _strikes_needed(self, size: int) -> int:
        return STRIKES if self._learned is None or size < self._learned else 1
