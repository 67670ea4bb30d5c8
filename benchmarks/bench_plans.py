"""From a plan injected to its agreement on record, through the whole stack with officers who need no time.

Example: python benchmarks/bench_plans.py --plans 200
         python benchmarks/bench_plans.py --rate 200 --seconds 60

A broker on loopback, both centres, the monitor and the director, each a process. The comparison, in the same run, is
a raw aiomqtt round trip (a question and its answer, QoS 1) over the same broker, times the hops of an agreement.
``--rate`` sends plans at a steady rate, three in ten of which need consent, and watches memory and how far the answers
lag behind.
"""

import argparse
import asyncio
import contextlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import aiomqtt
from rich.console import Console
from rich.table import Table

from bench_live import RAW, ask_raw, raw_asker
from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import Flexibility, FlightPlan, PlanState
from hotline_protocol.message import canonical_json
from hotline_protocol.topics import CLOCK, HEALTH, STATUS, decode
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.children import die_with_parent
from hotline_services.runtime.client import connected
from sizes import parsed

BLOCK: Final = 50
HOPS: Final = 7  # inject, ring, answer, proposal, concurrence, confirmation, entry
SERVICES: Final = ("monitor", "aoc us", "aoc ru", "director")
ON_THE_LINE: Final = Position(39.42, 35.67)
FAR_EAST: Final = Position(41.5, 36.6)
MOVES_NOT: Final = Flexibility(max_shift_min=0, max_offset_nm=0, other_blocks=False)
SCENARIO: Final = """
name = "bench"
title = "Officers who need no time"
start = {start}
agreement = "valley"
speed = 1
[parties.us]
officer = {{ answer_s = 0, think_s = 0 }}
[parties.ru]
officer = {{ answer_s = 0, think_s = 0 }}
"""


def plan(number: int, *, needs_consent: bool) -> FlightPlan:
    """One of many that are never in each other's way: a window and a height of its own."""
    slot, block = divmod(number, 10)
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2, minutes=20 * slot)
    return FlightPlan(
        plan_id=f"bench-{number}",
        callsign=f"B{number}"[:7],
        area=Circle(centre=ON_THE_LINE if needs_consent else FAR_EAST, radius_nm=4),
        lower_ft=10_000 + 2_000 * block,
        upper_ft=12_000 + 2_000 * block,
        start=start,
        end=start + timedelta(minutes=10),
        flexibility=MOVES_NOT,
    )


@contextlib.contextmanager
def stack(broker: EmbeddedBroker, data: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The services of the benchmark's scenario, by name."""
    scenario = data / "bench.toml"
    scenario.write_text(SCENARIO.format(start=datetime.now(UTC).isoformat(timespec="seconds")), encoding="utf-8")
    options = ["--scenario", str(scenario), "--broker", broker.url, "--data", str(data), "--log-level", "warning"]
    command = [sys.executable, "-m", "hotline_services.cli.main", "run"]
    with (data / "log").open("wb") as log:
        children = {
            name: subprocess.Popen(
                [*command, *name.split(), *options],
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),  # noqa: PLW1509
            )
            for name in SERVICES
        }
        try:
            yield children
        finally:
            for child in children.values():
                child.terminate()
            for child in children.values():
                child.wait(10)


@contextlib.asynccontextmanager
async def listening(broker: EmbeddedBroker) -> AsyncIterator[aiomqtt.Client]:
    """A client that hears every status, once all services are up."""
    async with connected(broker.settings) as client:
        await client.subscribe([(HEALTH.filter(), 1), (CLOCK.template, 1)])
        waiting = {"us", "ru", "monitor", "director"}
        async for heard in client.messages:
            if b'"presence":"up"' in bytes(heard.payload):
                waiting.discard(str(heard.topic).rpartition("/")[2])
            if not waiting:
                break
        await client.unsubscribe([HEALTH.filter(), CLOCK.template])
        await client.subscribe(STATUS.filter(source="us"), qos=1)
        yield client


async def raw_round_trips_ms(broker: EmbeddedBroker, count: int) -> list[float]:
    """Raw aiomqtt questions to another process and their answers, QoS 1."""
    async with raw_asker(broker, RAW) as client:
        return [seconds * 1e3 for seconds in await ask_raw(client, RAW, count)]


async def one_after_another(broker: EmbeddedBroker, numbers: range) -> list[float]:
    """Milliseconds from injecting each plan to hearing that it is agreed."""
    times = []
    async with listening(broker) as client:
        for number in numbers:
            wanted = plan(number, needs_consent=True)
            began = time.perf_counter()
            await client.publish("hotline/v1/inject/us", canonical_json(wanted), qos=1)
            async for heard in client.messages:
                status = decode(str(heard.topic), bytes(heard.payload))
                if isinstance(status, PlanStatus) and status.plan_id == wanted.plan_id:
                    if status.state is PlanState.REFUSED:
                        raise SystemExit(f"refused: {status.problem}")
                    if status.state is PlanState.ACCEPTED:
                        break
            times.append((time.perf_counter() - began) * 1e3)
    return times


