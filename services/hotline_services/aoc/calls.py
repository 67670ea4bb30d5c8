"""Calls, and what they are about."""

from datetime import datetime
from typing import Any, Final

import msgspec

from hotline_protocol.lifecycle import CallState
from hotline_protocol.line import (
    Affirm,
    CallOutcome,
    Concur,
    ConcurTrace,
    Decline,
    DeclineTrace,
    Expire,
    LineChecked,
    Noted,
    OnCallMessage,
    Reason,
    Ring,
    Tier,
    Withdraw,
)
from hotline_protocol.slices import Slice

NEEDS_NO_THOUGHT: Final = (Concur, Decline, Expire, Withdraw, ConcurTrace, DeclineTrace, Noted, Affirm, LineChecked)
"""What is understood as soon as it is said in a call."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be talked over with ``peer``: a negotiation, a line check, a protest or advice, by its reference.

    ``in_vain``: it has been rung about and nobody answered. ``calls_back``: they have rung in vain, and are to say what
    it was about.
    """

    ref: str
    peer: str
    reason: Reason
    tier: Tier
    queued_at: datetime
    not_before: datetime
    in_vain: bool = False
    calls_back: bool = False


def turn(item: Item) -> tuple[int, int, datetime, str]:
    """Higher tiers first, then what is more urgent, then what has waited longest."""
    return *urgency(item), item.queued_at, item.ref


class Call(Slice, kw_only=True):
    """A call as this desk sees it.

    The side that ``leads`` has something to say, and hangs up when it has been said: the one that rang, unless it
    calls back. It ``has_talked`` once an item has been begun. ``thoughts`` are what has been heard, each with the time
    at which it is understood. ``answer_at`` is when somebody here would pick up, ``cut_at`` when the circuit goes down;
    ``ring`` is what rings here, as long as it may be picked up.
    """

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
    leads: bool
    has_talked: bool = False
    thoughts: list[tuple[datetime, OnCallMessage]] = []
    answer_at: datetime | None = None
    ring: Ring | None = None
    cut_at: datetime | None = None

    def wait_until(self, at: datetime) -> None:
        """Let silence end it then, or the circuit before that."""
        self.deadline = at if self.cut_at is None else min(at, self.cut_at)

    @property
    def wakes_at(self) -> datetime:
        """When somebody will have thought about what was heard, or silence ends it."""
        return min(self.deadline, self.thoughts[0][0]) if self.thoughts else self.deadline


def urgency(what: "Item | Call | Ring") -> tuple[int, int]:
    """Sorts by tier, the highest first, then by how urgent it is."""
    return -what.tier.rank, what.reason.urgency


def stands_before(ring: Ring, mine: Call) -> bool:
    """Whether this ring goes before our own: the more urgent one does, and of equals the lower id.

    All desks order all rings so. Hence where each rings the next, in a pair or in a longer circle, one gives way.
    """
    return (*urgency(ring), ring.call_id) < (*urgency(mine), mine.id)


def as_ended(call: Call, outcome: CallOutcome, now: datetime) -> dict[str, Any]:
    """Fields of the :class:`~hotline_protocol.events.CallEnded` of this call."""
    return {
        "call_id": call.id,
        "callee": call.peer,
        "reason": call.reason,
        "tier": call.tier,
        "outcome": outcome,
        "queued_at": call.queued_at,
        "rang_at": call.rang_at,
        "answered_at": call.answered_at,
        "ended_at": now,
        "about": call.about,
    }
