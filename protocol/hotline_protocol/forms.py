"""The state of a core in bytes: equal states have equal forms, and canonical forms are free of names and of the clock.

A **form** is the JSON of a value, containers in their order. A **canonical** form differs in three ways, so that two
states which can only lead to the same things have one: times are relative to a given time, ids and digests stand in
the order of their first appearance, and the numbers of messages are left out.
"""

import hashlib
import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from types import NoneType
from typing import Any, Final

import msgspec

from .slices import Slice

SIZE: Final = 16
MOST_RECORDS: Final = 20_000
"""Frozen structs whose forms are remembered: most are in many states."""
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

Token = int | bytes
"""A time, in microseconds, or a name."""

SCALARS: Final = frozenset({str, int, float, bool, NoneType, datetime})
"""Most fields are one of these: to find that they are no containers would take longer than to write them."""

_encode: Final = msgspec.json.Encoder().encode
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_records: Final[dict[int, tuple[msgspec.Struct, bytes]]] = {}


class Form:
    """The form of a value, in pieces: those of frozen structs are worked out once."""

    def __init__(self, value: Any) -> None:
        pieces: list[bytes] = []
        between: list[bytes] = []
        _write(value, pieces, between)
        self._pieces: Final = (*pieces, b"".join(between))

    @cached_property
    def digest(self) -> bytes:
        """What stands for it."""
        return digest(self._pieces)

    @cached_property
    def template(self) -> tuple[bytes, tuple[Token, ...]]:
        """What stands for it without its times and names; and these, in order."""
        templates = [_template(piece) for piece in self._pieces]
        return digest(text for text, _ in templates), tuple(token for _, tokens in templates for token in tokens)


class Forms:
    """The forms of the parts of a state: of those that have not changed since, as they were worked out then."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, Form]] = {}

    def of(self, parts: Iterable[tuple[str, Any]]) -> list[Form]:
        """The form of each of these parts, which have names."""
        forms = []
        for name, part in parts:
            known = self._known.get(name)
            if known is None or known[0] != part:
                known = self._known[name] = (_copied(part), Form(part))
            forms.append(known[1])
        return forms

    def copy(self) -> "Forms":
        """For an equal state, which from now on may change otherwise."""
        twin = Forms()
        twin._known = self._known.copy()
        return twin


def _copied(part: Any) -> Any:
    """The part as it is now, however it is changed later."""
    if isinstance(part, Slice):
        return part.copy()
    if isinstance(part, dict):
        return {key: _copied(each) for key, each in part.items()}
    if isinstance(part, list):
        return [_copied(each) for each in part]
    return part.copy() if isinstance(part, set) else part


def digest(pieces: Iterable[bytes]) -> bytes:
    """What stands for these bytes."""
    return hashlib.blake2b(b"".join(pieces), digest_size=SIZE).digest()


def canonical(forms: Iterable[Form], since: datetime) -> bytes:
    """A digest of these forms that depends neither on absolute time nor on names."""
    names: dict[bytes, int] = {}
    start = _microseconds(since)
    whole: list[bytes] = []
    for form in forms:
        text, tokens = form.template
        numbers = [token - start if isinstance(token, int) else names.setdefault(token, len(names)) for token in tokens]
        whole += text, array("q", numbers).tobytes()
    return digest(whole)


def fingerprint(forms: Iterable[Form], since: datetime | None) -> bytes:
    """What stands for these forms together: as they are or, with ``since``, canonical."""
    return digest(form.digest for form in forms) if since is None else canonical(forms, since)


def _microseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=MOST_RECORDS)
def _template(piece: bytes) -> tuple[bytes, tuple[Token, ...]]:
    tokens: list[Token] = []

    def replaced(match: re.Match[bytes]) -> bytes:
        time, id_, half, epoch, _ = match.groups()
        if time is not None:
            if time.startswith(LONG_PAST):
                return match[0]
            tokens.append(_microseconds(datetime.fromisoformat(time.decode())))
            return b"@"
        name = id_ or half or epoch
        if name is None:
            return b""
        tokens.append(name)
        return b"#" if id_ is None else id_.partition(b"-")[0] + b"#"

    return TOKENS.sub(replaced, piece), tuple(tokens)


def _write(value: Any, pieces: list[bytes], between: list[bytes]) -> None:
    """Append the forms of frozen structs to ``pieces``, each as one piece, and the bytes between two of them as one."""
    if type(value) in SCALARS:
        between += _encode(value), b","
    elif isinstance(value, Slice):
        for name in value.__struct_fields__:
            between.append(b'"%b":' % name.encode())
            _write(getattr(value, name), pieces, between)
        between.append(b";")
    elif isinstance(value, msgspec.Struct):
        pieces += b"".join(between), _record(value)
        between.clear()
    elif isinstance(value, Mapping):
        for key, each in value.items():
            between.append(_encode(key))
            _write(each, pieces, between)
        between.append(b";")
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for each in value:
            _write(each, pieces, between)
        between.append(b";")
    else:
        between += _encode(sorted(value) if isinstance(value, set) else value), b","


def _record(value: msgspec.Struct) -> bytes:
    """The form of a frozen struct: worked out once."""
    known = _records.get(id(value))
    if known is not None and known[0] is value:
        return known[1]
    form = _encode(value)
    if type(value).__struct_config__.frozen:
        if len(_records) >= MOST_RECORDS:
            _records.clear()
        _records[id(value)] = (value, form)
    return form
