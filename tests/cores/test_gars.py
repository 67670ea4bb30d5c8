"""Names of areas: check vectors, edges, and that a name and its bounds belong together."""

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.airspace import Position
from hotline_protocol.gars import GarsError, Level, gars, gars_bounds

LEVELS: tuple[Level, ...] = get_args(Level)

VECTORS = [
    (33.508, 38.617, "438LH38"),
    (35.872, 38.567, "438LM14"),
    (35.95, 39.01, "439LM11"),
    (35.336, 40.141, "441LL15"),
    (35.019, 40.450, "441LL49"),
    (34.452, 40.919, "442LJ23"),
    (35.401, 35.949, "432LL26"),
    (35.33611, 40.30944, "441LL24"),
]


@pytest.mark.parametrize(("lat", "lon", "name"), VECTORS)
def test_a_position_has_the_name_that_the_check_vectors_give_it(lat: float, lon: float, name: str) -> None:
    position = Position(lon, lat)
    assert gars(position, "keypad") == name
    assert gars(position, "quadrant") == name[:6]
    assert gars(position, "cell") == name[:5]


@pytest.mark.parametrize(
    ("lon", "lat", "name"),
    [
        (-180, -90, "001AA37"),
        (180, -90, "001AA37"),
        (-180, 90, "001QZ11"),
        (179.999, 89.999, "720QZ23"),
        (0, 0, "361HN37"),
    ],
)
def test_the_ends_of_the_globe_have_names(lon: float, lat: float, name: str) -> None:
    assert gars(Position(lon, lat), "keypad") == name


@pytest.mark.parametrize(
    ("lon", "lat", "field"),
    [(180.1, 0, "longitude"), (-181, 0, "longitude"), (0, 90.1, "latitude"), (0, math.nan, "latitude")],
)
def test_a_position_off_the_globe_is_refused_by_field(lon: float, lat: float, field: str) -> None:
    with pytest.raises(GarsError, match=field):
        gars(Position(lon, lat), "cell")


@pytest.mark.parametrize(
    "name", ["", "441", "441L", "441LI", "000LL", "721LL", "441RA", "441LL5", "441LL10", "441LL155", "441ll", "٤٤١LL"]
)
def test_a_name_of_no_area_is_refused(name: str) -> None:
    with pytest.raises(GarsError):
        gars_bounds(name)


@given(st.floats(-180, 180), st.floats(-90, 90), st.sampled_from(LEVELS))
def test_an_area_holds_the_positions_that_it_names(lon: float, lat: float, level: Level) -> None:
    bounds = gars_bounds(gars(Position(lon, lat), level))
    assert bounds.west_deg <= (-180 if lon == 180 else lon) < bounds.east_deg
    assert bounds.south_deg <= lat < bounds.north_deg or (lat == bounds.north_deg == 90)


@given(st.integers(0, 4319), st.integers(0, 2159), st.sampled_from(LEVELS))
def test_the_south_western_corner_of_an_area_has_the_area_s_own_name(column: int, row: int, level: Level) -> None:
    name = gars(Position(column / 12 - 180, row / 12 - 90), level)
    bounds = gars_bounds(name)
    assert gars(Position(bounds.west_deg, bounds.south_deg), level) == name


@pytest.mark.parametrize(("name", "minutes"), [("441LL", 30), ("441LL1", 15), ("441LL15", 5)])
def test_an_area_is_as_large_as_its_level(name: str, minutes: int) -> None:
    bounds = gars_bounds(name)
    assert bounds.east_deg - bounds.west_deg == pytest.approx(minutes / 60)
    assert bounds.north_deg - bounds.south_deg == pytest.approx(minutes / 60)
