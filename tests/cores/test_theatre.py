"""Theatres as data: the bounds, the plane that follows from them, the places, and what a scenario says of its own."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.agreement import AgreementError, read_agreement
from hotline_protocol.airspace import Circle, Position
from hotline_protocol.geodesy import position_at, route_nm
from hotline_protocol.geometry import METRES_PER_NM, area_problem, course_deg, to_plane, to_position
from hotline_protocol.icao_fpl import read_fpl
from hotline_protocol.places import place
from hotline_protocol.theatre import (
    DEFAULT,
    Bounds,
    Theatre,
    TheatreError,
    bounds_problem,
    default_theatre,
    enter,
    in_words,
    read_theatre,
    theatre_now,
)
from hotline_services.director.scenario import ScenarioError, read_scenario
from hotline_services.resources import map_file, scenarios_folder

from .test_scenario import PATROL, SMALL

ROOT = Path(__file__).parents[2]
ISLAND = ROOT / "examples/island"
ISLANDS = read_theatre((ISLAND / "theatre.toml").read_text(encoding="utf-8"))
EQUATOR = Theatre(name="equator", title="", bounds_deg=(-5.0, -4.0, 5.0, 4.0))
NORTH = Theatre(name="north", title="", bounds_deg=(10.0, 66.0, 24.0, 72.0))
THEATRES = {theatre.name: theatre for theatre in (default_theatre(), ISLANDS, EQUATOR, NORTH)}


def test_the_default_theatre_is_as_it_has_always_been() -> None:
    assert theatre_now().name == DEFAULT
    assert in_words(theatre_now().bounds_deg) == "34 to 44 E, 31 to 39 N"
    known = [Position(39.0, 35.0), Position(40.1408, 35.3359), Position(34.0, 31.0)]
    assert to_plane(known) == [(0.0, 0.0), (103_650.711, 37_835.561), (-478_178.085, -431_733.952)]
    assert course_deg(1.0, 2.0, 35.0) == 24.2702792159439
    assert place("deir-ez-zor") == Position(40.1408, 35.3359)
    assert place("oslk") == place("Hmeimim") == Position(35.9487, 35.4011)


@pytest.mark.parametrize("name", THEATRES)
def test_the_plane_of_a_theatre_is_true_to_scale_and_comes_back(name: str) -> None:
    enter(THEATRES[name])
    west, south, east, north = THEATRES[name].bounds_deg
    for lon in (west, (west + east) / 2, east):
        for lat in (south, (south + north) / 2, north):
            here = Position(lon, lat)
            (x, y) = to_plane([here])[0]
            back = to_position((x, y))
            assert (back.lon_deg, back.lat_deg) == pytest.approx((lon, lat), abs=1e-7)
            for bearing in (0.0, 90.0, 215.0):
                there = position_at(here, bearing, 5.0)
                (u, v) = to_plane([there])[0]
                flown_nm = math.dist((x, y), (u, v)) / METRES_PER_NM
                assert flown_nm == pytest.approx(route_nm([here, there]), rel=0.003)
                off = (course_deg(u - x, v - y, lon) - bearing + 180) % 360 - 180
                assert abs(off) < 0.3


@given(st.floats(-30, -22), st.floats(-24, -17))
def test_what_lies_in_one_theatre_lies_outside_the_other(lon: float, lat: float) -> None:
    there = Circle(centre=Position(lon, lat), radius_nm=5.0)
    enter(ISLANDS)
    assert area_problem(there) is None
    enter(default_theatre())
    problem = area_problem(there)
    assert problem is not None
    assert problem[1].endswith("lies outside 34 to 44 E, 31 to 39 N")


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ((-30.0, -24.0, -22.0, -17.0), "30 to 22 W, 24 to 17 S"),
        ((-5.0, -4.0, 5.0, 4.0), "5 W to 5 E, 4 S to 4 N"),
        ((0.0, 50.5, 8.0, 55.0), "0 to 8 E, 50.5 to 55 N"),
    ],
)
def test_bounds_are_said_in_words(bounds: Bounds, words: str) -> None:
    assert in_words(bounds) == words


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ((44.0, 31.0, 34.0, 39.0), "the west before the east"),
        ((170.0, 0.0, -170.0, 5.0), "not over the date line"),
        ((0.0, 0.0, 30.0, 5.0), "20 degrees at most"),
        ((0.0, 75.0, 10.0, 85.0), "no further north or south than 80"),
        ((0.0, math.nan, 10.0, 5.0), "the south before the north"),
        ((0.0, 0.0, 1e-9, 1e-9), "0.01 degrees at least"),
        ((-30.0, -1e-13, -20.0, 2e-13), "0.01 degrees at least"),
    ],
)
def test_bounds_that_no_plane_fits_are_refused(bounds: Bounds, reason: str) -> None:
    assert reason in (bounds_problem(bounds) or "")


def test_a_plane_all_but_about_the_equator_can_be_worked_out() -> None:
    near, at = (Theatre(name="x", title="", bounds_deg=(-30.0, -5.0 - off, -20.0, 5.0)) for off in (1e-13, 0.0))
    enter(near)
    there = to_plane([Position(-28.0, 4.0)])
    enter(at)
    assert to_plane([Position(-28.0, 4.0)]) == [pytest.approx(point, abs=0.01) for point in there]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"', "missing required field"),
        ('name = "x"\ntitle = "X"\nbounds_deg = [9, 1, 2, 3]', "bounds_deg: west, south, east, north"),
        ('name = "x"\ntitle = "X"\nbounds_deg = [1, 1, 2, 3]\nbound = 1', "unknown field `bound`"),
    ],
)
def test_a_theatre_s_file_is_read_strictly(text: str, said: str) -> None:
    with pytest.raises(TheatreError, match=said.replace("[", r"\[")):
        read_theatre(text)


# --- scenarios


def written(tmp_path: Path, theatre: str, scenario: str = SMALL, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text)
    path = tmp_path / "mine.toml"
    path.write_text(scenario.replace("start =", f"theatre = {theatre}\nstart =", 1))
    return path


def test_a_scenario_beside_its_theatre_and_map_plays_there() -> None:
    scenario = read_scenario(ISLAND / "island-day.toml")
    assert scenario.agreement.bounds_deg == ISLANDS.bounds_deg
    assert theatre_now().name == "training-islands"
    assert scenario.start.isoformat() == "2020-05-04T06:00:00-02:00"
    assert map_file("countries") == ISLAND / "map/countries.geojson"
    assert map_file("nothing") is None
    assert place("Northport") == Position(-26.2, -19.4)
    assert place("Raqqa") is None


def test_reading_another_scenario_leaves_that_theatre() -> None:
    read_scenario(ISLAND / "island-day.toml")
    assert read_scenario("valley-day").agreement.line is not None
    assert theatre_now() == default_theatre()
    assert map_file("rivers") == scenarios_folder() / "geography/rivers.geojson"


def test_the_default_theatre_may_be_named_and_changes_nothing(tmp_path: Path) -> None:
    plain, named = tmp_path / "plain.toml", written(tmp_path, '"syria"', SMALL + PATROL)
    plain.write_text(SMALL + PATROL)
    assert repr(read_scenario(named)) == repr(read_scenario(plain))
    assert read_scenario(named).agreement.digest == read_scenario(plain).agreement.digest


@pytest.mark.parametrize(
    ("theatre", "files", "said"),
    [
        ('"atlantis"', {}, "theatre: none called 'atlantis' is shipped; there are: syria"),
        ('"away.toml"', {}, "away.toml: file: cannot be read"),
        ('"t.toml"', {"t": 'name = "t"\ntitle = "T"\nbounds_deg = [1, 2, 3]'}, "t.toml: bounds_deg"),
        ('"t.toml"', {"t": 'name = "t"\ntitle = "T"\nbounds_deg = [1, 1, 3, 3]\nzone = "Moon/Sea"'}, "t.toml: zone: "),
        ('"t.toml"', {"t": 'name = "t"\ntitle = "T"\nbounds_deg = [1, 1, 3, 3]\nzone = "Europe"'}, "t.toml: zone: "),
        ('"t.toml"', {"t": 'name = "t"\ntitle = "T"\nbounds_deg = [1, 1, 3, 3]'}, "valley.toml, line "),
        ('"t.toml"', {"t": "places = []\n[[places]]"}, "t.toml: file: is not TOML: "),
        ('"t.toml"', {"t": "no TOML"}, "t.toml: file: is not TOML: "),
        ('"\\u0000.toml"', {}, "file: cannot be read: "),
        ('{ name = "t", title = "T", bounds_deg = [0, -90, 180, 90] }', {}, "theatre.bounds_deg: 20 degrees at most"),
        ('{ name = "t", title = "T", bounds_deg = [1, 1, 3, 3], zone = "Moon/Sea" }', {}, "theatre.zone: "),
        ("3", {}, "theatre"),
    ],
)
def test_a_theatre_that_cannot_be_is_refused_with_its_file_and_field(
    theatre: str, files: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(written(tmp_path, theatre, **files))
    assert said in str(caught.value)


def test_an_agreement_about_other_bounds_is_refused(tmp_path: Path) -> None:
    agreement = (scenarios_folder() / "agreements/valley.toml").read_text(encoding="utf-8")
    (tmp_path / "other.toml").write_text(f"bounds_deg = [33.0, 30.0, 45.0, 40.0]\n{agreement}")
    path = tmp_path / "mine.toml"
    path.write_text(SMALL.replace('"valley"', '"other.toml"'))
    with pytest.raises(ScenarioError, match=r"agreement\.bounds_deg: are not those of the theatre syria"):
        read_scenario(path)
    with pytest.raises(AgreementError, match="bounds_deg: "):
        read_agreement(f"bounds_deg = [45.0, 30.0, 33.0, 40.0]\n{agreement}")


def test_two_agreements_about_different_theatres_have_different_digests() -> None:
    scenario = read_scenario(ISLAND / "island-day.toml")
    text = (ISLAND / "agreement.toml").read_text(encoding="utf-8")
    assert scenario.agreement.digest != read_agreement(text).digest
    bounds: Any = list(ISLANDS.bounds_deg)
    assert scenario.agreement.digest == read_agreement(f"bounds_deg = {bounds}\n{text}").digest


def test_a_filed_plan_is_read_in_the_theatre_that_is_played_in() -> None:
    enter(ISLANDS)
    message = "(FPL-EXER11-IM-F18/M-S/S-XXNF1400-N0300F180 NORTHPORT 2030S02600W SOUTHPORT-XXSF0100-DOF/200504)"
    (filed,) = read_fpl(message, read_scenario(ISLAND / "island-day.toml").start)
    assert filed.problems == ()
    assert filed.plan is not None
    enter(default_theatre())
    (elsewhere,) = read_fpl(message, read_scenario("valley-day").start)
    assert elsewhere.plan is None


def test_whoever_is_examined_by_an_agreement_is_examined_within_its_bounds(tmp_path: Path) -> None:
    from hotline_services.cli import conformance

    path = tmp_path / "agreement.toml"
    text = (ISLAND / "agreement.toml").read_text(encoding="utf-8")
    path.write_text(f"bounds_deg = {list(ISLANDS.bounds_deg)}\n{text}")
    assert conformance._rules("conformance", path).name.startswith("Strait")
    assert theatre_now().bounds_deg == ISLANDS.bounds_deg
