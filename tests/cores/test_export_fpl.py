"""Plans written as ICAO flight plans: our reader and another read the same flight out of them."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hotline_protocol.airspace import Circle, Corridor, Polygon, Position
from hotline_protocol.flightplan import FlightKind, FlightPlan, Priority
from hotline_protocol.geometry import area_problem
from hotline_protocol.icao_fpl import read_fpl
from hotline_services.export.formats.fpl import LeftOut, fpl, write_fpl

from . import doc4444

FIXTURES = Path(__file__).parents[1] / "fixtures"
START = datetime(2017, 6, 18, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
steady = settings(deadline=None, max_examples=150)


def back(text: str) -> FlightPlan:
    (filed,) = read_fpl(text, datetime(2026, 1, 1, tzinfo=UTC))
    assert filed.plan is not None, filed.problems
    return msgspec.structs.replace(filed.plan, icao=msgspec.UNSET)


positions = st.builds(Position, lon_deg=st.floats(35, 43), lat_deg=st.floats(32, 38))
areas = st.one_of(
    st.builds(Circle, centre=positions, radius_nm=st.floats(0.5, 60)),
    st.builds(Polygon, vertices=st.lists(positions, min_size=3, max_size=8).map(tuple)),
    st.builds(
        Corridor,
        route=st.lists(positions, min_size=2, max_size=8).map(tuple),
        half_width_nm=st.sampled_from([2.0, 5.0]),
    ),
).filter(lambda area: area_problem(area) is None)


@st.composite
def plans(draw: st.DrawFn) -> FlightPlan:
    lower = draw(st.integers(0, 59_900))
    start = START + timedelta(seconds=draw(st.integers(0, 100_000)))
    return FlightPlan(
        plan_id="any",
        callsign=draw(st.from_regex(r"[A-Z0-9]{2,7}", fullmatch=True)),
        kind=draw(st.sampled_from(FlightKind)),
        priority=draw(st.sampled_from(Priority)),
        area=draw(areas),
        lower_ft=lower,
        upper_ft=draw(st.integers(lower + 1, 60_000)),
        start=start,
        end=start + timedelta(seconds=draw(st.integers(60, 86_340))),
        aircraft_type=draw(st.sampled_from(["", "2F18", "C17", "K35R", "MIG 29", "c17", "IL76", "ZZZZ"])),
        remarks=draw(st.text(max_size=80) | st.sampled_from(["DOF/170101", "STS/EMER", "A (B-C", "TANKER", "-E/0400"])),
    )


@steady
@given(plans())
def test_a_plan_is_read_back_as_the_same_flight_and_reserves_no_less(plan: FlightPlan) -> None:
    (text,) = write_fpl([plan])
    assume(not isinstance(text, LeftOut) or isinstance(plan.area, Corridor))
    if isinstance(text, LeftOut):
        assert "only one point" in text.reason
        return
    read = back(text)
    assert (read.callsign, read.kind, read.priority) == (plan.callsign, plan.kind, plan.priority)
    assert plan.start - MINUTE < read.start <= plan.start
    assert plan.end <= read.end < plan.end + MINUTE
    assert plan.lower_ft - 1_000 < read.lower_ft <= plan.lower_ft
    assert plan.upper_ft <= read.upper_ft < plan.upper_ft + 1_000
    if isinstance(plan.area, Corridor):
        assert isinstance(read.area, Corridor)
        assert all(
            any(math.dist(msgspec.structs.astuple(a), msgspec.structs.astuple(b)) < 0.013 for b in read.area.route)
            for a in plan.area.route
        )
    else:
        assert read.area == plan.area


@steady
@given(plans())
def test_another_reader_reads_the_same_flight(plan: FlightPlan) -> None:
    (text,) = write_fpl([plan])
    assume(isinstance(text, str))
    assert isinstance(text, str)
    ours, theirs = back(text), doc4444.read(text)
    assert (theirs["callsign"], theirs["start"], theirs["end"]) == (ours.callsign, ours.start, ours.end)
    assert max(min(theirs["levels_ft"]) - 500, 0) == ours.lower_ft
    assert min(max(theirs["levels_ft"]) + 500, 60_000) == ours.upper_ft
    assert theirs["from"] == theirs["points"][0]
    assert theirs["to"] == theirs["points"][-1]
    if isinstance(ours.area, Corridor):
        ends = [(point.lon_deg, point.lat_deg) for point in (ours.area.route[0], ours.area.route[-1])]
        assert ends == [pytest.approx(theirs["from"], abs=1e-5), pytest.approx(theirs["to"], abs=1e-5)]


@steady
@given(plans())
def test_what_was_read_from_a_message_is_written_as_that_flight_again(plan: FlightPlan) -> None:
    (text,) = write_fpl([plan])
    assume(isinstance(text, str))
    once = back(str(text))
    assert back(fpl(once)) == once


def test_a_route_that_is_no_longer_than_a_minute_of_arc_is_left_out() -> None:
    route = (Position(40.001, 35.001), Position(40.002, 35.002))
    plan = msgspec.structs.replace(PLAN, area=Corridor(route=route, half_width_nm=5))
    assert list(write_fpl([plan])) == [LeftOut("one", "its route has only one point to the minute of arc")]


def test_an_outline_of_very_many_digits_is_left_out() -> None:
    around = [Position(39 + math.cos(n / 80) / 3.3333333, 35 + math.sin(n / 80) / 3.3333333) for n in range(500)]
    (left,) = write_fpl([msgspec.structs.replace(PLAN, area=Polygon(vertices=tuple(around)))])
    assert isinstance(left, LeftOut)
    assert "10,000 are the most" in left.reason


PLAN = FlightPlan(
    plan_id="one",
    callsign="EXER11",
    area=Circle(centre=Position(39.0079, 35.9528), radius_nm=8),
    lower_ft=20_000,
    upper_ft=22_000,
    start=START,
    end=START + timedelta(minutes=90),
    aircraft_type="2F18",
    remarks="LEAD-D/TRAIL EXERCISE",
)


def test_a_held_area_is_a_stay_at_its_middle_for_other_programs() -> None:
    assert fpl(PLAN).splitlines() == [
        "(FPL-EXER11-IM",
        "-2F18/M-S/C",
        "-ZZZZ1400",
        "-N0300F205 3557N03900E/N0300F215 STAY1/0130",
        "-ZZZZ0130",
        "-DEP/3557N03900E DEST/3557N03900E DOF/170618",
        "RMK/LEAD D TRAIL EXERCISE",
        "STAYINFO1/HELD CIRCLE 35.9528N39.0079E 8NM)",
    ]


ROUTE = Corridor(route=(Position(38.5, 35.2), Position(39.25, 35.75), Position(40.0, 36.1)), half_width_nm=5)
FILED = (
    msgspec.structs.replace(PLAN, remarks="LEAD AND TRAIL", priority=Priority.EMERGENCY),
    msgspec.structs.replace(PLAN, callsign="EXER12", aircraft_type="", remarks="", kind=FlightKind.TANKER),
    msgspec.structs.replace(PLAN, callsign="EXER13", aircraft_type="MIG 29", area=ROUTE),
    msgspec.structs.replace(
        PLAN, callsign="EXER14", area=ROUTE, lower_ft=3_000, upper_ft=9_000, kind=FlightKind.MEDEVAC
    ),
)


def test_a_program_of_others_has_read_the_same_flights() -> None:
    # The file has what aviconv-fpl 0.4.0 (PyPI, MIT) made of these messages. Where what is written changes, read it
    # anew: pip install aviconv-fpl, and aviconv_fpl.parse(message) of each message.
    kept = msgspec.json.decode((FIXTURES / "fpl_read_by_others.json").read_bytes())
    assert [one["message"] for one in kept] == [*map(fpl, FILED)]
    for one, plan in zip(kept, FILED, strict=True):
        read, ours = one["read"], back(one["message"])
        assert read["callsign"] == plan.callsign
        assert read["dof"] + read["eobt"] == f"{plan.start:%y%m%d%H%M}"
        assert read["eet"] == "0130"
        assert read["dep"] == doc4444.read(one["message"])["other"]["DEP"]
        assert read["number"] * read["type"] in {plan.aircraft_type.lstrip("2") * read["number"], "ZZZZ"}
        assert (read["type"] == "ZZZZ") == (read["typ"] is not None)
        assert (read["rmk"] or "").startswith(ours.remarks)
        assert read["lowest"] == doc4444.read(one["message"])["levels_ft"][0] // 100
        assert ("EMER" in (read["sts"] or "")) == (ours.priority is Priority.EMERGENCY)


def test_a_type_that_is_not_known_is_told_as_such_and_read_back_as_none() -> None:
    text = fpl(msgspec.structs.replace(PLAN, aircraft_type=""))
    assert "TYP/NOTGIVEN" in text
    assert back(text).aircraft_type == ""


@pytest.mark.parametrize(
    "words", ["HELD CIRCLE 35.9N39E", "HELD CIRCLE 95.0N39.0E 8NM", "HELD POLYGON 35N39E 36N39E", "HELD CIRCLE X 8NM"]
)
def test_a_held_area_that_cannot_be_read_is_refused(words: str) -> None:
    (filed,) = read_fpl(fpl(PLAN).replace("HELD CIRCLE 35.9528N39.0079E 8NM", words), START)
    assert filed.plan is None
    assert [problem.field for problem in filed.problems] == ["field 18 STAYINFO"]
