"""Airspace Control Orders on their way out: written and read back, made into plans, and by the command."""

import math
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.airspace import MAX_VERTICES, Area, Circle, Corridor, Polygon, Position, Volume4D
from hotline_protocol.flightplan import FlightKind
from hotline_protocol.geometry import METRES_PER_NM, area_problem, shape_of, to_plane
from hotline_protocol.intake import check_plan, read_plans
from hotline_services.aco.order import Order
from hotline_services.aco.plans import callsign, held, plans_of
from hotline_services.aco.reading import read_order
from hotline_services.aco.sets import WIDTH
from hotline_services.aco.writing import Reserved, text_field, write_order
from hotline_services.cli.aco import read, write
from hotline_services.director.scenario import read_scenario
from hotline_services.runtime.recording import RecordingWriter
from hotline_services.world import build

from . import usmtf
from .orders import CIRCLE, HEAD, LEVELS, START, TIMES, order, volume
from .test_export import HEADER

# --- and back


def seconds(west: float, east: float) -> st.SearchStrategy[float]:
    """Degrees that a whole number of seconds makes, as the reader makes them."""
    return st.integers(math.ceil(west * 3600), math.floor(east * 3600)).map(
        lambda n: round(n // 3600 + n // 60 % 60 / 60 + n % 60 / 3600, 8)
    )


positions = st.builds(Position, seconds(36, 42), seconds(32, 38))
breadths = st.integers(1, 1_500).map(lambda n: n / 10)
areas: st.SearchStrategy[Area] = st.one_of(
    st.builds(Circle, centre=positions, radius_nm=breadths),
    st.builds(Corridor, route=st.lists(positions, min_size=2, max_size=12).map(tuple), half_width_nm=breadths),
    st.builds(Polygon, vertices=st.lists(positions, min_size=3, max_size=8).map(tuple)),
).filter(lambda area: area_problem(area) is None)


@st.composite
def volumes(draw: st.DrawFn) -> Volume4D:
    lower = draw(st.integers(0, 590))
    start = START + timedelta(minutes=draw(st.integers(0, 600_000)))
    return Volume4D(
        area=draw(areas),
        lower_ft=lower * 100,
        upper_ft=draw(st.integers(lower + 1, 600)) * 100,
        start=start,
        end=start + timedelta(minutes=draw(st.integers(1, 3_000))),
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), volumes()), max_size=5))
def test_what_is_written_is_read_back_as_the_same_volumes(given: list[tuple[str, Volume4D]]) -> None:
    reserved = [Reserved(name, "ROZ", each, f"remark {name}") for name, each in given]
    text = write_order("a test", "1", START, START + timedelta(days=1), reserved)
    assert text.startswith("EXER/")
    assert max(map(len, text.splitlines())) <= WIDTH
    back = read_order(text)
    assert [each for one in back.measures for each in one.volumes] == [each for _, each in given]
    assert len({one.name for one in back.measures}) == len(given)
    assert back.mended == ()
    assert [note.set for note in back.refused] == ([] if given else ["ACMID"])


@settings(max_examples=150, deadline=None)
@given(st.lists(volumes(), min_size=1, max_size=5))
def test_another_reader_reads_the_same_volumes_out_of_what_is_written(given: list[Volume4D]) -> None:
    reserved = [Reserved(f"zone {number}", "ROZ", each, "any") for number, each in enumerate(given)]
    read = usmtf.read(write_order("a test", "1", START, START + timedelta(days=1), reserved))
    assert [one["name"] for one in read] == [f"ZONE {number}" for number in range(len(given))]
    for one, each in zip(read, given, strict=True):
        points, breadth_nm = ground(each.area)
        assert one["shape"] == type(each.area).__name__.upper()
        assert [*map(pytest.approx, points)] == one["positions"]
        assert breadth_nm == (None if one["breadth_nm"] is None else pytest.approx(one["breadth_nm"], abs=1e-3))
        assert one["heights"] == [each.lower_ft, each.upper_ft]
        assert one["times"] == [each.start, each.end]


def ground(area: Area) -> tuple[list[tuple[float, float]], float | None]:
    """Its positions as longitude and latitude, and how wide it is: a circle's radius, a corridor's whole width."""
    match area:
        case Circle():
            points, breadth_nm = [area.centre], area.radius_nm
        case Corridor():
            points, breadth_nm = [*area.route], 2 * area.half_width_nm
        case Polygon():
            return [(point.lon_deg, point.lat_deg) for point in area.vertices], None
    return [(point.lon_deg, point.lat_deg) for point in points], breadth_nm


