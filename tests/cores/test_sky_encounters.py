"""Who meets whom: pairs that are under no one control, each once, by the closest that they came."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.airspace import Circle, Corridor, Position
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.injection import DeviationKind, ReportSighting, SightingKind
from hotline_protocol.sky import Encountered, FlightBegan, FlightFlown, Flyer, Grade, LineCrossed
from hotline_services.director.setting import Deviations
from hotline_services.director.setting import Sky as Setting
from hotline_services.traffic.flight import under_one_control

from .skies import MINUTE, NOON, ON_THE_LINE, Watched, kinds, plan

HOUR = timedelta(hours=1)
LATER = NOON + 12 * HOUR
CROSSROADS = Position(41.0, 35.5)
EASTWARDS = Corridor(route=(Position(40.5, 35.5), CROSSROADS, Position(41.5, 35.5)), half_width_nm=4)
NORTHWARDS = Corridor(route=(Position(41.0, 35.0), CROSSROADS, Position(41.0, 36.0)), half_width_nm=4)
SOLE = {"lower_ft": 18_000, "upper_ft": 18_400}  # a block with one level: 18,200 ft


def through(plan_id: str, area: Corridor, minutes: float = 10, **changes: Any) -> FlightPlan:
    """Along a corridor in ten minutes: it is at the crossroads after five."""
    return plan(plan_id, area=area, minutes=minutes, **(SOLE | changes))


def crossing_paths(watched: Watched, **changes: Any) -> None:
    watched.clear("us", through("a-1", EASTWARDS))
    watched.clear("ru", through("b-1", NORTHWARDS, **changes))


def test_two_that_meet_at_a_crossroads_are_told_of_once_when_they_are_closest() -> None:
    watched = Watched()
    crossing_paths(watched)
    watched.run(LATER)
    met = watched.only(Encountered)
    assert met.grade is Grade.NMAC
    assert (met.horizontal_nm, met.vertical_ft) == pytest.approx((0.0, 0.0), abs=0.02)
    assert met.time == pytest.approx(NOON + 5 * MINUTE, abs=timedelta(seconds=2))
    assert (met.at.lon_deg, met.at.lat_deg) == pytest.approx((41.0, 35.5), abs=0.01)
    assert met.altitude_ft == 18_200
    assert met.began_at < met.time < met.ended_at


@pytest.mark.parametrize(
    ("lower_ft", "grade"),
    [(18_500, Grade.AIRPROX_B), (18_700, Grade.AIRPROX_C), (18_900, Grade.BELOW_SEPARATION), (19_000, None)],
)
def test_the_height_between_two_that_cross_makes_the_grade(lower_ft: int, grade: Grade | None) -> None:
    watched = Watched()
    crossing_paths(watched, lower_ft=lower_ft, upper_ft=lower_ft + 400)
    watched.run(LATER)
    assert [met.grade for met in watched.all(Encountered)] == ([grade] if grade else [])
    if grade:
        assert watched.only(Encountered).vertical_ft == lower_ft - 18_000


def test_separation_is_lost_and_won_back_at_five_miles() -> None:
    watched = Watched()
    crossing_paths(watched)
    watched.run(LATER)
    met = watched.only(Encountered)
    # Both at one speed at a right angle: they are 5 NM apart when each is 5 / sqrt 2 NM from the crossroads.
    eastwards_kt, northwards_kt = 48.92 / (10 / 60), 60.0 / (10 / 60)  # the lengths of the two corridors in NM
    closing_kt = (eastwards_kt**2 + northwards_kt**2) ** 0.5
    assert (met.ended_at - met.began_at).total_seconds() == pytest.approx(2 * 5.0 / closing_kt * 3_600, abs=1.0)


def test_a_minute_later_they_pass_each_other_at_a_distance() -> None:
    watched = Watched()
    crossing_paths(watched, start=NOON + MINUTE, end=NOON + 11 * MINUTE)
    watched.run(LATER)
    assert 3.0 < watched.only(Encountered).horizontal_nm < 4.0


def test_both_sides_are_told_that_somebody_has_come_close() -> None:
    watched = Watched()
    crossing_paths(watched, operator="syria")
    watched.run(LATER)
    reports = [told for told in watched.all(ReportSighting) if told.kind is SightingKind.CLOSE_APPROACH]
    assert {(told.to, told.by, told.operator, told.callsign) for told in reports} == {
        ("us", "ru", "syria", "B1"),
        ("ru", "us", None, "A1"),
    }
    met = watched.only(Encountered)
    assert {told.cause for told in reports} == {met.id}
    assert {told.seen_at for told in reports} == {met.time}


def test_what_is_only_below_separation_frightens_nobody() -> None:
    watched = Watched()
    crossing_paths(watched, lower_ft=18_900, upper_ft=19_300)
    watched.run(LATER)
    assert watched.all(Encountered)
    assert not [told for told in watched.all(ReportSighting) if told.kind is SightingKind.CLOSE_APPROACH]


def test_of_a_flight_that_nobody_was_told_of_the_risk_cannot_be_determined() -> None:
    watched = Watched()
    watched.clear("us", through("a-1", EASTWARDS))
    watched.fly_unannounced(through("t-1", NORTHWARDS, operator="turkey", lower_ft=18_500, upper_ft=18_900))
    watched.run(LATER)
    assert watched.only(Encountered).grade is Grade.AIRPROX_D
    assert {(told.to, told.by) for told in watched.all(ReportSighting) if told.kind is SightingKind.CLOSE_APPROACH} == {
        ("us", "turkey")
    }


def flyer(side: str | None, operator: str, *, announced: bool = True) -> Flyer:
    return Flyer(side=side, operator=operator, plan_id="p", callsign="P1", announced=announced)


@pytest.mark.parametrize(
    ("one", "other", "controlled"),
    [
        (flyer("us", "us"), flyer("us", "us"), True),
        (flyer("us", "us"), flyer("us", "sdf"), True),
        (flyer("us", "us"), flyer("ru", "ru"), False),
        (flyer("us", "us"), flyer("us", "sdf", announced=False), False),
        (flyer("us", "sdf", announced=False), flyer("us", "sdf"), True),
        (flyer(None, "turkey", announced=False), flyer(None, "turkey", announced=False), True),
        (flyer(None, "turkey", announced=False), flyer(None, "israel", announced=False), False),
    ],
)
def test_under_one_control_are_a_sides_own_flights_and_those_of_one_air_force(
    one: Flyer, other: Flyer, *, controlled: bool
) -> None:
    assert under_one_control(one, other) is under_one_control(other, one) is controlled


def test_a_sides_own_flights_meet_unnoticed_but_not_a_partners_of_which_it_was_not_told() -> None:
    watched = Watched()
    watched.clear("us", through("a-1", EASTWARDS))
    watched.clear("us", through("a-2", NORTHWARDS))
    watched.fly_unannounced(through("s-1", NORTHWARDS, operator="sdf"), side="us")
    watched.run(LATER)
    assert {(met.one.plan_id, met.other.plan_id) for met in watched.all(Encountered)} == {
        ("a-1", "s-1"),
        ("a-2", "s-1"),
    }
    assert not [told for told in watched.all(ReportSighting) if told.kind is SightingKind.CLOSE_APPROACH]


def test_two_that_hold_side_by_side_have_one_encounter_and_not_one_a_lap() -> None:
    watched = Watched()
    watched.clear("us", plan("a-1", Position(40.9, 35.5), minutes=120, **SOLE))
    watched.clear("ru", plan("b-1", Position(41.1, 35.5), minutes=120, **SOLE))
    watched.run(LATER)
    assert len(watched.all(Encountered)) == 1


def test_what_will_not_happen_since_one_has_left_is_not_told() -> None:
    watched = Watched()
    crossing_paths(watched)
    watched.run(NOON + 3 * MINUTE)
    watched.tell("ru", through("b-1", NORTHWARDS), PlanState.ENDED)
    watched.run(LATER)
    assert watched.all(Encountered) == []


def test_what_is_going_on_when_one_breaks_off_is_told_as_far_as_it_came() -> None:
    watched = Watched()
    crossing_paths(watched)
    watched.run(NOON + 4 * MINUTE + timedelta(seconds=50))
    watched.tell("ru", through("b-1", NORTHWARDS), PlanState.ENDED)
    met = watched.only(Encountered)
    assert met.ended_at == watched.now
    assert 0.5 < met.horizontal_nm < 2.0


def test_who_departs_from_its_path_meets_whom_it_would_not_have_met() -> None:
    watched = Watched()
    watched.clear("us", through("a-1", EASTWARDS, minutes=60))
    watched.clear("ru", plan("b-1", Position(41.0, 36.3), minutes=90, **SOLE))
    watched.run(NOON + 10 * MINUTE)
    assert watched.all(Encountered) == []
    watched.deviate("ru", plan("b-1"), kind=DeviationKind.RETASKED, at=CROSSROADS)
    watched.run(LATER)
    assert len(watched.all(Encountered)) == 1


def test_who_departs_from_its_path_after_an_encounter_has_not_had_it_again() -> None:
    watched = Watched()
    crossing_paths(watched)
    watched.run(NOON + 5 * MINUTE + timedelta(seconds=10))
    assert len(watched.all(Encountered)) == 1
    watched.deviate("ru", through("b-1", NORTHWARDS), kind=DeviationKind.OFF_ROUTE, offset_nm=3)
    watched.run(LATER)
    assert len(watched.all(Encountered)) == 1


# --- whatever is flown -------------------------------------------------------------------------------------------

FLIGHTS = st.lists(
    st.tuples(
        st.sampled_from(["us", "ru", "nobody"]),
        st.floats(-0.4, 0.4),  # degrees east of the line
        st.floats(-0.3, 0.3),
        st.integers(0, 90),  # minutes after noon
        st.integers(10, 90),
        st.integers(18, 20),  # thousands of feet
    ),
    min_size=2,
    max_size=8,
)
ODDS = Deviations(late=0.3, early=0.2, off_route=0.4, offset_nm=12, retasked=0.3, emergency=0.3)


def fly_all(flights: list[tuple[str, float, float, int, int, int]], *, backwards: bool = False) -> Watched:
    watched = Watched(Setting(deviations={"us": ODDS, "ru": ODDS}, sees=0.8))
    numbered = list(enumerate(flights))
    for number, (side, east, north, start, minutes, thousands) in reversed(numbered) if backwards else numbered:
        filed = plan(
            f"p-{number}",
            area=Circle(centre=Position(ON_THE_LINE.lon_deg + east, ON_THE_LINE.lat_deg + north), radius_nm=7),
            lower_ft=thousands * 1_000,
            upper_ft=(thousands + 2) * 1_000,
            start=NOON + start * MINUTE,
            end=NOON + (start + minutes) * MINUTE,
            operator="turkey" if side == "nobody" else None,
        )
        if side == "nobody":
            watched.fly_unannounced(filed)
        else:
            watched.clear(side, filed)
    watched.run(LATER)
    return watched


def story(watched: Watched) -> list[Any]:
    """What happened, without the numbers under which it was said."""
    events = [message for message in watched.said if not isinstance(message, ReportSighting)]
    return sorted(
        repr([getattr(event, name) for name in event.__struct_fields__ if name not in {"id", "seq", "cause"}])
        for event in events
    )


@given(FLIGHTS)
@settings(max_examples=40, deadline=None)
def test_the_same_flights_have_the_same_story_in_whatever_order_they_were_cleared(
    flights: list[tuple[str, float, float, int, int, int]],
) -> None:
    assert story(fly_all(flights)) == story(fly_all(flights, backwards=True))


@given(FLIGHTS)
@settings(max_examples=40, deadline=None)
def test_every_flight_begins_and_ends_once_and_all_else_lies_between(
    flights: list[tuple[str, float, float, int, int, int]],
) -> None:
    watched = fly_all(flights)
    times = [message.time for message in watched.said]
    assert times == sorted(times)
    began = {told.flyer.plan_id: told.time for told in watched.all(FlightBegan)}
    ended = {told.flyer.plan_id: told.time for told in watched.all(FlightFlown)}
    assert len(watched.all(FlightBegan)) == len(began) == len(flights)
    assert len(watched.all(FlightFlown)) == len(ended) == len(flights)
    for met in watched.all(Encountered):
        assert met.one.plan_id < met.other.plan_id or met.one.operator != met.other.operator
        for each in (met.one, met.other):
            assert began[each.plan_id] <= met.began_at <= met.time <= met.ended_at <= ended[each.plan_id]
        assert not under_one_control(met.one, met.other)
    for crossing in watched.all(LineCrossed):
        assert began[crossing.flyer.plan_id] <= crossing.time <= ended[crossing.flyer.plan_id]
    assert kinds(watched.said).count("FlightBegan") == len(flights)


@given(FLIGHTS)
@settings(max_examples=25, deadline=None)
def test_hearing_everything_twice_changes_nothing(flights: list[tuple[str, float, float, int, int, int]]) -> None:
    once = fly_all(flights)
    twice = Watched(Setting(deviations={"us": ODDS, "ru": ODDS}, sees=0.8))
    for _, message in once.fed:
        if message is not None:
            twice.feed(message)
            twice.feed(message)
    twice.run(LATER)
    assert twice.said == once.said
