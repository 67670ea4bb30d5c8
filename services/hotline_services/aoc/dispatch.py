"""Which part of a centre hears what: the whole wiring, as one table.

A message from outside is heard by the handlers of its kind. What is said in a call is heard twice: at once, as words
that are to be thought about, and when they are understood. What parts tell each other is in :mod:`.internal`.
"""

from typing import Any, Final, Protocol

from hotline_protocol.injection import (
    AnnounceLine,
    CancelPlan,
    ChangePlan,
    DeclareEmergency,
    FileMessage,
    PassAdvice,
    ReportSighting,
    SubmitPlan,
)
from hotline_protocol.line import (
    Advise,
    Affirm,
    Amend,
    Answer,
    Busy,
    Concur,
    ConcurTrace,
    Confirm,
    Counter,
    CounterTrace,
    Decline,
    DeclineTrace,
    Disclose,
    Entered,
    Entries,
    Expire,
    HangUp,
    Lapsed,
    LineCheck,
    LineChecked,
    Mail,
    MailRead,
    Noted,
    Propose,
    ProposeTrace,
    Protest,
    ReadBack,
    Reconcile,
    Release,
    Ring,
    Withdraw,
)
from hotline_protocol.orders import (
    AcceptOffer,
    AnswerRing,
    CounterOffer,
    DeclineOffer,
    EndCall,
    LeaveDesk,
    LetRing,
    LodgeProtest,
    RaiseTier,
    RingNow,
    TakeDesk,
)
from hotline_protocol.service import EpochBegun, Health, Unreadable

from .books import Books
from .changing import Changing
from .consent import Consents
from .desk import Desk
from .heeding import Heeding
from .internal import (
    AdviceDue,
    AirReleased,
    AirReserved,
    BadInput,
    CallAnswered,
    CallCompleted,
    CallGaveWay,
    CallLost,
    CallsLookedAt,
    ChainAwaited,
    ChainDoubted,
    ChainGivenUp,
    ChainGrew,
    ChainsLookedAt,
    ConfirmDue,
    ConsentAsked,
    ConsentNeeded,
    EntryCopied,
    EntryRestored,
    EscalationNoted,
    FlightDistressed,
    FlightLanded,
    GaveWay,
    GrantExpired,
    ItemDone,
    ItemDropped,
    ItemQueued,
    ItemTaken,
    LineRedrawn,
    LinesFree,
    NegotiationGoesOn,
    NegotiationStepped,
    NegotiationWaits,
    PeerDown,
    PeerUp,
    ProtestDue,
    ProtestUnderstood,
    RelationFelt,
    ReleaseDue,
    RingFailed,
    RingPickedUp,
    StopAsked,
    VersionFiled,
    VisitEnded,
    WarningDue,
    WordsUnderstood,
)
from .linecheck import LineChecks
from .manning import Manning
from .network import Network
from .posture import Posture
from .recovery import Recovery
from .rejections import Rejections
from .reservations import Reservations
from .review import Reviews
from .talks import Talks
from .tasking import Tasking
from .telling import Telling
from .voice import Handlers


class Wired(Protocol):
    """The parts that hear anything."""

    books: Books
    changing: Changing
    consents: Consents
    desk: Desk
    heeding: Heeding
    line_checks: LineChecks
    manning: Manning
    network: Network
    posture: Posture
    recovery: Recovery
    rejections: Rejections
    reservations: Reservations
    reviews: Reviews
    talks: Talks
    tasking: Tasking
    telling: Telling

    def redraw(self, redrawn: LineRedrawn) -> None:
        """Hold plans and offers against the line where it runs now."""


ORDERS_AT_THE_DESK: Final = (
    TakeDesk,
    LeaveDesk,
    AnswerRing,
    LetRing,
    EndCall,
    RingNow,
    AcceptOffer,
    CounterOffer,
    DeclineOffer,
    RaiseTier,
)
WORDS: Final = (
    LineCheck,
    LineChecked,
    Protest,
    Advise,
    ReadBack,
    Affirm,
    Noted,
    Propose,
    Counter,
    Concur,
    Decline,
    Withdraw,
    Expire,
    Disclose,
    ProposeTrace,
    CounterTrace,
    ConcurTrace,
    DeclineTrace,
)
"""What is said in a call."""


def dispatch(parts: Wired) -> Handlers:
    """The handlers of each kind of event, in the order in which they hear it."""
    return from_outside(parts) | from_peers(parts) | understood(parts) | within(parts)


Table = dict[Any, Any]


def from_outside(parts: Wired) -> Table:
    """What a centre is told to do, and what it learns of the network."""
    return {
        SubmitPlan: (parts.tasking.submit,),
        CancelPlan: (parts.tasking.note, parts.consents.cancel),
        ChangePlan: (parts.tasking.note, parts.changing.change),
        FileMessage: (parts.changing.hear,),
        DeclareEmergency: (parts.tasking.note, parts.consents.emergency),
        ReportSighting: (parts.tasking.see,),
        AnnounceLine: (parts.posture.announce,),
        PassAdvice: (parts.tasking.advise,),
        LodgeProtest: (parts.tasking.lodge,),
        **dict.fromkeys(ORDERS_AT_THE_DESK, (parts.manning.hear,)),
        Health: (parts.network.hear,),
        EpochBegun: (
            parts.talks.lose_state,
            parts.recovery.begin,
            parts.desk.lose_state,
            parts.books.lose_state,
            parts.consents.tell_plans,
        ),
        Unreadable: (parts.rejections.unreadable, parts.books.note_unproven),
    }


