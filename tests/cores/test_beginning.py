"""When a service that has a past goes by what it has heard: not before the broker has told what it holds."""

import asyncio
from collections.abc import Callable

import pytest

from hotline_services.runtime import beginning
from hotline_services.runtime.beginning import Beginning

from .test_skew import CLOCK, THEN, Told, sign


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "LISTEN_S", 0.0)


async def _turns() -> None:
    """All that is due now is done."""
    for _ in range(5):
        await asyncio.sleep(0)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await _turns()


async def test_a_director_that_comes_back_waits_for_the_clock_that_the_broker_holds() -> None:
    told = Told("director")
    begins = Beginning(told.timing)
    begins.recovered(has_past=True)
    begins.connected()
    await _turns()
    assert told.timing.clock is None
    told.hear()
    told.timing.hear_health(sign("us", THEN), retained=False)
    begins.came_back()
    await until(lambda: told.timing.clock is not None)
    assert told.said == [CLOCK]


async def test_a_director_without_a_past_begins_at_once() -> None:
    told = Told("director", latest=None)
    Beginning(told.timing).recovered(has_past=False)
    await until(lambda: told.timing.clock is not None)


@pytest.mark.parametrize("name", ["director", "us"])
async def test_where_nothing_comes_back_nobody_waits_for_ever(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "PATIENCE_S", 0.0)
    told = Told(name, latest=None)
    told.hear()
    begins = Beginning(told.timing)
    begins.recovered(has_past=True)
    begins.connected()
    await until(lambda: told.timing.clock is not None)
