"""A history that forgets: what can still be looked at is as it was, and what cannot is not offered."""

from functools import cache

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hotline_protocol.injection import SubmitPlan
from hotline_services.monitor.history import LINES_KEPT, History, fold
from hotline_services.monitor.rows import CallRow, PlanRow
from hotline_services.monitor.volume import Grouping
from hotline_services.web.answers.about import about
from hotline_services.web.answers.marks import marks
from hotline_services.web.answers.source_figures import standing_at, tension, volume
from hotline_services.web.answers.view import changes, picture, thin

from .played_day import history, messages

LAST = len(messages())
MIDDLE = LAST // 2


def forgetting(*horizons: int, until: int = LAST) -> History:
    """The day up to a message, of which what came before these was forgotten as soon as it could be."""
    known = fold(messages()[: horizons[0]])
    for horizon, following in zip(horizons, (*horizons[1:], until), strict=True):
        while known.forget(horizon, 50):
            pass
        for kind in known.kinds:
            thin(known, kind)
        for numbered in messages()[known.last : following]:
            known.take(*numbered)
    return known


@cache
def half() -> History:
    return forgetting(MIDDLE)


HORIZONS = st.lists(st.integers(2, LAST), min_size=1, max_size=3, unique=True).map(sorted)


@settings(max_examples=10, deadline=None, phases=[Phase.generate])  # each folds a day: nobody waits for it to shrink
@given(HORIZONS, st.data())
def test_whatever_can_still_be_looked_at_is_as_if_nothing_had_been_forgotten(
    horizons: list[int], data: st.DataObject
) -> None:
    known = forgetting(*horizons)
    assert known.horizon == horizons[-1]
    first, last = sorted(data.draw(st.integers(horizons[-1], LAST), label="n") for _ in range(2))
    for n in (first, last, known.horizon):
        assert picture(known, "a", n) == picture(history(), "a", n)
    assert changes(known, first, last) == changes(history(), first, last)
    for n, _, message in messages()[horizons[-1] - 1 :: 20]:
        assert known.number_of(message.id) == n
        assert known.line(n) == history().line(n)
        assert known.thread(message.id) == history().thread(message.id)


def test_forgetting_goes_on_step_by_step_and_ends() -> None:
    known = fold(messages())
    steps = 1
    while known.forget(MIDDLE, 50):
        assert known.horizon == steps * 50 + 1
        steps += 1
    assert (known.horizon, known.last, known.count) == (MIDDLE, LAST, LAST)
    assert not known.forget(MIDDLE, 50)
    assert not known.forget(1, 50)


def test_the_last_message_is_never_forgotten() -> None:
    known = fold(messages())
    while known.forget(LAST + 1_000, 10_000):
        pass
    assert known.horizon == LAST
    assert picture(known, "a") == picture(history(), "a")


def test_as_little_is_kept_of_the_past_as_is_shown() -> None:
    known = half()
    assert {row.key for row in known.rows(PlanRow)} < {row.key for row in history().rows(PlanRow)}
    assert len(known.changed(0, LAST)) == len(history().changed(MIDDLE - 1, LAST))
    assert len([line for line in known.log() if line.n < MIDDLE]) <= LINES_KEPT
    gone = messages()[0][2]
    assert known.number_of(gone.id) is None
    assert known.thread(gone.id) == []
    assert known.line(1) is None


def test_who_asks_for_a_time_before_the_horizon_is_shown_the_horizon() -> None:
    known = half()
    assert known.number_at(messages()[5][1]) == MIDDLE
    assert picture(known, "a", 5) == picture(known, "a", MIDDLE)
    told = changes(known, 5)
    assert (told.reset, told.n, told.rows) == (True, LAST, {})
    assert changes(known, MIDDLE, 5).n == MIDDLE
    period = known.period
    assert period is not None
    assert period.start == messages()[MIDDLE - 1][1]


@pytest.mark.parametrize("by", [Grouping.TOTAL, Grouping.HOUR, Grouping.PARTY])
def test_calls_are_counted_since_the_horizon(by: Grouping) -> None:
    known = half()
    start = messages()[MIDDLE - 1][1]
    calls = [row for row in history().rows(CallRow) if row.rang_at and row.rang_at >= start and row.ended_at]
    assert sum(traffic.calls for traffic in volume(known, by, None)) == len(calls)


def test_nothing_is_marked_or_drawn_before_the_horizon() -> None:
    known = half()
    start = messages()[MIDDLE - 1][1]
    marked = marks(known)
    assert [mark for mark in marks(history()) if mark.at >= start and mark not in marked] == []
    assert all(mark.at >= start for mark in marked)
    assert tension(known, None) == [point for point in tension(history(), None) if point.at >= start]
    assert standing_at(known, None).lines == standing_at(history(), None).lines


def test_it_is_said_when_what_began_a_thing_is_not_kept() -> None:
    filed = [(n, message) for n, _, message in messages() if isinstance(message, SubmitPlan)]
    n, plan = filed[len(filed) // 2]
    whole, cut = fold(messages()), fold(messages())
    while cut.forget(n + 1, 10_000):
        pass
    name = plan.plan.plan_id
    told, forgotten = about(whole, "plan", name), about(cut, "plan", name)
    assert told is not None
    assert forgotten is not None
    assert not told.about.cut_off
    assert forgotten.about.cut_off
