"""What one MQTT packet may weigh: told by the broker, or found out from the connections that it closes."""

import pytest

from hotline_services.runtime import packets
from hotline_services.runtime.packets import PacketLimit, packet_size
from hotline_services.runtime.wire import Publish

SMALL, LARGE = Publish("t", b"x" * 100), Publish("t", b"y" * 5_000)


def test_a_packet_is_refused_when_it_is_over_the_limit_that_was_told_and_only_then() -> None:
    limit = PacketLimit()
    limit.connected(packet_size(LARGE, None), tells=True)
    assert limit.refusal(LARGE, None) is None
    limit.connected(packet_size(LARGE, None) - 1, tells=True)
    assert str(limit.refusal(LARGE, None)) == "it has 5,009 bytes, and the broker takes 5,008"
    assert limit.refusal(SMALL, None) is None
    limit.connected(None, tells=True)
    assert limit.refusal(LARGE, None) is None


def silent() -> PacketLimit:
    limit = PacketLimit()
    limit.connected(None, tells=False)
    return limit


def lose(limit: PacketLimit, *in_flight: Publish) -> None:
    limit.sent()
    limit.lost(in_flight)


def test_where_no_limit_is_told_the_message_that_ends_three_connections_alone_is_set_aside() -> None:
    limit = silent()
    lose(limit, SMALL, LARGE)
    assert limit.must_be_alone(LARGE)
    assert not limit.must_be_alone(SMALL)
    for _ in range(3):
        assert limit.refusal(LARGE, None) is None
        lose(limit, LARGE)
    assert str(limit.refusal(LARGE, None)) == "it has 5,009 bytes, and the broker closes the connection over it"
    assert limit.refusal(SMALL, None) is None


def test_once_one_is_set_aside_another_as_large_costs_one_connection_more() -> None:
    limit, other = silent(), Publish("t", b"z" * 6_000)
    for _ in range(4):
        lose(limit, LARGE)
    assert limit.refusal(LARGE, None) is not None
    lose(limit, other)
    lose(limit, other)
    assert limit.refusal(other, None) is not None


def test_a_connection_that_ends_later_or_over_no_more_than_was_confirmed_accuses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = silent()
    limit.confirmed(LARGE)
    for _ in range(5):
        lose(limit, LARGE)
    assert limit.refusal(LARGE, None) is None
    monkeypatch.setattr(packets, "AT_ONCE_S", -1.0)
    larger = Publish("t", b"z" * 6_000)
    for _ in range(5):
        lose(limit, larger)
    assert limit.refusal(larger, None) is None


def test_a_suspect_that_is_confirmed_is_cleared() -> None:
    limit = silent()
    for _ in range(3):
        lose(limit, LARGE)
    limit.confirmed(LARGE)
    lose(limit, LARGE)
    assert not limit.must_be_alone(LARGE)
