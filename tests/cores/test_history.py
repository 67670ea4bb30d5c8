"""Going to any time of a record: every row as it was, what changed since, and what belongs together."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hotline_protocol.airspace import Position
from hotline_protocol.examples_world import world
from hotline_protocol.line import Counter, Propose
from hotline_protocol.message import Author, Message
from hotline_protocol.sky import ConformanceChanged, Fix, FlightBegan, FlightFlown, Flyer, PathChanged
from hotline_services.monitor.history import History, LogRow, fold
from hotline_services.monitor.latestrows import LATEST_ROWS, AirborneRow
from hotline_services.monitor.offers import OfferRow
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.rows import ROWS, CallRow, NegotiationRow, Row
from hotline_services.monitor.threads import ids_of
from hotline_services.monitor.worldrows import WORLD_ROWS

from .talk import AGREED, MENU, NOON, WANTED, at, everything

ALL: list[Message] = [*everything(), *world()]
KINDS: tuple[type[Row], ...] = (*ROWS, *WORLD_ROWS, *LATEST_ROWS)
FLYER = Flyer(side="us", operator="us", plan_id="p-1", callsign="HAWK11")
PATH = (Fix(0.0, 39.0, 35.0, 20_000.0), Fix(600.0, 40.0, 35.0, 20_000.0))


def history(messages: list[Message]) -> History:
    return fold((n, at(n), message) for n, message in enumerate(messages, 1))


def by_kind(messages: list[Message]) -> dict[str, list[Row]]:
    projection = Projection()
    for n, message in enumerate(messages, 1):
        projection.apply(message, at(n))
    return {kind.table: projection.rows(kind) for kind in KINDS}


@given(st.integers(0, len(ALL)))
def test_rows_after_any_message_are_those_that_the_messages_up_to_it_make(n: int) -> None:
    whole = history(ALL)
    assert {kind.table: whole.rows(kind, n) for kind in KINDS} == by_kind(ALL[:n])


@given(st.integers(0, len(ALL)), st.integers(0, len(ALL)))
def test_what_has_changed_between_two_messages_leads_from_one_state_to_the_other(one: int, other: int) -> None:
    first, last = sorted((one, other))
    whole = history(ALL)
    state = {(type(row), row.key): row for kind in KINDS for row in whole.rows(kind, first)}
    for row in whole.changed(first, last):
        state[type(row), row.key] = row
    wanted = {(type(row), row.key): row for kind in KINDS for row in whole.rows(kind, last)}
    assert wanted.items() <= state.items()


def test_a_time_is_found_by_the_last_message_recorded_by_then() -> None:
    whole = history(ALL)
    assert whole.number_at(at(0)) == 0
    assert whole.number_at(at(5) + timedelta(milliseconds=1)) == 5
    assert whole.number_at(at(10_000)) == len(ALL) == whole.count == whole.last
    assert whole.time_of(5) == at(5)
    assert whole.time_of(0) is None


def test_numbers_may_have_gaps_and_times_never_run_backwards() -> None:
    whole = fold([(3, at(10), ALL[0]), (7, at(5), ALL[1])])
    assert (whole.last, whole.count) == (7, 2)
    assert whole.time_of(7) == at(10)
    assert whole.number_at(at(9)) == 0
    assert whole.time_of(6) == at(10)


def test_nothing_has_happened_before_the_first_message() -> None:
    empty = History()
    assert (empty.last, empty.count, empty.period, empty.log(), empty.changed(0, 0)) == (0, 0, None, [], [])


def test_the_log_ends_where_it_is_cut_and_is_among_the_changes() -> None:
    whole = history(ALL)
    half = len(ALL) // 2
    assert [row for row in whole.log() if row.n <= half] == whole.log(half)
    assert [row for row in whole.changed(0, half) if isinstance(row, LogRow)] == whole.log(half)
    assert all(row.ids[0] == row.key for row in whole.log())


def test_a_thread_holds_all_that_names_a_thing() -> None:
    whole = history(ALL)
    call = whole.rows(CallRow)[0].key
    assert whole.thread(call) == [n for n, message in enumerate(ALL, 1) if call in ids_of(message)]
    assert len(whole.thread(call)) > 5
    assert whole.thread("nobody-knows") == []
    first = whole.thread(call)[0]
    assert whole.thread(call, first) == [first]


def test_causes_lead_back() -> None:
    whole = history(ALL)
    caused = next(message for message in ALL if message.cause)
    assert whole.cause_of(caused.id) == caused.cause
    assert whole.number_of(ALL[3].id) == 4
    assert whole.number_of("none") is None


def test_an_offer_stands_for_the_air_that_its_menu_gives_it() -> None:
    messages = everything()
    whole = history(messages)
    proposed = next(n for n, message in enumerate(messages, 1) if isinstance(message, Propose))
    countered = next(n for n, message in enumerate(messages, 1) if isinstance(message, Counter))
    key = whole.rows(NegotiationRow)[0].key
    first, then, over = (whole.row(OfferRow, key, n) for n in (proposed, countered, len(messages)))
    assert first is not None
    assert then is not None
    assert over is not None
    assert (first.said, first.volumes, first.closed) == ("propose", MENU.volumes(WANTED), False)
    assert (then.said, then.volumes) == ("counter", MENU.volumes(AGREED))
    assert then.by == first.to
    assert over.closed


def test_an_offer_that_is_not_on_its_menu_has_no_air() -> None:
    messages = everything()
    counter = next(message for message in messages if isinstance(message, Counter))
    propose = next(message for message in messages if isinstance(message, Propose))
    odd = replace(counter, choice=replace(counter.choice, sector=9))
    row = history([propose, odd]).row(OfferRow, counter.negotiation_id)
    assert row is not None
    assert row.volumes == ()


def flown() -> list[Message]:
    sky = Author("sky", "e")
    where: dict[str, Any] = {"at": Position(39.5, 35.0), "altitude_ft": 20_000.0}
    return [
        sky.say(FlightBegan, NOON, flyer=FLYER, path=PATH),
        sky.say(ConformanceChanged, at(60), flyer=FLYER, conforming=False, **where),
        sky.say(PathChanged, at(90), flyer=FLYER, path=PATH[1:]),
        sky.say(
            FlightFlown,
            at(600),
            flyer=FLYER,
            began_at=NOON,
            ended_at=at(600),
            conforming_share=0.5,
            longest_excursion_s=30.0,
        ),
    ]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
def test_a_flight_in_the_air_is_the_same_whatever_the_order_of_what_is_said_of_it(order: list[int]) -> None:
    messages = flown()
    whole = history([messages[n] for n in order])
    (row,) = whole.rows(AirborneRow)
    assert (row.key, row.began_at, row.ended_at, row.conforming) == ("us/p-1", NOON, at(600), False)
    assert (row.path, row.path_at) == (PATH[1:], at(90))


def test_a_plan_that_is_flown_again_is_in_the_air_again() -> None:
    again = Author("sky", "f").say(FlightBegan, at(900), flyer=FLYER, path=PATH)
    (row,) = history([*flown(), again]).rows(AirborneRow)
    assert (row.began_at, row.ended_at) == (at(900), None)
