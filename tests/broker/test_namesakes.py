"""Two services of one name at one broker: the later one gives up, the earlier one goes on undisturbed and says so."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from hotline_protocol.service import WAITS, Health, Presence
from hotline_protocol.topics import HEALTH, decode
from hotline_services.runtime.actor import DONE
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import connected, subscribe
from hotline_services.runtime.launch import UNUSABLE
from hotline_services.runtime.wire import BrokerSettings

from .conftest import need
from .test_live_shell import Pair, Run, client, tally, tally_process, teller, up
from .toys import PATIENCE_S, Tally


def another(broker: EmbeddedBroker, folder: Path, pair: Pair) -> Run[Tally]:
    """A second tally of the same name, from a folder of its own."""
    peer, name = pair
    (folder / "other").mkdir(exist_ok=True)
    return Run(broker, folder / "other", name, peer, lambda epoch: Tally(name, peer, epoch))


async def test_the_later_one_gives_up_and_the_earlier_one_is_not_disturbed_and_tells(
    own_broker: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    async with tally(own_broker, tmp_path, pair), teller(own_broker, tmp_path, pair, 1) as asks:
        await asks.until(lambda: asks.answers == [1])
        async with client(own_broker, HEALTH.filter(source=pair[1])) as (_, wait_for):
            first = await wait_for(lambda m: isinstance(m, Health))
            with pytest.raises(Exception, match=f"another hotline-{pair[1]} is connected to the broker at mqtt://"):
                await another(own_broker, tmp_path, pair).ended()
            told = await wait_for(lambda m: isinstance(m, Health) and "tried to connect" in m.note)
            assert isinstance(told, Health)
            assert isinstance(first, Health)
            assert (told.presence, told.session) == (Presence.UP, first.session)
        assert [m.presence for m in asks.heard_of(Health) if isinstance(m, Health)] == [Presence.UP]


def clockless(broker: EmbeddedBroker, folder: Path, pair: Pair) -> Run[Tally]:
    """A tally that sets no clock, in a folder of its own."""
    peer, name = pair
    folder.mkdir()
    return Run(broker, folder, name, peer, lambda epoch: Tally(name, peer, epoch), sets_clock=False)


async def test_where_no_clock_has_been_set_the_later_one_gives_up_as_well(
    own_broker: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    name = pair[1]
    async with client(own_broker, HEALTH.filter(source=name)) as (_, wait_for):
        run = clockless(own_broker, tmp_path / "one", pair)
        first = await wait_for(lambda m: isinstance(m, Health) and m.note.startswith(WAITS))
        assert isinstance(first, Health)
        with pytest.raises(Exception, match=f"another hotline-{name} is connected"):
            await clockless(own_broker, tmp_path / "other", pair).ended()
        async with teller(own_broker, tmp_path, pair, 1) as asks:
            await asks.until(lambda: asks.answers == [1])
            told = await wait_for(lambda m: isinstance(m, Health) and "tried to connect" in m.note)
            assert isinstance(told, Health)
            assert (told.presence, told.session) == (Presence.UP, first.session)
        run.actor.stop()
        assert await run.ended() == DONE


async def test_of_two_that_begin_at_once_without_a_clock_exactly_one_stays(
    own_broker: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    runs = [clockless(own_broker, tmp_path / folder, pair) for folder in ("one", "other")]
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.wait([run.task for run in runs], return_when=asyncio.FIRST_COMPLETED)
    (gone,) = (run for run in runs if run.task.done())
    (stays,) = (run for run in runs if run is not gone)
    assert "another hotline-" in str(gone.task.exception())
    async with teller(own_broker, tmp_path, pair, 3) as asks:
        await asks.until(lambda: sorted(asks.answers) == [1, 2, 3])
    stays.actor.stop()
    assert await stays.ended() == DONE


async def test_one_that_was_killed_before_there_was_a_clock_is_let_in_again_at_once(
    own_broker: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    name = pair[1]
    async with client(own_broker, HEALTH.filter(source=name)) as (_, wait_for):
        killed = clockless(own_broker, tmp_path / "one", pair)
        waiting = await wait_for(lambda m: isinstance(m, Health) and m.note.startswith(WAITS))
        killed.actor._connection.drop("as if killed", forget=False)
        killed.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await killed.ended()
        run = clockless(own_broker, tmp_path / "other", pair)
        assert isinstance(waiting, Health)
        again = await wait_for(
            lambda m: isinstance(m, Health) and m.note.startswith(WAITS) and m.session != waiting.session
        )
        assert again
        run.actor.stop()
        assert await run.ended() == DONE


async def test_as_a_process_it_ends_with_the_code_that_nobody_restarts(
    broker: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    async with tally(broker, tmp_path, pair):
        await up(broker, pair[1])
        (tmp_path / "other").mkdir()
        process = tally_process(broker, tmp_path / "other", pair)
        assert await asyncio.to_thread(process.wait, PATIENCE_S) == UNUSABLE


async def test_one_that_was_killed_is_let_in_again_at_once(broker: EmbeddedBroker, tmp_path: Path, pair: Pair) -> None:
    async with teller(broker, tmp_path, pair, 2) as asks:
        for _ in range(3):
            process = tally_process(broker, tmp_path, pair)
            await up(broker, pair[1])
            process.kill()
            process.wait()
        async with asyncio.timeout(PATIENCE_S), tally(broker, tmp_path, pair):
            await asks.until(lambda: sorted(asks.answers) == [1, 2])


async def test_of_two_that_begin_at_once_exactly_one_stays(
    own_broker: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    peer, name = pair
    first = Run(own_broker, tmp_path, name, peer, lambda epoch: Tally(name, peer, epoch))
    second = another(own_broker, tmp_path, pair)
    async with asyncio.timeout(PATIENCE_S):
        done, left = await asyncio.wait([first.task, second.task], return_when=asyncio.FIRST_COMPLETED)
    (gone,), (stays,) = done, left
    assert "another hotline-" in str(gone.exception())
    async with teller(own_broker, tmp_path, pair, 3) as asks:
        await asks.until(lambda: sorted(asks.answers) == [1, 2, 3])
    run = first if stays is first.task else second
    run.actor.stop()
    assert await run.ended() == DONE


@pytest.mark.parametrize("killed", [False, True])
async def test_where_the_user_is_the_client_id_the_later_one_finds_the_earlier_one_too(
    tmp_path: Path, pair: Pair, killed: bool
) -> None:
    need("mosquitto")
    name = pair[1]
    with EmbeddedBroker("mosquitto", tmp_path / "broker", extra="use_username_as_clientid true") as broker:
        of_us = broker.url.replace("mqtt://", f"mqtt://{name}@")
        async with connected(BrokerSettings(port=broker.port, username="observer")) as observer:
            await subscribe(observer, HEALTH.filter(source=name))

            async def wait_for(wanted: Callable[[Health], bool]) -> Health:
                async with asyncio.timeout(PATIENCE_S):
                    while True:
                        heard = await anext(observer.messages)
                        message = decode(str(heard.topic), bytes(heard.payload))
                        if isinstance(message, Health) and wanted(message):
                            return message

            process = tally_process(broker, tmp_path, pair, of_us)
            first = await wait_for(lambda m: m.presence is Presence.UP)
            if killed:
                process.kill()
                process.wait()
            (tmp_path / "other").mkdir()
            other = tally_process(broker, tmp_path / "other", pair, of_us)
            if killed:
                await wait_for(lambda m: m.session != first.session)
            else:
                assert await asyncio.to_thread(other.wait, PATIENCE_S) == UNUSABLE
                await wait_for(lambda m: m.session == first.session and "tried to connect" in m.note)
            left = other if killed else process
            left.terminate()
            assert await asyncio.to_thread(left.wait, PATIENCE_S) == DONE
