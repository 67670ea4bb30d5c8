"""How long it takes to clone a centre, to take its fingerprint, and to write it down, and how large that is."""

import copy
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from hotline_protocol.line import Counter
from hotline_protocol.message import Message
from hotline_services.aoc.centre import Centre
from hotline_services.director.scenario import read_scenario
from hotline_services.simulation.shell import Simulation
from hotline_services.world import build

REPEATS = 5
WARMED = 50
SECONDS = 0.2


def microseconds(do: Callable[[], object]) -> float:
    """The best of some means."""
    for _ in range(WARMED):
        do()
    return min(_mean(do) for _ in range(REPEATS)) * 1e6


def _mean(do: Callable[[], object]) -> float:
    start, times = time.process_time(), 0
    while (gone := time.process_time() - start) < SECONDS:
        do()
        times += 1
    return gone / times


def centres(simulation: Simulation) -> Iterator[Centre]:
    """The centres of this simulation."""
    for name in ("us", "ru"):
        core = simulation.core(name)
        assert isinstance(core, Centre)
        yield core


def stations() -> Iterator[tuple[str, Centre]]:
    """A centre that idles, one in the middle of a negotiation, and one after a day."""
    scenario = read_scenario("valley-day")
    simulation = build(scenario, seed=1)
    simulation.run(simulation.start)
    yield "idle", next(centres(simulation))
    bargaining: list[str] = []

    def note(message: Message, _: object) -> None:
        if isinstance(message, Counter):
            bargaining.append(message.negotiation_id)

    while not bargaining or not any(centre.open_negotiations() for centre in centres(simulation)):
        simulation.run(simulation.now + timedelta(seconds=10), note)
    yield "in a negotiation", next(centre for centre in centres(simulation) if centre.open_negotiations())
    simulation.run(simulation.start + timedelta(days=1))
    yield "after a day of valley-day", next(centres(simulation))


def row(centre: Centre) -> list[float]:
    """Microseconds for each column."""
    now = centre.parts.state.now
    canonical = microseconds(lambda: centre.fingerprint(now))
    figures = [microseconds(centre.clone), microseconds(centre.fingerprint), canonical]
    return [*figures, microseconds(centre.save), microseconds(lambda: copy.deepcopy(centre))]


def main() -> None:
    """Print one row for each."""
    print("| us | clone | fingerprint | canonical | save | deepcopy | bytes saved |")
    print("|---|---|---|---|---|---|---|")
    for name, centre in stations():
        cells = " | ".join(f"{figure:,.1f}" for figure in row(centre))
        print(f"| {name} | {cells} | {len(centre.save()):,} |")


if __name__ == "__main__":
    main()
