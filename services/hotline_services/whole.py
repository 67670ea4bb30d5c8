"""Files that appear when they are whole: whoever reads one has the old one or the new one."""

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
