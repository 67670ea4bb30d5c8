"""A centre in its dealings with another: plans, calls, bargaining, agreements, and what goes wrong."""

from datetime import time, timedelta

import msgspec
import pytest

from hotline_protocol.agreement import LineCheckRule, TierRule
from hotline_protocol.airspace import Corridor, Position
from hotline_protocol.events import (
    ActualState,
    CallEnded,
    EscalationKind,
    InputRejected,
    LineStateChanged,
    NegotiationEnded,
    NegotiationOutcome,
)
from hotline_protocol.flightplan import Flexibility, PlanState, Priority
from hotline_protocol.injection import (
    CancelPlan,
    DeclareEmergency,
)
from hotline_protocol.line import (
    Busy,
    CallOutcome,
    Concur,
    Confirm,
    Counter,
    Disclose,
    Entered,
    Entries,
    HangUp,
    Lapsed,
    LineChecked,
    Propose,
    Reason,
    Release,
    Ring,
    Tier,
)
from hotline_protocol.service import Presence
from hotline_services.aoc.config import Costs, Officer, PartyConfig, Posture

from .joined import FAR_EAST, FAR_WEST, Joined, agreement, config, plan

STUBBORN = config(costs=Costs(line=1.0, walk_away=1.0))
FIXED = Flexibility(max_shift_min=0, max_offset_nm=0, other_blocks=False)


def reservations(world: Joined, party: str) -> list[str]:
    return [agreement_id for agreement_id, _, _ in world.centres[party].own_reservations()]


def same_ledgers(world: Joined) -> bool:
    return world.centres["us"].ledgers["ru"].heads == world.centres["ru"].ledgers["us"].heads


def test_a_plan_far_from_the_line_is_accepted_without_a_call() -> None:
    world = Joined()
    world.file("us", plan("far", FAR_EAST))
    assert world.status("far").state is PlanState.ACCEPTED
    assert world.all(Ring) == []


def test_a_plan_near_the_line_is_agreed_in_a_call() -> None:
    world = Joined()
    world.file("us", plan("near"))
    assert world.status("near").state is PlanState.ACCEPTED
    assert [call.outcome for call in world.all(CallEnded)] == [CallOutcome.COMPLETED]
    assert [ended.outcome for ended in world.all(NegotiationEnded)] == [NegotiationOutcome.AGREED_AS_FILED]
    assert len(reservations(world, "us")) == 1
    assert same_ledgers(world)


def test_an_answer_names_what_it_answers_also_after_some_thought() -> None:
    world = Joined(config(think_s=20), config(think_s=20))
    world.file("us", plan("near"))
    world.run(minutes=10)
    (proposal,) = world.all(Propose)
    assert [concur.cause for concur in world.all(Concur)] == [proposal.id]


def test_only_the_legs_near_the_line_are_told() -> None:
    world = Joined()
    route = (Position(41.5, 35.5), Position(40.9, 35.5), Position(40.3, 35.5), Position(40.02, 35.5))
    near = plan("route", lasts=0.5)
    filed = type(near)(
        **{field: getattr(near, field) for field in near.__struct_fields__ if field != "area"},
        area=Corridor(route=route, half_width_nm=3),
    )
    world.file("us", filed)
    (proposal,) = world.all(Propose)
    assert len(proposal.menu.windows) < len(world.centres["us"].plans["route"].volumes)


def test_what_the_other_side_holds_is_bargained_about_and_never_overlapped() -> None:
    world = Joined()
    world.file("ru", plan("ru-1"))
    world.file("us", plan("us-1"))
    status = world.status("us-1")
    assert status.state is PlanState.ACCEPTED
    assert not status.as_filed
    assert world.all(Counter)


def test_the_same_plan_again_is_answered_with_its_status() -> None:
    world = Joined()
    world.file("us", plan("far", FAR_EAST))
    world.file("us", plan("far", FAR_EAST))
    assert world.status("far").state is PlanState.ACCEPTED
    assert len(world.centres["us"].plans) == 1


