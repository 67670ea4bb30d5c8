"""From a plan to the consents that it needs, and from their outcome back to the plan."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.events import ActivityStopped, EscalationKind, InputRejected, NegotiationEnded, NegotiationOutcome
from hotline_protocol.flightplan import OVER, PlanState, Priority, Problem
from hotline_protocol.injection import CancelPlan, DeclareEmergency
from hotline_protocol.ledger import Entry, EntryKind
from hotline_protocol.lifecycle import NegotiationState
from hotline_protocol.line import Reason
from hotline_protocol.service import EpochBegun

from .amending import Amending
from .asker import OurRequest
from .calls import Item
from .config import PartyConfig
from .filed import Filed
from .internal import (
    CallsLookedAt,
    ConsentNeeded,
    EntryCopied,
    EscalationNoted,
    FlightDistressed,
    FlightLanded,
    GaveWay,
    ItemDone,
    ItemDropped,
    ItemQueued,
    ItemTaken,
    NegotiationGoesOn,
    NegotiationStepped,
    NegotiationWaits,
    ProtestUnderstood,
    RelationFelt,
    StopAsked,
    VersionFiled,
    VisitEnded,
)
from .plans import PlanBook
from .state import ConsentsState
from .strain.felt import Felt
from .talks import Talks
from .uses import plan_of
from .voice import Voice

UNDER_WAY: Final = frozenset({NegotiationState.OURS, NegotiationState.THEIRS, NegotiationState.TAKEN})
FOR_CONSENT: Final = frozenset({Reason.EMERGENCY, Reason.SHORT_NOTICE, Reason.ROUTINE})
AGREED: Final = frozenset({NegotiationOutcome.AGREED_AS_FILED, NegotiationOutcome.AGREED_WITH_CHANGES})


class Consents:
    """Asks for one consent after another, and keeps plan, desk and negotiations in step."""

    def __init__(
        self,
        config: PartyConfig,
        agreement: Agreement,
        book: PlanBook,
        talks: Talks,
        voice: Voice,
    ) -> None:
        self._config = config
        self._agreement = agreement
        self._book = book
        self._talks = talks
        self._voice = voice
        self.state = ConsentsState()
        self._amending = Amending(book, talks, voice)

    def submit(self, submitted: VersionFiled) -> None:
        """Take in a plan of our own side, or another version of it."""
        plan = submitted.plan
        if self._book.is_amendment(plan):
            self._amending.submit(plan)
            return
        filed = self._book.submit(plan)
        if filed is None:
            return
        if filed.priority is Priority.EMERGENCY:
            self._talks.give_way(filed.volumes, Priority.EMERGENCY, but=plan.plan_id)
        if filed.state is PlanState.NEGOTIATING:
            self.ask(ConsentNeeded(filed))
            self._book.tell(filed)

    def cancel(self, order: CancelPlan) -> None:
        """A plan is taken back. Of one that is over its state is said again: who cancels it waits for an answer."""
        filed = self._known(order.plan_id, order)
        if filed is not None and filed.state in OVER:
            self._book.tell(filed)
        elif filed is not None:
            self._withdraw(filed, None, "the flight was cancelled")

    def tell_plans(self, _: EpochBegun) -> None:
        """State was lost: say where each plan stands that is not over."""
        for filed in self._book.plans.values():
            if filed.state not in OVER:
                self._book.tell(filed)

    def land(self, landed: FlightLanded) -> None:
        """End a flight before its plan is over."""
        self._withdraw(landed.filed, None, "the flight has landed")

    def emergency(self, order: DeclareEmergency) -> None:
        """A flight is in distress: it takes what it needs and asks for it at once."""
        filed = self._known(order.plan_id, order)
        if filed is None or filed.state in OVER or filed.state is PlanState.CONTINGENT:
            return
        self._amending.drop(filed.plan.plan_id, "in distress")
        self._talks.withdraw(filed.negotiation_id, "in distress: asked for again as an emergency")
        self.distress(FlightDistressed(filed))

    def distress(self, event: FlightDistressed) -> None:
        """Let a flight in distress use the air that it needs, and ask for consent at the same time."""
        filed = self._book.make_contingent(event.filed)
        self._talks.give_way(filed.volumes, Priority.EMERGENCY, but=filed.plan.plan_id)
        filed = self._book.change(filed, to_ask=self._book.consents_needed(filed.volumes), asked=())
        if filed.to_ask:
            self._note_crossing(filed, filed.to_ask[1:])  # they are asked one after the other, and it flies already
            self.ask(ConsentNeeded(filed))
            self._book.tell(filed)

    def _known(self, plan_id: str, order: CancelPlan | DeclareEmergency) -> Filed | None:
        filed = self._book.find(plan_id)
        if filed is None:
            self._voice.say(
                InputRejected,
                topic=type(order).__name__,
                problem=Problem(code="unknown-plan", field="plan_id", reason=f"no plan has the id {plan_id}"),
                evidence=order.id,
                sender=order.source,
            )
        return filed

    def lapse(self) -> None:
        """Start and end plans. Withdraw the negotiation of a plan that has ended."""
        for filed in map(self._book.current, self._book.lapse()):  # as it stands when its turn comes
            if filed.state in OVER:
                self._talks.withdraw(filed.negotiation_id, "the flight is over")
                for _, granter, _ in filed.agreements:
                    self._voice.tell(VisitEnded(granter, filed.start))
                # an amendment may have made it shorter than what was agreed
                now = self._voice.now
                outlasting = [held for held in filed.agreements if any(volume.end > now for volume in held[2])]
                self._amending.release(outlasting, "the flight is over")
            elif filed.state is PlanState.NEGOTIATING:
                self._start_undecided(filed)
        self._amending.lapse()

    def _start_undecided(self, filed: Filed) -> None:
        """It should be flying by now and has no consent: some sides then fly, and it is on record."""
        if not (self._config.posture.flies_without_consent or filed.priority is Priority.EMERGENCY):
            return
        missing = [peer for peer in filed.to_ask if peer not in {granter for _, granter, _ in filed.agreements}]
        self._talks.withdraw(filed.negotiation_id, "flown without consent")
        self._book.fly_without_consent(filed)
        self._note_crossing(filed, missing)
        self._book.end_past(filed)

    def _note_crossing(self, filed: Filed, peers: Sequence[str]) -> None:
        for peer in peers:
            kind = EscalationKind.CROSSING_WITHOUT_CONSENT
            detail = f"{filed.plan.callsign} flies where it needed the consent of {peer}"
            self._voice.tell(EscalationNoted(kind, peer, filed.plan.plan_id, detail))

    # Asking ----------------------------------------------------------------------------------------------

    def ask(self, needed: ConsentNeeded) -> None:
        """Ask the next peer whose consent is needed."""
        filed = self._book.current(needed.filed)
        peer = next(peer for peer in filed.to_ask if peer not in filed.asked)
        plan = msgspec.structs.replace(filed.plan, priority=filed.priority)
        asking = self._talks.ask(plan, filed.volumes, peer, dict(filed.legs).get(peer, ()))
        filed = self._book.change(filed, asked=(*filed.asked, peer), negotiation_id=asking.id)
        self._queue(asking, self._gathered_until(filed))
        if (inherited := self._talks.inherit(asking)) is not None:
            self._agree(*inherited)

    def _reason(self, asking: OurRequest) -> Reason:
        if asking.plan.priority is Priority.EMERGENCY:
            return Reason.EMERGENCY
        notice = asking.plan.start - asking.began_at
        return Reason.SHORT_NOTICE if notice < self._routine_notice else Reason.ROUTINE

    @property
    def _routine_notice(self) -> timedelta:
        return timedelta(minutes=self._agreement.notice.routine_min)

    def _gathered_until(self, filed: Filed) -> datetime:
        """Routine plans are gathered for one call, but never until they would be short notice."""
        now = self._voice.now
        gathered = min(now + timedelta(seconds=self._config.officer.gather_s), filed.plan.start - self._routine_notice)
        return max(now, gathered)

    def _queue(self, asking: OurRequest, not_before: datetime) -> None:
        item = Item(
            ref=asking.id,
            peer=asking.peer,
            reason=self._reason(asking),
            tier=asking.tier,
            queued_at=self._voice.now,
            not_before=not_before,
        )
        self._voice.tell(ItemQueued(item))

    def open(self, taken: ItemTaken) -> bool:
        """Talk about this negotiation now, if it is one; False when there is nothing (left) to say."""
        asking = self._talks.asking.get(taken.item.ref)
        if asking is None or asking.state is not NegotiationState.WAITING:
            return False
        filed = self._book.asked_for(asking.plan.plan_id, asking.id)
        flies = bool(filed.in_force) and filed.start <= self._voice.now
        fixed = asking.plan.priority is Priority.EMERGENCY or filed.is_fixed or flies
        return self._talks.open(asking, taken.call.id, fixed=fixed).state in UNDER_WAY

    # Outcomes --------------------------------------------------------------------------------------------

    def hear_entry(self, copied: EntryCopied) -> None:
        """A new line in a peer's chain: a grant to us is what we have asked for."""
        entry = copied.entry
        if entry.kind is not EntryKind.GRANTED:
            return
        asking = self._talks.hear_entered(entry)
        if asking is not None:
            self._agree(asking, entry)

    def _agree(self, asking: OurRequest, entry: Entry) -> None:
        if asking.taken is None:
            return
        filed = self._book.asked_for(asking.plan.plan_id, asking.id)
        held = (entry.agreement_id, entry.granter, entry.volumes)
        filed = self._book.change(filed, agreements=(*filed.agreements, held))
        if asking.plan.priority is Priority.EMERGENCY:
            self._voice.tell(RelationFelt(Felt.HELPED, entry.granter))
        if asking.outcome is NegotiationOutcome.AGREED_WITH_CHANGES:
            filed = self._book.move(filed, asking.taken.volumes, asking.moved_plan(filed.plan))
            filed = self._book.change(filed, to_ask=(*filed.to_ask, *self._newly_needed(filed)))
        if any(peer not in filed.asked for peer in filed.to_ask):
            self.ask(ConsentNeeded(filed))
        elif filed.in_force:
            self._amending.put_in_force(filed)
        else:
            self._book.accept(filed)

    def _newly_needed(self, filed: Filed) -> list[str]:
        return [peer for peer in self._book.consents_needed(filed.volumes) if peer not in filed.to_ask]

    def end_negotiation(self, stepped: NegotiationStepped) -> None:
        """A negotiation has come further: draw the consequences if it is over."""
        talk = self._talks.find((stepped.asks, stepped.negotiation_id))
        if talk is not None and talk.state.is_over:
            self._talks.forget(talk)
            if isinstance(talk, OurRequest):
                self._end(talk)
        elif isinstance(talk, OurRequest):
            self._voice.tell(NegotiationGoesOn(talk.id))
        if talk is None or talk.state not in UNDER_WAY:
            self._voice.tell(CallsLookedAt())

    def _end(self, asking: OurRequest) -> None:
        self.state.tiers_seen.pop(asking.id, None)
        self._voice.tell(ItemDropped(asking.id))
        self._tell_end(asking)
        if asking.outcome not in AGREED and asking.outcome is not NegotiationOutcome.WITHDRAWN:
            self._failed(asking)

    def mind(self, event: NegotiationGoesOn) -> None:
        """It goes on: the air that we have said yes to is kept, and a higher tier is a step up."""
        asking = self._talks.asking.get(event.negotiation_id)
        if asking is None:
            return
        filed = self._book.asked_for(asking.plan.plan_id, asking.id)
        if asking.taken is not None:
            self._book.reserve(filed, asking.taken.volumes, firm=True)
        else:
            self._book.reserve(filed, filed.volumes, firm=False)
        if asking.tier_index > self.state.tiers_seen.get(asking.id, 0):
            self.state.tiers_seen[asking.id] = asking.tier_index
            self._escalate(EscalationKind.TIER_RAISED, asking)
        if asking.state is NegotiationState.WAITING:
            self._voice.tell(NegotiationWaits(asking.id))

    def _escalate(self, kind: EscalationKind, asking: OurRequest) -> None:
        self._voice.tell(EscalationNoted(kind, asking.peer, asking.id, asking.reason, asking.tier))

    def leave_call(self, looked_at: CallsLookedAt) -> None:
        """Leave what a call is about, if it is a negotiation that needs this call no more; then look again."""
        for call in self._voice.state.desk.calls:
            current = call.current
            if current is None or current.reason not in FOR_CONSENT:
                continue
            asking = self._talks.asking.get(current.ref)
            if asking is None or asking.state not in UNDER_WAY:
                self._voice.tell(ItemDone(current.ref))
                self._voice.tell(looked_at)
                return

    def queue_again(self, event: NegotiationWaits) -> None:
        """Only now: what has failed is for another call, not for the rest of this one."""
        asking = self._talks.asking.get(event.negotiation_id)
        if asking is None or asking.state is not NegotiationState.WAITING:
            return
        if all(item.ref != asking.id for item in self._voice.state.desk.waiting):
            wait = self._agreement.timing.redial_s if asking.tries else 0.0
            self._queue(asking, self._voice.now + timedelta(seconds=wait))

    def _tell_end(self, asking: OurRequest) -> None:
        taken = asking.taken if asking.outcome in AGREED else None
        menu = asking.menu if taken is not None else None
        self._voice.say(
            NegotiationEnded,
            negotiation_id=asking.id,
            plan_id=asking.plan.plan_id,
            responder=asking.peer,
            outcome=asking.outcome,
            tier=asking.tier,
            rounds=asking.rounds,
            began_at=asking.began_at,
            choice=taken.choice if taken else None,
            sector=menu.sectors[taken.choice.sector].name if menu and taken else "",
            block=menu.blocks[taken.choice.block].name if menu and taken else "",
            shift_min=menu.shifts_min[taken.choice.shift] if menu and taken else 0,
        )

    def _failed(self, asking: OurRequest) -> None:
        filed = self._book.asked_for(asking.plan.plan_id, asking.id)
        refused = asking.outcome is NegotiationOutcome.REFUSED
        kind = EscalationKind.REFUSED if refused else EscalationKind.EXPIRED
        self._escalate(kind, asking)
        if filed.state is PlanState.CONTINGENT:
            self._note_crossing(filed, [asking.peer])
            if any(peer not in filed.asked for peer in filed.to_ask):
                self.ask(ConsentNeeded(filed))
        elif filed.state is PlanState.NEGOTIATING:
            code = "refused-by-peer" if refused else "no-agreement-in-time"
            problem = Problem(code=code, field="area", reason=f"{asking.peer}: {asking.reason or code}")
            if filed.in_force:
                self._amending.refuse(filed, problem)
                return
            self._release_all(filed, "another consent was refused")
            self._book.refuse(filed, problem)

    # Giving back -----------------------------------------------------------------------------------------

    def give_way(self, gave_way: GaveWay) -> None:
        """Take back what has had to give way."""
        problem = Problem(code="gave-way", field="priority", reason="gave way to a flight in distress")
        self._voice.tell(CallsLookedAt())
        plan_id = plan_of(gave_way.ref)
        if plan_id != gave_way.ref:
            self._amending.give_way(plan_id, problem)
            return
        filed = self._book.plans.get(plan_id)
        if filed is None or filed.state in OVER:
            return
        self._withdraw(filed, problem, problem.reason)
        if gave_way.to:
            self._voice.tell(EscalationNoted(EscalationKind.PREEMPTED, gave_way.to, plan_id, problem.reason))

    def _withdraw(self, filed: Filed, problem: Problem | None, reason: str) -> None:
        self._amending.drop(filed.plan.plan_id, reason)
        self._talks.withdraw(filed.negotiation_id, reason)
        self._release_all(filed, reason)
        self._book.withdraw(filed, problem)

    def hear_protest(self, to: ProtestUnderstood) -> None:
        """Put on record that it is against a partner's flight that we answer for and have no plan of."""
        operator = to.operator
        if operator is None or operator in self._agreement.parties or self._agreement.side_of(operator) is None:
            return
        if not self._book.has_flight_of(operator, to.callsign, to.seen_at):
            detail = f"a flight of {operator} that we answer for and had not been told of"
            self._voice.tell(EscalationNoted(EscalationKind.PARTNER_UNKNOWN, to.peer, to.about, detail))

    def break_off(self, asked: StopAsked) -> None:
        """End these flights of ours, but those that are over or in distress."""
        problem = Problem(code="asked-to-stop", field="area", reason=f"{asked.peer} asked us to stop there")
        ended = []
        for plan_id in asked.plan_ids:
            filed = self._book.plans.get(plan_id)
            if filed is not None and filed.state not in OVER and filed.state is not PlanState.CONTINGENT:
                self._withdraw(filed, problem, problem.reason)
                ended.append(plan_id)
        if ended:
            self._voice.say(ActivityStopped, peer=asked.peer, understood_at=asked.understood_at, plan_ids=tuple(ended))

    def _release_all(self, filed: Filed, reason: str) -> None:
        self._amending.release(self._book.current(filed).agreements, reason)
        self._book.change(filed, agreements=())
