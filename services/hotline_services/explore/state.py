"""A state of a world: its cores, what is on its way between them, and what may still go wrong."""

import hashlib
from array import array
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from .cells import FORM_BYTES, Cell, Packet, Part
from .facts import Facts

Way = tuple[Packet, ...]
"""What is on its way from one to another, in order."""


class Left(msgspec.Struct, frozen=True, array_like=True):
    """How often each may still happen."""

    losses: int
    duplicates: int
    reorders: int
    overtakes: int
    crashes: int
    lost_tails: int
    orders: int


class Move(NamedTuple):
    """A step of the world: what happens, and to whom or on which way."""

    kind: str
    where: int = 0
    which: int = 0


class State(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A state. ``ways`` are numbered as :class:`Ways` has it; ``act`` is the number of the next act from outside, and
    ``free`` that of the next that comes at any time.

    ``lives`` counts the lives of each core, and ``epochs`` those of its journals.
    """

    now: datetime
    cells: tuple[Cell, ...]
    ways: tuple[Way, ...]
    act: int
    free: int
    left: Left
    lives: tuple[int, ...]
    epochs: tuple[int, ...]
    facts: Facts

    @property
    def key(self) -> bytes:
        """The same for states that differ in nothing but the numbers of messages."""
        digest = hashlib.blake2b(digest_size=FORM_BYTES)
        numbers: dict[bytes, int] = {}
        head = (self.now, self.act, self.free, self.left, self.lives, self.epochs)
        _join(digest, self.facts.part, numbers)
        digest.update(msgspec.json.encode(head))
        for cell in self.cells:
            _join(digest, cell, numbers)
        for way in self.ways:
            digest.update(b"/")
            for packet in way:
                _join(digest, packet, numbers)
        return digest.digest()


def _join(digest: "hashlib.blake2b", part: Part, numbers: dict[bytes, int]) -> None:
    digest.update(part.form)
    digest.update(array("H", [numbers.setdefault(name, len(numbers)) for name in part.names]).tobytes())


class Ways:
    """Numbers of the ways between parties, and from outside to each."""

    def __init__(self, parties: tuple[str, ...]) -> None:
        self.parties: Final = parties
        self.count: Final = len(parties)
        self.number_of: Final = {party: number for number, party in enumerate(parties)}
        self.total: Final = self.count * (self.count + 1)

    def between(self, source: int, to: int) -> int:
        """The way from this party to that."""
        return source * self.count + to

    def from_outside(self, to: int) -> int:
        """The way from outside to this party."""
        return self.count * self.count + to

    def end(self, way: int) -> int:
        """The party to which this way leads."""
        return way % self.count

    def into(self, to: int) -> tuple[int, ...]:
        """All ways to this party."""
        return tuple(range(to, self.total, self.count))

    def is_between(self, way: int) -> bool:
        """Whether this way joins two parties."""
        return way < self.count * self.count
