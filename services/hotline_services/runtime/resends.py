"""Answers a request to say messages again, from the store."""

from collections.abc import Callable
from typing import Final

import msgspec

from hotline_protocol.message import Message
from hotline_protocol.service import Resend

from .store import Store
from .writer import Writer

RESENT_AT_ONCE: Final = 500


async def say_again(wanted: Resend, writer: Writer, store: Store, publish: Callable[[Message], None]) -> Resend | None:
    """So many at a time that it does not keep anything else waiting; returns what is left of the request."""
    last = min(wanted.last_seq, wanted.first_seq + RESENT_AT_ONCE - 1)
    found = await writer.do(store.said_between, wanted.wanted_epoch, wanted.first_seq, last)
    for message in found:
        publish(message)
    return msgspec.structs.replace(wanted, first_seq=last + 1) if found and last < wanted.last_seq else None
