"""`hotline health`: whether a service is there, as a container's health check asks it.

It runs every few seconds beside each service, hence also as `python -m hotline_services.cli.health`, which
imports little.
"""

import asyncio
import contextlib
import os
import sys
from datetime import UTC, datetime
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import aiomqtt

from hotline_protocol.message import Message
from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.topics import CLOCK, HEALTH, MalformedMessageError, decode
from hotline_services.runtime.clock import ScaledClock

STALE_S: Final = 30.0
TIMEOUT_S: Final = 4.0
QUIET_S: Final = 0.5  # retained messages come at once: after so long without one there is none


def health(service: str | None = None, *, broker: str | None = None) -> None:
    """Exit with 0 when a service says that it is up, and has said so in the last 30 seconds.

    Parameters
    ----------
    service
        The service's name, as in its topics; by default the user's name in the broker's address.
    broker
        mqtt://user:password@host:port; by default HOTLINE_BROKER of the environment.
    """
    address = urlsplit(broker or os.environ.get("HOTLINE_BROKER") or "mqtt://127.0.0.1:1883")
    name = service or address.username
    if not name:
        sys.exit("unhealthy: name the service: there is no user's name in the broker's address")
    try:
        said, clock = asyncio.run(_ask(address, name))
        complaint = ailment(said, clock, datetime.now(UTC))
    except TimeoutError:
        complaint = f"no answer from the broker in {TIMEOUT_S:g} s"
    except (aiomqtt.MqttError, MalformedMessageError) as error:
        complaint = str(error)
    if complaint:
        sys.exit(f"unhealthy: {complaint}")


def ailment(said: Health | None, clock: Clock | None, now: datetime) -> str | None:
    """What is wrong with a service that last said this, or None; ``now`` is the wall clock's time."""
    if said is None:
        return "it has not been heard of"
    if said.presence is Presence.DOWN:
        return f"it is down: {said.note}" if said.note else "it is down"
    age_s = (now - said.time).total_seconds()
    if clock is not None:  # then what it said bears simulated time
        scaled = ScaledClock(clock, lambda: now)
        age_s = (scaled.now() - said.time).total_seconds() / scaled.speed
    return f"last heard of {age_s:.0f} s ago" if age_s > STALE_S else None


async def _ask(address: SplitResult, name: str) -> tuple[Health | None, Clock | None]:
    """What is retained of this service's health and of the clock. Raises what `health` catches."""
    found: dict[str, Message] = {}
    async with asyncio.timeout(TIMEOUT_S), _client(address) as client:
        await client.subscribe([(HEALTH.filter(source=name), 1), (CLOCK.template, 1)])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_S):
                async for message in client.messages:
                    found[str(message.topic)] = decode(str(message.topic), bytes(message.payload))
                    if len(found) == 2:
                        break
    said, clock = found.get(HEALTH.filter(source=name)), found.get(CLOCK.template)
    return said if isinstance(said, Health) else None, clock if isinstance(clock, Clock) else None


def _client(address: SplitResult) -> aiomqtt.Client:
    return aiomqtt.Client(
        address.hostname or "127.0.0.1",
        address.port or 1883,
        username=unquote(address.username or "") or None,
        password=unquote(address.password or "") or None,
        tls_params=aiomqtt.TLSParameters() if address.scheme == "mqtts" else None,
    )


if __name__ == "__main__":
    health()
