"""The three models of escalation: how strain builds up, how it wears off, and that each sum is what it says."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.events import EscalationKind, Stage
from hotline_protocol.injection import SightingKind
from hotline_services.aoc.config import Strain, StrainModel
from hotline_services.aoc.strain.felt import OF_ESCALATION, OF_SIGHTING, WEIGHTS, Felt, Severity
from hotline_services.aoc.strain.hawkes import BASE_A_DAY
from hotline_services.aoc.strain.ladder import LADDER, Push, marks
from hotline_services.aoc.strain.model import Model, Rung, Step, stage_at
from hotline_services.aoc.strain.relations import model_of
from hotline_services.simulation.chance import Chance

DAWN = datetime(2017, 6, 18, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
MODELS = (StrainModel.LADDER, StrainModel.GOLDSTEIN, StrainModel.HAWKES)
TO_THE_BAD = [felt for felt in Felt if WEIGHTS[felt].strain > 0]
RUNGS = list(Rung)

strains = st.builds(
    Strain,
    model=st.sampled_from(MODELS),
    gain=st.floats(0, 5),
    half_life_h=st.floats(0.5, 200),
    excitation=st.floats(0, 0.95),
)
times = st.lists(st.tuples(st.sampled_from(Felt), st.floats(0, 40)), max_size=30)


def model(kind: StrainModel, **changes: float) -> Model:
    built = model_of(Strain(model=kind, **changes))  # type: ignore[arg-type]
    assert built is not None
    return built


def feel(model: Model, story: Sequence[tuple[Felt, float]]) -> tuple[list[Step], datetime]:
    """Each so many hours after the one before it."""
    now, steps = DAWN, []
    for felt, hours in story:
        now += timedelta(hours=hours)
        steps.append(model.felt(felt, now))
    return steps, now


def worked_out(arithmetic: str) -> tuple[float, float]:
    """What the sum before the equals sign comes to, to the digits of a level, and what it is said to come to."""
    sum_, _, result = arithmetic.partition(";")[0].rpartition(" = ")
    assert re.fullmatch(r"[0-9.e+x^()h,/ maxin-]+", sum_), sum_
    python = sum_.replace(" h", "").replace(" x ", " * ").replace("^", "**")
    return round(eval(python, {"min": min, "max": max}), 2), float(result)  # noqa: S307  digits and signs alone


@given(strains, times)
def test_the_arithmetic_of_each_step_comes_to_its_level(config: Strain, story: list[tuple[Felt, float]]) -> None:
    built = model_of(config)
    assert built is not None
    for step in feel(built, story)[0]:
        assert worked_out(step.arithmetic) == (step.after, step.after)


def test_a_sum_reads_as_an_officer_would_do_it() -> None:
    tension = model(StrainModel.GOLDSTEIN)
    assert tension.felt(Felt.FORCE_SEEN, DAWN).arithmetic == "0 + 1 x 7.2 = 7.2"
    assert tension.felt(Felt.WARNING_HEARD, DAWN + 3 * HOUR).arithmetic == "7.2 x 0.5^(3 h / 24 h) + 1 x 6 = 12.6"
    assert tension.felt(Felt.HELPED, DAWN + 99 * HOUR).arithmetic == "max(12.6 x 0.5^(96 h / 24 h) - 1 x 7, 0) = 0"


@given(strains, times, st.lists(st.floats(0, 100), min_size=2, max_size=8))
def test_without_anything_felt_strain_only_ever_wears_off(
    config: Strain, story: list[tuple[Felt, float]], later: list[float]
) -> None:
    built = model_of(config)
    assert built is not None
    _, now = feel(built, story)
    levels = [built.level(now + hours * HOUR) for hours in sorted(later)]
    assert levels == sorted(levels, reverse=True)
    assert built.level(now + 1_000_000 * HOUR) == pytest.approx(model_of(config).level(now))  # type: ignore[union-attr]


@given(strains, times)
def test_strain_is_never_negative_and_a_step_begins_where_time_has_brought_the_one_before(
    config: Strain, story: list[tuple[Felt, float]]
) -> None:
    built = model_of(config)
    assert built is not None
    now = DAWN
    for felt, hours in story:
        now += timedelta(hours=hours)
        before = built.level(now)
        step = built.felt(felt, now)
        assert (step.before, step.after) == (before, built.level(now))
        assert step.after >= 0
        assert step.stage is stage_at(step.after, config.stages)


@given(st.floats(0, 100), st.floats(0.5, 1_000), times)
def test_tension_is_bounded_so_that_one_half_life_of_quiet_ends_a_crisis(
    gain: float, half_life_h: float, story: list[tuple[Felt, float]]
) -> None:
    tension = model(StrainModel.GOLDSTEIN, gain=gain, half_life_h=half_life_h)
    steps, now = feel(tension, story)
    assert all(step.after <= 100 for step in steps)
    assert tension.level(now + timedelta(hours=half_life_h)) <= 50


@pytest.mark.parametrize("kind", [StrainModel.GOLDSTEIN, StrainModel.HAWKES])
@given(
    st.lists(st.sampled_from(TO_THE_BAD), max_size=6).flatmap(
        lambda felt: st.tuples(st.just(felt), st.permutations(felt))
    )
)
def test_the_order_of_what_strains_at_the_same_time_makes_no_difference(
    kind: StrainModel, orders: tuple[list[Felt], list[Felt]]
) -> None:
    one, other = model(kind), model(kind)
    for first, second in zip(*orders, strict=True):
        one.felt(first, DAWN)
        other.felt(second, DAWN)
    assert one.level(DAWN) == pytest.approx(other.level(DAWN), abs=0.01 * len(orders[0]) + 1e-9)


@given(
    st.lists(st.sampled_from([felt for felt in TO_THE_BAD if WEIGHTS[felt].severity is Severity.SLIGHT]), max_size=9)
)
def test_the_ladder_takes_slights_in_any_order(slights: list[Felt]) -> None:
    one, other = model(StrainModel.LADDER), model(StrainModel.LADDER)
    for felt in slights:
        one.felt(felt, DAWN)
    for felt in reversed(slights):
        other.felt(felt, DAWN)
    assert one.level(DAWN) == other.level(DAWN)


@pytest.mark.parametrize("kind", MODELS)
def test_all_that_is_seen_or_escalated_is_felt_but_third_parties_and_own_suspensions(kind: StrainModel) -> None:
    assert set(OF_SIGHTING) == set(SightingKind)
    assert set(EscalationKind) - set(OF_ESCALATION) == {
        EscalationKind.SIGHTING,
        EscalationKind.THIRD_PARTY,
        EscalationKind.SUSPENSION_ANNOUNCED,
    }
    assert {*WEIGHTS} == {*Felt}
    for felt in Felt:
        assert (model(kind).felt(felt, DAWN).after > model(kind).level(DAWN)) <= (WEIGHTS[felt].strain > 0)


def test_stages_that_do_not_rise_are_refused_with_the_field_and_the_reason() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"stages: 10, 10 and 50 are to be above 0 and to rise"):
        msgspec.convert({"stages": [10, 10, 50]}, Strain)


# Ladder --------------------------------------------------------------------------------------------------


def test_each_push_leads_one_rung_and_an_outrage_two_at_most() -> None:
    for (rung, push), to in LADDER.items():
        rise = RUNGS.index(to) - RUNGS.index(rung)
        allowed = {Push.AMENDS: {-1}, Push.QUIET: {-1}, Push.OUTRAGE: {1, 2}}.get(push, {1})
        assert rise in allowed, f"{rung} by {push}"


@given(st.lists(st.tuples(st.sampled_from(Felt), st.floats(0, 30)), max_size=40), st.floats(0, 100))
def test_no_story_leads_more_rungs_up_at_once_than_the_table_allows(
    story: list[tuple[Felt, float]], gain: float
) -> None:
    levels = sorted(marks(Strain().stages).values())
    ladder = model(StrainModel.LADDER, gain=gain)
    now = DAWN
    for felt, hours in story:
        now += timedelta(hours=hours)
        step = ladder.felt(felt, now)
        rise = levels.index(step.after) - levels.index(step.before)
        assert rise <= (2 if WEIGHTS[felt].severity is Severity.OUTRAGE else 1)


def test_slights_alone_lead_no_further_than_a_dispute() -> None:
    ladder = model(StrainModel.LADDER)
    steps, now = feel(ladder, [(Felt.CROSSING_SEEN, 0.1)] * 60)
    assert ladder.stage(now) is Stage.TENSE
    assert [step.arithmetic for step in steps if step.moved][-1].startswith(
        "10 + 7.5 = 17.5; complaint to dispute with 3 points"
    )


def test_each_quiet_window_leads_one_rung_down() -> None:
    ladder = model(StrainModel.LADDER, half_life_h=6)
    _, now = feel(ladder, [(Felt.LOSS_SEEN, 0)] * 4)
    assert [ladder.level(now + 6 * n * HOUR) for n in range(8)] == [50, 37.5, 25, 17.5, 10, 5, 0, 0]


def test_amends_lead_down_from_a_dispute_but_not_from_a_confrontation() -> None:
    dispute, confrontation = model(StrainModel.LADDER), model(StrainModel.LADDER)
    feel(dispute, [(Felt.FORCE_SEEN, 0)] * 3)
    feel(confrontation, [(Felt.FORCE_SEEN, 0)] * 4)
    for ladder in (dispute, confrontation):
        for _ in range(12):
            ladder.felt(Felt.PROTEST_NOTED, DAWN + HOUR)
    assert (dispute.level(DAWN + HOUR), confrontation.level(DAWN + HOUR)) == (5, 25)


# Hawkes --------------------------------------------------------------------------------------------------


def test_the_intensity_is_the_sum_over_everything_that_was_felt() -> None:
    story = [(Felt.FORCE_SEEN, 1.0), (Felt.PROTEST_HEARD, 5.0), (Felt.LOSS_SEEN, 20.0), (Felt.WARNING_HEARD, 3.5)]
    hawkes = model(StrainModel.HAWKES, excitation=0.6, half_life_h=12, gain=2)
    _, now = feel(hawkes, story)
    decay = math.log(2) / 0.5  # a day
    ages = [sum(hours for _, hours in story[number + 1 :]) / 24 for number in range(len(story))]
    expected = BASE_A_DAY + sum(
        2 * WEIGHTS[felt].strain * 0.6 * decay * math.exp(-decay * age)
        for (felt, _), age in zip(story, ages, strict=True)
    )
    assert hawkes.level(now) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("excitation", [0.0, 0.5, 0.8])
def test_where_trouble_comes_as_often_as_it_says_its_mean_is_the_base_rate_over_one_less_the_branching_ratio(
    excitation: float,
) -> None:
    felt, half_life_h, days = Felt.PROTEST_HEARD, 6.0, 8_000
    hawkes = model(StrainModel.HAWKES, excitation=excitation, half_life_h=half_life_h)
    chance = Chance(17).stream(f"thinning/{excitation}").random
    now, count = DAWN, 0
    weight = WEIGHTS[felt].strain
    while (now - DAWN).days < days:  # Ogata's thinning (1981): the intensity only falls until the next event
        rate = hawkes.level(now) / weight
        now += timedelta(days=-math.log(1 - chance()) / rate)
        if chance() * rate < hawkes.level(now) / weight:
            hawkes.felt(felt, now)
            count += 1
    assert count * weight / days == pytest.approx(BASE_A_DAY / (1 - excitation), rel=0.05)


def test_the_more_has_been_felt_the_more_readily_a_self_exciting_side_reacts() -> None:
    hawkes = model(StrainModel.HAWKES, excitation=0.7)
    readiness = [hawkes.prone(DAWN)]
    for _ in range(50):
        hawkes.felt(Felt.LOSS_SEEN, DAWN)
        readiness.append(hawkes.prone(DAWN))
    assert readiness[0] == 0
    assert readiness == sorted(readiness)
    assert 0.6 < readiness[-1] < 0.7


# Stages --------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(strains, times, st.sampled_from(list(Stage)[1:]))
def test_a_model_foretells_when_it_will_have_calmed_down(
    config: Strain, story: list[tuple[Felt, float]], stage: Stage
) -> None:
    built = model_of(config)
    assert built is not None
    _, now = feel(built, story)
    calm_from = built.calm_from(stage)
    if calm_from is None:
        assert built.stage(now).rank < stage.rank or config.stages[stage.rank - 1] <= BASE_A_DAY
    else:
        assert built.stage(max(now, calm_from)).rank < stage.rank


@given(strains, times, st.lists(st.floats(0, 400), min_size=1, max_size=5))
def test_the_decay_that_is_told_leads_to_the_level_that_the_model_has_then(
    config: Strain, story: list[tuple[Felt, float]], hours: list[float]
) -> None:
    built = model_of(config)
    assert built is not None
    steps, now = feel(built, [(Felt.LOSS_SEEN, 1.0), *story])
    level, decay = built.level(now), built.decay()
    if not steps[-1].moved:
        return  # a step that moved nothing is not told
    for gone in hours:
        at = now + timedelta(hours=gone)
        assert decay.level(level, now, at) == pytest.approx(built.level(at), abs=0.02)
        assert stage_at(built.level(at), decay.stages) is built.stage(at)
