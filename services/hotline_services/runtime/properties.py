"""What a publish says of itself over MQTT 5: what its bytes are, and which trace it is part of.

Nothing in the protocol's meaning rests on it. There is no expiry among it: what is counted is missed when it does not
come, and asked for again, however late.
"""

from typing import Any, Final

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties, VariableByteIntegers

from .tracing import Trace

PARENT: Final = "traceparent"
STATE: Final = "tracestate"
CONTENT_TYPE: Final = "application/json"


class _Packed(Properties):
    """Properties as bytes: for each publish paho would look up names for 50 µs to come to nearly the same ones."""

    def __init__(self, fields: bytes) -> None:
        length: bytes = VariableByteIntegers.encode(len(fields))  # type: ignore[no-untyped-call]
        object.__setattr__(self, "_bytes", length + fields)

    def pack(self) -> bytes:
        """What stands in the packet."""
        packed: bytes = object.__getattribute__(self, "_bytes")
        return packed

    def __str__(self) -> str:
        return repr(self.pack())


def _field(identifier: int, *texts: str) -> bytes:
    """MQTT 5, 2.2.2.2: an identifier, and each text behind its length in two bytes."""
    encoded = [text.encode() for text in texts]
    return bytes([identifier]) + b"".join(len(text).to_bytes(2, "big") + text for text in encoded)


_JSON: Final = _field(0x03, CONTENT_TYPE)
_UNTRACED: Final = _Packed(_JSON)


def properties_of(trace: Trace | None) -> Properties:
    """The properties of a publish that is part of this trace, or of none."""
    if trace is None:
        return _UNTRACED
    fields = _JSON + _field(0x26, PARENT, trace.header)
    return _Packed(fields + _field(0x26, STATE, trace.state) if trace.state else fields)


def headers_in(properties: Properties | None) -> tuple[str, str]:
    """The ``traceparent`` and ``tracestate`` of a publish; empty where it bears none, or the first more than once."""
    pairs: list[Any] = getattr(properties, "UserProperty", [])
    if not pairs:
        return "", ""
    parents = [value for name, value in pairs if name.lower() == PARENT]
    return parents[0] if len(parents) == 1 else "", ",".join(value for name, value in pairs if name.lower() == STATE)


def will_properties() -> Properties:
    """The properties of a will."""
    properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
    properties.ContentType = CONTENT_TYPE
    return properties
