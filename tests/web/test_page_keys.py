"""Keys, the time bar and the panes of a phone: each does what it says, and nothing where it has no meaning."""

import re
from pathlib import Path

from hotline_services.records.record import Record

from .browsing import PHONE, Visit, expect, morning, site, value_of, write

AT = "2017-08-20T05:02:00Z"


async def test_after_the_scrubber_was_used_arrows_go_a_minute_and_keys_are_keys(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        await page.get_by_label("Time shown").press("ArrowRight")
        await expect(page.locator(".hours")).to_have_text("05:03:00")
        await page.keyboard.press("3")
        await expect(page.get_by_role("tab", name="Plans")).to_have_attribute("aria-selected", "true")


async def test_space_ticks_a_box_that_has_the_focus(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        await page.locator(".layers summary").click()
        await page.get_by_label("GARS grid").press(" ")
        await expect(page.get_by_label("GARS grid")).to_be_checked()
        await expect(page.locator(".speed")).to_have_text("paused")


async def test_escape_closes_the_keys_and_nothing_behind_them(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z"))
        await page.locator("#panel-calls tbody button").first.press("Enter")
        await expect(page.locator("#about h2")).to_be_focused()
        await page.keyboard.press("?")
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog")).to_be_hidden()
        await expect(page.locator("#about")).to_be_visible()


async def test_speed_is_not_to_be_chosen_at_the_head_of_a_live_source(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        speed = page.get_by_label("Speed")
        await expect(speed).to_be_disabled()
        chosen = await value_of(speed)
        await page.keyboard.press("+")
        await expect(speed).to_have_value(chosen)
        await page.get_by_label("Time shown").press("Home")
        await expect(speed).to_be_enabled()
        await page.keyboard.press("+")
        await expect(speed).not_to_have_value(chosen)


async def test_the_mark_that_was_gone_to_is_told_and_opens(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-19T21:00:00Z"))
        await page.keyboard.press("]")
        told = page.locator(".track [role=status]")
        await expect(told).to_contain_text(re.compile(r"^\d{4}Z (US → RU|RU → US)"))
        await told.get_by_role("button").click()
        await expect(page.locator("#about h2")).to_contain_text("Call")
        await page.keyboard.press("ArrowRight")
        await expect(told).to_have_text("")


async def test_marks_are_asked_for_when_there_are_others_and_somebody_looks(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        asks = await page.evaluate(
            """async () => {
              const {TimeBar} = await import('./static/replay.js');
              const {Clock} = await import('./static/clock.js');
              let [now, version, asks, hidden] = [0, 1, 0, false];
              performance.now = () => now;
              Object.defineProperty(document, 'hidden', {get: () => hidden});
              const source = {isLive: true, marks: async () => ((asks += 1), [])};
              const bar = new TimeBar(new Clock());
              bar.watch([{source, isAtHead: true, marks: [], extent: [0, 1e9], store: {version: () => version}}]);
              const told = [];
              const later = () => { now += 60_000; bar.draw(); told.push(asks); };
              later();
              later();
              [version, hidden] = [2, true];
              later();
              hidden = false;
              later();
              return told;
            }"""
        )
    assert asks == [1, 1, 1, 2]


async def test_a_button_of_the_panes_shows_its_pane_whatever_covers_it(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z"), viewport=PHONE)
        shown = "import('./static/dom.js').then(({isShown}) => isShown(document.querySelector('.chart')))"
        await page.get_by_role("button", name="Lists").click()
        assert not await page.evaluate(shown)
        await page.locator("#panel-calls tbody button").first.click()
        await expect(page.locator("#about")).to_be_visible()
        await page.locator("#panes").get_by_role("button", name="Map").click()
        await expect(page.locator("#about")).to_be_hidden()
        await expect(page.get_by_role("button", name="Map", exact=True)).to_be_focused()
        assert await page.evaluate(shown)


async def test_a_search_is_asked_again_while_rows_come_and_read_out_once(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        told = await page.evaluate(
            """async () => {
              const {Search} = await import('./static/search.js');
              let [version, asks] = [0, 0];
              const store = {version: () => version, rows: () => [], n: 1};
              const again = Promise.withResolvers();
              const source = {table: async () => {
                if ((asks += 1) === 2) again.resolve();
                return {rows: [], total: asks};
              }};
              const shown = {table: 'log', when: 'at', caption: '', columns: [], filters: {}};
              const search = new Search({store, source}, shown);
              search.set({q: 'x'});
              const busy = setInterval(() => { version += 1; search.draw(); }, 100);
              await again.promise;
              clearInterval(busy);
              await null;
              return [search.count.textContent, search.told.textContent];
            }"""
        )
    assert told == ["0 of 2", "0 of 1"]


async def test_a_list_that_is_cut_says_so(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T20:00:00Z", t="log"))
        await expect(page.locator("#panel-log .count")).to_have_text("the newest 200")
