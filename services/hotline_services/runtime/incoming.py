"""The publishes of a connection, decoded from their packets: paho takes five times as long to do this.

Only the plain ones: QoS 0 or 1, and over MQTT 5 no properties but those of a trace. All others are left to paho, and so
is whatever is malformed.
"""

from typing import Final, NamedTuple

from hotline_services.delivery.tracing import NO_HEADERS, Headers

from .properties import MalformedPropertiesError, headers_packed

PUBLISH: Final = 0x30
_TYPE: Final = 0xF0
_RETAIN: Final = 0x01
_DUP: Final = 0x08
_ONE_DIGIT: Final = 0x80
"""A length below this is written in one byte."""


class Arrived(NamedTuple):
    """A publish from the broker; ``mid`` is the number to acknowledge it by, 0 for QoS 0.

    ``again`` is the broker's word that it may have delivered this before (DUP).
    """

    topic: str
    payload: bytes
    retained: bool
    qos: int
    mid: int
    headers: Headers
    again: bool = False


def read_publish(first: int, body: bytes, *, v5: bool) -> Arrived | None:
    """The publish in a packet that begins with the byte ``first`` and goes on, after its length, with ``body``.

    None for any other packet, and for a publish that is not plain.
    """
    qos = first >> 1 & 3
    if first & _TYPE != PUBLISH or qos > 1:
        return None
    at = 2 + int.from_bytes(body[:2], "big")
    mid_end = at + 2 * qos
    if mid_end + v5 > len(body) or at == 2:
        return None
    properties_end = mid_end
    headers = NO_HEADERS
    try:
        topic = body[2:at].decode()
        if v5:
            properties_end += 1 + body[mid_end]
            if body[mid_end]:
                if body[mid_end] >= _ONE_DIGIT or properties_end > len(body):
                    return None
                headers = headers_packed(body[mid_end + 1 : properties_end])
    except (UnicodeDecodeError, MalformedPropertiesError):
        return None
    mid = int.from_bytes(body[at:mid_end], "big")
    return Arrived(topic, body[properties_end:], bool(first & _RETAIN), qos, mid, headers, bool(first & _DUP))
