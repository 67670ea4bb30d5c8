"""`hotline watch` and `hotline status` as a user runs them, against real brokers."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import aiomqtt
import pytest
from msgspec.structs import replace

from hotline_protocol.events import LineAnnounced
from hotline_protocol.injection import AnnouncedState
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.topics import HEALTH, address_of, encode, topic_of
from hotline_services.cli import queries
from hotline_services.cli.query import Query
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import connected, retained

NOON = datetime(2017, 6, 18, 12, 0, tzinfo=UTC)
PATIENCE_S = 240
HOTLINE = [sys.executable, "-c", "from hotline_services.cli.main import main; main()"]


def address(broker: EmbeddedBroker) -> str:
    return f"mqtt://{broker.settings.host}:{broker.settings.port}"


async def publish(broker: EmbeddedBroker, *messages: Message) -> None:
    async with aiomqtt.Client(broker.settings.host, broker.settings.port) as client:
        for message in messages:
            await client.publish(address_of(message), encode(message), qos=1, retain=topic_of(message).retain)
        await client.publish("hotline/v1/line/nobody/nowhere", b"rubbish", qos=1)


def up(name: str) -> Health:
    return Health(id=f"{name}-up", source=name, seq=0, time=NOON, presence=Presence.UP, session="1", lag_ms=4.0)


def suspended(name: str) -> LineAnnounced:
    return Author(name).say(LineAnnounced, NOON, state=AnnouncedState.SUSPENDED, statement="\x1b[31mred\x1b[0m")


@contextlib.contextmanager
def watching(broker: EmbeddedBroker, *options: str) -> Iterator[tuple["subprocess.Popen[str]", IO[str]]]:
    environment = {**os.environ, "HOTLINE_BROKER": address(broker), "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(
        [*HOTLINE, "watch", *options], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)


async def test_watch_follows_live_and_ends_cleanly_on_ctrl_c(broker: EmbeddedBroker, pair: tuple[str, str]) -> None:
    name, _ = pair
    await publish(broker, up(name))
    with watching(broker, "--party", name) as (process, lines):
        assert lines.readline().rstrip().endswith("service up")  # retained, so that it is there by now
        await publish(broker, suspended(name))
        line = lines.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert "line suspended" in line
    assert "\x1b" not in line


async def test_watch_as_json_gives_each_message_as_it_is_and_no_rubbish(
    broker: EmbeddedBroker, pair: tuple[str, str]
) -> None:
    name, _ = pair
    await publish(broker, up(name))
    with watching(broker, "--party", name, "--json") as (_, lines):
        assert json.loads(lines.readline())["id"] == f"{name}-up"
        await publish(broker, suspended(name), suspended(name))
        assert json.loads(lines.readline())["state"] == "suspended"


async def test_status_asks_the_broker_who_is_up(
    broker: EmbeddedBroker, pair: tuple[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    name, other = pair
    await publish(broker, up(name), replace(up(other), id=f"{other}-down", presence=Presence.DOWN))
    query = Query(record=tmp_path / "none.sqlite3", json=True)
    assert await asyncio.to_thread(queries.status, broker=address(broker), query=query) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    services = {service["key"]: service for service in found["services"]}
    assert (services[name]["presence"], services[name]["lag_ms"]) == ("up", 4.0)
    assert (services[other]["presence"], services[other]["at"]) == ("down", None)
    assert found["recorded"] is False
    assert "This is what the broker holds" in told.err


async def test_status_gives_the_age_of_health_in_real_seconds_and_guesses_at_nothing_else(
    own_broker: EmbeddedBroker, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    begun = datetime.now(UTC) - timedelta(hours=1)
    clock = Author("director").say(Clock, NOON, simulated_start=NOON, real_start=begun, speed=60.0)
    heard = replace(up("us"), time=NOON + 60 * timedelta(minutes=59))
    await publish(own_broker, clock, heard)
    query = Query(record=tmp_path / "none.sqlite3")
    assert await asyncio.to_thread(queries.status, broker=address(own_broker), query=query) == 0
    out = capsys.readouterr().out
    assert re.search(r"us +up +1 min( \d+ s)? ago", out)
    assert out.count("unknown without the record") == 5


async def test_what_is_retained_is_gathered_though_others_go_on_talking(
    broker: EmbeddedBroker, pair: tuple[str, str]
) -> None:
    kept, talked_on = (HEALTH.filter(source=name) for name in pair)

    async def talk() -> None:
        async with aiomqtt.Client(broker.settings.host, broker.settings.port) as client:
            while True:
                await client.publish(talked_on, b"{}", qos=1)

    await publish(broker, up(pair[0]))
    talking = asyncio.create_task(talk())
    try:
        async with asyncio.timeout(PATIENCE_S), connected(broker.settings) as connection:
            found = await retained(connection, kept, talked_on)
    finally:
        talking.cancel()
    assert kept in found
