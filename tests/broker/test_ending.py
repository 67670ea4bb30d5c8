"""Who is told to end ends, also when the connection to the broker breaks at that moment."""

import asyncio

import aiomqtt
import pytest

from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import NoBrokerError, connected

PATIENCE_S = 240.0


async def test_a_client_that_is_cancelled_while_its_connection_breaks_ends(
    own_broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = asyncio.Event()
    leave = aiomqtt.Client.__aexit__

    async def break_off(client: aiomqtt.Client, *why: object) -> None:
        await leave(client, *why)  # type: ignore[arg-type]
        raise aiomqtt.MqttError("the broker went away")

    async def follow() -> None:
        """As services and tools do: whatever becomes of the broker, they connect again."""
        for _ in range(3):
            try:
                async with connected(own_broker.settings):
                    there.set()
                    await asyncio.Event().wait()
            except NoBrokerError:
                await asyncio.sleep(0)

    monkeypatch.setattr(aiomqtt.Client, "__aexit__", break_off)
    following = asyncio.create_task(follow())
    async with asyncio.timeout(PATIENCE_S):
        await there.wait()
        there.clear()
        following.cancel()
        again = asyncio.create_task(there.wait())
        await asyncio.wait([following, again], return_when=asyncio.FIRST_COMPLETED)
    again.cancel()
    ended = following.cancelled()
    while not following.done():
        following.cancel()
        await asyncio.wait([following], timeout=1)
    assert ended
