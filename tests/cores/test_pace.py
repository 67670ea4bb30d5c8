"""A broker that becomes too slow for the speed of time is told on health."""

from datetime import UTC, datetime

import pytest

from hotline_protocol.service import Clock
from hotline_services.pacing.bounds import fitting_speed, told_speed
from hotline_services.pacing.scaled_clock import ScaledClock
from hotline_services.runtime.clock import wall_clock
from hotline_services.runtime.pace import Pace

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)


def clock(speed: float) -> ScaledClock:
    return ScaledClock(
        Clock(id="c", source="director", seq=0, time=NOON, simulated_start=NOON, real_start=NOON, speed=speed),
        wall_clock,
    )


def test_two_late_signs_of_life_in_a_row_are_told_with_the_speed_that_would_do() -> None:
    pace = Pace(60.0, lambda: clock(60))
    told = []
    for lag_s in (0.25, 0.01, 0.25, 0.3, 0.01):
        pace.judge(lag_s)
        told.append(pace.trouble)
    assert told == ["", "", "", "the broker is too slow for 60x: a message takes 0.25 s; at most 24x would do", ""]


@pytest.mark.parametrize(("shortest_s", "running"), [(None, True), (60.0, False), (60.0, True)])
def test_without_a_deadline_or_a_clock_and_within_bounds_nothing_is_told(
    shortest_s: float | None, running: bool
) -> None:
    pace = Pace(shortest_s, lambda: clock(4.0) if running else None)
    for _ in range(3):
        pace.judge(1.4)
    assert not pace.trouble


@pytest.mark.parametrize(("delay_s", "told"), [(0.25, "24x"), (0.005, "1,200x"), (8.0, "0.75x")])
def test_a_speed_is_told_rounded_down(delay_s: float, told: str) -> None:
    assert told_speed(fitting_speed(delay_s, 60.0)) == told
