"""`hotline doctor` at real brokers: each thing that can be wrong is provoked; in a healthy stack nothing is found."""

import asyncio
import itertools
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import pytest

from hotline_protocol.message import Message
from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.topics import address_of, encode
from hotline_services.cli.brokerusers import broker_users
from hotline_services.cli.connection import Reach
from hotline_services.cli.doctor import doctor
from hotline_services.cli.exits import BAD_INPUT, NO_BROKER
from hotline_services.doctor import probe
from hotline_services.doctor.diagnosis.findings import findings
from hotline_services.doctor.diagnosis.kinds import Finding, Kind
from hotline_services.doctor.looking import look
from hotline_services.runtime.broker import KINDS, EmbeddedBroker, free_port
from hotline_services.runtime.broker import Kind as BrokerKind
from hotline_services.runtime.users import User
from hotline_services.runtime.versions import program_version, protocol_version
from hotline_services.runtime.wire import BrokerSettings

from .conftest import need
from .secured import Files, SecuredBroker

HOTLINE = [sys.executable, "-c", "from hotline_services.cli.main import main; main()"]
PATIENCE_S = 240
PARTIES = ("us", "ru")
NAMES = (*PARTIES, "director", "monitor")
SPEED = 4.0
numbers = itertools.count()


def clock(**other: Any) -> Clock:
    now = datetime.now(UTC)
    fields: dict[str, Any] = {"simulated_start": now, "real_start": now, "speed": SPEED}
    return Clock(id="c", source="director", seq=0, time=now, **fields | other)


def sign(name: str, **other: Any) -> Health:
    """A sign of life of just now."""
    now = datetime.now(UTC)
    versions = {"program": program_version(), "protocol": protocol_version()}
    fields: dict[str, Any] = {"presence": Presence.UP, "session": f"1-{name}", "sent": now, "lag_ms": 1.0}
    return Health(id=f"{name}-{next(numbers)}", source=name, seq=0, time=now, **fields | versions | other)


def stack(*others: Message, without: Sequence[str] = ()) -> list[Message]:
    """What a healthy stack says, with these instead of what they take the place of."""
    said = [clock(), *(sign(name) for name in NAMES)]
    return [one for one in said if address_of(one) not in without] + [*others]


async def say(to: BrokerSettings, topics: Iterable[tuple[str, bytes]]) -> None:
    async with aiomqtt.Client(to.host, to.port, username=to.username, password=to.password) as speaker:
        for topic, payload in topics:
            await speaker.publish(topic, payload, qos=1, retain=True)


def keep(broker: EmbeddedBroker, *messages: Message) -> None:
    asyncio.run(say(broker.settings, [(address_of(message), encode(message)) for message in messages]))


@asynccontextmanager
async def saying(broker: EmbeddedBroker, messages: Callable[[], Iterable[Message]]) -> AsyncIterator[None]:
    """Somebody says these over and over meanwhile."""

    stop = asyncio.Event()  # no cancelling: a client that is about to connect may miss it

    async def over_and_over() -> None:
        while not stop.is_set():
            await say(broker.settings, [(address_of(message), encode(message)) for message in messages()])

    task = asyncio.create_task(over_and_over())
    try:
        yield
    finally:
        stop.set()
        await task


async def found_while(
    broker: EmbeddedBroker, messages: Callable[[], Iterable[Message]], is_there: Callable[[list[Finding]], bool]
) -> list[Finding]:
    """What the doctor finds while these are said; it looks until it has heard enough."""
    async with saying(broker, messages), asyncio.timeout(PATIENCE_S):
        while True:
            found = findings(await asyncio.to_thread(look, broker.settings, 1.0))
            if is_there(found):
                return found


