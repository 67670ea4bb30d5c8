"""A service that does not come back from an input is ended with its traceback, and comes back without that input."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hotline_protocol.line import Busy
from hotline_protocol.service import Health
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.launch import HANG
from hotline_services.runtime.supervisor import Supervisor

from . import toys
from .test_live_shell import Pair, say, teller, up
from .toys import START

pytestmark = pytest.mark.either_broker
LIMIT_S = "2"


@contextlib.asynccontextmanager
async def supervised(broker: EmbeddedBroker, folder: Path, pair: Pair) -> AsyncIterator[None]:
    """A tally in a process that is restarted when it dies."""
    peer, name = pair
    program = [sys.executable, toys.__file__, name, peer, broker.url, str(folder)]
    supervisor = Supervisor({name: program}, logs=folder, environment={name: {HANG: LIMIT_S}})
    running = asyncio.create_task(supervisor.run())
    try:
        yield
    finally:
        supervisor.stop()
        assert await running == 0


@pytest.mark.parametrize("how", ["spin", "block"])
async def test_an_input_that_hangs_its_reader_is_set_aside_at_once_and_the_rest_goes_on(
    broker: EmbeddedBroker, tmp_path: Path, pair: Pair, how: str
) -> None:
    async with teller(broker, tmp_path, pair) as asks, supervised(broker, tmp_path, pair):
        await up(broker, pair[1])
        await asks.until(lambda: asks.heard_of(Health) != [])
        await say(broker, asks.ring(how, START))
        await say(broker, asks.ring("1", START))
        await asks.until(lambda: asks.answers == [1])
        await asks.until(lambda: [busy.call_id for busy in asks.heard_of(Busy)] == ["dead-letter"])  # type: ignore[attr-defined]
    log = (tmp_path / f"{pair[1]}.log").read_text()
    assert "did-not-come-back" in log
    assert "in hang" in log  # where it was
