"""Uses of the air: whose they are, how firm, and under which references they stand."""

from typing import Final

import msgspec

from hotline_protocol.flightplan import Priority
from hotline_protocol.words import Word


class Standing(Word):
    """Whose use of the air it is, and how firm."""

    OURS = "ours"
    WISHED = "wished"
    THEIRS = "theirs"


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A use of air by one plan or under one agreement."""

    standing: Standing
    ref: str
    user: str
    priority: Priority = Priority.ROUTINE


def hold_ref(peer: str, negotiation_id: str) -> str:
    """The reference of what is held for a peer. No plan can have it as its id, whatever the peer calls things."""
    return f"hold/{peer}/{negotiation_id}"


def grant_ref(peer: str, agreement_id: str) -> str:
    """The reference of what has been granted to a peer."""
    return f"grant/{peer}/{agreement_id}"


AMENDED: Final = "~"
"""Stands between the id of a plan and the version by which it is to be amended. No plan can have it in its id."""


def amendment_ref(plan_id: str, version: int) -> str:
    """The reference of the air of a version that is not in force yet."""
    return f"{plan_id}{AMENDED}{version}"


def plan_of(ref: str) -> str:
    """The id of the plan whose air this reference of our own names."""
    return ref.partition(AMENDED)[0]


def is_amendment(use: Use) -> bool:
    """Whether it is the air of a version that is not in force yet."""
    return AMENDED in use.ref


def is_grant(use: Use) -> bool:
    """Whether it is what has been granted to a peer, and not only held."""
    return use.ref.startswith("grant/")
