"""A plan of its own is amended while it holds what we have granted for it."""

from datetime import timedelta

import msgspec

from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.injection import CancelPlan, SubmitPlan
from hotline_protocol.line import Confirm, Entered, HangUp, Propose, Release
from hotline_services.conformance.examination.case import Case, Taking
from hotline_services.conformance.examination.scene import Script, scene, step

from .asking import enter, grant, have_it_ask, its_proposal, its_status

LATER = timedelta(minutes=40)
"""Beyond the end of the plan, and before the next window of the examination."""


@scene(
    "Its plan is amended",
    plan=step("We have it plan a flight that needs our consent, and grant that: it is accepted."),
    amend=step(
        "We give it a later version of the plan, for another time: it asks again, and keeps what it has.", "ASK-10"
    ),
    enter=step("We grant that too: now it gives the first back.", "ASK-10"),
)
def amended(case: Case) -> Script:
    """What was agreed stays in force until what is to replace it is agreed."""
    case.step("plan")
    plan = have_it_ask(case)
    proposal = yield from its_proposal(case, plan)
    first = (yield from _granted(case, proposal)).entry
    accepted = yield from its_status(case, plan, PlanState.ACCEPTED, within_s=case.timing.silence_s)
    case.needed(accepted, "it does not accept what was granted")
    if case.call_id is not None:
        yield from case.hear(HangUp, within_s=case.timing.silence_s, where=case.in_call)
        case.call_id = None
    case.step("amend")
    later = _later(plan)
    case.inject(SubmitPlan, plan=later)
    proposal = yield from its_proposal(case, later)
    early = yield from case.hear(
        Release, within_s=case.offer_s / 3, where=lambda m: m.agreement_id == first.agreement_id
    )
    case.check("ASK-10", early is None, f"no release of {first.agreement_id} yet", early)
    case.step("enter")
    yield from _granted(case, proposal)
    given = early or (
        yield from case.hear(
            Release, within_s=case.timing.silence_s, where=lambda m: m.agreement_id == first.agreement_id
        )
    )
    case.check("ASK-10", given, f"release of {first.agreement_id}", given)
    case.inject(CancelPlan, plan_id=plan.plan_id)


def _granted(case: Case, proposal: Propose) -> Taking[Entered]:
    """We concur with this and enter it, once it is taken up."""
    grant(case, proposal, hold_s=case.timing.hold_s)
    confirm = yield from case.hear(
        Confirm, within_s=case.timing.hold_s, where=lambda m: m.negotiation_id == proposal.negotiation_id
    )
    case.needed(confirm, "it does not take up what is held for it")
    return enter(case, proposal)


def _later(plan: FlightPlan) -> FlightPlan:
    return msgspec.structs.replace(plan, version=2, start=plan.start + LATER, end=plan.end + LATER)
