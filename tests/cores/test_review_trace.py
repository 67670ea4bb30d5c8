"""The line as an arc: where it is taken hold of, how it runs when it is moved, and what cannot be drawn."""

import math

import msgspec
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.agreement import DeconflictionLine, read_agreement
from hotline_protocol.airspace import Position
from hotline_protocol.arc import MOST_CONTROL, MOST_POSITIONS, SAME_M, Arc
from hotline_protocol.geometry import METRES_PER_NM, to_plane, to_position
from hotline_services.resources import scenarios_folder

SPACING_NM = 20.0


def line(*points_nm: tuple[float, float]) -> DeconflictionLine:
    """A line through these points of the plane."""
    points = [to_position((east * METRES_PER_NM, north * METRES_PER_NM)) for east, north in points_nm]
    return DeconflictionLine(name="line", note="a test's", trace=tuple(points))


def points_nm(trace: tuple[Position, ...]) -> list[tuple[float, float]]:
    return [(east / METRES_PER_NM, north / METRES_PER_NM) for east, north in to_plane(trace)]


EASTWARD = line((0, 0), (100, 0))
BENT = line((0, 0), (40, 0), (80, 40), (120, 40))
HOOK = line((0, 0), (60, 0), (60, 8), (0, 8))
VALLEY = read_agreement((scenarios_folder() / "agreements" / "valley.toml").read_text()).line
assert VALLEY is not None

offsets = st.floats(-15, 15).map(lambda offset: round(offset, 2))


def test_control_points_lie_evenly_from_end_to_end_about_as_far_apart_as_is_agreed() -> None:
    for length, parts in ((100, 5), (109, 5), (111, 6), (5, 1)):
        control = points_nm(Arc(line((0, 0), (length, 0)), SPACING_NM).control)
        assert [east for east, _ in control] == pytest.approx([length * n / parts for n in range(parts + 1)], abs=1e-5)


def test_a_long_line_with_a_short_spacing_has_no_more_control_points_than_an_offer_may_name() -> None:
    assert len(Arc(EASTWARD, 0.1).control) == MOST_CONTROL


def test_a_positive_offset_moves_the_line_to_its_left() -> None:
    moved = points_nm(Arc(EASTWARD, SPACING_NM).moved((3.0,) * 6))
    assert [north for _, north in moved] == pytest.approx([3.0, 3.0], abs=1e-5)
    westward = Arc(line((100, 0), (0, 0)), SPACING_NM).moved((3.0,) * 6)
    assert [north for _, north in points_nm(westward)] == pytest.approx([-3.0, -3.0], abs=1e-5)


def test_between_two_control_points_the_line_moves_by_what_lies_between_their_offsets() -> None:
    moved = shapely.LineString(points_nm(Arc(EASTWARD, SPACING_NM).moved((0.0, 0.0, 4.0, 0.0, 0.0, 0.0))))
    for east, north in ((10, 0), (30, 2), (40, 4), (50, 2), (70, 0)):
        assert shapely.Point(east, north).distance(moved) < 0.01


def test_a_line_that_is_not_moved_stays_as_it_was_to_the_last_digit() -> None:
    assert Arc(BENT, SPACING_NM).moved((0.0,) * 7) == BENT.trace


def test_where_a_straight_line_stays_straight_it_gains_no_vertices() -> None:
    assert len(Arc(EASTWARD, SPACING_NM).moved((5.0,) * 6)) == 2


def test_however_often_the_line_is_moved_it_can_be_moved_again() -> None:
    moved = BENT
    for number in range(60):
        arc = Arc(moved, 5.0)
        sway = tuple(round(math.sin(number * 7.1 + n), 2) for n in range(len(arc.control)))
        trace = arc.moved(sway)
        if arc.problem(trace) is None:
            moved = msgspec.structs.replace(moved, trace=trace)
    assert len(BENT.trace) < len(moved.trace) <= MOST_POSITIONS


def test_a_line_that_would_cross_itself_cannot_run() -> None:
    arc = Arc(HOOK, SPACING_NM)
    assert arc.can_run((-1.0,) * len(arc.control))
    assert not arc.can_run((0.0, 10.0, *(0.0,) * (len(arc.control) - 2)))
    assert arc.problem(line((0, 0), (60, 0), (60, 8), (30, -8)).trace) == "trace: crosses or meets itself"
    assert arc.problem(line((0, 0), (60, 0), (60, 8), (0, 0)).trace) == "trace: crosses or meets itself"


def test_a_line_that_would_leave_the_theatre_cannot_run() -> None:
    edge = DeconflictionLine(name="line", note="", trace=(Position(36.0, 38.9), Position(40.0, 38.9)))
    arc = Arc(edge, SPACING_NM)
    assert arc.can_run((-15.0,) * len(arc.control))
    problem = arc.problem(arc.moved((15.0,) * len(arc.control)))
    assert problem is not None
    assert problem.startswith("trace[0]: ")


def test_another_line_than_an_offer_leads_to_is_told_apart_and_one_in_the_other_direction_too() -> None:
    arc = Arc(BENT, SPACING_NM)
    shift = (4.0,) * len(arc.control)
    trace = arc.moved(shift)
    assert arc.leads_to(shift, trace)
    assert not arc.leads_to(shift, trace[::-1])
    assert not arc.leads_to(shift, trace[:-1])
    assert not arc.leads_to(shift, arc.moved((4.1,) * len(arc.control)))
    by_a_hair = tuple(Position(round(at.lon_deg + 2e-8, 8), at.lat_deg) for at in trace)
    assert arc.leads_to(shift, by_a_hair)


def test_control_points_are_the_same_to_the_metre() -> None:
    arc = Arc(BENT, SPACING_NM)
    assert arc.takes_hold_at(arc.control)
    assert not arc.takes_hold_at(arc.control[:-1])
    assert not arc.takes_hold_at((Position(39.5, 35.0), *arc.control[1:]))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_control_point_of_a_line_that_can_run_has_moved_further_than_its_offset(data: st.DataObject) -> None:
    arc = Arc(VALLEY, SPACING_NM)  # type: ignore[arg-type]
    shift = data.draw(st.tuples(*(offsets for _ in arc.control)))
    moved = shapely.LineString(points_nm(arc.moved(shift)))
    for (east, north), offset in zip(points_nm(arc.control), shift, strict=True):
        assert shapely.Point(east, north).distance(moved) <= abs(offset) + SAME_M / METRES_PER_NM
