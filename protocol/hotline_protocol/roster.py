"""Whose signatures are known: the public keys of each party and service, as a TOML file.

    [keys]
    us = ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]
    ru = ["PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw", "_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU"]

Each key is the 32 bytes of an Ed25519 public key in base64url without padding. A name with several keys may sign with
any of them: so a key is replaced without a pause, by adding the new one, changing over, and removing the old one. The
roster stands beside the agreement and is no part of its digest, since keys change and what was agreed does not.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from .message import END, PartyName
from .signature import from_base64url, to_base64url

KEY_BYTES: Final = 32
MOST_KEYS: Final = 8
"""Keys of one name: each that does not fit costs a receiver one more check of a forged signature."""

_NAMED: Final = re.compile(rf"[a-z][a-z0-9-]{{0,31}}{END}")


class RosterError(ValueError):
    """The roster cannot be used; the message names the entry and what is wrong with it."""


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """The public keys, 32 bytes each, by the name of the party or service whose they are."""

    keys: Mapping[str, tuple[bytes, ...]]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    keys: dict[PartyName, Annotated[list[str], Meta(min_length=1, max_length=MOST_KEYS)]]


def read_roster(text: str) -> Roster:
    """The roster in a TOML text. Raises RosterError."""
    try:
        file = msgspec.toml.decode(text.removeprefix("\ufeff"), type=_File)
    except msgspec.DecodeError as error:
        raise RosterError(str(error)) from error
    roster = Roster(keys={name: tuple(read_key(name, key) for key in keys) for name, keys in file.keys.items()})
    for name, keys in roster.keys.items():
        if len(set(keys)) < len(keys):
            raise RosterError(f"keys.{name}: the same key stands here twice")
    return roster


def read_key(name: str, text: str) -> bytes:
    """The public key in this text, which stands under ``name``. Raises RosterError."""
    key = from_base64url(text.encode(), KEY_BYTES)
    if key is None:
        raise RosterError(f"keys.{name}: {text[:60]!r} is not {KEY_BYTES} bytes in base64url without padding")
    return key


def write_roster(roster: Roster) -> str:
    """The roster as a TOML text, which :func:`read_roster` reads. Raises RosterError for a name that cannot be one."""
    lines = ["# Public keys by which signatures are checked. Private keys stand elsewhere.", "[keys]"]
    for name, keys in sorted(roster.keys.items()):
        if not _NAMED.match(name):
            raise RosterError(f"keys: {name!r} is not the name of a party or a service")
        listed = ", ".join(f'"{to_base64url(key)}"' for key in keys)
        lines.append(f"{name} = [{listed}]")
    return "\n".join([*lines, ""])
