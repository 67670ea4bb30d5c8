"""What was agreed, as two hash-chained lists per pair of parties: one for what each side has granted.

Only the granter writes its chain and the other side keeps a copy, so a chain never forks: two sides that
disagree differ by a missing tail, which is sent again. An agreement exists from the moment the granter has
entered it; its user may rely on it once the entry has arrived.
"""

import hashlib
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from .airspace import Volumes
from .flightplan import Priority
from .message import AwareTime, Digest, Identifier, PartyName, canonical_json
from .words import Word

GENESIS: Final = "0" * 64


class EntryKind(Word):
    """A grant begins an agreement; a release ends it before its time."""

    GRANTED = "granted"
    RELEASED = "released"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a chain; a release names the agreement that it ends."""

    granter: PartyName
    user: PartyName
    index: Annotated[int, Meta(ge=1)]
    previous: Digest
    kind: EntryKind
    agreement_id: Identifier
    volumes: Volumes = ()
    offer: Digest | None = None
    priority: Priority = Priority.ROUTINE
    entered_at: AwareTime

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON, 64 hex digits; the next entry's ``previous``."""
        return hashlib.sha256(canonical_json(self)).hexdigest()


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """How far a chain has come: its length and the hash of its last entry."""

    length: Annotated[int, Meta(ge=0)] = 0
    hash: Digest = GENESIS


def agreement_id_of(negotiation_id: str, offer: str) -> str:
    """The id of the agreement that this offer of this negotiation leads to."""
    return f"{negotiation_id}.{offer[:8]}"


def negotiation_id_of(agreement_id: str) -> str:
    """The negotiation that led to this agreement."""
    return agreement_id.rpartition(".")[0]
