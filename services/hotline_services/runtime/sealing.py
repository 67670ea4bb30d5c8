"""Checks that ledger entries which others give as a service's own were sealed by it: ``hotline_protocol.seal``.

This is done by the shell, before an input is journalled, and not by the core: what a key says of an entry changes with
the roster, and a replay must come to the same.
"""

from collections.abc import Callable, Iterable
from typing import Final

from hotline_protocol.flightplan import Problem
from hotline_protocol.message import Message
from hotline_protocol.seal import BAD_SEAL, unproven

from .ed25519 import Verify

KeysOf = Callable[[str], Iterable[Verify]]
"""What checks by the keys of this name, former ones too."""


class Seals:
    """Checks by the ``own`` key of this service, and by those that a roster has under its name."""

    def __init__(self, own: Verify | None, keys_of: KeysOf = lambda _: ()) -> None:
        self._own: Final = () if own is None else (own,)
        self._keys_of: Final = keys_of

    def problem(self, name: str, message: Message) -> Problem | None:
        """What is wrong with the entries in this message that bear ``name`` as their granter, if anything."""

        def is_signed(signature: bytes, signed: bytes) -> bool:
            return any(verify(signature, signed) for verify in (*self._own, *self._keys_of(name)))

        entry = unproven(message, name, is_signed)
        if entry is None:
            return None
        reason = f"{message.source} gives entry {entry.index} as one of {name}, and no seal of {name} stands for it"
        return Problem(code=BAD_SEAL, field="seal", reason=reason)
