"""A person at the desk of one of two centres: what waits for their orders, what they may order, and what goes on."""

from typing import Any

import pytest

from hotline_protocol.agreement import TierRule
from hotline_protocol.events import CallEnded, InputRejected
from hotline_protocol.flightplan import PlanState, Priority
from hotline_protocol.line import (
    Answer,
    CallOutcome,
    Concur,
    Counter,
    Decline,
    Expire,
    HangUp,
    Ring,
    Tier,
)
from hotline_protocol.menu import Choice
from hotline_protocol.orders import (
    AcceptOffer,
    AnswerRing,
    CounterOffer,
    DecisionAwaited,
    DeclineOffer,
    DeskLeft,
    DeskTaken,
    EndCall,
    LeaveDesk,
    Leaving,
    LetRing,
    RaiseTier,
    RingNow,
    TakeDesk,
    Verdict,
)
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.config import Costs
from hotline_services.simulation.chance import Chance

from .joined import DAWN, FAR_EAST, PROMPT, Joined, agreement, config, minutes, plan
from .manned import SITTING, Manned

SLOW = config(think_s=30)


def test_who_sits_down_is_told_what_is_on_the_desk() -> None:
    world = Joined()
    world.file("ru", plan("own", FAR_EAST))
    world.tell("ru", TakeDesk, sitting=SITTING, operator="Col. X", lease_s=60)
    (taken,) = world.all(DeskTaken)
    assert taken.source == "ru"
    assert (taken.by.operator, taken.until) == ("Col. X", DAWN + minutes(1))
    assert taken.agreement == agreement().digest
    assert [own.plan_id for own in taken.plans] == ["own"]
    assert taken.call is None


def test_a_ring_waits_for_the_order_to_answer() -> None:
    world = Manned()
    ring = world.rung()
    world.run(minutes=0.5)
    assert world.all(Answer) == []
    world.order(AnswerRing, call_id=ring.call_id)
    assert [answer.cause for answer in world.all(Answer)] == [ring.id]


def test_a_ring_that_nobody_answers_is_no_answer_in_time() -> None:
    world = Manned()
    world.rung()
    world.run(minutes=1.5)
    assert [call.outcome for call in world.all(CallEnded)] == [CallOutcome.NO_ANSWER]


def test_a_ring_that_is_let_ring_is_not_picked_up_by_the_officer_who_takes_over() -> None:
    world = Manned()
    world.order(LetRing, call_id=world.rung().call_id)
    world.order(LeaveDesk)
    world.run(minutes=1.5)
    assert [call.outcome for call in world.all(CallEnded)] == [CallOutcome.NO_ANSWER]


def test_an_offer_is_laid_before_the_person_with_what_the_automatic_officer_would_say() -> None:
    world = Manned()
    decision = world.asked()
    assert decision.officer is Verdict.CONCUR
    assert decision.plan_id is None
    assert len(decision.worth) == decision.menu.size
    assert world.all(Concur) == []


def test_an_order_to_concur_leads_to_the_agreement() -> None:
    world = Manned()
    world.asked()
    world.answer(AcceptOffer)
    assert world.status("near").state is PlanState.ACCEPTED
    assert world.refusals == []


def test_an_order_to_counter_offers_exactly_that() -> None:
    world = Manned()
    asked = world.asked()
    higher = Choice(sector=0, block=1, shift=asked.menu.shifts_min.index(0))
    world.answer(CounterOffer, choice=higher)
    first, *_ = [counter for counter in world.all(Counter) if counter.source == "ru"]
    assert (first.choice, first.answers) == (higher, asked.offer)


def test_an_order_to_decline_is_said_with_its_reason() -> None:
    world = Manned()
    world.asked()
    world.answer(DeclineOffer, reason="held by our own patrol")
    assert [decline.reason for decline in world.all(Decline)] == ["held by our own patrol"]


def test_an_offer_that_is_not_answered_lapses() -> None:
    world = Manned()
    offer = world.asked().offer
    world.run(minutes=4)
    assert offer in [expire.offer for expire in world.all(Expire)]
    world.order(AcceptOffer, negotiation_id=world.decision.negotiation_id, offer=offer)
    assert world.refusals == ["bad-order offer"]


def test_an_order_about_another_offer_is_refused_and_changes_nothing() -> None:
    world = Manned()
    decision = world.asked()
    world.order(AcceptOffer, negotiation_id=decision.negotiation_id, offer="0" * 16)
    assert world.refusals == ["bad-order offer"]
    assert "does not await an answer" in world.refusal
    assert world.all(Concur) == []
    world.answer(AcceptOffer)
    assert world.status("near").state is PlanState.ACCEPTED


def test_an_order_is_obeyed_once() -> None:
    world = Manned()
    world.asked()
    world.answer(AcceptOffer)
    world.answer(AcceptOffer)
    assert world.refusals == ["bad-order offer"]
    assert len(world.all(Concur)) == 1


