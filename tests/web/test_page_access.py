"""The page for everybody: by keyboard, on a phone, in the dark, read out, and without the rest of the world."""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from tests.nightly import nightly

from .browsing import LAPTOP, PHONE, Visit, count_of, expect, site, text_of

if TYPE_CHECKING:
    from playwright.async_api import Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
GRAVE = {"serious", "critical"}
AT = "2017-08-20T05:02:00Z"
TABS = ("Calls", "Log", "Plans", "Tension", "Incidents", "Figures", "Standing", "Inject")


async def violations(page: "Page") -> list[str]:
    """What axe-core finds that keeps somebody out."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['target']}: {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(
    ("viewport", "scheme"),
    [(LAPTOP, "light"), (PHONE, "dark"), *nightly([(LAPTOP, "dark"), (PHONE, "light")])],
    ids=["laptop-light", "phone-dark", "laptop-dark", "phone-light"],
)
async def test_nothing_serious_is_found_by_axe(run: Path, visit: Visit, scheme: str, viewport: dict[str, int]) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT), viewport=viewport, color_scheme=scheme)
        found = await violations(page)
        if viewport == PHONE:
            await page.get_by_role("button", name="Lists").click()
        for tab in TABS:
            await page.get_by_role("tab", name=tab).click()
            await expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
            found += await violations(page)
        await page.keyboard.press("1")
        await page.locator("#panel-calls tbody button").first.click()
        await expect(page.locator("#about")).to_be_visible()
        found += await violations(page)
        assert sorted(set(found)) == []


async def test_the_map_can_be_read_as_a_table(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        aloft = int(await page.locator(".map:not([data-aloft='0'])").get_attribute("data-aloft") or 0)
        await page.keyboard.press("m")
        await expect(page.get_by_role("table", name="Aircraft in the air").locator("tbody tr")).to_have_count(aloft)
        assert aloft > 0
        assert await violations(page) == []


async def test_everything_is_reached_by_keyboard_and_seen_to_be(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        await page.keyboard.press("Tab")
        await expect(page.locator("#skip")).to_be_focused()
        await expect(page.locator("#skip")).to_be_in_viewport()
        await page.keyboard.press("Enter")
        await expect(page.locator("#side")).to_be_focused()
        await page.get_by_role("tab", name="Calls").focus()
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("tab", name="Log")).to_be_focused()
        await page.keyboard.press("End")
        await expect(page.get_by_role("tab", name="Inject")).to_be_focused()
        await page.keyboard.press("/")
        await expect(page.get_by_role("searchbox")).to_be_focused()
        await page.keyboard.type("routine")
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"


async def test_keys_that_are_typed_are_text_and_may_be_turned_off(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        await page.get_by_role("searchbox").press("d")
        await expect(page.locator("html")).to_have_attribute("data-theme", "light")
        await page.get_by_role("searchbox").blur()
        await page.keyboard.press("?")
        await page.get_by_label("Single keys work").uncheck()
        await page.keyboard.press("Escape")
        await page.keyboard.press("d")
        await expect(page.locator("html")).to_have_attribute("data-theme", "light")


async def test_searching_asks_all_that_was_recorded(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T20:00:00Z"))
        everything = await count_of(page.locator("#panel-calls tbody tr"))
        await page.get_by_role("searchbox").fill("line-check")
        await expect(page.locator("#panel-calls tbody tr")).to_have_count(1)
        await page.get_by_role("searchbox").fill("")
        await expect(page.locator("#panel-calls tbody tr")).to_have_count(everything)


async def test_the_address_has_the_search_of_the_list_that_is_open(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T20:00:00Z", q="line-check"))
        await expect(page.locator("#panel-calls input[type=search]")).to_have_value("line-check")
        await page.get_by_role("tab", name="Log").click()
        await expect(page.locator("#panel-log input[type=search]")).to_have_value("")
        await expect(page).not_to_have_url(re.compile("q="))
        await page.get_by_role("tab", name="Calls").click()
        await expect(page).to_have_url(re.compile("q=line-check"))


async def test_escape_leaves_the_search_and_keys_are_keys_again(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        await page.keyboard.press("/")
        await page.keyboard.type("routine")
        await page.keyboard.press("Escape")
        await expect(page.locator("#panel-calls input[type=search]")).to_have_value("")
        await expect(page.locator("#panel-calls input[type=search]")).not_to_be_focused()
        await page.keyboard.press("3")
        await expect(page.get_by_role("tab", name="Plans")).to_have_attribute("aria-selected", "true")


async def test_escape_or_a_click_elsewhere_closes_what_unfolds_over_the_map(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        for name, part in (("Show", ".layers"), ("Legend", ".legend")):
            await page.locator(f"{part} summary").click()
            await expect(page.locator(f"{part} .sheet")).to_be_visible()
            await page.locator(f"{part} .sheet").click(position={"x": 3, "y": 3})
            await expect(page.locator(f"{part} .sheet")).to_be_visible()
            await page.keyboard.press("Escape")
            await expect(page.locator(f"{part} .sheet"), name).to_be_hidden()
            await page.locator(f"{part} summary").click()
            await page.locator(".map-title").click()
            await expect(page.locator(f"{part} .sheet"), name).to_be_hidden()


async def test_the_theme_is_the_systems_until_one_is_chosen(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT), color_scheme="dark")
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        await page.get_by_role("button", name="Light or dark").click()
        await expect(page.locator("html")).to_have_attribute("data-theme", "light")
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("data-theme", "light")


async def test_nothing_is_wider_than_a_phone(run: Path, visit: Visit) -> None:
    async with site(run, run) as served:
        for view in ({"s": "a", "at": AT}, {"s": "a", "b": "b", "at": AT}):
            page = await visit(served.at(**view), viewport=PHONE)
            for pane in await page.locator("#panes button").filter(visible=True).all():
                await pane.click()
                width = await page.evaluate("document.documentElement.scrollWidth")
                assert width <= PHONE["width"], f"{await text_of(pane)} is {width} wide"


async def test_no_other_host_is_asked_for_anything(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        hosts: set[str] = set()
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        await page.reload()
        for tab in TABS:
            await page.get_by_role("tab", name=tab).click()
        await page.locator(".zoom button").first.click()
        assert hosts == {urlsplit(served.address).netloc}


async def test_the_line_is_said_to_be_illustrative_where_it_is_shown(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        await page.locator(".legend summary").click()
        await expect(page.locator(".legend")).to_contain_text("ILLUSTRATIVE")
        drawn = await page.evaluate(
            "import('./static/words.js').then(({words}) => words.map.line)",
        )
        assert "ILLUSTRATIVE" in drawn
