"""A mosquitto, services started by their command, and a client that is no part of Hotline: nothing is imported from it.

So these tests run against any version, and fail on one that lacks what they ask for by what it does.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

PATIENCE_S = 240.0
ROOT = "hotline/v1"
SCENARIO = """
name = "quick"
title = "Nobody has plans"
start = 2026-06-18T09:00:00Z
agreement = "valley"
[sky]
[parties.us]
[parties.ru]
"""
CLOCK = {
    "type": "clock",
    "id": "clock-1",
    "source": "director",
    "seq": 0,
    "time": "2026-06-18T09:00:00Z",
    "simulated_start": "2026-06-18T09:00:00Z",
    "speed": 1.0,
}
PLAN = {
    "plan_id": "OUTSIDE-1",
    "callsign": "OUTSID1",
    "kind": "patrol",
    "area": {"shape": "circle", "centre": [42.0, 36.5], "radius_nm": 5},
    "lower_ft": 24000,
    "upper_ft": 26000,
    "start": "2026-06-18T10:00:00Z",
    "end": "2026-06-18T12:00:00Z",
}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def real(after_s: float = 0) -> str:
    """The time of this machine, so many seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=after_s)).isoformat()


def clock_now(after_s: float = 0) -> dict[str, Any]:
    """A clock that begins now, or as a machine says that is ahead by so much."""
    return CLOCK | {"real_start": real(after_s)}


Heard = tuple[str, dict[str, Any]]


class Client:
    """Somebody at the broker. Keeps what comes on the topics that were asked for, if it can be read."""

    def __init__(self, port: int, user: str | None = None, name: str = "") -> None:
        self.heard: list[Heard] = []
        self._news = threading.Condition()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5)
        if user is not None:
            self.client.username_pw_set(user, user)
        self.client.on_message = self._keep
        self.client.on_connect = lambda client, *_: client.subscribe(f"{ROOT}/#", 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _keep(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        with contextlib.suppress(ValueError), self._news:
            self.heard.append((message.topic, json.loads(message.payload)))
            self._news.notify_all()

    def say(self, topic: str, message: dict[str, Any] | bytes, *, retain: bool = False) -> None:
        payload = message if isinstance(message, bytes) else json.dumps(message)
        self.client.publish(f"{ROOT}/{topic}", payload, 1, retain=retain).wait_for_publish(PATIENCE_S)

    def hears(self, wanted: Callable[[str, dict[str, Any]], bool], since: int = 0) -> bool:
        """Whether something like this is heard, after this many others, before patience ends."""
        with self._news:
            return self._news.wait_for(lambda: any(wanted(*heard) for heard in self.heard[since:]), PATIENCE_S)

    def says(self, source: str, kind: str, since: int = 0) -> bool:
        """Whether this service says something of this type on its events before patience ends."""
        return self.hears(lambda at, said: at == f"{ROOT}/event/{source}" and said["type"] == kind, since)

    def is_up(self, source: str, since: int = 0) -> bool:
        """Whether this service gives a sign of life before patience ends."""
        topic = f"{ROOT}/health/{source}"
        return self.hears(lambda at, said: at == topic and said.get("presence") == "up", since)


class Mosquitto:
    """A broker with these further lines in its configuration, and services of which it is the broker."""

    def __init__(self, folder: Path, extra: str = "allow_anonymous true") -> None:
        self.folder, self.port = folder, free_port()
        (folder / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
        (folder / "broker.conf").write_text(f"listener {self.port} 127.0.0.1\nuser root\n{extra}\n", encoding="utf-8")
        self._children: list[subprocess.Popen[bytes]] = []
        self._clients: list[Client] = []
        program = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
        if program is None:
            pytest.skip("mosquitto is not installed")
        self._start("broker", [program, "-v", "-c", str(folder / "broker.conf")])
        self.logged("broker", "running")

    def _start(self, name: str, command: list[str]) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"PYTHONUTF8": "1"})
        self._children.append(child)
        return child

    def run(
        self, name: str, *options: str, broker: str = "", data: str = "data", scenario: str = "scenario.toml"
    ) -> "subprocess.Popen[bytes]":
        """``hotline run``, with a log that is named for the last word of ``name``."""
        where = broker or f"mqtt://127.0.0.1:{self.port}"
        own = ["--broker", where, "--data", str(self.folder / data), "--scenario", str(self.folder / scenario)]
        command = [sys.executable, "-m", "hotline_services.cli.main", "run", *name.split(), *own, *options]
        return self._start(name.rsplit(maxsplit=1)[-1], command)

    def hotline(self, *words: str) -> "subprocess.Popen[bytes]":
        """Any other command, with a log that is named for its first word."""
        return self._start(words[0], [sys.executable, "-m", "hotline_services.cli.main", *words])

    def client(self, user: str | None = None, name: str = "") -> Client:
        self._clients.append(Client(self.port, user, name))
        return self._clients[-1]

    def logged(self, name: str, words: str) -> bool:
        """Whether these words come into this log before patience ends."""
        return waited(lambda: words in (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace"))

    def close(self) -> None:
        for client in self._clients:
            client.client.disconnect()
            client.client.loop_stop()
        for child in reversed(self._children):
            child.kill()
            child.wait(PATIENCE_S)


def waited(true: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    """Whether this becomes true before patience ends."""
    ends = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True


@contextlib.contextmanager
def mosquitto(folder: Path, extra: str = "allow_anonymous true") -> Iterator[Mosquitto]:
    """A broker, and in the end the death of all that was started."""
    made = Mosquitto(folder, extra)
    try:
        yield made
    finally:
        made.close()