@settings(max_examples=100, deadline=None)
@given(
    st.builds(
        Position,
        st.floats(36, 42).map(lambda x: round(x, 8)),
        st.floats(32, 38).map(lambda x: round(x, 8)),
    ),
    st.floats(1, 100),
    st.integers(0, 59_000),
    st.integers(0, 86_399),
)
def test_what_is_finer_than_an_order_comes_back_no_smaller_and_hardly_moved(
    centre: Position, radius_nm: float, lower_ft: int, second: int
) -> None:
    start = START + timedelta(seconds=second)
    area = Circle(centre=centre, radius_nm=radius_nm)
    one = Volume4D(area=area, lower_ft=lower_ft, upper_ft=lower_ft + 950, start=start, end=start + timedelta(hours=1))
    text = write_order("t", "1", START, START + timedelta(days=2), [Reserved("one", "ROZ", one)])
    back = volume(read_order(text))
    assert isinstance(back.area, Circle)
    assert math.dist(to_plane([back.area.centre])[0], to_plane([centre])[0]) < 20
    assert 0 <= (back.area.radius_nm - radius_nm) * METRES_PER_NM + 2e-3 < 1.1
    assert back.lower_ft <= lower_ft < lower_ft + 950 <= back.upper_ft
    assert back.start <= start
    assert back.end >= one.end
    again = write_order("t", "1", START, START + timedelta(days=2), [Reserved("one", "ROZ", back)])
    twice = volume(read_order(again))
    assert isinstance(twice.area, Circle)
    assert twice.area.centre == back.area.centre
    assert twice.area.radius_nm == pytest.approx(back.area.radius_nm, abs=1e-6)
    assert (twice.lower_ft, twice.upper_ft, twice.start, twice.end) == (
        back.lower_ft,
        back.upper_ft,
        back.start,
        back.end,
    )


@given(st.text(max_size=60))
def test_no_text_of_others_ends_a_set_or_begins_one(text: str) -> None:
    field = text_field(text)
    assert "/" not in field
    assert "\n" not in field
    assert field == field.upper()
    assert field


# --- as plans


def test_a_measure_becomes_plans_that_a_centre_can_read() -> None:
    found = order("CORRIDOR/5NM/LATM:3500N03930E/LATM:3530N04000E/LATM:3522N04030E//")
    (plan,) = plans_of(found, "us-aco")
    assert plan.plan_id == "us-aco-ONE-20170618-1530"
    assert plan.kind is FlightKind.SURVEILLANCE
    payload = msgspec.json.encode({"plans": [plan]})
    assert read_plans(payload, START.date()) == ([plan], [])
    assert check_plan(plan, START) == []


def test_a_corridor_is_held_as_an_outline_that_leaves_nothing_of_it_out() -> None:
    area = Corridor(route=(Position(39.5, 35), Position(40, 35.5), Position(40.5, 35.3)), half_width_nm=3)
    outline = held(area)
    assert isinstance(outline, Polygon)
    assert shapely.Polygon(to_plane(outline.vertices)).buffer(0.1).covers(shape_of(area))
    assert len(outline.vertices) < 100


def test_a_corridor_with_ever_so_many_turns_is_an_outline_that_a_plan_may_have() -> None:
    zigzag = tuple(Position(38 + 0.01 * n, 35 + 0.004 * (n % 2)) for n in range(480))
    outline = held(Corridor(route=zigzag, half_width_nm=0.02))
    assert isinstance(outline, Polygon)
    assert len(outline.vertices) <= MAX_VERTICES
    assert (
        shapely.Polygon(to_plane(outline.vertices))
        .buffer(0.1)
        .covers(shape_of(Corridor(route=zigzag, half_width_nm=0.02)))
    )


def test_a_plan_that_no_centre_would_take_is_left_out_and_said_to_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "\n".join(
        [HEAD, "ACMID/ACM:ROZ/NAME:EDGE/CORRIDOR//", "CORRIDOR/40NM/3500N03410E/3530N03430E//", LEVELS, TIMES]
    )
    (tmp_path / "edge.aco").write_text(text)
    assert read(tmp_path / "edge.aco", out=tmp_path / "plans.json") == 1
    assert "EDGE-20170618-1530 is left out: area.vertices" in capsys.readouterr().err
    assert read_plans((tmp_path / "plans.json").read_bytes(), START.date())[0] == []


