"""Taking part: a plan that is drawn or pasted, checked as it is written, handed over and followed."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiomqtt
import msgspec
import pytest
import pytest_asyncio

from hotline_protocol.airspace import Volume4D
from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.message import Author
from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.topics import INJECT, address_of, encode
from hotline_services.cli.query import Query
from hotline_services.cli.standing import status
from hotline_services.records.record import Record
from hotline_services.runtime.broker import EmbeddedBroker, available
from hotline_services.runtime.store import Heard
from hotline_services.web.inbound import Inbound

from .browsing import PHONE, TOKEN, Site, Visit, expect, morning, site, value_of, write

NOW = morning(1)[0].at


@pytest_asyncio.fixture(loop_scope="session")
async def broker() -> AsyncIterator[EmbeddedBroker]:
    """With a clock that stands at the day's beginning, and two centres that are up."""
    if not available():
        pytest.skip("neither mosquitto nor nats-server is installed")
    with EmbeddedBroker() as running:
        async with aiomqtt.Client(running.settings.host, running.settings.port) as client:
            director = Author("director", "tested")
            clock = director.say(Clock, NOW, simulated_start=NOW, real_start=datetime.now(UTC), speed=0.001)
            await client.publish(address_of(clock), encode(clock), qos=1, retain=True)
            for name in ("us", "ru"):
                up = Health(id=f"{name}-up", source=name, seq=0, time=NOW, presence=Presence.UP, session="1")
                await client.publish(address_of(up), encode(up), qos=1, retain=True)
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def served(record: Record, broker: EmbeddedBroker) -> AsyncIterator[Site]:
    """A page over the beginning of the day, that hands plans over."""
    write(record, *morning(5))
    async with site(record=record._path, broker=Inbound(broker.settings)) as opened:
        yield opened


def fpl(day: datetime) -> str:
    """A flight down the river, along the line."""
    return (
        f"(FPL-EXER11-IM -2F18/M-SDFG/S -OSDZ1400 -N0471F310 RAQQA 3520N04010E -OSDZ0130 -DOF/{day:%y%m%d} RMK/PATROL)"
    )


async def test_what_is_drawn_is_checked_at_once(served: Site, visit: Visit) -> None:
    page = await visit(served.at(t="inject"))
    await page.get_by_role("button", name="Polygon").click()
    chart = await page.locator(".chart").bounding_box()
    assert chart is not None
    for x, y in ((0.4, 0.4), (0.6, 0.4), (0.5, 0.7)):
        await page.mouse.click(chart["x"] + chart["width"] * x, chart["y"] + chart["height"] * y)
    await page.mouse.dblclick(chart["x"] + chart["width"] * 0.4, chart["y"] + chart["height"] * 0.6)
    await expect(page.locator(".inject textarea")).to_have_value(re.compile('"shape": "polygon"'))
    await expect(page.locator(".checked")).to_contain_text("Needs the consent of RU")


async def test_on_a_phone_the_map_says_how_to_draw_and_how_to_stop(served: Site, visit: Visit) -> None:
    page = await visit(served.at(t="inject"), viewport=PHONE)
    bar = page.locator("#panes")
    await bar.get_by_role("button", name="Lists").click()
    await page.get_by_role("button", name="Circle").click()
    await expect(bar.get_by_role("button", name="Map")).to_have_attribute("aria-current", "true")
    await expect(page.locator(".told")).to_contain_text("centre, then the rim")
    await page.locator(".told").get_by_role("button", name="Cancel").click()
    await expect(page.locator(".told")).to_be_hidden()
    await expect(bar.get_by_role("button", name="Lists")).to_have_attribute("aria-current", "true")


async def test_a_pasted_flight_plan_is_read_and_a_mistake_in_it_is_named(served: Site, visit: Visit) -> None:
    page = await visit(served.at(t="inject"))
    text = page.locator(".inject textarea")
    await text.fill(fpl(NOW + timedelta(days=1)))
    await expect(page.locator(".checked")).to_contain_text("EXER11")
    await text.fill(fpl(NOW).replace("-OSDZ1400", "-OSDZ2575"))
    await expect(page.locator(".checked")).to_contain_text("field 13")


async def test_a_misspelt_field_is_told_as_it_is_pasted_and_when_it_is_handed_over(
    served: Site, broker: EmbeddedBroker, visit: Visit
) -> None:
    page = await visit(served.at(t="inject", token=TOKEN))
    await expect(page.locator(".mode")).to_have_text("LIVE")
    await page.get_by_role("button", name="Example").click()
    await expect(page.locator(".checked")).to_contain_text("DRAWN1")
    text = page.locator(".inject textarea")
    await text.fill((await value_of(text)).replace('"priority"', '"prioritty"'))
    await expect(page.locator(".checked")).to_contain_text("prioritty: not a field; priority?")
    await page.get_by_role("button", name="Submit").click()
    await expect(page.locator(".inject")).to_contain_text("Handed over: DRAWN1")
    await expect(page.locator(".checked")).to_contain_text("prioritty: not a field; priority?")


