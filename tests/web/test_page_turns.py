"""Answers that come late, or not at all: what was asked for last is what is shown."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hotline_services.monitor.rows import CallRow
from hotline_services.records.record import Record

from .browsing import Visit, expect, morning, site, write

if TYPE_CHECKING:
    from playwright.async_api import Page, Route

CALLS = "#panel-calls tbody tr"
HEAD = re.compile(r"/live/picture$")
PAST = re.compile(r"/live/picture\?at=")
TAKEN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@asynccontextmanager
async def late(page: "Page", pattern: "re.Pattern[str]") -> AsyncIterator[asyncio.Event]:
    """The first answer to this comes when this is left; the event is set once it was asked for."""
    asked, released = asyncio.Event(), asyncio.Event()

    async def hold(route: "Route") -> None:
        asked.set()
        await released.wait()
        await route.continue_()

    await page.route(pattern, hold, times=1)
    yield asked
    async with page.expect_response(pattern):
        released.set()
    await page.evaluate(TAKEN)


async def test_a_time_that_is_sought_while_going_live_is_where_one_stays(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        await page.get_by_label("Time shown").press("Home")
        await expect(page.locator(CALLS)).to_have_count(0)
        async with late(page, HEAD) as asked:
            await page.get_by_role("button", name="Go live").first.click()
            await asked.wait()
            await page.get_by_label("Time shown").press("ArrowRight")
        await expect(page.locator(".mode")).to_have_text("IN THE PAST")
        await expect(page.locator(CALLS)).to_have_count(0)


async def test_the_past_that_comes_after_one_went_live_is_not_shown(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        async with late(page, PAST) as asked:
            await page.get_by_label("Time shown").press("Home")
            await asked.wait()
            await page.get_by_role("button", name="Go live").first.click()
            await expect(page.locator(".mode")).to_have_text("LIVE")
        await expect(page.locator(CALLS)).to_have_count(record.count(CallRow))


async def test_going_live_asks_once_however_long_the_answer_takes(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        await page.get_by_label("Time shown").press("Home")
        asks: list[str] = []
        page.on("request", lambda request: asks.append(request.url) if HEAD.search(request.url) else None)
        async with late(page, HEAD) as asked:
            await page.get_by_role("button", name="Go live").first.click()
            await asked.wait()
            await page.keyboard.press("l")
            await page.keyboard.press("l")
        assert len(asks) == 1


async def test_rows_are_those_of_the_clock_after_a_time_could_not_be_gone_to(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        await expect(page.locator(CALLS)).to_have_count(record.count(CallRow))
        await page.route(PAST, lambda route: route.abort(), times=3)  # asked, and asked again twice
        await page.get_by_label("Time shown").press("Home")
        await expect(page.locator("#notices")).to_contain_text("That did not work")
        await expect(page.locator(CALLS)).to_have_count(0)


async def test_a_request_that_a_change_of_the_networks_has_cut_off_is_made_again(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        asks: list[str] = []
        page.on("request", lambda request: asks.append(request.url) if PAST.search(request.url) else None)
        await page.route(PAST, lambda route: route.abort("internetdisconnected"), times=2)
        await page.get_by_label("Time shown").press("Home")
        await expect(page.locator(CALLS)).to_have_count(0)
        await expect(page.locator("#notices")).to_be_empty()
        assert len(asks) >= 3


async def test_a_source_that_was_left_while_going_live_is_not_followed(record: Record, run: Path, visit: Visit) -> None:
    write(record, *morning(300))
    async with site(run, record=record._path) as served:
        page = await visit(served.at(s="live", at="2017-08-19T22:00:00Z"))
        streams: list[str] = []
        page.on("request", lambda request: streams.append(request.url) if "/stream" in request.url else None)
        async with late(page, HEAD) as asked:
            await page.get_by_role("button", name="Go live").first.click()
            await asked.wait()
            await page.get_by_label("Source").select_option("a")
            await expect(page.locator(".mode")).to_have_text("REPLAY")
        assert streams == []
        await expect(page.locator(".mode")).to_have_text("REPLAY")


async def test_a_source_that_cannot_be_opened_leaves_what_is_looked_at(record: Record, run: Path, visit: Visit) -> None:
    write(record, *morning(300))
    async with site(run, record=record._path) as served:
        page = await visit(served.address)
        await page.route("**/a/setting", lambda route: route.abort())
        await page.get_by_label("Source").select_option("a")
        await expect(page.locator("#notices")).to_contain_text("That did not work")
        await expect(page.get_by_label("Source")).to_have_value("live")
        write(record, *morning(700)[300:])
        await expect(page.locator(CALLS)).to_have_count(record.count(CallRow))


async def test_another_source_is_opened_without_the_place_and_the_filters_of_the_last(run: Path, visit: Visit) -> None:
    async with site(run, run) as served:
        page = await visit(
            served.at(s="a", at="2017-08-20T20:00:00Z", ll="10.0000,10.0000,9.00", q="line-check", party="us")
        )
        await expect(page.get_by_role("searchbox")).to_have_value("line-check")
        await page.get_by_label("Source").select_option("b")
        await expect(page).to_have_url(re.compile("s=b"))
        await expect(page.get_by_role("searchbox")).to_have_value("")
        await page.evaluate(TAKEN)
        await expect(page).not_to_have_url(re.compile("ll=|q=|party="))


async def test_the_address_has_the_place_of_the_map_once_somebody_has_moved_it(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T05:02:00Z"))
        await page.keyboard.press("g")
        await expect(page).to_have_url(re.compile("gars=1"))
        assert "ll=" not in page.url
        await page.get_by_role("button", name="Closer").click()
        await expect(page).to_have_url(re.compile("ll="))
        await page.get_by_role("button", name="The whole theatre").click()
        await expect(page).not_to_have_url(re.compile("ll="))


async def test_a_time_in_the_address_is_utc_wherever_it_is_read(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T05:02:00"), timezone_id="America/New_York")
        await expect(page.locator(".hours")).to_have_text("05:02:00")


async def test_a_live_clock_goes_on_over_a_reading_that_was_late_and_back_when_it_was_set_back(
    run: Path, visit: Visit
) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T05:02:00Z"))
        shown = await page.evaluate(
            """async () => {
              const {Clock} = await import('./static/clock.js');
              let real = 0;
              performance.now = () => real;
              const clock = new Clock();
              const heard = (simulated, speed) => {
                clock.hear({simulated: `2017-08-20T${simulated}Z`, speed});
                return new Date(clock.now()).toISOString().slice(11, 19);
              };
              const shown = [heard('05:00:00', 60)];
              real = 5_000;
              const late = heard('05:04:40', 60);
              return [...shown, late, heard('05:05:10', 60), heard('05:05:05', 30), heard('04:00:00', 30)];
            }"""
        )
    assert shown == ["05:00:00", "05:05:00", "05:05:10", "05:05:05", "04:00:00"]


async def test_what_was_seen_live_can_be_gone_to_once_the_head_was_left(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T05:02:00Z"))
        behind = await page.evaluate(
            """async () => {
              const {Watch} = await import('./static/watch.js');
              const {Clock} = await import('./static/clock.js');
              const clock = new Clock();
              const reading = {simulated: '2017-08-20T05:00:00Z', speed: 60};
              const source = {isLive: true, picture: async () => ({n: 1, rows: {}, clock: reading}),
                stream: () => ({close() {}})};
              const watch = new Watch(source, clock);
              watch.setting = {source: {start: '2017-08-20T00:00:00Z', end: '2017-08-20T05:00:00Z'}};
              await watch.follow();
              clock.pause();
              clock.set(Date.parse('2017-08-20T05:04:00Z'));
              watch.leaveHead();
              return clock.now() - watch.extent[1];
            }"""
        )
    assert behind == 0
