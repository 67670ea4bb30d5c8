"""How fast time may run is measured through the broker as it is set up, and told while services run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from hotline_services.cli.demo import demo
from hotline_services.cli.exits import BAD_INPUT
from hotline_services.director.scenario import read_scenario
from hotline_services.runtime.broker import EmbeddedBroker, available
from hotline_services.runtime.speed import TooFastError, check_speed, measured_delay
from hotline_services.runtime.wire import BrokerSettings

from .conftest import need

SLOW_S = 0.2
MOST = 30  # times real time: a tenth of the deadline of 60 s, at a delay of 0.2 s and no more


async def test_the_delay_is_measured_through_a_window_smaller_than_the_number_of_round_trips(tmp_path: Path) -> None:
    need("mosquitto")
    with EmbeddedBroker("mosquitto", tmp_path / "broker", extra="max_inflight_messages 5") as small:
        assert 0 < await measured_delay(small.settings, "director", round_trips=20) < 10


@contextlib.asynccontextmanager
async def slow_way_to(broker: EmbeddedBroker) -> AsyncIterator[BrokerSettings]:
    """A way to the broker on which all that it says is late; nothing is lost or changes its order."""
    loop, served, clients = asyncio.get_running_loop(), asyncio.Semaphore(0), count()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        next(clients)
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", broker.port)
        up = asyncio.create_task(pass_on(reader, to_broker, 0.0))
        down = asyncio.create_task(pass_on(from_broker, writer, SLOW_S))
        await up  # until the client goes
        to_broker.close()
        await down
        writer.close()
        with contextlib.suppress(OSError):
            await asyncio.gather(to_broker.wait_closed(), writer.wait_closed())
        served.release()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, late_s: float) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65_536):
                loop.call_later(late_s, writer.write, chunk)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield BrokerSettings(port=server.sockets[0].getsockname()[1])
        async with asyncio.timeout(90):
            for _ in range(next(clients)):
                await served.acquire()


async def test_a_slow_broker_is_reported_at_the_start_with_the_speed_that_would_do(tmp_path: Path) -> None:
    if not available():
        pytest.skip("no broker is installed")
    agreement = read_scenario("valley-day").agreement
    with EmbeddedBroker(data=tmp_path / "broker") as broker:
        async with slow_way_to(broker) as slow:
            with pytest.raises(TooFastError, match=r"At 6000x .* deadline of 60 s. At most \d+x would do") as told:
                check_speed(6_000, await measured_delay(slow, "director"), agreement)
    fitting = int(str(told.value).rpartition("At most ")[2].partition("x")[0])
    assert 1 < fitting <= MOST  # less on a busy machine, where the broker is slower still


def test_a_demo_that_is_too_fast_for_its_broker_says_so_before_anything_is_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not available():
        pytest.skip("no broker is installed")
    assert demo("valley-day", speed=100_000.0, data=tmp_path, page=False) == BAD_INPUT
    error = capsys.readouterr().err
    assert "hotline demo: At 100000x a message is" in error
    assert "x would do." in error
    assert list(tmp_path.glob("*.sqlite3")) == []
