"""The line as it runs now and the line to come: from ``Amend`` to ``LineMoved``."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement, DeconflictionLine, LineReviewRule
from hotline_protocol.arc import Arc
from hotline_protocol.events import LineMoved
from hotline_protocol.line import Amend
from hotline_protocol.slices import Slice
from hotline_services.aoc.voice import Voice

from .accord import CHANGEOVER, Accord
from .reviewer import Bound

CLOCKS_DIFFER: Final = timedelta(minutes=1)

OnMove = Callable[[Agreement], None]


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """A line that both have agreed to, and that is not in effect yet."""

    amend: Amend
    agreement: Agreement
    digest: str


class LineState(Slice, kw_only=True):
    """The line to come, what this side may be held to, and the offer by which the line was last amended."""

    coming: Coming | None = None
    bound: Bound | None = None
    amended: str = ""


class MovingLine:
    """The line of one side. ``on_move`` is told of the agreement with the line where it has been moved to.

    ``bound`` is what this side may be held to, if it is the other that says when the line moves.
    """

    def __init__(self, accord: Accord, rule: LineReviewRule, voice: Voice, on_move: OnMove) -> None:
        self._accord: Final = accord
        self._rule: Final = rule
        self._voice: Final = voice
        self._on_move: Final = on_move
        self._arc: Arc | None = None
        self.state = LineState()
        accord.expects = self._expected

    @property
    def line(self) -> DeconflictionLine:
        """As it runs now. Raises ValueError where there is none."""
        line = self._accord.agreement.line
        if line is None:
            raise ValueError("line: the agreement has none")
        return line

    @property
    def arc(self) -> Arc:
        """The same with its control points; worked out once for each line, when it is first talked about."""
        if self._arc is None or self._arc.line is not self.line:
            self._arc = Arc(self.line, self._rule.spacing_nm)
        return self._arc

    @property
    def moves_at(self) -> datetime | None:
        """When the line to come is in effect."""
        return self.state.coming.amend.effective_at if self.state.coming is not None else None

    def amend(self, agreed: Bound, peer: str) -> None:
        """Tell the other side from when on the line runs as both have agreed, and mind it ourselves."""
        amend = self._voice.say(
            Amend,
            to=peer,
            review_id=agreed.review_id,
            offer=agreed.offer,
            trace=self.arc.moved(agreed.trace.offsets_nm),
            effective_at=self._voice.now + timedelta(minutes=self._rule.effective_min),
        )
        self._expect(amend)

    def hear_amend(self, amend: Amend) -> str | None:
        """Take it for what we are bound to. Returns why we do not, as "field: reason", or None."""
        if amend.offer == self.state.amended:
            return None  # said again
        fault = self._fault_of(amend)
        if fault is None:
            self.state.amended, self.state.bound = amend.offer, None
            self._expect(amend)
            self.move_if_due()
        return fault

    def _fault_of(self, amend: Amend) -> str | None:
        bound, rule = self.state.bound, self._rule
        if bound is None or (bound.review_id, bound.offer) != (amend.review_id, amend.offer):
            return "offer: not one that we have concurred to"
        if bound.until is not None and amend.time > bound.until:
            return "offer: it had lapsed by then"
        if amend.effective_at > self._voice.now + timedelta(minutes=rule.effective_min) + CLOCKS_DIFFER:
            return f"effective_at: more than {rule.effective_min:g} min ahead"
        fault = self.arc.problem(amend.trace)
        if fault is None and not self.arc.leads_to(bound.trace.offsets_nm, amend.trace):
            return "trace: not where the offer moves the line"
        return fault

    def _expect(self, amend: Amend) -> None:
        # The trace that was said, not ours: libraries may differ by a hair, and the digests must not.
        agreement = self._accord.agreement.with_trace(amend.trace)
        self.state.coming = Coming(amend=amend, agreement=agreement, digest=agreement.digest)

    def move_if_due(self) -> None:
        """The line moves when its time has come: at once, when it has passed."""
        coming = self.state.coming
        if coming is None or coming.amend.effective_at > self._voice.now:
            return
        self.state.coming = self.state.bound = None
        self._accord.amend(coming.agreement, coming.amend.effective_at)
        self._on_move(coming.agreement)
        self._voice.say(
            LineMoved,
            review_id=coming.amend.review_id,
            agreement=coming.digest,
            trace=coming.amend.trace,
            cause=coming.amend.id,
        )

    def _expected(self, said_at: datetime) -> str | None:
        """The digest that the other side may hold by ``said_at`` and we do not: worked out only when that is asked."""
        if self.state.coming is not None:
            return self.state.coming.digest
        if self.state.bound is None:
            return None
        agreed_by = self.state.bound.until or self.state.bound.said_at
        if said_at > agreed_by + timedelta(minutes=self._rule.effective_min) + CHANGEOVER:
            return None
        return self._accord.agreement.with_trace(self.arc.moved(self.state.bound.trace.offsets_nm)).digest
