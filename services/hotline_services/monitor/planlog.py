"""Orders about plans as entries of the duty log."""

from typing import assert_never

from hotline_protocol.injection import CancelPlan, ChangePlan, DeclareEmergency, FileMessage, SubmitPlan

from .logentry import LogDraft, Parts, free_text, named
from .logkinds import Counted, LogKind, Phrase, Relation, Thing
from .logparts import FlightTold, HeightSpan, Number, Remark, Term, TimeSpan, TimeTold

PlanOrder = SubmitPlan | CancelPlan | ChangePlan | FileMessage | DeclareEmergency


def ordered(order: PlanOrder) -> LogDraft:
    """The entry of this order."""
    match order:
        case SubmitPlan(plan=plan):
            filed = [
                named(Thing.PLAN, plan.plan_id),
                Number(Counted.PLAN_VERSION, plan.number) if plan.number > 1 else None,
                FlightTold(plan.kind.value, callsign=callsign(plan.callsign, plan.plan_id)),
                HeightSpan(plan.lower_ft, plan.upper_ft),
                TimeSpan(plan.start, plan.end),
                free_text(plan.remarks),
            ]
            return LogDraft(LogKind.PLAN_FILED, filed)
        case CancelPlan():
            return LogDraft(LogKind.PLAN_CANCELLED, [named(Thing.PLAN, order.plan_id)])
        case ChangePlan():
            return LogDraft(LogKind.PLAN_CHANGED, [named(Thing.PLAN, order.plan_id), *_changes(order)])
        case FileMessage():
            return LogDraft(LogKind.PLAN_MESSAGE, [free_text(order.text)])
        case DeclareEmergency():
            return LogDraft(LogKind.PLAN_EMERGENCY, [named(Thing.PLAN, order.plan_id)])
        case _:
            assert_never(order)


def callsign(callsign: str, plan_id: str) -> str:
    """The callsign to be told beside the plan's id; empty when the id tells it already."""
    return "" if callsign.lower() in plan_id.lower() else callsign


def _changes(order: ChangePlan) -> Parts:
    """The changed fields."""
    return [
        Number(Counted.SHIFT_MIN, order.shift_min) if order.shift_min else None,
        TimeTold(Relation.FROM, order.start) if order.start is not None else None,
        TimeTold(Relation.UNTIL, order.end) if order.end is not None else None,
        Number(Counted.FLOOR_FT, order.lower_ft) if order.lower_ft is not None else None,
        Number(Counted.CEILING_FT, order.upper_ft) if order.upper_ft is not None else None,
        Remark(Phrase.ANOTHER_AREA) if order.area is not None else None,
        Term(order.priority.value) if order.priority is not None else None,
        free_text(order.remarks) if order.remarks else None,
    ]
