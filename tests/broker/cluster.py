"""Three NATS nodes that are one MQTT broker: what is stored is stored three times, and two of them can go on alone."""

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Final, Self

import aiomqtt

from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import NoBrokerError, connected, retained
from hotline_services.runtime.wire import BrokerSettings

NODES: Final = 3
PATIENCE_S: Final = 240.0
PROBE: Final = "hotline/v1/cluster-probe"

_NODE: Final = """\
server_name: node{number}
cluster {{ name: hotline, host: 127.0.0.1, port: {port}, routes: [{routes}] }}
"""


class Cluster:
    """Nodes 0 to 2, each of which can be killed and started again on its port with what it kept."""

    def __init__(self, data: Path) -> None:
        ports = _free_ports(NODES)
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
        self.nodes: Final = [
            EmbeddedBroker("nats", data / f"node{number}", extra=_NODE.format(number=number, port=port, routes=routes))
            for number, port in enumerate(ports)
        ]

    def __enter__(self) -> Self:
        for node in self.nodes:
            node.start()
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()

    @property
    def url(self) -> str:
        """All nodes as one address."""
        return self.addresses(0)

    @property
    def settings(self) -> BrokerSettings:
        """All nodes, as a client is given them."""
        return BrokerSettings.from_url(self.url)

    def addresses(self, first: int) -> str:
        """All nodes, beginning with this one."""
        return ",".join(self.nodes[(first + step) % NODES].url for step in range(NODES))

    async def ready(self) -> None:
        """Wait until every node takes a client and keeps what is retained."""
        async with asyncio.timeout(PATIENCE_S):
            for node in self.nodes:
                while not await _serves(node.settings):
                    pass


async def _serves(node: BrokerSettings) -> bool:
    with contextlib.suppress(NoBrokerError, aiomqtt.MqttError):
        async with connected(node) as client:
            await client.publish(PROBE, f"{node.port}", qos=1, retain=True)
            return PROBE in await retained(client, PROBE, wanted={PROBE})
    return False


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