def test_an_id_with_other_contents_is_refused_and_the_first_plan_stands() -> None:
    world = Joined()
    world.file("us", plan("far", FAR_EAST))
    world.file("us", plan("far", FAR_EAST, lower_ft=10_000))
    status = world.status("far")
    assert status.state is PlanState.REFUSED
    assert status.problem is not None
    assert status.problem.code == "duplicate-id"
    assert world.centres["us"].plans["far"].state is PlanState.ACCEPTED


def test_a_plan_in_conflict_with_one_of_our_own_is_refused() -> None:
    world = Joined()
    world.file("us", plan("one", FAR_EAST))
    world.file("us", plan("two", FAR_EAST))
    problem = world.status("two").problem
    assert problem is not None
    assert problem.code == "own-conflict"
    assert "one" in problem.reason


def test_a_plan_that_ends_before_it_starts_is_refused_with_its_field() -> None:
    world = Joined()
    world.file("us", plan("back", lasts=-1))
    status = world.status("back")
    assert status.state is PlanState.REFUSED
    assert status.problem is not None
    assert status.problem.field == "end"


def test_a_plan_is_activated_at_its_start_and_ends_at_its_end() -> None:
    world = Joined()
    world.file("us", plan("far", FAR_EAST, hours=1, lasts=1))
    world.run(minutes=61)
    assert world.status("far").state is PlanState.ACTIVATED
    world.run(minutes=60)
    assert world.status("far").state is PlanState.ENDED


def test_several_plans_share_a_call() -> None:
    gathering = config(gather_s=600)
    world = Joined(gathering)
    for number in range(3):
        world.file("us", plan(f"p{number}", lower_ft=10_000 + 4_000 * number, upper_ft=12_000 + 4_000 * number))
    world.run(minutes=15)
    assert len(world.all(Ring)) == 1
    assert len(world.all(NegotiationEnded)) == 3


def test_a_lost_confirm_leaves_a_hold_that_lapses_and_no_owner() -> None:
    world = Joined()
    world.holds = lambda message: isinstance(message, Confirm)
    world.file("us", plan("near"))
    assert reservations(world, "us") == []
    world.run(minutes=6)
    world.release_held()
    assert len(world.all(Lapsed)) == len(world.all(Confirm)) > 1
    world.run(minutes=5)
    assert world.status("near").state is PlanState.ACCEPTED
    assert len(world.centres["ru"].ledgers["us"].chain("ru")) == 1
    assert same_ledgers(world)


def test_an_entry_that_comes_after_the_asker_gave_up_is_given_back() -> None:
    world = Joined()
    world.holds = lambda message: isinstance(message, Entered)
    world.file("us", plan("near"))
    world.run(minutes=30)
    assert world.status("near").state is PlanState.REFUSED
    world.release_held()
    assert len(world.all(Release)) == 1
    assert reservations(world, "us") == []
    assert list(world.centres["ru"].ledgers["us"].standing("ru", world.now)) == []
    assert same_ledgers(world)


def test_a_missing_entry_is_made_good_when_the_peer_comes_back() -> None:
    world = Joined()
    world.lost = lambda message: isinstance(message, Entered)
    world.file("us", plan("near"))
    world.lost = lambda _: False
    world.health("ru", Presence.UP, "s2")
    world.health("us", Presence.UP, "s2")
    assert world.all(Entries)
    assert world.status("near").state is PlanState.ACCEPTED
    assert same_ledgers(world)


def test_when_both_ring_at_once_one_call_stands_and_both_are_served() -> None:
    world = Joined()
    world.holds = lambda message: isinstance(message, Ring)
    world.file("us", plan("us-1"))
    world.file("ru", plan("ru-1", Position(40.0, 35.0), lower_ft=24_000, upper_ft=26_000))
    world.release_held()
    world.run(minutes=10)
    assert world.status("us-1").state is PlanState.ACCEPTED
    assert world.status("ru-1").state is PlanState.ACCEPTED
    outcomes = sorted(call.outcome.value for call in world.all(CallEnded))
    assert outcomes == ["busy", "completed", "completed"]


def test_a_third_ring_during_a_call_is_answered_busy() -> None:
    slow = PartyConfig(officer=Officer(answer_s=0, think_s=20))
    world = Joined(slow, slow)
    world.file("us", plan("us-1"))
    world.run(minutes=0.1)
    stray = Ring(
        id="stray", source="ru", to="us", seq=99, time=world.now, call_id="ru-x", reason=Reason.ROUTINE,
        tier=Tier.DUTY_OFFICER,
    )  # fmt: skip
    world.deliver(stray)
    assert [busy.call_id for busy in world.all(Busy)] == ["ru-x"]