def from_peers(parts: Wired) -> Table:
    """What a peer sends, over the line or beside it."""
    return {
        Ring: (parts.desk.hear_ring,),
        Answer: (parts.desk.hear_answer,),
        Busy: (parts.desk.hear_end,),
        HangUp: (parts.desk.hear_end,),
        **dict.fromkeys(WORDS, (parts.desk.hear_words,)),
        Confirm: (parts.recovery.hear_claim,),
        Release: (parts.recovery.hear_claim,),
        Entered: (parts.books.take,),
        Entries: (parts.books.take_back, parts.books.take),
        Lapsed: (parts.talks.hear_lapsed,),
        Reconcile: (parts.books.compare,),
        Amend: (parts.reviews.hear_amend,),
        Mail: (parts.heeding.hear_mail,),
        MailRead: (parts.telling.hear_mail_read,),
    }


def understood(parts: Wired) -> Table:
    """What has been said in a call, and thought about."""
    return {
        (WordsUnderstood, LineCheck): (parts.books.hear_check,),
        (WordsUnderstood, LineChecked): (parts.books.hear_checked, parts.line_checks.end_check),
        (WordsUnderstood, Protest): (parts.heeding.hear,),
        (WordsUnderstood, Advise): (parts.heeding.hear,),
        (WordsUnderstood, Affirm): (parts.heeding.hear_affirm,),
        (WordsUnderstood, ReadBack): (parts.telling.hear_read_back,),
        (WordsUnderstood, Noted): (parts.telling.hear_noted,),
        (WordsUnderstood, Propose): (parts.talks.hear_propose,),
        (WordsUnderstood, Counter): (parts.talks.hear,),
        (WordsUnderstood, Concur): (parts.talks.hear,),
        (WordsUnderstood, Decline): (parts.talks.hear,),
        (WordsUnderstood, Withdraw): (parts.talks.hear,),
        (WordsUnderstood, Expire): (parts.talks.hear,),
        (WordsUnderstood, Disclose): (parts.talks.hear,),
        (WordsUnderstood, ProposeTrace): (parts.reviews.hear,),
        (WordsUnderstood, CounterTrace): (parts.reviews.hear,),
        (WordsUnderstood, ConcurTrace): (parts.reviews.hear,),
        (WordsUnderstood, DeclineTrace): (parts.reviews.hear,),
    }


def within(parts: Wired) -> Table:
    """What parts tell each other: first what is heard at once, then what waits, by rank."""
    return {
        BadInput: (parts.rejections.hear_bad,),
        PeerUp: (parts.desk.greet, parts.books.greet),
        PeerDown: (parts.desk.lose_peer,),
        RingPickedUp: (parts.desk.pick_up,),
        CallGaveWay: (parts.desk.give_way,),
        CallAnswered: (parts.posture.note_answered,),
        CallCompleted: (parts.posture.note_completed, parts.desk.queue_again),
        CallLost: (parts.talks.lose_call, parts.reviews.lose_call, parts.desk.queue_again, parts.telling.note_lost),
        RingFailed: (parts.posture.note_unanswered, parts.telling.note_unanswered),
        ItemTaken: (parts.books.open, parts.reviews.open, parts.telling.open, parts.consents.open),
        ItemQueued: (parts.desk.enqueue,),
        ItemDropped: (parts.desk.dequeue,),
        ItemDone: (parts.desk.note_done,),
        VersionFiled: (parts.consents.submit,),
        FlightLanded: (parts.consents.land,),
        ConsentNeeded: (parts.consents.ask,),
        FlightDistressed: (parts.consents.distress,),
        StopAsked: (parts.consents.break_off,),
        ProtestDue: (parts.telling.protest,),
        AdviceDue: (parts.telling.advise,),
        ConsentAsked: (parts.posture.note_late,),
        ConfirmDue: (parts.talks.confirm,),
        ReleaseDue: (parts.books.release,),
        EntryCopied: (parts.consents.hear_entry,),
        EntryRestored: (parts.talks.restore,),
        ChainAwaited: (parts.books.await_peer,),
        ChainGivenUp: (parts.books.give_up,),
        AirReserved: (parts.reservations.reserve,),
        AirReleased: (parts.reservations.release,),
        GrantExpired: (parts.posture.note_expired,),
        EscalationNoted: (parts.posture.escalate,),
        RelationFelt: (parts.posture.feel,),
        VisitEnded: (parts.posture.note_visit,),
        ProtestUnderstood: (parts.posture.hear_protest, parts.consents.hear_protest),
        LineRedrawn: (parts.redraw,),
        ChainsLookedAt: (parts.recovery.catch_up,),
        LinesFree: (parts.desk.ring_if_free,),
        GaveWay: (parts.consents.give_way,),
        NegotiationStepped: (parts.consents.end_negotiation,),
        NegotiationGoesOn: (parts.consents.mind,),
        CallsLookedAt: (parts.consents.leave_call,),
        NegotiationWaits: (parts.consents.queue_again,),
        ChainGrew: (parts.books.tell_grown,),
        ChainDoubted: (parts.books.ask_again,),
        WarningDue: (parts.telling.warn,),
    }
