"""Orders about plans in the words of the duty log."""

from collections.abc import Sequence
from typing import assert_never

from hotline_protocol.injection import CancelPlan, ChangePlan, DeclareEmergency, FileMessage, SubmitPlan

from .wording import clock_time, heights

PlanOrder = SubmitPlan | CancelPlan | ChangePlan | FileMessage | DeclareEmergency


def ordered(order: PlanOrder) -> tuple[str, Sequence[str]]:
    """The verb of the log line, and the parts of its text."""
    match order:
        case SubmitPlan(plan=plan):
            flown = f"{callsign(plan.callsign, plan.plan_id)}{plan.kind.value}"
            window = f"{clock_time(plan.start)}-{clock_time(plan.end)}"
            version = f"version {plan.number}" if plan.number > 1 else ""
            blocks = heights(plan.lower_ft, plan.upper_ft)
            return "plan filed", [plan.plan_id, version, flown, blocks, window, plan.remarks]
        case CancelPlan():
            return "cancel", [order.plan_id]
        case ChangePlan():
            return "change", [order.plan_id, *_changes(order)]
        case FileMessage():
            return "message", [order.text]
        case DeclareEmergency():
            return "emergency", [order.plan_id]
        case _:
            assert_never(order)


def callsign(callsign: str, plan_id: str) -> str:
    """The callsign to be put before something, unless the plan's id tells it already."""
    return "" if callsign.lower() in plan_id.lower() else f"{callsign} "


def _changes(order: ChangePlan) -> list[str]:
    """The changed fields in words."""
    told = [f"{order.shift_min:+d} min"] if order.shift_min else []
    told += [f"from {clock_time(order.start)}"] if order.start is not None else []
    told += [f"until {clock_time(order.end)}"] if order.end is not None else []
    told += [f"above {order.lower_ft:,} ft"] if order.lower_ft is not None else []
    told += [f"below {order.upper_ft:,} ft"] if order.upper_ft is not None else []
    told += ["another area"] if order.area is not None else []
    told += [order.priority.value] if order.priority is not None else []
    return [*told, order.remarks] if order.remarks else told
