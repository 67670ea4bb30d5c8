"""What waits to be taken in has a bound, whatever is sent and however fast."""

import pytest
import structlog
from structlog.testing import capture_logs

from hotline_services.runtime import inbox as inboxes
from hotline_services.runtime.inbox import MOST, MOST_BYTES, MOST_KEPT, Inbox
from hotline_services.runtime.wire import Delivery


@pytest.fixture(autouse=True)
def _a_log_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services that were run in this process before have set the level, and loggers keep their first settings."""
    structlog.reset_defaults()
    monkeypatch.setattr(inboxes, "log", structlog.get_logger())


def delivery(size: int, qos: int, topic: str = "hotline/v1/inject/us") -> Delivery:
    return Delivery(topic, b"x" * size, retained=False, qos=qos, mid=0, life=0)


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


@pytest.mark.parametrize("topic", ["hotline/v1/line/ru/us", "hotline/v1/order/director/us", "hotline/v1/clock"])
def test_before_there_is_a_clock_the_window_of_the_broker_stays_open(topic: str) -> None:
    inbox = Inbox()
    kept_by_the_broker = [not inbox.offer_early(delivery(10, 1, topic)) for _ in range(100)]
    assert kept_by_the_broker == [True] * MOST_KEPT + [False] * (100 - MOST_KEPT)
    assert len(inbox) == 100
    assert [waiting.qos for waiting in inbox] == [1] * MOST_KEPT + [0] * (100 - MOST_KEPT), "acknowledged once each"


def test_of_inputs_typed_before_there_is_a_clock_the_first_stay_with_the_broker() -> None:
    inbox = Inbox()
    kept_by_the_broker = [not inbox.offer_early(delivery(10, 1)) for _ in range(100)]
    assert kept_by_the_broker == [True] * MOST_KEPT + [False] * (100 - MOST_KEPT)
    assert len(inbox) == 100


def test_what_stays_with_the_broker_stays_there_over_another_connection() -> None:
    inbox = Inbox()
    for _ in range(2):
        assert [not inbox.offer_early(delivery(10, 1)) for _ in range(MOST_KEPT + 1)] == [True] * MOST_KEPT + [False]
        inbox.disconnected()


def test_of_health_before_there_is_a_clock_the_last_of_each_is_kept() -> None:
    inbox = Inbox()
    for number in range(3 * MOST):
        assert inbox.offer_early(delivery(number % 100, 1, f"hotline/v1/health/{number % 3}"))
    assert len(inbox) == 3
    assert inbox._bytes == sum(len(waiting.payload) for waiting in inbox)


def test_what_comes_early_and_finds_no_room_stays_with_the_broker() -> None:
    inbox, topic = Inbox(), "hotline/v1/line/ru/us"
    early = [inbox.offer_early(delivery(0, 1, topic)) for _ in range(MOST + 10)]
    assert early == [False] * MOST_KEPT + [True] * (MOST - MOST_KEPT) + [False] * 10
