"""How a plan is flown: within its air, at speeds and rates that its aircraft has."""

import itertools
import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.agreement import Separation
from hotline_protocol.airspace import Area, Circle, Corridor, Polygon, Position
from hotline_protocol.flightplan import FlightKind, FlightPlan
from hotline_protocol.geometry import KNOT_M_S, METRES_PER_NM, expand, footprint
from hotline_services.traffic.conforming import Air, excursions
from hotline_services.traffic.flying import Flown, HeightBlock, Manner, Racetrack, Window, flown
from hotline_services.traffic.path import Path
from hotline_services.traffic.performance import BY_KIND, BY_TYPE, Performance, performance

from .skies import EAST, NOON, plan

BLOCK = HeightBlock(18_000, 22_000)
HOUR_S = 3_600.0
RACE_COURSE = Polygon(vertices=tuple(Position(*at) for at in ((41.0, 36.2), (41.9, 36.2), (41.9, 36.5), (41.0, 36.5))))
HORSESHOE = Polygon(
    vertices=tuple(
        Position(*at)
        for at in ((40, 35), (41, 35), (41, 36), (40.7, 36), (40.7, 35.3), (40.3, 35.3), (40.3, 36), (40, 36))
    )
)
ROUTE = Corridor(route=(Position(39.5, 35.0), Position(40.2, 35.4), Position(40.9, 35.1)), half_width_nm=4)


def fly(
    filed: FlightPlan,
    manner: Manner = Manner(0.3, 0.5),
    block: HeightBlock = BLOCK,
    separation: Separation = Separation(),
) -> Flown:
    aircraft = performance(filed.kind, filed.aircraft_type)
    return flown(expand(filed), block, window(filed), aircraft, manner, separation)


def window(filed: FlightPlan) -> Window:
    return Window(*((at - NOON).total_seconds() for at in (filed.start, filed.end)))


def filed(area: Area, hours: float = 1.5, kind: FlightKind = FlightKind.SUPPORT, **changes: Any) -> FlightPlan:
    fields = {"area": area, "lower_ft": 18_000, "upper_ft": 22_000, "kind": kind} | changes
    return plan("p-1", minutes=60 * hours, **fields)


def airs(filed: FlightPlan) -> list[Air]:
    return [
        Air(
            footprint(volume.area),
            volume.lower_ft,
            volume.upper_ft,
            (volume.start - NOON).total_seconds(),
            (volume.end - NOON).total_seconds(),
        )
        for volume in expand(filed)
    ]


def speeds_kt(path: Path) -> list[float]:
    legs = itertools.pairwise(zip(path.t_s, path.x_m, path.y_m, strict=True))
    return [math.dist(a[1:], b[1:]) / (b[0] - a[0]) / KNOT_M_S for a, b in legs]


AREAS: dict[str, Area] = {
    "circle": Circle(centre=EAST, radius_nm=8),
    "small circle": Circle(centre=EAST, radius_nm=0.7),
    "large circle": Circle(centre=EAST, radius_nm=40),
    "rectangle": RACE_COURSE,
    "horseshoe": HORSESHOE,
    "route": ROUTE,
}


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
@pytest.mark.parametrize("kind", [FlightKind.TANKER, FlightKind.SUPPORT, FlightKind.SURVEILLANCE])
def test_a_flight_is_inside_its_air_from_start_to_end(area: Area, kind: FlightKind) -> None:
    its_plan = filed(area, kind=kind)
    path, keeps_to_plan, _ = fly(its_plan)
    assert keeps_to_plan
    assert (path.start_s, path.end_s) == window(its_plan)
    assert excursions(path, None, airs(its_plan), 0.0) == []


@given(
    where=st.builds(Position, st.floats(38, 42), st.floats(33, 37)),
    radius_nm=st.floats(0.5, 60),
    minutes=st.floats(5, 600),
    manner=st.builds(Manner, st.floats(0, 0.999), st.floats(0, 0.999)),
    lower=st.integers(5, 45),
    height=st.integers(1, 10),
    kind=st.sampled_from(FlightKind),
)
@settings(max_examples=60, deadline=None)
def test_wherever_and_however_long_it_holds_it_stays_inside(
    where: Position,
    radius_nm: float,
    minutes: float,
    manner: Manner,
    lower: int,
    height: int,
    kind: FlightKind,
) -> None:
    area = Circle(centre=where, radius_nm=radius_nm)
    block = HeightBlock(lower * 1_000, (lower + height) * 1_000)
    its_plan = filed(area, minutes / 60, kind, lower_ft=int(block.lower_ft), upper_ft=int(block.upper_ft))
    path, _, _ = fly(its_plan, manner, block)
    assert excursions(path, None, airs(its_plan), 0.0) == []
    assert len(path.t_s) <= 4 + 4 * (minutes * 60 / 180 + 2)


