"""The granter's seal of a ledger entry: by it a granter that has lost its journal knows its own entries again.

A seal is an Ed25519 signature (RFC 8032) by the granter's own key, 64 bytes in base64url without padding. It covers the
line ``hotline/v1/seal``, one line break (0x0A), and the entry's hash in 64 hexadecimal digits. The hash covers the
granter, the user, the number and the hash of the entry before, so one seal stands for all entries before it, too.

A message bears the seal of its last entry, beside the entries and not in them: what is hashed gains no field.
"""

from collections.abc import Callable
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from .ledger import Entry
from .line import Entered, Entries
from .message import Message
from .signature import SIGNATURE_BYTES, from_base64url, to_base64url

PREFIX: Final = b"hotline/v1/seal\n"
BAD_SEAL: Final = "bad-seal"
"""The code by which entries are refused for which no seal stands."""


def sealed_bytes(entry: Entry) -> bytes:
    """The bytes that the granter signs. No signed message has the same bytes: those end with ``}``."""
    return PREFIX + entry.hash.encode()


def entries_of(message: Message) -> tuple[Entry, ...]:
    """The ledger entries that this message gives, in its order."""
    match message:
        case Entered():
            return (message.entry,)
        case Entries():
            return message.entries
        case _:
            pass
    return ()


def seal_own(message: Message, sign: Callable[[bytes], bytes]) -> Message:
    """The same message with a seal, when its last entry is its source's own and it bears none yet."""
    entries = entries_of(message)
    if not entries or entries[-1].granter != message.source or not isinstance(message, Entered | Entries):
        return message
    return replace(message, seal=to_base64url(sign(sealed_bytes(entries[-1])))) if message.seal is UNSET else message


def without_seal(message: Message) -> Message:
    """The message without its seal, for comparing two copies: each key of the granter makes another seal."""
    return replace(message, seal=UNSET) if isinstance(message, Entered | Entries) else message


def unproven(message: Message, granter: str, is_signed: Callable[[bytes, bytes], bool]) -> Entry | None:
    """The first entry found that bears the name ``granter`` and is not covered by its seal; None when there is none.

    The last entry must bear the seal, and each other one must be the one before its follower. ``is_signed`` tells
    whether its first argument is the granter's signature of the second.
    """
    entries = entries_of(message)
    if all(entry.granter != granter for entry in entries):
        return None
    last = entries[-1]
    seal = message.seal if isinstance(message, Entered | Entries) else UNSET
    signature = from_base64url(seal.encode(), SIGNATURE_BYTES) if isinstance(seal, str) else None
    if last.granter != granter or signature is None or not is_signed(signature, sealed_bytes(last)):
        return last
    following = last
    for entry in reversed(entries[:-1]):
        if entry.hash != following.previous:
            return entry
        following = entry
    return None
