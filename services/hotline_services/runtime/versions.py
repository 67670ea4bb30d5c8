"""The versions that a service tells of itself: of its program, and of the messages that it knows."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import msgspec

from hotline_protocol.topics import SaidMessage

LENGTH: Final = 12


@cache
def program_version() -> str:
    """The version of the installed distribution; ``unknown`` where the program is not installed."""
    try:
        return version("hotline")
    except PackageNotFoundError:
        return "unknown"


@cache
def protocol_version() -> str:
    """The same string wherever all messages have the same fields of the same types; another one elsewhere."""
    schema = _without_words(msgspec.json.schema(SaidMessage))
    return hashlib.sha256(msgspec.json.encode(schema, order="deterministic")).hexdigest()[:LENGTH]


def _without_words(schema: Any) -> Any:
    """A JSON Schema without its descriptions, which bind nobody."""
    if isinstance(schema, dict):
        return {
            key: _without_words(value)
            for key, value in schema.items()
            if not (key == "description" and isinstance(value, str))
        }
    return [_without_words(item) for item in schema] if isinstance(schema, list) else schema
