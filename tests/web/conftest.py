"""The page's server as it runs: on a free port, over a real record that is written meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hotline_services.records.record import Record
from hotline_services.runtime.logs import set_up_logs
from hotline_services.web.client_bounds import Bounds
from hotline_services.web.feeds import LiveFeed
from hotline_services.web.inbound import Inbound
from hotline_services.web.serving import allowed_hosts, listen, serve
from hotline_services.web.sources import Sources
from hotline_services.web.state import State

from .browsing import browser, in_one_loop, visit  # noqa: F401  fixtures
from .day import recording, scenario

TOKEN = "t0ken"  # noqa: S105  it guards nothing
POLL_S = 0.01


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    in_one_loop(items)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Before each: a command that is run here sets up logs as it wants them, on a stream that is gone afterwards."""
    set_up_logs("test", level="critical")


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    """Of a monitor that has heard nothing yet."""
    opened = Record(tmp_path / "monitor.sqlite3")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of a day."""
    path = tmp_path_factory.mktemp("recordings") / "run.jsonl"
    recording(path)
    return path


class Served:
    """A server that listens, and a client of it. Every wait is bounded."""

    def __init__(self, state: State, client: httpx.AsyncClient) -> None:
        self.state = state
        self.client = client

    async def json(self, path: str, status: int = 200) -> object:
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()


@asynccontextmanager
async def served(
    *recordings: Path,
    record: Path | None = None,
    broker: Inbound | None = None,
    keep: timedelta | None = None,
    bounds: Bounds = Bounds(),
) -> AsyncIterator[Served]:
    """For as long as this is open; then it is stopped as a signal would."""
    sources = Sources(scenario() if record else None)
    if record is not None:
        sources.watch(LiveFeed(record, POLL_S, keep), record)
    for path in recordings:
        sources.add(path, path.name)
    state, bound, stopping = State(sources, TOKEN, broker), listen("127.0.0.1", 0), asyncio.Event()
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    serving = asyncio.create_task(serve(state, allowed_hosts("127.0.0.1"), bound, stopping, bounds))
    try:
        async with httpx.AsyncClient(base_url=address, timeout=90.0) as client:
            yield Served(state, client)
    finally:
        stopping.set()
        async with asyncio.timeout(90):
            await serving
