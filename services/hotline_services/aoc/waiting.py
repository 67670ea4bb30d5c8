"""What waits to be talked over, most pressing first, and when the time of each has come."""

import bisect
from datetime import datetime

import msgspec

from hotline_protocol.line import CallOutcome, Reason, Tier

from .calls import Call, Item, turn
from .duty import Presence


class Waiting:
    """Items by tier and urgency, then by age. One can be rung about when somebody of its tier is there to ring."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self.items: list[Item] = []

    def add(self, item: Item) -> None:
        """Have this wait for its turn."""
        bisect.insort(self.items, item, key=turn)

    def drop(self, ref: str) -> None:
        """This need not wait any more."""
        self.items = [item for item in self.items if item.ref != ref]

    def take(self, item: Item) -> None:
        """Its turn has come. Raises ValueError when it does not wait."""
        self.items.remove(item)

    def shared(self, peer: str, tier: Tier) -> list[Item]:
        """Everything that can be talked over in one call at this tier."""
        return [item for item in self.items if item.peer == peer and item.tier is tier]

    def due(self, now: datetime) -> Item | None:
        """The most pressing one that can be rung about now."""
        present = self._presence.present
        return next((item for item in self.items if item.not_before <= now and present(item.tier, now)), None)

    def next_due(self, now: datetime) -> datetime | None:
        """When one of them can first be rung about; None when none ever can."""
        if not self._presence.tiers:
            return min((item.not_before for item in self.items), default=None)
        back_at = self._presence.back_at
        times = (back_at(item.tier, max(item.not_before, now)) for item in self.items)
        return min((at for at in times if at is not None), default=None)

    def meet(self, peer: str, tier: Tier, now: datetime) -> None:
        """They are there: what has been rung about in vain is due, and calling back is needless."""
        for item in self.shared(peer, tier):
            if item.in_vain or item.calls_back:
                self.items.remove(item)
            if item.in_vain:
                self.add(msgspec.structs.replace(item, not_before=now, in_vain=False))

    def defer(self, call: Call, outcome: CallOutcome, until: datetime, urgent_until: datetime) -> None:
        """Whatever this call was, or was to be, about waits for a while."""
        in_vain = outcome is CallOutcome.NO_ANSWER
        for item in self.shared(call.peer, call.tier):
            self.items.remove(item)
            if item.calls_back and in_vain:
                continue  # it is for them to ring again, now that somebody is here
            later = urgent_until if item.reason is Reason.EMERGENCY else until
            self.add(msgspec.structs.replace(item, not_before=max(item.not_before, later), in_vain=in_vain))
