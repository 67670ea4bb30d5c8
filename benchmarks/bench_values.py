"""How long it takes to clone a centre and a whole run, to take their fingerprints, to write them down, and to explore.

The first table has what is wanted, and beside it what ``copy.deepcopy`` takes of the same states in the program of an
earlier commit, which had nothing else: its centres and runs cannot be pickled.
"""

import argparse
import copy
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bench_before import COMMIT, check_out, environment
from hotline_protocol.line import Counter
from hotline_protocol.message import Message
from hotline_services.director.scenario import read_scenario
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


def centres(simulation: Any) -> Iterator[Any]:
    """The centres of this simulation."""
    return (simulation.core(name) for name in ("us", "ru"))


def stations() -> Iterator[tuple[str, Any]]:
    """A centre that idles, one in the middle of a negotiation, and one after a day: of either program."""
    simulation = build(read_scenario("valley-day"), seed=1)
    simulation.run(simulation.start)
    yield "idle", next(centres(simulation))
    simulation = bargaining()
    yield "in a negotiation", next(centre for centre in centres(simulation) if centre.open_negotiations())
    simulation.run(simulation.start + timedelta(days=1))
    yield "after a day of valley-day", next(centres(simulation))


def bargaining() -> Any:
    """A run of valley-day that has come to the first negotiation in which more than one offer is made."""
    simulation = build(read_scenario("valley-day"), seed=1)
    heard: list[str] = []

    def note(message: Message, _: object) -> None:
        if isinstance(message, Counter):
            heard.append(message.negotiation_id)

    while not heard or not any(centre.open_negotiations() for centre in centres(simulation)):
        simulation.run(simulation.now + timedelta(seconds=10), note)
    return simulation


def row(centre: Any, seconds: float) -> list[float]:
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


def run_at_noon(network: Any = None) -> Any:
    """A whole run with a sky, at noon of a day: of either program."""
    simulation = build(read_scenario("valley-2017"), seed=1, days=2, network=network)
    simulation.run(simulation.start + timedelta(hours=36))
    return simulation


def runs() -> Iterator[tuple[str, Any]]:
    """A run on a perfect network, and the same run on a network that loses messages."""
    from hotline_services.simulation.network import NetworkModel

    yield "perfect network", run_at_noon()
    yield "faulty network", run_at_noon(NetworkModel(jitter_s=0.01, loss=0.01))


# What is wanted ---------------------------------------------------------------------------------------------


def deep_copies(seconds: float) -> dict[str, float]:
    """Microseconds of ``copy.deepcopy`` of what is cloned."""
    states = (*stations(), ("run", run_at_noon()))
    return {f"clone, {name}": microseconds(partial(copy.deepcopy, state), seconds) for name, state in states}


def before(seconds: float) -> dict[str, float]:
    """The same of the earlier program, in a process of its own; nothing where its commit is not at hand."""
    with tempfile.TemporaryDirectory() as folder:
        if fault := check_out(COMMIT, Path(folder)):
            print(f"bench_values: {fault}", file=sys.stderr)
            return {}
        command = [sys.executable, __file__, "--deep-copies", "--seconds", str(seconds)]
        said = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, env=environment(Path(folder))
        ).stdout
    figures: dict[str, float] = json.loads(said.splitlines()[-1])
    return figures


def transitions(world: str) -> float:
    """How many transitions of this shipped world are explored in a second of one processor."""
    from bench_explore import explored

    graph, _, processor_s = explored(world)
    return graph.transitions / processor_s


def after_each_event(simulation: Any, events: int = 300) -> float:
    """Microseconds of the fingerprint of the centre that an event has changed, while a run goes on."""
    known = {centre.party: centre.fingerprint() for centre in centres(simulation)}
    spent, changes = 0.0, 0
    gc.disable()
    for _ in range(events):
        simulation.step()
        for centre in centres(simulation):
            start = time.process_time()
            fingerprint = centre.fingerprint()
            gone = time.process_time() - start
            if known[centre.party] != fingerprint:
                known[centre.party] = fingerprint
                spent, changes = spent + gone, changes + 1
    gc.enable()
    return spent / changes * 1e6


def print_wanted(seconds: float, world: str) -> None:
    """Print one row for each figure that is wanted: microseconds, but for the last."""
    earlier = before(seconds)
    states = dict(stations())
    run = run_at_noon()
    talking, after_a_day = states["in a negotiation"], states["after a day of valley-day"]
    figures: tuple[tuple[str, Callable[[], object], int], ...] = (
        ("clone, in a negotiation", talking.clone, 20),
        ("clone, after a day of valley-day", after_a_day.clone, 40),
        ("fingerprint, in a negotiation", talking.fingerprint, 40),
        ("fingerprint, after a day of valley-day", after_a_day.fingerprint, 40),
        ("clone, run", run.clone, 1_000),
    )
    print(f"| us | now | wanted | deepcopy at {COMMIT} |")
    print("|---|---|---|---|")
    for name, do, wanted in figures:
        then = f"{earlier[name]:,.0f}" if name in earlier else "-"
        print(f"| {name} | {microseconds(do, seconds):,.1f} | {wanted:,} at most | {then} |")
    each = min(after_each_event(bargaining()) for _ in range(REPEATS))
    print(f"| fingerprint, after each event of negotiations | {each:,.1f} | 40 at most | - |")
    print(f"| transitions explored a second ({world}) | {transitions(world):,.0f} | 5,000 at least | - |")


# All of it --------------------------------------------------------------------------------------------------


def print_runs(seconds: float) -> None:
    """Print one row for each whole run."""
    print("\n| us, valley-2017 after 36 hours | clone | fingerprint | canonical | save | step | bytes saved |")
    print("|---|---|---|---|---|---|---|")
    for name, run in runs():
        what = (run.clone, run.fingerprint, partial(run.fingerprint, run.now), run.save, run.clone().step)
        cells = " | ".join(f"{microseconds(do, seconds):,.1f}" for do in what)
        print(f"| {name} | {cells} | {len(run.save()):,} |")


def main() -> None:
    """Print what is wanted, then one row for each state."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0.2, help="for each mean (default: %(default)s)")
    parser.add_argument("--world", default="one-plan", help="that is explored (default: %(default)s)")
    parser.add_argument("--deep-copies", action="store_true", help=argparse.SUPPRESS)  # what a child is asked for
    asked = parsed(parser, seconds=0.001, world="peer-down")
    seconds = asked.seconds
    if asked.deep_copies:
        print(json.dumps(deep_copies(seconds)))
        return
    print_wanted(seconds, asked.world)
    print("\n| us | clone | fingerprint | canonical | save | deepcopy | bytes saved |")
    print("|---|---|---|---|---|---|---|")
    for name, centre in stations():
        cells = " | ".join(f"{figure:,.1f}" for figure in row(centre, seconds))
        print(f"| {name} | {cells} | {len(centre.save()):,} |")
    print_runs(seconds)


if __name__ == "__main__":
    main()
