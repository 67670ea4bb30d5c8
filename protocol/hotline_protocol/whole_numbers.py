"""Whole numbers that are written with a point or an exponent: 18000.0 and 1.8e4 are 18000, as JSON Schema has it.

R, pandas, Lua and spreadsheets write them so. The decoder alone refuses every number with a point where a whole one is
due. Nothing is lost in time: only what could not be decoded is looked at again.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

EXACT: Final = 2**53
"""Up to here every whole number has a double of its own."""
_POINT: Final = "got `float`"


def decode_json(decoder: "msgspec.json.Decoder[T]", payload: bytes | msgspec.Raw) -> T:
    """Decode these bytes; accepts whole numbers with a point, such as 18000.0. Raises the errors of the decoder."""
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        if _POINT not in str(error):
            raise
    return decoder.decode(msgspec.json.encode(without_points(msgspec.json.decode(payload))))


def convert_whole(raw: Any, kind: type[T], dec_hook: Callable[[type, Any], Any] | None = None) -> T:
    """What ``msgspec.convert`` makes of this, whole numbers with a point included. Raises what that raises."""
    try:
        return msgspec.convert(raw, kind, dec_hook=dec_hook)
    except msgspec.ValidationError as error:
        if _POINT not in str(error):
            raise
    return msgspec.convert(without_points(raw), kind, dec_hook=dec_hook)


def without_points(value: Any) -> Any:
    """This JSON value with whole numbers for all that are whole."""
    match value:
        case float():
            return int(value) if value.is_integer() and abs(value) <= EXACT else value
        case dict():
            return {key: without_points(each) for key, each in value.items()}
        case list():
            return [without_points(each) for each in value]
        case _:
            return value
