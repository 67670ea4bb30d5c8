"""What a live run leaves: a record that is one file, which opens wherever it is, and a recording to be played again."""

import asyncio
import json
import platform
import re
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hotline_services.cli.queries import calls
from hotline_services.cli.query import Query
from hotline_services.cli.recording import recording
from hotline_services.cli.rerun import rerun
from hotline_services.director.scenario import read_scenario
from hotline_services.records.reading import RecordSource
from hotline_services.records.recordfile import read_only
from hotline_services.runtime.broker import EmbeddedBroker

from .conftest import need
from .stack import Stack, launched
from .test_live_as_simulated import written
from .test_signed_stack import Signed

HOTLINE = [sys.executable, "-c", "from hotline_services.cli.main import main; main()"]
PATIENCE_S = 240
LONGER_S = "180"


def test_the_record_of_a_demo_with_a_page_that_was_interrupted_opens_where_it_alone_is_copied_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("mosquitto")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    out = elsewhere / "run.jsonl"
    places = ["--data", str(tmp_path / "var"), "--broker", "mosquitto", "--broker-port", "0", "--page-port", "0"]
    process = subprocess.Popen(
        [*HOTLINE, "demo", "euphrates-2017-06-18", *places, "--seconds", LONGER_S, "--speed", "20", "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert any("plan filed" in line for line in process.stdout), process.communicate()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate(timeout=10)
    named = re.search(r"What was said is in (\S+): hotline calls --record (\S+)", told)
    assert named is not None, told
    assert named[1] == named[2]
    with RecordSource(Path(named[1])) as source:
        count = source.count
    shutil.copy(named[1], elsewhere)
    shutil.rmtree(tmp_path / "var")
    with RecordSource(elsewhere / "monitor.sqlite3") as source:
        assert source.count == count > 3
    assert calls(query=Query(record=elsewhere / "monitor.sqlite3")) == 0
    assert_played_again(out, capsys)


def assert_played_again(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = json.loads(out.read_bytes().splitlines()[0])
    played = read_scenario("euphrates-2017-06-18")
    assert (header["scenario"], header["seed"]) == (played.name, played.seed)
    assert header["live"] == {"speed": 20.0, "days": played.days, "operators": {}}
    assert header["provenance"]["python"] == platform.python_version()
    capsys.readouterr()
    code = rerun(out, json=True)
    told = json.loads(capsys.readouterr().out)
    assert code == 0, told
    services = {each["service"]: each for each in told["services"]}
    assert set(services) == {"us", "ru", "director", "sky"}
    assert services["us"]["inputs"] > 0
    assert services["director"]["messages"] > 0


async def test_a_monitor_that_is_interrupted_leaves_one_whole_file_while_others_read_it(tmp_path: Path) -> None:
    need("mosquitto")
    path = tmp_path / "monitor.sqlite3"
    with EmbeddedBroker("mosquitto", tmp_path / "broker") as broker:
        stack = Stack(broker, tmp_path, written(tmp_path))
        async with launched(stack):
            await stack.settled("us-cap")
            with closing(read_only(path)) as reader:
                monitor = stack.processes["monitor"]
                monitor.send_signal(signal.SIGINT)
                await asyncio.to_thread(monitor.wait, PATIENCE_S)
                (count,) = reader.execute("SELECT count(*) FROM messages").fetchone()
                copied = shutil.copy(path, tmp_path / "copied.sqlite3")
    with RecordSource(Path(copied)) as source:
        assert source.count == count > 3


async def test_a_signed_run_whose_centre_was_killed_is_the_same_when_it_is_played_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is sealed with a key stands in the record otherwise than in the journal: cores have no keys."""
    need("mosquitto")
    out = tmp_path / "run.jsonl"
    with EmbeddedBroker("mosquitto", tmp_path / "broker") as broker:
        stack = Signed(broker, tmp_path)
        async with launched(stack):
            await stack.agree("one")
            stack.kill("aoc ru")
            stack.launch("aoc ru")
            await stack.agree("two")
    assert recording(record=tmp_path / "monitor.sqlite3", out=out) == 0
    assert b'"seal":"' in out.read_bytes()
    capsys.readouterr()
    code = rerun(out, json=True)
    told = json.loads(capsys.readouterr().out)
    assert code == 0, told
    assert {each["service"] for each in told["services"] if each["messages"]} == {"us", "ru"}
