"""The simplest services that can be timed: one asks, one answers, one pours, one counts. Also their child process."""

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hotline_protocol.core import Core
from hotline_protocol.line import Answer, Busy, Reason, Ring, Tier
from hotline_protocol.message import Author, Message
from hotline_protocol.roster import Roster, write_roster
from hotline_protocol.service import Clock
from hotline_protocol.topics import HEALTH, LINE
from hotline_services.delivery.payloads import UNSIGNED, Signing
from hotline_services.runtime.actor import Service
from hotline_services.runtime.journal import Journal, Sync
from hotline_services.runtime.launch import run_service
from hotline_services.runtime.signing import Signer, load_signing, private_pem
from hotline_services.runtime.wire import BrokerSettings

ASKER, ANSWERER, TELLER = "us", "ru", "bench"


class Asker:
    """Told ``Busy(call_id="200")``, asks 200 times, each when the last was answered; keeps the times in seconds."""

    next_deadline: datetime | None = None

    def __init__(self, epoch: str, finished: Callable[[], None]) -> None:
        self._author = Author(ASKER, epoch)
        self._finished = finished
        self._left = 0
        self._asked_at = 0.0
        self.times_s: list[float] = []

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        match message:
            case Busy():
                self._left = int(message.call_id)
            case Answer():
                self.times_s.append(time.perf_counter() - self._asked_at)
                self._left -= 1
            case _:
                return []
        if not self._left:
            self._finished()
            return []
        self._asked_at = time.perf_counter()
        return [ring(self._author, now, str(self._left))]

    def lapse(self, now: datetime) -> Sequence[Message]:  # noqa: ARG002
        return []


class Answerer:
    """Answers."""

    next_deadline: datetime | None = None

    def __init__(self, epoch: str) -> None:
        self._author = Author(ANSWERER, epoch)

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        if isinstance(message, Ring):
            return [self._author.say(Answer, now, cause=message.id, to=ASKER, call_id=message.call_id)]
        return []

    def lapse(self, now: datetime) -> Sequence[Message]:  # noqa: ARG002
        return []


class Pourer:
    """Rings ``amount`` times, ``at_once`` every ``every`` of simulated time, without waiting for anything."""

    def __init__(self, epoch: str, amount: int, at_once: int, every: timedelta) -> None:
        self._author = Author(ASKER, epoch)
        self._amount = amount
        self._at_once = at_once
        self._every = every
        self.next_deadline: datetime | None = None

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        if isinstance(message, Busy):
            self.next_deadline = now
        return []

    def lapse(self, now: datetime) -> Sequence[Message]:
        count = min(self._at_once, self._amount - self._author.seq)
        self.next_deadline = now + self._every if self._author.seq + count < self._amount else None
        return [ring(self._author, now, str(self._author.seq + 1)) for _ in range(count)]


class Counter:
    """Counts rings, and those that come twice or out of order."""

    next_deadline: datetime | None = None

    def __init__(self, expected: int, finished: Callable[[], None]) -> None:
        self._expected = expected
        self._finished = finished
        self.numbers: list[int] = []

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:  # noqa: ARG002
        if isinstance(message, Ring):
            self.numbers.append(int(message.call_id))
            if len(self.numbers) == self._expected:
                self._finished()
        return []

    def lapse(self, now: datetime) -> Sequence[Message]:  # noqa: ARG002
        return []


def ring(author: Author, now: datetime, call_id: str) -> Ring:
    """A ring of about 390 bytes on the wire, like the messages of a real call."""
    return author.say(
        Ring,
        now,
        to=ANSWERER,
        call_id=call_id,
        reason=Reason.ROUTINE,
        tier=Tier.DUTY_OFFICER,
        about=("negotiation-of-the-first-plan-of-the-day", "negotiation-of-the-second-plan-of-the-day"),
    )


def service(name: str, core: Callable[[str], Core]) -> Service:
    """One of these, listening to the other; the asker sets the clock."""
    now = datetime.now(UTC)
    clock = Clock(id="clock", source="director", seq=0, time=now, simulated_start=now, real_start=now, speed=1.0)
    return Service(
        name=name,
        core=core,
        subscriptions=[LINE.filter(to=name), HEALTH.filter(source=ASKER if name == ANSWERER else ANSWERER)],
        sets_clock=clock if name == ASKER else None,
    )


def make_keys(folder: Path) -> None:
    """Keys of all that speak here, and their roster."""
    public = {}
    for name in (ASKER, ANSWERER, TELLER):
        key = Ed25519PrivateKey.generate()
        (folder / f"{name}.pem").write_bytes(private_pem(key))
        public[name] = (Signer(key).public,)
    public["director"] = public[ASKER]  # in whose place it sets the clock
    (folder / "roster.toml").write_text(write_roster(Roster(keys=public)))


def signing(folder: Path, name: str) -> Signing:
    """What this one signs with and checks by: nothing, where no keys were made."""
    roster = folder / "roster.toml"
    return load_signing(folder / f"{name}.pem", roster) if roster.exists() else UNSIGNED


def main() -> int:
    """One service in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("core", choices=["answerer", "pourer"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sync", default="normal")
    parser.add_argument("--amount", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=100)
    parser.add_argument("--every-ms", type=float, default=1.0)
    options = parser.parse_args()
    name = ANSWERER if options.core == "answerer" else ASKER
    sync: Sync = options.sync

    def core(epoch: str) -> Core:
        if options.core == "answerer":
            return Answerer(epoch)
        return Pourer(epoch, options.amount, options.at_once, timedelta(milliseconds=options.every_ms))

    return run_service(
        service(name, core),
        lambda: Journal(options.data / f"{name}.journal", name, sync=sync),
        BrokerSettings(port=options.port, signing=signing(options.data, name)),
        log_level="warning",
    )


if __name__ == "__main__":
    raise SystemExit(main())
