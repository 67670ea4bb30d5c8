"""The fronts of a scenario: how far apart they are at a time, and where along them a flight is put."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import shapely

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.geometry import METRES_PER_NM, to_plane, to_position
from hotline_services.director.fronts import DIGITS, GRID_NM, FrontLines
from hotline_services.director.setting import FrontPoint, Fronts
from hotline_services.director.written import FrontAlong, Moment, Spot

START = datetime(2017, 8, 20, tzinfo=UTC)
NM = METRES_PER_NM
LENGTH_NM = 100.0

STRAIGHT = ((-50 * NM, 0.0), (50 * NM, 0.0))  # from west to east: the north is on its left
BENT = ((-50 * NM, 0.0), (0.0, 0.0), (0.0, -50 * NM))  # and then south: the bend is hollow on its right


def fronts(*points: tuple[float, float], axis: tuple[tuple[float, float], ...] = STRAIGHT) -> FrontLines:
    """Fronts at these distances (NM) after these hours."""
    written = Fronts(
        axis=tuple(Spot(to_position(point)) for point in axis),
        left="us",
        right="ru",
        distance=tuple(FrontPoint(at=Moment(timedelta(hours=at)), distance_nm=nm) for at, nm in points),
    )
    return FrontLines(written, START, {})


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def plane_nm(position: Position) -> tuple[float, float]:
    east, north = to_plane([position])[0]
    return east / NM, north / NM


@pytest.mark.parametrize(("hours", "nm"), [(-5, 40), (0, 40), (25, 35), (50, 30), (100, 20), (150, 20), (200, 20)])
def test_the_distance_changes_evenly_between_its_points_and_stays_before_and_after_them(
    hours: float, nm: float
) -> None:
    assert fronts((0, 40), (100, 20), (150, 20)).distance_nm(after(hours)) == pytest.approx(nm)


def test_one_point_holds_for_ever() -> None:
    lines = fronts((24, 12))
    assert {lines.distance_nm(after(hours)) for hours in (0, 24, 1_000)} == {12}


@pytest.mark.parametrize(("side", "sign"), [("us", 1), ("ru", -1)])
def test_each_side_stands_half_the_distance_away_on_its_own_side(side: str, sign: int) -> None:
    place = fronts((0, 20)).place(side, 0.5, 0, START)
    assert plane_nm(place) == pytest.approx((0, sign * 10), abs=0.01)


@pytest.mark.parametrize(("depth_nm", "away_nm"), [(6, 16), (-4, 6), (-14, -4)])
def test_depth_is_behind_ones_own_front_and_below_zero_beyond_it(depth_nm: float, away_nm: float) -> None:
    for side, sign in (("us", 1), ("ru", -1)):
        place = fronts((0, 20)).place(side, 0.5, depth_nm, START)
        assert plane_nm(place)[1] == pytest.approx(sign * away_nm, abs=0.01)


def test_the_ends_of_a_front_are_those_of_its_axis() -> None:
    lines = fronts((0, 20))
    assert plane_nm(lines.place("us", 0, 0, START))[0] == pytest.approx(-50, abs=0.01)
    assert plane_nm(lines.place("us", 1, 0, START))[0] == pytest.approx(50, abs=0.01)


def test_as_the_fronts_close_up_a_place_moves_towards_the_axis_and_along_it_not_at_all() -> None:
    lines = fronts((0, 40), (100, 0))
    places = [plane_nm(lines.place("ru", 0.3, 4, after(hours))) for hours in range(0, 101, 10)]
    assert {round(east, 2) for east, _ in places} == {round(places[0][0], 2)}
    assert all(one < other for (_, one), (_, other) in pairwise(places))
    assert places[-1][1] == pytest.approx(-4, abs=0.01)


@pytest.mark.parametrize("side", ["us", "ru"])
def test_about_a_bend_no_place_is_nearer_to_the_axis_than_its_front(side: str) -> None:
    axis = shapely.LineString(BENT)
    lines = fronts((0, 24), axis=BENT)
    away = [
        axis.distance(shapely.Point(to_plane([lines.place(side, share / 50, 0, START)])[0])) / NM for share in range(51)
    ]
    assert all(nm == pytest.approx(12, abs=0.02) for nm in away)


def test_places_stand_on_a_grid_and_never_further_off_than_half_of_it_either_way() -> None:
    lines = fronts((0, 7))
    found = set()
    for step in range(200):
        share, depth_nm = step / 199, -3 + 15 * step / 199
        place = lines.place("us", share, depth_nm, START)
        east, north = plane_nm(place)
        assert math.hypot(east - (share - 0.5) * LENGTH_NM, north - 3.5 - depth_nm) <= GRID_NM * math.sqrt(0.5) + 0.01
        found.add(place)
    assert len(found) < 100


def test_places_are_rounded_so_that_the_last_digits_decide_nothing() -> None:
    place = fronts((0, 7)).place("us", 0.37, 2, START)
    assert place == Position(round(place.lon_deg, DIGITS), round(place.lat_deg, DIGITS))


def test_an_area_is_drawn_between_its_least_and_most() -> None:
    lines = fronts((0, 20))
    written = FrontAlong(radius_nm=6, depth_nm=(-4, 12), along=(0.5, 1.0))
    nearest, furthest = (lines.area(written, "us", share, share, START) for share in (0.0, 1.0))
    assert isinstance(nearest, Circle)
    assert nearest.radius_nm == furthest.radius_nm == 6
    assert plane_nm(nearest.centre) == pytest.approx((0, 6), abs=0.01)
    assert plane_nm(furthest.centre) == pytest.approx((50, 22), abs=0.01)


def test_who_has_no_front_is_refused() -> None:
    lines = fronts((0, 20))
    assert lines.sides == ("us", "ru")
    with pytest.raises(KeyError):
        lines.place("tr", 0.5, 0, START)
