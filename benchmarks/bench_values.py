"""How long it takes to clone a centre and a whole run, to take their fingerprints, and to write them down."""

import argparse
import copy
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from hotline_protocol.line import Counter
from hotline_protocol.message import Message
from hotline_services.aoc.centre import Centre
from hotline_services.director.scenario import read_scenario
from hotline_services.simulation.network import NetworkModel
from hotline_services.simulation.shell import Simulation
from hotline_services.world import build
from sizes import parsed

REPEATS = 5
WARMED = 50


def microseconds(do: Callable[[], object], seconds: float) -> float:
    """The best of some means, each taken for so long."""
    for _ in range(WARMED):
        do()
    return min(_mean(do, seconds) for _ in range(REPEATS)) * 1e6


def _mean(do: Callable[[], object], seconds: float) -> float:
    start, times = time.process_time(), 0
    while (gone := time.process_time() - start) < seconds:
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


def row(centre: Centre, seconds: float) -> list[float]:
    """Microseconds for each column."""
    now = centre.parts.state.now
    what: tuple[Callable[[], object], ...] = (
        centre.clone,
        centre.fingerprint,
        lambda: centre.fingerprint(now),
        centre.save,
        lambda: copy.deepcopy(centre),
    )
    return [microseconds(do, seconds) for do in what]


def runs() -> Iterator[tuple[str, Simulation]]:
    """Whole runs with a sky, at noon of a day: on a perfect network, and on one that loses something."""
    scenario = read_scenario("valley-2017")
    for name, network in (("perfect network", None), ("faulty network", NetworkModel(jitter_s=0.01, loss=0.01))):
        simulation = build(scenario, seed=1, days=2, network=network)
        simulation.run(simulation.start + timedelta(hours=36))
        yield name, simulation


def print_runs(seconds: float) -> None:
    """Print one row for each whole run."""
    print("\n| us, valley-2017 after 36 hours | clone | fingerprint | canonical | save | step | bytes saved |")
    print("|---|---|---|---|---|---|---|")
    for name, run in runs():
        what = (run.clone, run.fingerprint, partial(run.fingerprint, run.now), run.save, run.clone().step)
        cells = " | ".join(f"{microseconds(do, seconds):,.1f}" for do in what)
        print(f"| {name} | {cells} | {len(run.save()):,} |")


def main() -> None:
    """Print one row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.2, help="for each mean (default: %(default)s)")
    seconds = parsed(parser, seconds=0.001).seconds
    print("| us | clone | fingerprint | canonical | save | deepcopy | bytes saved |")
    print("|---|---|---|---|---|---|---|")
    for name, centre in stations():
        cells = " | ".join(f"{figure:,.1f}" for figure in row(centre, seconds))
        print(f"| {name} | {cells} | {len(centre.save()):,} |")
    print_runs(seconds)


if __name__ == "__main__":
    main()
