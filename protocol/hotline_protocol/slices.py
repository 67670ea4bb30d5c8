"""Plain state: what a core knows, as structs that can be copied, compared, written down and read back.

A :class:`Slice` is one part of a core's state. Its fields are values that never change (numbers, texts, times, frozen
structs, tuples of these), containers of such values, or slices. Copying a slice copies its containers and slices, and
shares the values.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import UnionType
from typing import Any, Final, Self, TypeVar, Union, get_args, get_origin

import msgspec

CONTAINERS: Final = (dict, list, set)
AT_ONCE: Final = 500
"""Items of a container that one call writes, which takes a few milliseconds."""

S = TypeVar("S", bound=msgspec.Struct)
Copier = Callable[[Any], Any]


class Slice(msgspec.Struct):
    """One part of a core's state. Fields may be replaced, and containers changed; values in them are replaced."""

    def copy(self) -> Self:
        """An equal slice that shares nothing that changes."""
        kind = type(self)
        copiers = _known.get(kind)
        if copiers is None:
            copiers = _known[kind] = _copiers_of(kind)
        twin: Self = self.__copy__()  # type: ignore[attr-defined]  # every struct has it
        for name, copied in copiers:
            setattr(twin, name, copied(getattr(self, name)))
        return twin


def write(state: msgspec.Struct) -> bytes:
    """This state, or record, in bytes. Times keep their offsets from UTC, which msgpack's own form of them loses."""
    return msgspec.msgpack.encode(_plain(state))


def read(saved: bytes, kind: type[S]) -> S:
    """What :func:`write` has written. Raises ``msgspec.ValidationError`` when it is of another kind."""
    return msgspec.convert(msgspec.msgpack.decode(saved), kind)


def as_read(value: S) -> S:
    """The value as it is after it was written and read: floats where a program gave whole numbers for them."""
    return msgspec.convert(msgspec.to_builtins(value), type(value))


def _plain(value: Any) -> Any:
    """What ``msgspec.to_builtins`` makes of it, in many short calls: each keeps all other threads waiting."""
    if isinstance(value, Slice) and value.__struct_config__.tag is None:
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict) and len(value) <= AT_ONCE:
        keys = msgspec.to_builtins(dict.fromkeys(value))
        return {key: _plain(one) for key, one in zip(keys, value.values(), strict=True)}
    if isinstance(value, dict):
        parts: Any = (msgspec.to_builtins(dict(items)) for items in _batched(value.items(), AT_ONCE))
        return {key: one for part in parts for key, one in part.items()}
    if isinstance(value, list | tuple) and len(value) > AT_ONCE:
        return [one for part in _batched(value, AT_ONCE) for one in msgspec.to_builtins(part)]
    return msgspec.to_builtins(value)


def _batched(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """These in order, in lists of ``size``; the last may be shorter."""
    left = iter(values)
    while part := list(islice(left, size)):
        yield part


_known: Final[dict[type[Slice], tuple[tuple[str, Copier], ...]]] = {}


def _copiers_of(kind: type[Slice]) -> tuple[tuple[str, Copier], ...]:
    """What copies each field that changes."""
    copiers = ((field.name, _copier(field.type)) for field in msgspec.structs.fields(kind))
    return tuple((name, copier) for name, copier in copiers if copier is not None)


def _copier(declared: Any) -> Copier | None:
    """What copies a field of this declared type; None for a value. Raises TypeError when it is not plain."""
    origin = get_origin(declared)
    if origin in {Union, UnionType}:
        copiers = {_copier(each) for each in get_args(declared) if each is not type(None)}
        if copiers in ({_copied_if_any}, {None}):
            return copiers.pop()
        raise TypeError(f"{declared}: a field holds either a value or what changes")
    if origin in CONTAINERS:
        inner = _copier(get_args(declared)[-1])
        if inner is None:
            copier: Copier = origin.copy
            return copier
        if inner is not _copied_if_any or origin is set:
            raise TypeError(f"{declared}: a container in a container cannot be copied: make it a slice")
        return _copied_values if origin is dict else _copied_list
    is_slice = isinstance(declared, type) and callable(getattr(declared, "copy", None))
    return _copied_if_any if is_slice else None


def _copied_if_any(one: Any) -> Any:
    return None if one is None else one.copy()


def _copied_values(many: dict[Any, Any]) -> dict[Any, Any]:
    return {key: each.copy() for key, each in many.items()}


def _copied_list(many: list[Any]) -> list[Any]:
    return [each.copy() for each in many]
