"""The garbage collector while a run is built and played."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

OBJECTS_BETWEEN_COLLECTIONS: Final = 500_000


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Look for unreachable cycles after half a million new objects, and not after some hundreds.

    A month of valley-2017 leaves no cycle. Looking after each hundred thousand objects took a twentieth of it: what is
    looked through are the plans, offers and messages that are still wanted. While a run is built, it would also be
    everything that has been imported.
    """
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
