"""Result of a search: the reached graph, and the first path to a broken invariant."""

import msgspec

from .state import Move


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A counterexample: what must never be, and the moves that lead to it from the first state."""

    faults: tuple[str, ...]
    moves: tuple[Move, ...]


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """The reached states. ``digest`` is computed from all turns of all cores: the input, its time, and the messages.

    ``complete``: no state is left to be looked at.
    """

    world: str
    states: int
    transitions: int
    depth: int
    digest: str
    complete: bool
    found: Found | None = None