def test_air_that_is_not_free_cannot_be_conceded() -> None:
    world = Manned()
    world.file("ru", plan("own", hours=5))
    for decision in world.all(DecisionAwaited):
        world.order(AcceptOffer, negotiation_id=decision.negotiation_id, offer=decision.offer)
    world.run(minutes=1)
    assert world.status("own").state is PlanState.ACCEPTED
    decision = world.asked(plan("theirs", hours=5))
    assert decision.meets == ("own",)
    world.answer(AcceptOffer)
    shift = next(n for n, minutes in enumerate(decision.menu.shifts_min) if minutes == 5)
    world.answer(CounterOffer, choice=Choice(sector=0, block=0, shift=shift))
    assert world.refusals == ["bad-order offer", "bad-order choice"]
    assert "not free" in world.refusal
    assert decision.worth[decision.menu.outcome(decision.choice)] == -1


def test_a_counter_that_is_not_on_the_menu_or_is_their_own_offer_is_refused() -> None:
    world = Manned()
    decision = world.asked()
    world.answer(CounterOffer, choice=Choice(sector=99, block=0, shift=0))
    world.answer(CounterOffer, choice=decision.choice)
    assert world.refusals == ["bad-order choice"] * 2


def test_no_more_offers_are_made_than_the_tier_may() -> None:
    stubborn = config(costs=Costs(walk_away=0.9))
    world = Manned(stubborn, PROMPT, rules_of_ru=agreement(tiers=(TierRule(tier=Tier.DUTY_OFFICER, rounds=2),)))
    decision = world.asked()
    others = [decision.menu.choice(n) for n in range(decision.menu.size - 1, 0, -1)]
    for choice in others[:3]:
        world.answer(CounterOffer, choice=choice)
    assert world.refusals == ["bad-order choice"]
    assert "may make 2 offers" in world.refusal


def test_the_own_side_s_offers_are_answered_by_order_too() -> None:
    fussy = config(costs=Costs(line=0.9, content=1.0))
    world = Manned(fussy, PROMPT)
    world.file("ru", plan("ours"))
    decision = world.decision
    assert decision.plan_id == "ours"
    world.answer(AcceptOffer)
    assert world.status("ours").state is PlanState.ACCEPTED
    assert world.status("ours").volumes == decision.menu.volumes(decision.choice)


def test_only_who_holds_the_desk_may_give_orders() -> None:
    world = Manned()
    ring = world.rung()
    world.order(AnswerRing, sitting="s-2", call_id=ring.call_id)
    assert world.refusals == ["not-at-desk sitting"]
    assert world.all(Answer) == []


def test_a_desk_that_is_taken_is_not_given_to_another() -> None:
    world = Manned()
    world.order(TakeDesk, sitting="s-2", operator="Maj. Y")
    assert world.refusals == ["desk-taken sitting"]
    assert "Col. X holds the desk" in world.refusal


def test_an_order_without_a_person_at_the_desk_is_refused() -> None:
    world = Joined()
    world.tell("ru", RingNow, sitting=SITTING, peer="us")
    (refusal,) = world.all(InputRejected)
    assert refusal.problem.reason == "the automatic officer holds the desk"


def test_a_lease_that_is_not_renewed_gives_the_desk_back_and_the_ring_is_answered() -> None:
    world = Manned(lease_s=20)
    world.rung()
    world.run(minutes=2)
    assert [left.how for left in world.all(DeskLeft)] == [Leaving.LEASE_OVER]
    assert world.status("near").state is PlanState.ACCEPTED


def test_a_lease_that_is_renewed_goes_on_in_silence() -> None:
    world = Manned(lease_s=20)
    for _ in range(6):
        world.run(minutes=0.3)
        world.order(TakeDesk, operator="Col. X", lease_s=20, tell=False)
    assert world.all(DeskLeft) == []
    assert len(world.all(DeskTaken)) == 1


def test_who_leaves_leaves_the_pending_offer_to_the_automatic_officer() -> None:
    world = Manned()
    world.asked()
    world.order(LeaveDesk)
    assert [left.how for left in world.all(DeskLeft)] == [Leaving.LEFT]
    assert world.status("near").state is PlanState.ACCEPTED


def test_who_asks_again_what_is_on_the_desk_is_told_the_pending_offer_again() -> None:
    world = Manned()
    first = world.asked()
    world.order(TakeDesk, operator="Col. X", lease_s=60)
    assert world.decision.offer == first.offer
    assert world.decision.id != first.id
    assert world.all(DeskTaken)[-1].call is not None
    world.answer(AcceptOffer)
    assert world.status("near").state is PlanState.ACCEPTED


def test_being_told_again_changes_nothing_of_what_the_automatic_officer_would_say() -> None:
    world = Manned(PROMPT, config(costs=Costs(line=0.9, content=1.0)))
    first = world.asked()
    for _ in range(3):
        world.order(TakeDesk, operator="Col. X", lease_s=600)
    advice = {(asked.officer, asked.officer_choice) for asked in world.all(DecisionAwaited)}
    assert advice == {(first.officer, first.officer_choice)}
    assert first.officer is Verdict.COUNTER


