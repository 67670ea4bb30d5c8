"""How long a centre takes to come back after a month: its journal opened, read, and played to a fresh core.

Example: python benchmarks/bench_recovery.py --days 30 --repeats 3

The journal is that of one side of a simulated month, with all that it heard and said. Recovery is what a restarted
service does before it takes anything in. Beside it stands what reading and decoding the journal takes alone. Each is
measured in a process of its own, without the start of Python.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from hotline_protocol.core import Core
from hotline_protocol.message import Message
from hotline_protocol.names import DIRECTOR, SKY
from hotline_protocol.topics import EVENT, HEALTH, INJECT, STATUS, is_kept
from hotline_services.director.play import Director, expand, troubles
from hotline_services.director.scenario import read_scenario
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.replay import Past, replay
from hotline_services.runtime.store import Heard
from hotline_services.simulation.network import NetworkModel
from hotline_services.simulation.shell import Simulation
from hotline_services.world import centre, sky
from sizes import parsed

WANTED_S: Final = 2.0
BATCH: Final = 50
ALONE, RECOVERED = "read and decoded", "recovered"


class Journaled:
    """A core whose inputs and outputs go to a journal, as in a live service."""

    def __init__(self, core: Core, journal: Journal) -> None:
        self._core: Final = core
        self._journal: Final = journal
        self._heard: list[Heard] = []
        self._said: list[Message] = []
        self.inputs = 0

    @property
    def next_deadline(self) -> datetime | None:
        """The core's."""
        return self._core.next_deadline

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        """Hand it on, and note it."""
        return self._note(Heard(now, message), self._core.receive(message, now))

    def lapse(self, now: datetime) -> Sequence[Message]:
        """As above."""
        return self._note(Heard(now, None), self._core.lapse(now))

    def _note(self, heard: Heard, said: Sequence[Message]) -> Sequence[Message]:
        self.inputs += 1
        self._heard.append(heard)
        self._said.extend(filter(is_kept, said))
        if len(self._heard) >= BATCH:
            self.write()
        return said

    def write(self) -> None:
        """Write what is left, all of it as arrived."""
        self._journal.commit(self._heard, self._said, [])
        self._journal.commit([], [], [message.id for message in self._said])
        self._heard, self._said = [], []


def write_month(name: str, party: str, days: int, path: Path) -> int:
    """Simulate so many days, and keep the journal of one side; returns how many inputs it holds."""
    scenario = read_scenario(name)
    torn, faults = troubles(scenario, NetworkModel())
    start = scenario.start.astimezone(UTC)
    simulation = Simulation(start, scenario.seed, torn, faults)
    with closing(Journal(path, party)) as journal:
        noted = Journaled(centre(scenario, party, scenario.seed, journal.epoch), journal)
        for side in scenario.agreement.parties:
            make = partial(centre, scenario, side, scenario.seed)
            simulation.add(side, (lambda: noted) if side == party else make, hears=[HEALTH])
        simulation.add(DIRECTOR, partial(Director, expand(scenario, scenario.seed, days)))
        if scenario.sky is not None:
            moves = [EVENT] if scenario.agreement.line_review else []
            simulation.add(SKY, partial(sky, scenario, scenario.seed), hears=[STATUS, INJECT, *moves])
        simulation.run(start + timedelta(days=days))
        noted.write()
    return noted.inputs


def measure(what: str, name: str, party: str, path: Path) -> dict[str, float]:
    """Seconds, of the wall clock and of the processor, in this process."""
    scenario = read_scenario(name)
    wall, cpu = time.perf_counter(), time.process_time()
    with closing(Journal(path, party)) as journal:
        recovered = journal.recover()
        if what == ALONE:
            for _ in (*recovered.heard, *(recovered.said or ())):
                pass
        else:
            for _ in replay(centre(scenario, party, scenario.seed, journal.epochs[0]), recovered, Past()):
                pass
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def child(*arguments: object) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--one", json.dumps([str(one) for one in arguments])]
    figures: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return figures


def main() -> None:
    """Write a journal, and recover from it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="?", default="valley-2017")
    parser.add_argument("--party", default="us")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parsed(parser, days=1, repeats=1)
    if options.one:
        what, name, party, path = json.loads(options.one)
        print(json.dumps(measure(what, name, party, Path(path))))
        return
    with tempfile.TemporaryDirectory(prefix="hotline-recovery-") as folder:
        path = Path(folder) / f"{options.party}.sqlite3"
        inputs = write_month(options.scenario, options.party, options.days, path)
        figures: dict[str, list[Any]] = {ALONE: [], RECOVERED: []}
        for _ in range(options.repeats):  # in turns, so that both meet the same weather
            for what, found in figures.items():
                found.append(child(what, options.scenario, options.party, path))
        size_mb = sum(one.stat().st_size for one in path.parent.iterdir()) / 1e6
    title = f"{options.days} days of {options.scenario}: {inputs:,} inputs of {options.party}, {size_mb:.1f} MB"
    table = Table("", "processor s", "wall s", title=title)
    for what, found in figures.items():
        cpu, wall = (statistics.median(one[clock] for one in found) for clock in ("cpu_s", "wall_s"))
        table.add_row(what, f"{cpu:.2f}", f"{wall:.2f}")
    Console().print(table)
    print(f"median of {options.repeats}; wanted, once there are snapshots: {WANTED_S:g} s whatever the length")


if __name__ == "__main__":
    main()
