"""Housekeeping between services: time, health, stop, receipts and asking again. None of it is counted."""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from .message import LAST_SEQ, AwareTime, Epoch, Identifier, Message, PartyName


class Clock(Message, frozen=True, kw_only=True, tag="clock"):
    """At ``real_start`` (wall clock) it was ``simulated_start``, and time has run ``speed`` times as fast since."""

    simulated_start: AwareTime
    real_start: AwareTime
    speed: Annotated[float, Meta(gt=0, le=100_000)]


WAITS: Final = "waits for the clock"
"""How the note on the health of a service begins that is down because there is no clock for it to follow."""


MOST_SKEW_MS = 30_000.0
"""A machine whose clock is further off than so many real milliseconds is not made up for: its services do not begin."""


class Presence(enum.Enum):
    """A birth or a death."""

    UP = "up"
    DOWN = "down"


class Health(Message, frozen=True, kw_only=True, tag="health"):
    """Birth (retained, said again after each connect and every ten seconds) or will. One ``session`` a process.

    ``said`` is the highest number that the source has used in its ``epoch``, as far as it knows: who has received a
    higher one names it in a receipt.
    ``sent`` is the real time at which it was sent, by whoever sets the clock as far as the sender knows that, and
    ``skew_ms`` by how much the sender's machine is ahead of it. A service that waits for the clock is down, and its
    note says so.
    ``program`` is the version of the sender's program, and ``protocol`` names the form of the messages that it knows.
    """

    presence: Presence
    session: Identifier
    lag_ms: float = 0.0
    inbox: int = 0
    outbox: int = 0
    restarts: int = 0
    note: Annotated[str, Meta(max_length=500)] = ""
    said: Annotated[int, Meta(ge=0, le=LAST_SEQ)] | msgspec.UnsetType = msgspec.UNSET
    sent: AwareTime | msgspec.UnsetType = msgspec.UNSET
    skew_ms: float | msgspec.UnsetType = msgspec.UNSET
    program: Annotated[str, Meta(max_length=64)] | msgspec.UnsetType = msgspec.UNSET
    protocol: Annotated[str, Meta(max_length=64)] | msgspec.UnsetType = msgspec.UNSET

    @property
    def is_off(self) -> bool:
        """Whether its machine's clock is too far off for the service to begin."""
        return isinstance(self.skew_ms, float) and abs(self.skew_ms) > MOST_SKEW_MS


class Stop(Message, frozen=True, kw_only=True, tag="stop"):
    """Finish what is in hand and end."""

    to: PartyName


class Resend(Message, frozen=True, kw_only=True, tag="resend"):
    """Your messages ``first_seq`` to ``last_seq`` of this epoch did not arrive: say them again.

    What a service asks of itself is an echo, by which it measures the broker's delay: nothing to act upon or keep.
    With an id that begins with ``alive-`` it asks whether another process of its name lives. That one answers by
    ``health`` whose ``cause`` is the echo.
    """

    to: PartyName
    wanted_epoch: str
    first_seq: Annotated[int, Meta(ge=1, le=LAST_SEQ)]
    last_seq: Annotated[int, Meta(ge=1, le=LAST_SEQ)]

    @property
    def is_echo(self) -> bool:
        """Asked of itself."""
        return self.source == self.to


class Receipt(Message, frozen=True, kw_only=True, tag="receipt"):
    """These messages of yours are in my journal."""

    to: PartyName
    ids: Annotated[tuple[Identifier, ...], Meta(max_length=1_000)]


class Unreadable(Message, frozen=True, kw_only=True, tag="unreadable"):
    """A shell to its own core, never on the wire: this arrived and cannot be used. The core answers for it.

    Or the core itself said it, and it is too large for the broker: ``source`` is the core's own name, ``cause`` the
    message, ``code`` ``too-large``. Else ``code`` is ``dead-letter``, or says what kind of fault it is; ``about`` is
    the plan's id where it could be read.
    """

    topic: str
    code: str
    field: str
    reason: str
    evidence: str
    about: str = ""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What is still known of another source: in ``epoch``, everything before ``next_seq`` as far as can be told."""

    source: PartyName
    epoch: Epoch
    next_seq: Annotated[int, Meta(ge=1, le=LAST_SEQ)]


class EpochBegun(Message, frozen=True, kw_only=True, tag="epoch-begun"):
    """A shell to its own core, never on the wire: state was lost, and what is said from now on is in epoch ``begun``.

    ``held`` names what the sources around are to be asked to say again, since it may have been received and lost.
    """

    begun: Epoch
    reason: str
    held: tuple[Held, ...] = ()
