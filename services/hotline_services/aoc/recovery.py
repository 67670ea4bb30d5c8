"""What a centre does that has lost state: it goes on under another epoch and puts its ledgers in order with its peers.

Until a peer has said how far it has come, nothing is entered in our chain with it: an entry that we had made before and
no longer know would be followed by two, and the chain would fork.
"""

from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.epochs import go_on
from hotline_protocol.line import Confirm, Release
from hotline_protocol.service import EpochBegun

from .internal import ChainAwaited, ChainGivenUp, ChainsLookedAt, ConfirmDue, ReleaseDue
from .state import RecoveryState
from .voice import Voice

MOST_POSTPONED: Final = 1_000


class Recovery:
    """Begins the epoch, and keeps what must wait until a ledger is known to be whole."""

    def __init__(self, agreement: Agreement, voice: Voice) -> None:
        self._patience = timedelta(seconds=agreement.timing.hold_s)
        self._voice = voice
        self.state = RecoveryState()

    @property
    def next_deadline(self) -> datetime | None:
        """When a peer that speaks, but does not answer, is no longer waited for."""
        until = self.state.until
        return min(until.values()) if until else None

    def heard(self, peer: str) -> None:
        """The peer is there, perhaps again: from now on it has ``hold_s`` to say how far it has come.

        While it is silent there is nothing to enter: whatever adds to our chain is said by the peer.
        """
        if peer not in self._voice.state.books.recovering:
            return
        last, self.state.heard[peer] = self.state.heard.get(peer), self._voice.now
        if last is None or self._voice.now - last > self._patience:
            self._voice.tell(ChainAwaited(peer))
            self.state.until[peer] = self._voice.now + self._patience
            self._voice.reschedule(self)

    def begin(self, begun: EpochBegun) -> None:
        """State was lost: go on in another epoch."""
        self._voice.repeat(go_on(self._voice.author, begun, self._voice.now))
        self.state.until, self.state.heard = {}, {}
        self._voice.reschedule(self)

    def hear_claim(self, message: Confirm | Release) -> None:
        """They take up what we hold, or give back what we have granted. Where our chain may not be whole, it waits."""
        if self._is_whole(message.source):
            self._admit(message)
            return
        self.state.postponed.append(message)
        del self.state.postponed[:-MOST_POSTPONED]

    def catch_up(self, _: ChainsLookedAt) -> None:
        """Do what was postponed, and need not wait any longer."""
        state = self.state
        if not state.until and not state.postponed:
            return  # as nearly always: this is heard once a turn
        state.until = {peer: until for peer, until in state.until.items() if not self._is_whole(peer)}
        self._voice.reschedule(self)
        due = [message for message in state.postponed if self._is_whole(message.source)]
        state.postponed = [message for message in state.postponed if not self._is_whole(message.source)]
        for message in due:
            self._admit(message)

    def _is_whole(self, peer: str) -> bool:
        """Whether our chain with this peer can be added to: it is not, while entries of ours may be missing in it."""
        return peer not in self._voice.state.books.waits

    def _admit(self, message: Confirm | Release) -> None:
        self._voice.tell(ConfirmDue(message) if isinstance(message, Confirm) else ReleaseDue(message))

    def lapse(self) -> None:
        """Wait no longer for peers that have not answered."""
        for peer, until in self.state.until.items():
            if until <= self._voice.now:
                self._voice.tell(ChainGivenUp(peer))
