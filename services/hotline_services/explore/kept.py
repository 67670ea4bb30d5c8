"""The graphs of the shipped worlds as they are kept: a change of a core that no invariant sees changes one of them."""

import enum
from pathlib import Path
from typing import Final

import msgspec

from .graph import Graph
from .world import worlds_folder

FILE: Final = "graphs.json"


class Kept(enum.Enum):
    """Result of comparing a graph with the stored one."""

    AS_KEPT = "as kept"
    OTHERWISE = "another graph than the one that is kept"
    NONE = "no graph of it is kept"


class KeptGraph(msgspec.Struct, frozen=True, kw_only=True):
    """Number of all states of a world, and digest of what was heard and said in it."""

    states: int
    digest: str


def kept_graphs(folder: Path | None = None) -> dict[str, KeptGraph]:
    """The kept graphs by the world's name."""
    file = (folder or worlds_folder()) / FILE
    return msgspec.json.decode(file.read_bytes(), type=dict[str, KeptGraph]) if file.is_file() else {}


def compare(graph: Graph, kept: dict[str, KeptGraph]) -> Kept:
    """Whether a complete graph is as it is kept."""
    known = kept.get(graph.world)
    if known is None or not graph.complete:
        return Kept.NONE
    return Kept.AS_KEPT if known == KeptGraph(states=graph.states, digest=graph.digest) else Kept.OTHERWISE
