"""Reading what is shown goes on past what cannot be read, and where it does not, it says so."""

import asyncio
import itertools
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_protocol.message import Message
from hotline_protocol.topics import decode_any
from hotline_services.monitor.history import History
from hotline_services.records.record import Record
from hotline_services.runtime.store import StoreError
from hotline_services.web import feeds
from hotline_services.web.answers.requests import NotMetError
from hotline_services.web.feeds import LiveFeed, RecordingFeed
from hotline_services.web.sources import Sources
from hotline_services.web.state import State

from .conftest import TOKEN, served
from .day import heard
from .listening import Page

DEEP = "[" * 100_000
WRITER = {"Authorization": f"Bearer {TOKEN}"}


def spoil(record: Path, n: int, text: str) -> None:
    """Put this in the place of message ``n``."""
    with closing(sqlite3.connect(record)) as db, db:
        db.execute("UPDATE messages SET message = ? WHERE n = ?", (text, n))


def overwrite_the_middle(record: Path) -> None:
    """As a disk does that fails: the record can be opened, and its first messages be read."""
    size = record.stat().st_size
    with record.open("r+b") as file:
        file.seek(size // 4)
        file.write(b"\xff" * (size // 2))


def fail_at(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on there is a bug that message ``n`` brings out."""
    take = History.take

    def buggy(self: History, number: int, *rest: Any) -> None:
        if number == n:
            raise ZeroDivisionError("a bug")
        take(self, number, *rest)

    monkeypatch.setattr(History, "take", buggy)


async def test_a_bug_while_a_live_record_is_read_makes_the_server_say_that_it_is_not_well(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(21, monkeypatch)
    record.commit(heard()[:30], [], [])
    async with served(record=tmp_path / "monitor.sqlite3") as server:
        assert (await server.json("/api/v1/live/picture"))["n"] == 20  # type: ignore[index]
        health = await server.json("/healthz", 503)
        setting = await server.json("/api/v1/live/setting")
    assert "ZeroDivisionError" in health["error"]  # type: ignore[index]
    assert "Reading failed after message 20" in setting["note"]  # type: ignore[index]


async def test_a_bug_while_a_recording_is_read_is_told_with_what_is_shown_of_it(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(251, monkeypatch)
    async with served(run) as server:
        setting = await server.json("/api/v1/a/setting")
    assert setting["source"]["n"] == 250  # type: ignore[index]
    assert "Reading failed after message 250" in setting["note"]  # type: ignore[index]


@pytest.mark.parametrize("text", ["{", DEEP, '{"type":"stop","id":"x"}'])
async def test_a_message_that_cannot_be_read_is_passed_over_and_told(record: Record, tmp_path: Path, text: str) -> None:
    record.commit(heard()[:30], [], [])
    spoil(tmp_path / "monitor.sqlite3", 7, text)
    async with served(record=tmp_path / "monitor.sqlite3") as server:
        assert (await server.json("/api/v1/live/picture"))["n"] == 30  # type: ignore[index]
        note = (await server.json("/api/v1/live/setting"))["note"]  # type: ignore[index]
    assert "message 7 is passed over" in note


async def test_a_live_source_goes_back_as_far_as_it_is_to_and_says_from_when(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "FORGOTTEN_AT_ONCE", 10)
    record.commit(heard(), [], [])
    times = [one.at for one in heard()]
    keep = timedelta(hours=6)
    async with served(record=tmp_path / "monitor.sqlite3", keep=keep) as server:
        source = (await server.json("/api/v1/live/setting"))["source"]  # type: ignore[index]
        picture = await server.json("/api/v1/live/picture?n=1")
        early = heard()[0].message
        assert early is not None
        unknown = await server.json(f"/api/v1/live/about/message/{early.id}", 404)
        saved = await server.client.get("/api/v1/live/recording")
    start = datetime.fromisoformat(source["start"])
    kept = [at for at in times if at >= start]
    assert times[-1] - keep - timedelta(hours=1) < start <= times[-1] - keep
    assert (source["n"], picture["n"]) == (len(times), len(times) - len(kept) + 1)  # type: ignore[index]
    assert "since" in unknown["error"]  # type: ignore[index]
    head, first = (json.loads(line) for line in saved.content.splitlines()[:2])  # what is saved is the whole record
    assert datetime.fromisoformat(head["start"]) == datetime.fromisoformat(first["at"]) == times[0]


async def test_a_damaged_record_is_told_once_for_as_long_as_it_stays_so(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked, told = tmp_path / "monitor.sqlite3", asyncio.Event(), []
    loop, identity = asyncio.get_running_loop(), feeds._identity
    looks = itertools.count()

    def looking(path: Path) -> tuple[int, int, bool] | None:
        if next(looks) == 10:
            loop.call_soon_threadsafe(asked.set)
        return identity(path)

    record.commit(heard()[:600], [], [])
    record.close()
    overwrite_the_middle(path)
    monkeypatch.setattr(feeds, "_identity", looking)
    monkeypatch.setattr(feeds.log, "warning", lambda *said, **why: told.append((said, why)))
    async with served(record=path) as server, asyncio.timeout(90):
        await asked.wait()
        assert "cannot be read" in (await server.json("/api/v1/live/setting"))["note"]  # type: ignore[index]
    assert [said for said, _ in told] == [("record-unreadable",)]


async def test_what_is_forgotten_has_been_counted_though_nobody_asked(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "FORGOTTEN_AT_ONCE", 10)
    record.commit(heard(), [], [])
    counted = []
    for keep in (None, timedelta(hours=6)):
        async with served(record=tmp_path / "monitor.sqlite3", keep=keep) as server:
            told = (await server.client.get("/metrics")).text.splitlines()
            counted.append([line for line in told if "_total{" in line or "_bucket{" in line])
    assert len(counted[0]) > 50
    assert counted[0] == counted[1]


async def test_messages_that_cannot_be_read_at_the_end_of_a_record_are_looked_at_once(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.commit(heard()[:30], [], [])
    for n in (29, 30):
        spoil(tmp_path / "monitor.sqlite3", n, "{")
    looked_at: list[bytes] = []

    def decode(text: bytes) -> Message:
        looked_at.append(text)
        return decode_any(text)

    monkeypatch.setattr(feeds, "decode_any", decode)
    async with served(record=tmp_path / "monitor.sqlite3") as server:
        shown = await server.json("/api/v1/live/picture")
        record.commit(heard()[30:40], [], [])  # which are found when it is looked at again
        await Page(n=shown["n"]).follow(server.client, until=40)  # type: ignore[index]
    assert looked_at.count(b"{") == 2


@pytest.mark.parametrize("scenario", [b"\xff\xfe", b'x","y":' + DEEP.encode()])
async def test_a_recording_with_a_header_that_cannot_be_read_is_not_taken_and_its_file_let_go(
    run: Path, tmp_path: Path, scenario: bytes
) -> None:
    lines = (await asyncio.to_thread(run.read_bytes)).splitlines(keepends=True)
    damaged = lines[0].replace(b"valley-2017", scenario) + lines[1]
    path = tmp_path / "damaged.jsonl"
    await asyncio.to_thread(path.write_bytes, damaged)
    with pytest.raises(StoreError, match="line 1"):
        RecordingFeed(path)  # an open file would be a warning, which is an error here
    async with served(run) as server:
        answer = await server.client.post("/api/v1/sources?name=x", content=damaged, headers=WRITER)
    assert answer.status_code == 400


def test_a_recording_that_has_been_closed_has_no_more_to_tell(run: Path) -> None:
    feed = RecordingFeed(run)
    feed.start()
    feed.ready.wait(90)
    assert feed.text(1)
    feed.close()
    assert feed.text(1) is None


async def test_a_source_whose_place_is_taken_while_somebody_waits_for_it_is_told_to_be_gone(tmp_path: Path) -> None:
    sources, waited_for = Sources(), LiveFeed(tmp_path / "monitor.sqlite3")
    sources.watch(waited_for, tmp_path)
    asking = asyncio.create_task(State(sources, TOKEN).shown("live"))
    await asyncio.sleep(0)  # it has found the source by then, and waits
    sources.watch(LiveFeed(tmp_path / "another.sqlite3"), tmp_path)
    waited_for.ready.set()
    with pytest.raises(NotMetError, match="not shown any more") as gone:
        await asking
    assert gone.value.status == 404
