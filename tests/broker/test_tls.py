"""TLS to a real mosquitto: who is let in, as whom, and what is said to who is not."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import pytest

from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.topics import address_of, decode, encode
from hotline_services.cli.conformance import conformance
from hotline_services.cli.connection import Reach, broker_settings
from hotline_services.cli.console import console
from hotline_services.cli.exits import BAD_INPUT, NO_BROKER
from hotline_services.cli.following import Watch, watch
from hotline_services.cli.health import health
from hotline_services.cli.inject import inject
from hotline_services.cli.standing import status
from hotline_services.runtime.client import NoBrokerError, connected
from hotline_services.runtime.launch import UNUSABLE

from .conftest import need
from .secured import Files, SecuredBroker

ROOT = Path(__file__).parents[2]
PLAN = ROOT / "examples" / "plans" / "patrol.json"
PATIENCE_S = 240
ACL = """
topic readwrite hotline/v1/health/#
topic write hotline/v1/clock
user monitor
topic write hotline/v1/health/monitor
topic write hotline/v1/event/monitor
topic readwrite hotline/v1/control/+
topic read hotline/v1/#
user observer
topic read hotline/v1/#
user control
topic write hotline/v1/inject/+
topic read hotline/v1/#
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("other-ca"))


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, files: Files) -> Iterator[SecuredBroker]:
    need("mosquitto")
    broker = SecuredBroker(tmp_path_factory.mktemp("secured"), files, ACL)
    with broker.embedded:
        yield broker


def run_monitor(broker: SecuredBroker, data: Path, security: Reach) -> "subprocess.Popen[str]":
    options = ["--ca", str(security.ca), "--cert", str(security.cert), "--cert-key", str(security.cert_key)]
    command = [sys.executable, "-m", "hotline_services.cli.main", "run", "monitor", "--broker", broker.address]
    return subprocess.Popen(
        [*command, *options, "--data", str(data), "--log-level", "info"], stderr=subprocess.PIPE, text=True
    )


def test_a_service_shows_its_certificate_and_is_known_by_its_name(
    secured: SecuredBroker, files: Files, tmp_path: Path
) -> None:
    """It says that it is up on a topic that its user may write, and an observer hears it."""
    asyncio.run(keep_clock(secured, encode(running_clock())))
    process = run_monitor(secured, tmp_path, files.shown_by("monitor"))
    try:
        asyncio.run(heard_to_be_up(secured, files))
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
        asyncio.run(keep_clock(secured, b""))
    assert process.returncode == 0


def running_clock() -> Clock:
    now = datetime.now(UTC)
    return Clock(id="c", source="director", seq=0, time=now, simulated_start=now, real_start=now, speed=1.0)


async def keep_clock(secured: SecuredBroker, payload: bytes) -> None:
    """As the plain port of this test lets anybody say it."""
    async with aiomqtt.Client(secured.plain.host, secured.plain.port) as client:
        await client.publish("hotline/v1/clock", payload, qos=1, retain=True)


async def heard_to_be_up(secured: SecuredBroker, files: Files) -> None:
    async with connected(broker_settings(secured.address, files.shown_by("observer"))) as client:
        await client.subscribe("hotline/v1/health/monitor", qos=1)
        async with asyncio.timeout(PATIENCE_S):
            async for heard in client.messages:
                said = decode(str(heard.topic), bytes(heard.payload))
                if isinstance(said, Health) and said.presence is Presence.UP:
                    return


def test_a_service_with_the_certificate_of_another_ca_gives_up_with_a_sentence(
    secured: SecuredBroker, files: Files, strange: Files, tmp_path: Path
) -> None:
    cert, key = strange.client("monitor")
    process = run_monitor(secured, tmp_path, Reach(ca=files.ca, cert=cert, cert_key=key))
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == UNUSABLE
    assert f"the broker does not know the CA of the client certificate {cert}" in said


def tools(broker: str, security: Reach) -> dict[str, Callable[[], object]]:
    return {
        "watch": lambda: watch(broker=broker, reach=security),
        "inject": lambda: inject([PLAN], to="us", broker=broker, force=True, reach=security),
        "status": lambda: status(broker=broker, reach=security),
        "health": lambda: health("us", broker=broker, reach=security),
        "console": lambda: console(party="us", plain=True, broker=broker, reach=security),
        "conformance": lambda: conformance(broker=broker, reach=security, only="CALL"),
    }


TOOLS = list(tools("", Reach()))


def outcome(tool: Callable[[], object]) -> object:
    try:
        return tool()
    except SystemExit as ended:
        return ended.code


