"""When a service that has a past goes by what it has heard: not before the broker has told what it holds."""

import asyncio
from collections.abc import Callable

import pytest

from hotline_protocol.service import WAITS, Presence
from hotline_services.runtime import beginning
from hotline_services.runtime.beginning import Beginning
from hotline_services.runtime.wills import LOST

from .test_skew import CLOCK, THEN, Told, sign


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "LISTEN_S", 0.0)


async def _turns() -> None:
    """All that is due now is done."""
    for _ in range(5):
        await asyncio.sleep(0)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(90):
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


async def test_a_director_without_a_past_begins_when_each_party_has_given_a_sign_of_life() -> None:
    told = Told("director", latest=None)
    begins = Beginning(told.timing, {"us", "ru"})
    begins.recovered(has_past=False)
    begins.connected()
    begins.came_back()
    begins.heard(sign("us", THEN))
    begins.heard(sign("ru", THEN, presence=Presence.DOWN, note=LOST))
    begins.heard(sign("tr", THEN))
    await _turns()
    assert told.timing.clock is None
    begins.heard(sign("ru", THEN, presence=Presence.DOWN, note=f"{WAITS}: none"))
    assert told.timing.clock is not None


async def test_a_director_begins_without_those_who_do_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "PATIENCE_S", 0.0)
    told = Told("director", latest=None)
    begins = Beginning(told.timing, {"ru"})
    begins.recovered(has_past=False)
    await _turns()
    assert told.timing.clock is None  # nobody can be there before we are connected
    begins.connected()
    await until(lambda: told.timing.clock is not None)


async def test_a_director_that_comes_back_waits_for_nobody() -> None:
    told = Told("director")
    begins = Beginning(told.timing, {"ru"})
    begins.recovered(has_past=True)
    begins.connected()
    begins.came_back()
    await until(lambda: told.timing.clock is not None)
