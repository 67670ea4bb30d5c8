"""What one client can make the broker hold: a bounded amount of memory, after which others are served as before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Stack
from .speaking import Speaker
from .test_identities import SERVICES_PORT, context, passwords

pytestmark = pytest.mark.compose

MOST = 450 * 1024 * 1024
LARGE = b"x" * 4_000_000


def memory_of(stack: Stack) -> int:
    """The broker's resident memory in bytes."""
    name = stack.compose("ps", "--quiet", "broker").strip()
    process = stack.docker("inspect", "--format", "{{.State.Pid}}", name).strip()
    told = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return max(_resident(each) for each in (process, *told))


def _resident(process: str) -> int:
    line = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


@pytest.fixture
def own_broker(image: None) -> Iterator[Stack]:
    stack = Stack()
    try:
        stack.compose("up", "--detach", "--wait", "broker")
        yield stack
    finally:
        stack.down()


def test_retained_messages_of_one_client_take_no_more_than_the_limit(own_broker: Stack, tmp_path: Path) -> None:
    """A centre may publish on any number of topics of its own plans: 200 of 4 MB would be 800 MB."""
    keys = own_broker.keys(tmp_path / "keys")
    tls = context(keys, "us")
    taken = 0
    while taken < 200:
        with Speaker(SERVICES_PORT, host=own_broker.host, tls=tls) as greedy:
            greedy.publish(f"hotline/v1/status/us/plan-{taken}", LARGE, retain=True)
            if not greedy.lost.empty():  # at the limit the broker hangs up
                break
        taken += 1
    assert 10 < taken < 150
    assert memory_of(own_broker) < MOST
    with Speaker(own_broker.port, "control", passwords(keys)["control"]) as other:
        assert str(other.publish("hotline/v1/inject/us")) in {"Success", "No matching subscribers"}
        assert other.lost.empty()
    assert own_broker.compose("ps", "--status", "running", "--quiet", "broker").strip()
