"""The parts of a centre, joined: plans, desk, negotiations, ledger and posture. They work on one state at a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from hotline_protocol.agreement import Agreement
from hotline_protocol.boundaries import boundaries_of
from hotline_protocol.conflicts import VolumeIndex
from hotline_protocol.events import EscalationKind
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
from hotline_protocol.slices import Slice
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
from .heeding import Heeding
from .ledger import PairLedger
from .linecheck import LineChecks
from .manning import Manning
from .menus import Appraiser
from .officer import AutomaticOfficer
from .picture import Key, Picture
from .plans import PlanBook
from .posture import Posture
from .recovery import Recovery
from .rejections import Rejections
from .requests import TalksState
from .review import Accord, AccordState, Reviews, ReviewsState
from .seat import PersonOrdering, Seat
from .state import (
    AttendanceState,
    BooksState,
    ConsentsState,
    DeskState,
    HeedingState,
    LedgerState,
    LineChecksState,
    NetworkState,
    PictureState,
    PlansState,
    PostureState,
    RecoveryState,
    RelationsState,
    SeatState,
    SuspensionState,
    TellingState,
)
from .strain.felt import Felt
from .strain.relations import Relations
from .talks import Talks
from .tasking import Tasking
from .telling import Telling
from .uses import is_grant
from .voice import LONG_AGO, Voice
from .waking import Part, first_deadline
from .wrongclock import WrongClocks


class HasState(Protocol):
    """A part that keeps what it knows in a slice of the state."""

    state: Any


NOTHING_BUT_TALK: Final = frozenset({Reason.LINE_CHECK, Reason.INCIDENT, Reason.PROTEST, Reason.ADVICE})
"""Begun again from the start in another call, where the one was dropped."""


class State(Slice, kw_only=True):
    """All that a centre knows. Apart from it there are its configuration and the wiring of its parts."""

    author: Author
    now: datetime
    next_deadline: datetime | None
    network: NetworkState
    attendance: AttendanceState
    line_checks: LineChecksState
    seat: SeatState
    desk: DeskState
    plans: PlansState
    picture: PictureState
    consents: ConsentsState
    talks: TalksState
    ledgers: dict[str, LedgerState]
    books: BooksState
    recovery: RecoveryState
    heeding: HeedingState
    telling: TellingState
    posture: PostureState
    suspension: SuspensionState
    relations: RelationsState
    accord: AccordState
    reviews: ReviewsState


class Parts:
    """What decides: each part changes its own slice of the one state that they are at work on."""

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
        self._drawn = agreement
        self._voice = Voice(Author(party, epoch), LONG_AGO)
        self.picture = Picture(agreement.boundary_rule)
        self.ledgers: Final = {peer: PairLedger(party, peer) for peer in self.peers}
        self._relations = Relations(config, self.peers, self._voice)
        self._posture = Posture(agreement, self._relations, self.picture, self._voice)
        self.accord = Accord(agreement)
        self.books = Books(party, self.accord, self.ledgers, self._posture, self._voice)
        self.book = PlanBook(party, boundaries_of(agreement), self.picture, self._voice)
        self._wrong_clocks = WrongClocks()
        self._rejections = Rejections(self.peers, self.book, self._voice)
        self._join_desk(config, roster, chance)
        self._join_bookkeeping()
        self._sleepers: Final = self._all_that_sleep()
        self._holders: Final = self._all_with_state()
        self.state = self._begun()

    def _all_with_state(self) -> tuple[tuple[str, HasState], ...]:
        """The parts that have a slice of the state, by its name."""
        return (
            ("network", self._wrong_clocks),
            ("attendance", self._attendance),
            ("line_checks", self._line_checks),
            ("seat", self._seat),
            ("desk", self.desk),
            ("plans", self.book),
            ("picture", self.picture),
            ("consents", self._consents),
            ("talks", self.talks),
            ("books", self.books),
            ("recovery", self._recovery),
            ("heeding", self._heeding),
            ("telling", self._telling),
            ("posture", self._posture),
            ("suspension", self._posture.suspension),
            ("relations", self._relations),
            ("accord", self.accord),
            ("reviews", self.reviews),
        )

    def _begun(self) -> State:
        """The state at the beginning."""
        slices = {name: part.state for name, part in self._holders}
        ledgers = {peer: ledger.state for peer, ledger in self.ledgers.items()}
        author, now = self._voice.author, self._voice.now
        return State(author=author, now=now, next_deadline=LONG_AGO, ledgers=ledgers, **slices)

    def work_on(self, state: State, index: VolumeIndex[Key]) -> None:
        """Go on from this state, whose uses of the air are in this index."""
        self.state = state
        self._voice.author, self._voice.now = state.author, state.now
        for name, part in self._holders:
            part.state = getattr(state, name)
        for peer, ledger in self.ledgers.items():
            ledger.state = state.ledgers[peer]
        self.picture.index = index
        if state.accord.agreement is not self._drawn:
            self._redraw(state.accord.agreement)

    def _join_desk(self, config: PartyConfig, roster: Roster, chance: Chance) -> None:
        """Those who talk, and what they talk about."""
        party, agreement = self.party, self._agreement
        presence, attention = Presence(roster), Attention(party, config.officer, roster, chance)
        person = PersonOrdering(party, self.picture, self._voice)
        self._seat = seat = Seat(AutomaticOfficer(attention, presence, self._voice), person)
        self.talks = Talks(
            party,
            agreement,
            self.picture,
            Appraiser(party, agreement, boundaries_of(agreement), self.picture, config.costs),
            self.ledgers,
            self._relations,
            self._voice,
            seat.judge,
            roster=roster,
        )
        self._attendance = Attendance(presence, self._voice)
        self.desk = Desk(party, agreement, seat, presence, self._voice, self, chance)
        self._consents = Consents(config, agreement, self.book, self.talks, self.desk, self._posture, self._voice)
        self._telling = Telling(self._posture, attention, self.desk, self._voice)
        self._heeding = Heeding(
            party, agreement, attention, presence, self.picture, self._consents, self._posture, self._voice
        )
        self._manning = Manning(
            agreement.digest,
            seat,
            self.desk,
            self.talks,
            self._telling,
            self.book,
            self._rejections,
            self._voice,
        )
        changing = Changing(self.book, self._rejections, self._consents)
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
        self.reviews = Reviews(party, self.accord, self._relations, self.desk, self._voice, self._redraw)
        self._line_checks = LineChecks(self.peers, agreement.tiers[0].tier, self.books, self.desk, self._voice)
        self._recovery = Recovery(agreement, self.books, self.book, self.talks, self.desk, self._voice)
        self._bookkeeping = Bookkeeping(
            party,
            self.ledgers,
            self.books,
            self.picture,
            self.talks,
            self._consents,
            self._recovery,
            self._voice,
        )
        self.talks.may_enter = self.books.is_whole

    def _all_that_sleep(self) -> tuple[Part, ...]:
        return (
            self._manning,
            self._line_checks,
            self._attendance,
            self.book,
            self.talks,
            self._heeding,
            self._telling,
            self._posture,
            self.reviews,
            self.desk,
            self._recovery,
        )

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        """Deal with one message. See :class:`~hotline_protocol.core.Core`."""
        self._voice.begin(now, message.id)
        self.reviews.move_if_due()
        if isinstance(message, ToPeer):
            self._hear_peer(message)
        elif isinstance(message, Health):
            self._hear_health(message)
        elif isinstance(message, EpochBegun):
            self._recovery.begin(message, self.peers)
        elif isinstance(message, Unreadable):
            self._rejections.unreadable(message)
            self.books.note_unproven(message)
        else:
            self._tasking.hear(message)
        return self._finish()

    def lapse(self, now: datetime) -> Sequence[Message]:
        """Do what time has brought about."""
        self._voice.begin(now, None)
        self._recovery.lapse()
        self._manning.lapse()
        self.reviews.lapse()
        self._line_checks.lapse()
        self._attendance.lapse()
        self._posture.lapse()
        for use, since in self.picture.clear_until(self._voice.now):
            if is_grant(use):
                self._posture.flown(Felt.GUEST_KEPT, use.user, since)
        self._consents.lapse()
        self._heeding.lapse()
        self._telling.lapse()
        self.talks.lapse()
        self.desk.lapse()
        self.talks.lapse()  # a call that the desk has dropped may leave waiting what is past its time
        return self._finish()

    def _finish(self) -> Sequence[Message]:
        self._bookkeeping.catch_up()
        self._consents.settle()
        for peer in self.talks.take_changed():
            self.books.changed(peer)
        for peer in self.talks.take_doubtful():
            self.books.reconcile(peer)
        for peer, warning in self._posture.take_warnings():
            self._telling.warn(peer, warning)
        self.desk.ring_if_free()
        self.state.now = self._voice.now
        self.state.next_deadline = self._next_wake()
        return self._voice.end()

    def _next_wake(self) -> datetime | None:
        # that a grant was kept is to be felt in time
        kept = self.picture.next_end(self._voice.now) if self._relations.felt else None
        return first_deadline(self._sleepers, kept)

    def _redraw(self, agreement: Agreement) -> None:
        """The line has moved: plans and offers that are made from now on are held against it where it runs now."""
        self._drawn, boundaries = agreement, boundaries_of(agreement)
        self.book.redraw(boundaries)
        self.talks.appraiser.redraw(boundaries)

    def _hear_health(self, health: Health) -> None:
        if health.source not in self.peers:
            return
        self._wrong_clocks.note(health)
        if health.presence is PeerPresence.DOWN:
            self.desk.peer_lost(health.source)
        elif self.state.network.sessions.get(health.source) != health.session:
            self.desk.peer_there(health.source)
            self.books.reconcile(health.source)
        self.state.network.sessions[health.source] = health.session if health.presence is PeerPresence.UP else ""

    # What the peer says ----------------------------------------------------------------------------------

    def _hear_peer(self, message: ToPeer) -> None:
        if message.to != self.party or message.source not in self.peers:
            self._rejections.unknown_party(message, "source", message.source)
            return
        self.books.heard(message)
        self._recovery.heard(message.source)
        match message:
            case OnCall():
                self.desk.hear(message)
            case Confirm() | Entered() | Entries() | Lapsed() | Release() | Reconcile():
                self._bookkeeping.hear(message)
            case Amend():
                self._rejections.fault(message, "bad-amendment", self.reviews.hear_amend(message))
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
            self.books.check(call.peer, call.id)
            return True
        if item.reason is Reason.LINE_REVIEW:
            return self.reviews.open(item.ref, call)
        return self._telling.open(item.ref, call.id) or self._consents.open(item.ref, call.id)

    def hear_on_call(self, message: OnCall, call: Call) -> None:
        """See :class:`~.calls.Talker`."""
        match message:
            case LineCheck():
                self.books.hear_check(message)
            case LineChecked():
                self.books.compare(message)
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
                self._rejections.fault(message, "bad-review", self.reviews.hear(message))
            case _:
                pass  # Ring, Answer, Busy and HangUp are the desk's own

    def _hear_negotiation(self, message: InNegotiation, call: Call) -> None:
        known = (message.source, message.negotiation_id) in self.talks.granting
        fault = self.talks.hear(message, call.tier)
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
        self.talks.interrupt(call.id, call.peer)
        self.reviews.lose_call(call)
        self._talk_about_again(call)
        if call.leads:
            self._telling.call_failed(call.peer, call.tier)

    def _talk_about_again(self, call: Call) -> None:
        if call.current is not None and call.current.reason in NOTHING_BUT_TALK:
            self.desk.enqueue(call.current)

    def ring_failed(self, call: Call, outcome: CallOutcome) -> None:
        """See :class:`~.calls.Talker`."""
        if outcome is CallOutcome.NO_ANSWER:
            if call.peer not in self._wrong_clocks:
                self._posture.unanswered(call.peer, call.id)
            self._telling.call_failed(call.peer, call.tier)
