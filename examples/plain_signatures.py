"""The signatures of docs/join.md, section 7, with nothing of Hotline's: for the example of a centre beside it.

It needs the package cryptography. Ed25519 and base64 are in the library of almost every language.
"""

import base64
import hashlib
import json
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SIGNED = {"line", "order", "status", "event", "health", "clock", "receipt"}
FIELD, END, LENGTH = b',"signature":"', b'"}', 102

Message = dict[str, Any]


class Signatures:
    """Signs what is said, when there is a key, and checks what is heard, when there is a roster."""

    def __init__(self, key: str = "", roster: str = "") -> None:
        self._key: Any = None
        self._roster: dict[str, list[str]] | None = None
        if roster:
            self._roster = tomllib.loads(Path(roster).read_text(encoding="utf-8"))["keys"]
        if key:
            self._key = load_pem_private_key(Path(key).read_bytes(), None)
        self._clocks: dict[str, datetime] = {}
        self._numbers: dict[tuple[str, str, int], str] = {}

    def sign(self, topic: str, text: str) -> bytes:
        """What goes out on this topic."""
        unsigned = text.encode()
        if self._key is None or topic.split("/")[2] not in SIGNED:
            return unsigned
        signature = base64.urlsafe_b64encode(self._key.sign(topic.encode() + b"\n" + unsigned))[:86]
        return unsigned[:-1] + FIELD + signature + END

    def fault(self, topic: str, payload: bytes) -> str:
        """What is wrong with the signature of this, if anything."""
        if self._roster is None or topic.split("/")[2] not in SIGNED:
            return ""
        if not (payload.endswith(END) and payload[-LENGTH:].startswith(FIELD)):
            return "is missing"
        unsigned, text = payload[:-LENGTH] + b"}", payload[-LENGTH + len(FIELD) : -len(END)]
        try:
            source = json.loads(unsigned)["source"] if topic.endswith("/clock") else topic.split("/")[3]
            signature = base64.urlsafe_b64decode(text + b"==")
        except (ValueError, KeyError, TypeError) as error:
            return f"cannot be read: {error}"
        if base64.urlsafe_b64encode(signature)[:86] != text:
            return "is spelt in another way than it should be"
        signed = topic.encode() + b"\n" + unsigned
        return "" if any(verified(key, signature, signed) for key in self._roster.get(source, [])) else "is not theirs"

    def replay(self, message: Message) -> str:
        """What is wrong with a signed message that somebody else says again, or whose number says two things."""
        if self._roster is None:
            return ""
        source = message.get("source", "")
        if message["type"] == "clock":
            set_at = datetime.fromisoformat(message["real_start"])
            if set_at < self._clocks.setdefault(source, set_at):
                return "is older than the last"
            self._clocks[source] = set_at
        number = (source, message.get("epoch", "0"), message.get("seq", 0))
        said = {name: value for name, value in message.items() if name != "signature"}
        content = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        if number[2] and self._numbers.setdefault(number, content) != content:
            return f"has said something else as number {number[2]}"
        return ""


def verified(key: str, signature: bytes, signed: bytes) -> bool:
    """Whether this public key, in base64url, has signed these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key + "=")).verify(signature, signed)
    except InvalidSignature:
        return False
    return True
