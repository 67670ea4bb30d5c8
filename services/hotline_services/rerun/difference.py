"""Where a run that was made again first differs from its recording."""

from itertools import takewhile
from typing import Final

import msgspec

SHOWN: Final = 160
BEFORE: Final = 60


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Line ``line`` of the recording, and what came in its place. None stands for nothing at all.

    Both are shortened to what surrounds the first letter that differs.
    """

    line: int
    recorded: str | None
    rerun: str | None


def difference(line: int, recorded: bytes | None, rerun: bytes | None) -> Difference:
    """The difference between two texts of line ``line``; None stands for a missing line."""
    known, new = _text(recorded), _text(rerun)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(known or "", new or "", strict=False)))
    return Difference(line=line, recorded=known and shortened(known, shared), rerun=new and shortened(new, shared))


def _text(line: bytes | None) -> str | None:
    return None if line is None else line.decode("utf-8", "backslashreplace").rstrip("\n")


def shortened(text: str, at: int) -> str:
    """At most ``SHOWN`` characters of ``text``, around the index ``at``; an ellipsis marks a cut."""
    start = max(0, min(at - BEFORE, len(text) - SHOWN))
    end = start + SHOWN
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
