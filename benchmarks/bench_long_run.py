"""The memory of a whole stack in a long live run: by how much each process grows after its first fifth.

Example: python benchmarks/bench_long_run.py --minutes 2
         python benchmarks/bench_long_run.py --minutes 31 --speed 60

Broker, monitor, both centres, the sky and the director, each a process, play `valley-2017`. A process that has ended,
or has grown by more than ``--most-mb``, fails the run (exit code 1).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench_plans import resident_mb
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.children import die_with_parent
from sizes import parsed

SERVICES: Final = ("monitor", "aoc us", "aoc ru", "sky", "director")
PACED: Final = ("sky", "director")
WARM: Final = 0.2
EVERY_S: Final = 1.0

Processes = dict[str, "subprocess.Popen[bytes]"]


def started(broker: EmbeddedBroker, data: Path, speed: float) -> Processes:
    """The services of the run, by name."""
    command = [sys.executable, "-m", "hotline_services.cli.main", "run"]
    options = ["--scenario", "valley-2017", "--broker", broker.url, "--data", str(data), "--log-level", "warning"]
    with (data / "log").open("wb") as log:
        return {
            name: subprocess.Popen(
                [*command, *name.split(), *options, *(["--speed", str(speed)] if name in PACED else [])],
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),  # noqa: PLW1509
            )
            for name in SERVICES
        }


def watched(services: Processes, seconds: float) -> dict[str, list[float]]:
    """The memory of each process in MB, once a second after the first fifth; ends early when a process has ended."""
    began = time.monotonic()
    memory: dict[str, list[float]] = {name: [] for name in services}
    while (passed := time.monotonic() - began) < seconds:
        if any(process.poll() is not None for process in services.values()):
            break
        if passed >= WARM * seconds:
            for name, process in services.items():
                memory[name].append(resident_mb(process))
        time.sleep(EVERY_S)
    return memory


def show(memory: dict[str, list[float]], ended: list[str], most_mb: float, console: Console) -> bool:
    """Print the figures. Return True if all is as it is wanted."""
    table = Table("process", "MB after the first fifth", "MB at the end", "grown by")
    grown = {name: read[-1] - read[0] if read else 0.0 for name, read in memory.items()}
    for name, read in memory.items():
        ends = (f"{read[0]:.0f}", f"{read[-1]:.0f}") if read else ("", "")
        table.add_row(name, *ends, f"{grown[name]:.1f}")
    console.print(table)
    for name in ended:
        console.print(f"{name} has ended")
    return not ended and all(memory.values()) and max(grown.values()) <= most_mb


def main() -> None:
    """Run it; the exit code is 1 when a process has ended or has grown too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--speed", type=float, default=60)
    parser.add_argument("--most-mb", type=float, default=10, help="what a process may grow by")
    options = parsed(parser, minutes=0.2, most_mb=1000.0)
    with tempfile.TemporaryDirectory(prefix="hotline-long-") as folder, EmbeddedBroker() as broker:
        services = started(broker, Path(folder), options.speed)
        memory = watched(services, options.minutes * 60)
        ended = [name for name, process in services.items() if process.poll() is not None]
        for process in services.values():
            process.terminate()
        for process in services.values():
            process.wait(30)
    sys.exit(not show(memory, ended, options.most_mb, Console(width=130)))


if __name__ == "__main__":
    main()
