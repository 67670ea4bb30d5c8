"""The page and a real broker: what it hears of the stack, what it hands on, and how it does without."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from hotline_protocol.flightplan import FlightKind
from hotline_protocol.hearing import ear
from hotline_protocol.injection import CancelPlan
from hotline_protocol.message import Message
from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.sky import Track, Tracks
from hotline_protocol.topics import HEALTH, INJECT, address_of, encode, topic_of
from hotline_services.records.record import Record
from hotline_services.runtime.broker import KINDS, EmbeddedBroker, find_broker
from hotline_services.runtime.client import NewestOfEach, connected, subscribe
from hotline_services.runtime.wire import BrokerSettings
from hotline_services.web.inbound import Inbound

from .conftest import TOKEN, Served, served
from .day import heard
from .listening import following

WRITER = {"Authorization": f"Bearer {TOKEN}"}
RETRY_S = 0.05
PUBACK = b"\x40"
SPEED = 60.0


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """Ours alone, to be stopped and started."""
    if find_broker(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    with EmbeddedBroker(request.param, tmp_path / "broker") as running:
        yield running


@pytest.fixture
async def server(broker: EmbeddedBroker, record: Record, tmp_path: Path) -> AsyncIterator[Served]:
    record.commit(heard(), [], [])
    await say(broker, clock(), *(born(name) for name in ("us", "ru", "monitor")))
    async with served(record=tmp_path / "monitor.sqlite3", broker=Inbound(broker.settings, RETRY_S)) as server:
        yield server


def clock(speed: float = SPEED) -> Clock:
    now = datetime.now(UTC)
    return Clock(id="clock-1", source="director", seq=0, time=NOON, simulated_start=NOON, real_start=now, speed=speed)


NOON = datetime(2017, 8, 20, 12, tzinfo=UTC)


def born(name: str) -> Health:
    return Health(id=f"{name}-up", source=name, seq=0, time=NOON, presence=Presence.UP, session="1")


async def say(broker: EmbeddedBroker, *messages: Message) -> None:
    async with aiomqtt.Client(broker.settings.host, broker.settings.port) as client:
        for message in messages:
            topic = topic_of(message)
            await client.publish(address_of(message), encode(message), qos=1, retain=topic.retain)


async def told_time(server: Served) -> datetime:
    """The clock as a page hears it; by then the server has heard who is up."""
    async with asyncio.timeout(90), following(server.client) as stream:
        async for event in stream:
            if event.name == "clock":
                assert event.data["speed"] == SPEED
                return datetime.fromisoformat(event.data["simulated"])
    raise AssertionError("the stream ended")


async def heard_of(server: Served, *names: str) -> None:
    async with asyncio.timeout(90):
        while server.state.broker is None or not server.state.broker.names.issuperset(names):
            await told_time(server)


def plan(start: datetime, **others: Any) -> str:
    written = {
        "plan_id": "plan-1",
        "callsign": "EXER11",
        "area": {"shape": "circle", "centre": [36.0, 33.2], "radius_nm": 4},
        "lower_ft": 20_000,
        "upper_ft": 22_000,
        "start": start.isoformat(),
        "end": (start + timedelta(hours=1)).isoformat(),
    }
    return json.dumps(written | others)


async def test_a_page_is_told_the_stack_s_clock(server: Served) -> None:
    at = await told_time(server)
    assert NOON <= at < NOON + timedelta(hours=2)
    picture = await server.json("/api/v1/live/picture")
    assert picture["clock"]["speed"] == SPEED  # type: ignore[index]
    past = await server.json("/api/v1/live/picture?n=5")
    assert past["clock"] is None  # type: ignore[index]


async def test_a_sound_plan_is_handed_to_its_centre_and_told_by_its_digest(
    server: Served, broker: EmbeddedBroker
) -> None:
    await heard_of(server, "us")
    start = await told_time(server) + timedelta(hours=2)
    async with aiomqtt.Client(broker.settings.host, broker.settings.port) as centre:
        await centre.subscribe(INJECT.filter(to="us"), qos=1)
        sent = await server.client.post("/api/v1/live/inject?to=us", content=plan(start), headers=WRITER)
        assert sent.status_code == 202
        async with asyncio.timeout(90):
            message = await anext(centre.messages)
    assert json.loads(bytes(message.payload))["plan_id"] == "plan-1"
    assert [(one["to"], one["plan_id"]) for one in sent.json()] == [("us", "plan-1")]


async def test_a_cancellation_is_handed_to_its_centre(server: Served, broker: EmbeddedBroker) -> None:
    await heard_of(server, "us")
    async with aiomqtt.Client(broker.settings.host, broker.settings.port) as centre:
        await centre.subscribe(INJECT.filter(to="us"), qos=1)
        text = "(CNL-EXER11-OSDZ1400-OSLK-DOF/170618)"
        sent = await server.client.post("/api/v1/live/inject?to=us", content=text, headers=WRITER)
        assert sent.status_code == 202, sent.text
        async with asyncio.timeout(90):
            message = await anext(centre.messages)
    (cancelled,) = ear(str(message.topic), bytes(message.payload), NOON)
    assert isinstance(cancelled, CancelPlan)
    assert [(one["plan_id"], one["digest"]) for one in sent.json()] == [(cancelled.plan_id, "")]


@pytest.mark.parametrize(
    ("to", "others", "field"),
    [("xx", {}, "to"), ("us", {"callsign": None}, "callsign"), ("us", {"lower_ft": 30_000}, "lower_ft")],
)
async def test_with_any_problem_nothing_is_sent_and_the_field_is_named(
    server: Served, broker: EmbeddedBroker, to: str, others: dict[str, Any], field: str
) -> None:
    await heard_of(server, "us", "ru", "monitor")
    start = await told_time(server) + timedelta(hours=2)
    async with aiomqtt.Client(broker.settings.host, broker.settings.port) as centre:
        await centre.subscribe(INJECT.filter(), qos=1)
        both = f"[{plan(start, plan_id='sound')}, {plan(start, **others)}]"
        refused = await server.client.post(f"/api/v1/live/inject?to={to}", content=both, headers=WRITER)
        assert refused.status_code == 400
        assert [problem["field"] for problem in refused.json()["problems"]] == [field]
        await centre.publish(INJECT.filter(to="last"), b"{}", qos=1)
        async with asyncio.timeout(90):
            assert str((await anext(centre.messages)).topic) == INJECT.filter(to="last")


async def test_what_is_checked_is_checked_at_the_stack_s_time(server: Served) -> None:
    start = await told_time(server) + timedelta(hours=2)
    sound = await server.client.post("/api/v1/live/check?to=us", content=plan(start))
    late = await server.client.post("/api/v1/live/check?to=us", content=plan(NOON - timedelta(hours=3)))
    assert sound.json()["plans"][0]["problems"] == []
    assert [problem["field"] for problem in late.json()["plans"][0]["problems"]] == ["end"]


async def test_a_page_is_told_where_those_are_whose_path_nobody_told(server: Served, broker: EmbeddedBroker) -> None:
    track = Track(
        side=None,
        operator="nobody",
        plan_id="x",
        callsign="GHOST",
        kind=FlightKind.PATROL,
        lon_deg=39,
        lat_deg=35,
        altitude_ft=20_000,
        speed_kt=300,
        track_deg=90,
        climb_fpm=0,
        conforming=True,
    )
    await told_time(server)
    async with asyncio.timeout(90), following(server.client) as stream:
        while True:
            await say(broker, Tracks(id="t-1", source="sky", seq=0, time=NOON, tracks=(track,)))
            event = await anext(stream)
            if event.name == "tracks":
                break
    assert [one[3] for one in event.data["tracks"]] == ["GHOST"]


async def test_when_the_broker_goes_all_else_works_and_when_it_is_back_so_does_injecting(
    server: Served, broker: EmbeddedBroker
) -> None:
    await heard_of(server, "us")
    start = await told_time(server) + timedelta(hours=2)
    broker.stop()
    refused = await server.client.post("/api/v1/live/inject?to=us", content=plan(start), headers=WRITER)
    assert refused.status_code == 503
    assert "broker" in refused.json()["error"]
    assert (await server.json("/api/v1/live/calls"))["total"] > 0  # type: ignore[index]
    await asyncio.to_thread(broker.start)
    await say(broker, clock(2 * SPEED))
    async with asyncio.timeout(90), following(server.client) as stream:
        while (await anext(stream)).data.get("speed") != 2 * SPEED:
            pass
    sent = await server.client.post("/api/v1/live/inject?to=us", content=plan(start), headers=WRITER)
    assert sent.status_code == 202


@asynccontextmanager
async def dropping(broker: EmbeddedBroker) -> AsyncIterator[BrokerSettings]:
    """A way to this broker that is closed for good once the first of our publishes has been acknowledged."""
    open_ends: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, until: bytes = b"") -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                writer.write(chunk)
                if until and chunk.startswith(until):
                    break
        writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(broker.settings.host, broker.settings.port)
        open_ends.extend((writer, back))
        async with asyncio.TaskGroup() as both:
            both.create_task(carry(reader, back))
            both.create_task(carry(there, writer, PUBACK))
        way.close()

    way = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    try:
        yield BrokerSettings(port=way.sockets[0].getsockname()[1])
    finally:
        way.close()
        for end in open_ends:
            end.close()


async def test_when_the_broker_goes_between_two_plans_it_is_told_which_of_them_it_has(
    broker: EmbeddedBroker, record: Record, tmp_path: Path
) -> None:
    record.commit(heard(), [], [])
    await say(broker, clock(), born("us"))
    async with (
        dropping(broker) as settings,
        served(record=tmp_path / "monitor.sqlite3", broker=Inbound(settings, RETRY_S)) as server,
    ):
        await heard_of(server, "us")
        start = await told_time(server) + timedelta(hours=2)
        three = ",".join(plan(start, plan_id=name) for name in ("one", "two", "three"))
        answer = await server.client.post("/api/v1/live/inject?to=us", content=f"[{three}]", headers=WRITER)
        assert answer.status_code == 503
        assert answer.json()["error"].startswith("1 of 3 plans were handed on: one. Then ")


def come(topic: str, payload: bytes) -> aiomqtt.Message:
    return aiomqtt.Message(topic, payload, qos=0, retain=False, mid=0, properties=None)


def test_of_what_is_not_read_yet_the_newest_of_each_topic_is_kept_and_no_more_than_so_many() -> None:
    queue = NewestOfEach(2)
    for topic, payload in (("a", b"1"), ("b", b"2"), ("a", b"3")):
        queue.put_nowait(come(topic, payload))
    with pytest.raises(asyncio.QueueFull):
        queue.put_nowait(come("c", b"4"))
    assert [queue.get_nowait().payload for _ in range(queue.qsize())] == [b"3", b"2"]


async def test_what_is_lost_since_there_is_no_more_room_is_logged(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr(logging.getLogger("mqtt"), "warning", logged.put_nowait)
    async with connected(broker.settings, NewestOfEach, 1) as connection:
        await subscribe(connection, HEALTH.filter())
        await say(broker, born("us"), born("ru"))
        async with asyncio.timeout(90):
            assert "full" in await logged.get()
