"""What waits to be talked over, most pressing first, and when the time of each has come."""

import bisect
from collections.abc import Collection
from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.line import CallOutcome, Reason, Ring, Tier

from .calls import Call, Item, turn
from .duty import Presence
from .state import DeskState

CALL_BACK: Final = "call-back."
"""Begins the reference of a call back; the name of the call that was missed follows."""
LONGEST_REF: Final = 96


def calls_back(ring: Ring) -> bool:
    """Whether it is to hear what we have rung about in vain."""
    return any(ref.startswith(CALL_BACK) for ref in ring.about)


class Waiting:
    """Items by tier and urgency, then by age. One can be rung about when somebody of its tier is there to ring.

    Whose items they are bounds how many there can be: what is to be told is bounded in number, negotiations and reviews
    in time, and of line checks and calls back there is one for each peer and tier.
    """

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self.state = DeskState()

    @property
    def items(self) -> list[Item]:
        """What waits, most pressing first."""
        return self.state.waiting

    def add(self, item: Item) -> None:
        """Have this wait for its turn."""
        bisect.insort(self.items, item, key=turn)

    def drop(self, ref: str) -> None:
        """This need not wait any more."""
        self.state.waiting = [item for item in self.items if item.ref != ref]

    def take(self, item: Item) -> None:
        """Its turn has come. Raises ValueError when it does not wait."""
        self.items.remove(item)

    def shared(self, peer: str, tier: Tier) -> list[Item]:
        """Everything that we can talk over in one call at this tier."""
        return [item for item in self.items if _shares(item, peer, tier)]

    def call_back(self, missed: Call | Ring, at: datetime) -> None:
        """Have them rung who rang in vain, about the most urgent of their calls, when somebody can."""
        peer, name = (missed.source, missed.call_id) if isinstance(missed, Ring) else (missed.peer, missed.id)
        known = self._call_back_to(peer, missed.tier)
        if known is not None and known.reason.urgency <= missed.reason.urgency:
            return
        if known is not None:
            self.items.remove(known)
        self.add(
            Item(
                ref=f"{CALL_BACK}{name}"[:LONGEST_REF],
                peer=peer,
                reason=missed.reason,
                tier=missed.tier,
                queued_at=at,
                not_before=at,
                calls_back=True,
            )
        )

    def _call_back_to(self, peer: str, tier: Tier) -> Item | None:
        return next((item for item in self.items if item.calls_back and item.peer == peer and item.tier is tier), None)

    def due(self, now: datetime, engaged: Collection[str] = ()) -> Item | None:
        """The most pressing one that can be rung about now, but for those for peers who are ``engaged`` with us."""
        present = self._presence.present
        return next(
            (
                item
                for item in self.items
                if item.not_before <= now and item.peer not in engaged and present(item.tier, now)
            ),
            None,
        )

    def next_due(self, now: datetime, engaged: Collection[str] = ()) -> datetime | None:
        """When one of them can first be rung about; None when none ever can."""
        items = [item for item in self.items if item.peer not in engaged] if engaged else self.items
        if not items:
            return None
        if not self._presence.tiers:
            return min(item.not_before for item in items)
        back_at = self._presence.back_at
        times = (back_at(item.tier, max(item.not_before, now)) for item in items)
        return min((at for at in times if at is not None), default=None)

    def meet(self, peer: str, tier: Tier, now: datetime, *, all_due: bool = False) -> None:
        """They are there: what has been rung about in vain, or all, is due, and calling back is needless."""
        known = self._call_back_to(peer, tier)
        if known is not None:
            self.items.remove(known)
        for number, item in enumerate(self.items):  # when an item is due has no say in its place
            if (item.in_vain or all_due) and _shares(item, peer, tier):
                self.items[number] = msgspec.structs.replace(item, not_before=now, in_vain=False)

    def defer(self, call: Call, outcome: CallOutcome, until: datetime, urgent_until: datetime) -> None:
        """Whatever this call was, or was to be, about waits for a while."""
        in_vain = outcome is CallOutcome.NO_ANSWER
        known = self._call_back_to(call.peer, call.tier) if not call.leads else None
        if known is not None:
            self.items.remove(known)
            if not in_vain:  # else it is for them to ring again, now that somebody is here
                self.add(msgspec.structs.replace(known, not_before=until))
        for number, item in enumerate(self.items):
            if _shares(item, call.peer, call.tier):
                later = max(item.not_before, urgent_until if item.reason is Reason.EMERGENCY else until)
                self.items[number] = msgspec.structs.replace(item, not_before=later, in_vain=in_vain)


def _shares(item: Item, peer: str, tier: Tier) -> bool:
    """It can be talked over in one call at this tier with others for this peer."""
    return item.peer == peer and item.tier is tier and not item.calls_back
