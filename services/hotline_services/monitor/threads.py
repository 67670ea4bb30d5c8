"""What a message is about: the ids that it names, by which a call, a plan or an agreement can be followed."""

from typing import Any, Final

import msgspec

from hotline_protocol.message import Message

_NAMES: Final = ("call_id", "negotiation_id", "plan_id", "agreement_id", "review_id", "cause")
_WITHIN: Final = ("plan", "flyer", "one", "other", "entry")


def ids_of(message: Message) -> tuple[str, ...]:
    """Its own id first, then every id that it names, each once."""
    found = [message.id, *_named(message)]
    for name in _WITHIN:
        inner = getattr(message, name, None)
        if isinstance(inner, msgspec.Struct):
            found += _named(inner)
    for entry in getattr(message, "entries", ()):
        found += _named(entry)
    about = getattr(message, "about", ())
    found += [about] if isinstance(about, str) else about
    found += getattr(message, "plan_ids", ())
    return tuple(dict.fromkeys(name for name in found if name))


def _named(struct: Any) -> list[str]:
    return [name for field in _NAMES if isinstance(name := getattr(struct, field, None), str)]