def seen(settings: BrokerSettings, listen_s: float = 0.5) -> list[tuple[Kind, str]]:
    """What is found, of whom or what."""
    return [(one.kind, one.about) for one in findings(look(settings, listen_s))]


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A broker of the test's own, of each kind."""
    need(request.param)
    with EmbeddedBroker(request.param, tmp_path / "broker") as running:
        yield running


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A mosquitto that lets everybody in."""
    need("mosquitto")
    with EmbeddedBroker("mosquitto", tmp_path / "broker") as running:
        yield running


def test_of_what_a_healthy_stack_keeps_nothing_is_found(broker: EmbeddedBroker) -> None:
    keep(broker, *stack())
    assert seen(broker.settings) == []


def test_a_port_on_which_nobody_listens_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    address = f"mqtt://127.0.0.1:{free_port()}"
    assert doctor(broker=address, seconds=0, json=True) == NO_BROKER
    told = json.loads(capsys.readouterr().out)
    assert told["connected_to"] is None
    assert [(one["kind"], one["about"]) for one in told["findings"]] == [("unreachable", address)]


def test_a_dead_node_of_a_cluster_is_found_and_the_next_one_is_looked_at(plain: EmbeddedBroker) -> None:
    keep(plain, *stack())
    dead = free_port()
    both = BrokerSettings.from_url(f"mqtt://127.0.0.1:{dead},{plain.url}")
    assert seen(both) == [(Kind.UNREACHABLE, f"mqtt://127.0.0.1:{dead}")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_password_is_found(kind: BrokerKind, tmp_path: Path) -> None:
    need(kind)
    with EmbeddedBroker(kind, tmp_path / "broker", users=broker_users(PARTIES)) as secret:
        wrong = msgspec.structs.replace(secret.settings_of("observer"), password="no")  # noqa: S106
        assert seen(wrong) == [(Kind.REFUSED, secret.url)]


def test_trouble_with_tls_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("mosquitto")
    files, strange = Files(tmp_path / "ca"), Files(tmp_path / "other")
    named = SecuredBroker(tmp_path, files, "topic read hotline/v1/#", server=files.server(["elsewhere.example"]))
    cert, key = files.client("observer")
    with named.embedded:
        for reach, reason in (
            (Reach(ca=strange.ca, cert=cert, cert_key=key), "not from the CA"),
            (Reach(ca=files.ca, cert=cert, cert_key=key), "for another name"),
        ):
            assert doctor(broker=named.address, reach=reach, seconds=0) == NO_BROKER
            out = capsys.readouterr().out
            assert "tls: " in out
            assert reason in out
        plainly = f"mqtt://127.0.0.1:{named.port}"
        assert doctor(broker=plainly, seconds=0) == NO_BROKER
        assert "this port speaks TLS" in capsys.readouterr().out
        wrongly = f"mqtts://127.0.0.1:{named.embedded.port}"
        assert doctor(broker=wrongly, reach=Reach(ca=files.ca), seconds=0) == NO_BROKER
        assert "does not speak TLS" in capsys.readouterr().out


def test_a_file_of_tls_that_is_not_there_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(broker="mqtts://127.0.0.1", reach=Reach(ca=tmp_path / "ca.crt")) == BAD_INPUT
    assert "--ca" in capsys.readouterr().err


def test_an_empty_broker_has_no_clock_and_no_services(broker: EmbeddedBroker) -> None:
    assert seen(broker.settings) == [(Kind.NO_CLOCK, "hotline/v1/clock"), (Kind.MISSING, "everybody")]


def test_who_is_down_silent_or_missing_is_found(broker: EmbeddedBroker) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    without = [f"hotline/v1/health/{name}" for name in NAMES]
    there = [sign("us", presence=Presence.DOWN), sign("ru", sent=long_ago), sign("director")]
    keep(broker, *stack(*there, without=without))
    assert seen(broker.settings) == [(Kind.SILENT, "ru"), (Kind.DOWN, "us"), (Kind.MISSING, "monitor")]


def test_garbage_that_is_retained_is_found(broker: EmbeddedBroker) -> None:
    keep(broker, *stack())
    garbage = ["hotline/v1/inject/us", "hotline/v1/clock", "hotline/v1/health/jp", "hotline/v1/what/ever"]
    asyncio.run(say(broker.settings, [(topic, b"{") for topic in garbage]))
    no_clock = (Kind.NO_CLOCK, "hotline/v1/clock")
    assert seen(broker.settings) == [no_clock, *((Kind.RETAINED, topic) for topic in sorted(garbage))]


def test_garbage_without_end_hides_no_service(plain: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MOST_HEARD", 20)
    asyncio.run(say(plain.settings, [(f"hotline/v1/a/{number}", b"{") for number in range(40)]))
    keep(plain, *stack())
    assert {kind for kind, _ in seen(plain.settings)} == {Kind.RETAINED}


def test_a_small_packet_limit_is_found(tmp_path: Path) -> None:
    need("mosquitto")
    with EmbeddedBroker("mosquitto", tmp_path / "broker", extra="max_packet_size 100000") as narrow:
        keep(narrow, *stack())
        assert seen(narrow.settings) == [(Kind.PACKET_LIMIT, "broker")]


def test_other_versions_are_found(plain: EmbeddedBroker) -> None:
    keep(plain, *stack(sign("us", protocol="another")))
    assert seen(plain.settings) == [(Kind.VERSIONS, "protocol")]


def test_a_service_whose_clock_is_off_is_found_by_what_it_says(plain: EmbeddedBroker) -> None:
    note = "this machine's clock is 5,000 ms ahead of that of director; that is made up for"
    keep(plain, *stack(sign("us", note=note, skew_ms=5_000.0)))
    assert seen(plain.settings) == [(Kind.CLOCK_SKEW, "us")]


async def test_this_machines_clock_is_compared_with_that_of_the_services(plain: EmbeddedBroker) -> None:
    def all_ahead() -> list[Message]:
        return stack(*(sign(name, sent=datetime.now(UTC) + timedelta(minutes=10)) for name in NAMES))

    found = await found_while(plain, all_ahead, lambda found: Kind.CLOCK_SKEW in {one.kind for one in found})
    (skew,) = (one for one in found if one.kind is Kind.CLOCK_SKEW)
    assert skew.about == "this machine"
    assert "behind that of the services" in skew.sentence


async def test_two_services_of_one_name_are_found(broker: EmbeddedBroker) -> None:
    sessions = itertools.cycle(["1-a", "2-b"])
    await asyncio.to_thread(keep, broker, *stack())
    found = await found_while(broker, lambda: [sign("us", session=next(sessions))], bool)
    assert [(one.kind, one.about) for one in found] == [(Kind.TWO_OF_ONE_NAME, "us")]


async def test_a_broker_too_slow_for_the_speed_is_found(plain: EmbeddedBroker) -> None:
    await asyncio.to_thread(keep, plain, *stack())
    found = await found_while(plain, lambda: [sign("us", lag_ms=3_000.0)], bool)
    assert [(one.kind, one.about) for one in found] == [(Kind.TOO_SLOW, "us")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_user_of_a_healthy_broker_has_its_rights(kind: BrokerKind, tmp_path: Path) -> None:
    need(kind)
    with EmbeddedBroker(kind, tmp_path / "broker", users=broker_users(PARTIES)) as secret:
        said = stack()
        for name in NAMES:
            own = [one for one in said if one.source == name]
            asyncio.run(say(secret.settings_of(name), [(address_of(one), encode(one)) for one in own]))
        for name in ("us", "us-desk", "director", "monitor", "page", "observer", "control"):
            assert (name, seen(secret.settings_of(name))) == (name, [])


@pytest.mark.parametrize("kind", KINDS)
def test_rights_that_a_service_lacks_are_found(kind: BrokerKind, tmp_path: Path) -> None:
    need(kind)
    users = dict(broker_users(PARTIES))
    users["us"] = User(users["us"].password, ["hotline/v1/health/us"], users["us"].hear)
    users["ru"] = User(users["ru"].password, users["ru"].publish, ["hotline/v1/clock", "hotline/v1/health/+"])
    with EmbeddedBroker(kind, tmp_path / "broker", users=users) as strict:
        for name in ("us", "ru"):
            rights = {about for kind, about in seen(strict.settings_of(name)) if kind is Kind.RIGHTS}
            assert f"hotline/v1/control/{name}/{name}" in rights


async def test_looking_says_nothing_to_anybody_else(tmp_path: Path) -> None:
    need("mosquitto")
    with EmbeddedBroker("mosquitto", tmp_path / "broker", users=broker_users(PARTIES)) as secret:
        them = secret.settings_of("observer")
        async with aiomqtt.Client(them.host, them.port, username=them.username, password=them.password) as client:
            await client.subscribe("hotline/v1/#", qos=1)
            for name in ("observer", "control", "us-desk", "us"):
                await asyncio.to_thread(look, secret.settings_of(name), 0.0)
            await say(secret.settings_of("director"), [(address_of(clock()), encode(clock()))])
            topics: list[str] = []
            async with asyncio.timeout(PATIENCE_S):
                while topics[-1:] != ["hotline/v1/clock"]:
                    topics.append(str((await anext(client.messages)).topic))
    assert set(topics) == {"hotline/v1/control/us/us", "hotline/v1/clock"}


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_a_time_that_is_none_is_bad_input(seconds: float) -> None:
    assert doctor(broker="mqtt://127.0.0.1", seconds=seconds) == BAD_INPUT


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_demo_nothing_is_found(kind: BrokerKind, tmp_path: Path) -> None:
    need(kind)
    places = ["--data", "var", "--broker", kind, "--broker-port", "0", "--no-page"]
    demo = subprocess.Popen(
        [*HOTLINE, "demo", "valley-day", *places, "--seconds", "600", "--speed", "4"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + PATIENCE_S
    try:
        while True:  # it takes a while to come up, and a machine under load may be slow for once
            looked = [*HOTLINE, "doctor", "--seconds", "3"]
            ended = subprocess.run(looked, cwd=tmp_path, capture_output=True, text=True, check=False)
            if ended.returncode == 0 or time.monotonic() > until:
                break
        assert (ended.returncode, ended.stdout.splitlines()[1:]) == (0, ["Nothing is wrong."]), ended.stdout
        assert "Services: director, monitor, ru, us." in ended.stdout
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(timeout=PATIENCE_S)
