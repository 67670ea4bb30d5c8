"""How long a centre takes to come back after a month: with snapshots in its journal, and without.

Example: python benchmarks/bench_recovery.py --days 30 --repeats 3

The journals are those of one side of a simulated month. One of them keeps no snapshots and is replayed from its
beginning; the other keeps them, as a live service does, and is pruned. Recovery is what a restarted service does before
it takes anything in. Beside it stands what reading and decoding the whole journal takes alone. Each is measured in a
process of its own, without the start of Python. Then what a snapshot costs the running service.
"""

import argparse
import json
import shutil
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

from hotline_protocol.core import Core, Value
from hotline_protocol.message import Message
from hotline_protocol.names import DIRECTOR, SKY
from hotline_protocol.topics import EVENT, HEALTH, INJECT, STATUS, is_kept
from hotline_services.director.play import Director, expand, troubles
from hotline_services.director.scenario import read_scenario
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.replay import Past, replay, restore, state_of
from hotline_services.runtime.store import SNAPSHOT_EVERY, Heard
from hotline_services.simulation.network import NetworkModel
from hotline_services.simulation.shell import Simulation
from hotline_services.world import centre, sky
from sizes import parsed

WANTED_S: Final = 2.0
BATCH: Final = 50
ALONE, REPLAYED = "read and decoded alone", "without snapshots"
NEWEST, BEFORE = "with the newest snapshot", "with the one before it"
WHOLE, SHORT = "whole.sqlite3", "short.sqlite3"
FILES: Final = {ALONE: WHOLE, REPLAYED: WHOLE, NEWEST: SHORT, BEFORE: SHORT}


class Journaled:
    """A core whose inputs and outputs go to journals, as in a live service: one without snapshots, and one with them.

    ``held_ms`` is how long each snapshot held up the service, ``encoded_ms`` how long it was encoded beside it.
    """

    def __init__(self, core: Core, journals: Sequence[Journal]) -> None:
        self._core: Final = core
        self._journals: Final = journals
        self._past: Final = Past()
        self._heard: list[Heard] = []
        self._said: list[Message] = []
        self.inputs = 0
        self.held_ms: Final[list[float]] = []
        self.encoded_ms: Final[list[float]] = []
        self.snapshot_kb = 0.0

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
        self._past.remember(heard)
        self._past.tail.tell(said)
        if len(self._heard) >= BATCH:
            self.write()
        return said

    def write(self) -> None:
        """Write what is left, all of it as arrived, and a snapshot when it is time."""
        for journal in self._journals:
            journal.commit(self._heard, self._said, [])
            journal.commit([], [], [message.id for message in self._said])
            if journal.wants_snapshot and isinstance(self._core, Value):
                self._take_snapshot(journal, self._core)
            journal.tidy()
        self._heard, self._said = [], []

    def _take_snapshot(self, journal: Journal, core: Value) -> None:
        began_s = time.perf_counter()
        core, memory = core.clone(), self._past.save()
        held_s = time.perf_counter()
        state = state_of(core, memory)
        self.encoded_ms.append((time.perf_counter() - held_s) * 1_000)
        self.held_ms.append((held_s - began_s) * 1_000)
        self.snapshot_kb = len(state) / 1_000
        journal.keep_snapshot(journal.place(), state)


def write_month(name: str, party: str, days: int, folder: Path, snapshot_every: int) -> Journaled:
    """Simulate so many days, and keep two journals of one side, which begin alike."""
    scenario = read_scenario(name)
    torn, faults = troubles(scenario, NetworkModel())
    start = scenario.start.astimezone(UTC)
    simulation = Simulation(start, scenario.seed, torn, faults)
    Journal(folder / WHOLE, party).close()
    shutil.copy(folder / WHOLE, folder / SHORT)
    with (
        closing(Journal(folder / WHOLE, party, snapshot_every=0)) as whole,
        closing(Journal(folder / SHORT, party, snapshot_every=snapshot_every)) as short,
    ):
        noted = Journaled(centre(scenario, party, scenario.seed, whole.epoch), (whole, short))
        for side in scenario.agreement.parties:
            make = partial(centre, scenario, side, scenario.seed)
            simulation.add(side, (lambda: noted) if side == party else make, hears=[HEALTH])
        simulation.add(DIRECTOR, partial(Director, expand(scenario, scenario.seed, days)))
        if scenario.sky is not None:
            moves = [EVENT] if scenario.agreement.line_review else []
            simulation.add(SKY, partial(sky, scenario, scenario.seed), hears=[STATUS, INJECT, *moves])
        simulation.run(start + timedelta(days=days))
        noted.write()
    return noted


def measure(what: str, name: str, party: str, path: Path) -> dict[str, float]:
    """Seconds, of the wall clock and of the processor, and inputs that were replayed, in this process."""
    scenario = read_scenario(name)
    wall, cpu = time.perf_counter(), time.process_time()
    replayed = 0
    with closing(Journal(path, party)) as journal:
        recovered = journal.recover()
        make = partial(centre, scenario, party, scenario.seed, journal.epochs[0])
        if what == ALONE:
            for _ in (*recovered.heard, *(recovered.said or ())):
                pass
        else:
            core, past = make(), Past()
            if what == BEFORE:
                recovered = recovered._replace(snapshots=recovered.snapshots[1:])
            replayed = sum(1 for _ in replay(core, restore(core, recovered, past, make), past))
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu, "replayed": replayed}


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
    parser.add_argument("--snapshot-every", type=int, default=SNAPSHOT_EVERY, help="inputs")
    options = parsed(parser, days=1, repeats=1, snapshot_every=100)
    if options.one:
        what, name, party, path = json.loads(options.one)
        print(json.dumps(measure(what, name, party, Path(path))))
        return
    with tempfile.TemporaryDirectory(prefix="hotline-recovery-") as name:
        folder = Path(name)
        noted = write_month(options.scenario, options.party, options.days, folder, options.snapshot_every)
        figures: dict[str, list[Any]] = {what: [] for what in FILES}
        for _ in range(options.repeats):  # in turns, so that all meet the same weather
            for what, found in figures.items():
                found.append(child(what, options.scenario, options.party, folder / FILES[what]))
        size_mb = {file: (folder / file).stat().st_size / 1e6 for file in (WHOLE, SHORT)}
    table = Table(
        "", "journal MB", "inputs replayed", "processor s", "wall s",
        title=f"{options.days} days of {options.scenario}: {noted.inputs:,} inputs of {options.party}",
    )  # fmt: skip
    for what, found in figures.items():
        cpu, wall, replayed = (statistics.median(one[key] for one in found) for key in ("cpu_s", "wall_s", "replayed"))
        table.add_row(what, f"{size_mb[FILES[what]]:.1f}", f"{replayed:,.0f}", f"{cpu:.2f}", f"{wall:.2f}")
    Console(width=130).print(table)
    print(f"median of {options.repeats}; wanted: {WANTED_S:g} s whatever the length")
    if noted.held_ms:
        print(
            f"{len(noted.held_ms)} snapshots, {noted.snapshot_kb:.0f} kB at the end: the service held up for "
            f"{max(noted.held_ms):.2f} ms at most, encoded beside it in {max(noted.encoded_ms):.1f} ms at most"
        )


if __name__ == "__main__":
    main()
