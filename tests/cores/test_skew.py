"""Real time that steps or differs between machines: what a running service makes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hotline_protocol.core import Core
from hotline_protocol.service import Clock, Health, Presence
from hotline_services.pacing.scaled_clock import ScaledClock
from hotline_services.runtime.clock import SteadyClock
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


class Beside:
    """A machine that is so far ahead, and signs of life of whoever sets the clock, who has the true time."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.true = REAL
        self.ahead = ahead
        self.found = Reference(lambda: self.true + self.ahead)
        self.said = 0

    def ask(self) -> str:
        self.said += 1
        self.found.spoke(f"us-{self.said}")
        return f"us-{self.said}"

    def hear(self, delay: timedelta, *, answers: str | None = None) -> None:
        """One that was under way for so long."""
        sent = self.true
        self.true += delay
        self.found.hear("s", sent, answers)

    def hear_after_ours(self, delay: timedelta) -> None:
        """The same, after one of ours has come back, which took as long."""
        ours = self.ask()
        self.true += delay
        self.found.came_back(ours)
        self.true += 10 * SECOND
        self.hear(delay)


@pytest.mark.parametrize("delays_ms", [[1], [40, 3, 90], [900], [99] * 9, [30_869], [30_869, 20_000, 10_000, 1]])
def test_delay_alone_is_not_taken_for_skew(delays_ms: list[int]) -> None:
    beside = Beside()
    for delay_ms in delays_ms:
        beside.hear(delay_ms * MILLISECOND)
        assert beside.found.skew == timedelta()


def test_signs_of_life_that_waited_in_a_queue_together_show_nothing() -> None:
    beside = Beside()
    queued = [REAL + number * SECOND for number in range(30)]
    beside.true += 40 * SECOND
    for sent in [*queued, *queued]:  # some brokers deliver again what was not confirmed at once
        beside.found.hear("s", sent)
    assert beside.found.skew == timedelta()
    assert not beside.found.is_known
    beside.found.came_back(beside.ask())
    for sent in queued:
        beside.found.hear("s", sent)
    assert beside.found.skew == timedelta()
    assert not beside.found.is_known
    beside.hear(MILLISECOND)
    assert beside.found.is_known


@pytest.mark.parametrize("delay", [MILLISECOND, 5 * SECOND, 31 * SECOND])
def test_answers_that_take_long_are_not_taken_for_skew(delay: timedelta) -> None:
    beside = Beside()
    for _ in range(9):
        question = beside.ask()
        beside.true += delay
        beside.hear(delay, answers=question)
    for _ in range(9):
        beside.hear_after_ours(delay)
    assert beside.found.skew == timedelta()


@pytest.mark.parametrize("ahead", [5 * SECOND, -5 * SECOND, -0.2 * SECOND, 0.2 * SECOND])
def test_a_machine_that_is_off_is_put_right_at_the_first_answer(ahead: timedelta) -> None:
    beside = Beside(ahead)
    beside.hear(20 * MILLISECOND, answers=beside.ask())
    assert abs(beside.found.now() - beside.true) <= TOLERANCE


def test_it_is_not_known_how_a_machine_goes_by_one_sign_of_life_that_may_have_waited() -> None:
    beside = Beside(timedelta(hours=1))
    beside.hear_after_ours(MILLISECOND)
    assert not beside.found.is_known
    beside.hear(MILLISECOND, answers=beside.ask())
    assert beside.found.is_known
    assert beside.found.is_off


def test_a_skew_that_shows_later_is_put_right_once_delay_cannot_explain_it() -> None:
    beside = Beside()
    for _ in range(6):
        beside.hear_after_ours(20 * MILLISECOND)
    beside.ahead = 3 * SECOND
    for _ in range(2):
        beside.hear_after_ours(20 * MILLISECOND)
        assert beside.found.skew == timedelta()
    for _ in range(6):
        beside.hear_after_ours(20 * MILLISECOND)
    assert abs(beside.found.skew - 3 * SECOND) <= TOLERANCE


def test_a_machine_that_is_too_far_off_is_not_followed() -> None:
    beside = Beside(MOST + SECOND)
    beside.hear(MILLISECOND, answers=beside.ask())
    assert beside.found.is_off
    assert beside.found.now() == REAL + MILLISECOND + MOST + SECOND


def test_a_director_that_comes_back_is_measured_anew() -> None:
    beside = Beside(5 * SECOND)
    beside.hear(10 * MILLISECOND, answers=beside.ask())
    beside.found.hear("another", beside.true + beside.ahead)
    assert beside.found.skew == timedelta()


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
    question = sign("director", THEN)
    told.timing.spoke(question)
    told.timing.hear_health(sign("us", THEN, cause=question.id), retained=False)
    told.timing.begin()
    assert told.timing.now() == THEN


def test_a_late_will_of_an_earlier_process_does_not_end_the_one_that_lives() -> None:
    told = Told()
    told.hear()
    told.timing.hear_health(sign("director", THEN, session="2"), retained=True)
    will = sign("director", THEN, presence=Presence.DOWN, note="the connection was lost", sent=msgspec.UNSET)
    told.timing.hear_health(will, retained=False)
    told.timing.end_patience()
    assert told.timing.now() == THEN
    assert told.timing.clock is not None


def test_a_sign_of_life_that_waited_in_a_queue_makes_no_clock_be_refused() -> None:
    told = Told()
    told.hear()
    told.real += 31 * SECOND
    told.timing.hear_health(sign("director", THEN), retained=False)
    assert told.timing.clock is None
    assert "at most" not in told.timing.waiting_note()
    now = sign("director", THEN + timedelta(minutes=31), sent=REAL + 31 * SECOND)
    told.timing.hear_health(now, retained=False)
    assert told.timing.now() == THEN + timedelta(minutes=31)
    assert not told.timing.trouble


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
