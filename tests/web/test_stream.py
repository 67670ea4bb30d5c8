"""Pages that follow a record while it is written: each hears all of it once, whatever breaks."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from hotline_services.monitor.history import fold
from hotline_services.records.record import Record
from hotline_services.web.answers.schema import Changes, ClockReading
from hotline_services.web.answers.view import SHOWN, changes
from hotline_services.web.feeds import LiveFeed
from hotline_services.web.sse import Batch, Fanout, change

from .conftest import POLL_S, served
from .day import heard
from .listening import Page, following

ALL = len(heard())
PAGES = 20


def write(record: Record, first: int, last: int, at_once: int = 20) -> None:
    """Messages ``first`` to ``last`` of the day, a few in each commit."""
    for start in range(first - 1, last, at_once):
        record.commit(heard()[start : min(start + at_once, last)], [], [])


def remove(record: Path) -> None:
    for file in record.parent.glob(f"{record.name}*"):
        file.unlink()


def as_recorded() -> dict[tuple[str, str], Any]:
    """Every row of the day as it is in the end, as JSON has it."""
    history = fold((n, at, message) for n, (at, message) in enumerate(heard(), 1) if message is not None)
    rows = changes(history, 0).rows
    assert set(rows) <= {kind.table for kind in SHOWN}
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(rows))
    return {(table, row["key"]): row for table, some in plain.items() for row in some}


async def until(page: Page, client: httpx.AsyncClient, n: int) -> Page:
    await page.follow(client, n)
    return page


async def test_every_page_hears_every_change_once_while_the_record_is_written(record: Record, tmp_path: Path) -> None:
    async with served(record=tmp_path / "monitor.sqlite3") as server:
        following = [asyncio.create_task(until(Page(), server.client, ALL)) for _ in range(PAGES)]
        await asyncio.to_thread(write, record, 1, ALL)
        pages = await asyncio.gather(*following)
    wanted = as_recorded()
    for page in pages:
        assert page.resets <= 1  # from before the record was there
        assert page.rows.keys() <= wanted.keys()
        assert all(wanted[key] == row for key, row in page.rows.items())
        if not page.resets:
            assert page.rows == wanted


async def test_a_page_goes_on_across_a_restart_of_the_server_with_neither_loss_nor_double(
    record: Record, tmp_path: Path
) -> None:
    page, path = Page(), tmp_path / "monitor.sqlite3"
    write(record, 1, 100)
    async with served(record=path) as server:
        await page.follow(server.client, 100)
    write(record, 101, 300)
    async with served(record=path) as server:
        await page.follow(server.client, 300)
        write(record, 301, ALL)
        await page.follow(server.client, ALL)
    assert page.resets == 0
    assert page.steps[0][0] == 0
    assert page.steps[-1][1] == ALL
    assert page.rows == as_recorded()


async def test_a_page_that_comes_back_with_the_id_of_an_event_goes_on_after_it(record: Record, tmp_path: Path) -> None:
    write(record, 1, 50)
    async with served(record=tmp_path / "monitor.sqlite3") as server:
        async with following(server.client, 10) as stream:
            first = await anext(stream)
        async with following(server.client, 0, first.id) as stream:
            write(record, 51, 60)
            second = await anext(stream)
    assert first.id == f"{record.epoch}:50"
    assert (first.data["after"], first.data["n"], second.data["after"]) == (10, 50, 50)


async def test_a_page_hears_from_now_on_unless_it_says_from_where(record: Record, tmp_path: Path) -> None:
    write(record, 1, 50)
    async with served(record=tmp_path / "monitor.sqlite3") as server, following(server.client) as stream:
        write(record, 51, 51)
        assert (await anext(stream)).data["after"] == 50


async def test_a_record_that_comes_later_and_one_that_is_made_anew_begin_every_page_anew(tmp_path: Path) -> None:
    path = tmp_path / "monitor.sqlite3"
    async with served(record=path) as server:
        assert (await server.json("/api/v1/live/picture"))["n"] == 0  # type: ignore[index]
        page = Page()
        async with asyncio.timeout(90), following(server.client, 0) as stream:
            for _ in range(2):
                record = Record(path)
                write(record, 1, 30)
                async for event in stream:
                    page.take(event)
                    if page.n == 30 and page.id.startswith(record.epoch):
                        break
                record.close()
                remove(path)
            assert page.resets >= 2
            assert (await server.json("/api/v1/live/picture"))["epoch"] == record.epoch  # type: ignore[index]


async def test_a_page_of_another_life_of_the_record_is_begun_anew(record: Record, tmp_path: Path) -> None:
    write(record, 1, 50)
    async with served(record=tmp_path / "monitor.sqlite3") as server:
        for after in ("other:20", 51):
            async with following(server.client, after) as stream:
                event = await anext(stream)
            assert (event.data["reset"], event.data["n"], event.data["epoch"]) == (True, 50, record.epoch)


class Held:
    """A history that a test makes up, with one row of one number for each message."""

    def __init__(self) -> None:
        self.looked_up: list[tuple[int, int]] = []
        self.fanout = Fanout(self.look_up)

    async def look_up(self, after: int, until: int) -> Changes:
        self.looked_up.append((after, until))
        return Changes(after=after, n=until, at=None, rows={}, epoch="e")

    def publish(self, after: int, n: int) -> None:
        frame = change(Changes(after=after, n=n, at=None, rows={}, epoch="e"))
        self.fanout.publish(Batch("e", after, n, frame))


async def test_a_page_that_was_slow_is_told_what_it_missed_at_once_and_nothing_is_kept_for_it() -> None:
    held = Held()
    held.publish(0, 1)
    stream = held.fanout.stream(0, "e")
    assert b'"n":1,' in await anext(stream)
    for n in range(1, 1_000):  # far more than is remembered
        held.publish(n, n + 1)
    assert b'"after":1,"n":1000,' in await anext(stream)
    assert held.looked_up == [(1, 1_000)]
    held.publish(1_000, 1_001)
    assert b'"after":1000,"n":1001,' in await anext(stream)
    assert held.looked_up == [(1, 1_000)]


async def test_what_all_pages_are_told_is_made_ready_once() -> None:
    held = Held()
    held.publish(0, 1)
    streams = [held.fanout.stream(0, "e") for _ in range(3)]
    first = [await anext(stream) for stream in streams]
    assert first[0] is first[1] is first[2]
    assert held.looked_up == []
    assert held.fanout.pages == 3
    for stream in streams:
        await stream.aclose()  # type: ignore[attr-defined]
    assert held.fanout.pages == 0


async def test_every_page_is_told_what_time_it_is_then_and_not_what_it_was_when_another_was_told() -> None:
    readings = (ClockReading(simulated=datetime(2017, 8, 20, hour, tzinfo=UTC), speed=600) for hour in range(24))
    fanout = Fanout(Held().look_up, lambda: next(readings))
    first, later = fanout.stream(None), fanout.stream(None)
    assert b"T00:00:00Z" in await anext(first)
    assert b"T01:00:00Z" in await anext(later)
    fanout.tell_time()
    assert b"T02:00:00Z" in await anext(first)


async def test_a_stream_that_is_idle_is_kept_alive_and_ends_when_the_server_does() -> None:
    held = Held()
    held.publish(0, 1)
    stream = held.fanout.stream(0, "e")
    await anext(stream)
    for _ in range(3):
        held.fanout.beat()
    assert await anext(stream) == b": keep-alive\n\n"
    held.fanout.close()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_a_feed_leaves_the_monitor_free_to_move_its_log_into_the_record(record: Record, tmp_path: Path) -> None:
    write(record, 1, ALL)
    feed = LiveFeed(tmp_path / "monitor.sqlite3", POLL_S)
    feed.start()
    assert await asyncio.to_thread(feed.ready.wait, 90)
    busy, log, moved = record._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    feed.close()
    assert (busy, log, moved) == (0, 0, 0)
