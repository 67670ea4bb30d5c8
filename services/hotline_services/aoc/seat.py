"""The officer's seat: the automatic officer has it until a person takes it, and again when their lease is over."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, assert_never

from hotline_protocol.events import Misheard
from hotline_protocol.line import InNegotiation, InReview, OnCallMessage
from hotline_protocol.orders import (
    AcceptOffer,
    AnswerRing,
    AtDesk,
    CounterOffer,
    DecisionAwaited,
    DeclineOffer,
    LetRing,
    Sitting,
    Verdict,
)

from .asker import OurRequest
from .attention import Attention
from .granter import TheirRequest
from .negotiation import Accept, GiveUp, Offer
from .officer import Officer
from .picture import Picture
from .questions import (
    Answer,
    OfferMade,
    Question,
    RingHeard,
    SightingMade,
    Subject,
    TraceOffered,
    give,
)
from .request import WORTH_DIGITS
from .state import Lease, SeatState
from .uses import plan_of
from .voice import Voice

ORDERS: Final[Mapping[type[Question], tuple[type[AtDesk], ...]]] = MappingProxyType(
    {
        RingHeard: (AnswerRing, LetRing),
        OfferMade: (AcceptOffer, CounterOffer, DeclineOffer),
        TraceOffered: (),
        SightingMade: (),
    }
)
"""The orders by which a person answers each kind of question. Where there is none, the automatic officer answers."""


class UnfitAnswerError(ValueError):
    """An officer has given an answer that cannot be given to the question: the officer's fault."""

    def __init__(self, question: Question, answer: Answer, fault: str) -> None:
        super().__init__(f"{type(question).__name__} was answered with {answer}: {fault}")
        self.question: Final = question


class PersonOrdering:
    """A person decides: nothing is answered until they order it, and each offer is laid before them."""

    def __init__(self, party: str, automatic: Officer, picture: Picture, voice: Voice) -> None:
        self._party: Final = party
        self._automatic: Final = automatic
        self._picture: Final = picture
        self._voice: Final = voice

    def answer(self, question: Question) -> Answer | None:
        """See :class:`~.officer.Officer`: say what there is to decide, and what would have been said by ourselves."""
        match question:
            case RingHeard():
                return None
            case OfferMade(request=request):
                self._lay_before(request)
                return None
            case TraceOffered() | SightingMade():
                return self._automatic.answer(question)
            case _:
                assert_never(question)

    def _lay_before(self, request: OurRequest | TheirRequest) -> None:
        choice = request.menu.choice(request.to_answer.outcome)
        met = self._picture.met(request.menu.volumes(choice), but=request.plan_id or "")
        meets = tuple(dict.fromkeys(plan_of(use.ref) for use in met if use.user == self._party))
        self._voice.say(DecisionAwaited, **_laid_out(request), meets=meets, **_advice(request))


def _laid_out(request: OurRequest | TheirRequest) -> dict[str, Any]:
    """The offer that awaits an answer, with all that a person must know to answer it."""
    theirs = request.to_answer
    return {
        "negotiation_id": request.id,
        "peer": request.peer,
        "call_id": request.call_id,
        "menu": request.menu,
        "choice": request.menu.choice(theirs.outcome),
        "offer": theirs.digest,
        "round": theirs.round,
        "expires_at": theirs.until,
        "plan_id": request.plan_id,
        "tier": request.rule.tier,
        "kind": request.kind,
        "priority": request.priority,
        "worth": tuple(round(worth, WORTH_DIGITS) for worth in request.laid.worth),
        "walk_away": round(request.least, WORTH_DIGITS),
    }


def _advice(request: OurRequest | TheirRequest) -> dict[str, Any]:
    """The automatic officer's answer, as it stands in a message."""
    match request.weigh().reply:
        case Accept():
            return {"officer": Verdict.CONCUR}
        case Offer(outcome=outcome):
            return {"officer": Verdict.COUNTER, "officer_choice": request.menu.choice(outcome)}
        case GiveUp():
            return {"officer": Verdict.DECLINE}
        case reply:
            assert_never(reply)


class Seat:
    """Whoever sits there now: see :class:`~.questions.Seated`."""

    def __init__(self, officer: Officer, person: Officer, attention: Attention, voice: Voice) -> None:
        self._officer: Final = officer
        self._person: Final = person
        self._attention: Final = attention
        self._voice: Final = voice
        self.state = SeatState()

    @property
    def lease(self) -> Lease | None:
        """Whose the seat is, if a person has it."""
        return self.state.lease

    def take(self, by: Sitting, until: datetime) -> None:
        """A person has the seat until then, in the place of whoever had it."""
        self.state.lease = Lease(by=by, until=until)

    def give_back(self) -> None:
        """The automatic officer has it again."""
        self.state.lease = None

    def answer(self, question: Question) -> Answer | None:
        """See :class:`~.questions.Seated`."""
        return (self._officer if self.state.lease is None else self._person).answer(question)

    def ask(self, question: Question, subject: Subject) -> bool:
        """See :class:`~.questions.Seated`. Raises UnfitAnswerError."""
        answer = self.answer(question)
        if answer is None:
            return False
        fault = give(question, answer, subject)
        if fault is not None:
            raise UnfitAnswerError(question, answer, fault)
        return True

    @property
    def has_one_ear(self) -> bool:
        """See :class:`~.questions.Seated`: a person has."""
        return self.state.lease is not None

    def grasp_s(self, message: OnCallMessage) -> float:
        """See :class:`~.questions.Seated`: a person does the thinking. An offer that is misheard is said again: its
        digest shows the error."""
        if self.state.lease is not None:
            return 0.0
        think_s = self._attention.think_s(message)
        slip = self._attention.slip(message) if isinstance(message, InNegotiation | InReview) else None
        if slip is None:
            return think_s
        self._voice.say(Misheard, call_id=message.call_id, peer=message.source, error_nm=slip.error_nm, caught=True)
        return 2 * think_s
