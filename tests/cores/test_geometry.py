"""Areas in the plane, plans as volumes, and areas that cannot be used."""

import itertools
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hotline_protocol.airspace import Area, Circle, Corridor, Polygon, Position, Volume4D
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.geometry import (
    ARC_SEGMENTS,
    LEG_PADDING,
    MAX_LEG_NM,
    MAX_LEGS,
    METRES_PER_NM,
    area_problem,
    centre,
    expand,
    footprint,
    length_nm,
    moved,
    shape_of,
    to_plane,
    to_position,
)

steady = settings(deadline=None, max_examples=40)  # a busy machine is no failure

NOON = datetime(2017, 6, 18, 12, tzinfo=UTC)

positions = st.builds(
    Position, lon_deg=st.floats(35, 43).map(lambda x: round(x, 6)), lat_deg=st.floats(32, 38).map(lambda y: round(y, 6))
)
circles = st.builds(Circle, centre=positions, radius_nm=st.floats(1, 60))
corridors = st.builds(
    Corridor, route=st.lists(positions, min_size=2, max_size=8).map(tuple), half_width_nm=st.floats(1, 20)
).filter(lambda corridor: area_problem(corridor) is None)
polygons = st.builds(Polygon, vertices=st.lists(positions, min_size=3, max_size=6).map(tuple)).filter(
    lambda polygon: area_problem(polygon) is None
)
areas = st.one_of(circles, corridors, polygons)
seconds = st.integers(60, 6 * 3600)


def planned(area: Area, flown_s: int = 3600, start: datetime = NOON) -> FlightPlan:
    return FlightPlan(
        plan_id="us-1",
        callsign="EXER01",
        area=area,
        lower_ft=20_000,
        upper_ft=22_000,
        start=start,
        end=start + timedelta(seconds=flown_s),
    )


def test_the_plane_agrees_with_the_ellipsoid_on_a_distance() -> None:
    # 110.941 km: one degree of latitude about 35 N on WGS 84 (M = 6356.44 km at 35 N).
    (_, south), (_, north) = to_plane([Position(39, 34.5), Position(39, 35.5)])
    assert north - south == pytest.approx(110_941, rel=0.001)


def test_plane_coordinates_are_whole_millimetres() -> None:
    assert all(value == round(value, 3) for point in to_plane([Position(36.1234567, 33.7654321)]) for value in point)


@steady
@given(positions)
def test_a_position_survives_the_plane_to_a_millimetre_or_two(position: Position) -> None:
    (point,) = to_plane([position])
    (again,) = to_plane([to_position(point)])
    assert math.dist(point, again) < 0.002


def test_a_corridor_reaches_its_half_width_to_either_side_and_beyond_its_ends() -> None:
    a, b = to_position((0, 0)), to_position((50_000, 0))
    west, south, east, north = shape_of(Corridor(route=(a, b), half_width_nm=5)).bounds
    wide = 5 * METRES_PER_NM
    assert (west, south, east, north) == pytest.approx((-wide, -wide, 50_000 + wide, wide), abs=0.01)


@steady
@given(circles)
def test_a_circle_falls_short_of_its_radius_by_no_more_than_is_written_down(circle: Circle) -> None:
    short = shape_of(circle).area / (math.pi * (circle.radius_nm * METRES_PER_NM) ** 2)
    assert math.cos(math.pi / (4 * ARC_SEGMENTS)) ** 2 < short < 1


def test_an_area_is_drawn_once() -> None:
    one, same = (Circle(centre=Position(38, 35), radius_nm=7) for _ in range(2))
    assert shape_of(one) is shape_of(same)


@steady
@given(areas, st.sampled_from((-50.0, 0.0, 50.0)))
def test_a_footprint_reaches_as_far_as_the_shape_and_its_rim(area: Area, rim_m: float) -> None:
    shape = shape_of(area).buffer(rim_m)  # whose arcs fall short by up to 0.12 % of a radius: 133 m of 60 NM
    assume(not shape.is_empty)
    assert footprint(area, rim_m).bounds == pytest.approx(shape.bounds, abs=150)


def test_a_held_area_is_one_volume_for_the_whole_window() -> None:
    plan = planned(Circle(centre=Position(38, 35), radius_nm=10))
    (volume,) = expand(plan)
    assert (volume.area, volume.start, volume.end) == (plan.area, plan.start, plan.end)
    assert (volume.lower_ft, volume.upper_ft) == (20_000, 22_000)


def legs_of(volumes: Sequence[Volume4D]) -> list[Corridor]:
    """The areas of these volumes, which are all corridors."""
    legs = [volume.area for volume in volumes if isinstance(volume.area, Corridor)]
    assert len(legs) == len(volumes)
    return legs


def test_a_leg_is_held_for_its_share_of_the_window_and_five_minutes_around_it() -> None:
    stops = [to_position((x, 0)) for x in (0, 20_000, 80_000)]
    first, second = expand(planned(Corridor(route=tuple(stops), half_width_nm=5), flown_s=7200))
    assert (first.start, second.end) == (NOON, NOON + timedelta(hours=2))
    assert abs(first.end - (NOON + timedelta(minutes=35))) <= timedelta(seconds=1)
    assert abs(second.start - (NOON + timedelta(minutes=25))) <= timedelta(seconds=1)


