"""A service that asks whether another of its name lives comes to an end of asking."""

import asyncio
from datetime import UTC, datetime

import pytest

from hotline_protocol.service import Health, Presence
from hotline_protocol.topics import HEALTH, address_of, encode
from hotline_services.runtime import namesakes
from hotline_services.runtime.namesakes import _Guest
from hotline_services.runtime.wire import BrokerSettings, Delivery


async def test_it_gives_up_though_the_broker_delivers_its_question_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(namesakes, "ANSWER_S", 0.05)
    monkeypatch.setattr(namesakes, "RETAINED_S", 0.0)
    guest = _Guest("us", BrokerSettings())
    kept = Health(
        id="h", source="us", seq=0, time=datetime(2026, 1, 1, tzinfo=UTC), presence=Presence.UP, session="of-one-dead"
    )
    guest.on_up(session_present=False)
    guest.on_message(Delivery(HEALTH.filter(source="us"), encode(kept), True, 0, 1, 1))
    async with asyncio.timeout(90):
        while not guest._answer.done():
            guest.on_message(Delivery(address_of(guest.question), encode(guest.question), False, 0, 2, 1))
            await asyncio.wait([guest._answer], timeout=0.01)
    assert guest._answer.result() is False
