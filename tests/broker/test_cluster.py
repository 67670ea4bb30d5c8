"""A broker of three nodes, one of which dies in the middle of negotiations: that costs seconds, and nothing else."""

import asyncio
import os
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import CallEnded, Escalated, LineStateChanged
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.ledger import EntryKind
from hotline_protocol.line import CallOutcome, Entered, Propose
from hotline_protocol.message import Message, canonical_json
from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.topics import CLOCK, EVERYTHING, HEALTH, decode
from hotline_services.runtime.client import connected, retained
from hotline_services.runtime.mqtt import Connection
from hotline_services.runtime.wire import BrokerSettings, Delivery

from .cluster import NODES, Cluster
from .conftest import need
from .stack import PATIENCE_S, Stack, launched, quick_scenario

SPEED: Final = 1
"""NATS needs up to ten seconds to choose new leaders, and more on a busy machine: a ring (60 s) outlives them, as it
should in a real run."""
PLANS: Final = 4
KILLS: Final = int(os.environ.get("HOTLINE_NODE_KILLS", "1"))
"""For a longer run: one node after the other is killed, and is back before the next one is."""


class ClusterStack(Stack):
    """Each service begins on a node of its own; a witness with a session at the broker misses nothing that is said."""

    def __init__(self, cluster: Cluster, data: Path) -> None:
        self.start = datetime.now(UTC).replace(microsecond=0)
        super().__init__(cluster, data, quick_scenario(data, self.start, speed=SPEED, delay_s=1))
        self.cluster = cluster

    def address(self, name: str) -> str:
        return self.cluster.addresses({"aoc us": 0, "aoc ru": 1}.get(name, 2))

    async def listen(self) -> None:
        witness = _Witness()
        settings = BrokerSettings.from_url(self.cluster.addresses(1))
        witness.connection = Connection(settings, "hotline-witness", [EVERYTHING], witness)
        running = asyncio.create_task(witness.connection.run())
        try:
            while True:
                delivery = await witness.heard.get()
                await self._keep(delivery.topic, delivery.payload)
        finally:
            running.cancel()

    def plan(self, number: int) -> FlightPlan:
        """One of several above each other, all near the line; each four of them an hour later."""
        hours, level = divmod(number, PLANS)
        return FlightPlan(
            plan_id=f"p{number}",
            callsign="EXER1",
            area=Circle(centre=Position(39.42, 35.67), radius_nm=6),
            lower_ft=10_000 + 4_000 * level,
            upper_ft=12_000 + 4_000 * level,
            start=self.start + timedelta(hours=3 + hours),
            end=self.start + timedelta(hours=4 + hours),
        )

    def log_of(self, name: str) -> str:
        return (self.data / f"{name}.log").read_text()


class _Witness:
    """Keeps what arrives for whoever reads it."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Delivery] = asyncio.Queue()
        self.connection: Connection | None = None

    def will(self) -> None:
        """None is left."""

    def on_message(self, delivery: Delivery) -> None:
        self.heard.put_nowait(delivery)
        if self.connection is not None:
            self.connection.acknowledge(delivery)

    def on_read(self) -> None:
        """Each has been kept as it came."""

    def on_up(self, *, session_present: bool) -> None:
        """Its session makes good what was missed."""

    def on_down(self) -> None:
        """As above."""


@asynccontextmanager
async def playing(data: Path) -> AsyncIterator[ClusterStack]:
    need("nats")
    with Cluster(data / "cluster") as cluster:
        await cluster.ready()
        stack = ClusterStack(cluster, data)
        async with launched(stack):
            yield stack


def recorded(stack: ClusterStack) -> list[Message]:
    """Everything in the monitor's record, each message once."""
    with closing(sqlite3.connect(f"file:{stack.data / 'monitor.sqlite3'}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT topic, message FROM messages ORDER BY n").fetchall()
    return [decode(topic, message.encode() if isinstance(message, str) else message) for topic, message in rows]


async def test_a_node_killed_in_mid_negotiation_costs_time_and_nothing_else(tmp_path: Path) -> None:
    async with playing(tmp_path) as stack:
        for kill in range(KILLS):
            lost, plans = stack.cluster.nodes[kill % NODES], range(PLANS * kill, PLANS * (kill + 1))
            said = len(stack.said)
            for number in plans:
                await stack.inject(canonical_json(stack.plan(number)))
            await stack.hear(lambda m: isinstance(m, Propose), since=said)
            lost.kill()
            for number in plans:
                assert (await stack.settled(f"p{number}")).state is PlanState.ACCEPTED
            await stack.one_ledger()
            lost.start()
            await stack.cluster.ready()
        assert f"mqtt://127.0.0.1:{stack.cluster.nodes[1].port}" in stack.log_of("aoc us")
        await _holds_what_is_retained(stack)
        last = PLANS * KILLS
        await stack.inject(canonical_json(stack.plan(last)))
        assert (await stack.settled(f"p{last}")).state is PlanState.ACCEPTED
        await stack.whole()
    _is_not_held_against_the_line(recorded(stack))


async def _holds_what_is_retained(stack: ClusterStack) -> None:
    """Also the node that was killed knows the clock, and that both centres are up, once it has caught up."""
    topics = {CLOCK.template, HEALTH.filter(source="us"), HEALTH.filter(source="ru")}
    async with asyncio.timeout(PATIENCE_S):
        for node in stack.cluster.nodes:
            while not await _holds(node.settings, topics):
                pass


async def _holds(node: BrokerSettings, topics: set[str]) -> bool:
    async with connected(node) as client:
        found = await retained(client, *topics, wanted=topics)
    said = [decode(topic, payload) for topic, payload in found.items()]
    up = [m for m in said if isinstance(m, Health) and m.presence is Presence.UP]
    return len(up) == 2 and any(isinstance(m, Clock) for m in said)


def _is_not_held_against_the_line(said: list[Message]) -> None:
    granted = Counter(m.entry.volumes for m in said if isinstance(m, Entered) if m.entry.kind is EntryKind.GRANTED)
    assert sorted(granted.values()) == [1] * (PLANS * KILLS + 1)
    assert [m for m in said if isinstance(m, Escalated)] == []
    assert {m.outcome for m in said if isinstance(m, CallEnded)} <= {CallOutcome.COMPLETED, CallOutcome.BUSY}
    assert {m.state.value for m in said if isinstance(m, LineStateChanged)} <= {"working"}
