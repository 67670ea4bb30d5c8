"""What a shell with a roster of keys does not take in, though it can be read: forged, replayed, or contradictory."""

import hashlib
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from hotline_protocol.flightplan import Problem
from hotline_protocol.message import Message
from hotline_protocol.seal import without_seal
from hotline_protocol.service import Clock, Health, Presence, Stop
from hotline_protocol.topics import CLOCK, HEALTH, MalformedMessageError, decode, encode
from hotline_services.delivery.payloads import Check, Unproven

from .hearing import may_be_stop
from .wire import Delivery

REPLAYED: Final = "replayed"
CONTRADICTED: Final = "contradicted"
LATE: Final = Problem(code="late", field="time", reason="the broker had kept it, and newer has come since")
"""Older state right after a connect, or delivered again: nobody's fault, so it is dropped and not reported."""
TOLD: Final = Problem(code="told", field="", reason="the same bytes have been reported just now")
QUIET: Final = (LATE, TOLD)
TOLD_S: Final = 10.0
GRACE_S: Final = 15.0
REMEMBERED: Final = 100
NUMBERS: Final = 10_000

_STATE: Final = (CLOCK.template, HEALTH.template.partition("{")[0])


class Guard:
    """Examines what arrives at the service ``name``, by a roster; without one it takes everything.

    ``refused`` counts what it did not take. ``unproven`` examines what others give as entries of our ledgers.
    """

    def __init__(
        self,
        check: Check | None,
        name: str = "",
        now_s: Callable[[], float] = time.monotonic,
        unproven: Unproven | None = None,
    ) -> None:
        self._check: Final = check
        self._name: Final = name
        self._unproven: Final = unproven
        self._now_s: Final = now_s
        self._settled_s = 0.0
        self._state: Final = StateOrder(name)
        self.contents = None if check is None else Contents()
        self._told: Final[dict[tuple[str, int], float]] = {}
        self.refused = 0

    def connected(self) -> None:
        """From now on the broker hands over what it kept: the newest of each state, and before or after it older."""
        self._settled_s = self._now_s() + GRACE_S

    def problem(self, delivery: Delivery) -> Problem | None:
        """Why this is not to be taken in: one of QUIET, or what is to be reported; None when it is all right."""
        if self._check is None:
            return None
        problem = self._check(delivery.topic, delivery.payload)
        if problem is None and (delivery.topic.startswith(_STATE) or may_be_stop(delivery.payload)):
            problem = self._out_of_order(delivery)
        if problem is None or problem is LATE:
            return problem
        self.refused += 1
        return TOLD if self._is_told(delivery) else problem

    def unproven(self, message: Message) -> Problem | None:
        """Why the entries in this message that are said to be ours are not to be taken in; None when nothing is."""
        problem = None if self._unproven is None else self._unproven(self._name, message)
        self.refused += problem is not None
        return problem

    def _is_told(self, delivery: Delivery) -> bool:
        """Whether the same bytes have been reported just now: a broker hands over twice what two filters match."""
        now_s, what = self._now_s(), (delivery.topic, hash(delivery.payload))
        last_s = self._told.pop(what, None)
        self._told[what] = now_s if last_s is None or now_s - last_s > TOLD_S else last_s
        _forget(self._told, REMEMBERED)
        return self._told[what] != now_s

    def _out_of_order(self, delivery: Delivery) -> Problem | None:
        try:
            message = decode(delivery.topic, delivery.payload)
        except MalformedMessageError:
            return None  # for whoever reads it to report
        problem = self._state.problem(message)
        is_kept = delivery.retained or delivery.again or self._now_s() < self._settled_s
        return LATE if problem is not None and is_kept else problem


