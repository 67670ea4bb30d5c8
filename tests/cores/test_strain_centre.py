"""What strain changes in what a centre does, and what eases it again."""

from datetime import timedelta
from typing import Any

import pytest

from hotline_protocol.agreement import LineCheckRule
from hotline_protocol.airspace import Position
from hotline_protocol.events import (
    Escalated,
    EscalationKind,
    InputRejected,
    LineAnnounced,
    NegotiationEnded,
    NegotiationOutcome,
    Stage,
    StrainChanged,
)
from hotline_protocol.flightplan import PlanState, Priority
from hotline_protocol.injection import AnnouncedState, AnnounceLine, SightingKind
from hotline_protocol.line import Advise, Answer, Disclose, Protest, Reason, Ring, Tier
from hotline_protocol.message import Author, Message
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.config import Costs, PartyConfig, StrainModel, Strategy
from hotline_services.aoc.strain.felt import Felt
from hotline_services.aoc.strain.relations import Relations
from hotline_services.aoc.voice import Voice
from hotline_services.simulation.chance import Chance

from .joined import DAWN, PROMPT, Joined, agreement, plan
from .strained import MODELS, OFFICER, RULES, in_a_crisis, saw, side, strain

# Recording -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_each_step_of_strain_names_its_cause_and_its_sum(model: StrainModel) -> None:
    world = Joined(side(model))
    saw(world, SightingKind.AIRCRAFT_LOST)
    first = strain(world)[0]
    (recorded,) = world.escalations(EscalationKind.SIGHTING)
    assert (first.peer, first.model, first.cause) == ("ru", model.value, recorded.cause)
    assert first.because == Felt.LOSS_SEEN.value
    assert first.arithmetic.partition(";")[0].endswith(f"= {first.after:g}")


def test_a_side_without_a_model_says_nothing_of_strain() -> None:
    world = Joined(rules=RULES)
    for kind in SightingKind:
        saw(world, kind)
    assert world.all(StrainChanged) == []


def test_strain_that_wears_off_is_not_said_until_something_is_felt() -> None:
    world = Joined(side())
    saw(world, SightingKind.AIRCRAFT_LOST)
    said = len(strain(world))
    world.run(minutes=24 * 60)
    assert len(strain(world)) == said
    before = strain(world)[-1].after
    saw(world, SightingKind.SHOW_OF_FORCE)
    again = strain(world)[said]
    assert again.before == pytest.approx(before / 2, abs=0.01)
    assert again.after == pytest.approx(before / 2 + 7.2, abs=0.01)


def test_a_side_that_only_records_strain_does_what_one_without_a_model_does() -> None:
    def all_but_strain(us: PartyConfig) -> list[tuple[type[Message], dict[str, Any]]]:
        world = Joined(us, rules=RULES)
        for _ in range(12):
            for kind in SightingKind:
                saw(world, kind)
            world.file("ru", plan(f"ru-{world.now:%H%M}", hours=5))
            world.run(minutes=30)
        hidden = {"id", "seq", "cause", "call_id", "answers", "offer", "agreement_id"}
        return [
            (type(said), {name: getattr(said, name) for name in said.__struct_fields__ if name not in hidden})
            for said in world.said
            if isinstance(said, Ring | Protest | Escalated | LineAnnounced | NegotiationEnded)
        ]

    recorded = all_but_strain(side(reacts=False))
    unfelt = all_but_strain(PROMPT)
    drop = {"about", "detail"}
    assert [(kind, {k: v for k, v in fields.items() if k not in drop}) for kind, fields in recorded] == [
        (kind, {k: v for k, v in fields.items() if k not in drop}) for kind, fields in unfelt
    ]


@pytest.mark.parametrize("model", MODELS)
def test_a_centre_that_replays_what_it_heard_feels_the_same_again(model: StrainModel) -> None:
    heard: list[tuple[Message | None, Any]] = []

    class Noting(Centre):
        def receive(self, message: Message, now: Any) -> Any:
            heard.append((message, now))
            return super().receive(message, now)

        def lapse(self, now: Any) -> Any:
            heard.append((None, now))
            return super().lapse(now)

    world = Joined(side(model), side(model), rules=RULES)
    world.centres["us"] = Noting("us", side(model), RULES, epoch="0", chance=Chance(1))
    for number, kind in enumerate((*SightingKind, *SightingKind)):
        saw(world, kind, "us" if number % 3 else "ru")
        world.run(minutes=50)
    again = Centre("us", side(model), RULES, epoch="0", chance=Chance(1))
    replayed: list[Message] = []
    for message, now in heard:
        replayed += again.receive(message, now) if message else again.lapse(now)
    assert [said for said in replayed if isinstance(said, StrainChanged)] == strain(world)
    assert strain(world)


