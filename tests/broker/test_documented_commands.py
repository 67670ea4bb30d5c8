"""What README and docs/ show is run as it stands there, block by block, in a folder like a checkout beside a demo.

What is not run here is in the rules of tests/house/documented.py.
"""

import contextlib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from tests.house.documented import ROOT, Command, How, blocks, how
from tests.outside.stack import waited

from hotline_services.cli.runfile import read_run_file
from hotline_services.runtime.broker import EmbeddedBroker, find_broker

from .conftest import need

PATIENCE_S = 240
STOPPED = (0, 130, -signal.SIGINT)
"""What a command that goes on ends with when it is interrupted: in its first moments that ends Python itself."""
AT_A_TERMINAL = re.compile(r"hotline console (?!.*--plain)")
"""What draws a screen, and refuses to where there is no terminal."""
COPIED = ("compose", "docker-compose.yml", "docs", "examples", "scenarios", ".env.example")
"""What of a checkout the commands read or write."""

SHORTER = (
    # A month takes half a minute, an experiment more.
    (r"(hotline simulate .*)--days 30", r"\1--days 0.1"),
    (r"(hotline experiment outage)(.*?)( --days 3 --replications 3)?( --out.*)", r"\1 --days 0.02 --replications 1\4"),
    # The scenarios that are played over 24 hours or more.
    (r"(hotline simulate deir-ez-zor-2016-09-17)", r"\1 --days 0.4"),
    # The order that the block reads first is there already, and so is what docker would have copied.
    (r"(hotline aco write .*)", r"\1 --force"),
    (r"mkdir run$", "mkdir -p run"),
    # The demo of the same block has the usual port.
    (r"(hotline run page .*)", r"\1 --port 0"),
    # What goes on until it is interrupted, and is to end when nothing more is said: one message is enough.
    (r"mosquitto_sub (.*)hotline/v1/(#|event)", r"mosquitto_sub -C 1 \1hotline/v1/\2"),
)
"""Commands that would take longer than a test may, and what is run in their place."""

PLACES = {
    # A broker of the test's own, in place of what may listen on the usual port.
    "mqtt://us:secret@127.0.0.1:1883": "{open}",
    "mqtt://observer:PASSWORD@127.0.0.1:1883": "{observer}",
    "mqtt://us-desk:PASSWORD@broker": "{us-desk}",
}
"""What stands for something that everybody has for themselves."""

PREPARED = {
    # Files that a block takes from the blocks before it, or from its reader.
    "run.jsonl": "hotline simulate valley-day --seed 7 --days 0.2 --out run.jsonl",
    "month.jsonl": "hotline simulate valley-2017 --days 0.2 --seed 1 --out month.jsonl",
    "order.aco": "hotline aco write month.jsonl --at 2017-08-20T07:30Z --out order.aco",
}
ALSO = {"with.jsonl": "run.jsonl", "without.jsonl": "run.jsonl"}


def tried(command: Command) -> bool:
    rule = how(command)
    return rule is not None and rule.how in {How.RUNS, How.STAYS}


BLOCKS = [block for block in blocks() if any(tried(command) for command in block)]


class Bench(NamedTuple):
    """Where the commands are run: the environment, the folder with prepared files and the demo, and its broker."""

    environment: dict[str, str]
    files: Path
    demo: Path
    places: dict[str, str]


