"""What a publish says of itself over MQTT 5: which trace it is part of.

Nothing in the protocol's meaning rests on it. There is no expiry among it: what is counted is missed when it does not
come, and asked for again, however late. Nor is there a content type: it is the same of all, and to read it costs paho
another 20 µs of each publish.
"""

from typing import Final

from paho.mqtt.properties import Properties, VariableByteIntegers

from hotline_services.delivery.tracing import NO_HEADERS, Headers

PARENT: Final = "traceparent"
STATE: Final = "tracestate"


class _Packed(Properties):
    """Properties as bytes: for each publish paho would look up names for 50 µs to come to nearly the same ones."""

    def __init__(self, fields: bytes) -> None:
        length: bytes = VariableByteIntegers.encode(len(fields))
        self.__dict__["bytes"] = length + fields  # as an attribute it would be looked for among MQTT's own

    def pack(self) -> bytes:
        """What stands in the packet."""
        packed: bytes = self.__dict__["bytes"]
        return packed

    def __str__(self) -> str:
        return repr(self.pack())


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded


_USER_PROPERTY: Final = b"\x26"  # MQTT 5, 2.2.2.2: an identifier, and each text behind its length
_PARENT: Final = _USER_PROPERTY + _text(PARENT)


def properties_of(headers: Headers) -> Properties:
    """The properties of a publish with these headers."""
    fields = _PARENT + _text(headers.parent)
    return _Packed(fields + _USER_PROPERTY + _text(STATE) + _text(headers.state) if headers.state else fields)


def packed(properties: Properties | None, *, v5: bool) -> bytes:
    """These as they stand in a packet: of MQTT 3.1.1 there are none, not even their length."""
    if not v5:
        return b""
    return b"\0" if properties is None else bytes(properties.pack())


def headers_in(properties: Properties | None) -> Headers:
    """What a publish bears of its trace. Of two traces it would be part of neither."""
    pairs: list[tuple[str, str]] = getattr(properties, "UserProperty", [])
    return _headers_of(pairs)


class MalformedPropertiesError(ValueError):
    """These bytes are no user properties, or not those alone."""


def headers_packed(fields: bytes) -> Headers:
    """The same, of the bytes of the properties. Raises MalformedPropertiesError, or UnicodeDecodeError."""
    pairs = []
    at = 0
    while at < len(fields):
        if fields[at : at + 1] != _USER_PROPERTY:
            raise MalformedPropertiesError
        name, value_at = _text_at(fields, at + 1)
        value, at = _text_at(fields, value_at)
        pairs.append((name, value))
    return _headers_of(pairs)


def _text_at(fields: bytes, at: int) -> tuple[str, int]:
    """The text behind its length here, and where it ends."""
    begin = at + 2
    end = begin + int.from_bytes(fields[at:begin], "big")
    text = fields[begin:end]
    if end > len(fields) or begin > len(fields) or b"\0" in text:
        raise MalformedPropertiesError
    return text.decode(), end


def _headers_of(pairs: list[tuple[str, str]]) -> Headers:
    if not pairs:
        return NO_HEADERS
    parents = [value for name, value in pairs if name.lower() == PARENT]
    states = [value for name, value in pairs if name.lower() == STATE]
    return Headers(parents[0], ",".join(states)) if len(parents) == 1 else NO_HEADERS
