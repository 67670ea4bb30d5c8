"""What a server over recordings and records gives to whom, and what it refuses."""

import asyncio
import gzip
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from hotline_protocol.theatre import Theatre, enter
from hotline_services.director.scenario import read_scenario
from hotline_services.injecting import unheard_of
from hotline_services.monitor.rows import CallRow
from hotline_services.records.reading import open_source
from hotline_services.records.record import Record
from hotline_services.resources import remember_map
from hotline_services.runtime.recording import RecordingReader
from hotline_services.web import request_reading
from hotline_services.web.posting import PLANS_BYTES
from hotline_services.web.sources import RECORDINGS_AT_MOST, Sources

from .conftest import TOKEN, Served, served
from .day import heard, recording, scenario

FULL = Path("/dev/full")
WRITER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def server(run: Path) -> AsyncIterator[Served]:
    async with served(run) as server:
        yield server


@pytest.fixture
async def live(record: Record, tmp_path: Path) -> AsyncIterator[Served]:
    record.commit(heard(), [], [])
    async with served(record=tmp_path / "monitor.sqlite3") as server:
        yield server


async def test_a_recording_and_a_record_of_the_same_day_show_the_same(server: Served, live: Served) -> None:
    asked = f"picture?n={len(heard()) // 2}"
    a, b = await server.json(f"/api/v1/a/{asked}"), await live.json(f"/api/v1/live/{asked}")
    assert a["rows"] == b["rows"]  # type: ignore[index]


async def test_a_time_is_looked_up_as_the_last_message_by_then(server: Served) -> None:
    at = heard()[300].at
    picture = await server.json(f"/api/v1/a/picture?at={at.isoformat().replace('+00:00', 'Z')}")
    number = max(n for n, (when, _) in enumerate(heard(), 1) if when <= at)
    assert picture["n"] == number  # type: ignore[index]


async def test_setting_names_the_parties_and_shows_the_line_that_was_agreed(server: Served) -> None:
    setting = await server.json("/api/v1/a/setting")
    assert set(setting["parties"]) == set(scenario().agreement.parties)  # type: ignore[index]
    assert len(setting["line"]["trace"]) == len(scenario().agreement.line.trace)  # type: ignore[index,union-attr]
    assert "illustrative" in setting["disclaimer"]  # type: ignore[index]


