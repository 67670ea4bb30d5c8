"""The page over recordings: going to a mark shows what is marked, and what is over is not shown as going on."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from hotline_protocol.line import Propose, Ring
from hotline_services.monitor.wording import clock_time

from .browsing import Visit, expect, site
from .day import heard


def first(kind: type) -> tuple[datetime, object]:
    return next((at, message) for at, message in heard() if isinstance(message, kind))


def address_time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


async def test_the_next_mark_shows_the_call_that_is_marked(run: Path, visit: Visit) -> None:
    at, _ = first(Ring)
    async with site(run) as served:
        page = await visit(served.at(at=address_time(at - timedelta(minutes=1))))
        await expect(page.locator("#line")).to_contain_text("No call has been made yet.")
        await page.keyboard.press("]")
        await expect(page.locator("#panel-calls tbody tr").first).to_contain_text(clock_time(at))
        await expect(page.locator("#line h2")).to_contain_text("Ringing")


async def test_only_offers_that_stand_are_on_the_table(run: Path, visit: Visit) -> None:
    _, offer = first(Propose)
    assert isinstance(offer, Propose)
    store = "{row: (_, id) => ({over: {ended_at: '2017-08-19T00:00:00Z'}})[id], rows: () => rows}"
    lapses = offer.expires_at.isoformat()
    rows = [
        {"key": "stands", "call_id": "call", "closed": False, "volumes": [1], "expires_at": lapses},
        {"key": "over", "call_id": "over", "closed": False, "volumes": [1], "expires_at": lapses},
        {"key": "closed", "call_id": "call", "closed": True, "volumes": [1], "expires_at": lapses},
    ]
    async with site(run) as served:
        page = await visit(served.at(at=address_time(offer.time)))
        keys = await page.evaluate(
            f"""({{rows, lapses}}) => import('./static/map/airspace.js').then(({{offered}}) =>
              [-1, 0].map((s) => offered({store}, Date.parse(lapses) + s).map((row) => row.key)))""",
            {"rows": rows, "lapses": lapses},
        )
    assert keys == [["stands"], []]


async def test_what_was_counted_in_too_short_a_time_is_not_told_by_the_day(run: Path, visit: Visit) -> None:
    at = next(at for at, _ in heard()) + timedelta(hours=5)
    async with site(run) as served:
        for hours, told in ((0, r"Calls in 5 h\d+"), (19, r"Calls a day\d+\.\d")):
            page = await visit(served.at(at=address_time(at + timedelta(hours=hours)), t="figures"))
            await expect(page.locator("#panel-figures .numbers div").first).to_have_text(re.compile(told))


async def test_plans_wait_for_a_line_that_is_taken_and_are_gathered_while_it_is_quiet(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        for at, is_quiet in (("2017-08-20T07:17:10Z", False), ("2017-08-20T12:00:00Z", True)):
            page = await visit(served.at(at=at))
            waiting = page.locator(".queue h3")
            await expect(waiting).to_have_text(re.compile(r"\d+, gathered for" if is_quiet else r"\d+$"))