def test_a_flight_that_holds_works_at_the_speed_of_its_aircraft() -> None:
    tanker = filed(RACE_COURSE, kind=FlightKind.TANKER, aircraft_type="KC135")
    assert speeds_kt(fly(tanker).path) == pytest.approx([BY_TYPE["KC135"].working_kt] * (len(fly(tanker).path.t_s) - 1))


def test_an_hour_in_an_area_of_the_usual_size_has_few_legs() -> None:
    assert len(fly(filed(AREAS["circle"], hours=1)).path.t_s) <= 41


def test_a_route_is_flown_from_end_to_end_in_the_time_that_the_plan_gives() -> None:
    path = fly(filed(ROUTE, hours=0.5, kind=FlightKind.TRANSPORT)).path
    ends = [path.at(path.start_s)[:2], path.at(path.end_s)[:2]]
    spots = footprint(ROUTE).spine.coords
    assert ends == [pytest.approx(spots[0]), pytest.approx(spots[-1])]
    assert speeds_kt(path) == pytest.approx([speeds_kt(path)[0]] * (len(path.t_s) - 1))


def test_an_aircraft_that_is_too_slow_for_its_route_comes_late() -> None:
    its_plan = filed(ROUTE, hours=0.25, kind=FlightKind.MEDEVAC, aircraft_type="MI8")
    path, keeps_to_plan, _ = fly(its_plan)
    assert not keeps_to_plan
    assert path.end_s > window(its_plan).end_s
    assert max(speeds_kt(path)) == pytest.approx(BY_TYPE["MI8"].fastest_kt)


def test_it_comes_in_at_the_bottom_of_its_block_and_climbs_to_its_level_at_its_rate() -> None:
    path = fly(filed(AREAS["circle"]), Manner(0.3, 0.99)).path
    assert path.z_ft[0] == 18_500
    assert max(path.z_ft) == 21_500
    rates = {round(path.velocity(t_s).z_ft_s * 60) for t_s in path.t_s[:-1]}
    assert rates <= {0, round(BY_KIND[FlightKind.SUPPORT].climb_fpm)}


def test_flights_in_adjoining_blocks_are_a_vertical_minimum_apart() -> None:
    separation = Separation()
    below, above = HeightBlock(26_000, 30_000), HeightBlock(30_000, 40_000)
    assert above.levels(separation)[0] - below.levels(separation)[1] == separation.vertical_high_ft
    below, above = HeightBlock(10_000, 14_000), HeightBlock(14_000, 18_000)
    assert above.levels(separation)[0] - below.levels(separation)[1] == separation.vertical_ft


def test_a_block_too_thin_to_keep_clear_of_its_bounds_is_flown_in_its_middle() -> None:
    assert HeightBlock(18_000, 18_400).levels(Separation()) == (18_200, 18_200)


def test_a_type_that_nobody_knows_flies_as_its_kind_does() -> None:
    assert performance(FlightKind.TANKER, "X99") == BY_KIND[FlightKind.TANKER]
    assert performance(FlightKind.TANKER, "kc-135") == BY_TYPE["KC135"]


def test_a_turn_at_360_knots_and_25_degrees_of_bank_has_a_radius_of_4_miles() -> None:
    fighter = Performance(360, 560, 6_000, 6_000)
    assert fighter.turn_radius_m / METRES_PER_NM == pytest.approx(4.05, abs=0.01)


def test_two_flights_through_one_area_begin_where_their_chance_has_it() -> None:
    one, other = (fly(filed(AREAS["circle"]), Manner(lap, 0.5)).path for lap in (0.0, 0.5))
    assert one.at(0.0) != other.at(0.0)
    assert timedelta(seconds=one.end_s) == timedelta(hours=1.5)


def test_a_racetrack_is_as_long_from_whichever_corner_it_is_measured() -> None:
    corners = [(13436.4, 84743.4), (76377.5, 25506.9), (49543.5, 44949.1), (65159.3, 78872.3), (9386.0, 2834.7)]
    assert len({Racetrack.round(corners[n:] + corners[:n]).lap_m for n in range(len(corners))}) == 1
