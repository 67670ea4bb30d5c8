"""A steady load of plans on the whole stack: how late the answers are, and what memory does meanwhile.

Example: python benchmarks/bench_load.py --minutes 1
         python benchmarks/bench_load.py --rate 200 --minutes 10

Broker, monitor, both centres and the director, each a process; three in ten plans need the other side's consent. Each
line stands for one part of the run. p99 is of the plans that were filed in that part, from filing to the centre's
answer. Beside it stands how busy the machine was: where more is running than there are cores, answers wait for those.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import aiomqtt
from rich.console import Console
from rich.table import Table

from bench_plans import MOVES_NOT, SERVICES, listening, resident_mb, stack
from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.message import canonical_json
from hotline_protocol.topics import decode
from hotline_services.runtime.broker import EmbeddedBroker
from sizes import parsed

WANTED_P99_S: Final = 1.0
PARTS: Final = 10
LAST_S: Final = 60.0
CONSENT: Final = 3  # of ten plans need it
HEIGHTS: Final = 10
BEGAN: Final = datetime.now(UTC).replace(microsecond=0)
ALONG: Final = ((38.15, 35.70), (38.50, 35.53), (38.85, 35.52), (39.42, 35.67), (39.80, 35.74), (40.12, 35.36))
ON_THE_LINE: Final = tuple(Position(lon, lat) for lon, lat in ALONG)
OWN_SIDE: Final = tuple(Position(40.5 + 0.5 * x, 36.0 + 0.4 * y) for x in range(6) for y in range(4))


def plan(number: int) -> FlightPlan:
    """One of many that are never in each other's way: a place, a height and a window of its own, within a month."""
    tens, digit = divmod(number, 10)
    needs_consent = digit < CONSENT
    places = ON_THE_LINE if needs_consent else OWN_SIDE
    rank = tens * CONSENT + digit if needs_consent else tens * (10 - CONSENT) + digit - CONSENT
    rest, place = divmod(rank, len(places))
    slot, height = divmod(rest, HEIGHTS)
    start = BEGAN + timedelta(hours=2, minutes=20 * slot)
    return FlightPlan(
        plan_id=f"load-{number}",
        callsign=f"L{number}"[:7],
        area=Circle(centre=places[place], radius_nm=4),
        lower_ft=10_000 + 2_000 * height,
        upper_ft=12_000 + 2_000 * height,
        start=start,
        end=start + timedelta(minutes=10),
        flexibility=MOVES_NOT,
    )


class Load:
    """Plans filed at a steady rate, with the times at which they were filed and answered."""

    def __init__(self, rate: int, seconds: float) -> None:
        self.rate: Final = rate
        self.total: Final = int(rate * seconds)
        self.filed_s: Final[list[float]] = []
        self.answered_s: Final[dict[int, float]] = {}
        self.states: Final[Counter[str]] = Counter()
        self.part: Final = max(self.total // PARTS, 1)
        self.memory: Final[list[list[float]]] = []
        self.busy: Final[list[float]] = []

    async def run(self, broker: EmbeddedBroker, services: "dict[str, subprocess.Popen[bytes]]") -> None:
        """File all of them, and wait a minute at most for the last answers."""
        async with listening(broker) as client:
            hearing = asyncio.create_task(self._hear(client))
            began = time.perf_counter()
            for number in range(self.total):
                if number % self.part == 0:
                    self._measure(services)
                wanted = canonical_json(plan(number))
                await asyncio.sleep(max(0.0, began + number / self.rate - time.perf_counter()))
                self.filed_s.append(time.perf_counter())
                await client.publish("hotline/v1/inject/us", wanted, qos=1)
            await asyncio.wait([hearing], timeout=LAST_S)
            hearing.cancel()
            self._measure(services)

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for heard in client.messages:
            status = decode(str(heard.topic), bytes(heard.payload))
            if isinstance(status, PlanStatus) and status.state is not PlanState.NEGOTIATING:
                self.answered_s.setdefault(int(status.plan_id.rpartition("-")[2]), time.perf_counter())
                self.states[status.state.value] += status.state in {PlanState.ACCEPTED, PlanState.REFUSED}
            if len(self.answered_s) >= self.total:
                return

    def _measure(self, services: "dict[str, subprocess.Popen[bytes]]") -> None:
        self.memory.append([resident_mb(services[name]) for name in SERVICES])
        self.busy.append(os.getloadavg()[0])

    def lags_ms(self, first: int, last: int) -> list[float]:
        """Milliseconds from filing to the answer of these plans, in order of length; of those that have one."""
        numbers = (n for n in range(first, last) if n in self.answered_s)
        return sorted((self.answered_s[n] - self.filed_s[n]) * 1e3 for n in numbers)


def show(load: Load, most_s: float, console: Console) -> bool:
    """All of it; returns whether it is as wanted."""
    title = f"{load.rate} plans/s, {CONSENT} in 10 need consent; memory in MB at the end of each part"
    table = Table("plans", "answered", "p50 ms", "p99 ms", *SERVICES, "load", title=title)
    for part, first in enumerate(range(0, load.total, load.part)):
        lags = load.lags_ms(first, min(first + load.part, load.total))
        after = min(part + 1, len(load.memory) - 1)
        memory = (f"{megabytes:.0f}" for megabytes in load.memory[after])
        times = (f"{share(lags, 0.5):.0f}", f"{share(lags, 0.99):.0f}")
        table.add_row(f"{first:,} on", f"{len(lags):,}", *times, *memory, f"{load.busy[after]:.1f}")
    console.print(table)
    lags = load.lags_ms(0, load.total)
    console.print(", ".join(f"{count:,} {state}" for state, count in load.states.items() if count))
    grown = [last - first for first, last in zip(load.memory[0], load.memory[-1], strict=True)]
    console.print(
        f"answered {len(lags):,} of {load.total:,}; p50 {share(lags, 0.5):.0f} ms, p99 {share(lags, 0.99):.0f} ms "
        f"(wanted: all, p99 under {most_s:g} s with nothing else running)"
    )
    console.print("grown by " + ", ".join(f"{name} {mb:.0f} MB" for name, mb in zip(SERVICES, grown, strict=True)))
    return len(lags) == load.total and share(lags, 0.99) < most_s * 1e3


def share(ordered: list[float], part: float) -> float:
    """The value below which this part of them is."""
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else float("nan")


def main() -> None:
    """Run it; the exit code is 1 when not all plans were answered in time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=200, help="plans a second")
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument(
        "--most-s", type=float, default=WANTED_P99_S, help="how long 99 of 100 answers may take at most"
    )
    options = parsed(parser, rate=20, minutes=0.05, most_s=600.0)
    load = Load(options.rate, options.minutes * 60)
    with (
        tempfile.TemporaryDirectory(prefix="hotline-load-") as folder,
        EmbeddedBroker() as broker,
        stack(broker, Path(folder)) as services,
    ):
        asyncio.run(load.run(broker, services))
    sys.exit(not show(load, options.most_s, Console(width=130)))


if __name__ == "__main__":
    main()
