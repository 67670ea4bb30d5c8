"""How messages become the payloads that go out, and how payloads are checked: unsigned unless keys were given."""

from collections.abc import Callable
from typing import Final, NamedTuple

from hotline_protocol.flightplan import Problem
from hotline_protocol.line import ENTRIES_BYTES
from hotline_protocol.message import Message
from hotline_protocol.roster import Roster
from hotline_protocol.signature import to_base64url
from hotline_protocol.topics import encode

NEEDED: Final = ENTRIES_BYTES + 8_192
"""Bytes that a service must be able to send: a full page of a ledger, with its envelope and headers."""

Encode = Callable[[str, Message], bytes]
"""The payload of a message that goes to this address."""
Unproven = Callable[[str, Message], Problem | None]
"""What is wrong with the ledger entries in a message that bear this name as their granter, if anything."""
Check = Callable[[str, bytes], Problem | None]
"""What is wrong with the signature of a payload that came to this address, if anything."""


def unsigned(address: str, message: Message) -> bytes:  # noqa: ARG001  a signature covers the address
    """The message as it stands."""
    return encode(message)


def as_it_stands(address: str, payload: bytes) -> bytes:  # noqa: ARG001  as above
    """The payload without a signature."""
    return payload


class Signing(NamedTuple):
    """What a service or a tool signs with and checks by; :func:`~.signing.load_signing` makes it of files.

    ``sign`` is for JSON that is no message of ours, such as a bare plan; it raises SignatureError for other bytes.
    ``unproven`` examines what others give back of a ledger. ``public`` is the public part of the key, ``roster`` the
    public keys of all; both for :meth:`fault`.
    """

    encode: Encode = unsigned
    sign: Callable[[str, bytes], bytes] = as_it_stands
    check: Check | None = None
    unproven: Unproven | None = None
    public: bytes = b""
    roster: Roster | None = None

    def fault(self, name: str) -> str:
        """Why others would not believe what ``name`` signs with this; empty when they would, or nobody checks."""
        if self.roster is None:
            return ""  # nobody knows what others know
        if not self.public:
            return f"there is a roster and no key: without one, nobody who has the roster believes {name}"
        if self.public not in self.roster.keys.get(name, ()):
            return f'the roster does not name our key under {name}; its public part is "{to_base64url(self.public)}"'
        return ""


UNSIGNED: Final = Signing()
