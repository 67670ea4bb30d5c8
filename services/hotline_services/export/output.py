"""Where an export goes: a file or a folder that appears when it is whole, or the standard output."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from hotline_services.whole import whole_file

STDOUT: Final = "-"


class OutputError(Exception):
    """It cannot be written there; the message says why and what to do."""


@contextmanager
def written(out: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """A file to write to. What stood there before stays until the new one is whole. Raises OutputError."""
    if str(out) == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    refuse_to_overwrite(out, force=force)
    try:
        with whole_file(out) as file:
            yield file
    except OSError as error:
        raise OutputError(f"--out: {out}: {error.strerror}") from error


def write_text(out: Path, text: str, *, force: bool = False) -> None:
    """Write a text for people: a file is UTF-8, the standard output has its own encoding. Raises OutputError."""
    if str(out) == STDOUT:
        sys.stdout.write(text)
        return
    with written(out, force=force) as file:
        file.write(text.encode())


def refuse_to_overwrite(out: Path, *, force: bool) -> None:
    """Raises OutputError for a file that is there, or a folder with anything in it, unless it is to be overwritten."""
    if force or str(out) == STDOUT:
        return
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise OutputError(f"--out: {out} is there already; --force writes over it")
