"""What flies and when: clearances in any order, unannounced flights, departures from plans, distress."""

from datetime import timedelta
from itertools import permutations

import pytest

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import InputRejected
from hotline_protocol.flightplan import FlightKind, PlanState
from hotline_protocol.geometry import expand, moved
from hotline_protocol.injection import CancelPlan, DeclareEmergency, DeviationKind
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Unreadable
from hotline_protocol.sky import ConformanceChanged, FlightBegan, FlightFlown, Tracks
from hotline_services.director.setting import Deviations
from hotline_services.director.setting import Sky as Setting
from hotline_services.simulation.chance import Chance
from hotline_services.traffic.sky import Sky

from .skies import DAWN, FAR_EAST, MINUTE, NOON, ON_THE_LINE, Watched, plan

HOUR = timedelta(hours=1)
LATER = NOON + 6 * HOUR


def flown_alone(watched: Watched) -> FlightFlown:
    watched.run(LATER)
    return watched.only(FlightFlown)


# --- clearances -----------------------------------------------------------------------------------------------


def test_a_cleared_flight_flies_from_start_to_end_in_its_air() -> None:
    watched = Watched()
    watched.clear("us", plan("p-1", FAR_EAST))
    watched.run(LATER)
    assert watched.stories() == [("FlightBegan", NOON), ("FlightFlown", NOON + HOUR)]
    flown = watched.only(FlightFlown)
    assert (flown.began_at, flown.ended_at) == (NOON, NOON + HOUR)
    assert (flown.conforming_share, flown.longest_excursion_s, flown.deviation) == (1.0, 0.0, "")
    assert (flown.flyer.side, flown.flyer.operator, flown.flyer.announced) == ("us", "us", True)


@pytest.mark.parametrize("state", [PlanState.NEGOTIATING, PlanState.REFUSED, PlanState.WITHDRAWN])
def test_what_is_not_cleared_does_not_fly(state: PlanState) -> None:
    watched = Watched()
    watched.clear("us", plan("p-1"))
    watched.tell("us", plan("p-1"), state)
    watched.run(LATER)
    assert watched.said == []


def test_it_flies_where_bargaining_has_put_it() -> None:
    watched, asked = Watched(), plan("p-1", FAR_EAST)
    settled = plan("p-1", FAR_EAST, start=NOON + 20 * MINUTE, end=NOON + 80 * MINUTE)
    watched.submit("us", asked)
    watched.tell("us", asked, PlanState.ACCEPTED, volumes=expand(settled), as_filed=False)
    flown = flown_alone(watched)
    assert (flown.began_at, flown.ended_at) == (settled.start, settled.end)


def test_what_is_cleared_after_its_start_joins_its_way_where_it_should_be_by_then() -> None:
    watched = Watched()
    watched.now = NOON + 10 * MINUTE
    watched.clear("us", plan("p-1", FAR_EAST))
    flown = flown_alone(watched)
    assert (flown.began_at, flown.ended_at) == (NOON + 10 * MINUTE, NOON + HOUR)
    assert flown.conforming_share == 1.0


def test_what_is_cleared_after_its_end_is_not_flown() -> None:
    watched = Watched()
    watched.now = NOON + 2 * HOUR
    watched.clear("us", plan("p-1"))
    watched.run(LATER)
    assert watched.said == []


def test_a_flight_that_is_ended_early_breaks_off() -> None:
    watched = Watched()
    watched.clear("us", plan("p-1", FAR_EAST))
    watched.run(NOON + 25 * MINUTE)
    watched.tell("us", plan("p-1", FAR_EAST), PlanState.ENDED)
    assert watched.only(FlightFlown).ended_at == NOON + 25 * MINUTE
    watched.run(LATER)
    assert len(watched.all(FlightFlown)) == 1


