"""Chance that can be repeated: one seed, and a stream of its own for every purpose."""

import hashlib
import random
from array import array
from struct import Struct
from typing import Final

_EIGHT: Final = Struct(">8I")


class Chance:
    """All the chance of one run.

    Streams are independent of each other: drawing more for one purpose leaves what the others draw as it was.
    Use only ``random()`` of a stream: it is the one method that gives the same numbers on every version of Python.
    """

    def __init__(self, seed: int) -> None:
        self.seed: Final = seed

    def stream(self, purpose: str) -> random.Random:
        """A new generator at the beginning of this purpose's stream."""
        return random.Random(int.from_bytes(self._digest(purpose), "big"))  # noqa: S311  repeatable, not secret

    def share(self, purpose: str) -> float:
        """One number of its own for this purpose, 0 to less than 1: the same however often and whenever it is asked.

        Name the purpose by what is decided (a plan, a negotiation and its round), never by a running number: then a
        run in which something else is changed decides the same.
        """
        return int.from_bytes(self._digest(purpose)[:6], "big") / 2**48

    def shares(self, purpose: str) -> tuple[float, ...]:
        """Eight such numbers for a purpose that decides several things at once: each has its place among them."""
        return tuple([number / 2**32 for number in _EIGHT.unpack(self._digest(purpose))])

    def _digest(self, purpose: str) -> bytes:
        return hashlib.sha256(f"{self.seed}/{purpose}".encode()).digest()


class Draws:
    """The numbers of one purpose's stream by position, from 0 on. They are kept: whoever has copied a run at a position
    draws what the original draws.
    """

    def __init__(self, chance: Chance, purpose: str) -> None:
        self._next: Final = chance.stream(purpose).random
        self._drawn: Final = array("d")

    def __getitem__(self, position: int) -> float:
        drawn = self._drawn
        while len(drawn) <= position:
            drawn.append(self._next())
        return drawn[position]
