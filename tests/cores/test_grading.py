"""How close is how bad."""

import pytest

from hotline_protocol.agreement import Separation
from hotline_protocol.sky import Grade
from hotline_services.traffic.grading import NMAC_LATERAL_NM, grade, share_left

MINIMA = Separation()
FEET_500_NM = 0.08229


@pytest.mark.parametrize(
    ("horizontal_nm", "vertical_ft", "expected"),
    [
        (0.0, 0.0, Grade.NMAC),
        (0.082, 99.9, Grade.NMAC),
        (0.083, 0.0, Grade.AIRPROX_A),  # beyond 500 ft
        (0.0, 100.0, Grade.AIRPROX_A),
        (1.25, 250.0, Grade.AIRPROX_A),
        (1.26, 0.0, Grade.AIRPROX_B),
        (0.0, 251.0, Grade.AIRPROX_B),
        (2.5, 500.0, Grade.AIRPROX_B),
        (2.51, 0.0, Grade.AIRPROX_C),
        (0.5, 750.0, Grade.AIRPROX_C),
        (3.76, 0.0, Grade.BELOW_SEPARATION),
        (0.0, 900.0, Grade.BELOW_SEPARATION),
    ],
)
def test_a_grade_is_read_off_the_share_of_the_minima_that_was_left(
    horizontal_nm: float, vertical_ft: float, expected: Grade
) -> None:
    assert grade(horizontal_nm, vertical_ft, MINIMA) is expected


def test_the_nmac_cylinder_is_500_feet_wide_to_every_side() -> None:
    assert pytest.approx(FEET_500_NM, abs=1e-5) == NMAC_LATERAL_NM


def test_at_great_heights_the_vertical_minimum_is_twice_as_large() -> None:
    assert grade(1.0, 600, MINIMA, high=False) is Grade.AIRPROX_C
    assert grade(1.0, 600, MINIMA, high=True) is Grade.AIRPROX_B


def test_the_risk_cannot_be_determined_when_nobody_knew_of_one_of_the_two() -> None:
    assert {grade(nm, 0, MINIMA, known=False) for nm in (0.5, 2.0, 3.0)} == {Grade.AIRPROX_D}


def test_an_nmac_is_one_whoever_knew_of_it_and_far_apart_is_no_airprox() -> None:
    assert grade(0.01, 10, MINIMA, known=False) is Grade.NMAC
    assert grade(4.5, 10, MINIMA, known=False) is Grade.BELOW_SEPARATION


def test_the_better_kept_minimum_counts() -> None:
    assert share_left(4.0, 100, MINIMA, high=False) == 0.8
    assert share_left(0.5, 900, MINIMA, high=False) == 0.9
