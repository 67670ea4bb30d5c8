"""The smallest services that can lose, double or confuse something. As a program: one of them in its own process."""

import asyncio
import copy
import hashlib
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from hotline_protocol.core import Core
from hotline_protocol.line import Answer, Busy, LineCheck, LineChecked, Reason, Ring, Tier
from hotline_protocol.message import Author, Message, digest_of
from hotline_protocol.service import Clock, Unreadable
from hotline_protocol.topics import HEALTH, LINE, decode_any, encode
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.launch import run_service
from hotline_services.runtime.service import Service
from hotline_services.runtime.wire import BrokerSettings

START = datetime(2026, 1, 1, tzinfo=UTC)
CLOCK = Clock(id="clock", source="director", seq=0, time=START, simulated_start=START, real_start=START, speed=1.0)
POISON = "poison"
PATIENCE_S = 240.0
SNAPSHOT_EVERY = 5


class Saved(NamedTuple):
    """The state of a toy."""

    epoch: str
    seq: int
    heard: list[bytes]
    next_deadline: datetime | None
    rung: int


class Toy:
    """A core that remembers what it heard, and lets a test wait for it."""

    def __init__(self, name: str, peer: str, epoch: str) -> None:
        self.author = Author(name, epoch)
        self.peer = peer
        self.next_deadline: datetime | None = None
        self.heard: list[Message] = []
        self.rung = 0
        self.changed = asyncio.Event()

    def clone(self) -> Self:
        twin = copy.copy(self)
        twin.author = copy.copy(self.author)
        twin.heard = [*self.heard]
        return twin

    def fingerprint(self, since: datetime | None = None) -> bytes:  # noqa: ARG002  nobody compares up to a time here
        return hashlib.sha256(self.save()).digest()[:16]

    def save(self) -> bytes:
        heard = [encode(message) for message in self.heard]
        return msgspec.msgpack.encode(Saved(self.author.epoch, self.author.seq, heard, self.next_deadline, self.rung))

    def load(self, saved: bytes) -> None:
        state = msgspec.msgpack.decode(saved, type=Saved)
        self.author.begin(state.epoch)
        self.author.seq, self.next_deadline, self.rung = state.seq, state.next_deadline, state.rung
        self.heard = [decode_any(message) for message in state.heard]
        self.changed.set()

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        said = self.answer(message, now)
        self.heard.append(message)
        self.changed.set()
        return said

    def answer(self, _message: Message, _now: datetime) -> Sequence[Message]:
        return []

    def lapse(self, now: datetime) -> Sequence[Message]:  # noqa: ARG002
        return []

    def hang(self, how: str) -> Sequence[Message]:
        """Never come back: ``block`` in C, without ever letting another thread run."""
        while how == "spin":
            pass
        re.match(r"(a+)+$", "a" * 60 + "b")
        return []

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until it has heard enough."""
        async with asyncio.timeout(PATIENCE_S):
            while not enough():
                self.changed.clear()
                await self.changed.wait()

    def heard_of(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.heard if isinstance(message, kind)]


class Teller(Toy):
    """Rings ``amount`` times, every ``every``, from its first deadline on; hears the answers."""

    def __init__(self, name: str, peer: str, epoch: str, amount: int, every: timedelta = timedelta()) -> None:
        super().__init__(name, peer, epoch)
        self._amount = amount
        self._every = every
        self.next_deadline = START if amount else None

    def lapse(self, now: datetime) -> Sequence[Message]:
        if self.next_deadline is None or now < self.next_deadline:
            return []
        count = 1 if self._every else self._amount
        first, self.rung = self.rung + 1, self.rung + count
        self.next_deadline = now + self._every if self.rung < self._amount else None
        self.changed.set()
        return [self.ring(str(number), now) for number in range(first, first + count)]

    def ring(self, call_id: str, now: datetime) -> Ring:
        return self.author.say(Ring, now, to=self.peer, call_id=call_id, reason=Reason.ROUTINE, tier=Tier.DUTY_OFFICER)

    @property
    def answers(self) -> list[int]:
        return [int(message.call_id) for message in self.heard if isinstance(message, Answer)]


class Tally(Toy):
    """Answers each ring, dies of poison, and tells on a line check how many rings it knows, and which."""

    def answer(self, message: Message, now: datetime) -> Sequence[Message]:
        match message:
            case Ring(call_id="poison"):
                raise ValueError("this one kills me")
            case Ring(call_id="spin" | "block"):
                return self.hang(message.call_id)
            case Ring():
                return [self.author.say(Answer, now, cause=message.id, to=self.peer, call_id=message.call_id)]
            case LineCheck():
                rings = [ring.call_id for ring in self.heard if isinstance(ring, Ring)]
                digest = digest_of(rings)
                return [
                    self.author.say(
                        LineChecked, now, to=self.peer, call_id="c", agreement=digest, heads={}, heard_seq=len(rings)
                    )
                ]
            case Unreadable():
                return [self.author.say(Busy, now, to=self.peer, call_id=message.code)]
            case _:
                return []


def service(name: str, peer: str, core: Callable[[str], Core], *, sets_clock: bool = True) -> Service:
    """A toy as a service that listens to its peer."""
    return Service(
        name=name,
        core=core,
        subscriptions=[LINE.filter(to=name), HEALTH.filter(source=peer)],
        sets_clock=CLOCK if sets_clock else None,
    )


def main() -> int:
    """Run a tally: name, peer, broker, folder."""
    name, peer, broker, folder = sys.argv[1:]
    return run_service(
        service(name, peer, lambda epoch: Tally(name, peer, epoch)),
        lambda: Journal(Path(folder) / f"{name}.journal", name, snapshot_every=SNAPSHOT_EVERY),
        BrokerSettings.from_url(broker),
        log_level="critical",
        watch=Path(folder) / name,
    )


if __name__ == "__main__":
    sys.exit(main())