def test_a_long_leg_is_cut_into_equal_parts() -> None:
    route = (to_position((0, 0)), to_position((150 * METRES_PER_NM, 0)))
    legs = legs_of(expand(planned(Corridor(route=route, half_width_nm=5))))
    lengths = [length_nm(leg) for leg in legs]
    assert lengths == pytest.approx([50, 50, 50], abs=1e-5)


@steady
@given(corridors, seconds)
def test_legs_follow_each_other_over_the_whole_route_and_window(corridor: Corridor, flown_s: int) -> None:
    plan = planned(corridor, flown_s)
    volumes = expand(plan)
    legs = legs_of(volumes)
    routes = [leg.route for leg in legs]
    assert all(before[-1] == after[0] for before, after in itertools.pairwise(routes))
    assert {routes[0][0], routes[-1][-1]} <= {corridor.route[0], corridor.route[-1]}
    assert sum(length_nm(leg) for leg in legs) == pytest.approx(length_nm(corridor), abs=1e-4)
    assert max(length_nm(leg) for leg in legs) <= MAX_LEG_NM + 1e-4
    assert (volumes[0].start, volumes[-1].end) == (plan.start, plan.end)
    for before, after in itertools.pairwise(volumes):
        assert before.start <= after.start < before.end <= after.end


@steady
@given(corridors, seconds)
def test_the_legs_cover_the_corridor(corridor: Corridor, flown_s: int) -> None:
    legs = shapely.union_all([shape_of(volume.area) for volume in expand(planned(corridor, flown_s))])
    assert shape_of(corridor).difference(legs).buffer(-0.003).is_empty


@steady
@given(st.floats(0, 1), corridors, seconds)
def test_an_aircraft_at_even_speed_is_always_inside_a_volume(share: float, corridor: Corridor, flown_s: int) -> None:
    plan = planned(corridor, flown_s)
    here = shapely.LineString(to_plane(corridor.route)).interpolate(share, normalized=True)
    now = plan.start + (plan.end - plan.start) * share
    assert any(v.start <= now <= v.end and shape_of(v.area).covers(here) for v in expand(plan))


def test_a_route_of_very_many_legs_still_fits_a_menu() -> None:
    route = tuple(Position(36 + n * 0.01, 35 + 0.01 * (n % 2)) for n in range(500))
    volumes = expand(planned(Corridor(route=route, half_width_nm=2)))
    legs = legs_of(volumes)
    assert len(legs) <= MAX_LEGS
    assert tuple(itertools.chain(legs[0].route, *(leg.route[1:] for leg in legs[1:]))) == route
    assert volumes[-1].end - volumes[-1].start < 2 * LEG_PADDING + timedelta(minutes=5)


@steady
@given(areas, st.floats(-50, 50), st.floats(-50, 50))
def test_moving_keeps_the_shape_and_moves_it_as_far_as_asked(area: Area, east_nm: float, north_nm: float) -> None:
    here, there = shape_of(area), shape_of(moved(area, east_nm, north_nm))
    assert there.area == pytest.approx(here.area, rel=1e-4, abs=1_000)
    before, after = here.bounds, there.bounds
    for axis, nm in enumerate((east_nm, north_nm, east_nm, north_nm)):
        assert after[axis] - before[axis] == pytest.approx(nm * METRES_PER_NM, abs=0.01)


@steady
@given(areas)
def test_moving_by_nothing_changes_nothing(area: Area) -> None:
    assert moved(area, 0, 0) == area


@steady
@given(areas, st.floats(-50, 50), st.floats(-50, 50))
def test_moving_there_and_back_ends_within_a_few_millimetres(area: Area, east_nm: float, north_nm: float) -> None:
    back = moved(moved(area, east_nm, north_nm), -east_nm, -north_nm)
    assert shape_of(area).buffer(0.005).covers(shape_of(back))
    assert shape_of(back).buffer(0.005).covers(shape_of(area))


@steady
@given(areas)
def test_the_centre_lies_inside(area: Area) -> None:
    assert shape_of(area).buffer(0.01).covers(shape_of(Circle(centre=centre(area), radius_nm=1e-6)))


def test_the_centre_of_a_bent_polygon_is_not_its_centroid() -> None:
    horseshoe = Polygon(
        vertices=tuple(
            Position(*place)
            for place in ((38, 35), (39, 35), (39, 36), (38.9, 36), (38.9, 35.1), (38.1, 35.1), (38.1, 36), (38, 36))
        )
    )
    assert shape_of(horseshoe).intersects(shape_of(Circle(centre=centre(horseshoe), radius_nm=0.1)))


def ring(*corners: tuple[float, float]) -> Polygon:
    return Polygon(vertices=tuple(Position(*corner) for corner in corners))


