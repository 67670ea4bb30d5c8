"""The page over recordings: time goes where it is sent."""

import re
from pathlib import Path

import pytest

from hotline_protocol.line import Ring
from hotline_services.monitor.wording import clock_time

from .browsing import LAPTOP, TOKEN, Visit, expect, site, text_of
from .day import heard

CALLS = "#panel-calls tbody tr"


def rings() -> list[str]:
    """When the phone rang, as the call log has it."""
    return [clock_time(at) for at, message in heard() if isinstance(message, Ring)]


async def test_a_recording_plays_as_fast_as_one_likes_and_pauses(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-19T21:00:00Z"))
        await expect(page.locator(".speed")).to_have_text("paused")
        await page.get_by_label("Speed").select_option("1000")
        await page.get_by_role("button", name="Play").click()
        await expect(page.locator(".speed")).to_have_text("1000×")
        await expect(page.locator(CALLS, has_text=rings()[0])).to_be_visible()  # perhaps below later calls by then
        await page.get_by_role("button", name="Pause").click()
        await expect(page.locator(".speed")).to_have_text("paused")


async def test_scrubbing_shows_how_things_stood_then(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z"))
        scrubber = page.get_by_label("Time shown")
        await scrubber.press("End")
        await expect(page.locator(CALLS)).to_have_count(len(rings()))
        await scrubber.press("Home")
        await expect(page.locator(CALLS)).to_have_count(0)
        await expect(page.locator("#line")).to_contain_text("No call has been made yet.")


async def test_keys_go_from_mark_to_mark(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-19T21:00:00Z"))
        await page.locator("canvas.aircraft").wait_for(state="attached")
        await expect(page.locator(".hours")).to_have_text("21:00:00")
        await page.keyboard.press("]")
        await expect(page.locator(".hours")).not_to_have_text("21:00:00")
        there = await text_of(page.locator(".hours"))
        await page.keyboard.press("]")
        await expect(page.locator(".hours")).not_to_have_text(there)
        await page.keyboard.press("[")
        await expect(page.locator(".hours")).to_have_text(there)


async def test_the_address_brings_back_what_was_looked_at(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T06:00:00Z"))
        await page.get_by_role("tab", name="Plans").click()
        await page.keyboard.press("g")
        await expect(page).to_have_url(re.compile("t=plans.*gars=1"))
        again = await visit(page.url)
        await expect(again.get_by_role("tab", name="Plans")).to_have_attribute("aria-selected", "true")
        await expect(again.locator(".hours")).to_have_text(await text_of(page.locator(".hours")))


@pytest.mark.parametrize(
    "at", ["garbage", "0000-05-05T00:00:00Z", "0001-01-01T00:00:00+01:00", "+010000-01-01T00:00:00Z"]
)
async def test_a_time_in_the_address_that_there_cannot_be_is_passed_over(run: Path, visit: Visit, at: str) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=at.replace("+", "%2B")))
        await expect(page.locator(".hours")).to_have_text(re.compile("^21:0"))
        await expect(page).to_have_url(re.compile("at=2017-08-19T21:0"))


async def test_two_recordings_run_side_by_side_on_one_clock(run: Path, visit: Visit) -> None:
    async with site(run, run) as served:
        page = await visit(served.at(s="a", b="b", at="2017-08-20T09:00:00Z"))
        await expect(page.locator(".map")).to_have_count(2)
        await expect(page.locator("#line > section")).to_have_count(2)
        one, other = (page.locator("#line .transcript").nth(place) for place in range(2))
        await expect(other).to_have_text(await text_of(one), use_inner_text=True)
        await expect(page.locator(".map-title strong").first).to_have_text(run.name)
        track = await page.locator(".track").bounding_box()
        assert track is not None
        assert track["width"] > LAPTOP["width"] / 2


async def test_a_recording_dropped_on_the_page_is_shown(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z", token=TOKEN))
        assert TOKEN not in page.url
        await page.set_input_files("input[type=file]", run)
        await expect(page).to_have_url(re.compile("s=b"))
        await expect(page.locator(".map[data-aloft]")).to_have_count(1)
        other = await visit(served.address)
        await expect(other).to_have_url(re.compile("s=a"))
        await expect(other.locator(".map")).to_have_count(1)


async def test_a_stack_s_own_speed_is_one_of_the_choices(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z", speed="4"))
        await expect(page.get_by_label("Speed").locator("option:checked")).to_have_text("4×")


async def test_a_file_that_is_no_recording_is_refused_with_a_sentence(tmp_path: Path, run: Path, visit: Visit) -> None:
    (tmp_path / "notes.txt").write_text("milk, bread")
    async with site(run) as served:
        page = await visit(served.at(at="2017-08-20T09:00:00Z", token=TOKEN))
        await page.set_input_files("input[type=file]", tmp_path / "notes.txt")
        await expect(page.locator("#notices")).to_contain_text("That did not work")
        await expect(page.locator(".map")).to_have_count(1)
