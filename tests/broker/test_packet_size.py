"""The size of a packet is reckoned as the broker reckons it."""

import asyncio
from pathlib import Path

import pytest

from hotline_services.delivery.tracing import Headers
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.packets import packet_size
from hotline_services.runtime.wire import Publish, PublishRefused, PublishTooLarge

from .conftest import need
from .test_cluster_addresses import connection
from .toys import PATIENCE_S

TOPIC = "hotline/v1/line/us/ru"


@pytest.mark.parametrize("limit", [130, 1_500, 16_388])
async def test_a_packet_of_just_the_limit_is_taken_without_its_trace_and_one_byte_more_is_not_sent(
    tmp_path: Path, limit: int
) -> None:
    need("mosquitto")
    told: asyncio.Queue[PublishRefused | None] = asyncio.Queue()
    trace = Headers("00-" + "a" * 52)
    most = max(n for n in range(limit - 50, limit) if packet_size(Publish(TOPIC, b"x" * n), None) <= limit)
    with EmbeddedBroker("mosquitto", tmp_path / "broker", extra=f"max_packet_size {limit}") as broker:
        async with connection(broker.url) as (live, ups):
            await ups.until(1)
            async with asyncio.timeout(PATIENCE_S):
                live.publish(TOPIC, b"x" * most, told.put_nowait, headers=trace)
                assert await told.get() is None
                live.publish(TOPIC, b"x" * (most + 1), told.put_nowait, headers=trace)
                assert isinstance(await told.get(), PublishTooLarge)
            assert ups.count == 1
