"""The sky as a service over each real broker: it tells tracks again and again, and nobody writes them down."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.injection import FlyUnannounced
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.sky import FlightBegan, Tracks
from hotline_protocol.topics import HEALTH, TRACK, address_of, decode, decode_any, encode
from hotline_services.director.scenario import read_scenario
from hotline_services.director.script import Scenario
from hotline_services.records.record import Record
from hotline_services.runtime.actor import DONE, LiveActor
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import connected, subscribe
from hotline_services.runtime.journal import Journal
from hotline_services.world import monitor_service, sky_service

PATIENCE_S = 240.0
SPEED = 10.0
SCENARIO = """
name = "sky"
title = "A sky with one aircraft in it"
start = {start}
agreement = "valley"
speed = {speed}
[parties.us]
[parties.ru]
{sky}
"""


def scenario(folder: Path, sky: str = "[sky]") -> Scenario:
    path = folder / "sky.toml"
    start = datetime.now(UTC).replace(microsecond=0)
    path.write_text(SCENARIO.format(start=start.isoformat(), speed=SPEED, sky=sky))
    return read_scenario(str(path))


@contextlib.asynccontextmanager
async def flying(broker: EmbeddedBroker, played: Scenario, folder: Path) -> AsyncIterator[asyncio.Event]:
    """The sky, which sets the clock here, and a monitor, in this process: yields what is set when it hears of a flight.

    What the monitor has heard by the end is in its record then.
    """
    start = played.start.astimezone(UTC)
    clock = Clock(
        id="clock",
        source="director",
        seq=0,
        time=start,
        simulated_start=start,
        real_start=datetime.now(UTC),
        speed=SPEED,
    )
    sky = msgspec.structs.replace(sky_service(played, 1, SPEED), sets_clock=clock)
    record, began = Record(folder / "monitor.sqlite3"), asyncio.Event()

    def hear(message: Message) -> None:
        if isinstance(message, FlightBegan):
            began.set()

    actors = [
        LiveActor(sky, Journal(folder / "sky.sqlite3", "sky"), broker.settings),
        LiveActor(monitor_service(record.progress, hear), record, broker.settings),
    ]
    running = [asyncio.create_task(actor.run()) for actor in actors]
    try:
        yield began
    finally:
        for actor in actors:
            actor.stop()
        async with asyncio.timeout(PATIENCE_S):
            assert await asyncio.gather(*running) == [DONE, DONE]


async def some_tracks(broker: EmbeddedBroker, order: FlyUnannounced | None, amount: int) -> list[Tracks]:
    """So many in which something flies, after this was ordered of a sky whose monitor listens."""
    found: list[Tracks] = []
    up: set[str] = set()
    async with asyncio.timeout(PATIENCE_S), connected(broker.settings) as client:
        await subscribe(client, TRACK.filter(), HEALTH.filter())
        async for heard in client.messages:
            message = decode(str(heard.topic), bytes(heard.payload))
            if isinstance(message, Health) and message.presence is Presence.UP and message.source not in up:
                up.add(message.source)
                if order is not None and up == {"sky", "monitor"}:
                    await client.publish(address_of(order), encode(order), qos=1)
            if isinstance(message, Tracks) and message.tracks:
                assert heard.qos == 0
                found.append(message)
            if len(found) == amount:
                return found
    raise AssertionError("the broker went away")


def order(played: Scenario) -> FlyUnannounced:
    """It takes off at once and flies for hours."""
    start = played.start.astimezone(UTC)
    plan = FlightPlan(
        plan_id="t-1",
        callsign="STRAY1",
        area=Circle(centre=Position(40.0, 36.3), radius_nm=8),
        lower_ft=20_000,
        upper_ft=22_000,
        start=start,
        end=start + timedelta(hours=8),
        operator="turkey",
    )
    return Author("control").say(FlyUnannounced, start, to="sky", plan=plan)


def kept(path: Path, table: str) -> list[Message]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        rows = db.execute(f"SELECT message FROM {table} WHERE message IS NOT NULL ORDER BY n").fetchall()  # noqa: S608
    return [decode_any(text) for (text,) in rows]


async def test_tracks_come_again_and_again_and_are_written_nowhere(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    played = scenario(tmp_path)
    async with flying(own_broker, played, tmp_path) as began, asyncio.timeout(PATIENCE_S):
        first, second = await some_tracks(own_broker, order(played), 2)
        await began.wait()
    assert first.tracks[0].callsign == "STRAY1"
    assert (first.tracks[0].lon_deg, first.tracks[0].lat_deg) != (second.tracks[0].lon_deg, second.tracks[0].lat_deg)
    journal, record = kept(tmp_path / "sky.sqlite3", "entry"), kept(tmp_path / "monitor.sqlite3", "messages")
    for written in (journal, record):
        assert any(isinstance(message, FlightBegan) for message in written)
        assert not any(isinstance(message, Tracks) for message in written)


async def test_a_sky_that_is_started_again_flies_on_where_it_was(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    played = scenario(tmp_path)
    async with flying(own_broker, played, tmp_path):
        (before,) = await some_tracks(own_broker, order(played), 1)
    async with flying(own_broker, played, tmp_path):
        (after,) = await some_tracks(own_broker, None, 1)
    assert after.time > before.time
    assert after.tracks[0].plan_id == before.tracks[0].plan_id
    journal = kept(tmp_path / "sky.sqlite3", "entry")
    assert sum(isinstance(message, FlightBegan) for message in journal) == 1


def test_where_a_scenario_has_no_sky_the_service_listens_to_nothing(tmp_path: Path) -> None:
    assert sky_service(scenario(tmp_path, sky=""), 1, SPEED).subscriptions == []
