"""Real brokers as children of the test run: one of each kind for all, and fresh ones for tests that break them."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from hotline_services.runtime.broker import KINDS, EmbeddedBroker, Kind, find_broker
from hotline_services.runtime.logs import set_up_logs

_numbers = count(1)


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
