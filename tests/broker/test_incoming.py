"""Publishes that a service itself decodes, and those that it leaves to paho, over a broker of MQTT 5."""

import asyncio
from pathlib import Path

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hotline_services.delivery.tracing import NO_HEADERS, Headers
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.mqtt import Connection
from hotline_services.runtime.wire import Delivery, Will

from .conftest import need
from .stack import PATIENCE_S

TOPIC = "hotline/v1/incoming"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PAYLOADS = {"bare": b"{}", "traced": b"{1}", "other": b"{2}", "empty": b"", "large": b"x" * 1_000_000}


class Ear:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.up = asyncio.Event()
        self.heard: asyncio.Queue[Delivery] = asyncio.Queue()

    def will(self) -> Will | None:
        return None

    def on_up(self, *, session_present: bool) -> None:  # noqa: ARG002
        self.up.set()

    def on_down(self) -> None:
        pass

    def on_message(self, delivery: Delivery) -> None:
        self.heard.put_nowait(delivery)

    def on_read(self) -> None:
        pass


def properties_of(kind: str) -> Properties | None:
    properties = Properties(PacketTypes.PUBLISH)
    if kind in {"traced", "other"}:
        properties.UserProperty = ("traceparent", PARENT)
    if kind == "other":
        properties.ContentType = "application/json"
        properties.MessageExpiryInterval = 60
    return properties if kind != "bare" else None


async def test_publishes_of_all_kinds_arrive_in_order_whoever_decodes_them(tmp_path: Path) -> None:
    need("mosquitto")
    kinds = [*PAYLOADS] * 30  # more than are read at once
    with EmbeddedBroker("mosquitto", tmp_path / "broker") as broker:
        ear = Ear()
        connection = Connection(broker.settings, "hotline-ear", [TOPIC], ear)
        running = asyncio.create_task(connection.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await ear.up.wait()
                async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
                    for number, kind in enumerate(kinds):
                        await client.publish(TOPIC, PAYLOADS[kind], qos=number % 2, properties=properties_of(kind))
                for number, kind in enumerate(kinds):
                    delivery = await ear.heard.get()
                    connection.acknowledge(delivery)
                    assert (delivery.topic, delivery.payload) == (TOPIC, PAYLOADS[kind])
                    assert (delivery.qos, delivery.retained) == (number % 2, False)
                    assert delivery.headers == (Headers(PARENT) if kind in {"traced", "other"} else NO_HEADERS)
        finally:
            await connection.close()
            await running
