"""The line as it runs now and the line to come: from ``Amend`` to ``LineMoved``."""

from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.events import LineMoved
from hotline_protocol.line import Amend
from hotline_services.aoc.internal import LineRedrawn
from hotline_services.aoc.voice import Voice

from .accord import Accord
from .reviewer import Bound

CLOCKS_DIFFER: Final = timedelta(minutes=1)


class MovingLine:
    """The line of one side."""

    def __init__(self, accord: Accord, voice: Voice) -> None:
        self._accord: Final = accord
        self._voice: Final = voice

    @property
    def moves_at(self) -> datetime | None:
        """When the line to come is in effect."""
        coming = self._accord.state.coming
        return coming.amend.effective_at if coming is not None else None

    def amend(self, agreed: Bound, peer: str) -> None:
        """Tell the other side from when on the line runs as both have agreed, and mind it ourselves."""
        amend = self._voice.say(
            Amend,
            to=peer,
            review_id=agreed.review_id,
            offer=agreed.offer,
            trace=self._accord.arc.moved(agreed.trace.offsets_nm),
            effective_at=self._voice.now + timedelta(minutes=self._accord.rule.effective_min),
        )
        self._accord.expect(amend)

    def hear_amend(self, amend: Amend) -> str | None:
        """Take it for what we are bound to. Returns why we do not, as "field: reason", or None."""
        state = self._accord.state
        if amend.offer == state.amended:
            return None  # said again
        fault = self._fault_of(amend)
        if fault is None:
            state.amended, state.bound = amend.offer, None
            self._accord.expect(amend)
            self.move_if_due()
        return fault

    def _fault_of(self, amend: Amend) -> str | None:
        bound, rule, arc = self._accord.state.bound, self._accord.rule, self._accord.arc
        if bound is None or (bound.review_id, bound.offer) != (amend.review_id, amend.offer):
            return "offer: not one that we have concurred to"
        if bound.until is not None and amend.time > bound.until:
            return "offer: it had lapsed by then"
        if amend.effective_at > self._voice.now + timedelta(minutes=rule.effective_min) + CLOCKS_DIFFER:
            return f"effective_at: more than {rule.effective_min:g} min ahead"
        fault = arc.problem(amend.trace)
        if fault is None and not arc.leads_to(bound.trace.offsets_nm, amend.trace):
            return "trace: not where the offer moves the line"
        return fault

    def move_if_due(self) -> None:
        """The line moves when its time has come: at once, when it has passed."""
        coming = self._accord.state.coming
        if coming is None or coming.amend.effective_at > self._voice.now:
            return
        self._accord.amend(coming.agreement, coming.amend.effective_at)
        self._voice.tell(LineRedrawn(coming.agreement))
        self._voice.say(
            LineMoved,
            review_id=coming.amend.review_id,
            agreement=coming.digest,
            trace=coming.amend.trace,
            cause=coming.amend.id,
        )
