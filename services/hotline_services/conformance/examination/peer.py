"""The examiner's voice: what it says as the other party, and all that has been said."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.injection import Injected
from hotline_protocol.line import ToPeer
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Health, Presence, Receipt, Stop
from hotline_protocol.topics import INJECT, ORDER, address_of, encode
from hotline_services.delivery.payloads import Check

from .grants import ExaminersBooks
from .seals import SignedBy
from .verdicts import Uttered

L = TypeVar("L", bound=ToPeer)
I = TypeVar("I", bound=Injected)  # noqa: E741

REMEMBERED: Final = 400
"""How much of what was said is kept as evidence."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """Who examines whom, and by what.

    ``slack_s`` (simulated) is what the way there and back may take beside what the agreement allows; ``speed`` is how
    many simulated seconds there are in a real one. With ``may_stop`` the centre is told to stop in the end. What is put
    to it from outside is said as ``orders_as``. ``check`` is for signatures, where keys and a roster were given.
    """

    us: str
    them: str
    rules: Agreement
    epoch: str
    slack_s: float = 2.0
    speed: float = 1.0
    may_stop: bool = False
    orders_as: str = "control"
    check: Check | None = None

    def real(self, seconds: float) -> float:
        """So many real seconds, in simulated ones."""
        return seconds * self.speed


class Letter(msgspec.Struct, frozen=True):
    """What is to be published."""

    topic: str
    payload: bytes
    retain: bool = False
    signed_by: SignedBy = SignedBy.ITSELF

    @property
    def is_injected(self) -> bool:
        """Said to a side from outside, and by no party."""
        return any(topic.match(self.topic) is not None for topic in (ORDER, INJECT))


class Peer:
    """One party, as far as it speaks. Letters are collected until they are taken."""

    def __init__(self, brief: Brief, now: datetime) -> None:
        self.brief: Final = brief
        self.now = now
        self.books: Final = ExaminersBooks(brief.us, brief.them)
        self.said: dict[str, Message] = {}
        self.heard: dict[str, Message] = {}
        self.receipted: dict[str, int] = {}
        self.repeated: dict[str, list[bytes]] = {}
        self.exchange: list[Uttered] = []
        self.last_heard = now
        self.withholds: Callable[[Message], bool] = lambda _: False
        self.within_reach = True
        self.line_is_off = False
        self.calls = 0
        self.negotiations = 0
        self.session = f"{brief.us}-{brief.epoch}-1"
        self._sessions = 1
        self._lives = 1
        self._author = Author(brief.us, brief.epoch)
        self._uncounted = 0
        self._letters: list[Letter] = []

    def take_letters(self) -> list[Letter]:
        """What has been said since this was last asked."""
        letters, self._letters = self._letters, []
        return letters

    @property
    def last_seq(self) -> int:
        """The number of what was last said on the line."""
        return self._author.seq

    def say(self, kind: type[L], /, *, cause: str | None = None, **fields: Any) -> L:
        """Say this on the line."""
        message = self._author.say(kind, self.now, cause=cause, to=self.brief.them, **fields)
        self.said[message.id] = message
        self.send(message)
        return message

    def draft(self, kind: type[L], /, **fields: Any) -> L:
        """The same, not said: it has a number of its own, and is remembered nowhere."""
        return self._author.say(kind, self.now, to=self.brief.them, **fields)

    def forgery(self, kind: type[L], /, **fields: Any) -> L:
        """What somebody else would say as us: it bears the number of what we say next."""
        author = Author(self.brief.us, self.brief.epoch)
        author.seq = self._author.seq
        message = author.say(kind, self.now, to=self.brief.them, **fields)
        return msgspec.structs.replace(message, id=self.next_id("f"))

    def inject(self, kind: type[I], /, **fields: Any) -> I:
        """Put this to the centre from outside."""
        brief = self.brief
        message = kind(id=self.next_id("x"), source=brief.orders_as, seq=0, time=self.now, to=brief.them, **fields)
        self.send(message)
        return message

    def send(self, message: Message) -> None:
        """This message, now: again perhaps."""
        self.utter(address_of(message), encode(message), retain=isinstance(message, Health))

    def utter(self, topic: str, payload: bytes, *, retain: bool = False, signed_by: SignedBy = SignedBy.ITSELF) -> None:
        """These bytes, whatever they are."""
        self._letters.append(Letter(topic, payload, retain, signed_by))
        self.note(self.brief.us, topic, payload)

    def note(self, by: str, topic: str, payload: bytes) -> None:
        """Keep this as evidence; of what is only housekeeping there would be too much."""
        if "/health/" in topic or "/receipt/" in topic:
            return
        self.exchange.append(Uttered(at=self.now, by=by, topic=topic, text=payload.decode("utf-8", "backslashreplace")))
        del self.exchange[:-REMEMBERED]

    def receipt(self, message: Message) -> None:
        """We have this."""
        answer = Receipt(
            id=self.next_id("r"), source=self.brief.us, seq=0, time=self.now, to=message.source, ids=(message.id,)
        )
        self.send(answer)

    def health(self, presence: Presence = Presence.UP) -> Health:
        """A sign of life, or the end of it; not sent yet."""
        return Health(
            id=self.next_id("h"),
            source=self.brief.us,
            seq=0,
            time=self.now,
            presence=presence,
            session=self.session,
            note="examines",
        )

    def come_back(self) -> None:
        """As if we had been away: a birth of a new session."""
        self._sessions += 1
        self.session = f"{self.brief.us}-{self.brief.epoch}-{self._sessions}"
        self.send(self.health())

    def lose_state(self) -> None:
        """Number on in another epoch."""
        self._lives += 1
        self._author.begin(f"{self.brief.epoch[:12]}x{self._lives}")

    def tell_to_stop(self) -> None:
        """Have the centre end."""
        brief = self.brief
        self.send(Stop(id=self.next_id("s"), source=brief.orders_as, seq=0, time=self.now, to=brief.them))

    def later(self, seconds: float) -> datetime:
        """So many simulated seconds from now."""
        return self.now + timedelta(seconds=seconds)

    def next_id(self, kind: str) -> str:
        """An id for what is not counted."""
        self._uncounted += 1
        return f"{self.brief.us}-{self.brief.epoch}-{kind}{self._uncounted}"