def test_a_plan_that_ends_in_time_ends_no_flight_that_is_late() -> None:
    watched, late = Watched(), plan("p-1", FAR_EAST)
    watched.clear("us", late)
    watched.deviate("us", late, kind=DeviationKind.LATE, minutes=20)
    watched.run(late.end)
    watched.tell("us", late, PlanState.ENDED)
    flown = flown_alone(watched)
    assert flown.ended_at == late.end + 20 * MINUTE
    assert flown.conforming_share == pytest.approx(2 / 3, abs=0.001)
    assert flown.longest_excursion_s == 1_200
    assert flown.deviation == "late"


def test_what_a_centre_says_counts_in_the_order_in_which_it_was_said() -> None:
    its_plan = plan("p-1", FAR_EAST)
    source = Watched()
    words = [
        source.status("us", its_plan, state)
        for state in (PlanState.NEGOTIATING, PlanState.ACCEPTED, PlanState.NEGOTIATING, PlanState.WITHDRAWN)
    ]
    for order in permutations(words):
        watched = Watched()
        for word in (*order, *order):
            watched.feed(word)
        watched.run(LATER)
        assert watched.said == []


def test_a_clearance_that_comes_before_its_plan_is_flown_as_the_plan_has_it() -> None:
    its_plan = plan("p-1", FAR_EAST, kind=FlightKind.TANKER, aircraft_type="KC135", operator="coalition")
    late, early = Watched(tracks_every=MINUTE), Watched(tracks_every=MINUTE)
    late.tell("us", its_plan, PlanState.ACCEPTED)
    late.submit("us", its_plan)
    early.clear("us", its_plan)
    for watched in (late, early):
        watched.run(LATER)
    assert late.all(Tracks) == early.all(Tracks)
    assert late.only(FlightBegan).flyer.operator == "coalition"
    assert late.all(Tracks)[0].tracks[0].kind is FlightKind.TANKER


def test_what_is_flown_of_which_no_plan_was_heard_is_flown_all_the_same() -> None:
    watched = Watched()
    watched.tell("us", plan("p-1", FAR_EAST), PlanState.ACTIVATED)
    assert flown_alone(watched).conforming_share == 1.0


def test_a_plan_that_was_mended_under_its_id_flies_as_it_was_mended() -> None:
    watched = Watched(tracks_every=MINUTE)
    bad, mended = plan("p-1", FAR_EAST, kind=FlightKind.TANKER), plan("p-1", FAR_EAST, kind=FlightKind.MEDEVAC)
    watched.submit("us", bad)
    watched.tell("us", bad, PlanState.REFUSED)
    watched.clear("us", mended)
    watched.run(LATER)
    assert watched.all(Tracks)[0].tracks[0].kind is FlightKind.MEDEVAC


def test_the_same_plan_of_both_sides_is_two_flights() -> None:
    watched = Watched()
    watched.clear("us", plan("p-1", FAR_EAST))
    watched.clear("ru", plan("p-1", Position(38.5, 36.0)))
    watched.run(LATER)
    assert {began.flyer.side for began in watched.all(FlightBegan)} == {"us", "ru"}


def test_air_that_nobody_can_fly_in_is_refused_with_the_reason() -> None:
    watched, its_plan = Watched(), plan("p-1")
    for volumes in (
        (),
        expand(plan("p-1", Position(5.0, 50.0))),
        expand(plan("p-1", end=NOON + 30 * HOUR)),
        expand(plan("p-1", lower_ft=20_000, upper_ft=18_000)),
    ):
        watched.tell("us", its_plan, PlanState.ACCEPTED, volumes=volumes)
    watched.run(LATER)
    reasons = [rejected.problem.reason for rejected in watched.all(InputRejected)]
    assert [rejected.problem.field for rejected in watched.all(InputRejected)] == ["volumes"] * 4
    assert "there is none" in reasons[0]
    assert "area.centre" in reasons[1]
    assert watched.all(FlightBegan) == []


# --- unannounced flights, and orders to the sky ------------------------------------------------------------------


