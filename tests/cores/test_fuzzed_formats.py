"""Readers of texts from outside, given what people and programs do to these.

Nothing raises, and no date, height, place or priority changes in silence.
"""

import contextlib
import json
import re
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.airspace import Area, Circle, Corridor, Polygon
from hotline_protocol.flightplan import FlightPlan, Priority
from hotline_protocol.geometry import area_problem
from hotline_protocol.hearing import ear
from hotline_protocol.icao_fpl import read_fpl
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.intake import read_plans
from hotline_protocol.service import Unreadable
from hotline_services.aco.order import Order
from hotline_services.aco.reading import read_order
from hotline_services.director.scenario import ScenarioError, find_scenario, read_scenario, shipped_scenarios

from .test_icao_fpl import fpl

NOW = datetime(2017, 6, 18, 12, tzinfo=UTC)
steady = settings(deadline=None, max_examples=250)

Meaning = tuple[date, int, int, Area, Priority]

# --- ICAO flight plans

PRIORITIES = {
    "": Priority.ROUTINE,
    "STS/STATE": Priority.ROUTINE,
    "STS/MEDEVAC": Priority.PRIORITY,
    "STS/SAR": Priority.PRIORITY,
    "STS/EMER": Priority.EMERGENCY,
    "STS/STATE EMER": Priority.EMERGENCY,
}
POINTS = ["RAQQA", "3520N04010E", "36N039E", "OSAP", "DEIREZZOR", "OSPR090020", "STAY1/0030 RAQQA"]
LEVELS = ["N0471F310", "K0800S1130", "M082F330", "N0180A085"]
FILLERS = ["PBN/B1D1", "EUR/PROTECTED", "REG/ABCDE", "EET/OSTT0010", "RVR/200", "OPR/AIR FORCE", "XYZ/SOMETHING ELSE"]
REMARKS = ["", "RMK/EXERCISE", "RMK/PATROL LEAD-D/TRAIL AND/OR WING", "RMK/DAY (NIGHT LATER)"]
SUPPLEMENTS = ["", " -E/0745 P/2 R/VE", "-E/0400"]
BEFORE = st.sampled_from([" ", "  ", "\n", "-", " -", ",", ", ", " - "])


@st.composite
def filed(draw: st.DrawFn) -> tuple[str, str]:
    """The same flight twice: written plainly, and as somebody else might write it."""
    day = draw(st.dates(date(2017, 6, 1), date(2017, 7, 1)))
    status = draw(st.sampled_from(sorted(PRIORITIES)))
    points = draw(st.lists(st.sampled_from(POINTS), min_size=1, max_size=5))
    changes = [
        draw(st.sampled_from(["", "", "/N0420F250", "/M070F290"])) if "STAY" not in each else "" for each in points
    ]
    route = " ".join([draw(st.sampled_from(LEVELS)), *(f"{a}{b}" for a, b in zip(points, changes, strict=True))])
    items = [f"DOF/{day:%y%m%d}", *filter(None, [status])]
    remark = draw(st.sampled_from(REMARKS))
    plain = fpl(f15=route, f18=" ".join([*items, remark]))
    others = draw(st.permutations([*items, *draw(st.lists(st.sampled_from(FILLERS), max_size=3, unique=True))]))
    text = others[0]
    for each in [*others[1:], *filter(None, [remark])]:
        is_glued = each.startswith(("DOF", "STS")) and draw(st.integers(0, 3)) == 0
        text += ("" if is_glued else draw(BEFORE)) + each
    return plain, fpl(
        f15=route.replace(" ", draw(st.sampled_from([" ", " DCT ", "\n"]))),
        f18=text + draw(st.sampled_from(SUPPLEMENTS)),
    )


def meaning(plan: FlightPlan) -> Meaning:
    return plan.start.date(), plan.lower_ft, plan.upper_ft, plan.area, plan.priority


