"""Explore each shipped world and compare its graph with the kept one; ``--write`` keeps those of this program."""

import argparse
import gc
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import msgspec

from hotline_services.explore.graph import Graph
from hotline_services.explore.kept import FILE, Kept, KeptGraph, compare, kept_graphs
from hotline_services.explore.search import Search
from hotline_services.explore.world import read_world, shipped_worlds, worlds_folder


def explored(name: str) -> tuple[Graph, float]:
    """The graph of this shipped world, and how many seconds that took."""
    gc.disable()
    began = time.perf_counter()
    graph = Search.alone(read_world(name)).run()
    return graph, time.perf_counter() - began


def main() -> int:
    """Print what differs; exit with 1 when something does, or something that must never be is found."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="example: tools/graphs.py --write")
    parser.add_argument("--workers", type=int, default=2, help="worlds at a time (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help="keep the graphs of this program")
    parser.add_argument("worlds", nargs="*", help="names of shipped worlds (default: all)")
    given = parser.parse_args()
    kept = kept_graphs()
    found: dict[str, KeptGraph] = {}
    wrong = 0
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for graph, seconds in pool.map(explored, given.worlds or shipped_worlds()):
            how = compare(graph, kept)
            size = f"{graph.states:,} states, {graph.transitions:,} transitions, {seconds:.1f} s"
            faults = graph.found.faults if graph.found else ()
            print(f"{graph.world}: {size}; {how.value}", *faults, sep="\n  ", flush=True)
            wrong += bool(faults) or how is not Kept.AS_KEPT
            found[graph.world] = KeptGraph(states=graph.states, digest=graph.digest)
    if given.write:
        both = dict(sorted((kept | found).items()))
        file = worlds_folder() / FILE
        file.write_bytes(msgspec.json.format(msgspec.json.encode(both), indent=1) + b"\n")
        return 0
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
