"""What is shown fits into what it is shown in, or follows: nothing is cut off without a sign of it."""

from pathlib import Path

import pytest

from .browsing import PHONE, Visit, count_of, expect, site

WIDE = {"width": 1440, "height": 900}
IN_A_CALL = "2017-08-20T07:17:10Z"
LAST_ON_THE_LINE = "#line .transcript li:last-child"


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["laptop", "phone"])
async def test_a_transcript_that_is_opened_in_a_call_is_at_its_end_and_follows(
    run: Path, visit: Visit, viewport: dict[str, int]
) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=IN_A_CALL, speed="60"), viewport)
        if viewport is PHONE:
            await page.locator("#panes [data-pane=line]").click()
        last = page.locator(LAST_ON_THE_LINE)
        await expect(page.locator(".on-table")).to_be_visible()
        await expect(last).to_be_in_viewport(ratio=1)
        count = await count_of(page.locator("#line .transcript li"))
        await page.get_by_role("button", name="Play").click()
        await expect(page.locator(f"#line .transcript li:nth-child({count + 2})")).to_be_attached()
        await page.get_by_role("button", name="Pause").click()
        await expect(last).to_be_in_viewport(ratio=0.9)


async def test_a_transcript_stays_where_somebody_has_scrolled_it_to(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=IN_A_CALL, speed="60"), WIDE)
        first = page.locator("#line .transcript li").first
        await expect(page.locator(LAST_ON_THE_LINE)).to_be_in_viewport(ratio=1)
        await first.hover(force=True)
        await page.mouse.wheel(0, -2_000)
        await expect(first).to_be_in_viewport(ratio=1)
        count = await count_of(page.locator("#line .transcript li"))
        await page.get_by_role("button", name="Play").click()
        await expect(page.locator(f"#line .transcript li:nth-child({count + 2})")).to_be_attached()
        await expect(first).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["laptop", "phone"])
async def test_no_list_is_wider_than_its_panel(run: Path, visit: Visit, viewport: dict[str, int]) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T15:00:00Z"), viewport)
        if viewport is PHONE:
            await page.locator("#panes [data-pane=lists]").click()
        for name in ("Calls", "Plans", "Incidents"):
            await page.get_by_role("tab", name=name).click()
            await expect(page.locator(f"#panel-{name.lower()} tbody tr").first).to_be_visible()
            cut = "all => all.map((one) => one.scrollWidth - one.clientWidth)"
            assert set(await page.locator(f"#panel-{name.lower()} .listing").evaluate_all(cut)) == {0}, name


VIEW = """
  async ([places]) => {
    const names = ['watch', 'source', 'clock', 'map/map', 'map/plane'];
    const modules = await Promise.all(names.map((name) => import(`./static/${name}.js`)));
    const {Watch, Source, Clock, TheatreMap, toPlane} = Object.assign({}, ...modules);
    const watch = new Watch(new Source('a'), new Clock());
    await watch.open();
    const map = new TheatreMap(watch);
    document.querySelector('#map-region').replaceChildren(map.element);
    await new Promise((done) => map.map.once('rendercomplete', done));
    const [west, south, east, north] = map.map.getView().calculateExtent(map.map.getSize());
    map.close();
    return places.map(toPlane).map(([x, y]) => x > west && x < east && y > south && y < north);
  }"""


async def test_the_first_view_of_the_valley_has_all_of_it(run: Path, visit: Visit) -> None:
    tabqa, mayadin = (38.54, 35.83), (40.46, 35.02)
    async with site(run) as served:
        page = await visit(served.at(at=IN_A_CALL), WIDE)
        assert await page.evaluate(VIEW, [[tabqa, mayadin]]) == [True, True]
