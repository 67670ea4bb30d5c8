"""The broker of a demo: nobody is let in without a password, and nobody says what is not theirs to say."""

import asyncio
import contextlib
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import msgspec
import psutil
import pytest

from hotline_protocol.service import Clock
from hotline_protocol.topics import CLOCK, INJECT, decode, encode
from hotline_services.cli.access import access
from hotline_services.cli.connection import Reach, found_run, tool_settings
from hotline_services.cli.health import health
from hotline_services.cli.runfile import NAME, RunFile, read_run_file
from hotline_services.cli.standing import status
from hotline_services.runtime.broker import KINDS, Kind
from hotline_services.runtime.client import NoBrokerError, connected, subscribe

from .conftest import need

HOTLINE = [sys.executable, "-m", "hotline_services.cli.main"]
PATIENCE_S = 240
PEOPLE = ("control", "observer", "us-desk", "ru-desk")


class Demo:
    """One that runs, and everything that is found in its folder."""

    def __init__(self, data: Path, process: "subprocess.Popen[str]", run: RunFile) -> None:
        self.data, self.process, self.run = data, process, run
        self.reach = Reach(data=data)


@pytest.fixture(scope="module", params=KINDS)
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """At a port of its own, told to nobody but by the run file; up when the first line of its log has come."""
    kind: Kind = request.param
    need(kind)
    data = tmp_path_factory.mktemp(kind) / "var"
    options = ["--data", str(data), "--broker", kind, "--broker-port", "0", "--no-page"]
    pace = ["--seconds", "900", "--speed", "10"]
    environment = {name: value for name, value in os.environ.items() if name != "HOTLINE_BROKER"}
    process = subprocess.Popen(
        [*HOTLINE, "demo", "valley-2017", *options, *pace], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline(), "the demo has ended"
        run = read_run_file(data)
        assert run is not None
        yield Demo(data, process, run)
    finally:
        process.terminate()
        process.stdout.close()
        assert process.wait(PATIENCE_S) in {0, -15}
    assert not (data / NAME).exists()


@pytest.fixture(autouse=True)
def _no_broker_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOTLINE_BROKER", raising=False)
    monkeypatch.delenv("HOTLINE_RECORD", raising=False)


async def clock_of(demo: Demo) -> Clock:
    """What the broker keeps of it, once the director has set it."""
    async with connected(demo.run.settings_of("observer")) as client, asyncio.timeout(PATIENCE_S):
        await subscribe(client, CLOCK.template)
        said = decode(CLOCK.template, bytes((await anext(client.messages)).payload))
    assert isinstance(said, Clock)
    return said


async def test_a_clock_that_somebody_without_a_name_forges_reaches_nobody(demo: Demo) -> None:
    """One such message made a demo jump to another century."""
    before = await clock_of(demo)
    forged = msgspec.structs.replace(before, id="forged", speed=100_000.0)
    address = demo.run.settings_of("observer")
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client(address.host, address.port) as nobody:
            await nobody.publish(CLOCK.template, encode(forged), qos=1, retain=True)
    assert await clock_of(demo) == before


@pytest.mark.parametrize("name", PEOPLE)
async def test_nobody_but_the_director_sets_the_clock(demo: Demo, name: str) -> None:
    before = await clock_of(demo)
    forged = msgspec.structs.replace(before, id=f"forged-{name}", speed=100_000.0)
    async with connected(demo.run.settings_of("observer")) as listener:
        await subscribe(listener, CLOCK.template, INJECT.filter())
        with contextlib.suppress(NoBrokerError, TimeoutError):  # NATS gives no answer, or hangs up
            async with connected(demo.run.settings_of(name)) as client, asyncio.timeout(1):
                await client.publish(CLOCK.template, encode(forged), qos=1, retain=True)
        async with connected(demo.run.settings_of("control")) as control:
            await control.publish(INJECT.filter(to="nobody"), b"the end", qos=1)
        async with asyncio.timeout(PATIENCE_S):
            async for heard in listener.messages:
                assert f"forged-{name}".encode() not in bytes(heard.payload)
                if bytes(heard.payload) == b"the end":
                    break
    assert (await clock_of(demo)).speed == before.speed


async def test_a_password_that_is_guessed_is_refused(demo: Demo) -> None:
    guessed = msgspec.structs.replace(demo.run.settings_of("control"), password="control")  # noqa: S106  a guess
    with pytest.raises(NoBrokerError):
        async with connected(guessed):
            pass


def test_passwords_stand_in_the_run_file_for_its_owner_alone(demo: Demo) -> None:
    assert set(demo.run.passwords) == set(PEOPLE)
    assert len(set(demo.run.passwords.values())) == len(PEOPLE)
    assert stat.S_IMODE((demo.data / NAME).stat().st_mode) == 0o600


def test_no_password_stands_on_a_command_line_or_in_a_file_that_others_may_read(demo: Demo) -> None:
    processes = [psutil.Process(demo.process.pid), *psutil.Process(demo.process.pid).children(recursive=True)]
    assert len(processes) > 5
    lines = " ".join(" ".join(process.cmdline()) for process in processes)
    assert "mqtt://" not in lines
    for password in demo.run.passwords.values():
        assert password not in lines
    for file in (path for path in demo.data.rglob("*") if path.is_file() and path.stat().st_mode & 0o077):
        content = file.read_bytes()
        assert not [password for password in demo.run.passwords.values() if password.encode() in content], file


def test_the_tools_find_the_demo_wherever_its_broker_listens(
    demo: Demo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo.data.parent)  # var is where they look
    health("director")
    assert status() == 0
    assert "director  up" in capsys.readouterr().out
    assert access() == 0
    assert capsys.readouterr().out.strip().endswith(f"@127.0.0.1:{demo.run.settings_of('control').port}")
    assert tool_settings(None, Reach(), "ru-desk") == demo.run.settings_of("ru-desk")


def test_a_broker_that_is_named_goes_before_the_run_file(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found_run("mqtt://127.0.0.1:1", demo.reach, "control") is None
    monkeypatch.setenv("HOTLINE_BROKER", "mqtt://127.0.0.1:2")
    assert found_run(None, demo.reach, "control") is None
    assert tool_settings(None, demo.reach, "control").port == 2
