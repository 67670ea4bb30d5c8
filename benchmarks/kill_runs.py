"""One run of the whole stack, in which processes are killed while plans are negotiated, and what was found afterwards.

Everything is counted from what the processes have written: the journals of both centres, which are replayed, and the
monitor's record.
"""

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, Protocol

import aiomqtt
import msgspec

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.message import canonical_json
from hotline_protocol.service import Health, Presence
from hotline_protocol.topics import HEALTH, MalformedMessageError, decode
from hotline_services.director.scenario import read_scenario
from hotline_services.monitor.rows import PlanRow
from hotline_services.records.reading import RecordSource
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.children import die_with_parent
from hotline_services.runtime.client import NoBrokerError, connected
from hotline_services.runtime.store import SNAPSHOT_EVERY, StoreError
from hotline_services.runtime.wire import BrokerSettings
from kill_sides import PARTIES, SEED, Side, not_heard, prepare

ROOT: Final = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # the tests are no package that is installed
    sys.path.insert(0, str(ROOT))
Where = Literal["mosquitto", "nats", "cluster"]
SERVICES: Final = ("monitor", "aoc us", "aoc ru", "director")
BROKER: Final = "broker"
VICTIMS: Final = {"aoc us": 3, "aoc ru": 3, "monitor": 2, "director": 1, BROKER: 1}
SPEED: Final = {"mosquitto": 20, "nats": 20, "cluster": 4}
PAUSE_S: Final = (0.1, 0.7)
IN_BEGINNING: Final = 0.2  # of the kills hit a service that has not come up again yet
PLAN_S: Final = 0.2
PLANS_A_KILL: Final = {"mosquitto": 3, "nats": 3, "cluster": 1}  # more would wait for the line, as time runs slower
PATIENCE_S: Final = 240.0
REFILE_S: Final = 10.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one run has shown. ``found`` tells the first of what should not be.

    ``replayed`` of the centres' ``inputs`` lie behind their newest snapshots.
    ``refiled`` plans had no answer after ten seconds, and were filed again, as whoever files does: the broker had taken
    them, and had died with them before the centre heard of them.
    """

    where: str
    seed: int
    kills: dict[str, int]
    plans: int
    refiled: int
    messages: int
    lost: int
    doubled: int
    denied: int
    took_s: float
    found: list[str]
    inputs: int = 0
    replayed: int = 0


class EndedError(Exception):
    """A service has ended without being killed."""


class Nodes(Protocol):
    """A broker, of one node or more."""

    @property
    def url(self) -> str: ...

    @property
    def settings(self) -> BrokerSettings: ...


class Run:
    """The stack, its plans, and whoever kills."""

    def __init__(
        self,
        broker: Nodes,
        nodes: Sequence[EmbeddedBroker],
        data: Path,
        where: Where,
        seed: int,
        snapshot_every: int = SNAPSHOT_EVERY,
    ) -> None:
        self._broker: Final = broker
        self._nodes: Final = nodes
        self._where: Final = where
        from tests.broker.stack import quick_scenario

        data.mkdir(parents=True, exist_ok=True)
        self._data: Final = data
        self._chance: Final = random.Random(seed)
        self._start: Final = datetime.now(UTC).replace(microsecond=0)
        self._path: Final = quick_scenario(data, self._start, speed=SPEED[where], delay_s=2)
        self._snapshot_every: Final = snapshot_every
        for party in PARTIES:
            prepare(data / f"{party}.sqlite3", party)
        self._processes: Final[dict[str, subprocess.Popen[bytes]]] = {}
        self._up: Final = {name: asyncio.Event() for name in SERVICES}
        self._sessions: Final[dict[str, str]] = {}
        self._files = True
        self.plans = 0
        self.refiled: Final[set[int]] = set()
        self.kills: Final[Counter[str]] = Counter()

    async def play(self, kills: int) -> str:
        """Kill so often, then wait until all is settled; returns what was not, if anything."""
        hearing = asyncio.create_task(self._hear())
        try:
            for name in SERVICES:
                self._launch(name)
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(*(up.wait() for up in self._up.values()))
            filing = asyncio.create_task(self._file())
            try:
                for _ in range(kills):
                    await self._kill()
            finally:
                self._files = False
                await filing
            return await self._settled()
        except (EndedError, TimeoutError) as error:
            return str(error) or "the services did not come up"
        finally:
            hearing.cancel()
            self._stop()

    def _launch(self, name: str) -> None:
        self._up[name].clear()
        options = ["--scenario", self._path, "--broker", self._broker.url, "--data", self._data, "--seed", SEED]
        options += ["--snapshot-every", self._snapshot_every]
        command = [sys.executable, "-m", "hotline_services.cli.main", "run", *name.split()]
        with (self._data / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [*command, *map(str, options), "--log-level", "warning"],
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),  # noqa: PLW1509
            )

    async def _kill(self) -> None:
        await asyncio.sleep(self._chance.uniform(*PAUSE_S))
        name = self._chance.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        self.kills[name.rpartition(" ")[2]] += 1
        if name == BROKER:
            node = self._chance.choice(self._nodes)
            await asyncio.to_thread(node.kill)
            await asyncio.to_thread(node.start)
            return
        if self._chance.random() > IN_BEGINNING:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S / 8):
                    await self._up[name].wait()
        process = self._processes[name]
        if (code := process.poll()) is not None:
            raise EndedError(f"{name} has ended by itself with {code}: its log says why")
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)
        self._launch(name)

    async def _hear(self) -> None:
        """Who is up, over whatever happens to the broker."""
        while True:
            with contextlib.suppress(NoBrokerError, aiomqtt.MqttError):
                async with connected(self._broker.settings) as client:
                    await client.subscribe(HEALTH.filter(), qos=1)
                    async for heard in client.messages:
                        self._note(str(heard.topic), bytes(heard.payload))
            await asyncio.sleep(0.05)

    def _note(self, topic: str, payload: bytes) -> None:
        with contextlib.suppress(MalformedMessageError):
            health = decode(topic, payload)
            name = next((one for one in SERVICES if one.split()[-1] == health.source), None)
            if name is None or not isinstance(health, Health) or health.presence is not Presence.UP:
                return
            if self._sessions.get(name) != health.session:  # a birth, and not what was retained of the one before
                self._sessions[name] = health.session
                self._up[name].set()

    async def _file(self) -> None:
        """File plans, now with one side, now with the other, each until the broker has it.

        This is not cancelled: a connection that breaks at that moment would swallow it.
        """
        while self._files:
            if self.plans < PLANS_A_KILL[self._where] * (self.kills.total() + 1) and await self._publish(self.plans):
                self.plans += 1
            await asyncio.sleep(PLAN_S)

    async def _publish(self, number: int) -> bool:
        """Whether the broker has taken this plan."""
        with contextlib.suppress(NoBrokerError, aiomqtt.MqttError):
            async with connected(self._broker.settings) as client:
                payload = canonical_json(self._plan(number))
                await client.publish(f"hotline/v1/inject/{PARTIES[number % 2]}", payload, qos=1)
                return True
        return False

    def _plan(self, number: int) -> FlightPlan:
        """One of many that need consent and are never in each other's way."""
        slot, block = divmod(number, 10)
        start = self._start + timedelta(hours=8, minutes=20 * slot)
        return FlightPlan(
            plan_id=f"k{number}",
            callsign=f"K{number}",
            area=Circle(centre=Position(39.42, 35.67), radius_nm=4),
            lower_ft=10_000 + 2_000 * block,
            upper_ft=11_000 + 2_000 * block,
            start=start,
            end=start + timedelta(minutes=10),
        )

    async def _settled(self) -> str:
        """Wait until every plan has an answer and the record misses nothing; returns what is open when that stops."""
        left, most, until, again = "nothing was recorded", 0, 0.0, time.monotonic() + REFILE_S
        while left:
            await asyncio.sleep(0.5)
            rows = await asyncio.to_thread(self._answers)
            answered = sum(state not in {None, PlanState.NEGOTIATING} for state in rows.values())
            if answered > most or not until:
                most, until = answered, time.monotonic() + PATIENCE_S
            left = self._open(rows)
            if time.monotonic() > until:
                break
            if time.monotonic() > again:
                again += REFILE_S
                for number in range(self.plans):
                    if f"k{number}" not in rows:
                        self.refiled.add(number)
                        await self._publish(number)
        return left

    def _answers(self) -> dict[str, PlanState | None]:
        with contextlib.suppress(StoreError), RecordSource(self._data / "monitor.sqlite3") as source:
            return {row.plan_id: row.state for row in source.rows(PlanRow)}
        return {}

    def _open(self, rows: dict[str, PlanState | None]) -> str:
        open_ones = [
            name for name in map("k{}".format, range(self.plans)) if rows.get(name) in {None, PlanState.NEGOTIATING}
        ]
        if open_ones:
            return f"{len(open_ones)} plans without an answer: {', '.join(open_ones[:5])}"
        from tests.broker.stack import gaps

        missing = gaps(self._data / "monitor.sqlite3")
        return f"the record misses messages: {missing}" if missing else ""

    def _stop(self) -> None:
        for name in reversed(SERVICES):
            if (process := self._processes.get(name)) is not None:
                process.terminate()
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait(5)

    def result(self, where: Where, seed: int, unsettled: str, took_s: float) -> Outcome:
        """What is found in journals and record, once all have ended."""
        from hotline_services.explore.invariants import denials, differences, double_uses

        scenario = read_scenario(str(self._path))
        sides = {party: Side(scenario, self._data, party) for party in PARTIES}
        lost = [unsettled] if unsettled else []
        lost += [line for party in PARTIES for line in not_heard(sides, party)]
        lost += [f"plan {name} is unknown" for name in self._unknown(sides)]
        doubled = [line for side in sides.values() for line in side.doubled()]
        centres = {party: side.centre for party, side in sides.items()}
        doubled += double_uses(centres, scenario.agreement)
        denied = [*denials(centres), *differences(centres)]
        denied += [side.other_end for side in sides.values() if side.other_end]
        return Outcome(
            where=where,
            seed=seed,
            kills=dict(self.kills),
            plans=self.plans,
            refiled=len(self.refiled),
            messages=sum(len(side.heard) for side in sides.values()),
            inputs=sum(side.inputs for side in sides.values()),
            replayed=sum(side.replayed for side in sides.values()),
            lost=len(lost),
            doubled=len(doubled),
            denied=len(denied),
            took_s=round(took_s, 1),
            found=[*lost, *doubled, *denied][:10],
        )

    def _unknown(self, sides: "dict[str, Side]") -> Iterator[str]:
        for number in range(self.plans):
            if f"k{number}" not in sides[PARTIES[number % 2]].centre.plans:
                yield f"k{number}"


@contextlib.asynccontextmanager
async def brokers(where: Where, folder: Path) -> AsyncIterator[tuple[Nodes, Sequence[EmbeddedBroker]]]:
    """The broker of a run, and its nodes, which can be killed."""
    if where == "cluster":
        from tests.broker.cluster import Cluster

        with Cluster(folder / "cluster") as cluster:
            await cluster.ready()
            yield cluster, cluster.nodes
    else:
        with EmbeddedBroker(where, folder / "broker") as broker:
            yield broker, [broker]


async def one_run(where: Where, seed: int, kills: int, folder: Path, snapshot_every: int = SNAPSHOT_EVERY) -> Outcome:
    """A run of its own, in a folder that is kept if something is found."""
    began = time.monotonic()
    async with brokers(where, folder) as (broker, nodes):
        run = Run(broker, nodes, folder, where, seed, snapshot_every)
        unsettled = await run.play(kills)
    return await asyncio.to_thread(run.result, where, seed, unsettled, time.monotonic() - began)
