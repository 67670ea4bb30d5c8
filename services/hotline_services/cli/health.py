"""`hotline health`: whether a service is there, as a container's health check asks it.

It runs every few seconds beside each service, hence also as `python -m hotline_services.cli.health SERVICE`, which
imports little.
"""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Final

from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.topics import CLOCK, HEALTH, MalformedMessageError, decode
from hotline_services.pacing.bounds import STALE_S
from hotline_services.pacing.scaled_clock import ScaledClock
from hotline_services.runtime.client import NoBrokerError, connected, retained
from hotline_services.runtime.tls import trouble_with
from hotline_services.runtime.wire import BrokerSettings

from .connection import FROM_HERE, Reach, tool_settings
from .runfile import OBSERVER

TIMEOUT_S: Final = 4.0


def health(service: str | None = None, *, broker: str | None = None, reach: Reach = FROM_HERE) -> None:
    """Exit with 0 when a service says that it is up, and has said so in the last 30 seconds; else with 1.

    For example:

    hotline health us --broker mqtt://127.0.0.1:1883

    Parameters
    ----------
    service
        The service's name, as in its topics; by default the user's name in the broker's address.
    broker
        mqtt://user:password@host:port, or the nodes of a cluster with commas between;
        by default HOTLINE_BROKER of the environment, else that of the run in --data.
    """
    try:
        settings = tool_settings(broker, reach, OBSERVER)
        name = service or (settings.username if settings.username != OBSERVER else None)
        if not name:
            raise ValueError("name the service: there is no user's name in the broker's address")
        said, clock = asyncio.run(_ask(settings, name))
        complaint = ailment(said, clock, datetime.now(UTC))
    except TimeoutError:
        complaint = trouble_with(settings.nodes[-1]) or f"no answer from the broker in {TIMEOUT_S:g} s"
    except (ValueError, NoBrokerError, MalformedMessageError) as error:
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
    if isinstance(said.sent, datetime):
        age_s = (now - said.sent).total_seconds()
    elif clock is not None:  # then what it said bears simulated time
        scaled = ScaledClock(clock, lambda: now)
        age_s = (scaled.now() - said.time).total_seconds() / scaled.speed
    return f"last heard of {age_s:.0f} s ago" if age_s > STALE_S else None


async def _ask(settings: BrokerSettings, name: str) -> tuple[Health | None, Clock | None]:
    """What is retained of this service's health and of the clock. Raises what `health` catches."""
    topics = HEALTH.filter(source=name), CLOCK.template
    async with asyncio.timeout(TIMEOUT_S), connected(settings) as connection:
        found = await retained(connection, *topics, wanted=set(topics))
    said, clock = (decode(topic, found[topic]) if topic in found else None for topic in topics)
    return said if isinstance(said, Health) else None, clock if isinstance(clock, Clock) else None


if __name__ == "__main__":
    health(*sys.argv[1:2])
