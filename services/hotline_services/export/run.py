"""A run to be exported or reported: a recording, or a monitor's record, read from its beginning as often as wanted."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Self

from hotline_services.records.liveheader import Told
from hotline_services.records.reading import RecordSource, is_record
from hotline_services.runtime.recording import Header, Recorded, RecordingError, RecordingReader
from hotline_services.runtime.store import StoreError, usable

EVERY: Final = 256

Tell = Callable[[int, int], None]
"""Called now and then with how much of how much has been read."""


def _nobody(_done: int, _of: int) -> None:
    """Nobody wants to know how far it is."""


class Run:
    """Everything that was said in a run, with its header. Raises StoreError when it cannot be read.

    With ``partial`` a recording ends where it can be read no further; ``cut_off`` then says where and why. Of a live
    run the header says no more than the record does.
    """

    def __init__(self, path: Path, *, partial: bool = False, tell: Tell = _nobody) -> None:
        self._path: Final = path
        self._partial: Final = partial
        self._tell: Final = tell
        self._record: RecordSource | None = RecordSource(path, tables=False) if is_record(path) else None
        self.cut_off = ""
        self.header: Final = self._record.header(Told()) if self._record else self._header_of_recording()

    def messages(self) -> Iterator[Recorded]:
        """Every message in the order in which it came. Raises StoreError where it cannot be read."""
        return self._recorded(self._record) if self._record else self._read()

    def close(self) -> None:
        """Let go of the file."""
        if self._record:
            self._record.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _header_of_recording(self) -> Header:
        try:
            with usable(self._path), self._path.open("rb") as file:
                return RecordingReader(file).header
        except RecordingError as error:
            raise StoreError(f"{self._path} is neither a monitor's record nor a recording: {error}.") from error

    def _recorded(self, record: RecordSource) -> Iterator[Recorded]:
        count = record.count
        for number, (at, message) in enumerate(record.messages()):
            if number % EVERY == 0:
                self._tell(number, count)
            yield Recorded(at=at, message=message)  # type: ignore[arg-type]  # a record holds only what was said

    def _read(self) -> Iterator[Recorded]:
        with usable(self._path), self._path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            try:
                for number, recorded in enumerate(RecordingReader(file)):
                    if number % EVERY == 0:
                        self._tell(file.tell(), size)
                    yield recorded
            except RecordingError as error:
                if not self._partial:
                    raise StoreError(f"{self._path}: {error}; --partial takes what comes before that.") from error
                self.cut_off = f"{self._path}: {error}; what comes before that was taken"