# What eases it -------------------------------------------------------------------------------------------


def test_a_protest_that_is_noted_and_a_call_that_is_completed_ease_it() -> None:
    world = Joined(side(), side())
    saw(world, SightingKind.CLOSE_APPROACH)
    felt = [event.because for event in strain(world)]
    assert felt == [Felt.APPROACH_SEEN.value, Felt.PROTEST_NOTED.value, Felt.CALL_COMPLETED.value]
    assert [event.because for event in strain(world, "ru")] == [Felt.PROTEST_HEARD.value, Felt.CALL_COMPLETED.value]
    assert strain(world)[-1].after == pytest.approx(6 - 3.4 - 1)


def test_a_line_check_eases_it_unless_the_two_sides_hold_different_agreements() -> None:
    at = (DAWN + timedelta(hours=1)).time()
    same = agreement(line_check=LineCheckRule(caller="us", at=(at,)))
    other = agreement(name="another", line_check=same.line_check)
    for rules_of_ru, passed in ((same, True), (other, False)):
        world = Joined(side(), side(), rules=same, rules_of_ru=rules_of_ru)
        saw(world, SightingKind.AIRCRAFT_LOST)
        saw(world, SightingKind.AIRCRAFT_LOST, "ru")
        world.run(minutes=90)
        for party in ("us", "ru"):
            felt = [event.because for event in strain(world, party)]
            assert (Felt.LINE_CHECKED.value in felt) is passed
            assert (Felt.AGREEMENT_DIFFERS.value in felt) is not passed


@pytest.mark.parametrize("complaint", [False, True])
def test_an_agreement_that_was_kept_eases_it_on_both_sides_and_one_complained_of_does_not(*, complaint: bool) -> None:
    world = Joined(side(), side())
    world.file("ru", plan("ru-1"))
    world.run(minutes=185)
    for party in ("us", "ru"):
        for _ in range(5):
            saw(world, SightingKind.AIRCRAFT_LOST, party)
    if not complaint:  # what has been complained of was before the flight that is looked at
        world.file("ru", plan("ru-2", hours=5))
    world.run(minutes=240)
    assert (Felt.GUEST_KEPT.value in [event.because for event in strain(world)]) is not complaint
    assert (Felt.VISIT_KEPT.value in [event.because for event in strain(world, "ru")]) is not complaint


def test_who_is_let_in_when_in_distress_is_thankful() -> None:
    world = Joined(side(), PROMPT)
    saw(world, SightingKind.AIRCRAFT_LOST)
    world.file("us", plan("us-1", priority=Priority.EMERGENCY))
    assert Felt.HELPED.value in [event.because for event in strain(world)]


# What it changes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_a_calm_side_lets_a_crossing_pass_and_records_it(model: StrainModel) -> None:
    world = Joined(side(model))
    saw(world, SightingKind.LINE_CROSSING)
    assert len(world.escalations(EscalationKind.SIGHTING)) == 1
    assert world.all(Protest) == []
    saw(world, SightingKind.SHOW_OF_FORCE)
    assert len(world.all(Protest)) == 1


@pytest.mark.parametrize("model", MODELS)
def test_a_tense_side_protests_against_every_crossing(model: StrainModel) -> None:
    world = Joined(side(model, gain=3))
    while not strain(world) or strain(world)[-1].stage is Stage.CALM:
        saw(world, SightingKind.AIRCRAFT_LOST)
    before = len(world.all(Protest))
    saw(world, SightingKind.LINE_CROSSING)
    assert len(world.all(Protest)) == before + 1


def test_the_more_strained_a_side_the_higher_the_tier_that_rings_about_an_incident() -> None:
    world = in_a_crisis()
    tiers = [ring.tier for ring in world.all(Ring) if ring.reason is Reason.INCIDENT]
    assert tiers == sorted(tiers, key=lambda tier: tier.rank)
    assert set(tiers) == {Tier.DUTY_OFFICER, Tier.DEPUTY_COMMANDER, Tier.COMMANDER}