def shell(
    environment: dict[str, str],
    folder: Path,
    text: str,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.STDOUT,
) -> "subprocess.Popen[str]":
    """This command as somebody types it; interrupts reach all that it starts."""
    return subprocess.Popen(
        ["bash", "-c", text],
        cwd=folder,
        env=environment,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    need("mosquitto")
    folder = tmp_path_factory.mktemp("documented")
    environment = _environment(folder)
    files = folder / "files"
    files.mkdir()
    for text in PREPARED.values():
        done = subprocess.run(
            ["bash", "-c", text], cwd=files, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    for name, same in ALSO.items():
        shutil.copy(files / same, files / name)
    demo = folder / "demo"
    demo.mkdir()
    (demo / "log").touch()
    own = "--broker mosquitto --no-page --broker-port 0 --seconds 900"
    running = shell(environment, demo, f"exec hotline demo {own} > log")
    try:
        assert waited(lambda: "plan filed" in (demo / "log").read_text(encoding="utf-8"), PATIENCE_S)
        with EmbeddedBroker("mosquitto", folder / "open") as open_to_all:
            yield Bench(environment, files, demo, _places(demo, open_to_all))
    finally:
        os.killpg(running.pid, signal.SIGINT)
        running.communicate(timeout=PATIENCE_S)


def _environment(folder: Path) -> dict[str, str]:
    """Ours, without what points to a stack, and with `hotline` and `python` of this test run."""
    programs = folder / "bin"
    programs.mkdir()
    call = "from hotline_services.cli.main import main; main()"
    for name, words in (("hotline", f"-c '{call}'"), ("python", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (programs / name).chmod(0o755)
    sbin = str(Path(str(find_broker("mosquitto"))).parent)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return kept | {"PATH": os.pathsep.join([str(programs), kept["PATH"], sbin]), "COLUMNS": "120"}


def _places(demo: Path, open_to_all: EmbeddedBroker) -> dict[str, str]:
    run = read_run_file(demo / "var")
    assert run is not None
    port = run.settings_of("observer").port
    found = {"open": open_to_all.url}
    for name in ("observer", "us-desk"):
        settings = msgspec.structs.replace(run.settings_of(name), port=port)
        found[name] = f"mqtt://{name}:{settings.password}@127.0.0.1:{port}"
    return {written: found[stands_for.strip("{}")] for written, stands_for in PLACES.items()}


def prepared(bench: Bench, folder: Path, block: list[Command]) -> None:
    """A checkout with the files that the block takes from others, and the demo in var/ unless it has its own."""
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    for path in bench.files.iterdir():
        shutil.copy(path, folder)
    shutil.copy(folder / "scenarios" / "valley-day.toml", folder / "my-day.toml")
    if not any(command.text.startswith("hotline demo") for command in block):
        (folder / "var").symlink_to(bench.demo / "var")
    (folder / "run").mkdir()
    if (record := bench.demo / "var" / "monitor.sqlite3").is_file():
        for part in record.parent.glob(f"{record.name}*"):
            shutil.copy(part, folder / "run")


def as_run(bench: Bench, text: str) -> str:
    """The command, with what stands for something in its place, and shorter where it would take long."""
    for written, meant in bench.places.items():
        text = text.replace(written, meant)
    for long, shorter in SHORTER:
        text = re.sub(long, shorter, text)
    return text.removesuffix("&").strip()


def name_of(block: list[Command]) -> str:
    return f"{block[0].page}: {block[0].text}"


class Staying:
    """A command that goes on until it is interrupted. It has said something, or has ended, when this is made."""

    def __init__(self, environment: dict[str, str], folder: Path, text: str) -> None:
        self.text = text
        self._said = b""
        self._begun = threading.Event()
        if AT_A_TERMINAL.match(text):
            output, end = pty.openpty()
            self.process = shell(environment, folder, text, stdin=end, stdout=end, stderr=end)
        else:
            output, end = os.pipe()
            self.process = shell(environment, folder, text, stdout=end, stderr=end)
        os.close(end)
        self._reading = threading.Thread(target=self._read, args=(output,), daemon=True)
        self._reading.start()
        assert self._begun.wait(PATIENCE_S), f"{text} says nothing"

    def _read(self, output: int) -> None:
        with contextlib.suppress(OSError):  # a terminal whose other end has been closed
            while some := os.read(output, 65_536):
                self._said += some
                self._begun.set()
        self._begun.set()
        os.close(output)

    def end(self) -> None:
        """Interrupt it, unless it has ended: that must have been as it should be."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(PATIENCE_S)
        self._reading.join(PATIENCE_S)
        assert code in STOPPED, (self.text, code, self._said[-2_000:])

    def kill(self) -> None:
        """Leave nothing behind of a test that has failed."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE_S)


@pytest.mark.parametrize("block", BLOCKS, ids=name_of)
def test_what_is_shown_works_as_it_stands(block: list[Command], bench: Bench, tmp_path: Path) -> None:
    prepared(bench, tmp_path, block)
    running: list[Staying] = []
    try:
        for command in filter(tried, block):
            text = as_run(bench, command.text)
            rule = how(command)
            if rule is not None and rule.how is How.STAYS:
                running.append(Staying(bench.environment, tmp_path, text))
                if text.startswith("hotline demo"):
                    assert waited((tmp_path / "var" / "monitor.sqlite3").exists, PATIENCE_S)
                continue
            process = shell(bench.environment, tmp_path, text)
            said, _ = process.communicate(timeout=PATIENCE_S)
            assert process.returncode in _good(text), (text, process.returncode, said[-2_000:])
        for each in reversed(running):
            each.end()
    finally:
        for each in running:
            each.kill()


def _good(text: str) -> tuple[int, ...]:
    """The exit codes with which this may end: on a busy machine the doctor finds the broker too slow for the speed."""
    return (0, 1) if text.startswith("hotline doctor") else (0,)
