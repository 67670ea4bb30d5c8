"""The agreement as one side holds it, and what the other may hold while the line is being moved."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_services.aoc.state import AccordState

CHANGEOVER: Final = timedelta(minutes=15)
"""So long after the line has moved the other side may still speak by the line as it was."""

Expected = Callable[[datetime], str | None]


class Accord:
    """What is agreed now. It changes when the line is moved, and both sides' digests with it.

    ``expects`` tells, for a time, the digest that the other side may hold by then though we do not yet.
    """

    def __init__(self, agreement: Agreement) -> None:
        self.state = AccordState(agreement=agreement, digest=agreement.digest)
        self.expects: Expected = lambda _: None

    @property
    def agreement(self) -> Agreement:
        """What is agreed now."""
        return self.state.agreement

    @property
    def digest(self) -> str:
        """The digest of that."""
        return self.state.digest

    def amend(self, agreement: Agreement, effective_at: datetime) -> None:
        """From ``effective_at`` on this is agreed."""
        former = (self.digest, effective_at + CHANGEOVER)
        self.state.agreement, self.state.digest, self.state.former = agreement, agreement.digest, former

    def admits(self, digest: str, said_at: datetime) -> bool:
        """Whether this is what the other side can rightly have held agreed at this time of its clock."""
        if digest == self.digest:
            return True
        former, until = self.state.former
        return (digest == former and said_at <= until) or digest == self.expects(said_at)
