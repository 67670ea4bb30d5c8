"""Chance that can be repeated: one seed, and a stream of its own for every purpose."""

import hashlib
import random
from typing import Final


class Chance:
    """All the chance of one run.

    Streams are independent of each other: drawing more for one purpose leaves what the others draw as it was.
    Use only ``random()`` of a stream: it is the one method that gives the same numbers on every version of Python.
    """

    def __init__(self, seed: int) -> None:
        self.seed: Final = seed

    def stream(self, purpose: str) -> random.Random:
        """A new generator at the beginning of this purpose's stream."""
        digest = hashlib.sha256(f"{self.seed}/{purpose}".encode()).digest()
        return random.Random(int.from_bytes(digest, "big"))  # noqa: S311  repeatable, not secret
