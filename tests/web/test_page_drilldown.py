"""Everything that is known of one thing; and other people's words, which are shown as words."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from hotline_protocol.injection import ReportSighting, SightingKind
from hotline_protocol.line import Busy, Reason, Ring, Tier
from hotline_protocol.message import Author
from hotline_protocol.sky import Encountered, FlightBegan, FlightFlown, Flyer, Grade
from hotline_services.records.record import Record
from hotline_services.runtime.store import Heard

from .browsing import Visit, expect, morning, site, text_of, write
from .day import heard

HOSTILE = '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>'
CALLSIGN = "<b>X</b>"


async def test_a_call_opens_with_what_caused_it_and_what_was_said(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z"))
        await page.locator("#panel-calls tbody tr").last.get_by_role("button").click()
        about = page.locator("#about")
        await expect(about.get_by_role("heading", level=2)).to_contain_text("Call")
        await expect(about.get_by_role("heading", level=2)).to_be_focused()
        await expect(about).to_contain_text("What was said")
        await expect(page).to_have_url(re.compile("sel=call:"))


async def test_one_goes_along_causes_to_a_message_itself_and_back(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z", t="plans"))
        await page.locator("#panel-plans tbody tr").last.get_by_role("button").click()
        about = page.locator("#about")
        await expect(about.get_by_role("heading", level=2)).to_contain_text("Plan")
        title = await text_of(about.get_by_role("heading", level=2))
        await about.locator(".chain button, .transcript button").first.click()
        await about.locator("summary").click()
        await expect(about.locator("pre")).to_contain_text('"type"')
        await about.get_by_role("button", name="Back").click()
        await expect(about.get_by_role("heading", level=2)).to_have_text(title, ignore_case=True)


async def test_the_steps_of_a_plan_are_one_table(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z", t="plans"))
        await page.locator("#panel-plans tbody tr", has_text="accepted").first.get_by_role("button").click()
        history = page.locator("#about").get_by_role("table", name="History")
        await expect(history).to_have_count(1)
        await expect(history.locator("tbody tr").last).to_contain_text("accepted")


async def test_what_is_known_of_a_plan_is_told_in_words(run: Path, visit: Visit) -> None:
    flown = next(message for _, message in heard() if isinstance(message, FlightFlown) and message.flyer.plan_id)
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T20:50:00Z", sel=f"plan:{flown.flyer.plan_id}"))
        facts = page.locator("#about .facts")
        await expect(facts.filter(has_text=re.compile(r"flown as planned[\d.]+%"))).to_have_count(1)
        await expect(facts.filter(has_text=re.compile("its air(as filed|changed)"))).to_have_count(1)
        await expect(facts.filter(has_text=re.compile("as filed(yes|no)|conforming share"))).to_have_count(0)


async def test_escape_closes_it_and_gives_the_focus_back(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z"))
        opener = page.locator("#panel-calls tbody tr").first.get_by_role("button")
        await opener.press("Enter")
        await expect(page.locator("#about")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("#about")).to_be_hidden()
        await expect(opener).to_be_focused()


async def test_what_does_not_exist_is_said_to_be_unknown(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z", sel="call:nobody"))
        await expect(page.locator("#about")).to_contain_text("nobody")


async def test_a_callsign_and_a_remark_that_carry_html_and_script_are_text(record: Record, visit: Visit) -> None:
    first, sky = morning(1)[0], Author("sky", "tested")
    at = first.at + timedelta(minutes=5)
    taken = Flyer(side="us", operator="us", plan_id="p1", callsign=CALLSIGN)
    path = ((0.0, 39.0, 35.5, 20_000.0), (3_600.0, 41.0, 35.5, 30_000.0))
    said = (
        sky.say(FlightBegan, at, flyer=taken, path=path),
        sky.say(
            Encountered,
            at,
            one=taken,
            other=taken,
            grade=Grade.NMAC,
            began_at=at,
            ended_at=at,
            horizontal_nm=0.1,
            vertical_ft=100.0,
            at=(39.0, 35.5),
            altitude_ft=20_000.0,
        ),
        sky.say(
            ReportSighting,
            at,
            to="us",
            kind=SightingKind.CLOSE_APPROACH,
            by="ru",
            at=(39.0, 35.5),
            seen_at=at,
            detail=HOSTILE,
        ),
    )
    write(record, first, *(Heard(at, message) for message in said))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        await page.get_by_role("tab", name="Log").click()
        await expect(page.locator("#panel-log")).to_contain_text(HOSTILE)
        await page.get_by_role("tab", name="Incidents").click()
        await expect(page.locator("#panel-incidents")).to_contain_text(CALLSIGN)
        await page.locator("#panel-incidents tbody button").first.click()
        await expect(page.locator("#about")).to_contain_text(CALLSIGN)
        await page.keyboard.press("m")
        await expect(page.locator(".contents")).to_contain_text(CALLSIGN)
        await expect(page.locator("img, td b, #about b")).to_have_count(0)
        assert "taken" not in await page.title()


async def test_what_it_covers_is_out_of_reach_and_a_list_that_is_chosen_uncovers_it(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z"))
        await page.locator("#panel-calls tbody button").first.press("Enter")
        await expect(page.locator("#about h2")).to_be_focused()
        await expect(page.locator("#line, #lists").and_(page.locator("[inert]"))).to_have_count(2)
        await page.keyboard.press("3")
        await expect(page.locator("#about")).to_be_hidden()
        await expect(page.locator("[inert]")).to_have_count(0)
        await expect(page.locator("#panel-plans")).to_be_visible()


async def test_what_was_closed_before_it_was_known_stays_closed(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z"))
        asked, released = asyncio.Event(), asyncio.Event()

        async def hold(route: Any) -> None:
            asked.set()
            await released.wait()
            await route.continue_()

        await page.route("**/about/**", hold)
        opener = page.locator("#panel-calls tbody button").first
        await opener.press("Enter")
        await asked.wait()
        await page.keyboard.press("Escape")
        async with page.expect_response("**/about/**"):
            released.set()
        await page.keyboard.press("g")
        await expect(page).to_have_url(re.compile("gars=1"))
        assert "sel=" not in page.url
        await expect(opener).to_be_focused()


async def test_the_focus_goes_to_the_side_when_what_opened_it_is_gone(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z"))
        await page.locator("#panel-calls tbody button").first.press("Enter")
        await expect(page.locator("#about h2")).to_be_focused()
        await page.evaluate("document.querySelector('#panel-calls tbody').replaceChildren()")
        await page.keyboard.press("Escape")
        await expect(page.locator("#side")).to_be_focused()


async def test_what_is_open_is_drawn_again_only_when_it_is_another(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    at, us = morning(300)[-1].at + timedelta(minutes=1), Author("us", "tested")
    ring = us.say(Ring, at, to="ru", call_id="us-call", reason=Reason.EMERGENCY, tier=Tier.CHIEFS)
    busy = Author("ru", "tested").say(Busy, at, to="us", call_id="us-call")
    other = us.say(Ring, at, to="ru", call_id="other", reason=Reason.ROUTINE, tier=Tier.CHIEFS)
    write(record, Heard(at, ring))
    async with site(record=record._path) as served:
        page = await visit(served.at(sel="call:us-call"))
        await expect(page.locator("#about .facts")).to_be_visible()
        await page.locator("#about .facts").evaluate("(facts) => facts.dataset.seen = 'yes'")
        async with page.expect_response("**/about/**"):
            write(record, Heard(at, other))
        await expect(page.locator("#about [data-seen]")).to_have_count(1)
        write(record, Heard(at, busy))  # at once: what was just asked is asked again a little later
        await expect(page.locator("#about .facts")).to_contain_text("busy")
        await expect(page.locator("#about [data-seen]")).to_have_count(0)
