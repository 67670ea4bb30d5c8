"""The live shell over real brokers: nothing lost, nothing doubled, whatever is killed."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, Generic, TypeVar

import aiomqtt
import pytest

from hotline_protocol.line import Busy, LineCheck, LineChecked, Ring
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Health, Presence, Resend, Stop, Unreadable
from hotline_protocol.topics import CONTROL, HEALTH, LINE, address_of, decode, encode
from hotline_services.runtime.actor import BUG, DONE, LiveActor
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.patience import Patience
from hotline_services.runtime.store import StoreBlockedError
from hotline_services.runtime.wire import Refused

from . import toys
from .toys import PATIENCE_S, POISON, SNAPSHOT_EVERY, START, Tally, Teller, Toy, service

C = TypeVar("C", bound=Toy)
checks = count(1)
Pair = tuple[str, str]


WaitFor = Callable[[Callable[[Any], bool]], Awaitable[Any]]
"""Waits for the first message that a predicate accepts. The caller knows the type of that message."""


class Run(Generic[C]):
    """One toy being run by the live shell in this process."""

    def __init__(
        self,
        broker: EmbeddedBroker,
        folder: Path,
        name: str,
        peer: str,
        make: Callable[[str], C],
        *,
        sets_clock: bool = True,
    ) -> None:
        self.cores: list[C] = []

        def core(epoch: str) -> C:
            self.cores.append(make(epoch))
            return self.cores[-1]

        journal = Journal(folder / f"{name}.journal", name, snapshot_every=SNAPSHOT_EVERY)
        self.actor = LiveActor(service(name, peer, core, sets_clock=sets_clock), journal, broker.settings)
        self.task = asyncio.create_task(self.actor.run())

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await self.task


@contextlib.asynccontextmanager
async def teller(
    broker: EmbeddedBroker, folder: Path, pair: Pair, amount: int = 0, every: timedelta = timedelta()
) -> AsyncIterator[Teller]:
    run = Run(broker, folder, *pair, lambda epoch: Teller(*pair, epoch, amount, every))
    try:
        yield run.cores[0]
    finally:
        run.actor.stop()
        assert await run.ended() == DONE


@contextlib.asynccontextmanager
async def tally(broker: EmbeddedBroker, folder: Path, pair: Pair) -> AsyncIterator[Tally]:
    peer, name = pair
    run = Run(broker, folder, name, peer, lambda epoch: Tally(name, peer, epoch))
    try:
        yield run.cores[0]
    finally:
        run.actor.stop()
        assert await run.ended() == DONE


def tally_process(
    broker: EmbeddedBroker, folder: Path, pair: Pair, address: str | None = None
) -> "subprocess.Popen[bytes]":
    peer, name = pair
    return subprocess.Popen([sys.executable, toys.__file__, name, peer, address or broker.url, str(folder)])


@contextlib.asynccontextmanager
async def client(broker: EmbeddedBroker, *filters: str) -> AsyncIterator[tuple[aiomqtt.Client, WaitFor]]:
    """Any MQTT client, and a way to wait for a message that it gets."""
    async with aiomqtt.Client("127.0.0.1", broker.port) as connected:
        for one in filters:
            await connected.subscribe(one, qos=1)

        async def wait_for(wanted: Callable[[Any], bool]) -> Any:
            async with asyncio.timeout(PATIENCE_S):
                async for arrived in connected.messages:
                    message = decode(str(arrived.topic), bytes(arrived.payload))
                    if wanted(message):
                        return message
            raise AssertionError("the broker went away")

        yield connected, wait_for


async def say(broker: EmbeddedBroker, message: Message) -> None:
    async with client(broker) as (connected, _):
        await connected.publish(address_of(message), encode(message), qos=1)


async def rings_known(broker: EmbeddedBroker, pair: Pair) -> tuple[int, str]:
    """How many rings the tally of this pair knows, and the digest of their numbers in order."""
    peer, name = pair
    check = Author(peer, f"check{next(checks)}").say(
        LineCheck, START, to=name, call_id="check", agreement="0" * 16, heads={}
    )
    async with client(broker, LINE.filter(source=name, to=peer)) as (connected, wait_for):
        await connected.publish(address_of(check), encode(check), qos=1)
        told = await wait_for(lambda message: isinstance(message, LineChecked))
    return told.heard_seq, told.agreement


async def up(broker: EmbeddedBroker, name: str) -> None:
    """Wait until this service hears what is said: what is said before that comes again later, out of order."""
    async with client(broker, HEALTH.filter(source=name)) as (_, wait_for):
        await wait_for(lambda message: isinstance(message, Health) and message.presence is Presence.UP)


def numbers(amount: int) -> list[int]:
    return list(range(1, amount + 1))


async def test_a_request_is_answered(broker: EmbeddedBroker, tmp_path: Path, pair: Pair) -> None:
    async with teller(broker, tmp_path, pair, 1) as asks, tally(broker, tmp_path, pair):
        await asks.until(lambda: asks.answers == [1])


async def test_a_stream_arrives_once_and_in_order(broker: EmbeddedBroker, tmp_path: Path, pair: Pair) -> None:
    async with tally(broker, tmp_path, pair):
        await up(broker, pair[1])
        async with teller(broker, tmp_path, pair, 500) as asks:
            await asks.until(lambda: len(asks.answers) >= 500)
            assert asks.answers == numbers(500)


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_broker_restarted_in_mid_stream_loses_doubles_and_reorders_nothing(
    own_broker: EmbeddedBroker, tmp_path: Path, pair: Pair, how: str
) -> None:
    pace = timedelta(milliseconds=5)
    async with tally(own_broker, tmp_path, pair) as hears:
        await up(own_broker, pair[1])
        async with teller(own_broker, tmp_path, pair, 300, pace) as asks:
            await asks.until(lambda: len(asks.answers) >= 100)
            getattr(own_broker, how)()
            own_broker.start()
            await asks.until(lambda: len(asks.answers) >= 300)
            assert sorted(asks.answers) == numbers(300)
            assert [int(ring.call_id) for ring in hears.heard if isinstance(ring, Ring)] == numbers(300)


async def test_a_service_killed_in_mid_stream_comes_back_with_the_same_state(
    broker: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    async with teller(broker, tmp_path, pair, 300, timedelta(milliseconds=2)) as asks:
        process = tally_process(broker, tmp_path, pair)
        await asks.until(lambda: len(asks.answers) >= 100)
        process.kill()
        process.wait()
        process = tally_process(broker, tmp_path, pair)
        try:
            await asks.until(lambda: len(asks.answers) >= 300)
            assert sorted(asks.answers) == numbers(300)
            known = await rings_known(broker, pair)
        finally:
            process.terminate()
            assert process.wait(PATIENCE_S) == DONE
    async with tally(broker, tmp_path, pair):
        assert await rings_known(broker, pair) == known
    assert known[0] == 300


async def test_poison_is_set_aside_after_three_deaths_and_the_rest_goes_on(
    broker: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    peer, name = pair
    async with teller(broker, tmp_path, pair) as asks:
        poison, wholesome = asks.ring(POISON, START), asks.ring("1", START)
        for death in range(3):
            run = Run(broker, tmp_path, name, peer, lambda epoch: Tally(name, peer, epoch))
            if death == 0:  # afterwards it comes again by itself
                await asks.until(lambda: asks.heard_of(Health) != [])
                await say(broker, poison)
            assert await run.ended() == BUG
        async with tally(broker, tmp_path, pair) as hears:
            await say(broker, wholesome)
            await asks.until(lambda: asks.answers == [1] and asks.heard_of(Busy) != [])
            letter = hears.heard_of(Unreadable)[0]
            assert isinstance(letter, Unreadable)
            assert (letter.code, letter.cause) == ("dead-letter", poison.id)


async def test_a_publish_that_the_acl_forbids_is_an_error_that_others_can_see(
    mosquitto: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    async with teller(mosquitto, tmp_path, pair, 1), client(mosquitto, HEALTH.filter(source=pair[0])) as (_, wait_for):
        await wait_for(lambda message: isinstance(message, Health) and "refused" in message.note)


class Full(Journal):
    """One whose disk is full from some time on."""

    is_full = False

    def commit(self, *given: Any) -> None:
        if self.is_full:
            raise StoreBlockedError("the disk is full", "is full", passes=False)
        super().commit(*given)


@pytest.mark.parametrize("commit_s", [0.0, 1.0], ids=["as it is read", "in a thread"])
async def test_a_full_disk_is_a_failure_wherever_it_is_met(
    broker: EmbeddedBroker, tmp_path: Path, pair: Pair, commit_s: float
) -> None:
    peer, name = pair
    store, patience = Full(tmp_path / "full.journal", name), Patience()
    toy = service(name, peer, lambda epoch: Tally(name, peer, epoch))
    actor = LiveActor(toy, store, broker.settings, patience)
    task = asyncio.create_task(actor.run())
    await up(broker, name)
    store.is_full, actor._writer._commit_s = True, commit_s
    await say(broker, Teller(peer, name, "full", 0).ring("1", START))
    with pytest.raises(StoreBlockedError):
        async with asyncio.timeout(PATIENCE_S):
            await task
    assert not patience.is_stopped


async def test_a_broker_that_refuses_us_is_named_with_what_to_check(tmp_path: Path, pair: Pair) -> None:
    with EmbeddedBroker("mosquitto", tmp_path / "broker", extra="allow_anonymous false") as strict:
        run = Run(strict, tmp_path, *pair, lambda epoch: Teller(*pair, epoch, 0))
        with pytest.raises(Refused, match=r"refused hotline-.* as anonymous: Not authorized. Check user, password"):
            await run.ended()


async def test_a_broker_that_is_not_there_at_the_start_is_waited_for(
    own_broker: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    own_broker.stop()
    async with teller(own_broker, tmp_path, pair, 1) as asks, tally(own_broker, tmp_path, pair):
        await asks.until(lambda: asks.next_deadline is None)  # it works already, and keeps what it says
        own_broker.start()
        await asks.until(lambda: asks.answers == [1])


async def test_a_service_told_to_stop_says_that_it_is_gone(broker: EmbeddedBroker, tmp_path: Path, pair: Pair) -> None:
    name, peer = pair
    run = Run(broker, tmp_path, name, peer, lambda epoch: Teller(name, peer, epoch, 0))
    async with client(broker, HEALTH.filter(source=name)) as (_, wait_for):
        await wait_for(lambda message: isinstance(message, Health) and message.presence is Presence.UP)
        await say(broker, Author("control").say(Stop, START, to=name))
        assert await run.ended() == DONE
        gone = await wait_for(lambda message: isinstance(message, Health) and message.presence is Presence.DOWN)
    assert isinstance(gone, Health)
    assert gone.note == "stopped"


async def test_rubbish_is_told_to_the_core_and_disturbs_nothing(
    broker: EmbeddedBroker, tmp_path: Path, pair: Pair
) -> None:
    peer, name = pair
    async with tally(broker, tmp_path, pair) as hears, teller(broker, tmp_path, pair, 1) as asks:
        await asks.until(lambda: asks.answers == [1])
        async with client(broker) as (connected, _):
            for topic in (f"hotline/v1/line/{peer}/{name}", CONTROL.filter(source=peer, to=name)):
                await connected.publish(topic, b'\xff\x00{"type":', qos=1)
        await hears.until(lambda: len(hears.heard_of(Unreadable)) == 2)
        assert (await rings_known(broker, pair))[0] == 1


async def test_what_was_said_is_said_again_on_request(broker: EmbeddedBroker, tmp_path: Path, pair: Pair) -> None:
    name, peer = pair
    async with teller(broker, tmp_path, pair, 5) as asks, tally(broker, tmp_path, pair):
        await asks.until(lambda: len(asks.answers) == 5)
        ask = Resend(
            id="ask", source="test", seq=0, time=START, to=name, wanted_epoch=asks.author.epoch, first_seq=2, last_seq=3
        )
        async with client(broker, LINE.filter(source=name, to=peer)) as (connected, wait_for):
            await connected.publish(address_of(ask), encode(ask), qos=1)
            assert [(await wait_for(lambda _: True)).seq for _ in range(2)] == [2, 3]
