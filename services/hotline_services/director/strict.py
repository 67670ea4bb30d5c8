"""Reading what people write in TOML strictly, since a misspelt field that is passed over is a wrong run."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from hotline_protocol.topics import split_validation_error

from .written import read_written

T = TypeVar("T", bound=msgspec.Struct)


class FieldError(ValueError):
    """A field cannot be used: says which, and what would be right."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field: Final = field
        self.reason: Final = reason


def read_strictly(raw: dict[str, Any], kind: type[T]) -> T:
    """The struct of this kind that is written so, with no field to spare. Raises FieldError."""
    try:
        read = msgspec.convert(raw, kind, dec_hook=read_written)
    except msgspec.ValidationError as error:
        reason, field = split_validation_error(str(error))
        raise FieldError(field, _with_choices(reason, field, kind, raw)) from error
    for field, reason in _unknown(raw, read, ""):
        raise FieldError(field, reason)
    return read


def _with_choices(reason: str, field: str, kind: type, raw: dict[str, Any]) -> str:
    """The reason, and for a word that is none of the allowed ones, which those are."""
    if not reason.startswith("Invalid"):
        return reason
    names = [name.split("[")[0] for name in field.split(".")]
    allowed = _allowed(inspect.type_info(kind), names, raw)
    return f"{reason}; there are: {', '.join(dict.fromkeys(allowed))}" if allowed else reason


def _allowed(node: inspect.Type, names: Sequence[str], raw: Any) -> Iterator[str]:
    """The words that may stand at the end of this path of field names."""
    match node:
        case inspect.Metadata(type=inner):
            yield from _allowed(inner, names, raw)
        case inspect.UnionType(types=types):
            for each in types:
                yield from _allowed(each, names, raw)
        case inspect.VarTupleType(item_type=inner):
            yield from _allowed(inner, names, raw)
        case inspect.DictType(value_type=inner):
            yield from _allowed(inner, names[1:], raw)
        case inspect.EnumType(cls=kind) if not names:
            yield from (str(member.value) for member in kind)
        case inspect.StructType() if names and names[0] == node.tag_field:
            yield str(node.tag)
        case inspect.StructType() if names:
            for each_field in node.fields:
                if each_field.encode_name == names[0]:
                    yield from _allowed(each_field.type, names[1:], raw)


def _unknown(raw: Any, read: Any, path: str) -> Iterator[tuple[str, str]]:
    """Fields that the file has and that nothing has read."""
    if isinstance(raw, dict) and isinstance(read, msgspec.Struct):
        known = read.__struct_fields__
        tag = read.__struct_config__.tag_field
        for name in raw:
            if name not in known and name != tag:
                yield f"{path}{name}", f"no such field; there are: {', '.join(known)}"
            elif name in known:
                yield from _unknown(raw[name], getattr(read, name), f"{path}{name}.")
    elif isinstance(raw, dict) and isinstance(read, dict):
        for name in raw:
            yield from _unknown(raw[name], read[name], f"{path}{name}.")
    elif isinstance(raw, list) and isinstance(read, tuple):
        for number, (each, its) in enumerate(zip(raw, read, strict=True)):
            yield from _unknown(each, its, f"{path.rstrip('.')}[{number}].")
