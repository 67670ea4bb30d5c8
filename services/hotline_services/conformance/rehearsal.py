"""An examination in simulated time: the examiner and a core, joined by a line that loses nothing.

The core is given what its live shell would give it: it hears each message once, its receipts are sent, and what it says
is said again until it is confirmed. Nothing here waits for real time.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hotline_protocol.core import Core
from hotline_protocol.hearing import ear
from hotline_protocol.message import Message
from hotline_protocol.roster import Roster
from hotline_protocol.service import Health, Presence, Receipt, Stop, Unreadable
from hotline_protocol.topics import address_of, encode, topic_of
from hotline_services.delivery.outbox import Outbox, Seen
from hotline_services.delivery.payloads import Check, Signing, as_it_stands
from hotline_services.delivery.presence import Peers
from hotline_services.runtime.guard import Guard, contradicted
from hotline_services.runtime.hearing import ShellMessage, between_shells, refused
from hotline_services.runtime.signing import Signer, Verifier
from hotline_services.runtime.wire import Delivery

from .examination.examiner import Examiner
from .examination.peer import Brief, Letter
from .examination.scenes import SCENES
from .examination.seals import Seals
from .examination.verdicts import Report

START: Final = datetime(2026, 1, 5, 6, tzinfo=UTC)
DELAY: Final = timedelta(milliseconds=50)
HEALTH_S: Final = 10.0
LONG_SINCE_S: Final = 1e6
"""By the guard's clock it has been connected for so long: nothing is late any more."""
LONGEST: Final = timedelta(days=7)


class LocalCentre:
    """A core with as much of a shell as can be seen from outside."""

    def __init__(self, party: str, core: Core, speed: float = 1.0, peers: Collection[str] = ()) -> None:
        self.party: Final = party
        self.peers: Final = peers
        self.core: Final = core
        self.stopped = False
        self.sign: Callable[[str, bytes], bytes] = as_it_stands
        self.guard = Guard(None)
        self._outbox = Outbox(first_resend_s=2.0 * speed, longest_resend_s=30.0 * speed)
        self._seen = Seen()
        self._peers = Peers()
        self._count = 0
        self._health_every = timedelta(seconds=HEALTH_S * speed)
        self._health_at = START

    @property
    def next_deadline(self) -> datetime | None:
        """When it wants to be woken."""
        if self.stopped:
            return None
        again = self._outbox.next_due
        times = [self._health_at, self.core.next_deadline, None if again is None else _at(again)]
        return min(at for at in times if at is not None)

    def receive(self, topic: str, payload: bytes, now: datetime) -> list[Letter]:
        """What it says to this, when its signature is right; with keys only."""
        problem = self.guard.problem(Delivery(topic, payload, retained=False, qos=1, mid=0, life=0))
        if problem is None or self.stopped:
            return self.hear(topic, payload, now)
        return self._post(self.core.receive(refused(topic, payload, problem, now), now), now)

    def sealed(self, letter: Letter) -> bytes:
        """The signed payload of this letter, which the centre's own guard then knows as well."""
        payload = self.sign(letter.topic, letter.payload)
        self.guard.problem(Delivery(letter.topic, payload, retained=False, qos=1, mid=0, life=0))
        return payload

    def take_key(self, sign: Callable[[str, bytes], bytes], check: Check) -> None:
        """From now on it signs, and believes no other."""
        self.sign = sign
        self.guard = Guard(check, self.party, lambda: LONG_SINCE_S)

    def hear(self, topic: str, payload: bytes, now: datetime) -> list[Letter]:
        """What it says to this."""
        if self.stopped:
            return []
        letters: list[Letter] = []
        delivery = Delivery(topic, payload, retained=False, qos=1, mid=0, life=0)
        said = between_shells(delivery)
        if said is not None and not isinstance(said, Health):
            self._hear_shell(said, now, letters)
            return letters
        for message in ear(topic, payload, now, (self.party, *self.peers)):
            if self.guard.contents is not None and self.guard.contents.contradicts(message):
                message = refused(topic, payload, contradicted(message), now)  # noqa: PLW2901
            if isinstance(message, Unreadable) or self.is_new(message, now, letters):
                letters += self._post(self.core.receive(message, now), now)
        return letters

    def _hear_shell(self, message: ShellMessage, now: datetime, letters: list[Letter]) -> None:
        if isinstance(message, Receipt):
            self._outbox.confirm(message.ids)
        elif isinstance(message, Stop):
            self.stopped = True
            letters.append(self.health(now, Presence.DOWN))

    def is_new(self, message: Message, now: datetime, letters: list[Letter]) -> bool:
        """Whether the core is to hear this; what is to be receipted is."""
        if isinstance(message, Health):
            return self._peers.news(message)
        if topic_of(message).receipted:
            letters += self.receipt(message, now)
        return self._seen.first_time(message)

    def receipt(self, message: Message, now: datetime) -> list[Letter]:
        """That this has arrived."""
        receipt = Receipt(id=self._name(), source=self.party, seq=0, time=now, to=message.source, ids=(message.id,))
        return [_letter(receipt)]

    def appear(self, now: datetime) -> list[Letter]:
        """What the broker has of it when somebody comes."""
        self.stopped, self._health_at = False, now
        return self.lapse(now)

    def lapse(self, now: datetime) -> list[Letter]:
        """What time brings about."""
        letters: list[Letter] = []
        if now >= self._health_at:
            self._health_at = now + self._health_every
            letters.append(self.health(now, Presence.UP))
        deadline = self.core.next_deadline
        if deadline is not None and deadline <= now:
            letters += self._post(self.core.lapse(now), now)
        letters += [_letter(message) for message in self._outbox.due(_seconds(now))]
        return letters

    def _post(self, said: Sequence[Message], now: datetime) -> list[Letter]:
        for message in said:
            if topic_of(message).receipted:
                self._outbox.add(message, _seconds(now))
        return [_letter(message) for message in said]

    def health(self, now: datetime, presence: Presence) -> Letter:
        """A birth or a will."""
        health = Health(
            id=self._name(), source=self.party, seq=0, time=now, presence=presence, session=f"{self.party}-1"
        )
        return _letter(health)

    def _name(self) -> str:
        self._count += 1
        return f"{self.party}-shell-{self._count}"


