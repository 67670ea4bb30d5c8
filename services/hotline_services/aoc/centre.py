"""An air operations centre: plans, desk, negotiations, ledger and posture, joined into one core."""

import random
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Volume4D
from hotline_protocol.boundaries import Boundaries
from hotline_protocol.events import DeadLettered, EscalationKind, InputRejected, PlanStatus
from hotline_protocol.flightplan import PlanState, Priority, Problem
from hotline_protocol.injection import (
    AnnounceLine,
    CancelPlan,
    DeclareEmergency,
    ReportSighting,
    SubmitPlan,
)
from hotline_protocol.ledger import Entry
from hotline_protocol.line import (
    CallOutcome,
    Confirm,
    Entered,
    Entries,
    InNegotiation,
    Lapsed,
    LineCheck,
    LineChecked,
    Noted,
    OnCall,
    Propose,
    Protest,
    Reason,
    Reconcile,
    Release,
    ToPeer,
)
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Health, Presence, Unreadable

from .books import Books
from .calls import Call, Item
from .config import PartyConfig
from .consent import Consents
from .desk import Desk
from .ledger import PairLedger
from .picture import Picture, grant_ref
from .plans import OVER, Filed, PlanBook
from .posture import Posture
from .talks import Talks
from .voice import Voice

OF_SIGHTINGS: Final = frozenset({Reason.INCIDENT, Reason.PROTEST})
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Centre:
    """One side's air operations centre: a :class:`~hotline_protocol.core.Core`."""

    def __init__(
        self, party: str, config: PartyConfig, agreement: Agreement, *, epoch: str, chance: random.Random
    ) -> None:
        self.party: Final = party
        self.peers: Final = tuple(name for name in agreement.parties if name != party)
        self._agreement = agreement
        self._config = config
        self._voice = Voice(Author(party, epoch), LONG_AGO)
        self._picture = Picture(agreement.boundary_rule)
        boundaries = Boundaries(agreement)
        self.ledgers: Final = {peer: PairLedger(party, peer) for peer in self.peers}
        self._posture = Posture(agreement.tiers[0].tier, self._picture, self._voice)
        self._books = Books(party, agreement, self.ledgers, self._posture, self._voice)
        self._book = PlanBook(party, boundaries, self._picture, self._voice)
        self._talks = Talks(party, agreement, config, self._picture, boundaries, self.ledgers, self._voice)
        self._desk = Desk(party, agreement, config.officer, chance, self._voice, self)
        self._consents = Consents(config, agreement, self._book, self._talks, self._desk, self._posture, self._voice)
        self._next_check: datetime | None = LONG_AGO
        self.next_deadline: datetime | None = LONG_AGO
        """When the first of the parts wants to be woken; worked out once a turn."""
        self._sessions: dict[str, str] = {}

    @property
    def plans(self) -> dict[str, Filed]:
        """Our plans by id."""
        return self._book.plans

    def own_reservations(self) -> Iterator[tuple[str, tuple[Volume4D, ...], Priority]]:
        """Agreements that we rely on now: (id, volumes, priority)."""
        for filed in self.plans.values():
            if filed.state not in OVER and filed.state is not PlanState.NEGOTIATING:
                for agreement_id, _, volumes in filed.agreements:
                    yield agreement_id, volumes, filed.priority

    def open_negotiations(self) -> list[str]:
        """Ids of negotiations that are not over."""
        return self._talks.open_ids()

    def open_calls(self) -> list[str]:
        """The id of the call in progress, if any."""
        return [self._desk.call.id] if self._desk.call is not None else []

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        """Deal with one message. See :class:`~hotline_protocol.core.Core`."""
        self._voice.begin(now, message.id)
        if isinstance(message, ToPeer):
            self._hear_peer(message)
        else:
            self._hear_other(message)
        return self._finish()

    def lapse(self, now: datetime) -> Sequence[Message]:
        """Do what time has brought about."""
        self._voice.begin(now, None)
        if self._next_check is not None and self._next_check <= self._voice.now:
            self._check_line()
        self._picture.clear_until(self._voice.now)
        self._consents.lapse()
        self._talks.lapse()
        self._desk.lapse()
        self._talks.lapse()  # a call that the desk has dropped may leave waiting what is past its time
        return self._finish()

    def _finish(self) -> Sequence[Message]:
        self._consents.settle()
        for peer in self._talks.take_changed():
            self._books.changed(peer)
        self._desk.ring_if_free()
        wakes = (self._next_check, self._book.next_deadline, self._talks.next_deadline, self._desk.next_deadline)
        self.next_deadline = min((at for at in wakes if at is not None), default=None)
        return self._voice.end()

    def _check_line(self) -> None:
        """At the agreed times; the first lapse only finds out when that is."""
        if self._next_check != LONG_AGO:
            for peer in self.peers:
                self._desk.dequeue(f"check-{peer}")
                self._enqueue(f"check-{peer}", peer, Reason.LINE_CHECK)
        self._next_check = self._books.next_check(self._voice.now)

    def _enqueue(self, ref: str, peer: str, reason: Reason) -> None:
        now = self._voice.now
        tier = self._agreement.tiers[0].tier
        self._desk.enqueue(Item(ref=ref, peer=peer, reason=reason, tier=tier, queued_at=now, not_before=now))

    # What others say -------------------------------------------------------------------------------------

    def _hear_other(self, message: Message) -> None:
        match message:
            case SubmitPlan():
                self._consents.submit(message.plan)
            case CancelPlan():
                self._consents.cancel(message)
            case DeclareEmergency():
                self._consents.emergency(message)
            case ReportSighting():
                self._saw(message)
            case AnnounceLine():
                self._posture.announce(message, self.peers)
            case Health():
                self._hear_health(message)
            case Unreadable():
                self._hear_unreadable(message)
            case _:
                pass  # broadcasts of others: nothing for a centre to do

    def _saw(self, sighting: ReportSighting) -> None:
        if sighting.by not in self.peers:
            self._reject(sighting, "unknown-party", "by", f"{sighting.by!r} is none of {', '.join(self.peers)}")
            return
        reason = self._posture.saw(sighting)
        if reason is not None and self._config.posture.protests:
            self._posture.sightings[sighting.id] = sighting
            self._enqueue(sighting.id, sighting.by, reason)

    def _hear_health(self, health: Health) -> None:
        if health.source not in self.peers:
            return
        if health.presence is Presence.DOWN:
            self._desk.peer_lost(health.source)
        elif self._sessions.get(health.source) != health.session:
            self._desk.peer_there(health.source)
            self._books.reconcile(health.source)
        self._sessions[health.source] = health.session if health.presence is Presence.UP else ""

    def _hear_unreadable(self, unreadable: Unreadable) -> None:
        if unreadable.code == "dead-letter":
            self._voice.say(DeadLettered, topic=unreadable.topic, error=unreadable.reason, evidence=unreadable.evidence)
            return
        problem = Problem(code=unreadable.code, field=unreadable.field, reason=unreadable.reason)
        self._voice.say(
            InputRejected,
            topic=unreadable.topic,
            problem=problem,
            evidence=unreadable.evidence,
            sender=unreadable.source,
        )
        if unreadable.about and not self._book.knows(unreadable.about):
            self._voice.say(
                PlanStatus,
                plan_id=unreadable.about,
                callsign="",
                plan="0" * 16,
                state=PlanState.REFUSED,
                problem=problem,
            )

    def _reject(self, message: Message, code: str, field: str, reason: str) -> None:
        self._voice.say(
            InputRejected,
            topic=type(message).__name__,
            problem=Problem(code=code, field=field, reason=reason),
            evidence=message.id,
            sender=message.source,
        )

    # What the peer says ----------------------------------------------------------------------------------

    def _hear_peer(self, message: ToPeer) -> None:
        if message.to != self.party or message.source not in self.peers:
            self._reject(message, "unknown-party", "source", f"{message.source!r} is none of {', '.join(self.peers)}")
            return
        self._books.heard(message)
        match message:
            case OnCall():
                self._desk.hear(message)
            case Confirm():
                self._talks.hear_taken(message)
            case Entered():
                self._take(message.source, (message.entry,), message.id)
            case Entries():
                self._take(message.source, message.entries, message.id)
            case Lapsed():
                self._talks.hear_lapsed(message)
            case Release():
                self._released(message)
            case Reconcile():
                self._books.compare(message)
            case _:
                pass  # a later version's kind of message: nothing to say to it

    def _take(self, peer: str, entries: tuple[Entry, ...], about: str) -> None:
        for entry in self._books.take(peer, entries, about):
            self._consents.hear_entry(entry)

    def _released(self, release: Release) -> None:
        if self.ledgers[release.source].release(release.agreement_id, self._voice.now) is None:
            return
        self._picture.drop(grant_ref(release.source, release.agreement_id))
        chain = self.ledgers[release.source].chain(self.party)
        self._voice.say(Entered, to=release.source, entry=chain[-1])
        self._books.changed(release.source)

    # The desk's talker -----------------------------------------------------------------------------------

    def open_item(self, item: Item, call: Call) -> bool:
        """See :class:`~.calls.Talker`."""
        if item.reason is Reason.LINE_CHECK:
            self._books.check(call.peer, call.id)
            return True
        sighting = self._posture.sightings.get(item.ref) if item.reason in OF_SIGHTINGS else None
        if sighting is not None:
            self._voice.say(
                Protest,
                to=call.peer,
                call_id=call.id,
                kind=sighting.kind,
                at=sighting.at,
                seen_at=sighting.seen_at,
                statement=sighting.detail,
            )
            return True
        return self._consents.open(item.ref, call.id)

    def hear_on_call(self, message: OnCall, call: Call) -> None:
        """See :class:`~.calls.Talker`."""
        match message:
            case LineCheck():
                self._books.hear_check(message)
            case LineChecked():
                self._books.compare(message)
                self._done(call, {Reason.LINE_CHECK})
            case Protest():
                self._posture.hear_protest(message)
                self._voice.say(Noted, to=message.source, call_id=call.id, cause=message.id)
            case Noted():
                self._done(call, OF_SIGHTINGS)
            case InNegotiation():
                self._hear_negotiation(message, call)
            case _:
                pass  # Ring, Answer, Busy and HangUp are the desk's own

    def _done(self, call: Call, reasons: AbstractSet[Reason]) -> None:
        """That was the answer to what this call is about now, if that is of such a kind."""
        if call.current is not None and call.current.reason in reasons:
            self._posture.sightings.pop(call.current.ref, None)
            self._desk.item_done(call.current.ref)

    def _hear_negotiation(self, message: InNegotiation, call: Call) -> None:
        known = (message.source, message.negotiation_id) in self._talks.granting
        fault = self._talks.hear(message, call.tier)
        if fault is not None:
            self._reject(message, "bad-proposal", fault.partition(":")[0], fault)
        elif isinstance(message, Propose) and not known:
            self._note_notice(message, call)

    def _note_notice(self, propose: Propose, call: Call) -> None:
        """Too late for the other side to do much about it: on record, once for each negotiation."""
        notice = min(window.start for window in propose.menu.windows) - propose.time
        if notice < timedelta(minutes=self._agreement.notice.late_min):
            self._posture.escalate(
                EscalationKind.LATE_NOTICE,
                propose.source,
                propose.negotiation_id,
                f"{notice.total_seconds() / 60:.0f} min before its start",
                tier=call.tier,
            )

    def call_answered(self, call: Call) -> None:
        """See :class:`~.calls.Talker`."""
        self._posture.answered(call.peer)

    def call_lost(self, call: Call) -> None:
        """See :class:`~.calls.Talker`."""
        self._talks.interrupt(call.id, call.peer)
        item = call.current
        if item is not None and (item.reason is Reason.LINE_CHECK or item.reason in OF_SIGHTINGS):
            self._desk.enqueue(item)

    def ring_failed(self, call: Call, outcome: CallOutcome) -> None:
        """See :class:`~.calls.Talker`."""
        if outcome is CallOutcome.NO_ANSWER:
            self._posture.unanswered(call.peer, call.id)