def test_a_tier_that_the_agreement_does_not_know_rings_nobody() -> None:
    world = in_a_crisis(rules=agreement())
    assert world.all(Ring)[-1].tier is Tier.DEPUTY_COMMANDER


def test_strain_makes_concession_stiffer_and_leaves_the_rest_of_the_configuration() -> None:
    voice = Voice(Author("us"), DAWN)
    config = side(strategy=Strategy(exponent=2.0), costs=Costs(line=0.3))
    relations = Relations(config, ["ru"], voice)
    exponents = []
    for _ in range(7):
        towards = relations.config_towards("ru")
        exponents.append(towards.strategy.exponent)
        assert towards.costs is config.costs
        assert towards.review.exponent == pytest.approx(towards.strategy.exponent / 2), "over the line as over flights"
        relations.feel(Felt.LOSS_SEEN, "ru")
    assert exponents == sorted(exponents, reverse=True)
    assert (exponents[0], exponents[-1]) == pytest.approx((2.0, 0.7))


def test_in_a_crisis_no_needs_are_laid_open_and_negotiations_still_end() -> None:
    stubborn = Costs(walk_away=0.7, line=0.6, content=1.0)
    calm = Joined(side(costs=stubborn), side(costs=stubborn), rules=RULES)
    crisis = in_a_crisis(side(costs=stubborn), side(costs=stubborn))
    for world in (calm, crisis):
        world.file("us", plan("us-1", hours=2))
        world.file("ru", plan("ru-1", hours=6, where=Position(40.0, 35.0)))
        world.run(minutes=120)
    assert {said.source for said in calm.all(Disclose)} == {"us", "ru"}
    assert {said.source for said in crisis.all(Disclose)} <= {"ru"}
    for world in (calm, crisis):
        assert {ended.plan_id for ended in world.all(NegotiationEnded)} == {"us-1", "ru-1"}
        assert all(centre.open_negotiations() == [] for centre in world.centres.values())


def test_who_lays_needs_open_to_a_side_in_a_crisis_is_declined_and_goes_on() -> None:
    stubborn = Costs(walk_away=0.7, line=0.6, content=1.0)
    world = in_a_crisis(side(costs=stubborn), PartyConfig(officer=OFFICER, costs=stubborn))
    world.file("us", plan("us-1", hours=2))
    world.run(minutes=110)
    (ended,) = world.all(NegotiationEnded)
    assert ended.outcome in {NegotiationOutcome.REFUSED, NegotiationOutcome.AGREED_WITH_CHANGES}
    assert {said.source for said in world.all(Disclose)} <= {"ru"}


# Suspension ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_a_crisis_has_the_line_declared_suspended_once_and_open_again_when_it_has_calmed_down(
    model: StrainModel,
) -> None:
    world = in_a_crisis(side(model, gain=4, half_life_h=6))
    for _ in range(3):
        saw(world, SightingKind.SHOW_OF_FORCE)
    assert [said.state for said in world.all(LineAnnounced)] == [AnnouncedState.SUSPENDED]
    assert len(world.escalations(EscalationKind.SUSPENSION_ANNOUNCED)) == 1
    world.run(minutes=6 * 60 * 12)
    assert [said.state for said in world.all(LineAnnounced)] == [AnnouncedState.SUSPENDED, AnnouncedState.OPEN]
    reopened = world.all(LineAnnounced)[-1]
    assert reopened.time - DAWN >= timedelta(hours=5)


def test_officers_go_on_answering_while_the_line_is_declared_suspended() -> None:
    world = in_a_crisis()
    answered = len(world.all(Answer))
    world.file("ru", plan("ru-1"))
    assert world.status("ru-1").state is PlanState.ACCEPTED
    assert len(world.all(Answer)) > answered


def test_a_suspension_that_was_ordered_strains_nobody_and_is_on_record() -> None:
    world = Joined(side(), side(), rules=RULES)
    world.tell("us", AnnounceLine, state=AnnouncedState.SUSPENDED, statement="until further notice")
    assert strain(world) == strain(world, "ru") == []
    (event,) = world.escalations(EscalationKind.SUSPENSION_ANNOUNCED)
    assert (event.source, event.peer, event.detail) == ("us", "ru", "until further notice")


