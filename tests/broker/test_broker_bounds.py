"""What one client can make an embedded broker hold, and that the others are served then as before."""

from pathlib import Path

import aiomqtt
import psutil

from hotline_services.runtime.broker import EmbeddedBroker

from .conftest import need

MOST = 450 * 1024 * 1024
LARGE = b"x" * 4_000_000


async def fill(broker: EmbeddedBroker) -> int:
    """How many retained messages of 4 MB the broker takes until it hangs up; 200 would be 800 MB."""
    taken = 0
    try:
        async with aiomqtt.Client("127.0.0.1", broker.port) as greedy:
            for number in range(200):
                await greedy.publish(f"hotline/v1/status/us/plan-{number}", LARGE, qos=1, retain=True, timeout=90)
                taken += 1
    except aiomqtt.MqttError:
        pass
    return taken


async def test_retained_messages_of_one_client_take_no_more_than_the_limit(tmp_path: Path) -> None:
    need("mosquitto")
    with EmbeddedBroker("mosquitto", tmp_path / "broker") as broker:
        assert 50 < await fill(broker) < 150
        (process,) = (
            each for each in psutil.Process().children() if str(tmp_path / "broker" / "broker.conf") in each.cmdline()
        )
        assert process.memory_info().rss < MOST
        async with aiomqtt.Client("127.0.0.1", broker.port) as other:
            await other.subscribe("hotline/v1/inject/us", qos=1)
            await other.publish("hotline/v1/inject/us", b"a plan", qos=1)
            assert (await anext(other.messages)).payload == b"a plan"
