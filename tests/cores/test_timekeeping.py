"""Whose clock counts after a restart."""

from datetime import UTC, datetime, timedelta

from hotline_protocol.service import Clock, Health, Presence
from hotline_services.runtime.timekeeping import Timekeeper

THEN = datetime(2017, 6, 18, 12, tzinfo=UTC)
REAL = datetime(2026, 1, 1, tzinfo=UTC)
SPEED = 60.0


def clock(simulated: datetime = THEN, real: datetime = REAL, speed: float = SPEED) -> Clock:
    return Clock(
        id="clock", source="director", seq=0, time=simulated, simulated_start=simulated, real_start=real, speed=speed
    )


def sign(name: str, time: datetime, presence: Presence = Presence.UP) -> Health:
    return Health(id=f"{name}-1", source=name, seq=0, time=time, presence=presence, session="s")


def keeper(*signs: Health, name: str = "director", offered: Clock | None = None) -> Timekeeper:
    time = Timekeeper(name)
    time.offer(offered or clock())
    for health in signs:
        time.sign(health)
    return time


LATER = REAL + timedelta(minutes=1)
NOW = THEN + timedelta(hours=1)  # at LATER, by the offered clock


def test_a_first_start_sets_its_own_clock_whatever_is_held() -> None:
    setting = clock(real=LATER)
    assert keeper(sign("us", NOW)).resumed(setting, None, LATER) is setting


def test_a_setter_that_died_alone_goes_on_with_the_clock_that_others_live_by() -> None:
    time = keeper(sign("director", THEN, Presence.DOWN), sign("us", NOW - timedelta(minutes=5)))
    assert time.resumed(clock(real=LATER), THEN, LATER) == time.offered


def test_after_a_stop_of_all_time_goes_on_from_the_latest_that_anybody_has_seen() -> None:
    stopped = THEN + timedelta(minutes=20)
    time = keeper(sign("us", stopped, Presence.DOWN), sign("ru", stopped - timedelta(minutes=1), Presence.DOWN))
    resumed = time.resumed(clock(real=LATER), THEN + timedelta(minutes=10), LATER)
    assert (resumed.simulated_start, resumed.real_start) == (stopped, LATER)


def test_signs_of_life_from_before_a_power_failure_keep_no_clock_running() -> None:
    time = keeper(sign("us", THEN + timedelta(minutes=2)))
    assert time.resumed(clock(real=LATER), THEN, LATER).simulated_start == THEN + timedelta(minutes=2)


def test_signs_of_another_run_do_not_count() -> None:
    resumed = keeper(sign("us", THEN - timedelta(days=9), Presence.DOWN)).resumed(clock(real=LATER), THEN, LATER)
    assert resumed.simulated_start == THEN


def test_a_will_that_was_left_before_there_was_a_clock_does_not_count() -> None:
    resumed = keeper(sign("us", REAL, Presence.DOWN), sign("ru", REAL)).resumed(clock(real=LATER), THEN, LATER)
    assert resumed.simulated_start == THEN
    assert keeper(sign("director", REAL), name="us").setter_lives(LATER) is False


def test_a_held_clock_is_good_while_its_setter_lives() -> None:
    assert keeper(name="us").setter_lives(LATER) is None
    assert keeper(sign("director", NOW), name="us").setter_lives(LATER) is True
    assert keeper(sign("director", NOW, Presence.DOWN), name="us").setter_lives(LATER) is False
    assert keeper(sign("director", NOW - timedelta(minutes=31)), name="us").setter_lives(LATER) is False
