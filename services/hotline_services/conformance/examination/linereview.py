"""A line review that we call: what we offer in it, what is answered, and from when on the line runs so."""

from collections.abc import Sequence
from typing import Any, Final

from hotline_protocol.agreement import DeconflictionLine, LineReviewRule
from hotline_protocol.airspace import Position
from hotline_protocol.arc import Arc
from hotline_protocol.line import (
    Amend,
    ConcurTrace,
    CounterTrace,
    DeclineTrace,
    HangUp,
    ProposeTrace,
    Reason,
    TraceOffer,
    trace_digest,
)
from hotline_protocol.message import Message

from .case import Case, Taking


def reviewed(case: Case) -> tuple[DeconflictionLine, LineReviewRule]:
    """The line, and how it is reviewed. Raises NotTestedError where it is not for us to call a review."""
    rule = case.needed(case.rules.line_review, "the agreement has no line reviews")
    case.needed(rule if rule.caller == case.brief.us else None, f"line reviews are called by {rule.caller}")
    return case.needed(case.rules.line, "the agreement has no line"), rule


class LineReview:
    """One review of this line, in the call that the case is in."""

    def __init__(self, case: Case, line: DeconflictionLine, rule: LineReviewRule) -> None:
        case.peer.negotiations += 1
        self.case: Final = case
        self.call_id: Final = str(case.call_id)
        self.id: Final = f"{case.brief.us}-{case.brief.epoch}-r{case.peer.negotiations}"
        self.arc: Final = Arc(line, rule.spacing_nm)
        self.rounds = 0

    def trace(self, offset_nm: float) -> TraceOffer:
        """The line moved so far at every control point, to the left as it is drawn."""
        return self.arc.offer((offset_nm,) * len(self.arc.control))

    def name(self, trace: TraceOffer) -> str:
        """The digest of this offer."""
        return trace_digest(self.id, self.call_id, trace)

    def offer(self, trace: TraceOffer, heard: Message | None = None, **changes: Any) -> ProposeTrace | CounterTrace:
        """Open with this, or answer their counter with it; ``changes`` make it another offer than it should be."""
        self.rounds += 1
        fields: dict[str, Any] = {
            "call_id": self.call_id,
            "review_id": self.id,
            "trace": trace,
            "offer": self.name(trace),
            "round": self.rounds,
            "expires_at": self.case.peer.later(self.case.offer_s),
        }
        if isinstance(heard, CounterTrace):
            return self.case.say(CounterTrace, cause=heard.id, answers=heard.offer, **(fields | changes))
        return self.case.say(ProposeTrace, **(fields | changes))

    def reply(self) -> Taking[Message | None]:
        """What it answers while our offer stands; None for nothing, or when it hangs up."""

        def ours(message: Message) -> bool:
            if isinstance(message, HangUp):
                return message.call_id == self.call_id
            return getattr(message, "review_id", None) == self.id

        heard = yield from self.case.hear(
            CounterTrace, ConcurTrace, DeclineTrace, HangUp, within_s=self.case.offer_s, where=ours
        )
        return None if isinstance(heard, HangUp) else heard

    def insist(self, trace: TraceOffer, heard: Message | None, most: int) -> Taking[Message | None]:
        """Offer this again for as long as it counters, until we have made so many offers."""
        while isinstance(heard, CounterTrace) and self.rounds < most:
            self.offer(trace, heard)
            heard = yield from self.reply()
        return heard

    def amend(self, trace: Sequence[Position], ahead_s: float, **changes: Any) -> Amend:
        """Say that the line runs so, for the offer that it stays, so long from now."""
        fields: dict[str, Any] = {
            "review_id": self.id,
            "offer": self.name(self.trace(0.0)),
            "trace": tuple(trace),
            "effective_at": self.case.peer.later(ahead_s),
        }
        return self.case.say(Amend, **(fields | changes))


def ring_about_the_line(case: Case) -> Taking[tuple[DeconflictionLine, LineReviewRule]]:
    """Ring for a review, where it is for us to do so. Raises NotTestedError."""
    found = reviewed(case)
    yield from case.call(Reason.LINE_REVIEW)
    return found
