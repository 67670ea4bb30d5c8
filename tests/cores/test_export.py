"""Exports, each read back by a program that is not ours."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import shapely

from hotline_protocol.airspace import Circle, Corridor, Polygon, Position
from hotline_protocol.events import Escalated, EscalationKind, LineMoved
from hotline_protocol.flightplan import FlightKind
from hotline_protocol.line import Tier
from hotline_protocol.message import Author, Message
from hotline_protocol.sky import Encountered, Fix, FlightBegan, FlightFlown, Flyer, Grade, PathChanged
from hotline_services.director.scenario import read_scenario
from hotline_services.export.formats.captions import ILLUSTRATIVE, colours_of
from hotline_services.export.formats.czml import czml
from hotline_services.export.formats.geojson import geojson
from hotline_services.export.formats.kml import kml
from hotline_services.export.formats.outlines import rings
from hotline_services.export.formats.story import Story
from hotline_services.export.formats.tabular import csv_text, parquet, tables
from hotline_services.monitor.positions import motion_at
from hotline_services.runtime.recording import Header, Recorded

from .skies import MINUTE, NOON

HOSTILE = '=cmd|"<script>alert(1)</script>\n\x0b&\'</name>]]>,"'
KML = "{http://www.opengis.net/kml/2.2}"
GX = "{http://www.google.com/kml/ext/2.2}"
HEADER = Header(scenario="valley-2017", seed=1, start=NOON, days=1, agreement="0" * 16)
RACETRACK = Corridor(
    route=tuple(Position(*at) for at in ((40, 35), (40.8, 35), (40.8, 35.5), (40, 35.5), (40, 35))), half_width_nm=3
)
AREAS = {
    "polygon": Polygon(vertices=(Position(40, 35), Position(40, 36), Position(41, 36), Position(41, 35))),
    "circle": Circle(centre=Position(40.5, 35.5), radius_nm=8),
    "a corridor with a hole": RACETRACK,
}


def flyer(callsign: str = "HAWK11", plan_id: str = "p-1", side: str | None = "us") -> Flyer:
    return Flyer(side=side, operator=side or "syaf", plan_id=plan_id, callsign=callsign)


def path(*fixes: tuple[float, float, float, float]) -> tuple[Fix, ...]:
    return tuple(Fix(*fix) for fix in fixes)


def said() -> list[Message]:
    """A flight that turns off its way and comes down, one that nobody answers for, and what came of it."""
    sky, us = Author("sky"), Author("us")
    began = sky.say(
        FlightBegan,
        NOON,
        flyer=flyer(),
        kind=FlightKind.PATROL,
        path=path((0, 40, 35, 20_000), (1_200, 41, 35, 20_000)),
    )
    hostile = sky.say(
        FlightBegan,
        NOON,
        flyer=flyer(HOSTILE, "p-2", None),
        path=path((0, 40, 35.1, 9_000), (600, 40, 36, 12_000)),
    )
    turned = sky.say(
        PathChanged, NOON + 10 * MINUTE, flyer=flyer(), path=path((0, 40.5, 35, 20_000), (600, 40.5, 36, 10_000))
    )
    met = sky.say(
        Encountered,
        NOON + 5 * MINUTE,
        one=flyer(),
        other=flyer(HOSTILE, "p-2", None),
        grade=Grade.AIRPROX_B,
        began_at=NOON,
        ended_at=NOON + 6 * MINUTE,
        horizontal_nm=0.8,
        vertical_ft=300,
        at=Position(40.2, 35.3),
        altitude_ft=19_000,
    )
    seen = us.say(
        Escalated,
        NOON + 6 * MINUTE,
        cause=met.id,
        kind=EscalationKind.SIGHTING,
        peer="ru",
        about=met.id,
        tier=Tier.DUTY_OFFICER,
        detail=HOSTILE,
    )
    down = sky.say(
        FlightFlown,
        NOON + 15 * MINUTE,
        flyer=flyer(),
        began_at=NOON,
        ended_at=NOON + 15 * MINUTE,
        conforming_share=1.0,
        longest_excursion_s=0.0,
    )
    return [began, hostile, met, seen, turned, down]


def recorded(messages: Sequence[Message]) -> list[Recorded]:
    return [Recorded(at=message.time, message=message) for message in messages]  # type: ignore[arg-type]


def story(messages: Sequence[Message] | None = None, **changes: Any) -> Story:
    found = Story(HEADER, read_scenario("valley-2017").agreement, **changes)
    for each in recorded(said() if messages is None else messages):
        found.take(each)
    return found


def shipped_day() -> tuple[Story, list[Recorded]]:
    """A quarter of a day of the valley, as it is simulated."""
    from hotline_services.world import build

    scenario = read_scenario("valley-2017")
    simulation = build(scenario, 1, 1)
    heard: list[tuple[Any, datetime]] = []
    simulation.run(simulation.start + timedelta(hours=6), lambda message, at: heard.append((message, at)))
    found = [Recorded(at=at, message=message) for message, at in heard]
    told = Story(HEADER, scenario.agreement)
    for each in found:
        told.take(each)
    return told, found


@pytest.fixture(scope="module")
def day() -> tuple[Story, list[Recorded]]:
    return shipped_day()


# --- what a run comes to


def test_a_flight_is_where_its_newest_path_has_it_until_it_is_down() -> None:
    (other, hawk) = story().journeys()
    assert (hawk.flyer.callsign, other.flyer.callsign) == ("HAWK11", HOSTILE)
    assert hawk.stops[0][1:] == (40, 35, 20_000)
    assert hawk.ended_at == NOON + 15 * MINUTE == hawk.stops[-1].at
    assert hawk.stops[-1].lat_deg == pytest.approx(35.5, abs=1e-3)
    times = [stop.at for stop in hawk.stops]
    assert times == sorted(set(times))
    turn = next(stop for stop in hawk.stops if stop.at == NOON + 10 * MINUTE)
    assert turn[1:3] == (40.5, 35)


def test_between_two_fixes_it_is_where_the_sky_would_say_it_is() -> None:
    began = next(message for message in said() if isinstance(message, FlightBegan))
    (journey,) = story([began]).journeys()
    assert len(journey.stops) > len(began.path)
    for stop in journey.stops:
        motion = motion_at(began.path, (stop.at - NOON).total_seconds())
        assert motion is not None
        assert stop.lon_deg == pytest.approx(motion.position.lon_deg, abs=2e-6)
        assert stop.lat_deg == pytest.approx(motion.position.lat_deg, abs=2e-6)
        assert stop.altitude_ft == pytest.approx(motion.altitude_ft, abs=1)


def test_a_plan_that_is_flown_again_is_another_journey() -> None:
    sky = Author("sky")
    first, second = (
        sky.say(FlightBegan, NOON + n * 60 * MINUTE, flyer=flyer(), path=path((0, 40, 35, 1), (60, 40, 35.1, 1)))
        for n in range(2)
    )
    assert [each.key for each in story([first, second]).journeys()] == ["us/p-1", "us/p-1/2"]


def test_an_escalation_is_where_that_was_which_it_answers() -> None:
    from hotline_services.monitor.rows import EscalationRow

    told = story()
    (row,) = told.rows(EscalationRow)
    assert told.place_of(row) == Position(40.2, 35.3)


def test_the_line_that_both_sides_say_has_moved_has_moved_once() -> None:
    new = (Position(39, 36), Position(40, 35))
    moved = [
        Author(side).say(LineMoved, NOON + MINUTE, review_id="r-1", trace=new, agreement="0" * 16)
        for side in ("us", "ru")
    ]
    before, after = story(moved).traces
    assert (before.until, after.since, after.until) == (NOON + MINUTE, NOON + MINUTE, None)
    assert after.positions == new


# --- shapes


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS.keys())
def test_outlines_run_against_the_clock_and_holes_with_it(area: Any) -> None:
    outline, *holes = rings(area)
    assert outline[0] == outline[-1]
    assert shapely.LinearRing(outline).is_ccw
    assert not any(shapely.LinearRing(hole).is_ccw for hole in holes)
    assert shapely.Polygon(outline, holes).is_valid
    assert bool(holes) == (area is RACETRACK)


def test_an_area_that_cannot_be_drawn_is_left_out() -> None:
    assert rings(Circle(centre=Position(0, 0), radius_nm=5)) == []


# --- tables


def test_duckdb_reads_every_parquet_table_with_its_types(day: tuple[Story, list[Recorded]], tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is what reads the tables back")
    told, heard = day
    for table in tables(told, heard):
        (tmp_path / f"{table.name}.parquet").write_bytes(parquet(table))
        read = duckdb.read_parquet(str(tmp_path / f"{table.name}.parquet"))
        assert read.columns == [column.name for column in table.columns]
        assert read.aggregate("count(*)").fetchall() == [(len(table.rows),)]
    calls, grants, messages = (
        duckdb.read_parquet(str(tmp_path / f"{name}.parquet")) for name in ("calls", "agreements", "messages")
    )
    count, first, kind = calls.aggregate("count(*), epoch(min(rang_at)), typeof(min(rang_at))").fetchall()[0]
    assert count > 0
    assert kind == "TIMESTAMP WITH TIME ZONE"
    assert first > 0
    wkt = grants.filter("volumes_wkt IS NOT NULL").project("volumes_wkt").fetchall()
    assert wkt
    assert all(shapely.from_wkt(text).is_valid for (text,) in wkt)
    assert messages.aggregate("count(DISTINCT id)").fetchall() == [(len({each.message.id for each in heard}),)]


def test_the_csv_tables_say_what_the_parquet_tables_say(day: tuple[Story, list[Recorded]], tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is what reads the tables back")
    for table in tables(*day):
        if table.name in {"calls", "crossings", "flights"}:
            (tmp_path / "t.csv").write_bytes(csv_text(table))
            (tmp_path / "t.parquet").write_bytes(parquet(table))
            read = duckdb.read_csv(str(tmp_path / "t.csv"), header=True, all_varchar=True).fetchall()
            cast = ", ".join(f'"{column.name}"::VARCHAR' for column in table.columns if column.kind is str)
            texts = duckdb.read_parquet(str(tmp_path / "t.parquet")).project(cast).fetchall()
            places = [n for n, column in enumerate(table.columns) if column.kind is str]
            kept = [tuple(row[n] for n in places) for row in read]
            assert [tuple(value or None for value in row) for row in texts] == kept


def test_no_text_of_others_is_a_formula_in_a_spreadsheet() -> None:
    told = story()
    for table in tables(told, recorded(said())):
        lines = list(csv.reader(io.StringIO(csv_text(table).decode(), newline="")))
        assert len({len(line) for line in lines}) == 1, table.name
        texts = [n for n, column in enumerate(table.columns) if column.kind is str]
        assert not any(line[n].startswith(("=", "+", "-", "@", "\t", "\r")) for line in lines[1:] for n in texts)
    escalations = next(table for table in tables(told, []) if table.name == "escalations")
    (line,) = list(csv.DictReader(io.StringIO(csv_text(escalations).decode(), newline="")))
    assert line["detail"] == f"'{HOSTILE}"


def test_parquet_keeps_every_text_as_it_was(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is what reads the tables back")
    escalations = next(table for table in tables(story(), []) if table.name == "escalations")
    (tmp_path / "e.parquet").write_bytes(parquet(escalations))
    assert duckdb.read_parquet(str(tmp_path / "e.parquet")).project("detail").fetchall() == [(HOSTILE,)]


# --- maps


def test_shapely_reads_the_geojson_and_it_keeps_the_right_hand_rule(day: tuple[Story, list[Recorded]]) -> None:
    text = geojson(day[0])
    read = shapely.from_geojson(text.decode())
    assert read.is_valid
    document = json.loads(text)
    kinds = {feature["properties"]["feature"] for feature in document["features"]}
    assert {"line", "zone", "plan", "agreement", "track"} <= kinds
    for feature in document["features"]:
        if feature["geometry"] and feature["geometry"]["type"] == "Polygon":
            outline, *holes = feature["geometry"]["coordinates"]
            assert shapely.LinearRing(outline).is_ccw
            assert not any(shapely.LinearRing(hole).is_ccw for hole in holes)
        if feature["properties"]["feature"] == "track":
            assert len(feature["properties"]["times"]) == len(feature["geometry"]["coordinates"])
            assert all(len(at) == 3 for at in feature["geometry"]["coordinates"])
    ids = [feature["id"] for feature in document["features"]]
    assert len(set(ids)) == len(ids)


def test_cesiums_format_is_read_by_czml3_and_the_line_says_that_it_is_illustrative(
    day: tuple[Story, list[Recorded]],
) -> None:
    czml3 = pytest.importorskip("czml3", reason="czml3 is what reads CZML back")
    told, _ = day
    text = czml(told)
    document = czml3.Document.model_validate_json(text)
    packets = {packet.id: packet for packet in document.packets}
    assert len(packets) == len(json.loads(text))
    assert "illustrative" in packets["line/0"].name
    assert ILLUSTRATIVE in packets["line/0"].description
    for journey in told.journeys():
        position = packets[f"flight/{journey.key}"].position
        assert len(position.cartographicDegrees.values) == 4 * len(journey.stops)
    assert any(packet.polygon and packet.polygon.extrudedHeight for packet in document.packets)


def test_the_kml_keeps_to_its_schema_and_another_reader_finds_the_tracks(
    day: tuple[Story, list[Recorded]], tmp_path: Path
) -> None:
    pytest.importorskip("lxml", reason="lxml is what checks KML against its schema")
    validator = pytest.importorskip("fastkml.validator", reason="fastkml is what reads KML back")
    from fastkml.gx import Track
    from fastkml.kml import KML as READER
    from fastkml.utils import find_all

    told, _ = day
    file = tmp_path / "day.kml"
    file.write_bytes(kml(told))
    assert validator.validate(file_to_validate=file)
    read = READER.parse(file)

    tracks = [track for track in find_all(read, of_type=Track) if isinstance(track, Track)]
    assert len(tracks) == len(told.journeys())
    assert len(tracks[0].track_items) == len(told.journeys()[0].stops)


def test_nothing_of_others_is_markup_on_any_map() -> None:
    told = story()
    for packet in json.loads(czml(told)):
        assert "<" not in packet.get("description", "")
    root = ET.fromstring(kml(told))  # noqa: S314  # our own
    names = [element.text or "" for element in root.iter(f"{KML}name")]
    descriptions = [element.text or "" for element in root.iter(f"{KML}description")]
    assert not any("<" in text for text in (*names, *descriptions))
    assert any("script" in text for text in names)
    assert not list(root.iter("script"))
    features = json.loads(geojson(told))["features"]
    assert HOSTILE in {feature["properties"].get("callsign") for feature in features}


def test_eight_sides_have_eight_colours_and_others_one_more() -> None:
    sides = [f"p{n}" for n in range(10)]
    colours = colours_of(sides, None)
    assert len({colours[side] for side in sides[:8]}) == 8
    assert colours["p8"] == colours["p9"] not in {colours[side] for side in sides[:8]}
