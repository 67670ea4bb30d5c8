"""The stream of packets from a broker: plain publishes are decoded here, as paho does; it is given all the others."""

import socket
import ssl
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hotline_services.delivery.tracing import NO_HEADERS, Headers
from hotline_services.runtime.incoming import Arrived, read_publish
from hotline_services.runtime.outgoing import Confirmed, puback_packet, publish_packet, read_puback
from hotline_services.runtime.properties import (
    MalformedPropertiesError,
    headers_in,
    headers_packed,
    packed,
    properties_of,
)
from hotline_services.runtime.stream import Stream
from hotline_services.runtime.wire import Publish

TRACE = Headers("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "vendor=1")
NO_PROPERTIES = b"\0"
TOPIC = "hotline/v1/line/us/ru"
PUBACK = b"\x40\x02\x00\x07"
PINGRESP = b"\xd0\x00"

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
names = st.sampled_from(["traceparent", "TraceParent", "tracestate", "other"])


def body(payload: bytes, *, topic: bytes = TOPIC.encode(), mid: int = 7, properties: bytes = NO_PROPERTIES) -> bytes:
    """What follows the length in the packet of a publish over MQTT 5; without number for QoS 0 (``mid`` 0)."""
    number = mid.to_bytes(2, "big") if mid else b""
    return len(topic).to_bytes(2, "big") + topic + number + properties + payload


def packet(first: int, content: bytes) -> bytes:
    """The packet of this content, with its length in as few digits as it takes."""
    left, digits = len(content), bytearray()
    while left > 127:
        digits.append(left % 128 | 128)
        left //= 128
    return bytes([first, *digits, left]) + content


def user_properties(pairs: list[tuple[str, str]]) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)
    for pair in pairs:
        properties.UserProperty = pair
    return properties


class Ends:
    """A stream, and the broker's end of its connection."""

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        ours.setblocking(False)
        self.now_s = 0.0
        self.stream = Stream(ours, lambda: self.now_s)
        self.broker = theirs


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Ends(ours, theirs)


def test_a_plain_publish_is_read() -> None:
    content = body(b"{}", properties=properties_of(TRACE).pack())
    assert read_publish(0x33, content, v5=True) == Arrived(TOPIC, b"{}", True, 1, 7, TRACE)
    assert read_publish(0x3B, content, v5=True) == Arrived(TOPIC, b"{}", True, 1, 7, TRACE, again=True)


def test_a_publish_of_mqtt_3_has_no_properties() -> None:
    content = body(b"{}", mid=0, properties=b"")
    assert read_publish(0x30, content, v5=False) == Arrived(TOPIC, b"{}", False, 0, 0, NO_HEADERS)


def test_a_publish_may_be_empty() -> None:
    assert read_publish(0x31, body(b"", mid=0), v5=True) == Arrived(TOPIC, b"", True, 0, 0, NO_HEADERS)
    assert read_publish(0x31, body(b"", mid=0, properties=b""), v5=False) == Arrived(TOPIC, b"", True, 0, 0, NO_HEADERS)


@pytest.mark.parametrize(
    ("first", "content"),
    [
        (0x34, body(b"{}")),
        (0x40, PUBACK[2:]),
        (0x32, body(b"{}", topic=b"")),
        (0x32, body(b"{}", topic=b"hotline/\xff")),
        (0x32, body(b"{}", properties=b"\x02\x01\x00")),
        (0x32, body(b"{}", properties=b"\x81\x01" + bytes(129))),
        (0x32, body(b"", properties=b"\x7f")),
        (0x32, b"\0"),
    ],
    ids=["qos-2", "no-publish", "no-topic", "topic-no-utf-8", "other-property", "long", "cut-off", "one-byte"],
)
def test_what_is_not_plain_is_left_to_paho(first: int, content: bytes) -> None:
    assert read_publish(first, content, v5=True) is None


@given(st.binary(max_size=60), st.integers(0, 255), st.booleans())
def test_no_bytes_make_the_reading_fail(content: bytes, first: int, v5: bool) -> None:
    arrived = read_publish(first, content, v5=v5)
    assert arrived is None or arrived.qos in {0, 1}


@given(st.lists(st.tuples(names, texts), max_size=2))
def test_a_trace_is_read_from_the_bytes_as_from_what_paho_made_of_them(pairs: list[tuple[str, str]]) -> None:
    properties = user_properties(pairs)
    assert headers_packed(properties.pack()[1:]) == headers_in(properties)


@given(st.tuples(names, texts), st.data())
def test_properties_that_are_cut_off_are_not_read(pair: tuple[str, str], data: st.DataObject) -> None:
    fields = user_properties([pair]).pack()[1:]
    with pytest.raises((MalformedPropertiesError, UnicodeDecodeError)):
        headers_packed(fields[: data.draw(st.integers(1, len(fields) - 1))])


def test_publishes_and_other_packets_are_told_apart(ends: Ends) -> None:
    ends.broker.sendall(packet(0x32, body(b"1")) + PINGRESP + packet(0x32, body(b"2" * 200)))
    ends.stream.fill()
    assert ends.stream.next_packet()
    assert ends.stream.take(v5=True) == Arrived(TOPIC, b"1", False, 1, 7, NO_HEADERS)
    assert ends.stream.next_packet()
    assert ends.stream.take(v5=True) is None
    assert ends.stream.recv(1) + ends.stream.recv(1) == PINGRESP
    with pytest.raises(BlockingIOError):  # though another packet is there
        ends.stream.recv(1)
    assert ends.stream.next_packet()
    assert ends.stream.take(v5=True) == Arrived(TOPIC, b"2" * 200, False, 1, 7, NO_HEADERS)
    assert not ends.stream.next_packet()