@steady
@given(filed(), st.booleans())
def test_a_flight_plan_means_the_same_however_its_items_are_parted(pair: tuple[str, str], lower: bool) -> None:
    plain, other = pair
    (expected,), (found,) = read_fpl(plain, NOW), read_fpl(other.lower() if lower else other, NOW)
    if expected.plan is None:
        assert found.plan is None
        return
    assert found.plan is not None, (other, found.problems)
    assert meaning(found.plan) == meaning(expected.plan)
    assert PRIORITIES[next((s for s in sorted(PRIORITIES, key=len, reverse=True) if s and s in plain), "")] is (
        expected.plan.priority
    )


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """The text with a few characters cut out, doubled, put in or exchanged."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(at + draw(st.integers(0, 3)), len(text))
        put = draw(
            st.sampled_from(["", text[at:end] * 2, "-", "/", " ", "//", "\n", "0", "9", "A", "Z", "(", ")", "\u00e9"])
        )
        text = text[:at] + put + text[end:]
    return text


@steady
@given(st.data())
def test_a_damaged_flight_plan_is_of_the_day_that_it_gives_or_refused(data: st.DataObject) -> None:
    text = data.draw(damaged(data.draw(filed())[1]))
    for one in read_fpl(text, NOW):
        assert (one.plan is None and not one.cancels) == bool(one.problems)
        if one.plan is None:
            continue
        days = set(re.findall(r"DOF/(\d{6})(?!\d)", "".join(one.text.upper())))
        if days:
            assert {f"{one.plan.start:%y%m%d}"} == days
        assert one.plan.lower_ft < one.plan.upper_ft
        if re.search(r"STS/EMER(?![A-Z0-9])", one.text.upper()):
            assert one.plan.priority is Priority.EMERGENCY


@steady
@given(st.data())
def test_whatever_comes_over_the_broker_is_heard_as_messages(data: st.DataObject) -> None:
    text = data.draw(damaged(data.draw(filed())[1]))
    assert ear("hotline/v1/inject/us", text.encode(), NOW)


# --- JSON

PLAN = {
    "plan_id": "one",
    "callsign": "EXER11",
    "priority": "priority",
    "area": {"shape": "circle", "centre": [40.0, 35.5], "radius_nm": 8},
    "lower_ft": 18_000,
    "upper_ft": 20_000,
    "start": "2017-06-18T14:00:00Z",
    "end": "2017-06-18T15:30:00Z",
}
odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(
        ["2017-06-18T14:00:00+05:00", "2017-06-31T14:00:00Z", "20000", "emergency", "EMERGENCY", 18_000.0, 18_000.5]
    ),
    st.lists(st.floats(-400, 400), max_size=3),
    st.dictionaries(st.sampled_from(["shape", "centre", "radius_nm", "vertices"]), st.floats(-400, 400), max_size=3),
)


@steady
@given(st.dictionaries(st.sampled_from([*PLAN, "centre", "remarks"]), odd, min_size=1, max_size=3))
def test_a_plan_in_json_is_taken_with_the_values_that_it_has_or_refused(changes: dict[str, object]) -> None:
    raw = {**PLAN, **{name: value for name, value in changes.items() if name != "centre"}}
    if "centre" in changes:
        raw["area"] = {"shape": "circle", "centre": changes["centre"], "radius_nm": 8}
    plans, refusals = read_plans(json.dumps(raw).encode(), NOW)
    assert len(plans) + len(refusals) == 1
    (heard,) = ear("hotline/v1/inject/us", json.dumps(raw).encode(), NOW)
    assert isinstance(heard, SubmitPlan | Unreadable)
    for plan in plans:
        assert (plan.lower_ft, plan.upper_ft) == (raw["lower_ft"], raw["upper_ft"])
        assert plan.priority.value == raw["priority"]
        assert plan.start == datetime.fromisoformat(str(raw["start"]))
        assert plan.end == datetime.fromisoformat(str(raw["end"]))
        assert json.loads(msgspec.json.encode(plan.area)) == raw["area"]


# --- scenarios


@settings(deadline=None, max_examples=60)
@given(st.data(), st.sampled_from(shipped_scenarios()))
def test_a_damaged_scenario_is_read_or_refused_in_a_sentence(data: st.DataObject, name: str) -> None:
    text = data.draw(damaged(find_scenario(name).read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.toml"
        path.write_text(text, encoding="utf-8")
        with contextlib.suppress(ScenarioError):
            assert read_scenario(path).parties


# --- airspace orders

SETS = {
    "EXER": ["DUSTY RIVER"],
    "MSGID": ["ACO", "AOC", "1", "JUN"],
    "PERIOD": ["180600ZJUN2017", "190600ZJUN2017"],
}
SHAPES = {
    "POLYGON": ["LATS:352900N0393000E", "LATS:353000N0394500E", "LATS:351500N0394500E"],
    "CIRCLE": ["LATM:3520N04008E", "8NM"],
    "CORRIDOR": ["5NM", "LATM:3500N03930E", "LATM:3530N04000E"],
    "AORBIT": ["LATM:3500N04000E", "LATM:3530N04000E", "10NM", "L"],
}
HEIGHTS = ["RAFL:200AMSL-FL250", "BRRA:GL-005AGL", "RARA:050AMSL-180AMSL"]
TIMES = [["DISCRETE", "181530ZJUN", "181730ZJUN"], ["DISCRETE", "182200ZJUN", "190400ZJUN"]]


@st.composite
def ordered(draw: st.DrawFn) -> tuple[str, str]:
    """One order twice: written plainly, and with slashes, breaks and case as somebody else might write it."""
    name = draw(st.sampled_from(sorted(SHAPES)))
    head = ["ACM:ROZ", "NAME:ONE", name, "USE:AEW"]
    parts = [
        *SETS.items(),
        ("ACMID", head),
        (name, SHAPES[name]),
        ("EFFLEVEL", [draw(st.sampled_from(HEIGHTS))]),
        ("APERIOD", draw(st.sampled_from(TIMES))),
    ]
    plain = "\n".join(f"{key}/{'/'.join(fields)}//" for key, fields in parts)
    lines = []
    for key, fields in parts:
        wild = key in SHAPES or key in {"EFFLEVEL", "APERIOD"}
        first = draw(st.sampled_from(["/", "//", "///", "/\n", "//\n"])) if wild else "/"
        lines.append(f"{key}{first}{'/'.join(fields)}{draw(st.sampled_from(['//', '/', '///', '', ' //']))}")
    text = "\n".join(lines)
    return plain, text.lower() if draw(st.booleans()) else text


@steady
@given(ordered())
def test_an_order_reserves_the_same_however_its_slashes_stand_or_it_is_refused(pair: tuple[str, str]) -> None:
    expected, found = read_order(pair[0]), read_order(pair[1])
    assert not expected.refused
    if found.measures:
        assert [one.volumes for one in found.measures] == [one.volumes for one in expected.measures]
    else:
        assert found.refused
    if pair[0] != pair[1].upper():
        assert found.mended or found.refused or _without_slips(pair[1])


def _without_slips(text: str) -> bool:
    """Only breaks of lines and empty fields, of which nothing is assumed."""
    return not re.search(r"^[A-Z]+//", text.upper(), re.MULTILINE)


@steady
@given(st.data())
def test_a_damaged_order_reserves_sound_air_within_its_period_or_is_refused(data: st.DataObject) -> None:
    order: Order = read_order(data.draw(damaged(data.draw(ordered())[1])))
    assert order.measures or order.lines or order.refused
    for measure in order.measures:
        for volume in measure.volumes:
            assert area_problem(volume.area) is None
            assert isinstance(volume.area, Circle | Corridor | Polygon)
            assert 0 <= volume.lower_ft < volume.upper_ft <= 60_000
            assert timedelta() < volume.end - volume.start < timedelta(days=183)
