"""The packets that a service writes most, and what the broker answers to them: written and read without paho.

paho keeps a second time what is in flight, beside the connection: that takes a fifth of the processor time of a trip.
"""

from typing import Final, NamedTuple

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from .wire import Publish

_PUBLISH: Final = 0x30
_PUBACK: Final = 0x40
_QOS_1: Final = 0x02
_RETAIN: Final = 0x01
_REFUSED: Final = 0x80
LAST_NUMBER: Final = 65_535
"""Of the numbers by which publishes are acknowledged; the first is 1."""


class Confirmed(NamedTuple):
    """The broker has the publish of this number, or refuses it for this reason."""

    mid: int
    refusal: str = ""


def publish_packet(publish: Publish, mid: int, properties: bytes) -> bytes:
    """This publish with QoS 1 and this number, or with QoS 0 if that is 0; ``properties`` as they stand in it."""
    name, payload = publish.topic.encode(), publish.payload
    number = mid.to_bytes(2, "big") if mid else b""
    first = _PUBLISH | (_QOS_1 if mid else 0) | (_RETAIN if publish.retain else 0)
    size = 2 + len(name) + len(number) + len(properties) + len(payload)
    head = bytes((first, *_digits(size))) + len(name).to_bytes(2, "big")
    return b"".join((head, name, number, properties, payload))


def _digits(length: int) -> bytes:
    """A length as MQTT writes it (1.5.5): seven bits a byte, the lowest first."""
    digits = bytearray()
    while length > 127:
        digits.append(length & 127 | 128)
        length >>= 7
    digits.append(length)
    return bytes(digits)


def puback_packet(mid: int) -> bytes:
    """A PUBACK packet: acknowledges the broker's publish ``mid``."""
    return bytes((_PUBACK, 2)) + mid.to_bytes(2, "big")


def read_puback(first: int, body: bytes) -> Confirmed | None:
    """The broker's PUBACK in a packet of this first byte and body; None for any other packet."""
    if first != _PUBACK or len(body) < 2:
        return None
    code = body[2] if len(body) > 2 else 0
    return Confirmed(int.from_bytes(body[:2], "big"), _refusal(code) if code >= _REFUSED else "")


def _refusal(code: int) -> str:
    try:
        return str(ReasonCode(PacketTypes.PUBACK, identifier=code))
    except (KeyError, ValueError):
        return f"reason code {code}"
