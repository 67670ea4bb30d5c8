"""The people at the line: who is there, who is called back, how long they take, and how far they may go."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.events import CallEnded, EscalationKind, LineStateChanged, NegotiationEnded, PresenceChanged
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import CancelPlan, ReportSighting, SightingKind
from hotline_protocol.line import Answer, CallOutcome, Decline, HangUp, Propose, Protest, Ring, Tier
from hotline_services.aoc.config import Away, Costs, Officer, PartyConfig, Roster, Watch
from hotline_services.aoc.duty import Presence

from .joined import DAWN, ON_THE_LINE, PROMPT, Joined, agreement, away, circuit_down, minutes, plan

DUTY = Tier.DUTY_OFFICER
NIGHT = ((time(18), time(6)),)
A_DAY = timedelta(days=1)

clocks = st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
absences = st.builds(
    lambda start, lasts: Away(start=DAWN + minutes(start), end=DAWN + minutes(start + lasts)),
    st.integers(-600, 4_000),
    st.integers(1, 900),
)
watches = st.builds(
    Watch,
    shifts=st.lists(st.tuples(clocks, clocks), max_size=3).map(tuple),
    away=st.lists(absences, max_size=3).map(tuple),
)


def presence(watch: Watch) -> Presence:
    return Presence(Roster(watches={DUTY: watch}))


# Presence -----------------------------------------------------------------------------------------------------------


def test_a_tier_that_is_not_named_is_always_there() -> None:
    there = presence(Watch(shifts=NIGHT))
    assert there.present(Tier.CHIEFS, DAWN)
    assert there.back_at(Tier.CHIEFS, DAWN) == DAWN
    assert Presence(Roster()).next_change(DAWN) is None


@pytest.mark.parametrize(("hour", "there"), [(5, True), (6, False), (12, False), (18, True), (23, True)])
def test_a_shift_over_midnight_is_there_at_night(hour: int, there: bool) -> None:
    assert presence(Watch(shifts=NIGHT)).present(DUTY, DAWN.replace(hour=hour)) is there


def test_a_shift_that_ends_when_it_begins_lasts_all_day() -> None:
    whole = presence(Watch(shifts=((time(6), time(6)),)))
    assert whole.present(DUTY, DAWN.replace(hour=3))
    assert whole.next_change(DAWN) is None


def test_who_is_away_is_back_when_that_is_over_and_the_shift_has_begun() -> None:
    gone = Away(start=DAWN - minutes(60), end=DAWN + minutes(60), reason="briefing")
    there = presence(Watch(shifts=NIGHT, away=(gone,)))
    assert there.absent(DUTY, DAWN) == "briefing"
    assert there.absent(DUTY, DAWN + minutes(90)) == "off shift"
    assert there.back_at(DUTY, DAWN) == DAWN.replace(hour=18)


def test_an_absence_of_centuries_is_over_when_it_is_over_whatever_the_shifts() -> None:
    end = DAWN + timedelta(days=300_000)
    there = presence(Watch(shifts=NIGHT, away=(Away(start=DAWN, end=end),)))
    for days in range(100):  # walking over every shift in between would take minutes
        back_at = there.back_at(DUTY, DAWN + timedelta(days=days))
        assert back_at is not None
        assert end <= back_at < end + timedelta(days=1)


def test_two_absences_that_overlap_are_one() -> None:
    spans = tuple(Away(start=DAWN + minutes(start), end=DAWN + minutes(start + 30)) for start in (20, 0))
    assert presence(Watch(away=spans)).back_at(DUTY, DAWN + minutes(10)) == DAWN + minutes(50)


@given(watches, st.integers(0, 4_000))
def test_between_two_changes_nobody_comes_or_goes(watch: Watch, start: int) -> None:
    there = presence(watch)
    after = DAWN + minutes(start)
    change = there.next_change(after)
    until = min(change or after + 4 * A_DAY, after + 4 * A_DAY)
    now: datetime = after
    while now < until:
        assert there.present(DUTY, now) is there.present(DUTY, after)
        now += minutes(30)
    if change is not None:
        assert change > after
        assert there.present(DUTY, change) is not there.present(DUTY, after)


def test_who_comes_and_goes_is_on_record_with_the_reason() -> None:
    world = Joined(roster_us=away(10, 27))
    world.run(minutes=60)
    changes = [(event.source, event.present, event.reason, event.time) for event in world.all(PresenceChanged)]
    assert changes == [("us", False, "lunch", DAWN + minutes(10)), ("us", True, "", DAWN + minutes(37))]


def test_where_nobody_is_ever_away_nothing_is_said_of_presence() -> None:
    world = Joined(roster_us=Roster(watches={DUTY: Watch(authority=0.5)}))
    world.run(minutes=60)
    assert world.all(PresenceChanged) == []


# Calls --------------------------------------------------------------------------------------------------------------


def test_nobody_is_there_for_27_minutes_and_the_call_is_answered_only_after_that() -> None:
    world = Joined(roster_ru=away(0, 27))
    world.file("us", plan("us-1"))
    world.run(minutes=26.9)
    assert world.all(Answer) == []
    assert {call.outcome for call in world.all(CallEnded)} == {CallOutcome.NO_ANSWER}
    world.run(minutes=0.2)
    assert world.status("us-1").state is PlanState.ACCEPTED


def test_an_officer_who_comes_back_while_it_rings_still_takes_the_call() -> None:
    world = Joined(roster_ru=away(0, 0.5))
    world.file("us", plan("us-1"))
    world.run(minutes=1)
    assert [answer.time for answer in world.all(Answer)] == [DAWN + minutes(0.5)]
    assert [call.outcome for call in world.all(CallEnded)] == [CallOutcome.COMPLETED]


def test_who_was_absent_calls_back_at_once_and_names_the_call_that_was_missed() -> None:
    world = Joined(roster_ru=away(0, 20))
    world.file("us", plan("us-1"))
    world.run(minutes=19.9)
    missed = world.all(Ring)[0]
    world.run(minutes=0.2)
    back = next(ring for ring in world.all(Ring) if ring.source == "ru")
    assert (back.time, back.reason, back.about) == (
        DAWN + minutes(20), missed.reason, (f"call-back.{missed.call_id}",),
    )  # fmt: skip
    ended = world.all(CallEnded)[-1]
    assert (ended.source, ended.call_id, ended.outcome) == ("ru", back.call_id, CallOutcome.COMPLETED)
    assert world.status("us-1").state is PlanState.ACCEPTED, "it is talked over in that call"


def test_who_is_called_back_and_has_nothing_left_to_say_hangs_up() -> None:
    world = Joined(roster_ru=away(0, 20))
    world.file("us", plan("us-1"))
    world.run(minutes=10)
    world.tell("us", CancelPlan, plan_id="us-1")
    world.run(minutes=15)
    back = world.all(CallEnded)[-1]
    assert (back.source, back.outcome, back.ended_at) == ("ru", CallOutcome.COMPLETED, back.answered_at)
    assert world.all(Propose) == []


def test_a_call_back_that_is_cut_off_is_followed_by_another_call() -> None:
    slow = PartyConfig(officer=Officer(answer_s=0, think_s=60))
    cut = circuit_down(20.3, 2)
    absent = Roster(watches=away(0, 20).watches, circuit_down=cut.circuit_down)
    world = Joined(ru=slow, roster_us=cut, roster_ru=absent)
    world.file("us", plan("us-1"))
    world.run(minutes=40)
    assert world.status("us-1").state is PlanState.ACCEPTED
    outcomes = [(call.source, call.outcome.value) for call in world.all(CallEnded) if call.answered_at is not None]
    assert outcomes == [("ru", "dropped"), ("us", "completed")]


def test_a_tier_that_takes_longer_than_anybody_lets_it_ring_calls_back_when_it_is_at_the_phone() -> None:
    world = Joined(roster_ru=Roster(watches={DUTY: Watch(answer_s=600)}))
    world.file("us", plan("us-1"))
    world.run(minutes=16)
    back = next(ring for ring in world.all(Ring) if ring.source == "ru")
    assert 5 <= (back.time - DAWN) / minutes(1) <= 15
    assert world.status("us-1").state is PlanState.ACCEPTED


def test_nobody_is_called_back_who_has_got_through_meanwhile() -> None:
    world = Joined(roster_ru=away(0, 20))
    world.file("us", plan("us-1"))
    world.run(minutes=19.9)
    world.lost = lambda message: isinstance(message, Ring) and message.source == "ru"
    world.run(minutes=60)
    assert world.status("us-1").state is PlanState.ACCEPTED
    assert len([call for call in world.all(CallEnded) if call.source == "ru"]) == 1


def test_who_is_absent_does_not_ring_either() -> None:
    world = Joined(roster_us=away(0, 20))
    world.file("us", plan("us-1"))
    world.run(minutes=19.9)
    assert world.all(Ring) == []
    world.run(minutes=0.2)
    assert world.status("us-1").state is PlanState.ACCEPTED


def test_a_negotiation_ends_in_time_though_nobody_ever_comes() -> None:
    world = Joined(roster_ru=away(0, 10_000))
    world.file("us", plan("us-1"))
    world.run(minutes=agreement().timing.negotiation_s / 60 + 1)
    assert [ended.outcome.value for ended in world.all(NegotiationEnded)] == ["expired"]
    assert world.status("us-1").state is PlanState.REFUSED


def test_a_tier_takes_as_long_to_pick_up_as_its_watch_says() -> None:
    world = Joined(roster_ru=Roster(watches={DUTY: Watch(answer_s=30)}))
    world.file("us", plan("us-1"))
    world.run(minutes=2)
    (answer,) = world.all(Answer)
    assert 15 <= (answer.time - DAWN).total_seconds() <= 45


def test_what_an_interpreter_says_takes_longer() -> None:
    def agreed_after_s(officer: Officer) -> float:
        world = Joined(ru=PartyConfig(officer=officer))
        world.file("us", plan("us-1"))
        world.run(minutes=20)
        return (world.all(NegotiationEnded)[0].time - DAWN).total_seconds()

    assert agreed_after_s(Officer(answer_s=0, think_s=20, interpret_s=20)) == 2 * agreed_after_s(
        Officer(answer_s=0, think_s=20)
    )


# The circuit --------------------------------------------------------------------------------------------------------


def test_without_a_tone_a_call_fails_at_once_and_nothing_rings() -> None:
    world = Joined(roster_us=circuit_down(0, 30), roster_ru=circuit_down(0, 30))
    world.file("us", plan("us-1"))
    assert [(call.outcome, call.ended_at - call.rang_at) for call in world.all(CallEnded)] == [
        (CallOutcome.NO_ANSWER, timedelta(0))
    ]
    world.run(minutes=29)
    assert world.all(Ring) == []
    assert [event.state.value for event in world.all(LineStateChanged)] == ["silent"]
    assert len(world.escalations(EscalationKind.LINE_DOWN)) == 1


def test_when_the_circuit_is_back_what_waited_is_talked_over() -> None:
    world = Joined(roster_us=circuit_down(0, 30), roster_ru=circuit_down(0, 30))
    world.file("us", plan("us-1"))
    world.run(minutes=50)
    assert world.status("us-1").state is PlanState.ACCEPTED


def test_a_call_is_cut_off_on_both_sides_when_the_circuit_breaks() -> None:
    slow = PartyConfig(officer=Officer(answer_s=0, think_s=120))
    world = Joined(slow, slow, roster_us=circuit_down(0.5, 30), roster_ru=circuit_down(0.5, 30))
    world.file("us", plan("us-1"))
    assert [len(centre.open_calls()) for centre in world.centres.values()] == [1, 1]
    world.run(minutes=0.5)
    assert [len(centre.open_calls()) for centre in world.centres.values()] == [0, 0]
    assert [call.outcome for call in world.all(CallEnded)] == [CallOutcome.DROPPED]
    assert world.all(HangUp) == []


# Authority ----------------------------------------------------------------------------------------------------------

DEAR = PartyConfig(officer=Officer(answer_s=0, think_s=0), costs=Costs(line=0.5))
"""Each flight of the other side at the line costs this one half."""


def bound(authority: float) -> Roster:
    return Roster(watches={DUTY: Watch(authority=authority)})


def test_what_is_beyond_a_tiers_authority_goes_up_a_tier() -> None:
    world = Joined(ru=DEAR, roster_ru=bound(0.0))
    world.file("us", plan("us-1"))
    world.run(minutes=30)
    decline = world.all(Decline)[0]
    assert (decline.source, decline.reason) == ("ru", "more than our duty-officer may concede")
    assert [(event.tier, event.detail) for event in world.escalations(EscalationKind.TIER_RAISED)] == [
        (Tier.DEPUTY_COMMANDER, decline.reason)
    ]
    assert [call.tier for call in world.all(CallEnded)] == [DUTY, Tier.DEPUTY_COMMANDER]
    assert world.status("us-1").state is PlanState.ACCEPTED


def test_with_full_authority_the_duty_officer_settles_the_same_thing() -> None:
    world = Joined(ru=DEAR, roster_ru=bound(1.0))
    world.file("us", plan("us-1"))
    world.run(minutes=30)
    assert world.status("us-1").state is PlanState.ACCEPTED
    assert {call.tier for call in world.all(CallEnded)} == {DUTY}


def test_what_costs_nothing_is_granted_without_any_authority() -> None:
    free = PartyConfig(officer=PROMPT.officer, costs=Costs(line=0))
    world = Joined(ru=free, roster_ru=bound(0.0))
    world.file("us", plan("us-1"))
    world.run(minutes=30)
    assert world.status("us-1").state is PlanState.ACCEPTED
    assert {call.tier for call in world.all(CallEnded)} == {DUTY}


def test_a_negotiation_ends_though_nobody_of_the_upper_tier_is_there() -> None:
    absent = away(0, 10_000, tier=Tier.DEPUTY_COMMANDER)
    watches = {**bound(0.0).watches, **absent.watches}
    world = Joined(ru=DEAR, roster_ru=Roster(watches=watches))
    world.file("us", plan("us-1"))
    world.run(minutes=agreement().timing.negotiation_s / 60 + 1)
    assert [ended.outcome.value for ended in world.all(NegotiationEnded)] == ["expired"]
    assert [event.tier for event in world.escalations(EscalationKind.TIER_RAISED)] == [Tier.DEPUTY_COMMANDER]


# Chance -------------------------------------------------------------------------------------------------------------


def test_officers_think_as_long_about_one_thing_whatever_else_is_talked_over() -> None:
    pensive = PartyConfig(officer=Officer(answer_s=0, think_s=20))

    def agreed_in_s(*others: str) -> float:
        world = Joined(pensive, pensive)
        for number, name in enumerate(others):
            world.file("us", plan(name, hours=6, lower_ft=22_000 + 4_000 * number, upper_ft=24_000 + 4_000 * number))
            world.run(minutes=20)
        began = world.now
        world.file("us", plan("us-1"))
        world.run(minutes=20)
        ended = next(event for event in world.all(NegotiationEnded) if event.plan_id == "us-1")
        return (ended.time - began).total_seconds()

    assert agreed_in_s() == agreed_in_s("us-0") == agreed_in_s("us-8", "us-9")


def slow_to_pick_up(seconds: float) -> Roster:
    return Roster(watches={Tier.DUTY_OFFICER: Watch(answer_s=seconds)})


@pytest.mark.parametrize(("ours", "said"), [(8.0, 1), (180.0, 0)])
def test_who_is_slower_than_the_phone_rings_is_reached_by_calling_back_if_the_other_side_is_not(
    ours: float, said: int
) -> None:
    assert agreement().timing.ring_s < 180 / 2
    world = Joined(roster_us=slow_to_pick_up(ours), roster_ru=slow_to_pick_up(180))
    seen = {"kind": SightingKind.CLOSE_APPROACH, "by": "ru", "at": ON_THE_LINE, "seen_at": DAWN}
    world.tell("us", ReportSighting, **seen)
    world.run(minutes=240)
    completed = [call for call in world.all(CallEnded) if call.outcome is CallOutcome.COMPLETED]
    assert len(world.all(Protest)) == len(completed) == said
    assert all(call.source == "ru" and call.about[0].startswith("call-back.") for call in completed)
