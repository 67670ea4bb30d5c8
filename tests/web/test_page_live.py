"""The page over a record that is being written."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from hotline_protocol.events import Escalated, EscalationKind
from hotline_protocol.line import Answer, Reason, Ring, Tier
from hotline_protocol.message import Author
from hotline_protocol.sky import FlightBegan, Flyer
from hotline_services.monitor.rows import CallRow
from hotline_services.records.record import Record
from hotline_services.runtime.store import Heard
from hotline_services.web import feeds

from .browsing import Visit, expect, morning, site, write
from .day import heard

CALLS = "#panel-calls tbody tr"


def calls_of(record: Record) -> int:
    return record.count(CallRow)


async def test_calls_appear_while_they_are_recorded(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    before = calls_of(record)
    async with site(record=record._path) as served:
        page = await visit(served.address)
        await expect(page.locator(CALLS)).to_have_count(before)
        write(record, *morning(700)[300:])
        assert calls_of(record) > before
        await expect(page.locator(CALLS)).to_have_count(calls_of(record))


async def test_a_page_that_was_opened_before_anything_was_recorded_comes_alive(record: Record, visit: Visit) -> None:
    async with site(record=record._path) as served:
        page = await visit(served.address, is_empty=True)
        write(record, *morning(300))
        await expect(page.locator(CALLS)).to_have_count(calls_of(record))
        await page.get_by_label("Time shown").press("Home")
        await expect(page.locator(".mode")).to_have_text("IN THE PAST")
        await expect(page.locator(CALLS)).to_have_count(0)


async def test_a_call_in_progress_is_shown_as_it_is_talked(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    at, us = morning(300)[-1].at + timedelta(minutes=1), Author("us", "tested")
    ring = us.say(Ring, at, to="ru", call_id="us-call", reason=Reason.EMERGENCY, tier=Tier.CHIEFS)
    async with site(record=record._path) as served:
        page = await visit(served.address)
        write(record, Heard(at, ring))
        await expect(page.locator("#line h2")).to_contain_text("Ringing")
        await expect(page.locator("#line .transcript li").last).to_contain_text("ring emergency · chiefs")


async def test_a_call_is_counted_as_soon_as_it_is_in_the_list(record: Record, visit: Visit) -> None:
    first, us, ru = morning(1)[0].at, Author("us", "tested"), Author("ru", "tested")
    ring = us.say(Ring, first, to="ru", call_id="us-call", reason=Reason.EMERGENCY, tier=Tier.CHIEFS)
    answer = ru.say(Answer, first + timedelta(seconds=9), to="us", call_id="us-call")
    write(record, Heard(answer.time, ring), Heard(answer.time + timedelta(minutes=1), answer))  # it rang before
    async with site(record=record._path) as served:
        page = await visit(served.address)
        await expect(page.locator(CALLS)).to_have_count(1)
        await expect(page.locator(".numbers").first).to_contain_text(re.compile(r"Calls in \d+ min1"))
        await expect(page.locator(".numbers").first).to_contain_text("Completed—")


async def test_a_ring_that_goes_on_is_told_as_such_beside_the_list(record: Record, visit: Visit) -> None:
    first, us = morning(1)[0].at, Author("us", "tested")
    ring = us.say(Ring, first, to="ru", call_id="us-call", reason=Reason.EMERGENCY, tier=Tier.CHIEFS)
    write(record, Heard(first, ring))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        await expect(page.locator(CALLS)).to_have_count(1)
        await expect(page.locator(".numbers").first).to_contain_text("Ringing1")


async def test_no_number_of_calls_stands_there_before_they_are_counted(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    counted = asyncio.Event()

    async def hold(route: Any) -> None:
        await counted.wait()
        await route.continue_()

    async with site(record=record._path) as served:
        page = await visit(served.address, is_empty=True)
        await page.route("**/volume?*", hold)
        await page.reload()
        await expect(page.locator(CALLS)).to_have_count(calls_of(record))
        await expect(page.locator(".numbers").first).to_have_text("Calls—")
        counted.set()
        await expect(page.locator(".numbers").first).to_contain_text("Calls in")


async def test_a_call_in_progress_is_drawn_on_the_time_line_up_to_now(record: Record, visit: Visit) -> None:
    write(record, *morning(5))
    began, us = morning(5)[-1].at + timedelta(minutes=1), Author("us", "tested")
    ring = us.say(Ring, began, to="ru", call_id="us-call", reason=Reason.EMERGENCY, tier=Tier.CHIEFS)
    later = us.say(Ring, began + timedelta(hours=1), to="ru", call_id="next", reason=Reason.EMERGENCY, tier=Tier.CHIEFS)
    write(record, Heard(began, ring), Heard(later.time, later))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        painted = """() => {
          const canvas = document.querySelector('.track canvas');
          const row = canvas.getContext('2d').getImageData(0, 20, canvas.width, 1).data;
          return row.filter((value, place) => place % 4 === 3 && value > 0).length / canvas.width;
        }"""
        await page.wait_for_function(f"({painted})() > 0.9")


async def test_escalations_are_opened_where_they_stand_beside_the_map(record: Record, visit: Visit) -> None:
    at = morning(5)[-1].at + timedelta(minutes=1)
    escalated = Author("us", "tested").say(
        Escalated, at, kind=EscalationKind.LINE_DOWN, peer="ru", about="line", tier=Tier.DEPUTY_COMMANDER
    )
    write(record, *morning(5), Heard(at, escalated))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        await page.locator("#glance").get_by_role("button", name="line down").click()
        await expect(page.locator("#about h2")).to_contain_text("Escalation of US")


async def test_a_page_goes_on_after_its_server_without_loss_or_doubles(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        await expect(page.locator(CALLS)).to_have_count(calls_of(record))
    await expect(page.locator(".mode")).to_contain_text("CONNECTION LOST")
    write(record, *morning(700)[300:])
    async with site(record=record._path, port=served.port):
        await expect(page.locator(".mode")).to_have_text("LIVE")
        await expect(page.locator(CALLS)).to_have_count(calls_of(record))
        lines = await page.locator("#panel-calls tbody th").all_inner_texts()
        assert len(lines) == len(set(lines))
        await page.context.close()


async def test_a_flight_is_on_the_map_and_in_its_table(record: Record, visit: Visit) -> None:
    first = morning(1)[0]
    began = Author("sky", "tested").say(
        FlightBegan,
        first.at,
        flyer=Flyer(side="us", operator="us", plan_id="p1", callsign="TESTED1"),
        path=((0.0, 39.0, 35.5, 20_000.0), (3_600.0, 41.0, 35.5, 30_000.0)),
    )
    write(record, first, Heard(first.at, began), Heard(first.at + timedelta(minutes=30), morning(2)[1].message))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        await expect(page.locator(".map")).to_have_attribute("data-aloft", "1")
        await page.get_by_role("button", name="As a table").click()
        row = page.locator(".contents tr", has_text="TESTED1")
        await expect(row).to_contain_text("FL250")
        await expect(row).to_contain_text("35.50° N, 40.00° E")


async def test_pausing_live_looks_at_that_moment_until_one_goes_live_again(record: Record, visit: Visit) -> None:
    write(record, *morning(300))
    async with site(record=record._path) as served:
        page = await visit(served.address)
        await expect(page.locator(".mode")).to_have_text("LIVE")
        await page.locator("#time input[type=range]").press("Home")
        await expect(page.locator(".mode")).to_have_text("IN THE PAST")
        await expect(page.locator(CALLS)).to_have_count(0)
        await page.keyboard.press("]")
        await expect(page.locator(".track [role=status]")).not_to_be_empty()
        await page.get_by_role("button", name="Go live").first.click()
        await expect(page.locator(".mode")).to_have_text("LIVE")
        await expect(page.locator(CALLS)).to_have_count(calls_of(record))
        await expect(page.locator(".track [role=status]")).to_be_empty()


async def test_a_page_that_is_open_learns_that_what_it_could_go_back_to_has_been_forgotten(
    record: Record, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "FORGOTTEN_AT_ONCE", 10)
    day = heard()
    write(record, *day[:300])
    async with site(record=record._path, keep=timedelta(hours=6)) as served:
        page = await visit(served.address)
        scrubber, hours = page.get_by_label("Time shown"), page.locator(".hours")
        for said in (day[300:-2], day[-2:]):  # what is older is forgotten before the next is told
            write(record, *said)
            await expect(hours).to_have_text(f"{said[-1].at:%H:%M:%S}")
        setting = await (await page.request.get(f"{served.address}api/v1/live/setting")).json()
        start = datetime.fromisoformat(setting["source"]["start"])
        assert start > day[300].at
        await scrubber.press("Home")
        await expect(hours).to_have_text(f"{start:%H:%M:%S}")
        await expect(scrubber).to_have_attribute("min", f"{start.timestamp() * 1000:.0f}")
