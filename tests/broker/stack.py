"""A stack of real services, each a process, and a listener that keeps what they say."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from hotline_protocol.events import LedgerChanged, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.message import Message
from hotline_protocol.service import Health, Presence
from hotline_protocol.topics import EVERYTHING, MalformedMessageError, decode
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.children import die_with_parent
from hotline_services.runtime.client import NoBrokerError, connected, subscribe

from .cluster import Cluster

PATIENCE_S = 240
SERVICES = ("monitor", "aoc us", "aoc ru", "director")
_QUICK = """
name = "quick"
title = "Officers who are quick"
start = {start}
agreement = "valley"
speed = {speed}
[parties.us]
officer = {{ answer_s = {delay_s}, think_s = {delay_s} }}
[parties.ru]
officer = {{ answer_s = {delay_s}, think_s = {delay_s} }}
"""


def quick_scenario(folder: Path, start: datetime, *, speed: float, delay_s: float) -> Path:
    """A file in this folder: two sides without plans, whose officers need so many seconds to answer and to think."""
    path = folder / "quick.toml"
    path.write_text(_QUICK.format(start=start.isoformat(), speed=speed, delay_s=delay_s), encoding="utf-8")
    return path


class Stack:
    """The services, and everything that was said while somebody listened."""

    def __init__(self, broker: EmbeddedBroker | Cluster, data: Path, scenario: Path) -> None:
        self.broker = broker
        self.data = data
        self._options = ["--scenario", str(scenario), "--data", str(data)]
        self.environment: dict[str, dict[str, str]] = {}
        """What a service of this name finds in its environment beside what we do."""
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.said: list[Message] = []
        self._news = asyncio.Condition()

    def address(self, name: str) -> str:  # noqa: ARG002  in a cluster each service has its own
        """Where this service finds its broker."""
        return self.broker.url

    def launch(self, name: str) -> None:
        options = ["--broker", self.address(name), *self._options]
        command = [sys.executable, "-m", "hotline_services.cli.main", "run", *name.split(), *options]
        with (self.data / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                env=os.environ | self.environment.get(name, {}),
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),  # noqa: PLW1509  no threads yet
            )

    def kill(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait(PATIENCE_S)

    def stop(self) -> None:
        """The monitor last, so that it hears the others out."""
        for name in sorted(self.processes, key="monitor".__eq__):
            process = self.processes[name]
            process.terminate()
            assert process.wait(PATIENCE_S) in {0, -signal.SIGKILL}, (self.data / f"{name}.log").read_text()[-2_000:]

    async def listen(self) -> None:
        """Keep what is said, also over a broker's restart."""
        while True:
            with contextlib.suppress(NoBrokerError):
                async with connected(self.broker.settings) as client:
                    await subscribe(client, EVERYTHING)
                    async for heard in client.messages:
                        await self._keep(str(heard.topic), bytes(heard.payload))
            await asyncio.sleep(0)

    async def _keep(self, topic: str, payload: bytes) -> None:
        with contextlib.suppress(MalformedMessageError):
            message = decode(topic, payload)
            async with self._news:
                self.said.append(message)
                self._news.notify_all()

    async def hear(self, wanted: Callable[[Message], bool], *, since: int = 0) -> Message:
        """The first message like this among those said since; waits for it."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            while True:
                for message in self.said[since:]:
                    if wanted(message):
                        return message
                await self._news.wait()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until this is true; it is looked at whenever something is said."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(true)

    async def one_ledger(self) -> None:
        """Wait until both sides have last told of the same ledger."""
        await self.until(lambda: heads(self, "us") == heads(self, "ru") is not None)

    async def whole(self) -> None:
        """Wait until the monitor's record misses nothing; what was in flight at a break is redelivered or asked for."""
        await self.until(lambda: not gaps(self.data / "monitor.sqlite3"))

    async def up(self, *names: str, since: int = 0) -> None:
        for name in names:
            await self.hear(
                lambda m, name=name: isinstance(m, Health) and m.source == name and m.presence is Presence.UP,  # type: ignore[misc]
                since=since,
            )

    async def inject(self, payload: bytes, to: str = "us") -> None:
        async with connected(self.broker.settings) as client:
            await client.publish(f"hotline/v1/inject/{to}", payload, qos=1)

    async def settled(self, plan_id: str) -> PlanStatus:
        def final(message: Message) -> bool:
            return (
                isinstance(message, PlanStatus)
                and message.plan_id == plan_id
                and message.state is not PlanState.NEGOTIATING
            )

        status = await self.hear(final)
        assert isinstance(status, PlanStatus)
        return status


@contextlib.asynccontextmanager
async def launched(stack: Stack, services: Sequence[str] = SERVICES) -> AsyncIterator[None]:
    """These services, up, and in the end stopped."""
    listening = asyncio.create_task(stack.listen())
    for name in services:
        stack.launch(name)
    try:
        await stack.up(*(name.split()[-1] for name in services))
        yield
        stack.stop()
    finally:
        listening.cancel()
        for process in stack.processes.values():
            process.kill()
            process.wait(PATIENCE_S)


def heads(stack: Stack, party: str) -> Any:
    changes = [m for m in stack.said if isinstance(m, LedgerChanged) and m.source == party]
    return changes[-1].heads if changes else None


def gaps(record: Path) -> list[tuple[str, str, int, int]]:
    """Streams in the monitor's record of which something is missing."""
    with closing(sqlite3.connect(f"file:{record}?mode=ro", uri=True)) as db:
        return db.execute(
            "SELECT source, epoch, max(seq), count(DISTINCT seq) FROM messages WHERE seq > 0 "
            "GROUP BY source, epoch HAVING max(seq) != count(DISTINCT seq)"
        ).fetchall()
