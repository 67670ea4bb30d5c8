"""The calibration, run small: every figure can be measured, and those that need few days are in their bands."""

import math

import pytest

from hotline_services.calibration.figures import Result
from hotline_services.calibration.measures import calibrate
from hotline_services.calibration.recipes import RECIPES
from hotline_services.calibration.trials import Trial, Trials

FEW_DAYS_ARE_ENOUGH = ("calls-quiet", "absent-27-min", "stopped", "june-18")


@pytest.fixture(scope="module")
def flown() -> list[Trial]:
    return []


@pytest.fixture(scope="module")
def results(flown: list[Trial]) -> dict[str, Result]:
    measured = calibrate(Trials(RECIPES, days=4, seeds=(1,), told=flown.append))
    return {result.figure.name: result for result in measured}


def test_every_figure_is_measured_or_says_what_stood_in_the_way(results: dict[str, Result]) -> None:
    assert len(results) == 13
    assert all(math.isfinite(result.value) or result.detail for result in results.values())


@pytest.mark.parametrize("name", FEW_DAYS_ARE_ENOUGH)
def test_a_figure_that_needs_few_days_is_in_its_band(name: str, results: dict[str, Result]) -> None:
    assert results[name].is_in_band, results[name]


def test_no_run_is_made_twice(results: dict[str, Result], flown: list[Trial]) -> None:
    assert results
    assert len(flown) == len({repr(trial) for trial in flown})