def test_of_a_window_of_centuries_only_as_many_plans_are_made_as_can_be_handed_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = "APERIOD/DISCRETE/180600ZJUN2017/181200ZJUN9999//"
    (tmp_path / "long.aco").write_text("\n".join([HEAD, "ACMID/ACM:ROZ/NAME:LONG/CIRCLE//", CIRCLE, LEVELS, times]))
    assert read(tmp_path / "long.aco", out=tmp_path / "plans.json") == 1
    assert "and all after it are left out: 1,000 plans are the most" in capsys.readouterr().err
    assert len(read_plans((tmp_path / "plans.json").read_bytes(), START.date())[0]) == 1_000


def test_a_window_longer_than_a_flight_becomes_several_plans_with_ids_of_their_own() -> None:
    plans = list(plans_of(order(times="APERIOD/DISCRETE/180600ZJUN/201200ZJUN//")))
    assert [plan.end - plan.start for plan in plans] == [timedelta(hours=24), timedelta(hours=24), timedelta(hours=6)]
    assert len({plan.plan_id for plan in plans}) == 3


def test_a_callsign_is_made_of_any_name() -> None:
    assert [callsign(name) for name in ("NORTH EAST 1", "X", "-", "")] == ["NORTHEA", "ACMX", "ACM", "ACM"]


# --- the command


@pytest.fixture
def aco(tmp_path: Path) -> Path:
    path = tmp_path / "order.aco"
    path.write_text("\n".join([HEAD, "ACMID/ACM:ROZ/NAME:ONE/CIRCLE/USE:AEW//", CIRCLE, LEVELS, TIMES]))
    return path


def test_the_command_lists_what_was_taken_mended_and_refused(aco: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert read(aco) == 0
    told = capsys.readouterr().out
    assert "taken: 1" in told
    assert "FL200-250" in told
    aco.write_text(aco.read_text() + "\nFOO/BAR//\n")
    assert read(aco) == 1
    assert "unknown set" in capsys.readouterr().out


def test_the_command_writes_plans_that_inject_takes(aco: Path, tmp_path: Path) -> None:
    out = tmp_path / "plans.json"
    assert read(aco, to="us", out=out) == 0
    plans, refusals = read_plans(out.read_bytes(), START.date())
    assert (len(plans), refusals) == (1, [])
    assert plans[0].plan_id.startswith("us-aco-ONE")
    assert read(aco, to="us", out=out) == 2
    assert read(aco, to="us", out=out, force=True) == 0


def test_everything_is_one_json_object_when_asked_for(aco: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert read(aco, json=True) == 0
    assert msgspec.json.decode(capsys.readouterr().out, type=Order).measures[0].name == "ONE"


def test_ground_that_is_no_ground_is_refused(aco: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert read(aco, ground=-1) == 2
    assert "--ground: -1: from 0 to 29,000 ft" in capsys.readouterr().err


def test_a_file_that_is_not_there_or_no_order_is_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert read(tmp_path / "none.aco") == 2
    assert "No such file" in capsys.readouterr().err
    (tmp_path / "x.aco").write_bytes(b"\xff\xfe\x00")
    assert read(tmp_path / "x.aco", out=tmp_path / "plans.json") == 2
    assert "no measure could be taken" in capsys.readouterr().err
    assert not (tmp_path / "plans.json").exists()


def test_the_agreements_of_a_run_are_an_exercises_order_that_is_read_back(tmp_path: Path) -> None:
    scenario = read_scenario("valley-2017")
    simulation = build(scenario, 1, 1)
    path, out = tmp_path / "run.jsonl", tmp_path / "order.aco"
    with path.open("wb") as file:
        header = msgspec.structs.replace(HEADER, agreement=scenario.agreement.digest)
        writer = RecordingWriter(file, header)
        simulation.run(simulation.start + timedelta(hours=9), writer.write)
    assert write(path, out=out, all=True) == 0
    assert out.read_text().startswith("EXER/HOTLINE VALLEY-2017//\n")
    found = read_order(out.read_text())
    assert not found.refused
    assert {zone.name.upper() for zone in scenario.agreement.zones} <= {one.name for one in found.measures}
    assert len(found.measures) > len(scenario.agreement.zones)
    assert write(path, out=out) == 2
    assert write(path, out=out, force=True) == 0
    assert len(read_order(out.read_text()).measures) <= len(found.measures)
