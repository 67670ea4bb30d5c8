"""The agreement as one side holds it, and what the other may hold while the line is being moved."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement, DeconflictionLine, LineReviewRule
from hotline_protocol.arc import Arc
from hotline_protocol.line import Amend
from hotline_protocol.slices import Slice
from hotline_services.aoc.voice import LONG_AGO

from .reviewer import Bound

CHANGEOVER: Final = timedelta(minutes=15)
"""So long after the line has moved the other side may still speak by the line as it was."""
NONE_CALLED: Final = LineReviewRule(caller="")
"""Where the agreement has no rule: nobody calls a review."""


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """A line that both have agreed to, and that is not in effect yet."""

    amend: Amend
    agreement: Agreement
    digest: str


class AccordState(Slice, kw_only=True):
    """What is agreed now, and the digest before that with the time until which the other side may speak by it.

    ``coming`` is the line to come, ``bound`` what this side may be held to, if it is the other that says when the line
    moves, and ``amended`` the offer by which the line was last amended.
    """

    agreement: Agreement
    digest: str
    former: tuple[str, datetime] = ("", LONG_AGO)
    coming: Coming | None = None
    bound: Bound | None = None
    amended: str = ""


class Accord:
    """What is agreed now. It changes when the line is moved, and both sides' digests with it."""

    def __init__(self, agreement: Agreement) -> None:
        self.state = AccordState(agreement=agreement, digest=agreement.digest)
        self.rule: Final = agreement.line_review or NONE_CALLED
        self._arc: Arc | None = None

    @property
    def agreement(self) -> Agreement:
        """What is agreed now."""
        return self.state.agreement

    @property
    def digest(self) -> str:
        """The digest of that."""
        return self.state.digest

    @property
    def line(self) -> DeconflictionLine:
        """As it runs now. Raises ValueError where there is none."""
        line = self.agreement.line
        if line is None:
            raise ValueError("line: the agreement has none")
        return line

    @property
    def arc(self) -> Arc:
        """The same with its control points; worked out once for each line, when it is first talked about."""
        if self._arc is None or self._arc.line is not self.line:
            self._arc = Arc(self.line, self.rule.spacing_nm)
        return self._arc

    def expect(self, amend: Amend) -> None:
        """The line is to run so. The trace is as it was said: libraries may differ by a hair, the digests must not."""
        agreement = self.agreement.with_trace(amend.trace)
        self.state.coming = Coming(amend=amend, agreement=agreement, digest=agreement.digest)

    def amend(self, agreement: Agreement, effective_at: datetime) -> None:
        """From ``effective_at`` on this is agreed."""
        state = self.state
        state.former = (state.digest, effective_at + CHANGEOVER)
        state.agreement, state.digest = agreement, agreement.digest
        state.coming = state.bound = None

    def admits(self, digest: str, said_at: datetime) -> bool:
        """Whether this is what the other side can rightly have held agreed at this time of its clock."""
        if digest == self.digest:
            return True
        former, until = self.state.former
        return (digest == former and said_at <= until) or digest == self._expected(said_at)

    def _expected(self, said_at: datetime) -> str | None:
        """The digest that the other side may hold by ``said_at`` and we do not: worked out only when that is asked."""
        coming, bound = self.state.coming, self.state.bound
        if coming is not None:
            return coming.digest
        if bound is None:
            return None
        agreed_by = bound.until or bound.said_at
        if said_at > agreed_by + timedelta(minutes=self.rule.effective_min) + CHANGEOVER:
            return None
        return self.agreement.with_trace(self.arc.moved(bound.trace.offsets_nm)).digest
