"""The envelope that every message carries, and who writes it.

Evolution rules, so that old and new peers can talk:

* a new field has a default; a field's type never changes; a field is never reused for something else;
* a message's tag (its ``type``) is never reused; a message that is no longer said stays readable;
* unknown fields are ignored, unknown types are counted and answered with :class:`~.events.InputRejected`.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from .slices import Slice

AwareTime = Annotated[datetime, Meta(tz=True, description="UTC, with its offset written out")]
END: Final = r"$(?!\n)"
"""The end of a text, in a pattern: Python's ``$`` also matches before a last line break, which no topic can bear."""

PartyName = Annotated[
    str, Meta(pattern=rf"^[a-z][a-z0-9-]{{0,31}}{END}", description="A party or a service, as in topics")
]
Identifier = Annotated[
    str, Meta(pattern=rf"^[A-Za-z0-9][A-Za-z0-9_.:-]{{0,95}}{END}", description="Safe as the last level of a topic")
]
Digest = Annotated[
    str, Meta(pattern=rf"^[0-9a-f]{{16,64}}{END}", description="SHA-256 in hex, whole or its first 16 digits")
]

Epoch = Annotated[
    str,
    Meta(pattern=rf"^[a-z0-9]{{1,16}}{END}", description="The life of a journal; another begins when state is lost"),
]

LAST_SEQ: Final = 2**63 - 1  # more than will ever be said, and what any database can hold


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=False):
    """What every message carries: CloudEvents' attributes under the field's names.

    ``seq`` counts the messages of one ``source`` from 1 within one ``epoch`` (the life of its journal);
    0 marks a message that is not counted, such as a receipt or a bare plan sent by hand.
    """

    id: Identifier
    source: PartyName
    seq: Annotated[int, Meta(ge=0, le=LAST_SEQ)]
    time: AwareTime
    cause: Identifier | None = None
    epoch: Annotated[str, Meta(pattern=rf"^[a-z0-9]{{1,16}}{END}")] = "0"


M = TypeVar("M", bound=Message)


class Author(Slice):
    """Writes the envelopes of one source. Replaying the same inputs writes the same ids again.

    ``seq`` is the number of the last message in this ``epoch``. An author is part of a core's state: plain data.
    """

    source: PartyName
    epoch: Epoch = "0"
    seq: int = 0

    def begin(self, epoch: str) -> None:
        """Number from 1 again in this epoch. It must never have been used before: ids are made from it."""
        self.epoch = epoch
        self.seq = 0

    def say(self, kind: type[M], now: datetime, /, *, cause: str | None = None, **fields: Any) -> M:
        """A message of this kind with the next sequence number and an id made from it."""
        return self.write(kind, now, cause, fields)

    def write(self, kind: type[M], now: datetime, cause: str | None, fields: Mapping[str, Any]) -> M:
        """The same, for who has the fields together already."""
        self.seq = seq = self.seq + 1
        return kind(
            id=f"{self.source}-{self.epoch}-{seq}",
            source=self.source,
            seq=seq,
            epoch=self.epoch,
            time=now,
            cause=cause,
            **fields,
        )


_canonical: Final = msgspec.json.Encoder(order="sorted")  # "deterministic" leaves structs as declared


def canonical_json(value: object) -> bytes:
    """The one JSON form of a value that digests are taken of: sorted keys, no blanks."""
    return _canonical.encode(value)


def digest_of(value: object) -> str:
    """First 16 hex digits of the SHA-256 of the canonical JSON: names an offer, a plan or an agreement."""
    return hashlib.sha256(canonical_json(value)).hexdigest()[:16]
