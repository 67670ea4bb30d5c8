"""What a page is shown: pictures that are bounded, and changes that lead from one to the next."""

from datetime import timedelta
from typing import Any

import pytest

from hotline_protocol.sky import Track
from hotline_services.monitor.history import History, fold
from hotline_services.monitor.latestrows import AirborneRow
from hotline_services.monitor.rows import AgreementRow, CallRow, PlanRow
from hotline_services.web.answers.schema import ClockReading, Picture
from hotline_services.web.answers.view import LIMITS, LOG_LINES, changes, has_path, picture

from .played_day import history, messages

MIDDLE = len(messages()) // 2
SHOWN = {keep.kind.table for keep in LIMITS} | {"log"}


def by_key(rows: dict[str, list[Any]]) -> dict[tuple[str, str], Any]:
    return {(table, row.key): row for table, some in rows.items() for row in some}


def test_a_picture_before_anything_was_recorded_is_empty() -> None:
    assert picture(History(), "live") == Picture(source="live", n=0, at=None, rows={})


def test_a_picture_holds_every_table_and_no_more_of_any_than_its_limit() -> None:
    shown = picture(history(), "a").rows
    assert set(shown) == SHOWN
    assert len(shown["log"]) <= LOG_LINES
    for keep in LIMITS:
        assert len(shown[keep.kind.table]) <= (keep.at_most or 1_000)


@pytest.mark.parametrize("n", [1, 100, MIDDLE, len(messages())])
def test_a_picture_of_the_past_is_what_a_page_saw_then(n: int) -> None:
    assert picture(history(), "a", n) == picture(fold(messages()[:n]), "a")


def test_a_picture_after_the_last_message_is_that_of_the_last() -> None:
    assert picture(history(), "a", 10**9).n == history().last


def test_a_clock_is_shown_with_the_last_message_alone() -> None:
    reading = ClockReading(simulated=messages()[-1][1], speed=60.0)
    assert picture(history(), "live", None, None, reading).clock == reading
    assert picture(history(), "live", MIDDLE, None, reading).clock is None


@pytest.mark.parametrize("step", [1, 7, 40])
def test_changes_lead_from_one_picture_to_the_next_for_every_row_that_both_show(step: int) -> None:
    start = MIDDLE
    known = by_key(picture(history(), "a", start).rows)
    for after in range(start, start + 5 * step, step):
        told = changes(history(), after, after + step)
        assert (told.after, told.n, told.reset) == (after, after + step, False)
        known |= by_key(told.rows)
        wanted = by_key(picture(history(), "a", after + step).rows)
        assert {key: known[key] for key in wanted} == wanted


def test_changes_name_only_tables_that_a_picture_holds() -> None:
    assert set(changes(history(), 0).rows) <= SHOWN


def test_there_are_no_changes_after_the_last_message() -> None:
    told = changes(history(), history().last)
    assert (told.n, told.rows, told.reset) == (history().last, {}, False)


def test_a_page_that_comes_from_another_record_is_told_to_begin_anew() -> None:
    told = changes(history(), history().last + 1)
    assert told.reset
    assert told.rows == {}


def test_a_page_that_is_ahead_of_what_it_asks_for_is_told_to_begin_anew() -> None:
    told = changes(history(), MIDDLE, MIDDLE - 1)
    assert (told.n, told.rows, told.reset) == (MIDDLE - 1, {}, True)
    assert not changes(history(), MIDDLE, MIDDLE).reset


def test_so_many_changes_that_a_picture_is_cheaper_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline_services.web.answers.view.CHANGES_AT_MOST", 50)
    assert changes(history(), 0).reset
    assert not changes(history(), history().last - 5).reset


def test_a_call_in_progress_and_air_in_force_are_shown_however_old() -> None:
    for n in range(50, len(messages()), 50):
        now = messages()[n - 1][1]
        shown = picture(history(), "a", n).rows
        open_calls = {row.key for row in history().rows(CallRow, n) if row.ended_at is None}
        assert open_calls <= {row.key for row in shown["calls"]}
        in_force = {
            row.key
            for row in history().rows(AgreementRow, n)
            if row.released_at is None and row.volumes and max(v.end for v in row.volumes) > now
        }
        assert in_force <= {row.key for row in shown["agreements"]}


def test_a_plan_is_shown_until_an_hour_after_it_is_over() -> None:
    over = next(row for row in history().rows(PlanRow) if row.state is not None and row.state.value == "ended")
    assert over.at is not None
    for minutes, seen in ((59, True), (61, False)):
        shown = picture(history(), "a", history().last, over.at + timedelta(minutes=minutes)).rows["plans"]
        assert (over.key in {row.key for row in shown}) is seen


def test_an_aircraft_whose_path_was_told_needs_no_track_until_it_is_down() -> None:
    n, row = next(
        (n, row)
        for n in range(1, len(messages()))
        for row in history().rows(AirborneRow, n)
        if row.path and row.ended_at is None
    )
    track = Track(
        side=row.side or None,
        operator=row.operator,
        plan_id=row.plan_id,
        callsign=row.callsign,
        kind=row.kind,  # type: ignore[arg-type]
        lon_deg=0,
        lat_deg=0,
        altitude_ft=0,
        speed_kt=0,
        track_deg=0,
        climb_fpm=0,
        conforming=True,
    )
    assert has_path(fold(messages()[:n]), track)
    assert not has_path(History(), track)
