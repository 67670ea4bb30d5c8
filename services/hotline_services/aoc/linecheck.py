"""Trying the line at the agreed times, whether or not there is anything to say."""

from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.line import LineChecked, Reason

from .calls import Item
from .internal import ItemDone, ItemDropped, ItemQueued, WordsUnderstood
from .state import LineChecksState
from .voice import LONG_AGO, Voice


class LineChecks:
    """Has the line to each peer tried when it is due; one that has not been made by then gives way to the next."""

    def __init__(self, party: str, agreement: Agreement, voice: Voice) -> None:
        rule = agreement.line_check
        self._times: Final = rule.at if rule is not None and rule.caller == party else ()
        self._peers: Final = tuple(name for name in agreement.parties if name != party)
        self._tier: Final = agreement.tiers[0].tier
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
        self.state.next_check = self._next(self._voice.now)

    def _next(self, now: datetime) -> datetime | None:
        """When the line is next to be tried by us, by the agreement; later than ``now``."""
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        times = (
            day + timedelta(days=days, hours=at.hour, minutes=at.minute, seconds=at.second)
            for days in (0, 1)
            for at in self._times
        )
        return min((time for time in times if time > now), default=None)

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
