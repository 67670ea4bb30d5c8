"""What the page asks of a browser: frames, script time, the time to a first picture, and its weight.

Example: python benchmarks/bench_page.py --repeat 3 --seconds 10

A headless Chromium, without a GPU, looks at `hotline run page` in another process, over a record of a day and aircraft
that are told five times a second over a real broker. Frames are the animation frames that the browser had to give,
whether or not anything had moved far enough to be drawn anew; how often it had is told beside them. Script time is what
Chromium's Performance domain counts as script, and all tasks, of the page's main thread. Of several repetitions the
quietest is printed beside the worst: other work on the machine only ever makes it slower.
"""

import argparse
import asyncio
import contextlib
import math
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from playwright.async_api import Browser, CDPSession, Page, async_playwright
from rich.console import Console
from rich.table import Table

from hotline_protocol.flightplan import FlightKind
from hotline_protocol.message import Author
from hotline_protocol.service import Clock
from hotline_protocol.sky import Track, Tracks
from hotline_protocol.topics import address_of, encode
from hotline_services.director.scenario import read_scenario
from hotline_services.records.record import Record
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.children import die_with_parent
from hotline_services.runtime.client import connected
from hotline_services.runtime.store import Heard
from hotline_services.runtime.wire import BrokerSettings
from hotline_services.world import build
from sizes import parsed

SCENARIO: Final = "valley-2017"
SPEED: Final = 10.0
EVERY_S: Final = 0.2
CHROMIUM: Final = "/usr/bin/chromium"
WANTED: Final = {60: (55.0, 25.0), 1_000: (25.0, None)}
FIRST_PICTURE_S: Final = 1.5
WEIGHT_KB: Final = 700
BATCH: Final = 500

FRAMES: Final = """(ms) => new Promise((done) => {
  let frames = -1, start = 0, redraws = 0;
  const drawing = CanvasRenderingContext2D.prototype, clear = drawing.clearRect;
  drawing.clearRect = function (...box) {
    redraws += this.canvas.classList.contains("aircraft");
    return clear.apply(this, box);
  };
  const count = (now) => {
    if (frames < 0) [start, redraws] = [now, 0];
    frames += 1;
    const took = now - start;
    if (took < ms) requestAnimationFrame(count); else done([frames / took * 1000, redraws / took * 1000]);
  };
  requestAnimationFrame(count);
})"""


class Drawn(NamedTuple):
    """How smoothly a page draws: frames and redraws a second; per cent of a core of script, and of its main thread."""

    fps: float
    redraws: float
    script: float
    tasks: float


class Opened(NamedTuple):
    """A cold load: seconds to the first picture, and kilobytes over the network."""

    first_picture_s: float
    weight_kb: float


def write_record(path: Path) -> datetime:
    """A day of the scenario as a monitor records it; returns when it ends."""
    scenario, heard = read_scenario(SCENARIO), []
    end = scenario.start + timedelta(hours=18)
    build(scenario, 1, 1).run(end, lambda message, at: heard.append(Heard(at, message)))
    record = Record(path)
    for start in range(0, len(heard), BATCH):
        record.commit(heard[start : start + BATCH], [], [])
    record.close()
    return end


class Swarm:
    """So many aircraft that fly circles."""

    def __init__(self, count: int) -> None:
        chance = random.Random(count)
        self._of = [
            (
                chance.uniform(37.8, 40.8),
                chance.uniform(34.9, 36.4),
                chance.uniform(0.05, 0.4),
                chance.uniform(0, 360),
                i,
            )
            for i in range(count)
        ]

    def at(self, seconds: float) -> tuple[Track, ...]:
        """Where they are."""
        return tuple(self._track(*one, seconds) for one in self._of)

    def _track(self, lon: float, lat: float, radius: float, phase: float, i: int, seconds: float) -> Track:
        angle = math.radians(phase + seconds * 400 / (radius * 60 * 3_600) * 57.3)
        side = ("us", "ru")[i % 2]
        return Track(
            side=side,
            operator=side,
            plan_id=f"bench-{i}",
            callsign=f"TEST{i:03d}"[:7],
            kind=list(FlightKind)[i % 7],
            lon_deg=lon + radius * math.sin(angle),
            lat_deg=lat + radius * math.cos(angle),
            altitude_ft=20_000.0 + i % 100 * 100,
            speed_kt=400.0,
            track_deg=(math.degrees(angle) + 90) % 360,
            climb_fpm=0.0,
            conforming=i % 10 != 0,
        )


@contextlib.asynccontextmanager
async def flying(broker: BrokerSettings, begins: datetime, counts: list[int]) -> AsyncIterator[None]:
    """Tells of as many aircraft as ``counts`` says last, for as long as this is open."""
    sky, director, start = Author("sky", "bench"), Author("director", "bench"), time.monotonic()
    clock = director.say(Clock, begins, simulated_start=begins, real_start=datetime.now(UTC), speed=SPEED)

    async def tell() -> None:
        async with connected(broker) as connection:
            await connection.publish(address_of(clock), encode(clock), qos=1, retain=True)
            swarms: dict[int, Swarm] = {}
            while True:
                passed = (time.monotonic() - start) * SPEED
                tracks = swarms.setdefault(counts[-1], Swarm(counts[-1])).at(passed)
                message = sky.say(Tracks, begins + timedelta(seconds=passed), tracks=tracks)
                await connection.publish(address_of(message), encode(message))
                await asyncio.sleep(EVERY_S)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


