"""Rows as they are asked for: by time, party, outcome and any word, and what cannot be asked."""

from datetime import timedelta

import pytest

from hotline_services.monitor.history import LogRow
from hotline_services.monitor.logkinds import LogKind
from hotline_services.monitor.rows import CallRow, PlanRow
from hotline_services.web.answers.requests import AsOfTime, NotMetError, converted
from hotline_services.web.answers.row_query import TABLES, Filter, Found, find, rows_of

from .played_day import history, messages


def chosen(table: str, asked: Filter) -> Found:
    return find(rows_of(history(), table, asked.n), table, asked)


@pytest.mark.parametrize("table", TABLES)
def test_without_a_filter_all_rows_of_a_table_are_found(table: str) -> None:
    rows = history().log() if table == LogRow.table else history().rows(TABLES[table])
    found = chosen(table, Filter(limit=1_000))
    assert (found.rows, found.total) == (rows, len(rows))


def test_the_newest_are_told_and_how_many_there_are() -> None:
    everything = history().rows(CallRow)
    found = chosen("calls", Filter(limit=2))
    assert (found.rows, found.total) == (everything[-2:], len(everything))
    assert chosen("calls", Filter(limit=0)).rows == []


def test_rows_are_found_between_two_times_both_included() -> None:
    times = [row.rang_at for row in history().rows(CallRow)]
    found = chosen("calls", Filter(since=times[1], until=times[3]))
    assert [row.rang_at for row in found.rows] == times[1:4]


def test_rows_are_found_by_whoever_took_part() -> None:
    callers = {row.caller for row in history().rows(CallRow)}
    assert chosen("calls", Filter(party="us")).total == len(history().rows(CallRow))
    assert {row.party for row in chosen("plans", Filter(party="ru", limit=1_000)).rows} == {"ru"}
    assert chosen("plans", Filter(party="nobody")).total == 0
    assert callers == {"us", "ru"}


def test_rows_are_found_by_how_they_ended() -> None:
    found = chosen("calls", Filter(outcome="completed", reason="routine"))
    assert found.rows == [
        row
        for row in history().rows(CallRow)
        if row.outcome and row.outcome.value == "completed" and row.reason and row.reason.value == "routine"
    ]


def test_text_is_found_anywhere_in_a_row_whatever_its_case() -> None:
    callsign = history().rows(PlanRow)[0].callsign
    found = chosen("plans", Filter(q=callsign.lower()))
    assert callsign in {row.callsign for row in found.rows}
    assert chosen("log", Filter(q=callsign.lower())).total > 0


def test_lines_of_the_log_are_found_by_their_kind_and_not_by_names_of_their_data() -> None:
    kinds = {row.kind for row in chosen("log", Filter(kind="ring", limit=1_000)).rows}
    assert kinds == {LogKind.RING}
    assert chosen("log", Filter(q="thing-named")).total == 0


def test_tables_can_be_asked_for_as_they_were() -> None:
    n = len(messages()) // 2
    assert chosen("plans", Filter(n=n, limit=1_000)).rows == history().rows(PlanRow, n)


@pytest.mark.parametrize(("table", "filters"), [("plans", Filter(outcome="x")), ("log", Filter(tier="x"))])
def test_a_filter_that_a_table_does_not_know_is_refused_by_its_name(table: str, filters: Filter) -> None:
    with pytest.raises(NotMetError) as refused:
        chosen(table, filters)
    (problem,) = refused.value.fault.problems
    assert (refused.value.status, problem.field) == (400, "outcome" if table == "plans" else "tier")
    assert table in problem.reason


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"limit": "many"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2017-06-18T16:00:00"}, "since"),
        ({"q": ""}, "q"),
        ({"q": "x" * 201}, "q"),
        ({"colour": "red"}, "colour"),
        ({"n": "-1"}, "n"),
        ({"n": "9" * 30}, "n"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(values: dict[str, str], field: str) -> None:
    with pytest.raises(NotMetError) as refused:
        converted(values, Filter)
    (problem,) = refused.value.fault.problems
    assert (refused.value.status, problem.field) == (400, field)
    assert refused.value.fault.error.startswith(f"{field}: ")


def test_values_are_read_as_what_they_mean() -> None:
    asked = converted({"n": "7", "at": "2017-08-20T01:00:00+02:00"}, AsOfTime)
    assert asked.n == 7
    assert asked.at is not None
    assert asked.at.utcoffset() == timedelta(hours=2)
