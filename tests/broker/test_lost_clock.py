"""The clock, and health, that were emptied, overwritten, forged or forgotten; and machines whose clocks differ."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from hotline_protocol.message import Message
from hotline_protocol.service import WAITS, Clock, Health, Presence
from hotline_protocol.topics import CLOCK, HEALTH, MalformedMessageError, decode, encode
from hotline_services.pacing.scaled_clock import RealTime
from hotline_services.runtime import beginning
from hotline_services.runtime.actor import DONE, LiveActor
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.clock import wall_clock
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.service import Service
from hotline_services.runtime.timing import Timing

from .toys import PATIENCE_S, START, Toy, service

SPEED = 60.0
HOUR = timedelta(hours=1)


class Listener:
    """Hears the retained topics as they change, and says what nobody should."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def until(self, kind: type[Message], source: str, **fields: object) -> Message:
        """The next message like this that is said, or is kept by the broker."""
        async with asyncio.timeout(PATIENCE_S):
            async for arrived in self._client.messages:
                with contextlib.suppress(MalformedMessageError):
                    message = decode(str(arrived.topic), bytes(arrived.payload))
                    wanted = {"source": source, **fields}
                    if isinstance(message, kind) and all(getattr(message, name) == wanted[name] for name in wanted):
                        return message
        raise AssertionError("the broker went away")

    async def put(self, topic: str, payload: bytes) -> None:
        await self._client.publish(topic, payload, qos=1, retain=True)

    async def say(self, topic: str, payload: bytes) -> None:
        await self._client.publish(topic, payload, qos=1)


@contextlib.asynccontextmanager
async def listening(broker: EmbeddedBroker) -> AsyncIterator[Listener]:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe(CLOCK.template, qos=1)
        await client.subscribe(HEALTH.filter(), qos=1)
        yield Listener(client)


@contextlib.asynccontextmanager
async def running(
    broker: EmbeddedBroker,
    folder: Path,
    name: str,
    *,
    sets_clock: bool = False,
    real_now: RealTime | None = None,
    awaits: frozenset[str] = frozenset(),
) -> AsyncIterator[LiveActor]:
    """A service that only lives; one that sets the clock begins at START."""
    made: Service = service(name, "nobody", lambda epoch: Toy(name, "nobody", epoch), sets_clock=False)
    if sets_clock:
        setting = Clock(
            id="c", source=name, seq=0, time=START, simulated_start=START, real_start=wall_clock(), speed=SPEED
        )
        made = msgspec.structs.replace(made, sets_clock=setting, awaits=awaits)
    actor = LiveActor(made, Journal(folder / f"{name}.journal", name), broker.settings, real_now=real_now)
    task = asyncio.create_task(actor.run())
    try:
        yield actor
    finally:
        actor.stop()
        async with asyncio.timeout(PATIENCE_S):
            assert await task == DONE


def shifted(by: timedelta) -> RealTime:
    return lambda: wall_clock() + by


@pytest.mark.parametrize("payload", [b"", b'{"garbage":1}', b"\xff"])
async def test_a_clock_that_was_lost_is_said_again_at_once(
    own_broker: EmbeddedBroker, tmp_path: Path, payload: bytes
) -> None:
    async with listening(own_broker) as listener, running(own_broker, tmp_path, "director", sets_clock=True):
        first = await listener.until(Clock, "director")
        await listener.put(CLOCK.template, payload)
        assert await listener.until(Clock, "director") == first
        async with running(own_broker, tmp_path, "us"):
            await listener.until(Health, "us", presence=Presence.UP)


