"""Calls, what they are about, and who is to be asked about that."""

from datetime import datetime
from typing import Protocol

import msgspec

from hotline_protocol.lifecycle import CallState
from hotline_protocol.line import CallOutcome, OnCall, Reason, Tier


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be talked over with ``peer``: a negotiation, a line check or a protest, by its reference."""

    ref: str
    peer: str
    reason: Reason
    tier: Tier
    queued_at: datetime
    not_before: datetime


def turn(item: Item) -> tuple[int, int, datetime, str]:
    """Higher tiers first, then what is more urgent, then what has waited longest."""
    return -item.tier.rank, item.reason.urgency, item.queued_at, item.ref


class Call(msgspec.Struct, kw_only=True):
    """A call as this desk sees it."""

    id: str
    peer: str
    outgoing: bool
    state: CallState
    reason: Reason
    tier: Tier
    queued_at: datetime
    rang_at: datetime
    answered_at: datetime | None = None
    current: Item | None = None
    about: tuple[str, ...] = ()
    deadline: datetime


class Talker(Protocol):
    """Who knows what the items on a call's agenda mean."""

    def open_item(self, item: Item, call: Call) -> bool:
        """Begin to talk about this; False when there is nothing left to say."""
        ...

    def hear_on_call(self, message: OnCall, call: Call) -> None:
        """Something said during a call, when it has been thought about."""
        ...

    def call_lost(self, call: Call) -> None:
        """The call was dropped with this under way."""
        ...

    def ring_failed(self, call: Call, outcome: CallOutcome) -> None:
        """Nobody took the call."""
        ...

    def call_answered(self, call: Call) -> None:
        """Somebody took the call."""
        ...
