"""Where a signature stands in the bytes of a message, and which bytes it covers. The signing itself is not done here.

A message is signed with Ed25519 (RFC 8032). Its signature, 64 bytes in base64url without padding, becomes the last
field of its JSON object::

    {"type":"ring", ... ,"call_id":"1"}                                  unsigned
    {"type":"ring", ... ,"call_id":"1","signature":"<86 characters>"}    signed

The signature covers the topic name, one line break, and the unsigned bytes. Only the last 102 bytes of a payload are
looked at for it, and everything before them is covered as it stands. So a receiver parses nothing to check it, and no
field called ``signature`` elsewhere in the message, or text within one, can be taken for it. Which topics are signed
is said beside the topics, see :attr:`~.topics.Topic.signed`.
"""

import base64
import binascii
from typing import Final, NamedTuple

SIGNATURE_BYTES: Final = 64
FIELD: Final = b',"signature":"'
END: Final = b'"}'
CHARS: Final = 86
LENGTH: Final = len(FIELD) + CHARS + len(END)
"""How many bytes of a signed payload are the signature and what encloses it; the unsigned ``}`` is one of them."""


class SignatureError(ValueError):
    """The payload bears no signature that could be checked; the message says what is wrong with it."""


class Signed(NamedTuple):
    """The two parts of a signed payload."""

    unsigned: bytes
    signature: bytes


def to_base64url(raw: bytes) -> str:
    """Base64 with ``-`` and ``_``, without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: bytes, length: int) -> bytes | None:
    """The ``length`` bytes that this stands for, or None unless it is the one text that stands for them."""
    try:
        raw = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    # Decoding skips characters that are not of the alphabet, and bits that are left over.
    return raw if len(raw) == length and to_base64url(raw).encode() == text else None


def signed_bytes(topic: str, unsigned: bytes) -> bytes:
    """What is signed: the topic name in UTF-8, one line break (0x0A), and the unsigned payload."""
    return b"%b\n%b" % (topic.encode(), unsigned)


def signable(unsigned: bytes) -> bytes:
    """These bytes, when a signature can be put on them. Raises SignatureError.

    They must be a JSON object of at least one field from the first byte to the last: no byte order mark, no blanks or
    line breaks around it, and no signature at its end already.
    """
    if not unsigned.startswith(b"{") or not unsigned.endswith(b"}") or len(unsigned) <= 2:
        raise SignatureError("only a JSON object without anything around it can be signed")
    if _is_signed(unsigned):
        raise SignatureError("it is signed already")
    return unsigned


def place(unsigned: bytes, signature: bytes) -> bytes:
    """The payload that goes out: the unsigned one with this signature as its last field. Raises SignatureError."""
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureError(f"a signature has {SIGNATURE_BYTES} bytes, not {len(signature)}")
    encoded = base64.urlsafe_b64encode(signature)[:CHARS]
    return b"%b%b%b%b" % (signable(unsigned)[:-1], FIELD, encoded, END)


def take_off(payload: bytes) -> Signed:
    """The unsigned payload and its signature. Raises SignatureError when it does not end with one."""
    if not _is_signed(payload):
        raise SignatureError("it does not end with a signature")
    signature = from_base64url(payload[len(FIELD) - LENGTH : -len(END)], SIGNATURE_BYTES)
    if signature is None:
        raise SignatureError(f"its signature is not {SIGNATURE_BYTES} bytes in base64url without padding")
    return Signed(signable(payload[:-LENGTH] + b"}"), signature)


def _is_signed(payload: bytes) -> bool:
    return payload.endswith(END) and payload.startswith(FIELD, max(0, len(payload) - LENGTH))