class StateOrder:
    """Tells signed state that was said before what has been taken in already of the same source.

    And orders to ``name`` to stop that were said before it was up: they have stopped it once.
    """

    def __init__(self, name: str = "") -> None:
        self._name: Final = name
        self._up_since: datetime | None = None
        self._clocks: Final[dict[str, datetime]] = {}
        self._lives: Final[dict[str, _Lives]] = {}

    def problem(self, message: Message) -> Problem | None:
        """What is wrong with its place in the order; if nothing, it is the last of its source from now on."""
        match message:
            case Clock():
                last = self._clocks.setdefault(message.source, message.real_start)
                self._clocks[message.source] = max(last, message.real_start)
                return replayed("real_start", message) if message.real_start < last else None
            case Health():
                if message.source == self._name and message.presence is Presence.UP and self._up_since is None:
                    self._up_since = message.time
                lives = self._lives.setdefault(message.source, _Lives())
                return None if lives.goes_on(message) else replayed("time", message)
            case Stop(to=self._name):
                stops = self._up_since is not None and message.time >= self._up_since
                return None if stops else Problem(code=REPLAYED, field="time", reason="said before we were up")
            case _:
                pass
        return None


class _Lives:
    """The signs of life and the wills of one source.

    A sign of life is newer by its ``time`` within its session; once another session has come, one of the earlier
    session must be newer than its last. A will bears the time of its connect, so it counts until the next sign of life.
    """

    def __init__(self) -> None:
        self._session = ""
        self._last: dict[str, datetime] = {}
        self._wills: dict[str, None] = {}  # since the last sign of life
        self._spent: dict[str, None] = {}  # before it

    def goes_on(self, health: Health) -> bool:
        """Whether this follows what has come."""
        if health.presence is Presence.DOWN:
            self._wills[health.id] = None
            _forget(self._wills, REMEMBERED)
            return health.id not in self._spent
        last = self._last.get(health.session)
        if last is not None and (health.time < last or (health.time == last and health.session != self._session)):
            return False
        self._session = health.session
        self._last[health.session] = health.time
        _forget(self._last, REMEMBERED)
        self._spent |= self._wills
        _forget(self._spent, REMEMBERED)
        self._wills = {}
        return True


class SavedContents(NamedTuple):
    """The numbers of one source and epoch, each with a checksum of what it has said."""

    source: str
    epoch: str
    hashes: dict[int, int]


class Contents:
    """What each number of each source has said, for the last 10,000 of each source and epoch."""

    def __init__(self) -> None:
        self._hashes: Final[dict[tuple[str, str], dict[int, int]]] = {}

    def contradicts(self, message: Message) -> bool:
        """Whether this number has said something else before; a number that is new says this from now on."""
        if message.seq == 0:
            return False
        hashes = self._hashes.setdefault((message.source, message.epoch), {})
        said = encode(without_seal(message))  # said again under another key, it is the same
        content = int.from_bytes(hashlib.blake2b(said, digest_size=8).digest())
        before = hashes.setdefault(message.seq, content)
        _forget(hashes, NUMBERS)
        return before != content

    def save(self) -> tuple[SavedContents, ...]:
        """A copy as plain data."""
        return tuple(SavedContents(*key, dict(hashes)) for key, hashes in self._hashes.items())

    def load(self, saved: Iterable[SavedContents]) -> None:
        """Replace everything by what was saved."""
        self._hashes.clear()
        self._hashes.update({(one.source, one.epoch): dict(one.hashes) for one in saved})


def _forget(known: dict[Any, Any], at_most: int) -> None:
    """The oldest, beyond so many."""
    if len(known) > at_most:
        del known[next(iter(known))]


def replayed(field: str, message: Message) -> Problem:
    """What is wrong with signed state that is not the newest of its source."""
    return Problem(code=REPLAYED, field=field, reason=f"{message.source} has said something newer since")


def contradicted(message: Message) -> Problem:
    """What is wrong with a second message of one number."""
    reason = f"{message.source} has said something else as number {message.seq} of epoch {message.epoch}"
    return Problem(code=CONTRADICTED, field="seq", reason=reason)