async def test_a_plan_is_handed_over_and_followed(
    served: Site, record: Record, broker: EmbeddedBroker, visit: Visit
) -> None:
    async with aiomqtt.Client(broker.settings.host, broker.settings.port) as centre:
        await centre.subscribe(INJECT.filter(to="us"), qos=1)
        page = await visit(served.at(t="inject", token=TOKEN))
        await expect(page.locator(".mode")).to_have_text("LIVE")
        await page.get_by_role("button", name="Example").click()
        await expect(page.locator(".checked")).to_contain_text("DRAWN1")
        await page.get_by_role("button", name="Submit").click()
        async with asyncio.timeout(90):
            heard = await anext(aiter(centre.messages))
        submitted = msgspec.json.decode(bytes(heard.payload), type=FlightPlan)
        await expect(page.locator(".inject")).to_contain_text("not heard of yet")
        status = Author("us", "tested").say(
            PlanStatus,
            NOW,
            plan_id=submitted.plan_id,
            callsign=submitted.callsign,
            plan=submitted.digest,
            state=PlanState.NEGOTIATING,
        )
        write(record, Heard(NOW, status))
        await expect(page.locator(".inject")).to_contain_text("DRAWN1: negotiating")
        accepted = msgspec.structs.replace(
            status, id="then", state=PlanState.ACCEPTED, as_filed=False, seq=status.seq + 1
        )
        write(record, Heard(NOW + timedelta(minutes=1), accepted))
        await expect(page.locator(".inject")).to_contain_text("DRAWN1: accepted with changes")


async def test_a_plan_that_was_handed_over_stays_on_the_map_however_late_it_starts(
    served: Site, record: Record, visit: Visit
) -> None:
    page = await visit(served.at(t="inject", token=TOKEN))
    await page.get_by_label("Starts").fill("600")
    await page.get_by_role("button", name="Example").click()
    await expect(page.locator(".checked")).to_contain_text("DRAWN1")
    written = msgspec.json.decode(await value_of(page.locator(".inject textarea")), type=FlightPlan)
    async with page.expect_response("**/inject?*") as answer:
        await page.get_by_role("button", name="Submit").click()
    (sent,) = await (await answer.value).json()
    assert written.start > NOW + timedelta(hours=9)
    volume = Volume4D(
        area=written.area, lower_ft=written.lower_ft, upper_ft=written.upper_ft, start=written.start, end=written.end
    )
    status = Author("us", "tested").say(
        PlanStatus,
        NOW,
        plan_id=sent["plan_id"],
        plan=sent["digest"],
        callsign="DRAWN1",
        state=PlanState.ACCEPTED,
        volumes=(volume,),
    )
    write(record, Heard(NOW, status))
    await expect(page.locator(".inject")).to_contain_text("DRAWN1: accepted")
    await page.get_by_role("button", name="As a table").click()
    await expect(page.get_by_role("row", name="DRAWN1")).to_be_visible()


async def test_page_and_status_count_the_same_services(
    served: Site, record: Record, broker: EmbeddedBroker, visit: Visit, capsys: pytest.CaptureFixture[str]
) -> None:
    up = Health(id="m-up", source="monitor", seq=0, time=NOW, presence=Presence.UP, session="1")
    async with aiomqtt.Client(broker.settings.host, broker.settings.port) as client:
        await client.publish(address_of(up), encode(up), qos=1, retain=True)
    address = f"mqtt://{broker.settings.host}:{broker.settings.port}"
    assert await asyncio.to_thread(status, broker=address, query=Query(record=record._path, json=True)) == 0
    told = msgspec.json.decode(capsys.readouterr().out)["services"]
    page = await visit(served.at(t="standing"))
    names = [row["key"] for row in told]
    assert "monitor" in names
    up_now = sum(row["presence"] == "up" for row in told)
    glance = page.get_by_role("region", name="Standing", exact=True)
    await expect(glance).to_contain_text(f"{up_now} of {len(names)} up")
    listed = page.locator("#panel-standing").get_by_role("table", name="Services").locator("tbody tr")
    await expect(listed).to_have_text([re.compile(f"^{name}up", re.IGNORECASE) for name in names])


