"""Real brokers as children of the test run: one of each kind for all, and fresh ones for tests that break them."""

import os
import zlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from hotline_services.runtime.broker import KINDS, EmbeddedBroker, Kind, find_broker
from hotline_services.runtime.logs import set_up_logs

HERE = Path(__file__).parent
_numbers = count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker("broker")
            if item.get_closest_marker("either_broker") and not _is_over_its_broker(item):
                item.add_marker("nightly")


def _is_over_its_broker(item: pytest.Item) -> bool:
    """Whether this test runs over this broker in each run: half of such tests have one kind, half the other."""
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return True
    kinds = [value for name, value in item.callspec.params.items() if name in {"broker", "own_broker"}]
    return kinds in ([], [KINDS[zlib.crc32(item.originalname.encode()) % len(KINDS)]])


def need(kind: Kind) -> None:
    """Skip where this broker is not installed; where CI is set, tests/conftest.py makes that a failure."""
    if find_broker(kind) is None:
        pytest.skip(f"{kind} is not installed")


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    set_up_logs("test", level="critical")


@pytest.fixture(scope="session", params=KINDS)
def broker(request: pytest.FixtureRequest) -> Iterator[EmbeddedBroker]:
    """One of each kind, shared: use names of your own."""
    need(request.param)
    with EmbeddedBroker(request.param) as running:
        yield running


@pytest.fixture(params=KINDS)
def own_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A broker to stop and start."""
    need(request.param)
    with EmbeddedBroker(request.param, tmp_path / "broker") as running:
        yield running


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """For what only MQTT 5 can tell, with an ACL: nobody may say anything on a line."""
    need("mosquitto")
    acl = tmp_path / "acl"
    acl.write_text("topic read hotline/v1/#\ntopic write hotline/v1/health/#\ntopic write hotline/v1/clock\n")
    with EmbeddedBroker("mosquitto", tmp_path / "broker", extra=f"acl_file {acl}") as running:
        yield running


@pytest.fixture
def pair() -> tuple[str, str]:
    """Names that no other test uses."""
    number = next(_numbers)
    return f"us-{os.getpid()}-{number}", f"ru-{os.getpid()}-{number}"
