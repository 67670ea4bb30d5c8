"""The examination over real brokers: of our own centre, of the plain one, and of one with a fault, each a process."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import pytest

from hotline_protocol.message import Message
from hotline_protocol.roster import Roster, write_roster
from hotline_protocol.service import Health, Presence
from hotline_protocol.topics import CLOCK, HEALTH, decode
from hotline_services.cli.conformance import conformance
from hotline_services.conformance import live
from hotline_services.conformance.examination.verdicts import Report, Verdict
from hotline_services.director.scenario import read_scenario
from hotline_services.runtime.broker import EmbeddedBroker, available
from hotline_services.runtime.children import die_with_parent
from hotline_services.runtime.client import connected, subscribe

from .keyring import Keyring

ROOT = Path(__file__).parents[2]
AGREEMENT = read_scenario("conformance").agreement
FASTEST = 20.0
PATIENCE_S = 240.0


@pytest.fixture
def any_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """The best that is here, for what is the same with each."""
    if not available():
        pytest.skip("neither mosquitto nor nats-server is installed")
    with EmbeddedBroker(data=tmp_path / "broker") as running_:
        yield running_


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A centre is started together with its examination, and may be slow."""
    monkeypatch.setattr(live, "UP_S", PATIENCE_S)


@contextlib.contextmanager
def running(data: Path, *command: str, env: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
    """This program, until the end."""
    with (data / "centre.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            env=os.environ | dict(env),
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent(),  # noqa: PLW1509
        )
        try:
            yield
        finally:
            process.kill()
            process.wait(PATIENCE_S)


def examined(broker: EmbeddedBroker, data: Path, only: str | None, code: int, **options: Any) -> Report:
    """The report, after the command has ended with this code."""
    out = data / "report.json"
    assert conformance(broker=broker.url, only=only, speed=FASTEST, out=out, **options) == code
    return msgspec.json.decode(out.read_bytes(), type=Report)


def ours(broker: EmbeddedBroker, data: Path, scenario: str = "conformance") -> list[str]:
    options = ["--scenario", scenario, "--broker", broker.url, "--data", str(data)]
    return ["-m", "hotline_services.cli.main", "run", "aoc", "ru", *options]


@pytest.mark.either_broker
def test_our_own_centre_keeps_what_it_is_examined_in(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    with running(tmp_path, *ours(own_broker, tmp_path)):
        report = examined(own_broker, tmp_path, "HEALTH,RCPT-1,RCPT-2,DUP,CALL-2,NEG,REC,DIG,ASK-5,REV", 0, stop=True)
    assert {judgement.requirement.id for judgement in report.of(Verdict.NOT_TESTED)} == set()


def test_the_plain_centre_breaks_nothing(any_broker: EmbeddedBroker, tmp_path: Path) -> None:
    url = any_broker.url.replace("mqtt://", "mqtt://ru:any@")
    silence_s = str(AGREEMENT.timing.silence_s)
    with running(tmp_path, str(ROOT / "examples/plain_centre.py"), url, AGREEMENT.digest, silence_s):
        report = examined(any_broker, tmp_path, "HEALTH-1,WIRE,REJ,RCPT-1,DUP-1,CALL-1,SIL-2,NEG-4,DIG,REC", 0)
    assert {judgement.requirement.id for judgement in report.of(Verdict.NOT_TESTED)} == {"REC-2"}


@pytest.mark.parametrize("whose", ["ours", "plain"])
def test_a_centre_with_keys_keeps_what_signatures_are_for(
    any_broker: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """The examiner has a key for each name that it speaks under; beside signatures everything is as without them."""
    keys = Keyring(tmp_path / "keys", ("us", "ru", "control", "director"))
    shared = keys.signers["us"].public  # the examiner sets the clock as well
    roster = Roster(keys={**keys.roster.keys, "director": (shared,), "control": (shared,)})
    (keys.folder / "roster.toml").write_text(write_roster(roster))
    url = any_broker.url.replace("mqtt://", "mqtt://ru:any@")
    plain = [str(ROOT / "examples/plain_centre.py"), url, AGREEMENT.digest, str(AGREEMENT.timing.silence_s)]
    with running(tmp_path, *(plain if whose == "plain" else ours(any_broker, tmp_path)), env=keys.environment("ru")):
        for name, value in keys.environment("us").items():
            monkeypatch.setenv(name, value)
        report = examined(any_broker, tmp_path, "SIGN,HEALTH-1,WIRE,REJ,RCPT-1,DUP-1,CALL-1", 0)
    assert {judgement.requirement.id for judgement in report.of(Verdict.NOT_TESTED)} == set()


def test_a_centre_with_a_fault_breaks_what_the_fault_is_about(any_broker: EmbeddedBroker, tmp_path: Path) -> None:
    with running(tmp_path, str(Path(__file__).with_name("faulty_centre.py")), any_broker.url, str(tmp_path)):
        report = examined(any_broker, tmp_path, "DIG,CALL-1,WIRE", 1)
    assert report.broken == ["DIG-1"]


def test_where_nobody_is_there_nothing_is_examined_and_no_clock_stays(
    any_broker: EmbeddedBroker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "UP_S", 1.0)
    assert conformance(broker=any_broker.url, only="CALL-1", speed=FASTEST) == 2
    assert "nobody is there who speaks as ru" in capsys.readouterr().err
    first = asyncio.run(first_retained(any_broker, CLOCK.template, HEALTH.filter(source="us")))
    assert isinstance(first, Health)
    assert first.presence is Presence.DOWN


async def first_retained(broker: EmbeddedBroker, *filters: str) -> Message:
    """What the broker keeps of the first of these of which it keeps anything."""
    async with connected(broker.settings) as connection:
        await subscribe(connection, *filters)
        async with asyncio.timeout(PATIENCE_S):
            heard = await anext(connection.messages)
    return decode(str(heard.topic), bytes(heard.payload))


def test_a_clock_that_a_centre_has_lived_by_stays_and_counts_the_next_time(
    any_broker: EmbeddedBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(tmp_path, *ours(any_broker, tmp_path)):
        assert conformance(broker=any_broker.url, only="DIG-1", speed=FASTEST) == 0
        first = capsys.readouterr().err
        assert conformance(broker=any_broker.url, only="DIG-1", speed=FASTEST / 2) == 0
        second = capsys.readouterr().err
    assert "the clock stays on the broker, 20 times as fast as the wall's, since ru goes by it" in first
    assert f"-p {any_broker.settings.port} -t hotline/v1/clock -r -n" in first
    assert (
        "a clock that director has set and that runs 20 times as fast as the wall's: that counts, and not --speed"
        in second
    )
    assert "stays on the broker" not in second


def test_a_centre_with_another_agreement_is_told_so_and_not_examined(
    any_broker: EmbeddedBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(tmp_path, *ours(any_broker, tmp_path, "valley-2017")):
        assert conformance(broker=any_broker.url, speed=FASTEST) == 2
    told = capsys.readouterr()
    assert told.out == ""
    other = read_scenario("valley-2017").agreement.digest
    assert f"ru has the agreement {other}, and not {AGREEMENT.digest}: load it with that" in told.err
    assert "A line check" not in told.err


def test_nobody_is_examined_by_somebody_who_is_there_already(
    any_broker: EmbeddedBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(tmp_path, *ours(any_broker, tmp_path)):
        examined(any_broker, tmp_path, "HEALTH-1", 0)  # from now on there is a clock, and ru lives by it
        code = conformance(as_="ru", against="us", broker=any_broker.url, only="CALL-1", speed=FASTEST)
    assert code == 2
    assert "there is a centre that speaks as ru already" in capsys.readouterr().err
