"""Trying the line at the agreed times, whether or not there is anything to say."""

from datetime import datetime

from hotline_protocol.line import LineChecked, Reason, Tier

from .books import Books
from .calls import Item
from .internal import ItemDone, ItemDropped, ItemQueued, WordsUnderstood
from .state import LineChecksState
from .voice import LONG_AGO, Voice


class LineChecks:
    """Has the line to each peer tried when it is due; one that has not been made by then gives way to the next."""

    def __init__(self, peers: tuple[str, ...], tier: Tier, books: Books, voice: Voice) -> None:
        self._peers = peers
        self._tier = tier
        self._books = books
        self._voice = voice
        self.state = LineChecksState()

    @property
    def next_deadline(self) -> datetime | None:
        """When the line is tried next."""
        return self.state.next_check

    def lapse(self) -> None:
        """Have the line to each peer tried."""
        if self.next_deadline != LONG_AGO:
            for peer in self._peers:
                self._enqueue(peer)
        self.state.next_check = self._books.next_check(self._voice.now)

    def _enqueue(self, peer: str) -> None:
        now, ref = self._voice.now, f"check-{peer}"
        self._voice.tell(ItemDropped(ref))
        item = Item(ref=ref, peer=peer, reason=Reason.LINE_CHECK, tier=self._tier, queued_at=now, not_before=now)
        self._voice.tell(ItemQueued(item))

    def end_check(self, words: WordsUnderstood[LineChecked]) -> None:
        """That was the answer to what this call is about now, if that is a line check."""
        call = words.call
        if call.current is not None and call.current.reason is Reason.LINE_CHECK:
            self._voice.tell(ItemDone(call.current.ref))
