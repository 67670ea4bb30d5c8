"""Fields of a JSON object that its type does not have: slips of whoever has typed it.

Between centres unknown fields are ignored, so that old and new ones can talk. What a person hands in is another matter:
a misspelt ``priority`` would pass without a word, and the emergency with it.
"""

import difflib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from .flightplan import Problem

NOTES_AT_MOST: Final = 16
NAME_CHARS: Final = 60
UNKNOWN: Final = "unknown-field"
FOREIGN: Final = "two-shapes"


class _Stray(NamedTuple):
    """A field that is none of its object's: what may have been meant is looked for only if it is told."""

    code: str
    where: str
    name: str
    fields: Mapping[str, inspect.Type]
    reason: str = ""

    def told(self) -> Problem:
        """The same for a person."""
        reason = self.reason or _not_a_field(self.name, self.fields)
        return Problem(code=self.code, field=self.where[:NAME_CHARS], reason=reason)


class Examined(NamedTuple):
    """Fields that are no fields at all, and fields of another shape than the one that is named."""

    unknown: tuple[Problem, ...] = ()
    foreign: tuple[Problem, ...] = ()


def examine(raw: object, kind: type[msgspec.Struct]) -> Examined:
    """What is found in this JSON value, which has been decoded as this kind: the first few of each."""
    found = list(_found(raw, inspect.type_info(kind), ""))
    unknown, foreign = ([stray for stray in found if stray.code == code] for code in (UNKNOWN, FOREIGN))
    return Examined(*(tuple(stray.told() for stray in few[:NOTES_AT_MOST]) for few in (unknown, foreign)))


def passed_over(raw: Any, read: Any, path: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Fields of the document ``raw`` that are not in ``read``, which was decoded from it; each with the known fields.

    It takes a tenth of the time of :func:`examine`, which looks through the types.
    """
    if isinstance(raw, dict) and isinstance(read, msgspec.Struct):
        known = read.__struct_fields__
        tag = read.__struct_config__.tag_field
        for name in raw:
            if name not in known and name != tag:
                yield f"{path}{name}", known
            elif name in known:
                yield from passed_over(raw[name], getattr(read, name), f"{path}{name}.")
    elif isinstance(raw, dict) and isinstance(read, dict):
        for name in raw:
            yield from passed_over(raw[name], read[name], f"{path}{name}.")
    elif isinstance(raw, list) and isinstance(read, tuple):
        for number, (each, its) in enumerate(zip(raw, read, strict=True)):
            yield from passed_over(each, its, f"{path.rstrip('.')}[{number}].")


def _found(raw: object, kind: inspect.Type, path: str) -> Iterator[_Stray]:
    match kind:
        case inspect.StructType(array_like=False) if isinstance(raw, dict):
            yield from _in_object(raw, _fields(kind.cls), {}, path)
        case inspect.UnionType() if isinstance(raw, dict):
            yield from _in_union(raw, kind, path)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item) if isinstance(raw, list):
            for number, each in enumerate(raw):
                yield from _found(each, item, f"{path}[{number}]")


def _in_union(raw: Mapping[str, object], union: inspect.UnionType, path: str) -> Iterator[_Stray]:
    """In an object that says by its tag which of these it is."""
    structs = [kind for kind in union.types if isinstance(kind, inspect.StructType)]
    if len(structs) == 1:
        yield from _found(raw, structs[0], path)
        return
    others: dict[str, str] = {}
    meant = None
    for kind in structs:
        if kind.tag_field is not None and raw.get(kind.tag_field) == kind.tag:
            meant = kind
        else:
            others |= dict.fromkeys(_fields(kind.cls), str(kind.tag))
    if meant is not None:
        yield from _in_object(raw, _fields(meant.cls), others, path)


def _in_object(
    raw: Mapping[str, object], fields: Mapping[str, inspect.Type], others: Mapping[str, str], path: str
) -> Iterator[_Stray]:
    for name, value in raw.items():
        where = f"{path}.{name}" if path else name
        if name in fields:
            yield from _found(value, fields[name], where)
        elif name in others:
            shape = next(str(raw[key]) for key, kind in fields.items() if isinstance(kind, inspect.LiteralType))
            yield _Stray(FOREIGN, where, name, fields, f"belongs to a {others[name]}; the shape is {shape}")
        else:
            yield _Stray(UNKNOWN, where, name, fields)


def _not_a_field(name: str, fields: Mapping[str, object]) -> str:
    alike = difflib.get_close_matches(name.lower().replace("-", "_").replace(" ", "_"), fields, n=1)
    return f"not a field; {alike[0]}?" if alike else "not a field"


@lru_cache
def _fields(kind: type[msgspec.Struct]) -> Mapping[str, inspect.Type]:
    """What an object of this kind may hold, its tag included, under the names that stand in JSON."""
    struct: Any = inspect.type_info(kind)
    tag = {struct.tag_field: inspect.LiteralType(values=(struct.tag,))} if struct.tag_field else {}
    return {**tag, **{field.encode_name: field.type for field in struct.fields}}