def test_two_calls_without_an_answer_make_the_line_silent() -> None:
    world = Joined()
    world.lost = lambda message: getattr(message, "to", "") == "ru"
    world.file("us", plan("near"))
    world.run(minutes=10)
    assert {call.outcome for call in world.all(CallEnded)} == {CallOutcome.NO_ANSWER}
    assert [change.state for change in world.all(LineStateChanged)] == [ActualState.SILENT]
    assert len(world.escalations(EscalationKind.LINE_DOWN)) == 1


def test_a_peer_that_is_never_there_ends_the_negotiation_in_time() -> None:
    world = Joined()
    world.lost = lambda message: getattr(message, "to", "") == "ru"
    world.file("us", plan("near"))
    world.run(minutes=180)
    assert world.status("near").state is PlanState.REFUSED
    assert len(world.escalations(EscalationKind.EXPIRED)) == 1
    assert world.centres["us"].open_negotiations() == []


def test_a_call_is_dropped_when_the_peer_dies_and_the_negotiation_resumes_in_another() -> None:
    world = Joined(config(think_s=20), config(think_s=20))
    world.file("ru", plan("ru-1"))
    world.run(minutes=10)
    world.file("us", plan("us-1"))
    world.run(minutes=0.9)
    world.health("ru", Presence.DOWN)
    assert world.all(CallEnded)[-1].outcome is CallOutcome.DROPPED
    world.health("ru", Presence.UP, "s2")
    world.run(minutes=60)
    assert world.status("us-1").state is PlanState.ACCEPTED
    assert same_ledgers(world)


def test_words_in_a_call_that_is_over_are_answered_with_hang_up() -> None:
    world = Joined()
    words = Disclose(
        id="late", source="ru", to="us", seq=7, time=world.now, call_id="ru-old", negotiation_id="n", worth=(1.0,),
        walk_away=0.1,
    )  # fmt: skip
    world.deliver(words)
    assert [(said.call_id, said.outcome) for said in world.all(HangUp)] == [("ru-old", CallOutcome.DROPPED)]


def test_at_an_upper_tier_both_lay_their_needs_open_and_settle_on_what_serves_both() -> None:
    picky = config(costs=Costs(line=0.5, walk_away=0.6, content=1.0))
    world = Joined(ru=picky, rules=agreement(tiers=(TierRule(tier=Tier.DEPUTY_COMMANDER, disclosure=True),)))
    world.file("us", plan("us-1"))
    assert [disclosed.source for disclosed in world.all(Disclose)] == ["ru", "us"]
    assert world.status("us-1").state is PlanState.ACCEPTED
    (settled,) = world.all(Counter)
    theirs = world.all(Disclose)[0]
    assert theirs.worth[world.all(Propose)[0].menu.outcome(settled.choice)] >= theirs.walk_away


def test_what_nobody_can_settle_is_refused_and_on_record() -> None:
    world = Joined(ru=STUBBORN)
    world.file("us", plan("near", flexibility=FIXED))
    world.run(minutes=60)
    status = world.status("near")
    assert status.state is PlanState.REFUSED
    assert status.problem is not None
    assert status.problem.code == "refused-by-peer"
    assert len(world.escalations(EscalationKind.TIER_RAISED)) == 1
    assert len(world.escalations(EscalationKind.REFUSED)) == 1


def test_a_side_that_flies_without_consent_is_on_record_for_it() -> None:
    bold = config(posture=Posture(flies_without_consent=True))
    world = Joined(us=bold)
    world.lost = lambda message: getattr(message, "to", "") == "ru"
    world.file("us", plan("near", hours=0.5))
    world.run(minutes=31)
    assert world.status("near").state is PlanState.NONCONFORMING
    assert len(world.escalations(EscalationKind.CROSSING_WITHOUT_CONSENT)) == 1