async def test_a_clock_of_somebody_else_is_replaced_and_takes_nobody_to_another_time(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with (
        listening(own_broker) as listener,
        running(own_broker, tmp_path, "director", sets_clock=True),
        running(own_broker, tmp_path, "us") as us,
    ):
        first = await listener.until(Clock, "director")
        assert isinstance(first, Clock)
        await listener.until(Health, "us", presence=Presence.UP)
        us._past.latest = us._timing.now()  # it has lived
        for source in ("ru", "director"):
            late = first.simulated_start.replace(year=2150)
            forged = msgspec.structs.replace(first, id="forged", source=source, simulated_start=late)
            await listener.put(CLOCK.template, encode(forged))
            assert await listener.until(Clock, "director", id=first.id) == first
        assert us._timing.now() < START + timedelta(days=1)
        assert "refused" in us._timing.trouble


async def test_time_begins_when_all_are_there_who_are_to_be(
    own_broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "PATIENCE_S", 10 * PATIENCE_S)
    async with (
        listening(own_broker) as listener,
        running(own_broker, tmp_path, "director", sets_clock=True, awaits=frozenset({"us", "ru"})) as director,
        running(own_broker, tmp_path, "us"),
    ):
        waiting = await listener.until(Health, "us", presence=Presence.DOWN)
        assert isinstance(waiting, Health)
        assert waiting.note.startswith(WAITS)
        assert director._timing.clock is None
        before = wall_clock()
        async with running(own_broker, tmp_path, "ru"):
            clock = await listener.until(Clock, "director")
            assert isinstance(clock, Clock)
            assert clock.simulated_start == START
            assert clock.real_start >= before
            await listener.until(Health, "ru", presence=Presence.UP)


async def test_for_somebody_who_does_not_come_time_does_not_wait_for_ever(
    own_broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "PATIENCE_S", 0.1)
    async with (
        listening(own_broker) as listener,
        running(own_broker, tmp_path, "director", sets_clock=True, awaits=frozenset({"ru"})),
    ):
        await listener.until(Clock, "director")


@pytest.mark.parametrize("payload", [b"", b'{"garbage":1}'])
async def test_a_service_says_its_own_health_again_when_it_was_lost(
    own_broker: EmbeddedBroker, tmp_path: Path, payload: bytes
) -> None:
    async with listening(own_broker) as listener, running(own_broker, tmp_path, "director", sets_clock=True):
        await listener.until(Health, "director", presence=Presence.UP)
        await listener.put(HEALTH.filter(source="director"), payload)
        await listener.until(Health, "director", presence=Presence.UP)


async def test_a_service_that_waits_for_the_clock_says_so_and_works_once_there_is_one(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with listening(own_broker) as listener, running(own_broker, tmp_path, "us"):
        waiting = await listener.until(Health, "us", presence=Presence.DOWN)
        assert isinstance(waiting, Health)
        assert waiting.note.startswith(WAITS)
        async with running(own_broker, tmp_path, "director", sets_clock=True):
            await listener.until(Health, "us", presence=Presence.UP)


@pytest.mark.parametrize("by", [timedelta(seconds=5), timedelta(seconds=-5), timedelta(seconds=-25)])
async def test_a_machine_whose_clock_is_wrong_has_the_time_of_the_others_and_says_so(
    own_broker: EmbeddedBroker, tmp_path: Path, by: timedelta
) -> None:
    async with (
        listening(own_broker) as listener,
        running(own_broker, tmp_path, "director", sets_clock=True) as director,
        running(own_broker, tmp_path, "us", real_now=shifted(by)) as us,
    ):
        told = await listener.until(Health, "us", presence=Presence.UP)
        assert isinstance(told, Health)
        assert told.skew_ms == pytest.approx(by / timedelta(milliseconds=1), abs=2_500)
        assert "is made up for" in told.note
        assert abs(us._timing.now() - director._timing.now()) < SPEED * timedelta(seconds=2.5)


@pytest.mark.parametrize("by", [HOUR, -HOUR])
async def test_a_machine_whose_clock_is_far_off_is_not_taken_in_and_says_why(
    own_broker: EmbeddedBroker, tmp_path: Path, by: timedelta
) -> None:
    async with (
        listening(own_broker) as listener,
        running(own_broker, tmp_path, "director", sets_clock=True),
        running(own_broker, tmp_path, "us", real_now=shifted(by)) as us,
    ):
        await listener.until(Health, "director", presence=Presence.UP)
        async with asyncio.timeout(PATIENCE_S):
            while "at most 30 s" not in us._timing.waiting_note():
                await listener.until(Health, "director")
        assert us._timing.clock is None


async def test_a_director_that_comes_back_never_tells_a_time_before_one_that_it_has_told(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    told: list[datetime] = []
    async with listening(own_broker) as listener:
        for _ in range(3):
            async with running(own_broker, tmp_path, "director", sets_clock=True) as director:
                told.append((await listener.until(Health, "director", presence=Presence.UP)).time)
                director._signs.say(Presence.UP)  # as every ten seconds
                told.append((await listener.until(Health, "director", presence=Presence.UP)).time)
            await listener.put(CLOCK.template, b"")
            await listener.put(HEALTH.filter(source="director"), b"")
    assert told == sorted(told)
    assert told[-1] > told[0]


async def test_a_broker_that_forgets_everything_is_told_the_clock_again(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with running(own_broker, tmp_path, "director", sets_clock=True):
        async with listening(own_broker) as listener:
            first = await listener.until(Clock, "director")
        own_broker.kill()
        own_broker.start()
        async with listening(own_broker) as listener:
            assert await listener.until(Clock, "director") == first
            await listener.until(Health, "director", presence=Presence.UP)


async def test_a_sign_of_life_that_waited_in_a_queue_makes_nobody_refuse_the_clock(
    own_broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []
    monkeypatch.setattr(Timing, "_refuse", lambda _, why: refused.append(why))
    async with (
        listening(own_broker) as listener,
        running(own_broker, tmp_path, "director", sets_clock=True) as director,
    ):
        async with running(own_broker, tmp_path, "us"):
            await listener.until(Health, "us", presence=Presence.UP)
        director._timing.say_again()  # as after a restart of the broker: so the clock waits in the queue, too
        await listener.until(Clock, "director")
        late = director._pulse.health(Presence.UP, START, sent=wall_clock() - timedelta(seconds=31))
        await listener.say(HEALTH.filter(source="director"), encode(late))
        async with running(own_broker, tmp_path, "us") as us:
            told = await listener.until(Health, "us", presence=Presence.UP, session=us._pulse.session)
            assert isinstance(told, Health)
            assert told.skew_ms is msgspec.UNSET
        assert refused == []
