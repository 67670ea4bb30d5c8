"""A broker that has lost a service's subscriptions, and tells nobody."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hotline_protocol.service import Health
from hotline_protocol.topics import HEALTH
from hotline_services.runtime import deafness
from hotline_services.runtime.broker import EmbeddedBroker

from .test_live_shell import Pair, Run, client, numbers, tally
from .toys import Teller


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deafness, "DEAF_S", 1.0)
    monkeypatch.setattr(deafness, "QUIET_S", 0.2)


@contextlib.asynccontextmanager
async def running(broker: EmbeddedBroker, folder: Path, pair: Pair) -> AsyncIterator[Run[Teller]]:
    run = Run(broker, folder, *pair, lambda epoch: Teller(*pair, epoch, 3))
    try:
        yield run
    finally:
        run.actor.stop()
        await run.ended()


def unsubscribe(run: Run[Teller]) -> None:
    """The broker forgets all its subscriptions; its session and its connection stay."""
    connection = run.actor._connection
    assert connection._client is not None
    connection._client.unsubscribe(connection._subscriptions)
    connection.flush()


@pytest.mark.either_broker
async def test_a_service_whose_subscriptions_were_lost_connects_again_and_misses_nothing(
    broker: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    async with running(broker, tmp_path, pair) as run, client(broker, HEALTH.filter(source=pair[0])) as (_, wait_for):
        await wait_for(lambda m: isinstance(m, Health))
        unsubscribe(run)
        async with tally(broker, tmp_path, pair):
            await wait_for(lambda m: isinstance(m, Health) and "connected anew" in m.note)
            await run.cores[0].until(lambda: len(run.cores[0].answers) >= 3)
            assert sorted(run.cores[0].answers) == numbers(3)