def test_a_suspension_that_was_ordered_is_neither_declared_again_nor_taken_back() -> None:
    world = Joined(side(half_life_h=2), rules=RULES)
    world.tell("us", AnnounceLine, state=AnnouncedState.SUSPENDED)
    for _ in range(15):
        saw(world, SightingKind.AIRCRAFT_LOST)
    assert strain(world)[-1].stage is Stage.CRISIS
    world.run(minutes=24 * 60)
    assert [said.state for said in world.all(LineAnnounced)] == [AnnouncedState.SUSPENDED]


def test_an_order_to_open_the_line_stands_while_the_crisis_lasts() -> None:
    world = in_a_crisis()
    world.tell("us", AnnounceLine, state=AnnouncedState.OPEN)
    saw(world, SightingKind.AIRCRAFT_LOST)
    assert world.all(LineAnnounced)[-1].state is AnnouncedState.OPEN


# Warnings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_a_strained_side_warns_and_the_other_feels_warned(model: StrainModel) -> None:
    world = in_a_crisis(side(model, gain=4), side())
    warnings = world.all(Advise)
    assert warnings
    assert {warning.source for warning in warnings} == {"us"}
    assert Felt.WARNING_HEARD.value in [event.because for event in strain(world, "ru")]


@pytest.mark.parametrize("model", MODELS)
def test_two_sides_that_answer_warnings_with_warnings_come_to_an_end(model: StrainModel) -> None:
    strained = side(model, gain=4, excitation=0.9)
    world = in_a_crisis(strained, strained)
    for _ in range(10):
        saw(world, SightingKind.AIRCRAFT_LOST, "ru")
        world.run(minutes=30)
    seen = len(world.escalations(EscalationKind.SIGHTING))
    assert 0 < len(world.all(Advise)) <= 4 * seen
    assert {warning.source for warning in world.all(Advise)} == {"us", "ru"}


# Partners and third parties ------------------------------------------------------------------------------


def test_a_third_party_is_put_on_record_and_nobody_is_rung_up() -> None:
    world = Joined(side(), rules=RULES)
    saw(world, SightingKind.CLOSE_APPROACH, by="taf", callsign="KARTAL1")
    (event,) = world.escalations(EscalationKind.THIRD_PARTY)
    assert (event.peer, event.detail) == ("taf", "close-approach by KARTAL1")
    assert [*world.all(Ring), *strain(world)] == []


@pytest.mark.parametrize("named", [{"by": "ru", "operator": "syaf"}, {"by": "syaf"}])
def test_a_partner_of_whom_its_sponsor_did_not_know_is_an_incident_of_the_sponsor(named: dict[str, str]) -> None:
    world = Joined(rules=RULES)
    saw(world, SightingKind.UNANNOUNCED_FLIGHT, **named)
    (protest,) = world.all(Protest)
    assert (protest.to, protest.operator) == ("ru", "syaf")
    (event,) = world.escalations(EscalationKind.PARTNER_UNKNOWN)
    assert (event.source, event.peer, event.cause) == ("ru", "us", protest.id)


def test_a_partner_whose_flight_its_sponsor_knew_is_an_incident_of_its_own() -> None:
    world = Joined(rules=RULES)
    world.file("ru", plan("ru-1", operator="syaf"))
    world.run(minutes=190)
    saw(world, SightingKind.SHOW_OF_FORCE, operator="syaf")
    assert len(world.all(Protest)) == 1
    assert world.escalations(EscalationKind.PARTNER_UNKNOWN) == []


def test_what_a_side_itself_has_flown_is_never_unknown_to_it() -> None:
    world = Joined(rules=RULES)
    saw(world, SightingKind.UNANNOUNCED_FLIGHT)
    assert world.escalations(EscalationKind.PARTNER_UNKNOWN) == []


@pytest.mark.parametrize("by", ["us", "raf", "nobody"])
def test_a_sighting_of_our_own_side_or_of_a_stranger_is_refused(by: str) -> None:
    world = Joined(rules=RULES)
    saw(world, SightingKind.CLOSE_APPROACH, by=by)
    (rejected,) = world.all(InputRejected)
    assert (rejected.problem.code, rejected.problem.field) == ("unknown-party", "by")


def test_a_call_that_nobody_takes_is_not_one_that_was_completed() -> None:
    world = Joined(side(), rules=RULES)
    world.lost = lambda message: getattr(message, "to", "") == "ru"
    saw(world, SightingKind.AIRCRAFT_LOST)
    world.run(minutes=30)
    assert Felt.CALL_COMPLETED.value not in [event.because for event in strain(world)]
    assert Felt.LINE_SILENT.value in [event.because for event in strain(world)]
