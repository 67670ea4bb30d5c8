"""What clients can hold of the server: bounded in connections, time, memory and log lines, with real sockets."""

import asyncio
import contextlib
import logging
import resource
import select
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from hotline_services.records.record import Record
from hotline_services.runtime.recording import LINE_BYTES, RecordingError, RecordingReader
from hotline_services.web.client_bounds import HEAD_BYTES, Bounds

from .conftest import TOKEN, Served, served

SERVER = f"{sys.executable} -m hotline_services.cli.main run page --port 0 --broker mqtt://127.0.0.1:1"
HALF = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
UPLOAD = f"POST /api/v1/sources HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
PATIENCE_S = 90.0
MEGABYTE = 2**20
QUICK = Bounds(head_s=0.2, body_s=0.3, body_bytes_per_s=1_000_000, stalled_s=0.3, sweep_s=0.05)


class Page(NamedTuple):
    """A page that runs as a process of its own."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    @property
    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_S)


@contextlib.contextmanager
def running(folder: Path, before: str = "") -> Iterator[Page]:
    """A page of a record of nothing; ``before`` is for the shell that starts it."""
    record, log = folder / "monitor.sqlite3", folder / "page.log"
    Record(record).close()
    command = f"{before} HOTLINE_PAGE_TOKEN={TOKEN} exec {SERVER} --record {record}"
    with log.open("wb") as output, subprocess.Popen(["/bin/sh", "-c", command], stderr=output) as process:
        alarm = threading.Timer(4 * PATIENCE_S, process.kill)
        alarm.start()
        try:
            until = time.monotonic() + PATIENCE_S
            while b"#token=" not in log.read_bytes():
                assert time.monotonic() < until
                select.select([], [], [], 0.02)
            yield Page(process, int(log.read_text().partition("127.0.0.1:")[2].partition("/")[0]), log)
        finally:
            process.kill()
            alarm.cancel()


@contextlib.contextmanager
def half_requests(port: int, count: int) -> Iterator[list[socket.socket]]:
    """So many connections on which a request was begun. One that the server does not take is none."""
    with contextlib.ExitStack() as opened:
        begun = []
        for _ in range(count):
            one = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
            with contextlib.suppress(OSError):
                one.sendall(HALF)
            begun.append(one)
        yield begun


def ended(connections: list[socket.socket]) -> None:
    """Wait until the server has ended all of them."""
    poller = select.poll()
    left = {one.fileno(): one for one in connections}
    for number in left:
        poller.register(number, select.POLLIN)
    until = time.monotonic() + PATIENCE_S
    while left:
        assert time.monotonic() < until, f"{len(left)} are still open"
        for number, _ in poller.poll(1_000):
            try:
                more = left[number].recv(4_096)
            except OSError:
                more = b""
            if not more:
                poller.unregister(number)
                del left[number]


@pytest.fixture
def many_files() -> Iterator[None]:
    """For as many connections as this needs."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2_000 if before[1] == resource.RLIM_INFINITY else min(2_000, before[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, before[0]), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("many_files")
def test_nine_hundred_half_requests_keep_nobody_else_waiting_and_end(tmp_path: Path) -> None:
    with running(tmp_path) as page:
        assert page.get("/healthz").status_code == 200
        before = page.memory_mb
        with half_requests(page.port, 900) as begun:
            for path in ("/healthz", "/", "/api/v1/live/picture"):
                assert page.get(path).status_code == 200
            ended(begun)
        assert page.memory_mb - before < 100
        assert len(page.log.read_bytes()) < 20_000


def test_where_few_files_may_be_open_the_page_still_answers_and_logs_little(tmp_path: Path) -> None:
    with running(tmp_path, "ulimit -n 128;") as page:
        with half_requests(page.port, 140) as begun:
            for path in ("/healthz", "/", "/api/v1/live/picture"):
                assert page.get(path).status_code == 200
            ended(begun)
        assert page.get("/api/v1/live/picture").status_code == 200
        assert len(page.log.read_bytes()) < 20_000


def test_an_upload_without_line_breaks_is_refused_early_and_costs_little_memory(tmp_path: Path) -> None:
    with running(tmp_path) as page:
        page.get("/api/v1/live/picture")
        before = page.memory_mb
        with socket.create_connection(("127.0.0.1", page.port), timeout=PATIENCE_S) as upload:
            upload.sendall(f"{UPLOAD}Content-Length: {200 * MEGABYTE}\r\n\r\n".encode())
            with contextlib.suppress(ConnectionError):
                for _ in range(200):
                    upload.sendall(b"x" * MEGABYTE)
        assert page.memory_mb - before < 60
        assert page.get("/healthz").status_code == 200


def test_a_recording_without_line_breaks_is_refused_with_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        file.truncate(200 * MEGABYTE)
    tracemalloc.start()
    try:
        with path.open("rb") as file, pytest.raises(RecordingError, match="line 1"):
            RecordingReader(file)
        assert tracemalloc.get_traced_memory()[1] < 3 * LINE_BYTES
    finally:
        tracemalloc.stop()


def test_a_line_of_a_recording_is_bounded_wherever_it_stands(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_bytes(b"".join(run.read_bytes().splitlines(keepends=True)[:3]))
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + 20 * MEGABYTE)
    with path.open("rb") as file, pytest.raises(RecordingError, match=r"line 4: longer than 8,388,608 bytes"):
        list(RecordingReader(file))


@pytest.fixture
async def quick(run: Path) -> AsyncIterator[Served]:
    async with served(run, bounds=QUICK) as server:
        yield server


async def opened(server: Served, first: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.client.base_url.port)
    writer.write(first)
    await writer.drain()
    return reader, writer


