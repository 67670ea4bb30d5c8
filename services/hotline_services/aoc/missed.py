"""Who has rung while nobody was there, and is to be called back."""

from datetime import datetime
from typing import Final

from hotline_protocol.line import Tier

from .calls import Call, Item

LONGEST_REF: Final = 96


class MissedCalls:
    """For each peer and tier the most urgent call that nobody was there to take."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, Tier], Call] = {}

    def note(self, call: Call) -> None:
        """This one rang, and nobody was there."""
        known = self._calls.get((call.peer, call.tier))
        if known is None or call.reason.urgency < known.reason.urgency:
            self._calls[call.peer, call.tier] = call

    def settle(self, peer: str, tier: Tier) -> None:
        """They have been spoken to."""
        self._calls.pop((peer, tier), None)

    def take(self, tier: Tier, now: datetime) -> list[Item]:
        """What this tier has to call back about now that it is there; the call that was missed is in the reference."""
        missed = [call for call in self._calls.values() if call.tier is tier]
        for call in missed:
            self.settle(call.peer, tier)
        return [
            Item(
                ref=f"call-back.{call.id}"[:LONGEST_REF],
                peer=call.peer,
                reason=call.reason,
                tier=tier,
                queued_at=now,
                not_before=now,
                calls_back=True,
            )
            for call in missed
        ]
