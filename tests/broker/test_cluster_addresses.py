"""Several addresses of one cluster: services and tools go on with the next when a node is gone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import NoBrokerError, connected
from hotline_services.runtime.mqtt import Connection
from hotline_services.runtime.wire import BrokerSettings, Delivery, Refused

from .conftest import need

PATIENCE_S = 240.0
DEAD = "mqtt://127.0.0.1:1"


class Ups:
    """Counts how often a connection came up, and lets a test wait for it."""

    def __init__(self) -> None:
        self.count = 0
        self.changed = asyncio.Event()

    def will(self) -> None:
        """None is left."""

    def on_message(self, delivery: Delivery) -> None:
        """Nothing is subscribed to."""

    def on_read(self) -> None:
        """Nor read."""

    def on_up(self, *, session_present: bool) -> None:  # noqa: ARG002
        self.count += 1
        self.changed.set()

    def on_down(self) -> None:
        """The next ``on_up`` tells."""

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.count < count:
                self.changed.clear()
                await self.changed.wait()


@contextlib.asynccontextmanager
async def connection(address: str) -> AsyncIterator[tuple[Connection, Ups]]:
    ups = Ups()
    running = Connection(BrokerSettings.from_url(address, session_s=0), "hotline-roamer", ["hotline/v1/clock"], ups)
    task = asyncio.create_task(running.run())
    try:
        yield running, ups
    finally:
        await running.close()
        await task


async def test_a_live_connection_goes_on_with_the_next_node_and_back_again(own_broker: EmbeddedBroker) -> None:
    with EmbeddedBroker(own_broker.kind) as second:
        async with connection(f"{DEAD},{own_broker.url},{second.url}") as (live, ups):
            await ups.until(1)
            assert live.node.port == own_broker.port
            own_broker.kill()
            await ups.until(2)
            assert live.node.port == second.port
            own_broker.start()
            second.kill()
            await ups.until(3)
            assert live.node.port == own_broker.port


async def test_a_tool_tries_each_address_in_turn(broker: EmbeddedBroker) -> None:
    async with connected(BrokerSettings.from_url(f"{DEAD},{broker.url}")) as client:
        await client.publish("hotline/v1/test", b"here", qos=1)


async def test_a_tool_names_all_addresses_when_none_of_them_answers() -> None:
    with pytest.raises(
        NoBrokerError, match=r"no connection to the broker at mqtt://127\.0\.0\.1:1,mqtt://127\.0\.0\.1:2: "
    ):
        async with connected(BrokerSettings.from_url(f"{DEAD},mqtt://127.0.0.1:2")):
            pass


async def test_one_node_that_refuses_us_is_passed_over_and_all_of_them_are_an_error() -> None:
    need("mosquitto")
    with (
        EmbeddedBroker("mosquitto", extra="allow_anonymous false") as strict,
        EmbeddedBroker("mosquitto") as lenient,
    ):
        async with connection(f"{strict.url},{lenient.url}") as (live, ups):
            await ups.until(1)
            assert live.node.port == lenient.port
        alone = Connection(BrokerSettings.from_url(f"{DEAD},{strict.url}"), "hotline-roamer", [], Ups())
        with pytest.raises(Refused, match="refused hotline-roamer as anonymous"):
            async with asyncio.timeout(PATIENCE_S):
                await alone.run()
