"""What a search reports: the graph that it has reached, and the first path to something that must never be."""

import msgspec

from .state import Move


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A counterexample: what must never be, and the moves that lead to it from the first state."""

    faults: tuple[str, ...]
    moves: tuple[Move, ...]


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """What has been reached. ``digest`` is one of all turns of cores: what was heard when, and what was said to that.

    ``complete``: no state is left to be looked at.
    """

    world: str
    states: int
    transitions: int
    depth: int
    digest: str
    complete: bool
    found: Found | None = None
