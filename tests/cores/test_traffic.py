"""Routine traffic: what is drawn for one flight leaves what is drawn for any other as it was."""

import re
from collections.abc import Iterable
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotline_protocol.airspace import Circle
from hotline_protocol.conflicts import in_conflict
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.geometry import expand as expanded
from hotline_protocol.injection import FlyUnannounced, SubmitPlan
from hotline_protocol.intake import check_plan
from hotline_protocol.names import SKY
from hotline_services.director.play import Act, expand
from hotline_services.director.scenario import Scenario, ScenarioError, read_scenario
from hotline_services.director.traffic import sorties

BASE = """
name = "fronts"
title = "Two kinds of traffic, fronts, partners"
start = 2020-06-01T00:00:00+03:00
agreement = "valley"
[parties.us]
[parties.ru]
[fronts]
axis = [[38.2, 35.6], [39.9, 35.6]]
left = "us"
right = "ru"
distance = [{ at = "+00:00", distance_nm = 20 }, { at = "+48:00", distance_nm = 4 }]
"""

ALONG = """
[[traffic]]
party = "us"
callsign = "ALONG"
a_day = 6
window = ["06:00", "20:00"]
duration_min = [30, 60]
areas = [{ shape = "front", radius_nm = 5, depth_nm = [-2, 10] }]
blocks = ["A", "B"]
"""

FIXED = """
[[traffic]]
party = "us"
callsign = "FIXED"
a_day = 7.5
window = ["06:00", "20:00"]
duration_min = [30, 60]
areas = [{ shape = "circle", centre = "Al-Hasakah", radius_nm = 5 }]
blocks = ["A", "B", "C"]
"""

PARTNER = """
[[traffic]]
party = "ru"
operator = "syaf"
announced = 0.6
callsign = "ZENIT"
a_day = 10
window = ["06:00", "20:00"]
duration_min = [30, 60]
areas = [{ shape = "circle", centre = "Homs", radius_nm = 5 }]
blocks = ["A", "B", "C"]
"""

THIRD = """
[[traffic]]
operator = "tuaf"
callsign = "KARTL"
a_day = 3
window = ["06:00", "20:00"]
duration_min = [30, 60]
areas = [{ shape = "circle", centre = "Manbij", radius_nm = 5 }]
blocks = ["A"]
"""


def read(tmp_path: Path, text: str, **changes: Any) -> Scenario:
    path = tmp_path / "fronts.toml"
    path.write_text(text)
    return read_scenario(path, {name.replace("__", "."): value for name, value in changes.items()})


def flights(scenario: Scenario, prefix: str, days: int = 5) -> list[FlightPlan]:
    return [each.plan for each in sorties(scenario, 3, days) if each.plan.callsign.startswith(prefix)]


def ids(plans: Iterable[FlightPlan]) -> list[str]:
    return [plan.plan_id for plan in plans]


# Independence -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [ALONG + FIXED, FIXED + ALONG])
@pytest.mark.parametrize("tempo", [0.5, 3, 0])
def test_another_tempo_of_one_kind_leaves_the_others_flights_identical(tmp_path: Path, text: str, tempo: float) -> None:
    base = read(tmp_path, BASE + text)
    changed = read(tmp_path, BASE + text, traffic__ALONG__tempo=tempo)
    assert flights(base, "FIXED") == flights(changed, "FIXED") != []
    assert flights(base, "ALONG") != flights(changed, "ALONG")


@pytest.mark.parametrize("text", [ALONG + FIXED, FIXED + ALONG])
def test_fronts_further_apart_move_only_what_flies_along_them_and_that_by_place_alone(
    tmp_path: Path, text: str
) -> None:
    base = read(tmp_path, BASE + text)
    changed = read(tmp_path, BASE + text, fronts__distance=[{"at": "+00:00", "distance_nm": 60}])
    assert flights(base, "FIXED") == flights(changed, "FIXED")
    nowhere = Circle(centre=base.fronts.axis[0].position({}), radius_nm=1) if base.fronts else None
    one, other = (
        [msgspec.structs.replace(plan, area=nowhere) for plan in flights(scenario, "ALONG")]
        for scenario in (base, changed)
    )
    assert one == other
    assert flights(base, "ALONG") != flights(changed, "ALONG")


