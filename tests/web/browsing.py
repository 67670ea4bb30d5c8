"""A real browser on a real server. Whatever a page does wrong by itself fails the test that opened it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from hotline_services.director.scenario import Scenario
from hotline_services.records.record import Record
from hotline_services.runtime.store import Heard
from hotline_services.web.feeds import LiveFeed
from hotline_services.web.inbound import Inbound
from hotline_services.web.serving import allowed_hosts, listen, serve
from hotline_services.web.sources import Sources
from hotline_services.web.state import State

from .day import heard, scenario

try:
    from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright, expect
    from playwright.async_api import Error as BrowserError
except ImportError:  # a user without it: every test that wants a browser is skipped, and says so
    async_playwright = expect = None  # type: ignore[assignment]
else:
    expect.set_options(timeout=120_000)  # Playwright's own five seconds are too few on a busy machine

__all__ = ["expect"]  # the tests of the page take it from here, with its patience
TOKEN = "t0ken"  # noqa: S105
LAPTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
POLL_S = 0.01
PATIENCE_MS = 120_000
EMPTY = "about:blank"
NETWORKS_CHANGED = "net::ERR_NETWORK_CHANGED"
BROWSER = os.environ.get("HOTLINE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""

Visit = Callable[..., Awaitable["Page"]]


class Site:
    """A server that listens at an address of its own."""

    def __init__(self, state: State, port: int) -> None:
        self.state = state
        self.port = port
        self.address = f"http://127.0.0.1:{port}/"

    def at(self, **view: str) -> str:
        """The address of the page in this state."""
        return self.address + "#" + "&".join(f"{name}={value}" for name, value in view.items())


@asynccontextmanager
async def site(
    *recordings: Path,
    record: Path | None = None,
    broker: Inbound | None = None,
    port: int = 0,
    keep: timedelta | None = None,
    plays: Scenario | None = None,
) -> AsyncIterator[Site]:
    """For as long as this is open; then it is stopped as by a signal."""
    sources = Sources(plays or (scenario() if record else None))
    if record is not None:
        sources.watch(LiveFeed(record, POLL_S, keep), record)
    for path in recordings:
        sources.add(path, path.name)
    state, bound, stopping = State(sources, TOKEN, broker), listen("127.0.0.1", port), asyncio.Event()
    serving = asyncio.create_task(serve(state, allowed_hosts("127.0.0.1"), bound, stopping))
    try:
        yield Site(state, bound.getsockname()[1])
    finally:
        stopping.set()
        async with asyncio.timeout(90):
            await serving


def write(record: Record, *said: Heard) -> None:
    """As a monitor would."""
    record.commit(said, [], [])


def morning(count: int = 400) -> tuple[Heard, ...]:
    """The first messages of the day: some calls, some flights."""
    return heard()[:count]


def in_one_loop(items: Sequence[pytest.Item]) -> None:
    """Have the tests that visit a page run in the event loop that the browser of all of them lives in."""
    for item in items:
        if "visit" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator["Browser"]:
    """Chromium, without a window: one for all tests, each of which has contexts of its own in it."""
    if async_playwright is None:
        pytest.skip("playwright is not installed: it drives the browser")
    if not BROWSER:
        pytest.skip("no Chromium is installed: apt-get install chromium, or name one in HOTLINE_CHROMIUM")
    async with async_playwright() as running:
        launched = await running.chromium.launch(executable_path=BROWSER)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: "Browser") -> AsyncIterator[Visit]:
    """Opens pages. None may ask another host for anything, nor complain in its console."""
    complaints: list[str] = []

    async def visit(address: str, viewport: ViewportSize = LAPTOP, *, is_empty: bool = False, **context: Any) -> "Page":
        opened = await contexts.enter_async_context(await browser.new_context(viewport=viewport, **context))
        page = await opened.new_page()
        page.set_default_timeout(PATIENCE_MS)  # a machine that does much else besides is slow, and no fault of the page
        own = urlsplit(address).netloc

        def asked(request: Any) -> None:
            asks = urlsplit(request.url)
            if asks.scheme not in {"data", "blob"} and asks.netloc != own:
                complaints.append(f"asked another host: {request.url}")

        page.on("request", asked)
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda line: complaints.append(line.text) if _is_grave(line) else None)
        await open_whole(page, address, ".map" if is_empty else "body[data-shown]")
        return page

    async with AsyncExitStack() as contexts:
        yield visit
        assert complaints == []


async def open_whole(page: "Page", address: str, shown: str) -> None:
    """Open a page, and wait until something is shown. It is loaded again whenever Chromium gave up what it was loading
    because the networks of the machine changed, as they do when containers start or end beside.
    """
    given_up: list[str] = []
    page.on("requestfailed", lambda failed: given_up.append(failed.url) if failed.failure == NETWORKS_CHANGED else None)
    async with asyncio.timeout(PATIENCE_MS / 1_000):
        while not await page.locator(shown).is_visible():
            if given_up or page.url == EMPTY:
                given_up.clear()
                await page.goto(EMPTY)  # an address that is another only after # would load nothing
                try:
                    await page.goto(address)
                except BrowserError as error:
                    if NETWORKS_CHANGED not in error.message:
                        raise
                    given_up.append(address)
            await asyncio.sleep(POLL_S)


# Playwright reads an element at once, perhaps before the page has filled it. These functions wait for the content.


async def text_of(place: "Locator") -> str:
    """What is shown there, once something is."""
    await expect(place).not_to_be_empty()
    return await place.inner_text()


async def value_of(field: "Locator") -> str:
    """What stands in a field, once something does."""
    await expect(field).not_to_have_value("")
    return await field.input_value()


async def count_of(places: "Locator") -> int:
    """How many there are, once there are any."""
    await expect(places).not_to_have_count(0)
    return await places.count()


def _is_grave(line: Any) -> bool:
    """A server that is away is said by the browser itself, and is what some tests are about."""
    return line.type == "error" and "Failed to load resource" not in line.text
