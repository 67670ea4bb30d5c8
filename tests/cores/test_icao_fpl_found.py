"""Flight plans as other programs write them: nothing that they say is lost, and no date is changed in silence."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline_protocol.airspace import Corridor, Position
from hotline_protocol.flightplan import FlightKind, FlightPlan, Priority
from hotline_protocol.hearing import ear
from hotline_protocol.icao_route import RouteError, read_point
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.service import Unreadable
from hotline_services.injecting import read_texts

from .test_icao_fpl import fpl, plan_of, problems, route_of


@pytest.mark.parametrize("indicator", ["EUR/PROTECTED", "RFP/Q1", "RVR/200", "STAYINFO1/HOLDING WEST", "XYZ/WHATEVER"])
@pytest.mark.parametrize(
    "items", ["DOF/170619 {} RMK/EXERCISE", "STS/MEDEVAC {} DOF/170619", "{} DOF/170619 STS/MEDEVAC"]
)
def test_an_indicator_that_is_not_kept_ends_the_one_before_it(items: str, indicator: str) -> None:
    assert plan_of(fpl(f18=items.format(indicator))) == plan_of(fpl(f18=items.format("")))


@pytest.mark.parametrize(
    "items",
    [
        "PBN/B1D1-DOF/170622",
        "PBN/B1D1 -DOF/170622",
        "PBN/B1D1,DOF/170622",
        "PBN/B1D1, DOF/170622",
        "PBN/B1D1DOF/170622",
        "PBN/DOF/170622",
        "PBN/B1D1 DOF170622",
        "DOF 170622",
        "DOF/170622RMK/EXERCISE",
        "DOF/170622STS/STATE",
        "DOF/170622, EUR/PROTECTED",
        "DOF/170622 DOF/170622",
        "RMK/EXERCISE-DOF/170622",
        "RMK/EXERCISEDOF/170622",
        "RMK/EXERCISE DOF/170622",
        "RMK/EXERCISE -E/0745 DOF/170622",
    ],
)
def test_a_date_of_flight_is_read_whatever_parts_it_from_the_rest(items: str) -> None:
    assert plan_of(fpl(f18=items)).start == datetime(2017, 6, 22, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "items",
    [
        "PBN/B1-DOF/170631",
        "PBN/B1DOF/17062",
        "PBN/B1,DOF/22JUN",
        "RMK/EXERCISE DOF/",
        "DOF/170622 RMK/AS ON DOF/170619",
        "DOF/170622 DOF/170623",
    ],
)
def test_a_date_that_is_none_or_two_dates_are_refused(items: str) -> None:
    assert list(problems(fpl(f18=items))) == ["field 18 DOF"]


@pytest.mark.parametrize(
    ("items", "priority", "kind"),
    [
        ("DOF/170618-STS/MEDEVAC", Priority.PRIORITY, FlightKind.MEDEVAC),
        ("DOF/170618STS/EMER", Priority.EMERGENCY, FlightKind.PATROL),
        ("STS/MEDEVAC/FFR DOF/170618", Priority.PRIORITY, FlightKind.MEDEVAC),
        ("STS/MEDEVACDOF/170618", Priority.PRIORITY, FlightKind.MEDEVAC),
        ("STS/MEDEVAC, EMER DOF/170618", Priority.EMERGENCY, FlightKind.MEDEVAC),
        ("DOF/170618 RMK/EXERCISESTS/SAR", Priority.PRIORITY, FlightKind.PATROL),
    ],
)
def test_a_status_is_read_whatever_parts_it_from_the_rest(items: str, priority: Priority, kind: FlightKind) -> None:
    plan = plan_of(fpl(f18=items))
    assert (plan.priority, plan.kind) == (priority, kind)


@pytest.mark.parametrize(
    "remark",
    [
        "PATROL TWO SHIPS LEAD-D/TRAIL EXERCISE",
        "PATROL LEAD-E/W EXERCISE",
        "PATROL LEAD-A/TRAIL EXERCISE",
        "PATROL AND/OR ESCORT TO ARR/DEP SOUTH",
        "PATROL ABOVE/BELOW OTHERS",
        "PATROL CONTACT HQ/OPS",
    ],
)
@pytest.mark.parametrize("supplement", ["", " -E/0745 P/2 R/VE", "-E/0745", "-P/TBN E/0745", " -C/SMITH"])
def test_a_remark_keeps_its_hyphens_and_slashes_and_ends_where_field_19_begins(remark: str, supplement: str) -> None:
    assert plan_of(fpl(f18=f"DOF/170618 RMK/{remark}{supplement}")).remarks == remark


NIGHT = datetime(2017, 6, 18, 23, 30, tzinfo=UTC)


def heard(text: str, now: datetime) -> FlightPlan:
    (message,) = ear("hotline/v1/inject/ru", text.encode(), now)
    assert isinstance(message, SubmitPlan)
    return message.plan


def injected(text: str, now: datetime) -> FlightPlan:
    (plan,) = read_texts([("night.fpl", text.encode())], now).plans
    return plan


@pytest.mark.parametrize("read", [heard, injected])
@pytest.mark.parametrize(
    ("off_block", "elapsed", "now", "start"),
    [
        ("0015", "0140", NIGHT, datetime(2017, 6, 19, 0, 15, tzinfo=UTC)),
        ("1400", "0130", datetime(2017, 6, 18, 14, 5, tzinfo=UTC), datetime(2017, 6, 18, 14, tzinfo=UTC)),
        ("1400", "0130", datetime(2017, 6, 18, 15, 29, tzinfo=UTC), datetime(2017, 6, 18, 14, tzinfo=UTC)),
        ("1400", "0130", datetime(2017, 6, 18, 15, 30, tzinfo=UTC), datetime(2017, 6, 19, 14, tzinfo=UTC)),
        ("2315", "0130", NIGHT, datetime(2017, 6, 18, 23, 15, tzinfo=UTC)),
        ("2345", "0130", NIGHT, datetime(2017, 6, 18, 23, 45, tzinfo=UTC)),
        ("0015", "0140", NIGHT.astimezone(UTC) + timedelta(hours=1), datetime(2017, 6, 19, 0, 15, tzinfo=UTC)),
    ],
)
def test_without_a_date_a_flight_is_of_the_first_day_on_which_it_is_not_over_yet(
    read: object, off_block: str, elapsed: str, now: datetime, start: datetime
) -> None:
    assert callable(read)
    plan = read(fpl(f13=f"OSDZ{off_block}", f16=f"OSLK{elapsed}", f18="RMK/EXERCISE"), now)
    assert plan.start == start
    assert plan.plan_id == f"EXER11-{start:%Y%m%d-%H%M}"


def test_a_date_that_is_given_stays_although_the_flight_is_over() -> None:
    assert heard(fpl(f13="OSDZ0015", f18="DOF/170618"), NIGHT).plan_id == "EXER11-20170618-0015"


def test_a_cruise_climb_without_a_ceiling_reaches_up_to_the_highest_level() -> None:
    plan = plan_of(fpl(f15="N0440F290 DCT C/RAQQA/M074F290PLUS 3520N04010E DCT"))
    assert (plan.lower_ft, plan.upper_ft) == (28_500, 60_000)


def test_a_change_to_visual_rules_at_a_point_needs_a_level() -> None:
    assert "VFR gives no level" in problems(fpl(f15="N0290F180 DCT RAQQA/N0180VFR VFR DCT 3520N04010E"))["field 15"]
    plan = plan_of(fpl(f8="YM", f15="N0290F180 DCT RAQQA/N0180A085 VFR DCT 3520N04010E/N0290F180 IFR"))
    assert (plan.lower_ft, plan.upper_ft) == (8_000, 18_500)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"f9": "1C17/H"}, FlightKind.TRANSPORT),
        ({"f9": "2C130/M"}, FlightKind.TRANSPORT),
        ({"f9": "IL76/H"}, FlightKind.TRANSPORT),
        ({"f9": "AN26/M"}, FlightKind.TRANSPORT),
        ({"f9": "A400/H"}, FlightKind.TRANSPORT),
        ({"f9": "K35R/H"}, FlightKind.TANKER),
        ({"f9": "E3CF/H", "f8": "IG"}, FlightKind.SURVEILLANCE),
        ({"f9": "ZZZZ/H", "f18": "TYP/2IL78"}, FlightKind.TANKER),
        ({"f9": "2F18/M"}, FlightKind.PATROL),
        ({"f9": "C17/H", "f18": "RMK/ESCORT"}, FlightKind.ESCORT),
        ({"f9": "C17/H", "f18": "STS/MEDEVAC"}, FlightKind.MEDEVAC),
    ],
)
def test_a_type_of_one_use_says_what_a_flight_is_for(changed: dict[str, str], kind: FlightKind) -> None:
    assert plan_of(fpl(**changed)).kind == kind


@pytest.mark.parametrize(
    ("code", "position"),
    [
        ("OSAP", Position(37.2244, 36.1807)),
        ("OSDI", Position(36.5156, 33.4115)),
        ("OLBA", Position(35.4884, 33.8209)),
        ("OJAM", Position(35.9916, 31.9727)),
        ("OS61", None),
        ("LTCS", None),
    ],
)
def test_every_aerodrome_of_the_theatre_is_known(code: str, position: Position | None) -> None:
    route = route_of(plan_of(fpl(f13=f"{code}1400", f15=f"N0471F310 RAQQA {code} 3520N04010E")))
    assert route[0] == route[2]
    assert position is None or route[0] == position


def test_a_flight_may_come_from_any_aerodrome_and_only_its_way_in_the_theatre_is_kept() -> None:
    plan = plan_of(fpl(f13="OKAS1200", f15="N0430F240 3230N04230E 3415N03900E 3230N04230E", f16="OKAS0430"))
    assert isinstance(plan.area, Corridor)
    assert plan.area.route[0] == Position(42.5, 32.5)
    assert plan.start > datetime(2017, 6, 18, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("code", ["KJFK", "OL29", "UL602", "KTN"])
def test_a_point_of_a_route_is_not_looked_for_outside_the_theatre(code: str) -> None:
    with pytest.raises(RouteError, match=f"'{code}' is not a point"):
        read_point(code)


def test_an_unknown_point_is_named_and_the_other_messages_are_read() -> None:
    text = fpl(f15="N0471F310 RAQQA KTN UL602") + fpl(f7="EXER12")
    taken, refused = ear("hotline/v1/inject/us", text.encode(), NIGHT)
    assert isinstance(taken, SubmitPlan)
    assert isinstance(refused, Unreadable)
    assert "'KTN'" in refused.reason
    assert "'UL602'" in refused.reason