def test_of_kinds_that_share_air_the_first_in_the_file_is_left_as_it_was_and_most_of_the_second(tmp_path: Path) -> None:
    towns = ("Al-Hasakah", "Raqqa", "Qamishli", "Rutbah", "Manbij")
    areas = ", ".join(f'{{ shape = "circle", centre = "{town}", radius_nm = 5 }}' for town in towns)
    roomy = re.sub(r"areas = .*", f"areas = [{areas}]", FIXED)
    shared = roomy.replace("FIXED", "FIRST") + roomy.replace("FIXED", "NEXT")
    base = read(tmp_path, BASE + shared)
    later = read(tmp_path, BASE + shared, traffic__NEXT__tempo=2)
    sooner = read(tmp_path, BASE + shared, traffic__FIRST__tempo=1.5)
    assert flights(base, "FIRST") == flights(later, "FIRST")
    same = set(map(str, flights(base, "NEXT"))) & set(map(str, flights(sooner, "NEXT")))
    assert len(same) > 0.8 * len(flights(base, "NEXT"))


def test_how_many_are_announced_changes_only_who_is_told(tmp_path: Path) -> None:
    some, everyone = (read(tmp_path, BASE + PARTNER, traffic__ZENIT__announced=share) for share in (0.6, 1.0))
    assert flights(some, "ZENIT") == flights(everyone, "ZENIT")


def test_who_is_announced_at_one_share_is_announced_at_every_higher_one(tmp_path: Path) -> None:
    told = [
        {each.plan.plan_id for each in sorties(read(tmp_path, BASE + PARTNER, traffic__ZENIT__announced=share), 3, 9)
         if each.announced}
        for share in (0.0, 0.3, 0.6, 1.0)
    ]  # fmt: skip
    assert told[0] == set()
    assert all(fewer < more for fewer, more in pairwise(told))


# Numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a_day", "tempo", "mean"), [(0.25, 1, 0.25), (7.5, 1, 7.5), (4, 0.6, 2.4), (5, 0, 0)])
def test_fractions_of_a_flight_come_out_over_many_days(tmp_path: Path, a_day: float, tempo: float, mean: float) -> None:
    scenario = read(tmp_path, BASE + FIXED, traffic__FIXED__a_day=a_day, traffic__FIXED__tempo=tempo)
    plans = flights(scenario, "FIXED", days=200)
    assert len(plans) / 200 == pytest.approx(mean, abs=0.12)
    a_day_each = [ids(plans).count(each) for each in set(ids(plans))]
    assert all(count == 1 for count in a_day_each)


def test_more_than_ninety_nine_a_day_still_have_callsigns_and_ids_of_their_own(tmp_path: Path) -> None:
    scenario = read(tmp_path, BASE + THIRD, traffic__KARTL__tempo=50, traffic__KARTL__duration_min=[1, 2])
    plans = flights(scenario, "KA", days=1)
    assert len(set(ids(plans))) == len(plans) > 99
    assert all(check_plan(plan, scenario.start) == [] for plan in plans)


def test_flights_along_the_front_are_clear_of_their_own_side_and_sound(tmp_path: Path) -> None:
    scenario = read(tmp_path, BASE + ALONG + FIXED, traffic__ALONG__a_day=20)
    filed = list(sorties(scenario, 1, 2))
    assert all(check_plan(each.plan, each.filed) == [] for each in filed)
    for one, other in combinations([each.plan for each in filed], 2):
        for a in expanded(one):
            assert not any(in_conflict(a, b, scenario.agreement.boundary_rule) for b in expanded(other))


def test_areas_along_the_front_come_back(tmp_path: Path) -> None:
    scenario = read(tmp_path, BASE + ALONG, traffic__ALONG__a_day=30)
    areas = [plan.area for plan in flights(scenario, "ALONG", days=60)]
    assert len(set(areas)) < 0.5 * len(areas)


# Who is told ------------------------------------------------------------------------------------------------------

SKY_TABLE = "[sky]\n"


def acts(scenario: Scenario) -> tuple[Act, ...]:
    return expand(scenario, 3, 5)


