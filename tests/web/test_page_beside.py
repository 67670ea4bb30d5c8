"""Two recordings side by side: each place asks the recording that it shows."""

import re
from pathlib import Path

from .browsing import PHONE, Visit, expect, site

AT = "2017-08-20T09:00:00Z"


async def test_each_transcript_asks_its_own_recording(run: Path, visit: Visit) -> None:
    async with site(run, run) as served:
        page = await visit(served.at(s="a", b="b", at=AT))
        for place, name in ((1, "b"), (0, "a")):
            async with page.expect_request(re.compile(f"/{name}/about/call/")):
                await page.locator("#line > section").nth(place).get_by_role("button", name="Details").click()
            await page.keyboard.press("Escape")


async def test_back_does_not_lead_into_the_other_recording(run: Path, visit: Visit) -> None:
    async with site(run, run) as served:
        page = await visit(served.at(s="a", b="b", at=AT))
        opens = "document.querySelectorAll('#line > section')[{}].querySelector('header .opener').click()"
        back = page.locator("#about").get_by_role("button", name="Back")
        await page.evaluate(opens.format(0))
        await expect(page.locator("#about h2")).to_contain_text("Call")
        await page.locator("#about .transcript button").first.click()
        await expect(back).to_be_visible()
        async with page.expect_request(re.compile("/b/about/call/")):
            await page.evaluate(opens.format(1))
        await expect(back).to_be_hidden()


async def test_keys_of_the_lists_do_nothing_where_there_are_no_lists(run: Path, visit: Visit) -> None:
    async with site(run, run) as served:
        page = await visit(served.at(s="a", b="b", at=AT), viewport=PHONE)
        panes = page.locator("#panes button")
        await expect(panes.filter(visible=True)).to_have_text(["Map", "Line"])
        await page.keyboard.press("3")
        await page.keyboard.press("/")
        await expect(page.locator("body")).to_have_attribute("data-pane", "map")
        assert "&t=" not in page.url