def test_the_automatic_officer_goes_on_from_what_the_person_has_said() -> None:
    fussy = config(costs=Costs(line=0.9, content=1.0))
    world = Manned(config(costs=Costs(walk_away=0.9)), fussy)
    asked = world.asked()
    world.answer(CounterOffer, choice=Choice(sector=1, block=1, shift=0))
    second = world.decision
    world.order(LeaveDesk)
    world.run(minutes=10)
    offers = [counter for counter in world.all(Counter) if counter.source == "ru"]
    assert offers[0].answers == asked.offer
    assert offers[1].answers == second.offer
    assert len({counter.offer for counter in offers}) == len(offers)
    assert world.centres["ru"].open_calls() == []


def test_sitting_down_while_it_rings_takes_the_ring_over() -> None:
    world = Joined(PROMPT, config(think_s=30))
    world.file("us", plan("near"))
    world.tell("ru", TakeDesk, sitting=SITTING, operator="Col. X", lease_s=600)
    call = world.all(DeskTaken)[-1].call
    assert call is not None
    assert not call.talking
    world.run(minutes=0.9)
    assert world.all(Answer) == []


def test_hanging_up_drops_the_call_and_it_is_made_again() -> None:
    world = Manned()
    decision = world.asked()
    world.order(EndCall, call_id=decision.call_id)
    assert [up.outcome for up in world.all(HangUp)] == [CallOutcome.DROPPED]
    world.run(minutes=3)
    assert len(world.all(Ring)) == 2


@pytest.mark.parametrize("kind", [AnswerRing, LetRing, EndCall])
def test_an_order_about_a_call_that_is_not_there_is_refused(kind: type[Any]) -> None:
    world = Manned()
    world.order(kind, call_id="us-0-c9")
    assert world.refusals == ["bad-order call_id"]


def test_ringing_now_does_not_wait_until_routine_plans_have_been_gathered() -> None:
    world = Manned(PROMPT, config(gather_s=3_600))
    world.file("ru", plan("ours", hours=8))
    assert world.all(Ring) == []
    world.order(RingNow, peer="us")
    assert len(world.all(Ring)) == 1
    world.order(RingNow, peer="us")
    assert world.refusals == ["bad-order peer"]


def test_a_tier_is_raised_by_order_and_named_so_that_a_stale_order_is_refused() -> None:
    world = Manned(SLOW, config(gather_s=3_600))
    world.file("ru", plan("ours", hours=8))
    about = world.status("ours").negotiation_id
    for _ in range(2):
        world.order(RaiseTier, negotiation_id=about, tier=Tier.DUTY_OFFICER)
    assert [ring.tier for ring in world.all(Ring)] == [Tier.DEPUTY_COMMANDER]
    assert world.refusals == ["bad-order tier"]
    world.order(RaiseTier, negotiation_id=about, tier=Tier.DEPUTY_COMMANDER)
    assert world.refusal == "there is none above deputy-commander"


def test_raising_the_tier_during_a_call_leaves_the_offer_and_rings_higher_up() -> None:
    world = Manned(config(costs=Costs(line=0.9, content=1.0)), PROMPT)
    world.file("ru", plan("ours"))
    decision = world.decision
    world.order(RaiseTier, negotiation_id=decision.negotiation_id, tier=Tier.DUTY_OFFICER)
    assert decision.offer in [decline.answers for decline in world.all(Decline)]
    assert [ring.tier for ring in world.all(Ring)] == [Tier.DUTY_OFFICER, Tier.DEPUTY_COMMANDER]


def test_a_flight_in_distress_is_laid_before_the_person_too() -> None:
    world = Manned()
    decision = world.asked(plan("mayday", priority=Priority.EMERGENCY))
    assert decision.priority is Priority.EMERGENCY
    assert decision.officer is Verdict.CONCUR


def test_a_replay_of_the_same_inputs_says_the_same() -> None:
    def centre() -> Centre:
        return Centre("ru", PROMPT, agreement(), epoch="0", chance=Chance(1))

    world = Manned()
    inputs: list[tuple[Any, Any]] = []
    first = world.centres["ru"] = centre()
    receive = first.receive

    def kept(message: Any, now: Any) -> Any:
        inputs.append((message, now))
        return receive(message, now)

    first.receive = kept  # type: ignore[method-assign]
    world.said.clear()
    world.order(TakeDesk, operator="Col. X", lease_s=86_400)
    world.asked()
    world.answer(AcceptOffer)
    again = centre()
    said = [message for heard, now in inputs for message in again.receive(heard, now)]
    assert said == [message for message in world.said if message.source == "ru"]
    assert any(isinstance(message, Concur) for message in said)
