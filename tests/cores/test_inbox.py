"""What waits to be taken in has a bound, whatever is sent and however fast."""

import pytest
from structlog.testing import capture_logs

from hotline_services.runtime.inbox import MOST, MOST_BYTES, Inbox
from hotline_services.runtime.wire import Delivery


def delivery(size: int, qos: int) -> Delivery:
    return Delivery("hotline/v1/inject/us", b"x" * size, retained=False, qos=qos, mid=0, life=0)


@pytest.mark.parametrize("size", [0, 100, 1_000_000, 4_000_000])
def test_what_nobody_waits_for_is_dropped_beyond_so_many_and_so_many_bytes(size: int) -> None:
    inbox, one = Inbox(), delivery(size, 0)
    with capture_logs() as logs:
        for _ in range(MOST + 1):
            inbox.offer(one)
    assert len(inbox) == min(MOST, MOST_BYTES // size if size else MOST)
    assert {entry["event"] for entry in logs} == {"dropped"}
    kept = len(inbox)
    inbox.popleft()
    inbox.offer(one)
    assert len(inbox) == kept


def test_what_its_sender_keeps_until_it_is_taken_in_is_never_dropped() -> None:
    inbox, flood = Inbox(), delivery(1_000_000, 0)
    for _ in range(1_000):
        inbox.offer(flood)
    before = len(inbox)
    inbox.offer(delivery(1_000_000, 1))
    assert len(inbox) == before + 1