async def test_a_plan_is_changed_and_its_versions_are_told(
    served: Site, record: Record, broker: EmbeddedBroker, visit: Visit
) -> None:
    def told(seq: int, plan: str, state: PlanState, **fields: Any) -> None:
        named: dict[str, Any] = {
            "id": f"told-{seq}",
            "source": "us",
            "seq": 10_000 + seq,
            "time": NOW,
            "callsign": "VIPER1",
        }
        status = PlanStatus(**named, plan_id="p-1", plan=plan, state=state, **fields)
        write(record, Heard(NOW, status))

    told(1, "1" * 16, PlanState.ACCEPTED)
    async with aiomqtt.Client(broker.settings.host, broker.settings.port) as centre:
        await centre.subscribe(INJECT.filter(to="us"), qos=1)
        page = await visit(served.at(t="inject", token=TOKEN))
        await expect(page.locator(".mode")).to_have_text("LIVE")
        await page.get_by_text("Change a plan").click()
        await page.get_by_label("Plan", exact=True).select_option(label="VIPER1 (p-1)")
        await page.get_by_label("Later by, min").fill("30")
        await page.get_by_label("New priority").select_option("priority")
        await page.get_by_role("button", name="Submit").click()
        async with asyncio.timeout(90):
            heard = await anext(aiter(centre.messages))
    change = {"type": "change-plan", "plan_id": "p-1", "shift_min": 30, "priority": "priority"}
    assert msgspec.json.decode(bytes(heard.payload)) == change
    await expect(page.locator(".inject")).to_contain_text("VIPER1: accepted")
    told(2, "2" * 16, PlanState.NEGOTIATING, version=2, amends="1" * 16, in_force=1)
    await expect(page.locator(".inject")).to_contain_text("VIPER1: accepted, version 2 negotiating")
    told(3, "2" * 16, PlanState.ACCEPTED, version=2, amends="1" * 16)
    await expect(page.locator(".inject")).to_contain_text("VIPER1: accepted, version 2")


async def test_text_that_was_edited_by_hand_is_not_written_over_by_the_fields(served: Site, visit: Visit) -> None:
    page = await visit(served.at(t="inject"))
    text = page.locator(".inject textarea")
    await page.get_by_role("button", name="Example").click()
    await page.get_by_label("Callsign").fill("DRAWN2")
    await expect(text).to_have_value(re.compile("DRAWN2"))
    own = (await value_of(text)).replace("DRAWN2", "MYOWN1")
    await text.fill(own)
    await page.get_by_label("Callsign").fill("DRAWN3")
    await expect(text).to_have_value(own)


async def test_what_was_handed_over_is_not_replaced_by_a_check_that_comes_late(served: Site, visit: Visit) -> None:
    submitted = asyncio.Event()

    async def hold(route: Any) -> None:
        await submitted.wait()
        await route.continue_()

    page = await visit(served.at(t="inject", token=TOKEN))
    await page.route("**/check?*", hold)
    async with page.expect_response("**/check?*") as checked:
        async with page.expect_request("**/check?*"):
            await page.get_by_role("button", name="Example").click()
        await page.get_by_role("button", name="Submit").click()
        await expect(page.locator(".checked")).to_contain_text("Handed over")
        submitted.set()
    await (await checked.value).finished()
    await expect(page.locator(".checked")).to_contain_text("Handed over")


async def test_a_plan_that_is_followed_keeps_the_focus_as_it_changes(
    served: Site, record: Record, visit: Visit
) -> None:
    page = await visit(served.at(t="inject", token=TOKEN))
    await page.get_by_role("button", name="Example").click()
    await expect(page.locator(".checked")).to_contain_text("DRAWN1")
    async with page.expect_response("**/inject?*") as answer:
        await page.get_by_role("button", name="Submit").click()
    (sent,) = await (await answer.value).json()
    link = page.locator(".inject .finding").get_by_role("button", name="DRAWN1")
    await link.focus()
    state = {"plan_id": sent["plan_id"], "plan": sent["digest"], "callsign": "DRAWN1"}
    status = Author("us", "tested").say(PlanStatus, NOW, **state, state=PlanState.NEGOTIATING)
    write(record, Heard(NOW, status))
    await expect(page.locator(".inject")).to_contain_text("DRAWN1: negotiating")
    await expect(page.locator(".inject .finding").get_by_role("button", name="DRAWN1")).to_be_focused()


async def test_what_becomes_of_a_plan_stands_in_sight_of_what_handed_it_over(served: Site, visit: Visit) -> None:
    page = await visit(served.at(t="inject", token=TOKEN), {"width": 1440, "height": 900})
    await page.get_by_role("button", name="Example").click()
    await expect(page.locator(".checked")).to_contain_text("DRAWN1")
    await page.get_by_role("button", name="Submit").click()
    await expect(page.locator(".checked")).to_contain_text("Handed over: DRAWN1")
    await expect(page.get_by_text("DRAWN1: not heard of yet")).to_be_in_viewport(ratio=1)


async def test_nothing_is_handed_over_without_the_token(served: Site, visit: Visit) -> None:
    page = await visit(served.at(t="inject"))
    await page.get_by_role("button", name="Example").click()
    await expect(page.locator(".checked")).to_contain_text("DRAWN1")
    await page.get_by_role("button", name="Submit").click()
    await expect(page.locator(".checked")).to_contain_text("token")


async def test_a_recording_takes_no_plans_and_says_so(record: Record, visit: Visit) -> None:
    write(record, *morning(5))
    async with site(record=record._path) as served:
        page = await visit(served.at(t="inject", at=NOW.isoformat().replace("+00:00", "Z")), viewport=PHONE)
        await page.get_by_role("button", name="Lists").click()
        await expect(page.locator(".inject")).to_contain_text("at the head of a live source only")