@pytest.mark.parametrize("name", ["inject", "status", "health"])
def test_a_tool_connects_with_a_certificate(
    secured: SecuredBroker, files: Files, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOTLINE_RECORD", raising=False)
    asyncio.run(born(secured, "us"))
    tool = tools(secured.address, files.shown_by("control"))[name]
    assert outcome(tool) in {0, None}, capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("console", "clock"), ("conformance", "a centre that speaks as us already")],
)
def test_a_tool_over_tls_comes_as_far_as_over_a_plain_connection(
    secured: SecuredBroker, files: Files, name: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(born(secured, "us"))
    code = outcome(tools(secured.address, files.shown_by("control"))[name])
    assert sentence in capsys.readouterr().err
    assert code not in {0, NO_BROKER}


async def born(secured: SecuredBroker, name: str) -> None:
    """As the plain port of this test lets anybody say it."""
    said = Health(id=f"{name}-up", source=name, seq=0, time=datetime.now(UTC), presence=Presence.UP, session="1")
    async with aiomqtt.Client(secured.plain.host, secured.plain.port) as client:
        await client.publish(address_of(said), encode(said), qos=1, retain=True)


async def test_watch_follows_over_tls(secured: SecuredBroker, files: Files) -> None:
    watching = asyncio.create_task(Watch(None, json=True).run(broker_settings(secured.address, files.shown_by("w"))))
    done, _ = await asyncio.wait([watching], timeout=1.0)
    assert not done
    watching.cancel()


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_with_the_certificate_of_another_ca_is_told_so(
    secured: SecuredBroker,
    files: Files,
    strange: Files,
    name: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    cert, key = strange.client("control")
    code = outcome(tools(secured.address, Reach(ca=files.ca, cert=cert, cert_key=key))[name])
    said = f"{code}{capsys.readouterr().err}"
    assert f"the broker does not know the CA of the client certificate {cert}" in said
    assert code not in {0, None}


async def refusal(address: str, security: Reach) -> str:
    with pytest.raises((NoBrokerError, ValueError)) as caught:
        async with connected(broker_settings(address, security)):
            pass
    return str(caught.value)


async def test_each_mistake_about_tls_has_a_sentence_of_its_own(
    secured: SecuredBroker, files: Files, strange: Files, tmp_path: Path
) -> None:
    good = files.shown_by("us")
    missing = tmp_path / "nothing.pem"
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no certificate")
    plain_port = f"mqtts://127.0.0.1:{secured.plain.port}"
    plain_words = secured.address.replace("mqtts", "mqtt")
    ca, cert, key = good.ca, good.cert, good.cert_key
    cases = [
        (secured.address, Reach(ca=missing), f"--ca: {missing}: No such file or directory"),
        (secured.address, Reach(ca=rubbish), f"--ca: {rubbish} holds no certificate in the PEM format"),
        (secured.address, Reach(ca=ca, cert=missing), f"--cert: {missing}: No such file"),
        (secured.address, Reach(ca=ca, cert=rubbish), "do not hold a certificate and its key"),
        (secured.address, Reach(ca=ca, cert_key=key), "name the certificate of this key too"),
        (secured.address, Reach(ca=ca, cert=cert, cert_key=files.client("ru")[1]), "is not the key of the certific"),
        (secured.address, Reach(ca=strange.ca), f"certificate is not from the CA in {strange.ca}"),
        (secured.address, Reach(), "is not from any CA of this system; name its CA with --ca"),
        (secured.address, Reach(ca=ca), "the broker wants a client certificate: name it with --cert"),
        (plain_port, good, "this port does not speak TLS"),
        (plain_words, Reach(), "this port speaks TLS: write mqtts://"),
        (plain_words, Reach(ca=ca), "--ca is for TLS: write mqtts:// instead of mqtt://"),
    ]
    for address, security, sentence in cases:
        said = await refusal(address, security)
        assert sentence in said, said
        assert "\n" not in said


async def test_certificates_of_another_time_or_name_are_told_apart(tmp_path: Path, files: Files) -> None:
    need("mosquitto")
    now, week = datetime.now(UTC), timedelta(days=7)
    past, future = Files(tmp_path / "past", now=now - week, life=week / 2), Files(tmp_path / "future", now=now + week)
    elsewhere = Files(tmp_path / "elsewhere")
    cases = [
        (past, past.server(), "the broker's certificate has expired"),
        (future, future.server(), "is not valid yet: compare the clocks"),
        (elsewhere, elsewhere.server(["broker.example"]), "is for another name than 127.0.0.1"),
    ]
    for made, server, sentence in cases:
        broker = SecuredBroker(made.folder, made, ACL, server=server)
        with broker.embedded:
            assert sentence in await refusal(broker.address, Reach(ca=made.ca))


async def test_the_environment_names_the_files_where_no_option_does(
    secured: SecuredBroker, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = files.client("observer")
    for variable, value in (
        ("HOTLINE_BROKER", secured.address),
        ("HOTLINE_CA", files.ca),
        ("HOTLINE_CERT", cert),
        ("HOTLINE_CERT_KEY", key),
    ):
        monkeypatch.setenv(variable, str(value))
    async with connected(broker_settings(None)) as client:
        await client.subscribe("hotline/v1/clock", qos=1)


def test_codes_of_bad_files_are_those_of_bad_input(secured: SecuredBroker, tmp_path: Path) -> None:
    assert watch(broker=secured.address, reach=Reach(ca=tmp_path / "none")) == BAD_INPUT
    assert watch(broker=secured.address, reach=Reach()) == NO_BROKER
