"""The lives of a call, a negotiation, a line review and a plan as tables. The diagrams in the docs are drawn from them.

A table maps a state and what happens to the state that follows; what is not in it is out of turn.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .flightplan import PlanState
from .words import Word


class CallState(Word):
    """A call as one of its two sides sees it."""

    RINGING_OUT = "ringing-out"
    RINGING_IN = "ringing-in"
    TALKING = "talking"
    ENDED = "ended"


class CallStep(Word):
    """What can happen to a call."""

    HEAR_ANSWER = "hear answer"
    HEAR_BUSY = "hear busy"
    HEAR_HANG_UP = "hear hang-up"
    SAY_ANSWER = "say answer"
    SAY_HANG_UP = "say hang-up"
    GIVE_WAY = "give way to the other's ring"
    RING_OUT = "ring time over"
    SILENCE = "silence"
    PEER_LOST = "peer lost"


CALL: Final[Mapping[tuple[CallState, CallStep], CallState]] = MappingProxyType(
    {
        (CallState.RINGING_OUT, CallStep.HEAR_ANSWER): CallState.TALKING,
        (CallState.RINGING_OUT, CallStep.HEAR_BUSY): CallState.ENDED,
        (CallState.RINGING_OUT, CallStep.HEAR_HANG_UP): CallState.ENDED,
        (CallState.RINGING_OUT, CallStep.GIVE_WAY): CallState.ENDED,
        (CallState.RINGING_OUT, CallStep.RING_OUT): CallState.ENDED,
        (CallState.RINGING_OUT, CallStep.PEER_LOST): CallState.ENDED,
        (CallState.RINGING_IN, CallStep.SAY_ANSWER): CallState.TALKING,
        (CallState.RINGING_IN, CallStep.HEAR_HANG_UP): CallState.ENDED,
        (CallState.RINGING_IN, CallStep.RING_OUT): CallState.ENDED,
        (CallState.RINGING_IN, CallStep.PEER_LOST): CallState.ENDED,
        (CallState.TALKING, CallStep.SAY_HANG_UP): CallState.ENDED,
        (CallState.TALKING, CallStep.HEAR_HANG_UP): CallState.ENDED,
        (CallState.TALKING, CallStep.SILENCE): CallState.ENDED,
        (CallState.TALKING, CallStep.PEER_LOST): CallState.ENDED,
    }
)


class NegotiationState(Word):
    """A negotiation as one of its two sides sees it."""

    WAITING = "waiting for a call"
    OURS = "our turn"
    THEIRS = "their turn"
    HELD = "held for them"
    TAKEN = "taken up"
    AGREED = "agreed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"

    @property
    def is_over(self) -> bool:
        """Nothing more will be said of it."""
        return self in _OVER  # a tuple by name: this is asked thousands of times a simulated day


_OVER: Final = (NegotiationState.AGREED, NegotiationState.FAILED, NegotiationState.WITHDRAWN)


class NegotiationStep(Word):
    """What can happen to a negotiation; ``offer`` is a proposal or a counter-proposal."""

    SAY_OFFER = "say offer"
    HEAR_OFFER = "hear offer"
    SAY_CONCUR_TO_GRANT = "say concur (granter)"
    HEAR_CONCUR_TO_GRANT = "hear concur (asker), say confirm"
    SAY_CONCUR_TO_TAKE = "say concur (asker)"
    HEAR_TAKEN = "hear confirm or concur (granter), enter"
    HEAR_ENTERED = "hear entered"
    INHERIT = "find a grant to an earlier life (asker)"
    HEAR_LAPSED = "hear lapsed"
    HOLD_LAPSES = "hold lapses"
    FAIL_AT_TIER = "decline, expire or drop; another call follows"
    FAIL = "fail for good"
    WITHDRAW = "withdraw"


_S, _T = NegotiationState, NegotiationStep
NEGOTIATION: Final[Mapping[tuple[NegotiationState, NegotiationStep], NegotiationState]] = MappingProxyType(
    {
        (_S.WAITING, _T.SAY_OFFER): _S.THEIRS,
        (_S.WAITING, _T.HEAR_OFFER): _S.OURS,
        (_S.WAITING, _T.FAIL_AT_TIER): _S.WAITING,
        (_S.OURS, _T.HEAR_OFFER): _S.OURS,
        (_S.OURS, _T.SAY_OFFER): _S.THEIRS,
        (_S.OURS, _T.SAY_CONCUR_TO_GRANT): _S.HELD,
        (_S.OURS, _T.SAY_CONCUR_TO_TAKE): _S.TAKEN,
        (_S.THEIRS, _T.HEAR_OFFER): _S.OURS,
        (_S.THEIRS, _T.HEAR_CONCUR_TO_GRANT): _S.TAKEN,
        (_S.THEIRS, _T.HEAR_TAKEN): _S.AGREED,
        (_S.HELD, _T.HEAR_TAKEN): _S.AGREED,
        (_S.HELD, _T.HEAR_OFFER): _S.OURS,
        (_S.HELD, _T.HOLD_LAPSES): _S.WAITING,
        (_S.TAKEN, _T.HEAR_ENTERED): _S.AGREED,
        (_S.TAKEN, _T.HEAR_LAPSED): _S.WAITING,
        **{(state, _T.INHERIT): _S.AGREED for state in (_S.WAITING, _S.OURS, _S.THEIRS)},
        **{(state, _T.FAIL_AT_TIER): _S.WAITING for state in (_S.OURS, _S.THEIRS)},
        **{(state, _T.FAIL): _S.FAILED for state in (_S.WAITING, _S.OURS, _S.THEIRS, _S.TAKEN)},
        **{(state, _T.WITHDRAW): _S.WITHDRAWN for state in (_S.WAITING, _S.OURS, _S.THEIRS, _S.HELD, _S.TAKEN)},
    }
)


class ReviewState(Word):
    """A line review as one of its two sides sees it."""

    WAITING = "waiting for a call"
    OURS = "our turn"
    THEIRS = "their turn"
    AGREED = "agreed"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Nothing more will be offered in it."""
        return self is ReviewState.AGREED or self is ReviewState.FAILED


