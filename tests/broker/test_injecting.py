"""`hotline inject` against real brokers: whom it sends to, and whom not."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import pytest

from hotline_protocol.message import Author
from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.topics import CLOCK, INJECT, address_of, encode
from hotline_services.cli.exits import BAD_INPUT
from hotline_services.cli.inject import ACCEPTED, inject
from hotline_services.runtime.broker import KINDS, EmbeddedBroker, Kind

from .conftest import need


def address(broker: EmbeddedBroker) -> str:
    return f"mqtt://{broker.settings.host}:{broker.settings.port}"


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A sound plan, by the clock of this machine: there is no other."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    written = {
        "plan_id": "plan-1",
        "callsign": "EXER11",
        "area": {"shape": "polygon", "vertices": [[39, 35], [40, 35], [40, 36]]},
        "lower_ft": 20_000,
        "upper_ft": 22_000,
        "start": start.isoformat(),
        "end": (start + timedelta(hours=1)).isoformat(),
    }
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(written))
    return path


async def births(broker: EmbeddedBroker, *names: str) -> None:
    """Of services whose clock is that of this machine."""
    now = datetime.now(UTC)
    async with aiomqtt.Client(broker.settings.host, broker.settings.port) as client:
        clock = Author("director").say(Clock, now, simulated_start=now, real_start=now, speed=1.0)
        await client.publish(address_of(clock), encode(clock), qos=1, retain=True)
        for name in names:
            born = Health(
                id=f"{name}-up", source=name, seq=0, time=datetime.now(UTC), presence=Presence.UP, session="1"
            )
            await client.publish(address_of(born), encode(born), qos=1, retain=True)


async def test_nothing_is_sent_to_somebody_nobody_has_heard_of_unless_forced(
    own_broker: EmbeddedBroker, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await births(own_broker, "us", "ru", "monitor")
    async with aiomqtt.Client(own_broker.settings.host, own_broker.settings.port) as client:
        await client.subscribe(INJECT.filter(), qos=1)
        sent = [
            await asyncio.to_thread(inject, [plan], to=to, broker=address(own_broker), force=force)
            for to, force in [("xx", False), ("us", False), ("xx", True)]
        ]
        heard = [str((await anext(client.messages)).topic) for _ in range(2)]
    assert sent == [BAD_INPUT, ACCEPTED, ACCEPTED]
    assert heard == ["hotline/v1/inject/us", "hotline/v1/inject/xx"]
    complaint = "hotline inject: nobody called xx has been heard of; there are: ru, us"
    assert capsys.readouterr().err.splitlines() == [complaint, complaint]


@pytest.fixture
def misspelt(plan: Path) -> Path:
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"prioritty": "emergency"}))
    return plan


async def test_a_misspelt_field_is_told_and_the_plan_sent(
    own_broker: EmbeddedBroker, misspelt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await births(own_broker, "us")
    assert await asyncio.to_thread(inject, [misspelt], to="us", broker=address(own_broker)) == ACCEPTED
    told = capsys.readouterr()
    assert told.err.splitlines() == ["hotline inject: plan-1: prioritty: not a field; priority?"]
    assert told.out == "plan-1 sent to us\n"


@pytest.fixture
def long_ago(plan: Path) -> Path:
    plan.write_text(plan.read_text().replace(str(datetime.now(UTC).year), "2017"))
    return plan


async def test_without_a_clock_on_the_broker_plans_are_not_judged_by_that_of_the_machine(
    own_broker: EmbeddedBroker, long_ago: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await births(own_broker, "us", "ru")
    async with aiomqtt.Client(own_broker.settings.host, own_broker.settings.port) as client:
        await client.publish(CLOCK.template, b"", qos=1, retain=True)
    assert await asyncio.to_thread(inject, [long_ago], to="us", broker=address(own_broker)) == ACCEPTED
    assert "no clock on this broker" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_that_is_too_large_for_the_broker_is_named_with_its_size_and_the_limit(
    kind: Kind, plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need(kind)
    large = json.loads(plan.read_text())
    large["plan_id"] = "large"
    large["area"]["vertices"] = [[39 + n / 1_000, 35 + n * n / 100_000] for n in range(100)]
    plans = tmp_path / "plans.json"
    plans.write_text(json.dumps([json.loads(plan.read_text()), large]))
    extra = {"mosquitto": "max_packet_size 2000", "nats": "max_payload: 2000"}[kind]
    with EmbeddedBroker(kind, tmp_path / "broker", extra=extra) as broker:
        code = inject([plans], to="us", broker=address(broker), force=True)
    told = capsys.readouterr()
    assert code == BAD_INPUT
    assert "plan-1 sent to us" in told.out
    assert "large was not sent: it has" in told.err
    assert "bytes, and the broker" in told.err
    assert kind != "mosquitto" or "takes 2,000" in told.err
    assert "lost the connection" not in told.err
