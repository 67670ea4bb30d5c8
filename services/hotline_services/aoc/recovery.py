"""What a centre does that has lost state: it goes on under another epoch and puts its ledgers in order with its peers.

Until a peer has said how far it has come, nothing is entered in our chain with it: an entry that we had made before and
no longer know would be followed by two, and the chain would fork.
"""

from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.epochs import go_on
from hotline_protocol.flightplan import OVER
from hotline_protocol.line import Confirm, Release
from hotline_protocol.service import EpochBegun

from .books import Books
from .desk import Desk
from .network import Network
from .plans import PlanBook
from .state import RecoveryState
from .talks import Talks
from .voice import Voice

MOST_POSTPONED: Final = 1_000


class Recovery:
    """Begins the epoch, and keeps what must wait until a ledger is known to be whole."""

    def __init__(
        self,
        agreement: Agreement,
        books: Books,
        book: PlanBook,
        talks: Talks,
        desk: Desk,
        network: Network,
        voice: Voice,
    ) -> None:
        self._patience = timedelta(seconds=agreement.timing.hold_s)
        self._books = books
        self._book = book
        self._talks = talks
        self._desk = desk
        self._peers: Final = network.peers
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
        if peer not in self._books.state.recovering:
            return
        last, self.state.heard[peer] = self.state.heard.get(peer), self._voice.now
        if last is None or self._voice.now - last > self._patience:
            self._books.state.waits.add(peer)
            self.state.until[peer] = self._voice.now + self._patience
            self._voice.reschedule(self)

    def begin(self, begun: EpochBegun) -> None:
        """State was lost. Say so, and ask for it."""
        author = self._voice.author
        self._talks.lose(author.epoch)
        self._voice.repeat(go_on(author, begun, self._voice.now))
        if self._desk.call is not None:
            self._desk.peer_lost(self._desk.call.peer)  # how it went on is not known
        for peer in self._peers:
            self._books.changed(peer)  # it is less than we said last
            self._books.recover(peer)
        for filed in list(self._book.plans.values()):
            if filed.state not in OVER:
                self._book.tell(filed)
        self.state.until, self.state.heard = {}, {}
        self._voice.reschedule(self)

    def postpone(self, message: Confirm | Release) -> bool:
        """Keep this until the ledger that it would add to is whole; False when it is."""
        if self._books.is_whole(message.source):
            return False
        self.state.postponed.append(message)
        del self.state.postponed[:-MOST_POSTPONED]
        return True

    def take_due(self) -> list[Confirm | Release]:
        """What was postponed, and need not be any longer."""
        if not self.state.until and not self.state.postponed:
            return []  # as nearly always: this is asked once a turn
        self.state.until = {peer: until for peer, until in self.state.until.items() if peer in self._books.state.waits}
        self._voice.reschedule(self)
        due = [message for message in self.state.postponed if self._books.is_whole(message.source)]
        self.state.postponed = [message for message in self.state.postponed if not self._books.is_whole(message.source)]
        return due

    def lapse(self) -> None:
        """Wait no longer for peers that have not answered."""
        self._books.state.waits -= {peer for peer, until in self.state.until.items() if until <= self._voice.now}