async def test_a_recording_that_was_cut_off_is_shown_as_far_as_it_is_whole_and_says_so(
    run: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.jsonl"
    await asyncio.to_thread(lambda: cut.write_bytes(run.read_bytes()[:-40]))
    async with served(cut) as server:
        setting = await server.json("/api/v1/a/setting")
    assert setting["source"]["n"] == len(heard()) - 1  # type: ignore[index]
    assert "cut.jsonl is not whole: line" in setting["note"]  # type: ignore[index]


async def test_a_recording_of_an_unknown_scenario_is_shown_without_its_line(tmp_path: Path) -> None:
    await asyncio.to_thread(recording, tmp_path / "run.jsonl", "../../etc/passwd")
    async with served(tmp_path / "run.jsonl") as server:
        setting = await server.json("/api/v1/a/setting")
    assert setting["line"] is None  # type: ignore[index]
    assert "not known" in setting["note"]  # type: ignore[index]


async def test_a_recording_is_shown_in_its_own_scenario_beside_a_stack_that_plays_another(
    run: Path, tmp_path: Path
) -> None:
    sources = Sources(read_scenario("valley-day"))
    with closing(sources):
        shown = await asyncio.to_thread(sources.add, run, "run")
        await asyncio.to_thread(shown.feed.ready.wait, 20)
        assert shown.setting().source.scenario == scenario().name
        assert shown.setting().line is not None
        await asyncio.to_thread(recording, tmp_path / "own.jsonl", "of-my-own")
        assert sources.add(tmp_path / "own.jsonl", "own").source().scenario == "valley-day"


def test_plans_are_handed_to_those_who_fly_and_not_to_services() -> None:
    names = {"us", "ru", "monitor", "director"}
    assert unheard_of("us", names) == []
    assert [one.problem.reason for one in unheard_of("monitor", names)] == ["monitor flies nothing; there are: ru, us"]
    assert [one.problem.reason for one in unheard_of("xx", names)] == [
        "nobody called xx has been heard of; there are: ru, us"
    ]


async def test_what_is_wrong_with_a_value_is_said_in_words(server: Served) -> None:
    assert (await server.json("/api/v1/a/picture?at=noon", 400))["error"].startswith("at: is not a time such as")  # type: ignore[index]


async def test_a_recording_is_handed_out_as_it_is(server: Served, run: Path) -> None:
    answer = await server.client.get("/api/v1/a/recording")
    assert answer.content == await asyncio.to_thread(run.read_bytes)
    assert "attachment" in answer.headers["content-disposition"]


async def test_a_record_is_handed_out_as_a_recording_of_the_same_calls(live: Served, tmp_path: Path) -> None:
    answer = await live.client.get("/api/v1/live/recording")
    path = tmp_path / "live.jsonl"
    await asyncio.to_thread(path.write_bytes, answer.content)
    source = open_source(path)
    assert len(source.rows(CallRow)) == (await live.json("/api/v1/live/calls"))["total"]  # type: ignore[index]
    with path.open("rb") as file:
        assert RecordingReader(file).header.scenario == scenario().name


async def test_a_recording_that_was_removed_or_cut_down_while_it_is_shown_is_told_to_be(
    run: Path, tmp_path: Path
) -> None:
    await asyncio.to_thread(shutil.copy, run, tmp_path / "run.jsonl")
    async with served(tmp_path / "run.jsonl") as server:
        last = await server.json(f"/api/v1/a/picture?n={len(heard())}")
        assert last["n"] == len(heard())  # type: ignore[index]
        os.truncate(tmp_path / "run.jsonl", 500)
        about = await server.json(f"/api/v1/a/about/message/{heard()[-1].message.id}")  # type: ignore[union-attr]
        (tmp_path / "run.jsonl").unlink()
        gone = await server.json("/api/v1/a/recording", 404)
    assert about["message"] is None  # type: ignore[index]
    assert "not there any more" in gone["error"]  # type: ignore[index]


async def test_a_record_that_was_removed_cannot_be_had_as_a_recording(live: Served, tmp_path: Path) -> None:
    (tmp_path / "monitor.sqlite3").unlink()
    assert "cannot be read now" in (await live.json("/api/v1/live/recording", 503))["error"]  # type: ignore[index]


@pytest.mark.parametrize("token", ["", "t0ke", "t0ken2", "\xe9"])
async def test_nobody_writes_without_the_token(server: Served, token: str, run: Path) -> None:
    headers = {"Authorization": f"Bearer {token}".encode("latin-1")} if token else {}
    for path in ("/api/v1/sources", "/api/v1/live/inject?to=us"):
        answer = await server.client.post(path, content=b"x", headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 401
        assert "token" in answer.json()["error"]


async def test_what_is_uploaded_can_be_looked_at_and_the_oldest_goes_when_there_are_too_many(
    server: Served, run: Path
) -> None:
    content, names = await asyncio.to_thread(run.read_bytes), []
    for number in range(RECORDINGS_AT_MOST + 1):
        added = await server.client.post(f"/api/v1/sources?name=run-{number}.jsonl", content=content, headers=WRITER)
        assert added.status_code == 201
        assert (added.json()["n"], added.json()["loaded"]) == (len(heard()), 1.0)
        names.append(added.json()["name"])
    kept = [source["name"] for source in await server.json("/api/v1/sources")]  # type: ignore[attr-defined]
    assert kept == ["a", *names[-(RECORDINGS_AT_MOST - 1) :]]
    assert len(set(names)) == len(names)
    uploads = server.state.new_upload().parent
    assert len(await asyncio.to_thread(lambda: list(uploads.iterdir()))) == RECORDINGS_AT_MOST - 1


async def test_uploads_are_gone_when_the_server_is(run: Path) -> None:
    async with served(run) as server:
        uploads = server.state.new_upload().parent
        content = await asyncio.to_thread(run.read_bytes)
        await server.client.post("/api/v1/sources", content=content, headers=WRITER)
    assert not uploads.exists()


@pytest.mark.parametrize(
    "content", [b"", b"hello", b'{"hotline_recording": 99}\n', b"SQLite format 3\x00" + b"x" * 100]
)
async def test_what_is_no_recording_is_not_taken_and_leaves_nothing(server: Served, content: bytes) -> None:
    answer = await server.client.post("/api/v1/sources?name=x", content=content, headers=WRITER)
    assert answer.status_code == 400
    assert str(server.state.new_upload().parent) not in answer.text
    assert list(server.state.new_upload().parent.iterdir()) == []


async def test_an_upload_that_finds_the_disk_full_is_told_so_in_a_sentence(
    server: Served, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not await asyncio.to_thread(FULL.exists):
        pytest.skip(f"this machine has no {FULL}")
    (tmp_path / "full").symlink_to(FULL)
    monkeypatch.setattr(server.state, "new_upload", lambda: tmp_path / "full")
    content = await asyncio.to_thread(run.read_bytes)
    answer = await server.client.post("/api/v1/sources", content=content, headers=WRITER)
    assert answer.status_code == 503
    assert "room" in answer.json()["error"]
    assert FULL.exists()  # noqa: ASYNC240  one look


async def test_an_upload_that_says_it_is_too_large_is_refused_before_it_comes(server: Served) -> None:
    async with asyncio.timeout(90):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.client.base_url.port)
        head = f"POST /api/v1/sources HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        writer.write(f"{head}Content-Length: {10**12}\r\n\r\n".encode())
        assert b"413" in await reader.readline()
        writer.close()


async def begin_to_upload(server: Served) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """As much of a recording as never comes to its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.client.base_url.port)
    head = f"POST /api/v1/sources HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    writer.write(f"{head}Content-Length: 1000\r\n\r\n{{".encode())
    await writer.drain()
    return reader, writer


async def test_an_upload_of_which_nothing_more_comes_is_given_up_and_keeps_nobody_waiting(
    server: Served, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_reading, "IDLE_S", 0.01)
    async with asyncio.timeout(90):
        reader, writer = await begin_to_upload(server)
        assert b"408" in await reader.readline()
        writer.close()
    monkeypatch.undo()
    content = await asyncio.to_thread(run.read_bytes)
    assert (await server.client.post("/api/v1/sources", content=content, headers=WRITER)).status_code == 201
    assert len(list(server.state.new_upload().parent.iterdir())) == 1


async def test_an_upload_that_is_broken_off_is_no_failure_of_the_server(
    server: Served, run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await begin_to_upload(server)
    writer.close()
    await writer.wait_closed()
    content = await asyncio.to_thread(run.read_bytes)
    assert (await server.client.post("/api/v1/sources", content=content, headers=WRITER)).status_code == 201
    assert [record for record in caplog.records if record.name.startswith("uvicorn") and record.exc_info] == []


@pytest.mark.parametrize("path", ["check", "inject"])
async def test_plans_are_taken_up_to_a_size(live: Served, path: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(PLANS_BYTES // 10_000 + 1):
            yield b" " * 10_000

    answer = await live.client.post(f"/api/v1/live/{path}?to=us", content=endless(), headers=WRITER)
    assert answer.status_code == 413
    assert f"{PLANS_BYTES:,}" in answer.json()["error"]


async def test_without_a_broker_nothing_is_injected_and_a_sentence_says_so(live: Served) -> None:
    answer = await live.client.post("/api/v1/live/inject?to=us", content=b"{}", headers=WRITER)
    assert answer.status_code == 503
    assert "broker" in answer.json()["error"]


async def test_a_page_of_another_name_gets_nothing(server: Served) -> None:
    for host in ("evil.example", "evil.example:8080", "localhost.evil.example", "", "[::1", "127.0.0.2", "::1"):
        answer = await server.client.get("/api/v1/sources", headers={"Host": host})
        assert answer.status_code == 400
        assert "--allow-host" in answer.json()["error"]


async def test_this_machine_s_own_names_are_known(server: Served) -> None:
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080"):
        assert (await server.client.get("/api/v1/sources", headers={"Host": host})).status_code == 200


async def test_every_answer_keeps_a_browser_from_loading_anything_from_elsewhere(server: Served) -> None:
    for path in ("/", "/api/v1/sources", "/nowhere", "/geography/rivers.geojson"):
        answer = await server.client.get(path, headers={"Origin": "https://evil.example"})
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_answers_are_compressed_for_who_can_read_that_and_the_stream_never_is(live: Served) -> None:
    plain, zipped = [
        await live.client.get("/api/v1/live/plans", headers={"Accept-Encoding": encoding})
        for encoding in ("identity", "gzip")
    ]
    assert plain.json() == zipped.json()
    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < len(plain.content) / 3
    assert "content-encoding" not in plain.headers
    async with live.client.stream("GET", "/api/v1/live/stream?after=0", headers={"Accept-Encoding": "gzip"}) as stream:
        assert "content-encoding" not in stream.headers
        assert b"id: " in await anext(stream.aiter_raw())


@pytest.mark.parametrize(
    ("wanted", "is_zipped"),
    [
        ("gzip, deflate, br", True),
        ("GZip ; Q=0.5", True),
        ("*", True),
        ("br, *;q=0.1", True),
        ("gzip;q=1, identity;q=0.5", True),
        ("identity;q=0, *", True),
        ("x-gzip", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        ("br", False),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=much", False),
        ("", False),
    ],
)
async def test_an_answer_is_compressed_only_where_that_is_asked_for_and_not_refused(
    server: Served, wanted: str, is_zipped: bool
) -> None:
    for path in ("/geography/rivers.geojson", "/api/v1/a/plans"):
        answer = await server.client.get(path, headers={"Accept-Encoding": wanted})
        assert (answer.headers.get("content-encoding") == "gzip") is is_zipped


async def test_files_are_sent_once_and_small(server: Served) -> None:
    path = "/geography/rivers.geojson"
    zipped = await server.client.get(path)
    plain = await server.client.get(path, headers={"Accept-Encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == plain.content
    assert len(gzip.compress(plain.content)) < len(plain.content)
    again = await server.client.get(path, headers={"If-None-Match": zipped.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_no_file_is_sent_that_is_not_meant_to_be(server: Served) -> None:
    for name in ("../routes.py", "%2e%2e/routes.py", "..%2froutes.py", "%2Fetc%2Fpasswd", "", "vendor", "a%00b"):
        async with asyncio.timeout(90):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.client.base_url.port)
            writer.write(f"GET /static/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
        assert b" 404 " in answer.splitlines()[0], name


async def test_of_the_folder_that_a_theatre_names_nothing_is_sent_but_maps(server: Served, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "run.json").write_text("passwords")
    (elsewhere / "far.geojson").write_text("{}")
    (tmp_path / "near.geojson").write_text("{}")
    theatre = Theatre(name="borrowed", title="", bounds_deg=(1.0, 1.0, 3.0, 3.0), map="..")
    remember_map(theatre, elsewhere / theatre.map)
    enter(theatre)
    assert (await server.client.get("/geography/near.geojson")).text == "{}"
    for name in ("run.json", "elsewhere/far.geojson", ".geojson", "near.geojson/", "elsewhere/../near.geojson"):
        assert (await server.client.get(f"/geography/{quote(name, safe='')}")).status_code == 404, name


async def test_the_page_itself_is_served(server: Served) -> None:
    answer = await server.client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


async def test_metrics_and_what_flies_are_those_of_the_live_source(live: Served, server: Served) -> None:
    metrics = await live.client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert "hotline_calls_total{" in metrics.text
    flying = (await live.client.get("/data/aircraft.json?_=1")).json()
    assert flying["messages"] == len(heard())
    for path in ("/metrics", "/data/aircraft.json"):
        assert (await server.client.get(path)).status_code == 404


async def test_a_record_with_tables_of_another_version_is_shown_all_the_same(record: Record, tmp_path: Path) -> None:
    record.commit(heard(), [], [])
    with closing(sqlite3.connect(tmp_path / "monitor.sqlite3")) as db, db:
        db.execute("UPDATE life SET tables_version = 1")
    async with served(record=tmp_path / "monitor.sqlite3") as server:
        assert (await server.json("/api/v1/live/calls"))["total"] > 0  # type: ignore[index]


async def test_a_file_that_is_no_record_is_told_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "monitor.sqlite3").write_bytes(b"hello")
    async with served(record=tmp_path / "monitor.sqlite3") as server:
        assert "is not a database" in (await server.json("/api/v1/live/setting"))["note"]  # type: ignore[index]


async def test_one_can_ask_whether_it_is_well(live: Served) -> None:
    await live.json("/api/v1/live/setting")  # which waits until all has been read
    assert await live.json("/healthz") == {"n": len(heard()), "pages": 0, "broker": False, "trouble": ""}
