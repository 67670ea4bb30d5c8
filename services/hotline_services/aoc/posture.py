"""What a side makes of what happens: every step up is said aloud, with its cause, and felt."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Circle, Position, Volume4D
from hotline_protocol.events import ActualState, Escalated, EscalationKind, LineAnnounced, LineStateChanged
from hotline_protocol.geometry import area_problem
from hotline_protocol.injection import Advice, AdviceKind, AnnouncedState, AnnounceLine, ReportSighting, SightingKind
from hotline_protocol.line import CallOutcome, Reason, Tier

from .internal import (
    CallAnswered,
    CallCompleted,
    ConsentAsked,
    EscalationNoted,
    GrantExpired,
    ProtestUnderstood,
    RelationFelt,
    RingFailed,
    VisitEnded,
    WarningDue,
)
from .network import Network
from .picture import Picture
from .state import PostureState
from .strain.conduct import MINOR
from .strain.felt import OF_ESCALATION, OF_SIGHTING, Felt
from .strain.relations import Relations
from .strain.suspension import Suspension
from .uses import Standing, Use
from .voice import Voice

SILENT_AFTER: Final = 2
GROUNDS_OF_INCIDENT: Final = frozenset({SightingKind.GROUND_INCIDENT, SightingKind.AIRCRAFT_LOST})
COVERED_BY_CONSENT: Final = frozenset({SightingKind.LINE_CROSSING, SightingKind.CLOSE_APPROACH})
WARNED_FOR: Final = timedelta(hours=6)
"""How long a warning that strain has brought about holds."""


class Posture:
    """Records strain, and the line as announced and as found. How it answers is configuration, and strain itself."""

    def __init__(
        self, agreement: Agreement, relations: Relations, picture: Picture, network: Network, voice: Voice
    ) -> None:
        self._agreement = agreement
        self._tiers = tuple(rule.tier for rule in agreement.tiers)
        self._third_parties = frozenset(partner.name for partner in agreement.partners if partner.side is None)
        self._relations = relations
        self.suspension: Final = Suspension(relations)
        self._picture = picture
        self._network = network
        self._voice = voice
        self.state = PostureState()

    def escalate(self, noted: EscalationNoted) -> None:
        """Record an escalation, and apply it to the tension."""
        kind, peer = noted.kind, noted.peer
        self._record(kind, peer, noted.about, noted.detail, noted.tier)
        if kind in OF_ESCALATION:
            self.feel(RelationFelt(OF_ESCALATION[kind], peer, noted.at))

    def _record(self, kind: EscalationKind, peer: str, about: str, detail: str = "", tier: Tier | None = None) -> None:
        self._voice.say(
            Escalated, kind=kind, peer=peer, about=about, tier=tier or self._tiers[0], detail=detail[:2_000]
        )

    def feel(self, event: RelationFelt) -> None:
        """Take in what strains or eases the relation with a peer, and do what that leads to."""
        felt, peer, at = event.felt, event.peer, event.at
        self._relations.feel(felt, peer)
        if at is not None and self._relations.wants_to_warn(felt, peer):
            self._voice.tell(WarningDue(peer, self._warning(felt, at)))
        self._mind_suspension(peer)

    # What is seen ----------------------------------------------------------------------------------------

    def answerable(self, sighting: ReportSighting) -> ReportSighting:
        """The same by the side that answers for it, where it was reported by a partner's own name."""
        side = self._agreement.side_of(sighting.by)
        if side is None or side == sighting.by:
            return sighting
        return msgspec.structs.replace(sighting, by=side, operator=sighting.operator or sighting.by)

    def saw_third_party(self, sighting: ReportSighting) -> bool:
        """Put it on record if it is the doing of a third party: there is nobody to ring about it."""
        if sighting.by not in self._third_parties:
            return False
        self._record(EscalationKind.THIRD_PARTY, sighting.by, sighting.id, _in_words(sighting))
        return True

    def saw(self, sighting: ReportSighting) -> Reason | None:
        """Put it on record; the reason for a call about it, or None when it had been agreed to, or is let pass."""
        if sighting.kind in COVERED_BY_CONSENT and self._had_consent(sighting):
            return None
        self._record(EscalationKind.SIGHTING, sighting.by, sighting.id, _in_words(sighting))
        self.feel(RelationFelt(OF_SIGHTING[sighting.kind], sighting.by, sighting.at))
        if sighting.kind in MINOR and self._relations.conduct(sighting.by).lets_pass:
            return None
        return Reason.INCIDENT if sighting.kind in GROUNDS_OF_INCIDENT else Reason.PROTEST

    def _had_consent(self, sighting: ReportSighting) -> bool:
        met = self._met(sighting.at, min(sighting.seen_at, self._voice.now))
        return any(use.standing is Standing.THEIRS and use.user == sighting.by for use in met)

    def _met(self, at: Position, seen_at: datetime) -> list[Use]:
        """Whose air it was at this place and time, at any height."""
        spot = Circle(centre=at, radius_nm=0.1)
        if area_problem(spot) is not None:
            return []  # nowhere that anything could have been agreed about
        moment = Volume4D(area=spot, lower_ft=0, upper_ft=60_000, start=seen_at, end=seen_at + timedelta(seconds=1))
        return list(self._picture.met([moment]))

    # What is heard ---------------------------------------------------------------------------------------

    def hear_protest(self, to: ProtestUnderstood) -> None:
        """The other side protests against something of ours, or of a partner's."""
        detail = f"{to.kind.value}: {to.statement}" if to.statement else to.kind.value
        self.escalate(EscalationNoted(EscalationKind.PROTEST, to.peer, to.about, detail, at=to.at))

    def note_visit(self, ended: VisitEnded) -> None:
        """Our flight has kept to what was agreed, unless they have complained."""
        self._flown(Felt.VISIT_KEPT, ended.peer, ended.since)

    def _flown(self, kind: Felt, peer: str, since: datetime) -> None:
        """An agreed flight that began then is over, with or without a complaint."""
        self._relations.flown(kind, peer, since)
        self._mind_suspension(peer)

    # The line as announced and as found ------------------------------------------------------------------

    def announce(self, order: AnnounceLine) -> None:
        """Declare the line open or suspended. Whether the phone is answered is another matter; and it is this side's
        own act, which it does not feel."""
        self.suspension.ordered(order.state)
        self._voice.say(LineAnnounced, state=order.state, statement=order.statement)
        if order.state is AnnouncedState.SUSPENDED:
            for peer in self._network.peers:
                self._record(EscalationKind.SUSPENSION_ANNOUNCED, peer, order.id, order.statement)

    @property
    def next_deadline(self) -> datetime | None:
        """When strain will have worn off so far that the line is declared open again."""
        return self.suspension.next_deadline(self._voice.now)

    def lapse(self) -> None:
        """Say what strain, wearing off, has changed."""
        for peer in self.suspension.crises:
            self._mind_suspension(peer)

    def note_expired(self, expired: GrantExpired) -> None:
        """A grant whose time is over has been kept."""
        self._flown(Felt.GUEST_KEPT, expired.use.user, expired.since)

    def _mind_suspension(self, peer: str) -> None:
        """Declare what a crisis, or its end, demands. It is no act of the other side's: it is not felt."""
        state = self.suspension.declare(peer)
        self._voice.reschedule(self)
        if state is None:
            return
        statement = f"strain with {peer}: {self._relations.stage(peer).value}"
        said = self._voice.say(LineAnnounced, state=state, statement=statement)
        if state is AnnouncedState.SUSPENDED:
            self._record(EscalationKind.SUSPENSION_ANNOUNCED, peer, said.id, statement)

    def note_answered(self, answered: CallAnswered) -> None:
        """The line to this peer works."""
        peer = answered.call.peer
        self.state.unanswered[peer] = 0
        self._find(peer, ActualState.WORKING)

    def note_completed(self, completed: CallCompleted) -> None:
        """They have said all that they had to say."""
        self.feel(RelationFelt(Felt.CALL_COMPLETED, completed.call.peer))

    def note_late(self, asked: ConsentAsked) -> None:
        """Too late for the other side to do much about it: on record, once for each negotiation."""
        propose = asked.propose
        notice = min(window.start for window in propose.menu.windows) - propose.time
        if notice < timedelta(minutes=self._agreement.notice.late_min):
            detail = f"{notice.total_seconds() / 60:.0f} min before its start"
            kind = EscalationKind.LATE_NOTICE
            self.escalate(EscalationNoted(kind, propose.source, propose.negotiation_id, detail, asked.tier))

    def note_unanswered(self, failed: RingFailed) -> None:
        """A call to this peer was not answered: after two in a row the line is silent, unless it is their clock."""
        peer, call_id = failed.call.peer, failed.call.id
        if failed.outcome is not CallOutcome.NO_ANSWER or peer in self._network:
            return
        self.state.unanswered[peer] = self.state.unanswered.get(peer, 0) + 1
        if self.state.unanswered[peer] == SILENT_AFTER and self._find(peer, ActualState.SILENT):
            detail = f"{SILENT_AFTER} calls in a row not answered"
            self.escalate(EscalationNoted(EscalationKind.LINE_DOWN, peer, call_id, detail))

    def _find(self, peer: str, state: ActualState) -> bool:
        if self.state.found.get(peer) is state:
            return False
        self.state.found[peer] = state
        self._voice.say(LineStateChanged, peer=peer, state=state)
        return True

    # Warnings --------------------------------------------------------------------------------------------

    def _warning(self, felt: Felt, at: Position) -> Advice:
        now = self._voice.now
        return Advice(
            kind=AdviceKind.WARNING, at=at, start=now, end=now + WARNED_FOR, statement=f"{felt.value}: no more of this"
        )


def _in_words(sighting: ReportSighting) -> str:
    """What was seen of whom."""
    by = " ".join(name for name in (sighting.operator or "", sighting.callsign) if name)
    seen = f"{sighting.kind.value} by {by}" if by else sighting.kind.value
    return f"{seen}: {sighting.detail}" if sighting.detail else seen