class ReviewStep(Word):
    """What can happen to a line review."""

    SAY_OFFER = "say offer"
    HEAR_OFFER = "hear offer"
    SAY_CONCUR = "say concur"
    HEAR_CONCUR = "hear concur"
    SAY_DECLINE = "say decline"
    HEAR_DECLINE = "hear decline"
    LOSE_CALL = "the call is dropped; another may follow"
    FAIL = "no agreement in time"


_R, _U = ReviewState, ReviewStep
REVIEW: Final[Mapping[tuple[ReviewState, ReviewStep], ReviewState]] = MappingProxyType(
    {
        (_R.WAITING, _U.SAY_OFFER): _R.THEIRS,
        (_R.WAITING, _U.HEAR_OFFER): _R.OURS,
        (_R.THEIRS, _U.HEAR_OFFER): _R.OURS,
        (_R.OURS, _U.SAY_OFFER): _R.THEIRS,
        (_R.OURS, _U.SAY_CONCUR): _R.AGREED,
        (_R.THEIRS, _U.HEAR_CONCUR): _R.AGREED,
        (_R.OURS, _U.SAY_DECLINE): _R.FAILED,
        (_R.THEIRS, _U.SAY_DECLINE): _R.FAILED,
        (_R.THEIRS, _U.HEAR_DECLINE): _R.FAILED,
        (_R.THEIRS, _U.LOSE_CALL): _R.WAITING,
        **{(state, _U.FAIL): _R.FAILED for state in (_R.WAITING, _R.THEIRS)},
    }
)


class PlanStep(Word):
    """What can happen to a version of a plan."""

    CLEAR = "all consents are given"
    REPLACE_IN_FLIGHT = "takes the place of a version that flies"
    REFUSE = "refused"
    WITHDRAW = "taken back"
    START = "its time begins"
    START_WITHOUT_CONSENT = "its time begins without a consent"
    DISTRESS = "in distress"
    END = "its time is over"


_P, _V = PlanState, PlanStep
PLAN: Final[Mapping[tuple[PlanState, PlanStep], PlanState]] = MappingProxyType(
    {
        (_P.NEGOTIATING, _V.CLEAR): _P.ACCEPTED,
        (_P.NEGOTIATING, _V.REPLACE_IN_FLIGHT): _P.ACTIVATED,
        (_P.NEGOTIATING, _V.REFUSE): _P.REFUSED,
        (_P.NEGOTIATING, _V.START_WITHOUT_CONSENT): _P.NONCONFORMING,
        (_P.ACCEPTED, _V.START): _P.ACTIVATED,
        **{(state, _V.WITHDRAW): _P.WITHDRAWN for state in (_P.NEGOTIATING, _P.ACCEPTED)},
        **{
            (state, _V.DISTRESS): _P.CONTINGENT
            for state in (_P.NEGOTIATING, _P.ACCEPTED, _P.ACTIVATED, _P.NONCONFORMING)
        },
        **{
            (state, step): _P.ENDED
            for state in (_P.ACTIVATED, _P.NONCONFORMING, _P.CONTINGENT)
            for step in (_V.END, _V.WITHDRAW)
        },
    }
)