def test_what_nobody_was_told_of_flies_at_its_time() -> None:
    watched = Watched()
    watched.fly_unannounced(plan("t-1", FAR_EAST, operator="turkey"))
    watched.run(LATER)
    flyer = watched.only(FlightBegan).flyer
    assert (flyer.side, flyer.operator, flyer.announced) == (None, "turkey", False)


def test_an_unannounced_flight_that_cannot_be_is_refused() -> None:
    watched = Watched()
    watched.fly_unannounced(plan("t-1", Position(5.0, 50.0), operator="turkey"))
    assert watched.only(InputRejected).problem.field == "plan.area.centre"


def test_the_sky_takes_no_plans_and_answers_rubbish_that_was_meant_for_it() -> None:
    watched = Watched()
    watched.feed(Author("director").say(CancelPlan, DAWN, to="sky", plan_id="p-1"))
    for topic in ("hotline/v1/inject/sky", "hotline/v1/inject/us"):
        watched.feed(
            Unreadable(
                id=f"x-{topic[-2:]}",
                source="x",
                seq=0,
                time=DAWN,
                topic=topic,
                code="c",
                field="f",
                reason="r",
                evidence="e",
            )
        )
    assert [rejected.problem.code for rejected in watched.all(InputRejected)] == ["not-for-the-sky", "c"]


def test_an_order_that_comes_before_its_flight_is_known_holds_for_it() -> None:
    watched, its_plan = Watched(), plan("p-1", FAR_EAST)
    watched.deviate("us", its_plan, kind=DeviationKind.EARLY, minutes=15)
    watched.clear("us", its_plan)
    flown = flown_alone(watched)
    assert (flown.began_at, flown.deviation) == (NOON - 15 * MINUTE, "early")
    assert flown.longest_excursion_s == 900


def test_an_order_to_a_flight_that_is_over_or_late_for_one_in_the_air_is_refused() -> None:
    watched, its_plan = Watched(), plan("p-1", FAR_EAST)
    watched.clear("us", its_plan)
    watched.run(NOON + MINUTE)
    watched.deviate("us", its_plan, kind=DeviationKind.LATE, minutes=15)
    watched.run(LATER)
    watched.deviate("us", its_plan, kind=DeviationKind.OFF_ROUTE, offset_nm=5)
    assert [rejected.problem.code for rejected in watched.all(InputRejected)] == ["in-the-air", "flown"]


def test_a_flight_that_is_sent_elsewhere_leaves_its_air_and_that_is_told() -> None:
    watched, its_plan = Watched(), plan("p-1", FAR_EAST)
    watched.clear("us", its_plan)
    watched.run(NOON + 20 * MINUTE)
    watched.deviate("us", its_plan, kind=DeviationKind.RETASKED, at=Position(41.6, 35.5))
    watched.run(LATER)
    left = watched.only(ConformanceChanged)
    assert not left.conforming
    assert NOON + 20 * MINUTE < left.time < NOON + 25 * MINUTE
    assert watched.only(FlightFlown).deviation == "retasked"
    assert watched.only(FlightFlown).conforming_share < 0.5


def test_chance_makes_flights_depart_from_their_plans_when_the_scenario_says_so() -> None:
    watched = Watched(Setting(deviations={"us": Deviations(off_route=1.0, offset_nm=25)}))
    watched.clear("us", plan("p-1", FAR_EAST))
    watched.clear("ru", plan("p-1", Position(38.5, 36.0)))
    watched.run(LATER)
    assert {flown.flyer.side: flown.deviation for flown in watched.all(FlightFlown)} == {"us": "off-route", "ru": ""}


def test_a_partner_departs_as_often_as_it_is_said_to_itself() -> None:
    watched = Watched(Setting(deviations={"us": Deviations(late=1.0), "sdf": Deviations()}))
    watched.clear("us", plan("p-1", FAR_EAST, operator="sdf"))
    assert flown_alone(watched).deviation == ""


# --- distress ----------------------------------------------------------------------------------------------------


