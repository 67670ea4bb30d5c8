"""Plans that are checked before anybody hands them in: what is wrong, whose consent they need, whose air they meet."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from hotline_protocol.airspace import Circle, Corridor, Position
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_services.monitor.history import History
from hotline_services.monitor.rows import PlanRow
from hotline_services.web.answers.checking import PLANS_AT_MOST, Air, agreement_now, air_in_use, check
from hotline_services.web.answers.schema import Checked, Meeting, Source
from hotline_services.web.answers.settings import NOTE, setting

from .played_day import history, messages, scenario

NOW = messages()[len(messages()) // 2][1]
AGREEMENT = scenario().agreement
FAR = Position(36.0, 33.2)


def plan(**others: Any) -> FlightPlan:
    fields: dict[str, Any] = {
        "plan_id": "check-1",
        "callsign": "CHECK1",
        "area": Circle(centre=FAR, radius_nm=4.0),
        "lower_ft": 20_000,
        "upper_ft": 22_000,
        "start": NOW + timedelta(hours=1),
        "end": NOW + timedelta(hours=2),
    }
    return FlightPlan(**(fields | others))


def checked(*plans: FlightPlan, to: str = "us", air: Air = (), now: datetime = NOW) -> Checked:
    return check(msgspec.json.encode(plans), to, now, AGREEMENT, air)


def meeting(flown: FlightPlan, name: str = "ru/other/0") -> Meeting:
    from hotline_protocol.geometry import expand

    return Meeting(kind="plan", id=name, party="ru", title="other", volumes=expand(flown))


def test_a_flight_far_from_everything_needs_nobody() -> None:
    (one,) = checked(plan()).plans
    assert (one.problems, one.consents, one.meets) == ((), (), ())
    assert len(one.volumes) == 1


def test_a_flight_across_the_line_needs_the_other_side_s_consent_and_is_told_why() -> None:
    assert AGREEMENT.line is not None
    middle = AGREEMENT.line.trace[len(AGREEMENT.line.trace) // 2]
    for party, other in (("us", "ru"), ("ru", "us")):
        (one,) = checked(plan(area=Circle(centre=middle, radius_nm=4.0)), to=party).plans
        assert {consent.party for consent in one.consents} == {other}
        assert one.consents[0].reason == f"crosses {AGREEMENT.line.name}"


def test_a_corridor_is_told_leg_by_leg_and_each_reason_once() -> None:
    assert AGREEMENT.line is not None
    a, b = AGREEMENT.line.trace[0], AGREEMENT.line.trace[-1]
    along = Corridor(route=(a, b), half_width_nm=2.0)
    (one,) = checked(plan(area=along)).plans
    assert len(one.volumes) > 1
    assert len(set(one.consents)) == len(one.consents)


def test_shared_air_is_told_with_the_volumes_that_are_shared() -> None:
    (one,) = checked(
        plan(), air=[meeting(plan(plan_id="other")), meeting(plan(lower_ft=30_000, upper_ft=32_000))]
    ).plans
    (met,) = one.meets
    assert met.volumes == one.volumes


def test_a_plan_does_not_meet_itself_as_it_was_handed_in_before() -> None:
    (one,) = checked(plan(), air=[meeting(plan(), "us/check-1/0")]).plans
    assert one.meets == ()


def test_a_plan_that_makes_no_sense_is_told_what_is_wrong_and_takes_no_air() -> None:
    (one,) = checked(plan(end=NOW - timedelta(hours=1))).plans
    assert {problem.field for problem in one.problems} == {"end"}
    assert one.volumes == ()


def test_what_cannot_be_read_is_refused_beside_what_can() -> None:
    text = b'{"plans": [%s, {"plan_id": "broken"}]}' % msgspec.json.encode(plan())
    found = check(text, "us", NOW, AGREEMENT, ())
    assert [one.plan_id for one in found.plans] == ["check-1"]
    (refused,) = found.refused
    assert refused.reason.startswith("broken: ")


def test_only_so_many_plans_are_checked_at_once() -> None:
    found = checked(*(plan(plan_id=f"check-{number}") for number in range(PLANS_AT_MOST + 5)))
    assert len(found.plans) == PLANS_AT_MOST
    assert [problem.code for problem in found.refused] == ["too-many-plans"]


def test_without_an_agreement_shared_air_is_still_told() -> None:
    found = check(msgspec.json.encode(plan()), "us", NOW, None, [meeting(plan())])
    assert (found.plans[0].consents, len(found.plans[0].meets)) == ((), 1)


def test_the_air_in_use_is_that_of_plans_that_are_not_over() -> None:
    used = air_in_use(history(), NOW)
    over = {row.key for row in history().rows(PlanRow) if row.state is PlanState.ENDED}
    assert not over & {one.id for one in used if one.kind == "plan"}
    assert air_in_use(History(), NOW) == []


def test_the_line_is_taken_where_it_runs_now() -> None:
    assert agreement_now(history(), AGREEMENT, "us") is not None
    assert agreement_now(History(), AGREEMENT, "us") is AGREEMENT
    assert agreement_now(history(), None, "us") is None


def source() -> Source:
    return Source(name="a", title="a", live=False, scenario="x", seed=1, start=None, end=None, n=0)


def test_the_line_and_zones_are_shown_only_of_the_agreement_that_was_played_under() -> None:
    own = setting(source(), history(), scenario(), AGREEMENT.digest, "")
    assert (own.line, own.zones, own.note) == (AGREEMENT.line, AGREEMENT.zones, "")
    other = setting(source(), history(), scenario(), "0123456789abcdef", "cut off.")
    assert (other.line, other.zones, other.blocks) == (None, (), ())
    assert other.note.startswith("cut off. It was played under another agreement")


def test_without_a_scenario_parties_are_those_who_acted_and_the_line_is_said_to_be_illustrative() -> None:
    told = setting(source(), history(), None, None, "")
    assert set(told.parties) == {"us", "ru"}
    assert told.line is None
    assert NOTE in told.disclaimer
    assert "illustrative" in setting(source(), history(), scenario(), None, "").disclaimer
