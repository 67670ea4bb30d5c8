"""ICAO flight plans: each field read, each mistake named, and the texts people really send tolerated."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.airspace import Corridor, Position
from hotline_protocol.flightplan import FlightKind, FlightPlan, Priority
from hotline_protocol.icao_fpl import FiledPlan, read_fpl
from hotline_protocol.icao_route import RouteError, feet_of, read_point
from hotline_protocol.intake import check_plan
from hotline_protocol.places import place
from hotline_protocol.theatre import default_theatre

ROOT = Path(__file__).parents[2]
TODAY = date(2017, 6, 18)

FIELDS = {
    7: "EXER11",
    8: "IM",
    9: "2F18/M",
    10: "SDFGHIRT/S",
    13: "OSDZ1400",
    15: "N0471F310 DCT RAQQA 3520N04010E",
    16: "OSLK0130 OSPR",
    18: "DOF/170618 RMK/EXERCISE",
}


def fpl(**fields: str) -> str:
    """A sound message with these fields put in place: ``fpl(f15="...")``."""
    changed = FIELDS | {int(name[1:]): text for name, text in fields.items()}
    return f"(FPL-{'-'.join(changed[number] for number in sorted(changed))})"


def read(text: str, today: date = TODAY) -> FiledPlan:
    (filed,) = read_fpl(text, today)
    return filed


def plan_of(text: str, today: date = TODAY) -> FlightPlan:
    filed = read(text, today)
    assert filed.plan is not None, filed.problems
    return msgspec.structs.replace(filed.plan, icao=msgspec.UNSET)  # which is the message itself


def problems(text: str) -> dict[str, str]:
    filed = read(text)
    assert filed.plan is None
    return {problem.field: problem.reason for problem in filed.problems}


def route_of(plan: FlightPlan) -> tuple[Position, ...]:
    assert isinstance(plan.area, Corridor)
    return plan.area.route


def test_a_message_becomes_a_corridor_between_its_aerodromes() -> None:
    plan = plan_of(fpl())
    assert plan.plan_id == "EXER11-20170618-1400"
    assert (plan.callsign, plan.aircraft_type, plan.remarks) == ("EXER11", "2F18", "EXERCISE")
    assert (plan.lower_ft, plan.upper_ft) == (30_500, 31_500)
    assert plan.start == datetime(2017, 6, 18, 14, 0, tzinfo=UTC)
    assert plan.end == datetime(2017, 6, 18, 15, 30, tzinfo=UTC)
    assert route_of(plan) == (
        Position(40.176, 35.2854),
        Position(39.0079, 35.9528),
        Position(40.166667, 35.333333),
        Position(35.9487, 35.4011),
    )
    assert isinstance(plan.area, Corridor)
    assert plan.area.half_width_nm == 5.0
    assert check_plan(plan, plan.start) == []


@pytest.mark.parametrize(
    "text",
    [
        fpl().lower(),
        fpl().replace("-", "\n-"),
        fpl().replace("-", "\r\n - "),
        "  ZCZC ABC123\nFF OSLKZQZX\n" + fpl().replace("(FPL", "( FPL").replace("DCT", "\tDCT\n ") + "\nNNNN",
        fpl(f13="OSDZ 1400", f15="N0471 F310 RAQQA 3520N04010E", f9="2F18 / M", f7="EXER11/A4321"),
        fpl(f18="DOF / 170618  RMK/ EXERCISE -E/0400 P/2"),
        fpl(f18="STS/STATE PBN/B2 DOF/170618 ORGN/X RMK/EXERCISE"),
    ],
)
def test_case_breaks_blanks_and_fields_that_are_not_kept_do_not_matter(text: str) -> None:
    assert plan_of(text) == plan_of(fpl())


def test_a_text_may_hold_several_messages_of_which_some_are_bad() -> None:
    filed = read_fpl(fpl() + "\n\n" + fpl(f7="X") + fpl(f7="EXER12"), TODAY)
    assert [one.plan_id for one in filed] == ["EXER11-20170618-1400", "", "EXER12-20170618-1400"]
    assert [one.plan is None for one in filed] == [False, True, False]


def test_without_a_date_of_flight_the_given_date_counts() -> None:
    assert plan_of(fpl(f18="0"), date(2020, 2, 29)).plan_id == "EXER11-20200229-1400"
    assert plan_of(fpl(f18=""), TODAY) == plan_of(fpl(f18="DOF/170618"))


def test_a_flight_may_go_over_midnight() -> None:
    plan = plan_of(fpl(f13="OSDZ2359", f16="OSLK0102"))
    assert plan.end == datetime(2017, 6, 19, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("level", "feet"), [("F310", 31_000), ("A045", 4_500), ("S1130", 37_073), ("M0840", 27_559), ("F600", 60_000)]
)
def test_a_level_is_told_in_feet(level: str, feet: int) -> None:
    assert feet_of(level) == feet


def test_an_altitude_block_covers_every_level_of_the_route_and_500_ft_around() -> None:
    plan = plan_of(fpl(f15="N0471F310 RAQQA/N0420F250 C/3520N04010E/M082F330F350"))
    assert (plan.lower_ft, plan.upper_ft) == (24_500, 35_500)
    low = plan_of(fpl(f15="N0100A003 RAQQA"))
    assert (low.lower_ft, low.upper_ft) == (0, 800)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("3520N04010E", Position(40.166667, 35.333333)),
        ("35N040E", Position(40.0, 35.0)),
        ("35S040W", Position(-40.0, -35.0)),
        ("OSLK", Position(35.9487, 35.4011)),
        ("ALTANF", Position(38.6178, 33.5058)),
        ("DEIREZZOR", Position(40.1408, 35.3359)),
    ],
)
def test_a_point_is_a_latitude_and_longitude_or_a_place(text: str, position: Position) -> None:
    assert read_point(text) == position


@pytest.mark.parametrize("origin", ["RAQQA", "OS59", "3600N03900E"])
def test_a_point_may_be_a_true_bearing_and_distance_from_another(origin: str) -> None:
    start, north = read_point(origin), read_point(f"{origin}360060")
    assert north.lon_deg == pytest.approx(start.lon_deg)
    assert north.lat_deg - start.lat_deg == pytest.approx(60 * 1852 / 110_970, rel=2e-3)  # metres in a degree there


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("UL602", "not a point"),
        ("3560N04010E", "no 60 minutes"),
        ("9100N04010E", "above 90"),
        ("3520N18100E", "above 180"),
        ("35N04010E", "both"),
        ("RAQQA361040", "bearing 361"),
        ("NOWHERE180040", "not a point"),
        ("DEIR", "not a point"),
        ("", "not a point"),
    ],
)
def test_a_point_that_cannot_be_read_is_named_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(RouteError, match=why):
        read_point(text)


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"f7": "TOOLONG1"}, "field 7", "two to seven"),
        ({"f7": ""}, "field 7", "two to seven"),
        ({"f8": "QM"}, "field 8", "flight rules"),
        ({"f9": "F18"}, "field 9", "wake"),
        ({"f13": "OSDZ2400"}, "field 13 EOBT", "2400"),
        ({"f13": "OSDZ1460"}, "field 13 EOBT", "1460"),
        ({"f13": "OSDZ"}, "field 13", "aerodrome and time"),
        ({"f13": "XXXX1400"}, "field 13", "not a known place"),
        ({"f15": "RAQQA"}, "field 15", "speed and a level"),
        ({"f15": "N0471VFR RAQQA"}, "field 15", "no level"),
        ({"f15": "N0471F610 RAQQA"}, "field 15", "61,000 ft"),
        ({"f15": "N0471F310 UL602"}, "field 15", "'UL602'"),
        ({"f15": "N0471F310 DCT", "f16": "OSDZ0100"}, "field 15", "fewer than two"),
        ({"f15": "N0471F310 " + "35N040E 36N040E " * 251}, "field 15", "504 points"),
        ({"f15": "N0471F310 " + "DCT " * 1001}, "field 15", "1,001 elements"),
        ({"f16": "OSLK"}, "field 16", "elapsed time"),
        ({"f16": "OSLK0060"}, "field 16 EET", "0060"),
        ({"f16": "OSLK0000"}, "field 16 EET", "more than 0000"),
        ({"f18": "DOF/170631"}, "field 18 DOF", "170631"),
        ({"f18": "DOF/18062017"}, "field 18 DOF", "year, month and day"),
        ({"f13": "ZZZZ1400", "f18": "DEP/NOWHERE"}, "field 18 DEP", "'NOWHERE'"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(changed: dict[str, str], field: str, why: str) -> None:
    found = problems(fpl(**changed))
    assert list(found) == [field]
    assert why in found[field]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = problems(fpl(f7="X", f9="?", f13="OSDZ2500", f15="N0471F310 UL602", f16="OSLK0099", f18="DOF/000000"))
    assert set(found) == {"field 7", "field 9", "field 13 EOBT", "field 15", "field 16 EET", "field 18 DOF"}


@pytest.mark.parametrize(
    ("text", "field", "why"),
    [
        ("(EST-EXER11-OSDZ1400-RAQQA/1430F310-OSLK)", "field 3", "only FPL, CNL, CHG"),
        ("(FPL-EXER11-IM)", "message", "7, 8, 9, 10, 13, 15, 16"),
        (fpl().rstrip(")"), "message", "closing bracket"),
        (fpl().rstrip(")").replace("DOF/", ")DOF/"), "field 18", "closing bracket stands before 'DOF/"),
        (fpl(f18="RMK/" + "A" * 10_000), "message", "10,000 is the most"),
    ],
)
def test_a_message_that_is_none_is_told_why(text: str, field: str, why: str) -> None:
    assert why in problems(text)[field]


def test_what_could_be_read_of_a_bad_message_says_which_flight_it_was() -> None:
    filed = read(fpl(f15="N0471F310 UL602"))
    assert (filed.callsign, filed.plan_id) == ("EXER11", "EXER11-20170618-1400")


@pytest.mark.parametrize(
    ("status", "priority", "kind"),
    [
        ("STS/EMER", Priority.EMERGENCY, FlightKind.PATROL),
        ("STS/MEDEVAC", Priority.PRIORITY, FlightKind.MEDEVAC),
        ("STS/STATE STS/SAR", Priority.PRIORITY, FlightKind.PATROL),
        ("STS/MEDEVAC EMER", Priority.EMERGENCY, FlightKind.MEDEVAC),
        ("STS/STATE", Priority.ROUTINE, FlightKind.PATROL),
        ("RMK/TANKER TRACK", Priority.ROUTINE, FlightKind.TANKER),
        ("RMK/TANKERS", Priority.ROUTINE, FlightKind.PATROL),
    ],
)
def test_field_18_says_what_is_urgent_and_what_a_flight_is_for(
    status: str, priority: Priority, kind: FlightKind
) -> None:
    plan = plan_of(fpl(f18=status))
    assert (plan.priority, plan.kind) == (priority, kind)


def test_a_flight_that_is_not_military_is_a_transport() -> None:
    assert plan_of(fpl(f8="VG")).kind == FlightKind.TRANSPORT


def test_remarks_may_hold_slashes_and_brackets() -> None:
    assert plan_of(fpl(f18="RMK/DAY (AND/OR NIGHT)")).remarks == "DAY (AND/OR NIGHT)"


def test_aerodromes_without_a_code_stand_in_field_18() -> None:
    plan = plan_of(fpl(f13="ZZZZ1400", f16="ZZZZ0100", f18="DEP/AL UMAR 3505N04034E DEST/MAYADIN TYP/2MIG 29"))
    assert route_of(plan)[0] == Position(40.566667, 35.083333)
    assert route_of(plan)[-1] == read_point("MAYADIN")


def test_a_type_without_a_code_stands_in_field_18() -> None:
    assert plan_of(fpl(f9="ZZZZ/M", f18="TYP/2MIG 29")).aircraft_type == "2MIG29"


def test_a_plan_filed_in_the_air_begins_with_its_route() -> None:
    assert route_of(plan_of(fpl(f13="AFIL1400")))[0] == read_point("RAQQA")


def test_what_is_flown_outside_the_theatre_is_cut_off_in_place_and_time() -> None:
    plan = plan_of(fpl(f13="OTBH1200", f15="N0430F240 3230N04230E 3415N03900E 3230N04230E", f16="OTBH0530"))
    assert route_of(plan) == (Position(42.5, 32.5), Position(39.0, 34.25), Position(42.5, 32.5))
    # Some 630 of 1,666 NM lie before the theatre, and as many behind it, of five and a half hours in all.
    assert datetime(2017, 6, 18, 14, 3, tzinfo=UTC) < plan.start < datetime(2017, 6, 18, 14, 7, tzinfo=UTC)
    middle = plan.start + (plan.end - plan.start) / 2
    assert abs(middle - datetime(2017, 6, 18, 14, 45, tzinfo=UTC)) <= timedelta(seconds=1)
    assert check_plan(plan, plan.start) == []


@given(st.text(alphabet="(FPL-)IM/N0471 OSDZ35E\n", max_size=200))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    assert all((one.plan is None and not one.cancels) == bool(one.problems) for one in read_fpl(text, TODAY))


def test_the_places_are_those_of_the_shipped_geography() -> None:
    features = json.loads((ROOT / "scenarios/geography/places.geojson").read_text())["features"]
    shipped = {(f["properties"]["name"], *f["geometry"]["coordinates"]) for f in features}
    assert {(known.name, known.at.lon_deg, known.at.lat_deg) for known in default_theatre().places} == shipped


def test_every_place_is_found_by_its_name_and_its_code() -> None:
    for known in default_theatre().places:
        assert place(known.name.lower()) == known.at
        assert not known.icao or place(known.icao) == known.at