def test_a_partners_flight_is_told_to_its_sponsor_or_to_the_sky_alone(tmp_path: Path) -> None:
    told = acts(read(tmp_path, BASE + SKY_TABLE + PARTNER))
    assert {act.kind for act in told} == {SubmitPlan, FlyUnannounced}
    for act in told:
        assert act.fields["plan"].operator == "syaf"
        assert act.fields["plan"].plan_id.startswith("ru-")
        assert act.fields["to"] == ("ru" if act.kind is SubmitPlan else SKY)
        assert act.kind is SubmitPlan or act.fields["side"] == "ru"


def test_third_parties_always_fly_unannounced_and_nobody_answers_for_them(tmp_path: Path) -> None:
    told = acts(read(tmp_path, BASE + SKY_TABLE + THIRD))
    assert len(told) >= 14
    assert {act.kind for act in told} == {FlyUnannounced}
    assert {(act.fields["to"], act.fields["side"]) for act in told} == {(SKY, None)}
    assert {act.fields["plan"].plan_id.split("-")[0] for act in told} == {"tuaf"}


def test_without_a_sky_nothing_flies_unannounced(tmp_path: Path) -> None:
    assert {act.kind for act in acts(read(tmp_path, BASE + PARTNER + THIRD))} == {SubmitPlan}


# Bad input --------------------------------------------------------------------------------------------------------

NO_FRONTS = BASE.partition("[fronts]")[0]
FAR = BASE.replace("35.6", "36.5").replace("distance_nm = 20", "distance_nm = 200")
THIRD_ALONG = THIRD.replace('"circle", centre = "Manbij"', '"front", depth_nm = [0, 1]')


@pytest.mark.parametrize(
    ("text", "field", "would_be_right"),
    [
        (NO_FRONTS + ALONG, "traffic[0].areas[0]", "add [fronts]"),
        (BASE + THIRD_ALONG, "traffic[0].areas[0]", "only us and ru have fronts"),
        (BASE + ALONG.replace("[-2, 10]", "[10, -2]"), "traffic[0].areas[0].depth_nm", "[-2, 10]"),
        (BASE + ALONG.replace("depth_nm", "along = [0.5, 0.2], depth_nm"), "traffic[0].areas[0].along", "[0.2, 0.5]"),
        (BASE + ALONG.replace("radius_nm = 5", "radius_nm = 5, width = 3"), "traffic[0].areas[0].width", "radius_nm"),
        (BASE.replace('left = "us"', 'left = "uk"') + ALONG, "fronts.left", "us, ru"),
        (BASE.replace('left = "us"', 'left = "ru"'), "fronts.right", "another side"),
        (BASE.replace("[38.2, 35.6]", '"Nowhere"'), "fronts.axis", "[places]"),
        (BASE.replace("[38.2, 35.6]", "[8.2, 35.6]"), "fronts.axis[0]", "outside"),
        (BASE.replace('"+48:00"', '"12:00"'), "fronts.distance[1].at", "+48:00"),
        (BASE.replace('"+48:00"', '"+00:00"'), "fronts.distance[1].at", "later"),
        (FAR + ALONG.replace("10]", "90]"), "traffic[0].areas[0]", "outside"),
        (BASE + PARTNER.replace("syaf", "sya"), "traffic[0].operator", "syaf, iran"),
        (BASE + PARTNER.replace('"ru"', '"us"'), "traffic[0].operator", "raf, faf"),
        (BASE + THIRD.replace("tuaf", "syaf"), "traffic[0].operator", "tuaf, iaf"),
        (BASE + THIRD.replace('operator = "tuaf"', ""), "traffic[0].party", "third party"),
        (BASE + PARTNER.replace("0.6", "1.6"), "traffic[0].announced", "<= 1"),
    ],
)
def test_an_error_in_fronts_or_operators_names_the_field_and_what_would_be_right(
    tmp_path: Path, text: str, field: str, would_be_right: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, text)
    assert caught.value.field == field
    assert would_be_right in str(caught.value)


def test_a_front_is_for_traffic_and_no_place_for_a_single_flight(tmp_path: Path) -> None:
    single = """
[[timeline]]
at = "+00:10"
action = "submit-plan"
to = "us"
[timeline.plan]
callsign = "EXER01"
area = { shape = "front", radius_nm = 5, depth_nm = [0, 5] }
lower_ft = 10_000
upper_ft = 14_000
start = "+01:00"
end = "+00:30"
"""
    with pytest.raises(ScenarioError, match="circle, corridor, polygon"):
        read(tmp_path, BASE + single)
