"""How long a desk waits before it rings: for the first time, and again."""

from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.line import Reason, Tier
from hotline_services.simulation.chance import Chance

from .state import DeskState

LONGEST_REDIAL: Final = 8
"""Greatest number of agreed pauses between two rings, where nobody answers."""
FIRST_SPREAD: Final = 0.1
"""Greatest wait before the first ring, as a share of the agreed pause."""
RINGS_BACK: Final = 4
"""Agreed pauses for which a peer that was busy is left to ring back."""
RUNG_AT_ONCE: Final = frozenset({Reason.EMERGENCY, Reason.INCIDENT, Reason.PROTEST})


class Pauses:
    """Pauses of one desk. Among three parties and more they differ by chance: equal ones livelock.

    Chance is drawn under the name of what is rung about: a run in which something else is changed draws the same here.
    """

    def __init__(self, party: str, agreement: Agreement, chance: Chance) -> None:
        self._party = party
        self._redial_s = agreement.timing.redial_s
        self._vary: Final = len(agreement.parties) > 2
        self._one_line: Final = agreement.lines_of_each == 1
        self._share = chance.share
        self.state = DeskState()

    def peer_there(self, peer: str) -> None:
        """The peer has given a sign of life."""
        self.state.in_vain[peer] = 0

    def rang_in_vain(self, peer: str) -> None:
        """The peer has not answered a ring."""
        self.state.in_vain[peer] = self.state.in_vain.get(peer, 0) + 1

    def before_first(self, peer: str, reason: Reason, at: datetime) -> timedelta:
        """Before the first ring about something whose time comes at ``at``.

        It is none where a ring of ours leaves a line free for others.
        """
        if not (self._vary and self._one_line) or reason in RUNG_AT_ONCE:
            return timedelta()
        return timedelta(seconds=FIRST_SPREAD * self._redial_s * self._drawn("ring", peer, at))

    def before_next(self, peer: str, tier: Tier, now: datetime, *, busy: bool) -> tuple[timedelta, timedelta]:
        """Before the next ring, and before the next about a flight in distress: the first grows while nobody answers.

        Among many, a ``busy`` peer rings back: until then it is left alone for longer.
        """
        varied = 1.0 + self._drawn(f"redial/{tier.value}", peer, now) if self._vary else 1.0
        pause = timedelta(seconds=self._redial_s * varied)
        pauses = min(2 ** max(self.state.in_vain.get(peer, 0) - 1, 0), LONGEST_REDIAL)
        if busy and self._vary:
            pauses = RINGS_BACK
        return pause * pauses, pause

    def _drawn(self, what: str, peer: str, at: datetime) -> float:
        return self._share(f"{what}/{self._party}/{peer}/{int(at.timestamp()) // 60}")
