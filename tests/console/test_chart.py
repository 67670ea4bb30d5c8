"""The small map: what is drawn where, and what hides what."""

import msgspec
import pytest

from hotline_protocol.airspace import Position
from hotline_protocol.flightplan import FlightKind
from hotline_protocol.sky import Track
from hotline_services.console.desk.air_view import Sky
from hotline_services.console.desk.chart import BRAILLE, Chart, Frame, Ground, Layer, draw
from hotline_services.console.painting import STYLES

from .fake import HIGHER, PLAN, FakeDesk

GROUND = Ground(
    rivers=((Position(38.0, 35.8), Position(40.0, 35.8)),), line=(Position(38.0, 35.5), Position(40.0, 35.5))
)


def layers(chart: Chart) -> set[Layer]:
    return {cell.layer for row in chart.cells() for cell in row}


def test_the_map_is_as_large_as_there_is_room() -> None:
    cells = draw(31, 9, GROUND, (PLAN,), FakeDesk().asked()).cells()
    assert [len(row) for row in cells] == [31] * 9


def test_everything_that_is_there_is_drawn() -> None:
    assert layers(draw(60, 20, GROUND, (PLAN,), None)) == {Layer.NOTHING, Layer.RIVER, Layer.LINE, Layer.OWN}
    offered = layers(draw(60, 20, GROUND, (PLAN,), FakeDesk().asked(), HIGHER))
    assert {Layer.RIVER, Layer.CHOICE} <= offered


def test_an_own_plan_at_another_time_is_left_out_of_a_decision() -> None:
    later = msgspec.structs.replace(PLAN, volumes=())
    assert Layer.OWN not in layers(draw(60, 20, Ground(), (later,), FakeDesk().asked()))


def test_the_more_important_is_shown_where_two_share_a_cell() -> None:
    chart = Chart(10, 5, Frame(0, 0, 100_000, 100_000))
    for layer in (Layer.OFFER, Layer.RIVER):
        chart.polyline([(0, 50_000), (100_000, 50_000)], layer)
    assert layers(chart) == {Layer.NOTHING, Layer.OFFER}


def test_lines_far_outside_draw_nothing_and_an_empty_desk_is_drawn_empty() -> None:
    chart = Chart(10, 5, Frame(0, 0, 100_000, 100_000))
    chart.polyline([(1e7, 1e7), (2e7, 2e7)], Layer.RIVER)
    assert {cell.char for row in chart.cells() for cell in row} == {" "}
    assert {cell.char for row in draw(10, 5, Ground(), (), None).cells() for cell in row} == {" "}


def test_a_line_across_is_a_row_of_dots() -> None:
    chart = Chart(4, 1, Frame(0, 0, 100_000, 50_000))
    chart.polyline([(-1e6, 25_000), (1e6, 25_000)], Layer.LINE)
    assert all(ord(cell.char) > BRAILLE for cell in chart.cells()[0])


def track(side: str | None, callsign: str = "VIPER1") -> Track:
    return Track(side, side or "tr", "p1", callsign, FlightKind.PATROL, 39.1, 35.6, 24_000, 420, 270, 0, True)


def test_an_aircraft_s_side_is_told_by_the_shape_of_its_mark() -> None:
    for side, mark, layer in (
        ("ru", "●", Layer.FLIES_OWN),
        ("us", "□", Layer.FLIES_OTHER),
        (None, "?", Layer.FLIES_THIRD),
    ):
        cells = draw(60, 20, GROUND, (), None, sky=Sky("ru", (track(side),))).cells()
        assert [cell for row in cells for cell in row if cell.layer is layer] == [(mark, layer)]


def test_no_side_is_shown_in_the_colour_of_what_is_wrong() -> None:
    assert not [layer for layer, style in STYLES.items() if "red" in style]


@pytest.mark.parametrize("elsewhere", [{"lon_deg": 60.0}, {"lat_deg": 90.0}, {"lat_deg": -90.0}])
def test_an_aircraft_outside_the_frame_is_not_drawn(elsewhere: dict[str, float]) -> None:
    far = msgspec.structs.replace(track("us"), **elsewhere)
    assert layers(draw(60, 20, GROUND, (), None, sky=Sky("ru", (far,)))) == {Layer.NOTHING, Layer.RIVER, Layer.LINE}