@contextlib.contextmanager
def page_server(broker: BrokerSettings, record: Path) -> Any:
    """`hotline run page` in a process of its own; yields its address."""
    command = [sys.executable, "-m", "hotline_services.cli.main", "run", "page", "--scenario", SCENARIO, "--port", "0"]
    command += ["--broker", f"mqtt://{broker.host}:{broker.port}", "--record", str(record), "--log-level", "error"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent())  # noqa: PLW1509
    try:
        assert process.stderr is not None
        found = next(filter(None, (re.search(r"http://\S+", line) for line in process.stderr)))
        yield found[0]
    finally:
        process.terminate()
        process.wait(10)


async def metrics(session: CDPSession) -> dict[str, float]:
    """What Chromium has counted so far, in seconds."""
    answer = await session.send("Performance.getMetrics")
    return {one["name"]: one["value"] for one in answer["metrics"]}


async def measured(page: Page, session: CDPSession, seconds: float) -> Drawn:
    """So many seconds of a page that is open."""
    before, start = await metrics(session), time.perf_counter()
    fps, redraws = await page.evaluate(FRAMES, seconds * 1_000)
    after, took = await metrics(session), time.perf_counter() - start
    share = {name: (after[name] - before[name]) / took * 100 for name in ("ScriptDuration", "TaskDuration")}
    return Drawn(fps, redraws, share["ScriptDuration"], share["TaskDuration"])


async def cold(browser: Browser, address: str) -> Opened:
    """A load with an empty cache."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page, received = await context.new_page(), [0.0]
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    await page.goto(address, wait_until="commit")
    await page.wait_for_selector("body[data-shown]", timeout=20_000)
    took = await page.evaluate("performance.getEntriesByName('hotline:first-picture')[0].startTime")
    await page.wait_for_load_state("load")
    await context.close()
    return Opened(took / 1_000, sum(received) / 1_000)


async def drawn(browser: Browser, address: str, count: int, seconds: float) -> Drawn:
    """A page with so many aircraft in sight."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("Performance.enable")
    await page.goto(f"{address}&ll=39.3,35.65,8")
    await page.locator(".map:not([data-aloft='0'])").wait_for()
    await asyncio.sleep(2)  # until all of them have been told of
    assert int(await page.get_attribute(".map", "data-aloft") or 0) >= count, "some of the day's own fly as well"
    result = await measured(page, session, seconds)
    await context.close()
    return result


def show(results: dict[int, list[Drawn]], loads: list[Opened]) -> None:
    """Beside what is wanted."""
    table = Table(title="The page in a headless Chromium without a GPU", title_justify="left")
    for name in ("what", "quietest", "worst", "wanted"):
        table.add_column(name, justify="left" if name == "what" else "right")

    def row(what: str, values: list[float], wanted: str, best: Callable[[list[float]], float], unit: str) -> None:
        worst = min if best is max else max
        table.add_row(what, f"{best(values):.2f} {unit}", f"{worst(values):.2f} {unit}", wanted)

    for count, runs in results.items():
        fps, script = WANTED.get(count, (None, None))
        row(f"{count:,} aircraft: frames a second", [one.fps for one in runs], f">= {fps:g}" if fps else "", max, "")
        row("  aircraft drawn anew, a second", [one.redraws for one in runs], "", max, "")
        row("  script, of a core", [one.script for one in runs], f"<= {script:g} %" if script else "", min, "%")
        row("  whole main thread, of a core", [one.tasks for one in runs], "", min, "%")
    row("cold load to the first picture", [one.first_picture_s for one in loads], f"<= {FIRST_PICTURE_S} s", min, "s")
    row("weight over the network", [one.weight_kb for one in loads], f"<= {WEIGHT_KB} KB", min, "KB")
    Console(width=110).print(table)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--aircraft", type=int, nargs="*", default=[60, 1_000])
    parser.add_argument("--chromium", default=CHROMIUM)
    options = parsed(parser, seconds=0.5, repeat=1, aircraft=[20])
    results: dict[int, list[Drawn]] = {count: [] for count in options.aircraft}
    counts = [options.aircraft[0]]
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker() as broker:
        begins = write_record(Path(folder) / "monitor.sqlite3")
        with page_server(broker.settings, Path(folder) / "monitor.sqlite3") as address:
            async with flying(broker.settings, begins, counts), async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=options.chromium)
                loads = [await cold(browser, address) for _ in range(options.repeat)]
                for _ in range(options.repeat):
                    for count in options.aircraft:
                        counts.append(count)
                        results[count].append(await drawn(browser, address, count, options.seconds))
                await browser.close()
    show(results, loads)


if __name__ == "__main__":
    asyncio.run(main())
