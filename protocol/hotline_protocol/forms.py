"""The state of a core in bytes: equal states have equal forms, and canonical forms are free of names and of the clock.

A **form** is the JSON of a value, containers in their order. A **canonical** form differs in three ways, so that two
states which can only lead to the same things have one: times are relative to a given time, ids and digests stand in
the order of their first appearance, and the numbers of messages are left out.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from .slices import Slice

SIZE: Final = 16
MOST_RECORDS: Final = 20_000
"""Frozen structs whose forms are remembered, as they are in many states."""
LONG_PAST: Final = b"19"
"""How times begin that stand for "at once": these are not relative."""

TOKENS: Final = re.compile(
    rb'"(\d{4}-\d\d-\d\dT[0-9:.]+Z)"'  # a time
    rb"|([a-z]+-[a-z0-9]{1,16}-(?:n(?=[0-9a-f]{8}(?![0-9a-z]))|[a-z]*[0-9][0-9.]*(?![0-9a-z])))"  # an id
    rb"|(?:(?<![0-9a-z])|(?<=-n))([0-9a-f]{8})(?:[0-9a-f]{8}|[0-9a-f]{56})?(?![0-9a-z])"  # a digest, or half of it
    rb'|(?<="epoch":)("[a-z0-9]+")'
    rb'|(?<="seq":)(\d+)'
)
"""What is replaced in a canonical form."""

Record = tuple[Any, bytes]
_records: Final[dict[int, Record]] = {}


def form_of(value: Any) -> bytes:
    """The form of a slice, a container or a value."""
    pieces: list[bytes] = []
    _write(value, pieces)
    return b"".join(pieces)


def digest(form: bytes) -> bytes:
    """What stands for a form."""
    return hashlib.blake2b(form, digest_size=SIZE).digest()


def canonical(forms: Iterable[bytes], since: datetime) -> bytes:
    """What stands for these forms together, whenever it is and whatever things are called."""
    names: dict[bytes, int] = {}
    start = since.astimezone(UTC)
    whole = hashlib.blake2b(digest_size=SIZE)

    def replaced(match: re.Match[bytes]) -> bytes:
        time, id_, digest_, epoch, _ = match.groups()
        if time is not None:
            return time if time.startswith(LONG_PAST) else b"%d" % _microseconds(time, start)
        name = id_ or digest_ or epoch
        if name is None:
            return b""
        source = id_.partition(b"-")[0] if id_ is not None else b""
        return b"%b#%d" % (source, names.setdefault(name, len(names)))

    for form in forms:
        whole.update(TOKENS.sub(replaced, form))
        whole.update(b"\n")
    return whole.digest()


def _microseconds(time: bytes, start: datetime) -> int:
    gone = datetime.fromisoformat(time.decode()) - start
    return (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds


def _write(value: Any, pieces: list[bytes]) -> None:
    if isinstance(value, Slice):
        pieces.append(b"{")
        for name in value.__struct_fields__:
            pieces.append(b'"%b":' % name.encode())
            _write(getattr(value, name), pieces)
            pieces.append(b",")
        pieces.append(b"}")
    elif isinstance(value, msgspec.Struct):
        pieces.append(_record(value))
    elif isinstance(value, Mapping):
        pieces.append(b"{")
        for key, each in value.items():
            pieces.append(msgspec.json.encode(key))
            pieces.append(b":")
            _write(each, pieces)
            pieces.append(b",")
        pieces.append(b"}")
    elif isinstance(value, set):
        pieces.append(msgspec.json.encode(sorted(value)))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        pieces.append(b"[")
        for each in value:
            _write(each, pieces)
            pieces.append(b",")
        pieces.append(b"]")
    else:
        pieces.append(msgspec.json.encode(value))


def _record(value: msgspec.Struct) -> bytes:
    """The form of a frozen struct: worked out once."""
    known = _records.get(id(value))
    if known is not None and known[0] is value:
        return known[1]
    form = msgspec.json.encode(value)
    if type(value).__struct_config__.frozen:
        if len(_records) >= MOST_RECORDS:
            _records.clear()
        _records[id(value)] = (value, form)
    return form
