"""SQLite's write-ahead log, read as bytes: what it holds that SQLite passes over in silence.

At a frame whose checksum is wrong SQLite takes the log to end, and everything behind it to be left over from before.
But frames that a later commit wrote bear the same salt as the log's head, and so can be told.
"""

import os
import struct
from pathlib import Path
from typing import Final

_HEAD: Final = struct.Struct(">8I")
_FRAME: Final = struct.Struct(">4I")
_FRAME_HEAD_BYTES: Final = 24
_MAGIC: Final = {0x377F0682: "<", 0x377F0683: ">"}


def log_of(path: Path) -> Path:
    """SQLite's log beside this database."""
    return path.with_name(path.name + "-wal")


def commits_in(path: Path) -> list[int] | None:
    """The numbers of the frames, from 1, that end a commit in the log of this database.

    None when the head of the log is damaged: then SQLite takes the whole log to be empty.
    """
    try:
        log = log_of(path).open("rb")
    except FileNotFoundError:
        return []
    with log:
        head = log.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return []  # nothing was ever committed to it
        magic, _, page, _, *salt, sum1, sum2 = _HEAD.unpack(head)
        if magic not in _MAGIC or _log_sum(head[:24], _MAGIC[magic]) != (sum1, sum2):
            return None if log.read(_FRAME_HEAD_BYTES) else []
        found, number = [], 1
        end = os.fstat(log.fileno()).st_size - page  # SQLite writes a frame's head first: its page may never have come
        while len(frame := log.read(_FRAME_HEAD_BYTES)) == _FRAME_HEAD_BYTES and log.tell() <= end:
            _, size, *frame_salt = _FRAME.unpack(frame[:16])
            if size and frame_salt == salt:
                found.append(number)
            log.seek(page, 1)
            number += 1
    return found


def _log_sum(data: bytes, order: str) -> tuple[int, int]:
    """SQLite's checksum of the log's head."""
    one = two = 0
    for first, second in struct.iter_unpack(f"{order}2I", data):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
