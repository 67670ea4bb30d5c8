"""Whatever plans are filed, amended and cancelled, and whenever: what two centres hold of it stays in step."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Circle, Position
from hotline_protocol.boundaries import boundaries_of
from hotline_protocol.conflicts import in_conflict
from hotline_protocol.flightplan import OVER, PlanState, Priority
from hotline_protocol.injection import CancelPlan, ChangePlan
from hotline_protocol.line import OnCall
from hotline_services.aoc.amendments import covers

from .joined import FAR_EAST, ON_THE_LINE, Joined, agreement, minutes, plan

NEARBY = Position(40.05, 35.6)
BOUNDARIES = boundaries_of(agreement())
FIRM = {PlanState.ACCEPTED, PlanState.ACTIVATED}

changes = st.fixed_dictionaries(
    {},
    optional={
        "shift": st.integers(-30, 60),
        "longer": st.integers(-20, 30),
        "where": st.sampled_from([ON_THE_LINE, NEARBY, FAR_EAST]),
        "upper_ft": st.sampled_from([19_500, 20_000, 24_000]),
        "priority": st.sampled_from([Priority.ROUTINE, Priority.PRIORITY]),
    },
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["us", "ru"]),
        st.sampled_from(["file", "file", "amend", "amend", "amend", "change", "cancel", "mute", "wait"]),
        st.integers(0, 1),
        changes,
    ),
    max_size=12,
)


def amend(world: Joined, party: str, plan_id: str, change: dict[str, Any]) -> None:
    known = world.centres[party].plans.get(plan_id)
    if known is None:
        return
    shift, longer = minutes(change.get("shift", 0)), minutes(change.get("longer", 0))
    fields: dict[str, Any] = {name: change[name] for name in ("upper_ft", "priority") if name in change}
    if "where" in change:
        fields["area"] = Circle(centre=change["where"], radius_nm=8)
    new = msgspec.structs.replace(
        known.plan,
        version=known.plan.number + 1,
        start=known.plan.start + shift,
        end=known.plan.end + shift + longer,
        **fields,
    )
    world.file(party, new)


def act(world: Joined, party: str, what: str, number: int, change: dict[str, Any]) -> None:
    plan_id = f"{party}-{number}"
    match what:
        case "file":
            world.file(party, plan(plan_id, change.get("where", ON_THE_LINE), hours=2))
        case "amend":
            amend(world, party, plan_id, change)
        case "change":
            world.tell(party, ChangePlan, plan_id=plan_id, shift_min=change.get("shift", 5))
        case "cancel":
            world.tell(party, CancelPlan, plan_id=plan_id)
        case "mute":
            world.lost = lambda message: isinstance(message, OnCall)
        case _:
            world.lost = lambda _: False
            world.run(minutes=20)


def check(world: Joined) -> None:
    """What holds at every moment."""
    now = world.now
    for party, peer in (("us", "ru"), ("ru", "us")):
        centre = world.centres[party]
        for filed in centre.plans.values():
            if filed.state not in FIRM:
                continue
            standing = {entry.agreement_id: entry for entry in centre.ledgers[peer].standing(peer, now)}
            theirs = {entry.agreement_id for entry in world.centres[peer].ledgers[party].standing(peer, now)}
            needed = [
                volume
                for volume in filed.volumes
                if volume.end > now and any(peer in demand.consent_of for demand in BOUNDARIES.demands(volume, party))
            ]
            relied = {agreement_id for agreement_id, _, _ in filed.agreements}
            for volume in needed:
                granted = [standing[name] for name in relied if name in standing and name in theirs]
                assert any(covers(each, volume) for entry in granted for each in entry.volumes), filed
    for mine in world.centres["us"].plans.values():
        for other in world.centres["ru"].plans.values():
            # where neither needs the other's consent, nobody keeps them apart
            if mine.state in FIRM and other.state in FIRM and (mine.agreements or other.agreements):
                assert not any(
                    one.start < two.end
                    and two.start < one.end
                    and in_conflict(one, two, BoundaryRule.TOUCHING_IS_CLEAR)
                    for one in mine.volumes
                    for two in other.volumes
                )


@settings(max_examples=60, deadline=None)
@given(steps)
def test_nobody_flies_without_consent_or_where_another_does_at_any_step(taken: list[Any]) -> None:
    world = Joined()
    for step in taken:
        act(world, *step)
        check(world)
    world.lost = lambda _: False
    world.run(minutes=timedelta(hours=12) / timedelta(minutes=1))
    for party, peer in (("us", "ru"), ("ru", "us")):
        centre = world.centres[party]
        assert centre.open_negotiations() == []
        assert all(filed.state in OVER for filed in centre.plans.values())
        assert list(centre.ledgers[peer].standing(peer, world.now)) == []
        assert centre.ledgers[peer].heads == world.centres[peer].ledgers[party].heads
