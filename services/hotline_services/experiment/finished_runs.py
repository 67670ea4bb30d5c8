"""The runs of an experiment that are done, a JSON line each: what is in here is not done again."""

import os
from pathlib import Path
from typing import Final

import msgspec

from .analysis.running import Finished

NAME: Final = "runs.jsonl"


class JournalError(Exception):
    """The journal cannot be used; the message says where and why."""


class RunJournal:
    """Opens the journal in a folder, and reads what is in it. Raises JournalError.

    A line is written in one piece, so a process that dies leaves at most a last line that is cut off: that run counts
    as not done, and the line is removed.
    """

    def __init__(self, folder: Path) -> None:
        self._path: Final = folder / NAME
        self._encoder: Final = msgspec.json.Encoder()
        self.done: Final[dict[str, Finished]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file: Final = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise JournalError(f"{error.filename}: {error.strerror}") from error
        self._read()

    def _read(self) -> None:
        whole, newline, cut_off = self._path.read_bytes().rpartition(b"\n")
        if cut_off:
            os.ftruncate(self._file, len(whole) + len(newline))
        decoder = msgspec.json.Decoder(Finished)
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                finished = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise JournalError(f"{self._path}, line {number}: not a finished run: {error}") from error
            self.done[finished.key] = finished

    def add(self, finished: Finished) -> None:
        """Write this run down. Raises JournalError when it cannot be: the run then counts as not done."""
        line = self._encoder.encode(finished) + b"\n"
        try:
            while line:  # a disk that is all but full takes a part, and says why only when it is given the rest
                line = line[os.write(self._file, line) :]
        except OSError as error:
            raise JournalError(f"{self._path}: {error.strerror}") from error
        self.done[finished.key] = finished

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
