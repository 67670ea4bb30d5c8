"""How many transitions a second the explorer takes on one core, and how much of that are turns of centres."""

import argparse
import gc
import time

from hotline_services.explore.expander import Expander
from hotline_services.explore.graph import Graph
from hotline_services.explore.search import Here, Search
from hotline_services.explore.world import read_world

WANTED = 5_000


def explored(name: str) -> tuple[Graph, float, float]:
    """The state graph of this shipped world, and the seconds that it took: in all, and of one processor."""
    world = read_world(name)
    search = Search(world, [Here(Expander(world))])
    gc.disable()
    wall, processor = time.perf_counter(), time.process_time()
    search.begin()
    graph = search.run()
    wall_s, processor_s = time.perf_counter() - wall, time.process_time() - processor
    gc.enable()
    return graph, wall_s, processor_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, epilog="example: bench_explore.py --world two-plans")
    parser.add_argument("--world", default="one-plan", help="a shipped world (default: %(default)s)")
    parser.add_argument("--smoke", action="store_true", help="a small world, to see that it runs")
    asked = parser.parse_args()
    graph, wall_s, processor_s = explored("peer-down" if asked.smoke else asked.world)
    print(f"{graph.world}: {graph.states:,} states, {graph.transitions:,} transitions, depth {graph.depth}")
    print(f"{wall_s:.1f} s, of which {processor_s:.1f} s on the processor")
    print(f"{graph.transitions / processor_s:,.0f} transitions a second of the processor (wanted: {WANTED:,})")
    print(f"{graph.transitions / wall_s:,.0f} transitions a second of the wall")


if __name__ == "__main__":
    main()