def on_record_ms(record: Path) -> list[float]:
    """Milliseconds from submission, as the monitor heard it, to the agreement in the monitor's record."""
    query = """
        SELECT (julianday(entered.at) - julianday(submitted.at)) * 86400e3
        FROM messages AS entered, messages AS status, messages AS submitted
        WHERE entered.type = 'entered' AND status.type = 'plan-status' AND submitted.type = 'submit-plan'
        AND json_extract(status.message, '$.state') = 'negotiating'
        AND json_extract(entered.message, '$.entry.agreement_id')
            LIKE json_extract(status.message, '$.negotiation_id') || '.%'
        AND json_extract(submitted.message, '$.plan.plan_id') = json_extract(status.message, '$.plan_id')
    """
    with closing(sqlite3.connect(f"file:{record}?mode=ro", uri=True)) as db:
        return [ms for (ms,) in db.execute(query)]


def resident_mb(process: "subprocess.Popen[bytes]") -> float:
    """Memory of a process, from the kernel's own accounts."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4_096 / 1e6


async def steadily(
    broker: EmbeddedBroker, services: dict[str, "subprocess.Popen[bytes]"], rate: int, seconds: int, console: Console
) -> None:
    """Plans at a steady rate: how many are answered, how late, and what memory does meanwhile."""
    answered: dict[str, float] = {}
    sent: dict[str, float] = {}
    total = rate * seconds
    table = Table("second", "sent", "answered", *SERVICES, title=f"{rate} plans/s, 3 in 10 need consent; memory in MB")
    async with listening(broker) as client:

        async def hear() -> None:
            async for heard in client.messages:
                status = decode(str(heard.topic), bytes(heard.payload))
                if isinstance(status, PlanStatus) and status.state is not PlanState.NEGOTIATING:
                    answered.setdefault(status.plan_id, time.perf_counter())
                if len(answered) >= total:
                    return

        hearing = asyncio.create_task(hear())
        began = time.perf_counter()
        for number in range(total):
            wanted = plan(number, needs_consent=number % 10 < 3)
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            sent[wanted.plan_id] = time.perf_counter()
            await client.publish("hotline/v1/inject/us", canonical_json(wanted), qos=1)
            if number % (rate * max(1, seconds // 6)) == 0:
                memory = (f"{resident_mb(service):.0f}" for service in services.values())
                table.add_row(f"{time.perf_counter() - began:.0f}", str(number), str(len(answered)), *memory)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(30):
                await hearing
        memory = (f"{resident_mb(service):.0f}" for service in services.values())
        table.add_row(f"{time.perf_counter() - began:.0f}", str(total), str(len(answered)), *memory)
    console.print(table)
    lags = sorted((answered[name] - sent[name]) * 1e3 for name in answered)
    p50, p99 = lags[len(lags) // 2], lags[int(len(lags) * 0.99)]
    console.print(f"answered {len(answered):,} of {total:,}; p50 {p50:.0f} ms, p99 {p99:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plans", type=int, default=200)
    parser.add_argument("--rate", type=int, default=200, help="plans a second; 0 leaves this part out")
    parser.add_argument("--seconds", type=int, default=60)
    options = parsed(parser, plans=3, rate=5, seconds=2)
    console = Console()
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder, EmbeddedBroker() as broker:
        raw: list[float] = []
        times: list[float] = []
        with stack(broker, Path(folder)):
            for first in range(0, options.plans, BLOCK):  # in turns, so that both meet the same weather
                times += asyncio.run(one_after_another(broker, range(first, min(first + BLOCK, options.plans))))
                raw += asyncio.run(raw_round_trips_ms(broker, 2 * BLOCK))
        raw_ms = statistics.median(raw)
        recorded = on_record_ms(Path(folder) / "monitor.sqlite3")
        table = Table(
            "", "p50 ms", "p99 ms", title=f"Plan injected to agreement, {len(times)} plans, over {broker.kind}"
        )
        for name, values in (("answered to who injected it", times), ("on the monitor's record", recorded)):
            ordered = sorted(values)
            table.add_row(name, f"{statistics.median(ordered):.2f}", f"{ordered[int(len(ordered) * 0.99)]:.2f}")
        table.add_row(f"{HOPS} hops x raw round trip of {raw_ms:.2f} ms", f"{HOPS * raw_ms:.2f}", "")
        console.print(table)
        ratio = statistics.median(recorded) / (HOPS * raw_ms)
        console.print(f"on record after {ratio:.2f} x (hops x raw round trip); wanted <= 1.5")
    if options.rate:
        with (
            tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder,
            EmbeddedBroker() as broker,
            stack(broker, Path(folder)) as services,
        ):
            asyncio.run(steadily(broker, services, options.rate, options.seconds, console))


if __name__ == "__main__":
    main()