def test_a_plan_filed_just_before_its_start_is_late_notice_to_the_side_that_is_asked() -> None:
    world = Joined()
    world.file("us", plan("rush", hours=0.1))
    events = world.escalations(EscalationKind.LATE_NOTICE)
    assert [(event.source, event.peer) for event in events] == [("ru", "us")]
    assert world.all(Ring)[0].reason is Reason.SHORT_NOTICE


def test_a_flight_in_distress_preempts_what_the_other_side_flies_there() -> None:
    world = Joined()
    world.file("ru", plan("ru-1"))
    world.file("us", plan("us-1", Position(40.6, 35.5), flexibility=FIXED))
    world.tell("us", DeclareEmergency, plan_id="us-1")
    world.file("us", plan("mayday", priority=Priority.EMERGENCY))
    world.run(minutes=5)
    assert world.status("us-1").state is PlanState.CONTINGENT
    assert world.status("mayday").state is PlanState.ACCEPTED
    assert world.status("ru-1").state is PlanState.WITHDRAWN
    assert len(world.escalations(EscalationKind.PREEMPTED)) == 1
    assert world.all(Ring)[-1].reason is Reason.EMERGENCY
    assert same_ledgers(world)


def test_a_cancelled_plan_gives_its_air_back() -> None:
    world = Joined()
    world.file("us", plan("near"))
    world.tell("us", CancelPlan, plan_id="near")
    assert world.status("near").state is PlanState.WITHDRAWN
    assert list(world.centres["ru"].ledgers["us"].standing("ru", world.now)) == []
    world.file("ru", plan("ru-1", flexibility=FIXED))
    world.run(minutes=10)
    assert world.status("ru-1").as_filed


def test_cancelling_a_plan_that_is_not_there_names_the_field() -> None:
    world = Joined()
    world.tell("us", CancelPlan, plan_id="nothing")
    (rejected,) = world.all(InputRejected)
    assert (rejected.problem.code, rejected.problem.field) == ("unknown-plan", "plan_id")


def test_the_line_is_checked_at_the_agreed_times() -> None:
    rules = agreement(line_check=LineCheckRule(caller="us", at=(time(7), time(19))))
    world = Joined(rules=rules)
    world.run(minutes=24 * 60)
    assert [ring.reason for ring in world.all(Ring)] == [Reason.LINE_CHECK] * 2
    assert len(world.all(LineChecked)) == 2
    assert [call.outcome for call in world.all(CallEnded)] == [CallOutcome.COMPLETED] * 2


def test_different_agreements_are_an_incident_once_and_the_line_goes_on() -> None:
    check = LineCheckRule(caller="us", at=(time(7), time(19)))
    world = Joined(rules=agreement(line_check=check), rules_of_ru=agreement(line_check=check, name="another"))
    world.run(minutes=24 * 60)
    sources = [event.source for event in world.escalations(EscalationKind.AGREEMENT_MISMATCH)]
    assert sorted(sources) == ["ru", "us"]
    assert len(world.all(LineChecked)) == 2


def test_a_proposal_with_a_false_digest_is_declined_with_the_reason() -> None:
    world = Joined()
    world.holds = lambda message: isinstance(message, Propose)
    world.file("us", plan("near"))
    (proposal,) = world.held
    world.held = []
    world.holds = lambda _: False
    assert isinstance(proposal, Propose)
    world.deliver(msgspec.structs.replace(proposal, offer="0" * 16))
    (rejected,) = world.all(InputRejected)
    assert (rejected.source, rejected.problem.field) == ("ru", "offer")


def test_a_concurrence_with_an_offer_that_has_lapsed_changes_nothing() -> None:
    world = Joined()
    world.holds = lambda message: isinstance(message, Concur)
    world.file("us", plan("near"))
    (concur,) = world.held
    world.held = []
    world.holds = lambda _: False
    late = type(concur)(
        **{f: getattr(concur, f) for f in concur.__struct_fields__ if f != "time"}, time=world.now + timedelta(hours=1)
    )
    world.deliver(late)
    assert reservations(world, "us") == []


@pytest.mark.parametrize("where", [FAR_WEST, FAR_EAST])
def test_a_side_never_says_more_than_it_must(where: Position) -> None:
    world = Joined()
    world.file("us", plan("far", where))
    assert not [message for message in world.said if hasattr(message, "to")]