def _letter(message: Message) -> Letter:
    return Letter(address_of(message), encode(message), topic_of(message).retain)


def _seconds(now: datetime) -> float:
    return (now - START).total_seconds()


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds, microseconds=1)  # a wake that is early would come to nothing


Line = list[tuple[datetime, bool, Letter]]
"""What is on its way: when it arrives, whether at the centre, and what it is. All take equally long."""


def rehearse(brief: Brief, centre: LocalCentre, chosen: frozenset[str], told: Callable[[str], object] = str) -> Report:
    """Examine this centre, as fast as it goes. ``told`` hears the title of each scene as it begins."""
    examiner = Examiner(with_keys(brief), START, chosen, SCENES)
    play(examiner, centre, told)
    return examiner.report()


def with_keys(brief: Brief) -> Brief:
    """The same, with signatures: everybody has a key that is made of the name."""
    return msgspec.structs.replace(brief, check=_roster(brief).problem)


def _signer(name: str) -> Signer:
    return Signer(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


def _roster(brief: Brief) -> Verifier:
    names = (brief.us, brief.them, brief.orders_as)
    return Verifier(Roster(keys={name: (_signer(name).public,) for name in names}))


def _hand_over_keys(brief: Brief, centre: LocalCentre) -> Seals:
    """What the examiner's letters are signed with."""
    if brief.check is None:
        return Seals()
    centre.take_key(_signer(brief.them).sign, _roster(brief).problem)
    party, outside = (Signing(sign=_signer(name).sign) for name in (brief.us, brief.orders_as))
    return Seals(party, outside, _signer("stranger").sign)


def play(examiner: Examiner, centre: LocalCentre, told: Callable[[str], object] = str) -> None:
    """Have the examiner examine this centre from now on, and to the end."""
    begun = now = examiner.peer.now
    line: Line = []
    seals = _hand_over_keys(examiner.brief, centre)
    letters = centre.appear(now)
    for letter in letters:
        heard = examiner.hear(letter.topic, centre.sealed(letter), now, retained=letter.retain)
        _post(line, heard, now, to_centre=True)
    playing = None
    while not examiner.finished:
        now = _next_time(line, examiner, centre)
        if now - begun > LONGEST:
            raise RuntimeError(f"{examiner.playing and examiner.playing.name}: the examination does not end")
        _one_moment(line, examiner, centre, seals, now)
        if examiner.playing is not playing and examiner.playing is not None:
            told(examiner.playing.title)
        playing = examiner.playing


def _next_time(line: Line, examiner: Examiner, centre: LocalCentre) -> datetime:
    times = [line[0][0] if line else None, examiner.next_deadline, centre.next_deadline]
    return min(at for at in times if at is not None)


def _one_moment(line: Line, examiner: Examiner, centre: LocalCentre, seals: Seals, now: datetime) -> None:
    """Deliver what is due, and wake whoever wants to be woken."""
    while line and line[0][0] <= now:
        _, to_centre, letter = line.pop(0)
        if to_centre:
            _post(line, centre.receive(letter.topic, seals.payload(letter), now), now, to_centre=False)
        else:
            _post(line, examiner.hear(letter.topic, centre.sealed(letter), now), now, to_centre=True)
    if (at := centre.next_deadline) is not None and at <= now:
        _post(line, centre.lapse(now), now, to_centre=False)
    if (at := examiner.next_deadline) is not None and at <= now:
        _post(line, examiner.lapse(now), now, to_centre=True)


def _post(line: Line, letters: Sequence[Letter], now: datetime, *, to_centre: bool) -> None:
    line.extend((now + DELAY, to_centre, letter) for letter in letters)