@pytest.mark.parametrize("content", [body(b"1"), body(b"2" * 200)], ids=["short", "long"])
def test_a_packet_is_taken_once_all_of_it_is_there(ends: Ends, content: bytes) -> None:
    *before, last = packet(0x32, content)
    for byte in before:
        ends.broker.sendall(bytes([byte]))
        ends.stream.fill()
        assert not ends.stream.next_packet()
        with pytest.raises(BlockingIOError):
            ends.stream.recv(1)
    ends.broker.sendall(bytes([last]))
    ends.stream.fill()
    assert ends.stream.next_packet()
    assert ends.stream.take(v5=True) == read_publish(0x32, content, v5=True)


def test_paho_sees_a_publish_once_in_a_second_so_that_it_knows_the_connection_to_live(ends: Ends) -> None:
    publish = packet(0x30, body(b"1", mid=0))
    ends.broker.sendall(publish * 4)
    ends.stream.fill()
    for at_s, is_taken in ((0.9, True), (1.0, False), (1.9, True), (2.0, False)):
        ends.now_s = at_s
        assert ends.stream.next_packet()
        assert (ends.stream.take(v5=True) is not None) == is_taken
        if not is_taken:
            assert ends.stream.recv(100) == publish


class Renegotiating(socket.socket):
    """A socket of TLS that has to write before it can be read."""

    def recv(self, _size: int, _flags: int = 0) -> bytes:
        raise ssl.SSLWantWriteError


def test_a_socket_that_has_to_write_first_is_read_later() -> None:
    with Renegotiating() as sock:
        stream = Stream(sock)
        stream.fill()
        assert not stream.next_packet()
        with pytest.raises(BlockingIOError):
            stream.recv(1)


def test_what_the_broker_says_of_our_publishes_is_taken_out(ends: Ends) -> None:
    ends.broker.sendall(PUBACK)
    ends.stream.fill()
    assert ends.stream.next_packet()
    assert ends.stream.take(v5=True) == Confirmed(7)


@pytest.mark.parametrize(
    ("content", "confirmed"),
    [
        (b"\x01\x02", Confirmed(258)),
        (b"\x01\x02\x00", Confirmed(258)),
        (b"\x01\x02\x10\x00", Confirmed(258)),
        (b"\x01\x02\x87\x00", Confirmed(258, "Not authorized")),
        (b"\x01\x02\xfe", Confirmed(258, "reason code 254")),
        (b"\x01", None),
    ],
    ids=["bare", "success", "nobody-listens", "refused", "unknown", "cut-off"],
)
def test_a_broker_confirms_or_refuses_a_publish(content: bytes, confirmed: Confirmed | None) -> None:
    assert read_puback(0x40, content) == confirmed
    assert read_puback(0x50, content) is None


@given(st.binary(max_size=300), st.integers(0, 65_535), st.booleans(), st.booleans())
def test_what_is_written_is_what_is_read(payload: bytes, mid: int, retain: bool, v5: bool) -> None:
    written = publish_packet(Publish(TOPIC, payload, retain), mid, packed(None, v5=v5))
    content = written[-(len(body(payload, mid=mid, properties=packed(None, v5=v5)))) :]
    assert written == packet(written[0], content)
    assert read_publish(written[0], content, v5=v5) == Arrived(TOPIC, payload, retain, int(mid > 0), mid, NO_HEADERS)


def test_what_the_socket_does_not_take_is_written_later(ends: Ends) -> None:
    sent = b"".join(puback_packet(mid) for mid in range(1, 60_001)) * 20
    ends.stream.write(sent)
    assert ends.stream.flush()
    assert ends.stream.wants_write
    assert ends.stream.send(PINGRESP) == len(PINGRESP)  # from paho: behind it, and as a whole
    received = b""
    while ends.stream.wants_write:
        received += ends.broker.recv(1_000_000)
        ends.stream.flush()
    while len(received) < len(sent + PINGRESP):
        received += ends.broker.recv(1_000_000)
    assert received == sent + PINGRESP


def test_a_length_of_too_many_digits_goes_to_paho(ends: Ends) -> None:
    endless = b"\x32\xff\xff\xff\xff\xff"
    ends.broker.sendall(endless)
    ends.stream.fill()
    assert ends.stream.next_packet()
    assert ends.stream.take(v5=True) is None
    assert ends.stream.recv(100) == endless


def test_the_end_of_the_stream_comes_after_its_packets(ends: Ends) -> None:
    ends.broker.sendall(packet(0x32, body(b"1")) + b"\x32")
    ends.broker.close()
    ends.stream.fill()
    ends.stream.fill()
    assert ends.stream.next_packet()
    assert ends.stream.take(v5=True) is not None
    assert ends.stream.next_packet()
    assert ends.stream.take(v5=True) is None
    assert ends.stream.recv(1) == b""


def test_a_connection_that_is_lost_is_noticed_in_writing(ends: Ends) -> None:
    ends.broker.close()
    ends.stream.write(PUBACK)
    assert not ends.stream.flush()
    with pytest.raises(BrokenPipeError):
        ends.stream.send(PINGRESP)


def test_what_goes_wrong_is_raised_to_paho(ends: Ends) -> None:
    ends.stream.close()
    ends.stream.fill()
    assert ends.stream.next_packet()
    with pytest.raises(OSError, match="Bad file descriptor"):
        ends.stream.recv(1)
