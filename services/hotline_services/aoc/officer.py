"""Who decides at a desk. An officer is one function from a question to an answer.

What may be decided is bounded elsewhere: by the agreement's times and rounds, and by what air is free.
"""

from collections.abc import Callable
from typing import Final, Protocol, assert_never

from .attention import Attention
from .duty import Presence
from .negotiation import Response
from .questions import (
    Answer,
    LetPass,
    MakeProtest,
    OfferMade,
    PickUp,
    Question,
    RingHeard,
    SightingMade,
    TraceOffered,
)
from .review.bargain import Bargain

OwnOfficer = Callable[[Question], Answer | None]
"""An officer of one's own; None leaves the question to the automatic officer. It keeps nothing between two questions:
all that it may go by is in the question."""


class Officer(Protocol):
    """Who decides at a desk."""

    def answer(self, question: Question) -> Answer | None:
        """The decision; None when it is yet to be ordered, or nobody will ever be there to take it."""
        ...


class AutomaticOfficer:
    """Goes by the party's strategy and posture, at the hours at which its people are there. What it remembers of a
    negotiation is in the question."""

    def __init__(self, attention: Attention, presence: Presence, *, protests: bool) -> None:
        self._attention: Final = attention
        self._presence: Final = presence
        self._protests: Final = protests

    def answer(self, question: Question) -> Answer | None:
        """See :class:`Officer`."""
        match question:
            case RingHeard():
                return self._pick_up(question)
            case OfferMade(request=request):
                return request.weigh()
            case TraceOffered():
                return weigh_trace(question)
            case SightingMade():
                return MakeProtest() if self._protests else LetPass()
            case _:
                assert_never(question)

    def _pick_up(self, question: RingHeard) -> PickUp | None:
        """When somebody of that tier is there; None when nobody ever will be."""
        there_at = self._presence.back_at(question.ring.tier, question.now)
        if there_at is None:
            return None
        return PickUp((there_at - question.now).total_seconds() + self._attention.answer_s(question.ring))


def weigh_trace(question: TraceOffered) -> Response[tuple[float, ...]]:
    """What the strategy of a line review says to this offer."""
    bargain = Bargain.over(question.arc, question.wants, question.rule, sign=question.sign, bids=question.bids)
    reply = bargain.answer(question.theirs.outcome)
    return Response(reply, bargain.bids)


class WithOwn:
    """Asks an officer of one's own first. The automatic officer answers the questions that the own officer leaves."""

    def __init__(self, own: OwnOfficer, automatic: Officer) -> None:
        self._own: Final = own
        self._automatic: Final = automatic

    def answer(self, question: Question) -> Answer | None:
        """See :class:`Officer`."""
        answer = self._own(question)
        return self._automatic.answer(question) if answer is None else answer
