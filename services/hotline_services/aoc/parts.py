"""The parts of a centre, joined: plans, desk, negotiations, ledger and posture. They work on one state at a time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from hotline_protocol.agreement import Agreement
from hotline_protocol.boundaries import boundaries_of
from hotline_protocol.conflicts import VolumeIndex
from hotline_protocol.line import (
    ToPeer,
)
from hotline_protocol.message import Author, Message
from hotline_protocol.slices import Slice
from hotline_services.simulation.chance import Chance

from .attention import Attention
from .books import Books
from .changing import Changing
from .config import PartyConfig, Roster
from .consent import Consents
from .desk import Desk
from .dispatch import dispatch
from .duty import Attendance, Presence
from .heeding import Heeding
from .internal import ChainsLookedAt, LineRedrawn, LinesFree
from .ledger import PairLedger
from .linecheck import LineChecks
from .manning import Manning
from .menus import Appraiser
from .network import Network
from .officer import AutomaticOfficer, OwnOfficer, WithOwn
from .picture import Key
from .plans import PlanBook
from .posture import Posture
from .recovery import Recovery
from .rejections import Rejections
from .requests import TalksState
from .reservations import Reservations
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
from .strain.relations import Relations
from .talks import Talks
from .tasking import Tasking
from .telling import Telling
from .voice import LONG_AGO, Voice
from .waking import Calendar, Row, Sleeper

TO_LOOK_AT_CHAINS: Final = ChainsLookedAt()
TO_USE_LINES: Final = LinesFree()


class HasState(Protocol):
    """A part that keeps what it knows in a slice of the state."""

    state: Any


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
        officer: OwnOfficer | None = None,
    ) -> None:
        self.party: Final = party
        self.peers: Final = tuple(name for name in agreement.parties if name != party)
        self._agreement = agreement
        self._drawn = agreement
        self._voice = Voice(Author(party, epoch), LONG_AGO)
        self.ledgers: Final = {peer: PairLedger(party, peer) for peer in self.peers}
        self._relations = Relations(config, self.peers, self._voice)
        self.reservations = Reservations(agreement.boundary_rule, self._voice, wakes=self._relations.felt)
        self.network = Network(self.peers, self._voice)
        self.posture = Posture(agreement, self._relations, self.reservations, self.network, self._voice)
        self.accord = Accord(agreement)
        self.books = Books(party, self.accord, self.ledgers, self._voice)
        self.book = PlanBook(party, boundaries_of(agreement), self.reservations, self._voice)
        self.rejections = Rejections(self.peers, self.book, self._voice)
        self._join_desk(config, roster, chance, officer)
        self._join_bookkeeping()
        self.handlers: Final = dispatch(self)
        self._voice.handlers = self.handlers
        self.calendar: Final = self._calendar()
        self._holders: Final = self._all_with_state()
        self.state = self._voice.state = self._begun()

    def _all_with_state(self) -> tuple[tuple[str, HasState], ...]:
        """The parts that have a slice of the state, by its name."""
        return (
            ("network", self.network),
            ("attendance", self._attendance),
            ("line_checks", self.line_checks),
            ("seat", self._seat),
            ("desk", self.desk),
            ("plans", self.book),
            ("picture", self.reservations),
            ("consents", self.consents),
            ("talks", self.talks),
            ("books", self.books),
            ("recovery", self.recovery),
            ("heeding", self.heeding),
            ("telling", self.telling),
            ("posture", self.posture),
            ("suspension", self.posture.suspension),
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

    def work_on(self, state: State, index: VolumeIndex[Key], deadlines: dict[Sleeper, datetime]) -> None:
        """Go on from this state, whose uses of the air are in this index, and whose deadlines are these."""
        self.state = self._voice.state = state
        self._voice.author, self._voice.now = state.author, state.now
        for name, part in self._holders:
            part.state = getattr(state, name)
        for peer, ledger in self.ledgers.items():
            ledger.state = state.ledgers[peer]
        self.reservations.index = index
        if state.accord.agreement is not self._drawn:
            self.redraw(LineRedrawn(state.accord.agreement))
        self.calendar.deadlines = deadlines

    def _join_desk(self, config: PartyConfig, roster: Roster, chance: Chance, own: OwnOfficer | None) -> None:
        """Those who talk, and what they talk about."""
        party, agreement = self.party, self._agreement
        presence, attention = Presence(roster), Attention(party, config.officer, roster, chance)
        automatic = AutomaticOfficer(attention, presence, protests=config.posture.protests)
        officer = automatic if own is None else WithOwn(own, automatic)
        person = PersonOrdering(party, automatic, self.reservations, self._voice)
        self._seat = seat = Seat(officer, person, attention, self._voice)
        self.talks = Talks(
            party,
            agreement,
            self.reservations,
            Appraiser(party, agreement, boundaries_of(agreement), self.reservations, config.costs),
            self.ledgers,
            self._relations,
            self._voice,
            seat,
            roster=roster,
        )
        self._attendance = Attendance(presence, self._voice)
        self.desk = Desk(party, agreement, seat, presence, self._voice, chance)
        self.consents = Consents(config, agreement, self.book, self.talks, self._voice)
        self.telling = Telling(agreement, self._relations, attention, self._voice)
        self.heeding = Heeding(party, agreement, attention, presence, self.reservations, self._voice)
        self.manning = Manning(
            agreement.digest,
            seat,
            self.desk,
            self.talks,
            self.telling,
            self.book,
            self.rejections,
            self._voice,
        )
        self.changing = Changing(self.book, self.rejections, self._voice)
        self.tasking = Tasking(self.posture, self.manning, self.rejections, seat, self._voice)

    def _join_bookkeeping(self) -> None:
        """What is held against the other side's, and put in order with it."""
        party, agreement = self.party, self._agreement
        self.reviews = Reviews(party, self.accord, self._relations, self._seat, self._voice)
        self.line_checks = LineChecks(party, agreement, self._voice)
        self.recovery = Recovery(agreement, self._voice)

    def _calendar(self) -> Calendar:
        """The parts that are woken, in the order in which they are."""
        restless = (self.posture, self.reservations, self.desk)
        asked = (self.desk, self.reservations) if self._relations.felt else (self.desk,)
        return Calendar(self._all_that_sleep(), restless=restless, asked=asked, changed=self._voice.rescheduled)

    def _all_that_sleep(self) -> tuple[Row, ...]:
        return (
            (self.recovery, self.recovery.lapse),
            (self.manning, self.manning.lapse),
            (self.reviews, self.reviews.lapse),
            (self.line_checks, self.line_checks.lapse),
            (self._attendance, self._attendance.lapse),
            (self.posture, self.posture.lapse),
            (self.reservations, self.reservations.lapse),
            (self.book, self.consents.lapse),
            (self.heeding, self.heeding.lapse),
            (self.telling, self.telling.lapse),
            (self.talks, self.talks.lapse),
            (self.desk, self.desk.lapse),
            (self.talks, self.talks.lapse),  # a call that the desk has dropped may leave waiting what is past its time
        )

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        """Deal with one message. See :class:`~hotline_protocol.core.Core`."""
        self._voice.begin(now, message.id)
        self.reviews.move_if_due()
        if not isinstance(message, ToPeer) or self._is_for_us(message):
            for handler in self._voice.handlers.get(type(message), ()):  # what others broadcast is nothing to us
                handler(message)
        return self._finish()

    def _is_for_us(self, message: ToPeer) -> bool:
        """Whether it is from a peer of ours and for us; what is not is refused."""
        if message.to != self.party or message.source not in self.peers:
            self.rejections.unknown_party(message, "source", message.source)
            return False
        self.books.heard(message)
        self.recovery.heard(message.source)
        return True

    def lapse(self, now: datetime) -> Sequence[Message]:
        """Do what time has brought about."""
        self._voice.begin(now, None)
        self.book.forget()
        self.calendar.wake(self._voice.now)
        return self._finish()

    def _finish(self) -> Sequence[Message]:
        voice = self._voice
        voice.tell(TO_LOOK_AT_CHAINS)
        voice.fold()
        voice.tell(TO_USE_LINES)
        voice.fold()
        self.state.now = voice.now
        self.state.next_deadline = self.calendar.first()
        return voice.end()

    def redraw(self, redrawn: LineRedrawn) -> None:
        """Hold plans and offers that are made from now on against the line where it runs now."""
        self._drawn, boundaries = redrawn.agreement, boundaries_of(redrawn.agreement)
        self.book.redraw(boundaries)
        self.talks.appraiser.redraw(boundaries)