GOOD = (
    ring((38, 35), (39, 35), (39, 36), (38, 36)),
    ring((38, 35), (39, 35), (39, 36), (38, 36), (38, 35)),
    ring((38, 36), (39, 36), (39, 35), (38, 35)),
    Corridor(route=(Position(38, 35), Position(39, 35)), half_width_nm=5),
    Corridor(route=(Position(38, 35), Position(39, 35), Position(39, 35.3), Position(38, 35)), half_width_nm=5),
    Circle(centre=Position(35.9487, 35.4011), radius_nm=20),
)


@pytest.mark.parametrize("area", GOOD)
def test_nothing_is_wrong_with_a_closed_an_open_or_a_clockwise_ring_a_racetrack_or_a_circle(area: Area) -> None:
    assert area_problem(area) is None


BAD = (
    (ring((38, 35), (39, 36), (39, 35), (38, 36)), "area.vertices", "crosses or touches itself near 38.5000, 35.5"),
    (ring((38, 35), (39, 35), (38.5, 35.5), (39, 36), (38, 36), (38.5, 35.5)), "area.vertices", "touches itself"),
    (ring((38, 35), (39, 35), (38, 35)), "area.vertices", "no area"),
    (ring((38, 35), (38, 35), (38, 35)), "area.vertices", "no area"),
    (ring((35, 32), (35, 32.1), (35, 32.2)), "area.vertices", "nowhere 1 m wide"),
    (ring((38, 35), (38.5, 35.0), (38.5, 35.0), (38, 35)), "area.vertices", "no area"),
    (ring((0, 89.5), (120, 89.5), (-120, 89.5)), "area.vertices[0]", "pole"),
    (ring((43.9, 35), (-179, 35), (43, 36)), "area.vertices[1]", "date line"),
    (ring((43, 35), (44.1, 35), (43, 36)), "area.vertices[1]", "outside 34 to 44 E, 31 to 39 N"),
    (ring((math.nan, 35), (39, 35), (39, 36)), "area.vertices[0]", "outside"),
    (Corridor(route=(Position(38, 35), Position(38, 30.9)), half_width_nm=5), "area.route[1]", "outside"),
    (
        Corridor(route=(Position(38, 35), Position(39, 35), Position(39, 35.000001)), half_width_nm=5),
        "area.route[2]",
        "repeats",
    ),
    (Corridor(route=(Position(38, 35), Position(39, 35)), half_width_nm=0.0001), "area.half_width_nm", "less than 1 m"),
    (Circle(centre=Position(179.9, 35), radius_nm=5), "area.centre", "outside"),
    (Circle(centre=Position(38, -90), radius_nm=5), "area.centre", "pole"),
    (Circle(centre=Position(38, 35), radius_nm=0.0001), "area.radius_nm", "less than 1 m"),
    (Circle(centre=Position(38, 35), radius_nm=math.nan), "area.radius_nm", "less than 1 m"),
)


@pytest.mark.parametrize(("area", "field", "reason"), BAD)
def test_an_unusable_area_is_refused_with_its_field_and_a_reason(area: Area, field: str, reason: str) -> None:
    problem = area_problem(area)
    assert problem is not None
    assert problem[0] == field
    assert reason in problem[1]


def test_a_route_is_exactly_as_long_backwards() -> None:
    lon_lat = ((41.0, 34.7), (40.6, 33.0), (38.7, 35.9), (37.4, 36.8), (41.4, 33.1), (36.2, 35.2))
    route = tuple(Position(lon, lat) for lon, lat in lon_lat)
    there, back = (Corridor(route=each, half_width_nm=5) for each in (route, route[::-1]))
    assert length_nm(there) == length_nm(back)


@pytest.mark.parametrize(
    "area",
    [
        Circle(centre=Position(37, 33), radius_nm=8),
        Corridor(route=(Position(36, 33), Position(37, 33)), half_width_nm=5),
        Polygon(vertices=(Position(36, 33), Position(37, 33), Position(37, 34))),
    ],
)
def test_what_is_remembered_of_an_area_in_whole_numbers_is_written_with_floats(area: Area) -> None:
    for remembered in (moved(area, 0, 0), moved(area, 3, -4)):
        written = msgspec.json.encode(remembered)
        assert written == msgspec.json.encode(msgspec.json.decode(written, type=Area))
    assert all(type(number) is float for number in msgspec.structs.astuple(centre(area)))


def test_the_legs_of_a_corridor_in_whole_numbers_are_written_with_floats() -> None:
    route = (Position(36, 34), Position(38, 34))
    legs = legs_of(expand(planned(Corridor(route=route, half_width_nm=6))))
    written = msgspec.json.encode(legs)
    assert written == msgspec.json.encode(msgspec.json.decode(written, type=list[Corridor]))


def test_equal_positions_of_which_one_lies_at_minus_zero_are_written_alike() -> None:
    north, south = (moved(Circle(centre=Position(37.5, zero), radius_nm=8.0), 0, 0) for zero in (-0.0, 0.0))
    assert msgspec.json.encode(north) == msgspec.json.encode(south)
