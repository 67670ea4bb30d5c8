"""The duty log: readable, one line a message, and harmless whatever a message holds."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hotline_protocol.events import InputRejected, LineAnnounced, PlanStatus
from hotline_protocol.examples import PLAN, examples
from hotline_protocol.flightplan import PlanState, Problem
from hotline_protocol.injection import AnnouncedState, SubmitPlan
from hotline_protocol.line import Counter, HangUp, Propose
from hotline_protocol.menu import Choice
from hotline_protocol.message import Author, Message
from hotline_protocol.orders import CounterOffer, DecisionAwaited
from hotline_protocol.service import Clock, Presence, Receipt
from hotline_services.monitor.dutylog import WIDTH, DutyLog
from hotline_services.monitor.wording import date_time_group, duration, height, printable, shift

from .talk import NOON, agreed_call, at, call_ended, everything, health


def lines(messages: list[Message], log: DutyLog | None = None) -> list[str]:
    log = log or DutyLog()
    return [line for message in messages if (line := log.line(message)) is not None]


def test_a_call_reads_from_ring_to_hang_up() -> None:
    messages = agreed_call(Author("us"), Author("ru"))
    assert lines(messages) == [
        "18 1159Z JUN           US       plan        us-001 · VIPER21 negotiating",
        "18 1200Z JUN  call 1   US → RU  ring        short notice · duty officer · about us-n1",
        "18 1200Z JUN  call 1   RU → US  answer      after 8 s",
        "18 1200Z JUN  call 1   US → RU  proposal 1  us-n1 · patrol · 441LL15 · FL240-260 · on time · 1300Z-1400Z",
        "18 1201Z JUN  call 1   RU → US  counter 2   us-n1 · 441LL24 · FL240-260 · +15 min",
        "18 1201Z JUN  call 1   US → RU  concur      us-n1 · 441LL24 · FL240-260 · +15 min",
        "18 1202Z JUN           US → RU  confirm     us-n1 · 441LL24 · FL240-260 · +15 min",
        lines(messages)[7],
        "18 1202Z JUN           US       outcome     us-n1 · agreed with changes · 2 rounds in 2 min 41 s",
        "18 1202Z JUN           US       plan        us-001 · VIPER21 accepted with changes · FL240-260 · 1315Z-1415Z",
        "18 1203Z JUN  call 1   US → RU  hang-up     completed · after 3 min 20 s · short notice · duty officer",
    ]
    assert lines(messages)[7].endswith("entry 1 of RU · FL240-260 · 1315Z-1415Z")


def test_calls_are_numbered_as_they_ring_and_after_those_before() -> None:
    told = lines(everything(), DutyLog(calls_before=6))
    assert [line[14:20] for line in told if " ring " in line] == ["call 7", "call 8", "call 9"]


def test_an_escalation_stands_out_with_its_kind_tier_and_detail() -> None:
    (line,) = [line for line in lines(everything()) if "ESCALATION" in line]
    assert line.endswith("tier raised · with RU · us-n9 · chiefs · nobody answers")


def test_a_call_is_hung_up_once_in_the_log() -> None:
    us, ru = Author("us"), Author("ru")
    messages = agreed_call(us, ru)
    hang_up = next(message for message in messages if isinstance(message, HangUp))
    again = ru.say(HangUp, at(209), to="us", call_id=hang_up.call_id, outcome=hang_up.outcome)
    assert sum(" hang-up " in line for line in lines([*messages, again])) == 1


def test_a_counter_to_a_proposal_that_was_not_heard_is_named_by_its_digest() -> None:
    counter = next(m for m in agreed_call(Author("us"), Author("ru")) if isinstance(m, Counter))
    assert f"offer {counter.offer[:8]}" in lines([counter])[0]


def test_a_choice_that_is_not_on_the_menu_is_said_to_be_off_it() -> None:
    messages = agreed_call(Author("us"), Author("ru"))
    propose = next(message for message in messages if isinstance(message, Propose))
    fields = {name: getattr(propose, name) for name in propose.__struct_fields__}
    wrong = Propose(**{**fields, "choice": Choice(sector=9, block=0, shift=0)})
    assert "off the menu (sector 9, block 0, shift 0)" in lines([wrong])[0]


def test_comings_and_goings_of_services_are_told_once() -> None:
    lives = [health("us", 0), health("us", 10), health("us", 0, Presence.DOWN), health("us", 20, session="2")]
    late_will = health("us", 5, Presence.DOWN)
    told = [line.split()[-2:] for line in lines([*lives, late_will])]
    assert told == [["service", "up"], ["service", "down"], ["service", "up"]]


def test_a_death_is_told_at_the_time_of_what_was_said_before_it_whatever_its_will_says() -> None:
    by_the_wall = replace(health("ru", 0, Presence.DOWN), time=datetime(2026, 11, 22, 16, 33, tzinfo=UTC))
    told = lines([health("ru", 0), health("us", 600), by_the_wall])
    assert told[-1].startswith("18 1210Z JUN")


def test_housekeeping_is_not_told() -> None:
    clock = Author("director").say(Clock, NOON, simulated_start=NOON, real_start=NOON, speed=60.0)
    receipt = Author("us").say(Receipt, NOON, to="ru", ids=("x",))
    assert lines([clock, receipt, call_ended(Author("us"), "c", 0)]) == []


NASTY = "\x1b[2J\r\n\x07[red]\u202eevil\u200b\x00" + "z\u0351\u0352" * 9


@pytest.mark.parametrize(
    "message",
    [
        Author("us").say(LineAnnounced, NOON, state=AnnouncedState.OPEN, statement=NASTY),
        Author("us").say(PlanStatus, NOON, plan_id="p", callsign=NASTY, plan="0" * 16, state=PlanState.ENDED),
        Author("us").say(
            InputRejected, NOON, topic=NASTY, problem=Problem(code=NASTY, field=NASTY, reason=NASTY), evidence=NASTY
        ),
    ],
)
def test_nothing_in_a_message_can_steer_the_terminal(message: Message) -> None:
    (line,) = lines([message])
    assert line.isprintable()
    assert "\x1b" not in line


@given(st.text())
def test_text_made_printable_has_neither_controls_nor_marks_that_pile_up(text: str) -> None:
    shown = printable(text)
    assert all(char.isprintable() and not unicodedata.combining(char) for char in shown)


def test_no_line_is_wider_than_the_log_however_long_the_text() -> None:
    statement = "word " * 90
    (line,) = lines([Author("us").say(LineAnnounced, NOON, state=AnnouncedState.OPEN, statement=statement)])
    assert len(line) == WIDTH
    assert line.endswith("…")


def test_every_message_of_the_protocol_can_be_logged() -> None:
    log = DutyLog()
    told = [log.line(example) for example in examples()]
    assert all(line is None or line.isprintable() for line in told)


def test_a_plan_filed_is_told_with_its_callsign_and_heights() -> None:
    (line,) = lines([Author("inject").say(SubmitPlan, NOON, to="us", plan=PLAN)])
    assert " US       plan filed " in line
    assert PLAN.callsign in line
    assert PLAN.kind.value in line


def test_an_ordered_counter_offer_is_told_as_the_menu_has_it() -> None:
    (asked,) = (message for message in examples() if isinstance(message, DecisionAwaited))
    (order,) = (message for message in examples() if isinstance(message, CounterOffer))
    order = replace(order, negotiation_id=asked.negotiation_id, choice=Choice(sector=1, block=1, shift=2))
    assert f"counter with {asked.menu.sectors[1].name} · FL270-290 · +15 min · " in lines([asked, order])[1]
    assert "counter with sector 2, block 2, shift 3 of the menu · " in lines([order])[0]


def test_a_callsign_that_the_plans_id_tells_is_not_told_twice() -> None:
    status = Author("us").say(
        PlanStatus, NOON, plan_id="us-Viper21", callsign="VIPER21", plan="0" * 16, state=PlanState.ENDED
    )
    assert lines([status])[0].endswith("us-Viper21 · ended")


def test_times_heights_and_shifts_are_written_as_officers_do() -> None:
    assert date_time_group(NOON) == "18 1200Z JUN"
    assert [height(feet) for feet in (0, 6_500, 10_000, 24_000, 24_050)] == [
        "0 ft",
        "6,500 ft",
        "FL100",
        "FL240",
        "24,050 ft",
    ]
    assert [shift(minutes) for minutes in (0, 15, -5)] == ["on time", "+15 min", "-5 min"]
    assert [duration(seconds) for seconds in (8, 60, 200, 3_600, 7_500)] == [
        "8 s",
        "1 min",
        "3 min 20 s",
        "1 h",
        "2 h 5 min",
    ]
