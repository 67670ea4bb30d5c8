"""What the live shell asks of the keeper of its inputs and outputs. A journal is one, the monitor's record another."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from hotline_protocol.message import Message


class StoreError(Exception):
    """The store cannot be used as it is; the message says what is wrong and what to do."""


class Heard(NamedTuple):
    """One input of a core: a message, or None for a lapse, at this simulated time."""

    at: datetime
    message: Message | None


class Recovered(NamedTuple):
    """What a store held when it was opened.

    ``heard`` is to be fed to a fresh core in this order; ``said`` is what the core then said, in order, to be compared
    with what it says now (None when the store cannot tell). ``unconfirmed`` is the part of it to be sent again.
    ``attempts`` counts the deaths that an input has caused, by the id of the message.
    """

    heard: Iterable[Heard] = ()
    said: Iterable[Message] | None = None
    unconfirmed: Sequence[Message] = ()
    attempts: Mapping[str, int] = {}


class Store(Protocol):
    """Keeps what a core heard and said. Used from more than one thread, but by one call at a time.

    ``epoch`` is the life of the store: chosen by chance when it is made, ``[a-z0-9]{1,16}``.
    """

    @property
    def epoch(self) -> str: ...

    def recover(self) -> Recovered:
        """What was kept before. Called once, before anything else; its iterables are used up before the next call."""
        ...

    def commit(self, heard: Sequence[Heard], said: Sequence[Message], confirmed: Sequence[str]) -> None:
        """In one transaction: inputs in order, what the core said to them in order, and ids that have arrived."""
        ...

    def attempted(self, message: Message, error: str) -> int:
        """This input has made the core raise ``error`` (a traceback): keep both; returns how often it has."""
        ...

    def said_between(self, epoch: str, first_seq: int, last_seq: int) -> list[Message]:
        """The messages said with these sequence numbers, ends included; empty for an epoch of another store."""
        ...

    def tidy(self) -> None:
        """Do what takes long and can wait. Called now and then, always beside the event loop."""
        ...

    def close(self) -> None:
        """Write everything out and let go of the file."""
        ...
