"""The digest of a shipped scenario's run: SHA-256 of its recording without the header line."""

import hashlib
import io
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast

from hotline_services.director.scenario import read_scenario
from hotline_services.resources import scenarios_folder
from hotline_services.runtime.recording import Header, RecordingWriter
from hotline_services.world import build

KEPT = Path(__file__).with_suffix(".json")
SEEDS = range(1, 6)


class Hashing(io.RawIOBase):
    """A file that keeps the digest of what is written to it, and nothing else."""

    def __init__(self) -> None:
        self.sha = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        self.sha.update(view)
        return view.nbytes


def shipped() -> list[str]:
    """The names of the shipped scenarios."""
    return sorted(path.stem for path in scenarios_folder().glob("*.toml"))


def digest(name: str, seed: int) -> str:
    """SHA-256 in hex of everything that a run of this scenario records after the header."""
    scenario = read_scenario(name)
    simulation = build(scenario, seed)
    file = Hashing()
    header = Header(
        scenario=name,
        seed=seed,
        start=simulation.start,
        days=scenario.days,
        agreement=scenario.agreement.digest,
    )
    writer = RecordingWriter(cast("BinaryIO", file), header)
    file.sha = hashlib.sha256()
    simulation.run(simulation.start + timedelta(days=scenario.days), writer.write)
    return file.sha.hexdigest()
