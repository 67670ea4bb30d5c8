"""What a later version of a plan changes, and why it may not be taken."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import OVER, FlightPlan, PlanState, Problem
from hotline_protocol.icao_filed import flight_of

from .filed import FLYING, Filed, Held


def covers(granted: Volume4D, volume: Volume4D) -> bool:
    """Whether whoever may use the granted air may use this: the same area, no higher, lower, earlier or later."""
    return (
        granted.area == volume.area
        and granted.lower_ft <= volume.lower_ft
        and volume.upper_ft <= granted.upper_ft
        and granted.start <= volume.start
        and volume.end <= granted.end
    )


def is_covered(volume: Volume4D, granter: str, agreements: Sequence[Held]) -> bool:
    """Whether this party has agreed to this air."""
    return any(by == granter and any(covers(each, volume) for each in granted) for _, by, granted in agreements)


def still_used(agreements: Sequence[Held], volumes: Sequence[Volume4D]) -> tuple[Held, ...]:
    """Those of the agreements that cover any of this air."""
    return tuple(held for held in agreements if any(covers(each, volume) for each in held[2] for volume in volumes))


def same_air(one: FlightPlan, other: FlightPlan) -> bool:
    """Whether both are flown in the same place, at the same height and time."""
    return all(getattr(one, name) == getattr(other, name) for name in ("area", "lower_ft", "upper_ft", "start", "end"))


def filed_as(plan: FlightPlan | None) -> str:
    """The id that a plan would have, were the ICAO message filed now that says the same; empty where there is none."""
    flight = None if plan is None or plan.icao is msgspec.UNSET else flight_of(plan.icao)
    return flight.plan_id if flight else ""


def cannot_amend(known: Filed, plan: FlightPlan, now: datetime) -> Problem | None:
    """Why this may not take the place of what is known, whatever it says."""
    if known.state is PlanState.CONTINGENT:
        return Problem(code="in-distress", field="version", reason="the flight is in distress: it has all air below it")
    if known.state in FLYING and plan.start > now:
        return Problem(code="has-begun", field="start", reason="the flight has begun: it cannot begin later")
    return None


def old_version(plan: FlightPlan, state: PlanState, newest: int) -> Problem:
    """Why this plan is not the one of its id, nor a later version of that."""
    if plan.number == 1:
        reason = f"{plan.plan_id} is already the id of another plan ({state.value}); that one stands"
        return Problem(code="duplicate-id", field="plan_id", reason=reason)
    if state in OVER:
        reason = f"{plan.plan_id} is {state.value}: a plan that is over cannot be amended"
        return Problem(code="plan-over", field="version", reason=reason)
    reason = f"version {newest} of {plan.plan_id} is known already ({state.value}); a higher one amends it"
    return Problem(code="old-version", field="version", reason=reason)


def refusal(plan: FlightPlan, known: Filed | None, problem: Problem) -> dict[str, Any]:
    """What a PlanStatus says of a plan that is not taken, beside one of its id that is ``known``."""
    said: dict[str, Any] = {
        "plan_id": plan.plan_id,
        "callsign": plan.callsign,
        "plan": plan.digest,
        "state": PlanState.REFUSED,
        "operator": plan.operator,
        "problem": problem,
    }
    if plan.number > 1:
        said["version"] = plan.number
    if known is not None and known.state not in OVER:
        said["in_force"] = known.plan.number
        if plan.number > 1:
            said["amends"] = known.first or known.digest
    return said
