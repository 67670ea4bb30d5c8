"""A damaged journal: what is sound of it is written into a new file, and all of the old one kept as evidence.

Whatever interrupts this, the next start finds either the old file or the complete new one.
"""

import contextlib
import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

from .wal import log_of


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def keep_evidence(path: Path) -> Path:
    """Copy this journal and SQLite's log of it; returns the name of the copy."""
    evidence = next(name for n in count(1) if not (name := _beside(path, f".damaged-{n}")).exists())
    shutil.copyfile(path, evidence)
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(log_of(path), log_of(evidence))
    return evidence


def write_anew(path: Path, write: Callable[[Path], None]) -> None:
    """Have the sound part written to a file beside this one, to be put in its place by :func:`put_in_place`."""
    draft = _beside(path, ".rebuilding")
    _remove(draft)
    write(draft)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(_beside(path, ".rebuilt"))


def put_in_place(path: Path) -> None:
    """Put the file that was written anew, if there is one, in the place of the damaged one."""
    rebuilt = _beside(path, ".rebuilt")
    if rebuilt.exists():
        for ending in ("-wal", "-shm"):
            _beside(path, ending).unlink(missing_ok=True)
        rebuilt.replace(path)


def _remove(path: Path) -> None:
    for name in (path, *(_beside(path, ending) for ending in ("-wal", "-shm", "-journal"))):
        name.unlink(missing_ok=True)
