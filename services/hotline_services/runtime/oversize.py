"""Why a broker closed a tool's connection over a message: for its size, perhaps."""

import asyncio
import contextlib
from typing import Final
from uuid import uuid4

import msgspec

from hotline_protocol.topics import CLOCK

from .mqtt import Connection
from .packets import TooLarge, packet_size
from .wire import GUEST_S, BrokerSettings, Delivery, Publish, Refused

ANSWER_S: Final = 5.0
SMALL: Final = 1_024
"""Bytes that every broker takes, in its packet."""


async def size_trouble(settings: BrokerSettings, topic: str, payload: bytes) -> str:
    """What is wrong with the size of this publish, with the limit where the broker tells one; empty when nothing is.

    It asks the broker by a connection of its own, so ask only when a publish has failed.
    """
    size = packet_size(Publish(topic, payload), None) - 1
    if size <= SMALL:
        return ""
    told = await told_limit(settings)
    return str(TooLarge(size, told)) if told is None or size > told else ""


async def told_limit(settings: BrokerSettings) -> int | None:
    """The largest packet that this broker takes, in bytes, as it tells over MQTT 5; None when it does not."""
    guest = _Guest()
    settings = msgspec.structs.replace(settings, session_s=GUEST_S)
    connection = Connection(settings, f"hotline-size-{uuid4().hex[:8]}", [CLOCK.template], guest)
    running = asyncio.create_task(connection.run())
    asked = asyncio.create_task(guest.up.wait())
    await asyncio.wait([running, asked], timeout=ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    await connection.close()
    with contextlib.suppress(Refused):
        await running
    return connection.packet_limit


class _Guest:
    """A listener that only waits for the connection, with which the broker tells its limit."""

    def __init__(self) -> None:
        self.up = asyncio.Event()

    def will(self) -> None:
        """None: no peer knows of this connection."""

    def on_up(self, *, session_present: bool) -> None:  # noqa: ARG002
        """The limit is known now."""
        self.up.set()

    def on_down(self) -> None:
        """Nothing: one connection is enough."""

    def on_read(self) -> None:
        """Nothing: what arrives is of no interest."""

    def on_message(self, delivery: Delivery) -> None:
        """Ignore the clock."""