async def answer_to(server: Served, first: bytes) -> bytes:
    """All that comes back until the server ends the connection."""
    reader, writer = await opened(server, first)
    async with asyncio.timeout(PATIENCE_S):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("first", [b"", b"G", HALF], ids=["nothing", "a letter", "half a head"])
async def test_a_request_whose_head_does_not_come_is_answered_408(quick: Served, first: bytes) -> None:
    answer = await answer_to(quick, first)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"did not come to its end in time" in answer


async def dribble(writer: asyncio.StreamWriter) -> None:
    """A byte now and then, for as long as they are taken."""
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)  # how fast it dribbles: nothing is waited for


@pytest.mark.parametrize(
    "first",
    [
        f"{UPLOAD}Content-Length: 100000\r\n\r\n".encode(),
        b"POST /api/v1/live/check?to=us HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
        b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
        HALF,
    ],
    ids=["an upload", "plans", "a question with a body", "chunks for nobody", "a head"],
)
async def test_what_is_dribbled_is_given_up(quick: Served, first: bytes) -> None:
    reader, writer = await opened(quick, first)
    dribbling = asyncio.create_task(dribble(writer))
    async with asyncio.timeout(PATIENCE_S):
        with contextlib.suppress(ConnectionError):
            await reader.read()
    dribbling.cancel()
    writer.close()


async def test_an_upload_that_dribbles_keeps_no_other_waiting(run: Path) -> None:
    async with served(run) as server:
        slow = [await opened(server, f"{UPLOAD}Content-Length: 1000\r\n\r\n{{".encode()) for _ in range(3)]
        content, writer = await asyncio.to_thread(run.read_bytes), {"Authorization": f"Bearer {TOKEN}"}
        answer = await server.client.post("/api/v1/sources", content=content, headers=writer)
        assert answer.status_code == 201
        slow.append(await opened(server, f"{UPLOAD}Content-Length: 1000\r\n\r\n{{".encode()))
        async with asyncio.timeout(PATIENCE_S):
            while (
                answer := await server.client.post("/api/v1/sources", content=b"x", headers=writer)
            ).status_code != 503:
                assert answer.status_code == 400  # until the fourth has been taken in
        assert "4 recordings are being uploaded already" in answer.json()["error"]
        for _, one in slow:
            one.close()


async def test_a_client_that_takes_nothing_of_its_answers_is_let_go(quick: Served) -> None:
    def ask() -> None:
        with socket.create_connection(("127.0.0.1", quick.client.base_url.port), timeout=PATIENCE_S) as one:
            while True:
                one.sendall(b"GET /api/v1/a/recording HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)

    with pytest.raises(ConnectionError):
        await asyncio.to_thread(ask)
    assert (await quick.client.get("/healthz")).status_code == 200


async def test_a_head_that_is_too_long_is_refused(quick: Served) -> None:
    answer = await answer_to(quick, HALF + b"x" * HEAD_BYTES)
    assert answer.startswith(b"HTTP/1.1 400 ")


@contextlib.asynccontextmanager
async def busy(server: Served, count: int) -> AsyncIterator[None]:
    """So many connections at work: the server says of each that it is waiting for the rest."""
    head = b"POST /api/v1/live/check?to=us HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
    ones = [await opened(server, head + b"Expect: 100-continue\r\n\r\n") for _ in range(count)]
    for reader, _ in ones:
        assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
    try:
        yield
    finally:
        for _, writer in ones:
            writer.close()


async def test_when_all_connections_are_at_work_only_the_health_check_is_answered(
    record: Record, tmp_path: Path
) -> None:
    del record
    bounds = Bounds(connections=4, reserve=2)
    async with served(record=tmp_path / "monitor.sqlite3", bounds=bounds) as server:
        async with busy(server, 4), asyncio.timeout(PATIENCE_S):
            address = str(server.client.base_url).rstrip("/")
            answer = await _once(f"{address}/")
            assert answer.status_code == 503
            assert "Too many connections" in answer.json()["error"]
            assert answer.headers["connection"] == "close"
            assert (await _once(f"{address}/healthz")).status_code == 200
        async with asyncio.timeout(PATIENCE_S):
            while (await _once(f"{address}/")).status_code != 200:
                pass


async def _once(address: str) -> httpx.Response:
    """Over a connection of its own."""
    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
        return await client.get(address)


async def test_one_address_cannot_take_all_streams(record: Record, tmp_path: Path) -> None:
    del record
    async with served(record=tmp_path / "monitor.sqlite3", bounds=Bounds(connections=8)) as server:
        address = "/api/v1/live/stream"
        async with contextlib.AsyncExitStack() as streams:
            statuses = []
            for client in ("127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"):
                transport = httpx.AsyncHTTPTransport(local_address=client)
                follower = await streams.enter_async_context(
                    httpx.AsyncClient(base_url=server.client.base_url, transport=transport, timeout=PATIENCE_S)
                )
                answer = await streams.enter_async_context(follower.stream("GET", address))
                statuses.append(answer.status_code)
            assert statuses == [200, 200, 503, 200, 200, 503]
        async with asyncio.timeout(PATIENCE_S):
            while (await server.client.get("/healthz")).json()["pages"]:
                pass
            async with server.client.stream("GET", address) as again:
                assert again.status_code == 200


async def test_requests_that_are_no_requests_are_a_few_lines_in_the_log(
    quick: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(200):
            assert (await answer_to(quick, b"\x00\x01\x02\r\n\r\n")).startswith(b"HTTP/1.1 400")
    assert 1 <= len(caplog.records) < 60
