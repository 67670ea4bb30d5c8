"""A peer that only moves to another node of a cluster is not taken for dead."""

import asyncio
from collections import deque
from datetime import UTC, datetime

import pytest

from hotline_protocol.service import Health, Presence
from hotline_protocol.topics import address_of, encode
from hotline_services.runtime.wills import LOST, Wills
from hotline_services.runtime.wire import Delivery

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
SHORT_S = 0.01


def health(presence: Presence, note: str = "", source: str = "us") -> Health:
    return Health(id="h", source=source, seq=0, time=NOON, presence=presence, session="s", note=note)


def delivery(message: Health, *, retained: bool = False) -> Delivery:
    return Delivery(address_of(message), encode(message), retained=retained, qos=1, mid=7, life=1)


WILL = health(Presence.DOWN, LOST)


async def test_a_will_is_handed_on_after_the_grace_and_not_confirmed_twice() -> None:
    inbox, wake = deque[Delivery](), asyncio.Event()
    assert Wills(inbox, wake, SHORT_S).hold(WILL, delivery(WILL))
    assert not inbox
    async with asyncio.timeout(90):
        await wake.wait()
    assert [(kept.payload, kept.qos) for kept in inbox] == [(encode(WILL), 0)]


async def test_a_will_is_void_when_the_peer_is_heard_of_again() -> None:
    inbox, wake = deque[Delivery](), asyncio.Event()
    wills, up, other = Wills(inbox, wake, SHORT_S), health(Presence.UP), health(Presence.DOWN, LOST, "ru")
    assert wills.hold(WILL, delivery(WILL))
    assert not wills.hold(up, delivery(up))
    assert wills.hold(other, delivery(other))
    async with asyncio.timeout(90):
        await wake.wait()
    assert [kept.payload for kept in inbox] == [encode(other)]


@pytest.mark.parametrize(
    ("said", "retained", "grace_s"),
    [(health(Presence.DOWN, "stopped"), False, SHORT_S), (WILL, True, 0.0), (WILL, False, 0.0)],
)
async def test_a_farewell_and_any_will_of_a_single_broker_are_believed_at_once(
    said: Health, retained: bool, grace_s: float
) -> None:
    assert not Wills(deque(), asyncio.Event(), grace_s).hold(said, delivery(said, retained=retained))


async def test_a_will_that_the_broker_kept_waits_longer() -> None:
    inbox, wake = deque[Delivery](), asyncio.Event()
    wills, other = Wills(inbox, wake, SHORT_S, 10 * SHORT_S), health(Presence.DOWN, LOST, "ru")
    assert wills.hold(WILL, delivery(WILL, retained=True))
    assert wills.hold(other, delivery(other))
    async with asyncio.timeout(90):
        while len(inbox) < 2:
            wake.clear()
            await wake.wait()
    assert [kept.payload for kept in inbox] == [encode(other), encode(WILL)]
