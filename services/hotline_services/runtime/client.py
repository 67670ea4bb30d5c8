"""A plain client at the broker, for commands and the page: one sentence when it cannot be reached."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from .wire import BrokerSettings

CONNECT_TIMEOUT_S: Final = 5.0


class NoBrokerError(Exception):
    """The broker cannot be reached, refuses us, or has gone away; the message is a sentence for the user."""


def client(settings: BrokerSettings) -> aiomqtt.Client:
    """A client that is not connected yet. Made inside a running event loop."""
    tls = aiomqtt.TLSParameters(ca_certs=str(settings.ca_file) if settings.ca_file else None)
    return aiomqtt.Client(
        settings.host,
        settings.port,
        username=settings.username,
        password=settings.password,
        tls_params=tls if settings.tls else None,
        timeout=CONNECT_TIMEOUT_S,
        # Without it every acknowledged publish waits some 40 ms for a delayed TCP acknowledgement.
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    )


@asynccontextmanager
async def connected(settings: BrokerSettings) -> AsyncIterator[aiomqtt.Client]:
    """A client that is connected. Raises NoBrokerError, then and whenever the connection is lost."""
    there = False
    try:
        async with client(settings) as connection:
            there = True
            yield connection
    except aiomqtt.MqttError as error:
        what = "lost the connection to the broker" if there else "no connection to the broker"
        raise NoBrokerError(f"{what} at {settings}: {error}") from error


async def subscribe(connection: aiomqtt.Client, *filters: str) -> None:
    """Hear these topics from now on. Raises NoBrokerError when the broker will not let us."""
    granted: list[int | ReasonCode] = [*await connection.subscribe([(name, 1) for name in filters])]
    for name, code in zip(filters, granted, strict=True):
        if (code.value if isinstance(code, ReasonCode) else code) >= 0x80:
            raise NoBrokerError(f"the broker does not let this user hear {name}")
