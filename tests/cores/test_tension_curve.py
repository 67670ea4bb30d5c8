"""The curve of tension between the steps that are on record, in reports."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from hotline_protocol.decay import Decay, Fall
from hotline_protocol.events import StrainChanged
from hotline_services.monitor.tension import Level, curve
from hotline_services.monitor.worldrows import StrainRow
from hotline_services.web.answers.source_figures import tension

from .played_day import history, messages

NOON = datetime(2017, 6, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STAGES = (10.0, 25.0, 50.0)
HALVES = Decay(stages=STAGES, half_life_h=24.0)


def step(hour: float, before: float, after: float, decay: Decay | None) -> StrainRow:
    return StrainRow(key=f"{hour}", at=NOON + hour * HOUR, before=before, after=after, decay=decay)


def at(points: list[Level], hour: float) -> float:
    """The level at this hour, on the straight line between the two points about it."""
    when = NOON + hour * HOUR
    (one, low), (other, high) = next(pair for pair in pairwise(points) if pair[1].at >= when)
    return low if one == other else low + (high - low) * ((when - one) / (other - one))


def test_between_two_steps_and_after_the_last_the_curve_falls_by_halves() -> None:
    points = curve([step(0, 0, 16, HALVES), step(24, 8, 10, HALVES)], NOON - HOUR, NOON + 72 * HOUR)
    assert [at(points, hour) for hour in (-1, 12, 24, 48, 72)] == pytest.approx([0, 16 * 0.5**0.5, 8, 5, 2.5], rel=1e-3)
    assert [point.at for point in points] == sorted(point.at for point in points)


def test_a_ladder_falls_a_rung_at_the_end_of_each_quiet_window() -> None:
    falls = (Fall(at=NOON + 24 * HOUR, level=5.0), Fall(at=NOON + 48 * HOUR, level=0.0))
    points = curve([step(0, 0, 10, Decay(stages=STAGES, falls=falls))], NOON, NOON + 60 * HOUR)
    assert [at(points, hour) for hour in (1, 23.9, 24.1, 47.9, 48.1, 60)] == [10, 10, 5, 5, 0, 0]


def test_where_a_step_does_not_tell_its_decay_a_straight_line_leads_to_the_next_and_the_last_holds() -> None:
    points = curve([step(0, 0, 16, None), step(24, 8, 10, None)], NOON, NOON + 48 * HOUR)
    assert [at(points, hour) for hour in (12, 24, 48)] == [12, 8, 10]


def test_each_step_of_a_run_is_where_the_curve_has_come_to_by_then() -> None:
    steps: dict[tuple[str, str], list[StrainChanged]] = {}
    for _, _, message in messages():
        if isinstance(message, StrainChanged):
            steps.setdefault((message.source, message.peer), []).append(message)
    pairs = [pair for told in steps.values() for pair in pairwise(told)]
    assert pairs
    for one, other in pairs:
        assert isinstance(one.decay, Decay)
        assert one.decay.level(one.after, one.time, other.time) == pytest.approx(other.before, abs=0.02)


def test_the_page_is_told_of_each_step_how_it_falls() -> None:
    points = tension(history(), None)
    assert points
    assert all(point.decay is not None and point.decay.half_life_h == 24.0 for point in points)
