"""An air operations centre: plans, desk, negotiations, ledger and posture, joined into one core."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Volume4D
from hotline_protocol.boundaries import boundaries_of
from hotline_protocol.events import EscalationKind
from hotline_protocol.flightplan import OVER, PlanState, Priority
from hotline_protocol.line import (
    Advise,
    Affirm,
    Amend,
    CallOutcome,
    Confirm,
    Entered,
    Entries,
    InNegotiation,
    InReview,
    Lapsed,
    LineCheck,
    LineChecked,
    Mail,
    MailRead,
    Noted,
    OnCall,
    Propose,
    Protest,
    ReadBack,
    Reason,
    Reconcile,
    Release,
    ToPeer,
)
from hotline_protocol.message import Author, Message
from hotline_protocol.service import EpochBegun, Health, Unreadable
from hotline_protocol.service import Presence as PeerPresence
from hotline_services.simulation.chance import Chance

from .attention import Attention
from .bookkeeping import Bookkeeping
from .books import Books
from .calls import Call, Item
from .changing import Changing
from .config import PartyConfig, Roster
from .consent import Consents
from .desk import Desk
from .duty import Attendance, Presence
from .filed import Filed
from .heeding import Heeding
from .ledger import PairLedger
from .linecheck import LineChecks
from .manning import Manning
from .menus import Appraiser
from .officer import AutomaticOfficer
from .picture import Picture, is_grant
from .plans import PlanBook
from .posture import Posture
from .recovery import Recovery
from .rejections import Rejections
from .review import Accord, Reviews
from .seat import PersonOrdering, Seat
from .strain.felt import Felt
from .strain.relations import Relations
from .talks import Talks
from .tasking import Tasking
from .telling import Telling
from .voice import LONG_AGO, Voice
from .waking import Part, first_deadline
from .wrongclock import WrongClocks

NOTHING_BUT_TALK: Final = frozenset({Reason.LINE_CHECK, Reason.INCIDENT, Reason.PROTEST, Reason.ADVICE})
"""Begun again from the start in another call, where the one was dropped."""


class Centre:
    """One side's air operations centre: a :class:`~hotline_protocol.core.Core`."""

    def __init__(
        self,
        party: str,
        config: PartyConfig,
        agreement: Agreement,
        *,
        epoch: str,
        chance: Chance,
        roster: Roster = Roster(),  # noqa: B008  frozen
    ) -> None:
        self.party: Final = party
        self.peers: Final = tuple(name for name in agreement.parties if name != party)
        self._agreement = agreement
        self._voice = Voice(Author(party, epoch), LONG_AGO)
        self._picture = Picture(agreement.boundary_rule)
        self.ledgers: Final = {peer: PairLedger(party, peer) for peer in self.peers}
        self._relations = Relations(config, self.peers, self._voice)
        self._posture = Posture(agreement, self._relations, self._picture, self._voice)
        self._accord = Accord(agreement)
        self._books = Books(party, self._accord, self.ledgers, self._posture, self._voice)
        self._book = PlanBook(party, boundaries_of(agreement), self._picture, self._voice)
        self._wrong_clocks = WrongClocks()
        self._rejections = Rejections(self.peers, self._book, self._voice)
        self._join_desk(config, roster, chance)
        self._join_bookkeeping()
        self._parts: Final = self._sleepers()
        self.next_deadline: datetime | None = LONG_AGO
        """When the first of the parts wants to be woken; worked out once a turn."""
        self._sessions: dict[str, str] = {}

    def _join_desk(self, config: PartyConfig, roster: Roster, chance: Chance) -> None:
        """Those who talk, and what they talk about."""
        party, agreement = self.party, self._agreement
        presence, attention = Presence(roster), Attention(party, config.officer, roster, chance)
        person = PersonOrdering(party, self._picture, self._voice)
        seat = Seat(AutomaticOfficer(attention, presence, self._voice), person)
        self._talks = Talks(
            party,
            agreement,
            self._picture,
            Appraiser(party, agreement, boundaries_of(agreement), self._picture, config.costs),
            self.ledgers,
            self._relations,
            self._voice,
            seat.judge,
            roster=roster,
        )
        self._attendance = Attendance(presence, self._voice)
        self._desk = Desk(party, agreement, seat, presence, self._voice, self, chance)
        self._consents = Consents(config, agreement, self._book, self._talks, self._desk, self._posture, self._voice)
        self._telling = Telling(self._posture, attention, self._desk, self._voice)
        self._heeding = Heeding(
            party, agreement, attention, presence, self._picture, self._consents, self._posture, self._voice
        )
        self._manning = Manning(
            agreement.digest,
            seat,
            self._desk,
            self._talks,
            self._telling,
            self._book.plans,
            self._rejections,
            self._voice,
        )
        changing = Changing(self._book, self._rejections, self._consents)
        self._tasking = Tasking(
            config,
            self._consents,
            self._posture,
            self._telling,
            self._manning,
            self._rejections,
            self._voice,
            changing,
        )

    def _join_bookkeeping(self) -> None:
        """What is held against the other side's, and put in order with it."""
        party, agreement = self.party, self._agreement
        self._reviews = Reviews(party, self._accord, self._relations, self._desk, self._voice, self._redraw)
        self._line_checks = LineChecks(self.peers, agreement.tiers[0].tier, self._books, self._desk, self._voice)
        self._recovery = Recovery(agreement, self._books, self._book, self._talks, self._desk, self._voice)
        self._bookkeeping = Bookkeeping(
            party,
            self.ledgers,
            self._books,
            self._picture,
            self._talks,
            self._consents,
            self._recovery,
            self._voice,
        )
        self._talks.may_enter = self._books.is_whole

    def _sleepers(self) -> tuple[Part, ...]:
        return (
            self._manning,
            self._line_checks,
            self._attendance,
            self._book,
            self._talks,
            self._heeding,
            self._telling,
            self._posture,
            self._reviews,
            self._desk,
            self._recovery,
        )

    @property
    def agreement(self) -> Agreement:
        """What is agreed now: the line may have been moved."""
        return self._accord.agreement

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

    def open_reviews(self) -> list[str]:
        """The id of the line review that is not over, if any."""
        return self._reviews.open_ids()

    def open_calls(self) -> list[str]:
        """The ids of the calls in progress."""
        return [call.id for call in self._desk.lines.calls]

    def untold(self) -> list[str]:
        """What is yet to be protested against or passed on."""
        return list(self._telling.untold)

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        """Deal with one message. See :class:`~hotline_protocol.core.Core`."""
        self._voice.begin(now, message.id)
        self._reviews.move_if_due()
        if isinstance(message, ToPeer):
            self._hear_peer(message)
        elif isinstance(message, Health):
            self._hear_health(message)
        elif isinstance(message, EpochBegun):
            self._recovery.begin(message, self.peers)
        elif isinstance(message, Unreadable):
            self._rejections.unreadable(message)
            self._books.note_unproven(message)
        else:
            self._tasking.hear(message)
        return self._finish()

    def lapse(self, now: datetime) -> Sequence[Message]:
        """Do what time has brought about."""
        self._voice.begin(now, None)
        self._recovery.lapse()
        self._manning.lapse()
        self._reviews.lapse()
        self._line_checks.lapse()
        self._attendance.lapse()
        self._posture.lapse()
        for use, since in self._picture.clear_until(self._voice.now):
            if is_grant(use):
                self._posture.flown(Felt.GUEST_KEPT, use.user, since)
        self._consents.lapse()
        self._heeding.lapse()
        self._telling.lapse()
        self._talks.lapse()
        self._desk.lapse()
        self._talks.lapse()  # a call that the desk has dropped may leave waiting what is past its time
        return self._finish()

    def _finish(self) -> Sequence[Message]:
        self._bookkeeping.catch_up()
        self._consents.settle()
        for peer in self._talks.take_changed():
            self._books.changed(peer)
        for peer, warning in self._posture.take_warnings():
            self._telling.warn(peer, warning)
        self._desk.ring_if_free()
        self.next_deadline = self._next_wake()
        return self._voice.end()

    def _next_wake(self) -> datetime | None:
        # that a grant was kept is to be felt in time
        kept = self._picture.next_end(self._voice.now) if self._relations.felt else None
        return first_deadline(self._parts, kept)

    def _redraw(self, agreement: Agreement) -> None:
        """The line has moved: plans and offers that are made from now on are held against it where it runs now."""
        boundaries = boundaries_of(agreement)
        self._book.redraw(boundaries)
        self._talks.appraiser.redraw(boundaries)

    def _hear_health(self, health: Health) -> None:
        if health.source not in self.peers:
            return
        self._wrong_clocks.note(health)
        if health.presence is PeerPresence.DOWN:
            self._desk.peer_lost(health.source)
        elif self._sessions.get(health.source) != health.session:
            self._desk.peer_there(health.source)
            self._books.reconcile(health.source)
        self._sessions[health.source] = health.session if health.presence is PeerPresence.UP else ""

    # What the peer says ----------------------------------------------------------------------------------

    def _hear_peer(self, message: ToPeer) -> None:
        if message.to != self.party or message.source not in self.peers:
            self._rejections.unknown_party(message, "source", message.source)
            return
        self._books.heard(message)
        self._recovery.heard(message.source)
        match message:
            case OnCall():
                self._desk.hear(message)
            case Confirm() | Entered() | Entries() | Lapsed() | Release() | Reconcile():
                self._bookkeeping.hear(message)
            case Amend():
                self._rejections.fault(message, "bad-amendment", self._reviews.hear_amend(message))
            case Mail():
                self._heeding.hear_mail(message)
            case MailRead():
                self._telling.hear_mail_read(message)
            case _:
                pass  # a later version's kind of message: nothing to say to it

    # The desk's talker -----------------------------------------------------------------------------------

    def open_item(self, item: Item, call: Call) -> bool:
        """See :class:`~.calls.Talker`."""
        if item.reason is Reason.LINE_CHECK:
            self._books.check(call.peer, call.id)
            return True
        if item.reason is Reason.LINE_REVIEW:
            return self._reviews.open(item.ref, call)
        return self._telling.open(item.ref, call.id) or self._consents.open(item.ref, call.id)

    def hear_on_call(self, message: OnCall, call: Call) -> None:
        """See :class:`~.calls.Talker`."""
        match message:
            case LineCheck():
                self._books.hear_check(message)
            case LineChecked():
                self._books.compare(message)
                self._line_checks.checked(call)
            case Protest() | Advise():
                self._heeding.hear(message, call.tier)
            case Affirm():
                self._heeding.hear_affirm(message, call.tier)
            case ReadBack():
                self._telling.hear_read_back(message, call)
            case Noted():
                self._telling.hear_noted(message, call)
            case InNegotiation():
                self._hear_negotiation(message, call)
            case InReview():
                self._rejections.fault(message, "bad-review", self._reviews.hear(message))
            case _:
                pass  # Ring, Answer, Busy and HangUp are the desk's own

    def _hear_negotiation(self, message: InNegotiation, call: Call) -> None:
        known = (message.source, message.negotiation_id) in self._talks.granting
        fault = self._talks.hear(message, call.tier)
        if fault is not None:
            self._rejections.fault(message, "bad-proposal", fault)
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

    def call_completed(self, call: Call) -> None:
        """See :class:`~.calls.Talker`."""
        self._posture.feel(Felt.CALL_COMPLETED, call.peer)
        self._talk_about_again(call)  # they have said all that they had to say, and not heard us out

    def call_answered(self, call: Call) -> None:
        """See :class:`~.calls.Talker`."""
        self._posture.answered(call.peer)

    def call_lost(self, call: Call) -> None:
        """See :class:`~.calls.Talker`."""
        self._talks.interrupt(call.id, call.peer)
        self._reviews.lose_call(call)
        self._talk_about_again(call)
        if call.leads:
            self._telling.call_failed(call.peer, call.tier)

    def _talk_about_again(self, call: Call) -> None:
        if call.current is not None and call.current.reason in NOTHING_BUT_TALK:
            self._desk.enqueue(call.current)

    def ring_failed(self, call: Call, outcome: CallOutcome) -> None:
        """See :class:`~.calls.Talker`."""
        if outcome is CallOutcome.NO_ANSWER:
            if call.peer not in self._wrong_clocks:
                self._posture.unanswered(call.peer, call.id)
            self._telling.call_failed(call.peer, call.tier)
