"""Reading what people write in TOML strictly, since a misspelt field that is passed over is a wrong run."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec import inspect

from hotline_protocol.topics import split_validation_error
from hotline_protocol.unknown_fields import passed_over
from hotline_protocol.whole_numbers import convert_whole

from .written import read_written

T = TypeVar("T", bound=msgspec.Struct)

ANY_KEY: Final = "[...]"
"""What msgspec writes in the place of a key of a dict."""
WRONG_KEY: Final = " - at `key` in `"

_STEP: Final = re.compile(r"[^.\[\]]+|\.\.\.")


class FieldError(ValueError):
    """A field cannot be used: says which, and what would be right."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field: Final = field
        self.reason: Final = reason


def read_strictly(raw: dict[str, Any], kind: type[T]) -> T:
    """The struct of this kind that is written so, with no field to spare. Raises FieldError."""
    try:
        read = convert_whole(raw, kind, read_written)
    except msgspec.ValidationError as error:
        reason, field = _split(str(error))
        pinned, keys = _pinned(raw, kind, str(error))
        for key in keys:
            field = field.replace(ANY_KEY, f".{key}", 1)
        raise FieldError(*_with_choices(reason, field, kind, pinned)) from error
    for field, known in passed_over(raw, read):
        raise FieldError(field, f"no such field; there are: {', '.join(known)}")
    return read


def _split(said: str) -> tuple[str, str]:
    """What msgspec says as reason and field, a key that is itself wrong counting as a field."""
    reason, field = split_validation_error(said)
    return reason, f"{field}{ANY_KEY}" if WRONG_KEY in said else field


def _pinned(raw: dict[str, Any], kind: type, said: str) -> tuple[dict[str, Any], list[str]]:
    """The document with nothing beside the keys that msgspec says this of, and those keys, outermost first.

    It does not name them, but they are the ones that, alone in their dict, make it say the same.
    """
    steps = _STEP.findall(_split(said)[1])
    keys: list[str] = []
    for number, step in enumerate(steps):
        if step == "...":
            alone = ((key, _alone(raw, steps[:number], key)) for key in _found(raw, steps[:number]))
            key, raw = next((each for each in alone if _complaint(each[1], kind) == said), ("", raw))
            if not key:
                break
            keys.append(key)
            steps[number] = key
    return raw, keys


def _found(raw: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        raw = raw[int(step)] if isinstance(raw, list) else raw[step]
    return raw


def _alone(raw: Any, steps: Sequence[str], key: str) -> Any:
    """A copy in which the dict that these steps lead to holds this key and no other."""
    if not steps:
        return {key: raw[key]}
    copied = raw.copy()
    at = int(steps[0]) if isinstance(raw, list) else steps[0]
    copied[at] = _alone(raw[at], steps[1:], key)
    return copied


def _complaint(raw: dict[str, Any], kind: type) -> str | None:
    try:
        convert_whole(raw, kind, read_written)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _with_choices(reason: str, field: str, kind: type, raw: dict[str, Any]) -> tuple[str, str]:
    """The field and the reason; for a word that is none of the allowed ones, those, and the field by its full name."""
    if reason.startswith("Invalid"):
        for place in _places(inspect.type_info(kind), _STEP.findall(field), raw, ""):
            if place.written not in place.allowed:
                return place.field, f"{reason}; there are: {', '.join(place.allowed)}"
    return field, reason


class _Place(NamedTuple):
    """Where one of some words may stand, and what does stand there."""

    field: str
    written: Any
    allowed: tuple[str, ...]


def _places(node: inspect.Type, steps: Sequence[str], raw: Any, path: str) -> Iterator[_Place]:
    """The places that these steps lead to: fields, numbers in lists, and ``...``, for which msgspec has any key."""
    match node:
        case inspect.Metadata(type=inner):
            yield from _places(inner, steps, raw, path)
        case inspect.UnionType(types=types):
            yield from _in_union(types, steps, raw, path)
        case inspect.VarTupleType(item_type=inner) if steps and isinstance(raw, list) and steps[0].isdigit():
            yield from _places(inner, steps[1:], raw[int(steps[0])], f"{path}[{steps[0]}]")
        case inspect.DictType(value_type=inner) if steps and isinstance(raw, dict):
            for key in raw:
                yield from _places(inner, steps[1:], raw[key], f"{path}.{key}")
        case inspect.EnumType(cls=kind) if not steps:
            yield _Place(path, raw, tuple(str(member.value) for member in kind))
        case inspect.StructType(fields=fields) if steps and isinstance(raw, dict):
            for each in fields:
                if each.encode_name == steps[0] and each.encode_name in raw:
                    within = f"{path}.{each.encode_name}" if path else each.encode_name
                    yield from _places(each.type, steps[1:], raw[each.encode_name], within)


def _in_union(types: Sequence[inspect.Type], steps: Sequence[str], raw: Any, path: str) -> Iterator[_Place]:
    """Of structs with tags only the one that is written; and the tags, where it is the tag that is looked for."""
    tagged = {each.tag: each for each in types if isinstance(each, inspect.StructType) and each.tag is not None}
    tag_field = next((each.tag_field for each in tagged.values()), None)
    written = raw.get(tag_field) if isinstance(raw, dict) else None
    if tag_field is not None and list(steps) == [tag_field]:
        yield _Place(f"{path}.{tag_field}", written, tuple(map(str, tagged)))
        return
    for each in types:
        if not isinstance(each, inspect.StructType) or each.tag in (None, written):
            yield from _places(each, steps, raw, path)
