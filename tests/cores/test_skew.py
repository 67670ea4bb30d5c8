"""Real time that steps or differs between machines: what a running service makes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hotline_protocol.core import Core
from hotline_protocol.service import Clock, Health, Presence
from hotline_services.runtime.clock import ScaledClock, SteadyClock
from hotline_services.runtime.reference import MOST, TOLERANCE, Reference
from hotline_services.runtime.replay import Past
from hotline_services.runtime.service import Service
from hotline_services.runtime.timekeeping import Timekeeper
from hotline_services.runtime.timing import Timing

REAL = datetime(2026, 1, 1, tzinfo=UTC)
THEN = datetime(2017, 6, 18, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
CLOCK = Clock(id="c", source="director", seq=0, time=THEN, simulated_start=THEN, real_start=REAL, speed=60.0)


class Machine:
    """Its clock, which a test sets, and the time that has passed in truth."""

    def __init__(self) -> None:
        self.wall = REAL
        self.passed_s = 0.0

    def wait(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.passed_s += seconds

    def steady(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.passed_s)


@pytest.mark.parametrize("step", [timedelta(hours=-1), 5 * SECOND, timedelta(days=400)])
def test_a_wall_clock_that_steps_changes_nothing_in_a_running_service(step: timedelta) -> None:
    machine = Machine()
    clock = ScaledClock(CLOCK, machine.steady())
    machine.wait(1)
    machine.wall += step
    assert clock.now() == THEN + timedelta(minutes=1)
    machine.wait(1)
    assert clock.now() == THEN + timedelta(minutes=2)
    assert clock.real_delay(THEN + timedelta(minutes=3)) == 1.0


def reference(ahead: timedelta, delays_ms: list[int]) -> Reference:
    """A machine so far ahead, after signs of life that took so long."""
    now = [REAL]
    found = Reference(lambda: now[0] + ahead)
    for delay_ms in delays_ms:
        sent = now[0]
        now[0] += delay_ms * MILLISECOND
        found.hear("s", sent)
    return found


@pytest.mark.parametrize("delays_ms", [[1], [40, 3, 90], [900], [99] * 9])
def test_delay_alone_is_not_taken_for_skew_at_once(delays_ms: list[int]) -> None:
    assert reference(timedelta(), delays_ms).skew == timedelta()


@pytest.mark.parametrize("ahead", [5 * SECOND, -5 * SECOND, -0.2 * SECOND])
def test_a_machine_that_is_plainly_off_is_put_right_at_the_first_sign_of_life(ahead: timedelta) -> None:
    found = reference(ahead, [20])
    assert abs(found.now() - (REAL + 20 * MILLISECOND)) <= TOLERANCE


def test_a_small_skew_is_put_right_once_delay_cannot_explain_it() -> None:
    assert reference(0.3 * SECOND, [20, 30]).skew == timedelta()
    assert abs(reference(0.3 * SECOND, [20, 30, 10]).skew - 0.31 * SECOND) <= MILLISECOND


def test_a_machine_that_is_too_far_off_is_not_followed() -> None:
    found = reference(MOST + SECOND, [1])
    assert found.is_off
    assert found.now() == REAL + 1 * MILLISECOND + MOST + SECOND


def test_a_director_that_comes_back_is_measured_anew() -> None:
    found = reference(5 * SECOND, [10])
    found.hear("another", REAL + 10 * MILLISECOND + 5 * SECOND)
    assert found.skew == timedelta()


class Told:
    """The time of one service, and what it has published."""

    def __init__(self, name: str = "us", *, latest: datetime | None = THEN) -> None:
        self.real = REAL
        self.said: list[Clock] = []
        past = Past()
        past.latest = latest
        service = Service(
            name=name, core=lambda _: _no_core(), subscriptions=[], sets_clock=CLOCK if name == "director" else None
        )
        self.timing = Timing(
            service,
            past,
            publish=self.said.append,
            on_begun=lambda: None,
            on_change=lambda: None,
            real_now=lambda: self.real,
        )

    def hear(self, **changes: Any) -> datetime:
        """A clock that differs so from the one that is kept; returns what time it is then."""
        self.timing.hear_clock(msgspec.structs.replace(CLOCK, **changes))
        return self.timing.now()


def _no_core() -> Core:
    raise NotImplementedError


def following() -> Told:
    told = Told()
    told.hear()
    told.timing.hear_health(sign("director", THEN), retained=False)
    assert told.timing.clock is not None
    return told


def sign(name: str, time: datetime, **changes: Any) -> Health:
    fields: dict[str, Any] = {"presence": Presence.UP, "session": "s", "sent": REAL}
    return Health(id=f"{name}-1", source=name, seq=0, time=time, **(fields | changes))


@pytest.mark.parametrize(
    "forgery",
    [
        {"simulated_start": THEN.replace(year=2150)},
        {"simulated_start": THEN - timedelta(hours=1)},
        {"real_start": REAL - timedelta(hours=1)},
        {"speed": 100_000.0},
        {"source": "ru"},
    ],
)
def test_a_running_service_follows_no_clock_that_would_take_it_elsewhere(forgery: dict[str, Any]) -> None:
    told = following()
    assert told.hear(**forgery) == THEN
    assert "refused" in told.timing.trouble
    told.real += SECOND
    assert told.timing.now() == THEN + 60 * SECOND


def test_a_clock_that_moves_time_by_little_is_followed() -> None:
    assert following().hear(simulated_start=THEN + 30 * SECOND) == THEN + 30 * SECOND


def test_two_that_set_clocks_do_not_shout_each_other_down_for_ever() -> None:
    told = Told("director", latest=None)
    told.timing.begin()
    for number in range(1_000):
        told.hear(id=f"other-{number}")
    assert 1 < len(told.said) < 10


def test_a_director_without_a_clock_on_the_broker_goes_on_from_the_time_of_those_who_live() -> None:
    told = Told("director")
    told.timing.hear_health(sign("us", THEN + timedelta(hours=3)), retained=False)
    told.real += SECOND
    told.timing.begin()
    assert told.timing.now() == THEN + timedelta(hours=3, minutes=1)


@pytest.mark.parametrize("year", [1, 1900, 2150, 9999])
@pytest.mark.parametrize("sent", [1, 2025, 9999])
def test_one_false_sign_of_life_does_not_move_the_time_that_the_others_tell(year: int, sent: int) -> None:
    told = Told("director")
    for name in ("ru", "us"):
        told.timing.hear_health(sign(name, THEN + timedelta(hours=3)), retained=False)
    forged = sign("monitor", THEN.replace(year=year), sent=REAL.replace(year=sent))
    told.timing.hear_health(forged, retained=False)
    told.timing.begin()
    assert abs(told.timing.now() - THEN - timedelta(hours=3)) <= 60 * MOST


def test_a_director_whose_own_clock_has_stepped_goes_on_with_the_time_of_those_who_live() -> None:
    told = Told("director")
    told.real += 20 * SECOND  # its machine was put forward while it was away
    told.hear()
    told.timing.hear_health(sign("us", THEN), retained=False)
    told.timing.begin()
    assert told.timing.now() == THEN


def test_a_time_that_was_retained_long_ago_is_not_that_of_somebody_who_lives() -> None:
    keeper = Timekeeper("director")
    keeper.sign(sign("us", THEN + timedelta(days=3)))
    assert keeper.resumed(CLOCK, THEN, REAL).simulated_start == THEN


def test_a_service_begins_once_it_has_heard_from_whoever_sets_the_clock_or_in_vain() -> None:
    told = Told(latest=None)
    told.hear()
    assert told.timing.clock is None
    told.timing.end_patience()
    assert told.timing.clock is not None
