"""A plan that is known already is given another version: what of its air is asked for, kept, and given back."""

from collections.abc import Sequence
from typing import Final

import msgspec

from hotline_protocol.flightplan import OVER, FlightPlan, PlanState, Priority, Problem
from hotline_protocol.lifecycle import PlanStep
from hotline_protocol.line import Release

from .amendments import is_covered, still_used
from .filed import FLYING, Filed, Held
from .internal import ConsentNeeded, FlightDistressed
from .plans import PlanBook
from .talks import Talks
from .voice import Voice


class Amending:
    """Versions of plans. Until a later one is agreed, an earlier one that has been cleared stays in force."""

    def __init__(self, book: PlanBook, talks: Talks, voice: Voice) -> None:
        self._book: Final = book
        self._talks: Final = talks
        self._voice: Final = voice

    def submit(self, plan: FlightPlan) -> None:
        """A later version of a plan that is not over has been filed."""
        filed = self._book.draft(plan)
        if filed is None:
            return
        known = self._book.plans[plan.plan_id]
        reason = f"amended by version {plan.number}"
        self.drop(plan.plan_id, reason)
        if known.state is PlanState.NEGOTIATING:
            self._talks.withdraw(known.negotiation_id, reason)
            self._book.tell_superseded(known, filed)
        filed = self._compared(known, filed)
        if filed.priority is Priority.EMERGENCY:
            self._talks.give_way(filed.volumes, Priority.EMERGENCY, but=plan.plan_id)
        if filed.priority.rank > known.priority.rank and self._is_in_distress(filed):
            self._fly_in_distress(filed)
        elif not filed.to_ask:
            self.put_in_force(filed)
        else:
            self._negotiate(known, filed)

    def _compared(self, known: Filed, filed: Filed) -> Filed:
        """The version with what of its air has been agreed, and whose consent is needed for the rest."""
        rises = filed.priority is Priority.EMERGENCY and known.priority is not Priority.EMERGENCY
        stand = [] if rises else [held for held in known.agreements if self._talks.is_standing(held[1], held[0])]
        kept = still_used(stand, filed.volumes)
        legs: dict[str, list[int]] = {}
        for leg, volume in enumerate(filed.volumes):
            for peer in self._book.consents_needed((volume,)):
                if not is_covered(volume, peer, kept):
                    legs.setdefault(peer, []).append(leg)
        return msgspec.structs.replace(
            filed,
            kept=kept,
            to_ask=tuple(peer for peer in self._book.consents_needed(filed.volumes) if peer in legs),
            # where nothing is kept, all of it may be moved together
            legs=tuple((peer, tuple(numbers)) for peer, numbers in legs.items()) if kept else (),
        )

    def _negotiate(self, known: Filed, filed: Filed) -> None:
        if not filed.in_force:  # what has no clearance is replaced, and nothing stands beside it
            self._give_back(known, filed)
            filed = msgspec.structs.replace(filed, agreements=filed.kept, kept=())
        self._book.enter_version(filed)
        self._voice.tell(ConsentNeeded(filed))
        if self._book.current(filed).state is PlanState.NEGOTIATING:  # else it has inherited all that it needs
            self._book.tell(filed)

    def _give_back(self, known: Filed, filed: Filed) -> None:
        """What has been agreed for the version before, and is of no use to this one."""
        surplus = [held for held in known.agreements if held not in filed.kept]
        self.release(surplus, f"amended by version {filed.plan.number}")

    def release(self, agreements: Sequence[Held], reason: str) -> None:
        """Give these back."""
        for agreement_id, granter, _ in agreements:
            self._voice.say(Release, to=granter, agreement_id=agreement_id, reason=reason[:200])

    def put_in_force(self, filed: Filed) -> None:
        """All that it needs has been agreed: it takes the place of the version before, whose surplus is given back."""
        known = self._book.plans[filed.plan.plan_id]
        if known.state in FLYING and filed.start > self._voice.now:
            self.refuse(filed, _begun(known))
            return
        self._replace(known, filed)
        self._book.tell(filed)

    def _replace(self, known: Filed, filed: Filed, *, in_distress: bool = False) -> None:
        self._give_back(known, filed)
        agreed = msgspec.structs.replace(filed, agreements=(*filed.kept, *filed.agreements))
        self._book.put_in_force(agreed, in_distress=in_distress)

    def _is_in_distress(self, filed: Filed) -> bool:
        """Whether it asks for what it needs and flies by now: nobody is waited for then."""
        known = self._book.plans[filed.plan.plan_id]
        flies = known.state in FLYING or filed.start <= self._voice.now
        return filed.priority is Priority.EMERGENCY and bool(filed.in_force) and flies

    def _fly_in_distress(self, filed: Filed) -> None:
        self._replace(self._book.plans[filed.plan.plan_id], filed, in_distress=True)
        self._voice.tell(FlightDistressed(filed))
        self._book.end_past(filed)

    def refuse(self, filed: Filed, problem: Problem) -> None:
        """This version is not agreed: the one before it stays in force."""
        self._talks.withdraw(filed.negotiation_id, problem.reason)
        self.release(filed.agreements, "another consent was refused")
        self._book.refuse_version(filed, problem)

    def drop(self, plan_id: str, reason: str) -> None:
        """What is being negotiated beside the version in force, if anything, is taken back."""
        filed = self._book.pending.get(plan_id)
        if filed is None:
            return
        self._talks.withdraw(filed.negotiation_id, reason)
        self.release(filed.agreements, reason)
        problem = Problem(code="superseded", field="version", reason=reason)
        self._book.refuse_version(filed, problem, PlanStep.WITHDRAW)

    def give_way(self, plan_id: str, problem: Problem) -> None:
        """A version that is not in force has had to give way."""
        filed = self._book.pending.get(plan_id)
        if filed is not None:
            self.refuse(filed, problem)

    def lapse(self) -> None:
        """Plans start and end: some versions come too late by that."""
        for plan_id, filed in list(self._book.pending.items()):
            known = self._book.plans[plan_id]
            if known.state in OVER:
                self.drop(plan_id, f"version {known.plan.number} is {known.state.value}")
            elif self._is_in_distress(filed):
                self._talks.withdraw(filed.negotiation_id, "in distress: flown at once")
                self._fly_in_distress(filed)
            elif known.state in FLYING and filed.start > self._voice.now:
                self.refuse(filed, _begun(known))


def _begun(known: Filed) -> Problem:
    reason = f"the flight has begun under version {known.plan.number} before this one was agreed"
    return Problem(code="has-begun", field="start", reason=reason)