def test_a_flight_that_its_centre_declares_in_distress_goes_down() -> None:
    watched, its_plan = Watched(), plan("p-1", FAR_EAST)
    watched.clear("us", its_plan)
    watched.run(NOON + 20 * MINUTE)
    low = tuple(volume for volume in expand(plan("p-1", FAR_EAST, lower_ft=0)))
    watched.tell("us", its_plan, PlanState.CONTINGENT, volumes=low)
    flown = flown_alone(watched)
    assert NOON + 20 * MINUTE < flown.ended_at < NOON + 30 * MINUTE
    assert (flown.conforming_share, flown.deviation) == (1.0, "emergency")
    assert watched.all(DeclareEmergency) == []


def test_a_crew_in_distress_calls_its_centre_once() -> None:
    watched, its_plan = Watched(), plan("p-1", FAR_EAST)
    watched.clear("us", its_plan)
    watched.run(NOON + 20 * MINUTE)
    watched.deviate("us", its_plan, kind=DeviationKind.EMERGENCY)
    called = watched.only(DeclareEmergency)
    assert (called.to, called.plan_id, called.time) == ("us", "p-1", NOON + 20 * MINUTE)
    watched.run(NOON + 21 * MINUTE)
    watched.tell("us", its_plan, PlanState.CONTINGENT, volumes=expand(plan("p-1", FAR_EAST, lower_ft=0)))
    watched.run(LATER)
    assert len(watched.all(DeclareEmergency)) == 1
    assert watched.only(FlightFlown).longest_excursion_s < 60


def test_chance_has_some_get_into_distress_on_their_way() -> None:
    watched = Watched(Setting(deviations={"us": Deviations(emergency=1.0)}))
    watched.clear("us", plan("p-1", FAR_EAST))
    watched.run(LATER)
    assert NOON + 12 * MINUTE <= watched.only(DeclareEmergency).time <= NOON + 48 * MINUTE


def test_a_crew_that_no_centre_knows_calls_in_vain() -> None:
    watched, its_plan = Watched(), plan("t-1", FAR_EAST)
    watched.fly_unannounced(its_plan, side="us")
    watched.run(NOON + 20 * MINUTE)
    watched.deviate("us", its_plan, kind=DeviationKind.EMERGENCY)
    watched.run(LATER)
    assert watched.all(DeclareEmergency) == []


# --- as a core ---------------------------------------------------------------------------------------------------


def test_a_flight_of_days_ago_is_forgotten_and_its_clearance_is_not_flown_again() -> None:
    watched = Watched()
    first = plan("p-1", FAR_EAST)
    watched.clear("us", first)
    watched.run(NOON + timedelta(days=3))
    watched.clear("us", plan("p-2", FAR_EAST, start=watched.now + HOUR, end=watched.now + 2 * HOUR))
    watched.tell("us", first, PlanState.ACTIVATED)
    watched.run(watched.now + 6 * HOUR)
    assert [began.flyer.plan_id for began in watched.all(FlightBegan)] == ["p-1", "p-2"]


def test_a_sky_that_is_fed_its_past_again_says_the_same() -> None:
    setting = Setting(deviations={"us": Deviations(late=0.5, off_route=0.5, emergency=0.3, offset_nm=20)})
    watched = Watched(setting)
    for number in range(30):
        here = moved(Circle(centre=ON_THE_LINE, radius_nm=8), (number % 6 - 3) * 10, (number // 6 - 3) * 10)
        side = ("us", "ru")[number % 2]
        watched.clear(side, plan(f"p-{number}", area=here))
    watched.run(NOON + 15 * MINUTE)
    watched.tell("us", plan("p-2"), PlanState.ENDED)
    watched.run(LATER)
    again = Sky(watched.rules, setting, DAWN, Chance(1))
    said: list[Message] = []
    for at, message in watched.fed:
        said += again.lapse(at) if message is None else again.receive(message, at)
    assert said == watched.said
    assert len(said) > 60
