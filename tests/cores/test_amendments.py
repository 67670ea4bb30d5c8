"""A plan is changed in place: what is negotiated again, what stays in force meanwhile, and what is given back."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hotline_protocol.airspace import Circle, Corridor, Position
from hotline_protocol.events import EscalationKind, NegotiationEnded, NegotiationOutcome, PlanStatus
from hotline_protocol.flightplan import Flexibility, FlightPlan, PlanState, Priority
from hotline_protocol.injection import CancelPlan, DeclareEmergency
from hotline_protocol.line import Concur, Entered, Propose, Reason, Release, Ring
from hotline_services.aoc.config import Costs

from .joined import FAR_EAST, ON_THE_LINE, Joined, config, minutes, plan

STUBBORN = config(costs=Costs(line=1.0, walk_away=1.0))
FIXED = Flexibility(max_shift_min=0, max_offset_nm=0, other_blocks=False)


def amended(of: FlightPlan, version: int = 2, **changes: Any) -> FlightPlan:
    return msgspec.structs.replace(of, version=version, **changes)


def later(of: FlightPlan, by_min: float, version: int = 2) -> FlightPlan:
    shift = timedelta(minutes=by_min)
    return amended(of, version, start=of.start + shift, end=of.end + shift)


def in_force(world: Joined, party: str) -> list[str]:
    return [agreement_id for agreement_id, _, _ in world.centres[party].own_reservations()]


def granted_to_us(world: Joined) -> list[str]:
    return [entry.agreement_id for entry in world.centres["ru"].ledgers["us"].standing("ru", world.now)]


def told(world: Joined, plan_id: str) -> list[tuple[PlanState, int | msgspec.UnsetType, int | msgspec.UnsetType]]:
    return [(each.state, each.version, each.in_force) for each in world.all(PlanStatus) if each.plan_id == plan_id]


def test_a_delay_is_negotiated_while_the_first_version_stands() -> None:
    world, first = Joined(), plan("p")
    world.file("us", first)
    (before,) = in_force(world, "us")
    world.holds = lambda message: isinstance(message, Concur)
    world.file("us", later(first, 90))
    status = world.status("p")
    assert (status.state, status.version, status.in_force) == (PlanState.NEGOTIATING, 2, 1)
    assert status.amends == first.digest
    assert in_force(world, "us") == [before] == granted_to_us(world)
    world.release_held()
    status = world.status("p")
    assert (status.state, status.version, status.in_force) == (PlanState.ACCEPTED, 2, msgspec.UNSET)
    assert status.volumes[0].start == first.start + minutes(90)
    (after,) = in_force(world, "us")
    assert after != before
    assert granted_to_us(world) == [after]


@pytest.mark.parametrize(
    "change",
    [
        {"remarks": "two aircraft"},
        {"upper_ft": 19_500},
        {"end": plan("p").end - minutes(20)},
        {"start": plan("p").start + minutes(10), "end": plan("p").end - minutes(10)},
    ],
)
def test_what_stays_in_the_air_that_was_agreed_is_not_asked_for_again(change: dict[str, Any]) -> None:
    world, first = Joined(), plan("p")
    world.file("us", first)
    before = in_force(world, "us")
    world.said.clear()
    world.file("us", amended(first, **change))
    assert (world.status("p").state, world.status("p").version) == (PlanState.ACCEPTED, 2)
    assert world.all(Ring) == []
    assert in_force(world, "us") == before == granted_to_us(world)


def test_only_the_legs_that_differ_are_negotiated_again() -> None:
    world = Joined()
    legs = (Position(40.0, 35.0), Position(40.0, 35.3), Position(40.05, 35.6))
    first = plan("p", lasts=0.5, area=Corridor(route=legs, half_width_nm=3), flexibility=FIXED)
    world.file("us", first)
    volumes = world.status("p").volumes
    turned = Corridor(route=(*legs[:2], Position(39.95, 35.6)), half_width_nm=3)  # as long as before
    world.said.clear()
    world.file("us", amended(first, area=turned))
    kept = [volume for volume in world.status("p").volumes if volume in volumes]
    (proposal,) = world.all(Propose)
    asked = [volume for volume in proposal.menu.volumes(proposal.choice) if volume not in volumes]
    assert world.status("p").state is PlanState.ACCEPTED
    assert len(proposal.menu.windows) == len(asked) == len(world.status("p").volumes) - len(kept)
    assert kept
    assert len(in_force(world, "us")) == 2


def test_a_version_that_is_refused_leaves_the_one_before_in_force() -> None:
    world, first = Joined(), plan("p", flexibility=FIXED)
    world.file("us", first)
    before = in_force(world, "us")
    world.file("ru", plan("theirs", Position(40.0, 36.2), flexibility=FIXED))
    world.file("us", amended(first, area=Circle(centre=Position(40.0, 36.2), radius_nm=8)))
    world.run(minutes=120)
    assert [each[0] for each in told(world, "p")[-2:]] == [PlanState.REFUSED, PlanState.ACCEPTED]
    refused = world.all(PlanStatus)[-2]
    assert (refused.version, refused.in_force) == (2, 1)
    assert refused.problem is not None
    assert in_force(world, "us") == before
    world.run(minutes=60)
    assert world.status("p").state is PlanState.ACTIVATED


@pytest.mark.parametrize("version", [1, 2])
def test_no_higher_version_with_other_contents_is_refused_and_changes_nothing(version: int) -> None:
    world, first = Joined(), plan("p")
    world.file("us", first)
    world.file("us", amended(first, remarks="second"))
    before = in_force(world, "us")
    world.file("us", amended(first, version, remarks="other"))
    status = world.status("p")
    assert (status.state, status.in_force) == (PlanState.REFUSED, 2)
    assert status.problem is not None
    assert status.problem.field == ("version" if version > 1 else "plan_id")
    assert in_force(world, "us") == before
    assert world.centres["us"].plans["p"].state is PlanState.ACCEPTED


def test_the_same_version_again_is_answered_with_its_status() -> None:
    world, first = Joined(), plan("p")
    world.file("us", first)
    second = later(first, 30)
    world.file("us", second)
    status = world.status("p")
    world.file("us", second)
    again = world.status("p")
    assert (again.state, again.plan, again.version) == (status.state, second.digest, 2)
    assert len(world.all(Propose)) == 2


def test_a_version_1_that_is_written_out_is_the_plan_without_it() -> None:
    first = plan("p")
    assert amended(first, 1).digest == first.digest
    assert amended(first, 2).digest != first.digest


def test_an_amendment_in_the_middle_of_the_negotiation_begins_it_again() -> None:
    world, first = Joined(), plan("p")
    world.holds = lambda message: isinstance(message, Concur)
    world.file("us", first)
    world.file("us", later(first, 30))
    world.release_held()
    world.run(minutes=10)
    assert world.status("p").state is PlanState.ACCEPTED
    assert world.status("p").version == 2
    superseded = [status for status in world.all(PlanStatus) if status.state is PlanState.WITHDRAWN]
    assert [(status.plan, status.number, status.in_force) for status in superseded] == [(first.digest, 1, 2)]
    outcomes = [ended.outcome for ended in world.all(NegotiationEnded)]
    assert outcomes == [NegotiationOutcome.WITHDRAWN, NegotiationOutcome.AGREED_AS_FILED]
    assert granted_to_us(world) == in_force(world, "us")


def test_a_later_version_takes_the_place_of_one_that_is_being_negotiated() -> None:
    world, first = Joined(), plan("p")
    world.file("us", first)
    world.holds = lambda message: isinstance(message, Concur)
    world.file("us", later(first, 30))
    world.file("us", later(first, 60, version=3))
    world.release_held()
    world.run(minutes=10)
    assert (PlanState.WITHDRAWN, 2, 1) in told(world, "p")
    assert told(world, "p")[-1] == (PlanState.ACCEPTED, 3, msgspec.UNSET)
    assert granted_to_us(world) == in_force(world, "us")


@pytest.mark.parametrize("over", [PlanState.WITHDRAWN, PlanState.ENDED])
def test_a_plan_that_is_over_cannot_be_amended(over: PlanState) -> None:
    world, first = Joined(), plan("p", hours=1)
    world.file("us", first)
    if over is PlanState.ENDED:
        world.run(minutes=130)
    else:
        world.tell("us", CancelPlan, plan_id="p")
    world.file("us", later(first, 300))
    status = world.status("p")
    assert status.state is PlanState.REFUSED
    assert status.problem is not None
    assert (status.problem.code, status.problem.field) == ("plan-over", "version")


def test_cancelling_a_plan_takes_back_the_amendment_too() -> None:
    world, first = Joined(), plan("p")
    world.file("us", first)
    world.holds = lambda message: isinstance(message, Concur)
    world.file("us", later(first, 90))
    world.tell("us", CancelPlan, plan_id="p")
    world.release_held()
    world.run(minutes=10)
    assert world.status("p").state is PlanState.WITHDRAWN
    assert granted_to_us(world) == []
    assert world.centres["us"].open_negotiations() == world.centres["ru"].open_negotiations() == []


def test_a_flight_that_has_begun_is_not_made_to_begin_later() -> None:
    world, first = Joined(), plan("p", hours=1)
    world.file("us", first)
    world.run(minutes=70)
    world.file("us", later(first, 30))
    assert world.all(PlanStatus)[-2].problem is not None
    assert world.all(PlanStatus)[-2].problem.code == "has-begun"  # type: ignore[union-attr]
    assert world.status("p").state is PlanState.ACTIVATED
    assert world.status("p").version is msgspec.UNSET


def test_a_delay_that_is_not_agreed_before_the_flight_begins_is_refused() -> None:
    world, first = Joined(), plan("p", hours=1)
    world.file("us", first)
    world.lost = lambda message: isinstance(message, Ring)
    world.file("us", later(first, 30))
    world.run(minutes=61)
    assert (PlanState.REFUSED, 2, 1) in told(world, "p")
    assert world.status("p").state is PlanState.ACTIVATED
    world.run(minutes=60)
    assert world.status("p").state is PlanState.ENDED


def test_a_flight_in_the_air_is_given_more_time_and_keeps_what_it_has_until_then() -> None:
    world, first = Joined(), plan("p", hours=1)
    world.file("us", first)
    before = in_force(world, "us")
    world.run(minutes=90)
    world.holds = lambda message: isinstance(message, Concur)
    world.file("us", amended(first, end=first.end + minutes(30)))
    assert in_force(world, "us") == before
    world.release_held()
    world.run(minutes=1)
    assert (world.status("p").state, world.status("p").version) == (PlanState.ACTIVATED, 2)
    assert in_force(world, "us") == granted_to_us(world) != before
    world.run(minutes=40)
    assert world.status("p").state is PlanState.ACTIVATED
    world.run(minutes=30)
    assert world.status("p").state is PlanState.ENDED


def test_a_shortened_flight_gives_its_air_back_when_it_ends() -> None:
    world, first = Joined(), plan("p", hours=1)
    world.file("us", first)
    world.file("us", amended(first, end=first.end - minutes(30)))
    world.run(minutes=91)
    assert world.status("p").state is PlanState.ENDED
    assert granted_to_us(world) == []


def test_an_amendment_to_an_emergency_before_the_start_is_asked_for_as_one() -> None:
    world, first = Joined(), plan("p")
    world.file("us", first)
    world.said.clear()
    world.file("us", amended(first, priority=Priority.EMERGENCY))
    assert [ring.reason for ring in world.all(Ring)] == [Reason.EMERGENCY]
    assert [proposal.priority for proposal in world.all(Propose)] == [Priority.EMERGENCY]
    assert world.status("p").state is PlanState.ACCEPTED
    assert world.status("p").version == 2


def test_an_amendment_to_an_emergency_in_flight_is_distress() -> None:
    world, first = Joined(), plan("p", hours=1)
    world.file("us", first)
    world.run(minutes=70)
    world.file("us", amended(first, priority=Priority.EMERGENCY))
    status = world.status("p")
    assert (status.state, status.version) == (PlanState.CONTINGENT, 2)
    assert all(volume.lower_ft == 0 for volume in status.volumes)
    assert world.all(Ring)[-1].reason is Reason.EMERGENCY


def test_distress_takes_back_an_amendment_that_is_being_negotiated() -> None:
    world, first = Joined(), plan("p", hours=1)
    world.file("us", first)
    world.holds = lambda message: isinstance(message, Concur)
    world.file("us", later(first, 60))
    world.tell("us", DeclareEmergency, plan_id="p")
    assert (PlanState.WITHDRAWN, 2, 1) in told(world, "p")
    world.release_held()
    world.run(minutes=20)
    assert world.status("p").state is PlanState.CONTINGENT
    assert world.centres["us"].open_negotiations() == []


def test_a_plan_that_moves_to_where_nobody_is_asked_gives_all_back() -> None:
    world, first = Joined(), plan("p")
    world.file("us", first)
    world.file("us", amended(first, area=Circle(centre=FAR_EAST, radius_nm=8)))
    assert world.status("p").state is PlanState.ACCEPTED
    assert in_force(world, "us") == granted_to_us(world) == []
    assert len(world.all(Release)) == 1


def test_what_bargaining_has_moved_stays_there_when_only_words_change() -> None:
    world, ours = Joined(), plan("us-1")
    world.file("ru", plan("ru-1"))
    world.file("us", ours)
    moved = world.status("us-1").volumes
    assert not world.status("us-1").as_filed
    world.said.clear()
    world.file("us", amended(ours, remarks="two aircraft"))
    assert world.status("us-1").volumes == moved
    assert not world.status("us-1").as_filed
    assert world.all(Ring) == []


def test_an_amendment_that_meets_our_own_flight_is_refused() -> None:
    world, first = Joined(), plan("p", FAR_EAST)
    world.file("us", first)
    world.file("us", plan("q", Position(41.0, 35.5)))
    world.file("us", amended(first, area=Circle(centre=Position(41.0, 35.5), radius_nm=8)))
    refused = world.all(PlanStatus)[-2]
    assert refused.problem is not None
    assert refused.problem.code == "own-conflict"
    assert world.status("p").state is PlanState.ACCEPTED


def test_nobody_else_gets_the_air_of_the_version_in_force_meanwhile() -> None:
    world, first = Joined(), plan("p", flexibility=FIXED)
    world.file("us", first)
    world.holds = lambda message: isinstance(message, Concur | Entered)
    world.file("us", amended(first, area=Circle(centre=Position(40.0, 36.2), radius_nm=8), flexibility=FIXED))
    world.holds = lambda _: False
    world.file("us", plan("q", ON_THE_LINE))
    assert world.status("q").state is PlanState.REFUSED
    world.release_held()
    assert world.escalations(EscalationKind.CROSSING_WITHOUT_CONSENT) == []
