"""What a factor does, from runs in pairs; and Student's t."""

import math
from statistics import stdev

import pytest

from hotline_services.experiment.analysis.design import Arm, Design, Factor, Level, combinations
from hotline_services.experiment.analysis.effects import Effect, effects
from hotline_services.experiment.analysis.student import quantile, two_sided

LINE = Factor(name="line", levels=(Level(name="on"), Level(name="off")))
TEMPO = Factor(name="tempo", levels=(Level(name="once"), Level(name="twice")))


def arms(*factors: Factor, design: Design = Design.FULL_FACTORIAL) -> list[Arm]:
    return [
        Arm(
            scenario="day",
            levels={name: level.name for name, level in levels.items()},
            changes={},
            days=1,
            file="",
            raw={},
        )
        for levels in combinations(factors, design)
    ]


def effect(values: list[list[float | None]], *factors: Factor, design: Design = Design.FULL_FACTORIAL) -> list[Effect]:
    """The effects on one outcome that has these values, by arm and replication."""
    return effects(
        arms(*factors, design=design), factors, ["calls"], [[{"calls": value} for value in its] for its in values]
    )


def test_an_effect_is_the_mean_of_the_differences_run_by_run_with_students_interval() -> None:
    (off,) = effect([[10.0, 20.0, 30.0], [11.0, 23.0, 35.0]], LINE)
    differences = [1.0, 3.0, 5.0]
    half = 4.302652729911275 * stdev(differences) / math.sqrt(3)
    assert (off.level, off.compared_with, off.replications) == ("off", "on", 3)
    assert (off.first, off.mean, off.difference) == (20.0, 23.0, 3.0)
    assert (off.low, off.high) == pytest.approx((3.0 - half, 3.0 + half))
    assert off.is_clear is (3.0 - half > 0)


def test_pairing_takes_out_what_differs_between_seeds() -> None:
    (off,) = effect([[1.0, 100.0, 55.0], [2.0, 101.0, 56.0]], LINE)
    assert (off.difference, off.low, off.high) == (1.0, 1.0, 1.0)
    assert off.is_clear


def test_in_a_full_factorial_a_level_is_compared_within_arms_that_differ_in_nothing_else() -> None:
    # The line on with tempo once and twice, then the line off with tempo once and twice.
    arms: list[list[float | None]] = [[1.0, 1.0], [2.0, 4.0], [3.0, 5.0], [8.0, 12.0]]
    line, tempo = effect(arms, LINE, TEMPO)
    assert line.difference == pytest.approx(((2 + 6) / 2 + (4 + 8) / 2) / 2)
    assert tempo.difference == pytest.approx(((1 + 5) / 2 + (3 + 7) / 2) / 2)
    assert line.replications == 2


def test_one_at_a_time_a_level_is_compared_with_the_arm_of_first_levels() -> None:
    line, tempo = effect([[1.0, 1.0], [3.0, 3.0], [6.0, 6.0]], LINE, TEMPO, design=Design.ONE_AT_A_TIME)
    assert (line.difference, tempo.difference) == (2.0, 5.0)


def test_a_replication_without_a_meaning_in_one_arm_is_left_out() -> None:
    (off,) = effect([[1.0, None, 3.0], [2.0, 5.0, 4.0]], LINE)
    assert (off.replications, off.difference) == (2, 1.0)
    (none,) = effect([[None], [2.0]], LINE)
    assert (none.replications, none.difference, none.low) == (0, None, None)


def test_one_replication_has_a_difference_and_no_interval() -> None:
    (off,) = effect([[1.0], [2.5]], LINE)
    assert (off.difference, off.low, off.high, off.is_clear) == (1.5, None, None, False)


@pytest.mark.parametrize(
    ("freedom", "tabled"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (5, 2.5706), (10, 2.2281), (30, 2.0423), (120, 1.9799)],
)
def test_students_t_is_that_of_the_tables(freedom: int, tabled: float) -> None:
    assert quantile(0.95, freedom) == pytest.approx(tabled, abs=5e-5)


@pytest.mark.parametrize("freedom", [1, 2, 7, 8, 200])
def test_the_quantile_is_the_inverse_of_the_distribution(freedom: int) -> None:
    for share in (0.5, 0.8, 0.95, 0.99):
        assert two_sided(quantile(share, freedom), freedom) == pytest.approx(share, abs=1e-9)
