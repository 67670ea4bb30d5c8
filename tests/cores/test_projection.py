"""The monitor's tables: the same in any order, and what they say."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.events import CallEnded, NegotiationEnded, NegotiationOutcome, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.ledger import GENESIS, Entry, EntryKind
from hotline_protocol.line import CallOutcome, Entered, Entries, Propose, Ring, Tier
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Presence
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.rows import (
    ROWS,
    AgreementRow,
    AnnouncementRow,
    CallRow,
    EscalationRow,
    LedgerRow,
    LineRow,
    NegotiationRow,
    PlanRow,
    PlanStepRow,
    RejectedRow,
    Row,
    ServiceRow,
)
from hotline_services.monitor.volume import Grouping, Period, call_volume, spread

from .talk import NOON, agreed_call, at, everything, health


def folded(messages: list[Message]) -> Projection:
    projection = Projection()
    for message in messages:
        projection.apply(message)
    return projection


def tables(messages: list[Message]) -> dict[str, list[Row]]:
    projection = folded(messages)
    return {kind.table: projection.rows(kind) for kind in ROWS}


ALL = everything()


@given(st.permutations(ALL), st.lists(st.sampled_from(ALL), max_size=20))
def test_the_tables_are_the_same_in_any_order_and_with_any_repetition(
    shuffled: list[Message], again: list[Message]
) -> None:
    assert tables(shuffled + again) == tables(ALL)


def amended_plan() -> list[Message]:
    """A plan whose second version is refused and whose third is agreed, and which a fourth is to replace."""
    say = Author("us", "e1").say
    first, second, third, fourth = (digit * 16 for digit in "1234")

    def said(minute: int, plan: str, state: PlanState, **fields: Any) -> Message:
        return say(PlanStatus, at(minute), plan_id="p", callsign="VIPER1", plan=plan, state=state, **fields)

    return [
        said(0, first, PlanState.ACCEPTED),
        said(1, second, PlanState.NEGOTIATING, version=2, amends=first, in_force=1),
        said(2, second, PlanState.REFUSED, version=2, amends=first, in_force=1),
        said(2, first, PlanState.ACCEPTED),
        said(3, third, PlanState.NEGOTIATING, version=3, amends=first, in_force=1),
        said(4, third, PlanState.ACCEPTED, version=3, amends=first),
        said(5, fourth, PlanState.NEGOTIATING, version=4, amends=first, in_force=3),
    ]


@given(st.permutations(amended_plan()), st.integers(1, 7))
def test_a_plan_is_one_row_through_all_its_versions_in_any_order(shuffled: list[Message], count: int) -> None:
    (row,) = folded(shuffled).rows(PlanRow)
    assert (row.version, row.digest, row.state) == (3, "3" * 16, PlanState.ACCEPTED)
    assert (row.amendment, row.amendment_state) == (4, PlanState.NEGOTIATING)
    assert len(folded(shuffled).rows(PlanStepRow)) == 7
    told = amended_plan()[:count]
    assert tables([message for message in shuffled if message in told]) == tables(told)


def test_a_call_is_counted_as_its_caller_counts_it() -> None:
    call = folded(everything()).rows(CallRow)[0]
    assert (call.caller, call.callee, call.outcome) == ("us", "ru", CallOutcome.COMPLETED)
    assert (call.waiting_s, call.set_up_s, call.hold_s) == (10.0, 8.0, 200.0)


def test_a_call_in_progress_is_known_by_its_ring_and_answer() -> None:
    messages = agreed_call(Author("us"), Author("ru"))
    (call,) = folded(messages[:3]).rows(CallRow)
    assert (call.set_up_s, call.hold_s, call.outcome) == (8.0, None, None)


def test_an_answer_without_its_ring_still_says_who_called() -> None:
    messages = agreed_call(Author("us"), Author("ru"))
    (call,) = folded([messages[2]]).rows(CallRow)
    assert (call.caller, call.callee, call.rang_at) == ("us", "ru", None)


def test_a_hang_up_alone_is_not_shown_as_a_call() -> None:
    assert folded([agreed_call(Author("us"), Author("ru"))[-2]]).rows(CallRow) == []


def test_a_negotiation_keeps_its_rounds_its_calls_and_how_it_ended() -> None:
    first = folded(everything()).rows(NegotiationRow)[0]
    assert (first.asker, first.responder, first.rounds, first.calls) == ("us", "ru", 2, ("us-c1",))
    assert (first.outcome, first.sector, first.shift_min) == (NegotiationOutcome.AGREED_WITH_CHANGES, "441LL24", 15)


def test_an_open_negotiation_shows_what_was_said_last() -> None:
    (row,) = folded(agreed_call(Author("us"), Author("ru"))[:5]).rows(NegotiationRow)
    assert (row.said, row.outcome, row.tier) == ("counter", None, Tier.DUTY_OFFICER)


def test_an_agreement_is_known_from_either_way_of_hearing_of_its_entry() -> None:
    messages = agreed_call(Author("us"), Author("ru"))
    entered = next(message for message in messages if isinstance(message, Entered))
    again = Author("ru").say(Entries, at(900), to="us", entries=(entered.entry,))
    assert folded([again]).rows(AgreementRow) == folded([entered]).rows(AgreementRow)


def test_a_release_marks_the_agreement_that_it_ends() -> None:
    messages = agreed_call(Author("us"), Author("ru"))
    agreement = folded(messages).rows(AgreementRow)[0]
    released = Entry(
        granter="ru",
        user="us",
        index=2,
        previous=GENESIS,
        kind=EntryKind.RELEASED,
        agreement_id=agreement.agreement_id,
        entered_at=at(900),
    )
    (row,) = folded([*messages, Author("ru").say(Entered, at(900), to="us", entry=released)]).rows(AgreementRow)
    assert (row.entered_at, row.released_at) == (at(150), at(900))


def claimed(other: str) -> list[Message]:
    """What somebody else says of a call, a negotiation and a chain of us and ru, in ids that sort before theirs."""
    author = Author(other, "a")
    told = [m for m in everything() if isinstance(m, Ring | CallEnded | Propose | NegotiationEnded)]
    mine = [msgspec.structs.replace(m, id=f"{other}-a-{n}", source=other) for n, m in enumerate(told, 1)]
    entered = next(m for m in everything() if isinstance(m, Entered))
    entry = msgspec.structs.replace(entered.entry, volumes=())
    return [*mine, author.say(Entered, at(1), to="us", entry=entry)]


@pytest.mark.parametrize("other", ["ru", "ca"])
@given(data=st.data())
def test_nobody_tells_of_calls_negotiations_and_grants_that_others_have_begun(other: str, data: st.DataObject) -> None:
    false = [m for m in claimed(other) if not (isinstance(m, Entered) and other == "ru")]
    shuffled = data.draw(st.permutations([*ALL, *false]))
    for kind in (CallRow, AgreementRow):
        assert folded(shuffled).rows(kind) == folded(ALL).rows(kind)
    rows = [(row.key, row.asker, row.outcome, row.ended_by) for row in folded(shuffled).rows(NegotiationRow)]
    assert rows == [(row.key, row.asker, row.outcome, row.ended_by) for row in folded(ALL).rows(NegotiationRow)]


def test_a_plan_has_its_newest_state_and_its_whole_history() -> None:
    projection = folded(agreed_call(Author("us"), Author("ru")))
    (plan,) = projection.rows(PlanRow)
    assert (plan.state, plan.as_filed, plan.callsign) == (PlanState.ACCEPTED, False, "VIPER21")
    assert [step.state for step in projection.rows(PlanStepRow)] == [PlanState.NEGOTIATING, PlanState.ACCEPTED]


def test_both_sides_heads_stand_side_by_side() -> None:
    heads = {row.party: row.heads for row in folded(everything()).rows(LedgerRow)}
    assert heads["us"] == heads["ru"]
    assert heads["us"]["ru"].length == 2


def test_announced_and_actual_state_of_the_line_are_two_things() -> None:
    projection = folded(everything())
    assert [(row.party, row.state.value) for row in projection.rows(AnnouncementRow)] == [("ru", "suspended")]
    assert [(row.party, row.peer, row.state.value) for row in projection.rows(LineRow)] == [("us", "ru", "silent")]


def test_an_escalation_keeps_its_cause() -> None:
    (row,) = folded(everything()).rows(EscalationRow)
    assert (row.party, row.cause, row.about, row.tier) == ("us", "ru-0-1", "us-n9", Tier.CHIEFS)


def test_a_rejected_input_keeps_field_and_reason() -> None:
    (row,) = folded(everything()).rows(RejectedRow)
    assert (row.party, row.sender, row.code, row.field) == ("ru", "inject", "malformed", "plan.end")


def test_a_will_of_an_earlier_session_does_not_end_the_present_one() -> None:
    lives = [health("us", 0, session="1"), health("us", 9, session="2"), health("us", 0, Presence.DOWN, "1")]
    (row,) = folded(list(lives)).rows(ServiceRow)
    assert (row.presence, row.session) == (Presence.UP, "2")


def test_a_service_that_waited_for_the_clock_is_up_once_it_says_so_however_late_the_wait_was_heard() -> None:
    projection = Projection()
    projection.apply(health("ru", 0, Presence.DOWN), at(9))
    projection.apply(health("ru", 5), at(10))
    (row,) = projection.rows(ServiceRow)
    assert (row.presence, row.at) == (Presence.UP, at(5))


def test_a_will_counts_though_it_bears_the_time_of_its_connection() -> None:
    lives = [health("us", 0), health("us", 50), health("us", 0, Presence.DOWN)]
    assert folded(list(lives)).rows(ServiceRow)[0].presence is Presence.DOWN
    assert folded([*lives, health("us", 60)]).rows(ServiceRow)[0].presence is Presence.UP


def test_a_service_is_down_since_its_will_was_heard_however_often_it_comes() -> None:
    projection = Projection()
    for seconds, presence in [(50, Presence.UP), (90, Presence.DOWN), (99, Presence.DOWN)]:
        projection.apply(health("us", 0, presence), at(seconds))
    (row,) = projection.rows(ServiceRow)
    assert (row.presence, row.at) == (Presence.DOWN, at(90))


def test_eleven_calls_a_day_of_ten_minutes_are_0_076_erlang() -> None:
    calls = [
        CallRow(
            key=str(n), caller="us", rang_at=at(n * 7_000), ended_at=at(n * 7_000 + 600), set_up_s=0.0, hold_s=600.0
        )
        for n in range(11)
    ]
    (total,) = call_volume(calls, Period(start=NOON, end=NOON + timedelta(days=1)), Grouping.TOTAL)
    assert total.erlang == pytest.approx(0.0764, abs=1e-4)


@pytest.mark.parametrize(("hours", "a_day"), [(23.4, None), (24.0, 1.0)])
def test_of_less_than_a_day_nothing_is_said_a_day(hours: float, a_day: float | None) -> None:
    call = CallRow(key="a", caller="us", rang_at=NOON, answered_at=at(8), ended_at=at(60))
    (total,) = call_volume([call], Period(start=NOON, end=at(hours * 3_600)), Grouping.TOTAL)
    assert total.calls_per_day == a_day


def test_a_call_counts_from_when_it_is_answered_and_a_ring_once_it_is_known_what_it_is() -> None:
    rings = [
        CallRow(key="over", caller="us", rang_at=NOON, answered_at=at(5), ended_at=at(60), hold_s=55.0),
        CallRow(key="talking", caller="us", rang_at=at(100), answered_at=at(105), set_up_s=5.0),
        CallRow(key="ringing", caller="ru", rang_at=at(200)),
        CallRow(key="in vain", caller="ru", rang_at=at(150), ended_at=at(170), set_up_s=20.0),
    ]
    (total,) = call_volume(rings, Period(start=NOON, end=at(3_600)), Grouping.TOTAL)
    assert (total.calls, total.in_progress, total.ringing, total.attempts) == (2, 1, 1, 1)
    assert (total.hold.max_s, total.set_up.max_s) == (55.0, 0.0)  # of what has ended
    assert total.erlang == pytest.approx((55 + 20) / 3_600)


def test_call_volume_by_hour_counts_a_call_in_the_hour_in_which_it_rang() -> None:
    period = Period(start=NOON, end=at(5_400))
    calls = [
        CallRow(key="a", caller="us", rang_at=at(3_599), ended_at=at(3_700), hold_s=101.0, answered_at=at(3_599)),
        CallRow(key="b", caller="ru", rang_at=at(3_600), ended_at=at(3_660), hold_s=60.0, answered_at=at(3_600)),
    ]
    hours = call_volume(calls, period, Grouping.HOUR)
    assert [(hour.group, hour.calls, hour.hours) for hour in hours] == [
        ("2017-06-18T12:00Z", 1, 1.0),
        ("2017-06-18T13:00Z", 1, 0.5),
    ]


@pytest.mark.parametrize("by", list(Grouping))
def test_every_grouping_counts_every_call_and_every_attempt_once(by: Grouping) -> None:
    groups = call_volume(folded(everything()).rows(CallRow), Period(start=NOON, end=at(86_400)), by)
    assert sum(group.calls for group in groups) == 2
    assert sum(group.attempts for group in groups) == 1


def test_percentiles_are_nearest_rank() -> None:
    measured = spread(range(1, 11))
    assert (measured.mean_s, measured.p50_s, measured.p90_s, measured.max_s) == (5.5, 5, 9, 10)
