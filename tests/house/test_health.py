"""The health check: what a service last said of itself, read by the one clock of the run."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline_protocol.service import Clock, Health, Presence
from hotline_services.cli.health import ailment, health

NOON = datetime(2017, 6, 18, 12, tzinfo=UTC)
REAL = datetime(2026, 1, 1, tzinfo=UTC)
AN_HOUR_A_MINUTE = Clock(
    id="clock-1", source="director", seq=0, time=NOON, simulated_start=NOON, real_start=REAL, speed=60
)


def said(presence: Presence = Presence.UP, *, at: datetime = NOON, note: str = "") -> Health:
    return Health(id="us-1-h1", source="us", seq=0, time=at, presence=presence, session="us-1", note=note)


def test_a_service_that_was_heard_of_just_now_is_well() -> None:
    assert ailment(said(at=REAL), None, REAL + timedelta(seconds=29)) is None


def test_a_service_that_has_been_silent_for_long_is_not() -> None:
    assert ailment(said(at=REAL), None, REAL + timedelta(seconds=31)) == "last heard of 31 s ago"


@pytest.mark.parametrize(("real_s", "complaint"), [(29, None), (31, "last heard of 31 s ago")])
def test_silence_is_counted_in_real_seconds_when_time_runs_faster(real_s: float, complaint: str | None) -> None:
    assert ailment(said(), AN_HOUR_A_MINUTE, REAL + timedelta(seconds=real_s)) == complaint


def test_a_service_whose_will_was_spoken_is_down() -> None:
    assert ailment(said(Presence.DOWN, note="killed"), None, NOON) == "it is down: killed"


def test_a_service_that_was_never_heard_of_is_not_well() -> None:
    assert ailment(None, None, NOON) == "it has not been heard of"


def test_without_a_broker_the_check_fails_with_a_sentence() -> None:
    with pytest.raises(SystemExit, match=r"unhealthy: .*refused"):
        health("us", broker="mqtt://127.0.0.1:1")
