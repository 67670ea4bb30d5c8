"""Files that appear when they are whole: whoever reads one has the old one or the new one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of what stands there at the end; after an error all is as it was.

    Of a link, what it leads to is replaced; a device or a pipe is written to as it is. Raises OSError.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as device:  # a folder is refused here
            yield device
        return
    target = path.resolve()
    partial = target.with_name(f"{target.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_secret(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write this file whole. At no moment may more people read it than ``mode`` says. Raises OSError."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as written:
        os.fchmod(written.fileno(), mode)
        written.write(content.encode() if isinstance(content, str) else content)
    fresh.replace(path)
