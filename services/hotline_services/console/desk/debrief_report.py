"""What an after-action report of a desk consists of. Times are simulated; worths are 0 to 1."""

from datetime import datetime

import msgspec

from hotline_protocol.line import (
    CallOutcome,
    Reason,
    Tier,
)
from hotline_protocol.orders import Leaving, Verdict
from hotline_protocol.words import Word


class SatThere(msgspec.Struct, kw_only=True):
    """One sitting: who, from when until when, and how it ended; None while it goes on."""

    sitting: str
    operator: str
    taken_at: datetime
    left_at: datetime | None = None
    how: Leaving | None = None


class CallMade(msgspec.Struct, kw_only=True):
    """One ring, and what became of it. ``ours``: we rang. ``under_way``: it rang before anybody listened here, and the
    times are those at which somebody first did."""

    call_id: str
    peer: str
    ours: bool
    reason: Reason
    tier: Tier
    rang_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: CallOutcome | None = None
    under_way: bool = False

    @property
    def answer_s(self) -> float | None:
        """How long it rang until it was answered, if that is known."""
        return None if self.answered_at is None or self.under_way else (self.answered_at - self.rang_at).total_seconds()


class Ending(Word):
    """What became of an offer that was laid before the person at the desk."""

    CONCUR = "concur"
    COUNTER = "counter"
    DECLINE = "decline"
    LAPSED = "lapsed unanswered"
    CALL_OVER = "the call was over first"
    OPEN = "still open"


class Decision(msgspec.Struct, kw_only=True):
    """One offer that awaited an order: what it was, what was said and after how long, and what the automatic officer
    would have said. Worths are by that officer's costs, 0 to 1, and -1 for air that is not free."""

    negotiation_id: str
    peer: str
    plan_id: str | None
    tier: Tier
    laid_at: datetime
    offered: str
    worth: float
    walk_away: float
    ending: Ending = Ending.OPEN
    by_order: bool = False
    said: str = ""
    said_worth: float | None = None
    answered_at: datetime | None = None
    officer: Verdict
    officer_said: str = ""

    @property
    def as_officer(self) -> bool | None:
        """Whether the automatic officer would have said the same; None when nothing was said."""
        if self.ending.value not in {verdict.value for verdict in Verdict}:
            return None
        return self.ending.value == self.officer.value and self.said == self.officer_said


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement that was entered: ``ours`` if the air was granted to us. ``worth`` is what it is worth to us, and
    ``best`` the best that was on the menu, where that was laid before a person."""

    agreement_id: str
    peer: str
    ours: bool
    at: datetime
    air: str
    worth: float | None = None
    best: float | None = None


class OwnTalk(msgspec.Struct, frozen=True, kw_only=True):
    """A negotiation that we began: how it ended, and by how much the flight was moved."""

    negotiation_id: str
    plan_id: str
    peer: str
    outcome: str
    tier: Tier
    rounds: int
    took_s: float
    sector: str
    block: str
    shift_min: int


class AfterAction(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that there is to tell of one side, or of one ``sitting`` at its desk.

    ``escalations_by_others`` is None where it is not known: a desk hears of its own centre's alone.
    """

    party: str
    sitting: str | None = None
    began_at: datetime | None
    ended_at: datetime | None
    sittings: tuple[SatThere, ...]
    calls: tuple[CallMade, ...]
    decisions: tuple[Decision, ...]
    agreements: tuple[Agreed, ...]
    talks: tuple[OwnTalk, ...]
    escalations_by_us: dict[str, int]
    escalations_by_others: dict[str, int] | None
    offers_lapsed: int
    holds_lapsed: int
    orders_refused: tuple[str, ...]
    times_cut: int = 0
    """How often the line to the broker was lost meanwhile: what was said then is not in the report."""
