"""Two services of one name at one broker: who comes later finds the other, and gives up.

A service has one client id, so the broker lets only one process of a name stay connected. Before a service connects it
asks, as a guest with another id, whether a process of its name is alive: an echo to itself that only a living one
answers, by a sign of life whose ``cause`` is the question. What a dead one left behind does not answer.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import uuid4

import msgspec
import structlog

from hotline_protocol.message import Message
from hotline_protocol.service import WAITS, Health, Presence, Resend
from hotline_protocol.topics import HEALTH, MalformedMessageError, address_of, decode

from .clock import wall_clock
from .echo import echo
from .mqtt import Connection
from .wills import STOPPED
from .wire import GUEST_S, BrokerSettings, Delivery, PublishRefused

QUESTION: Final = "alive-"
ANSWER_S: Final = 2.0
RETAINED_S: Final = 0.1  # what the broker keeps comes with the subscription: at latest this long after our echo
AGAIN_S: Final = 2.0
STALE: Final = timedelta(seconds=10)  # a question that waited longer in our queue has been settled
REMEMBERED_S: Final = 600.0

log = structlog.get_logger(__name__)


class Say(Protocol):
    """Says our health."""

    def __call__(self, presence: Presence, *, cause: str | None = None) -> None: ...


class NameTakenError(Exception):
    """Another process of our name is connected to this broker, and came before us."""

    def __init__(self, name: str, broker: BrokerSettings) -> None:
        super().__init__(
            f"another hotline-{name} is connected to the broker at {broker}, and answers. "
            "Stop that one first, or name another broker: two of one name would throw each other off."
        )


def is_alive(health: Health) -> bool:
    """Whether a process says this of itself: that it is up, or that it waits for a clock. Otherwise it has ended."""
    return health.presence is Presence.UP or health.note.startswith(WAITS)


def _said_at(health: Health) -> datetime:
    """Real time, which goes on where there is no clock; simulated, as of a process of before it was told."""
    return health.sent if isinstance(health.sent, datetime) else health.time


def question(name: str) -> Resend:
    """Does a process of this name live? Nothing else: a shell says nothing again that it asks of itself."""
    return echo(name, f"{QUESTION}{uuid4().hex}")


class Namesakes:
    """What one service knows of others of its name.

    ``say`` says our health, ``publish`` a question, and ``stop`` ends us when we are the one to go.
    """

    def __init__(
        self,
        name: str,
        session: str,
        broker: BrokerSettings,
        *,
        say: Say,
        publish: Callable[[Message], object],
        stop: Callable[[], object],
    ) -> None:
        self._name: Final = name
        self._session: Final = session
        self._broker: Final = broker
        self._say: Final = say
        self._publish: Final = publish
        self._stop: Final = stop
        self._asked: Final[set[str]] = set()
        self._asked_at = -AGAIN_S
        self._owed: str | None = None  # a question to be answered at the next connect
        self._since: datetime | None = None  # the real time of our first sign of life
        self._later: tuple[str, str] | None = None  # session and id of another's health since then
        self._met_at: float | None = None
        self._met = ""
        self.is_later: NameTakenError | None = None

    @property
    def trouble(self) -> str:
        """For the note on health, as long as it is of interest."""
        recent = self._met_at is not None and time.monotonic() - self._met_at < REMEMBERED_S
        return self._met if recent else ""

    async def look(self) -> None:
        """Ask as a guest, before we connect. Raises NameTakenError, or Refused by the broker."""
        guest = _Guest(self._name, self._broker)
        self._asked.add(guest.question.id)
        if await guest.is_answered():
            raise NameTakenError(self._name, self._broker)

    async def enter(self, connect: Callable[[], Awaitable[None]]) -> None:
        """Look first, then connect and stay connected. Raises as both do."""
        await self.look()
        await connect()

    def came_up(self, *, cut_short: bool) -> None:
        """We are connected; ``cut_short`` when the connection before ended soon: by another of our name, perhaps."""
        owed, self._owed = self._owed, None
        if owed is not None:
            self._say(Presence.UP, cause=owed)
        if cut_short:
            self._ask()

    def hear(self, health: Health, *, retained: bool) -> None:
        """A sign of life under our name: ours, or another's; or our will, of a connection that we have replaced."""
        if not is_alive(health):
            self._say(Presence.UP)
        elif health.session == self._session:
            self._since = self._since or _said_at(health)
        elif health.cause in self._asked or self._lives(health):
            self._note("is connected")
            if health.session < self._session:  # one of the two has to go: the same one for both
                self.is_later = NameTakenError(self._name, self._broker)
                self._stop()
        elif not retained:
            self._ask()

    def _lives(self, health: Health) -> bool:
        """Whether that session has said two things since our own first sign of life: nobody does who went before us.

        Where two throw each other off there is no asking: each gets its own questions, in the queue that they share.
        """
        if self._since is None or _said_at(health) <= self._since:
            return False
        before, self._later = self._later, (health.session, health.id)
        return before is not None and before[0] == health.session and before[1] != health.id

    def hear_question(self, asked: Resend) -> None:
        """Answer, when another process of our name has asked and waits for an answer."""
        if asked.id.startswith(QUESTION) and asked.id not in self._asked and wall_clock() - asked.time < STALE:
            self._note("tried to connect")
            self._owed = asked.id  # it may have come before the connection can say anything
            self._say(Presence.UP, cause=asked.id)

    def _ask(self) -> None:
        now = time.monotonic()
        if now - self._asked_at >= AGAIN_S:
            self._asked_at = now
            asked = question(self._name)
            self._asked.add(asked.id)
            self._publish(asked)

    def _note(self, what: str) -> None:
        if not self.trouble:
            log.warning("namesake", reason=f"another hotline-{self._name} {what}", broker=str(self._broker))
        self._met_at = time.monotonic()
        self._met = f"another hotline-{self._name} {what} at {wall_clock():%H:%M:%S} UTC"


class _Guest:
    """One question, by a client of another id that leaves no trace at the broker."""

    def __init__(self, name: str, broker: BrokerSettings) -> None:
        self.question: Final = question(name)
        self._address: Final = address_of(self.question)
        self._payload: Final = broker.signing.encode(self._address, self.question)
        self._health: Final = HEALTH.filter(source=name)
        self._kept: Health | None = None  # the latest that the broker holds
        self._took_its_place = False
        self._is_echoed = False  # only once: a broker may deliver again what is not confirmed, as often as we wait
        self._timer: asyncio.TimerHandle | None = None
        self._answer: Final[asyncio.Future[bool]] = asyncio.get_running_loop().create_future()
        settings = msgspec.structs.replace(broker, session_s=GUEST_S)
        client_id = f"hotline-{name}-guest-{uuid4().hex[:8]}"
        self._connection: Final = Connection(settings, client_id, [self._health, self._address], self)

    async def is_answered(self) -> bool:
        """Connect, ask, and wait as long as an answer may take. Raises Refused by the broker."""
        running = asyncio.create_task(self._connection.run())
        try:
            waiting: list[asyncio.Future[Any]] = [running, self._answer]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            return self._answer.done() and self._answer.result()
        finally:
            await self._connection.close()
            running.cancel()
            await asyncio.wait([running])

    def will(self) -> None:
        """A guest leaves none."""

    def on_up(self, *, session_present: bool) -> None:
        """Ask; again, if another has thrown us off meanwhile.

        A guest has no session of its own. Where it finds one, the broker makes the user's name the client id: then we
        have taken the place of the other one, which comes back.
        """
        self._took_its_place |= session_present
        self._is_echoed = False
        self._settle_in(ANSWER_S, self._give_up)
        self._connection.publish(self._address, self._payload, self._published)

    def on_down(self) -> None:
        """It comes up again by itself, and asks again."""
        self._settle_in(None)

    def on_read(self) -> None:
        """Each message has been dealt with as it came."""

    def on_message(self, delivery: Delivery) -> None:
        """Health, and our own question: it shows that what the broker keeps has come, or comes at once.

        The question is not confirmed: where we share a queue with the other one, it is to get it next.
        """
        message = _readable(delivery)
        if isinstance(message, Health) and delivery.topic == self._health:
            self._connection.acknowledge(delivery)
            self._kept = message
            if message.cause == self.question.id and not self._answer.done():
                self._answer.set_result(True)
        elif isinstance(message, Resend) and message.id == self.question.id and not self._is_echoed:
            self._is_echoed = True
            self._settle_in(RETAINED_S)

    def _published(self, error: PublishRefused | None) -> None:
        """Without the right to ask, and by a broker that brings nothing back, no other can be found."""
        if error is not None:
            self._give_up()

    def _consider(self) -> None:
        """All that the broker keeps has come: is there anything to wait for? A will may be of our own making."""
        lives = self._kept is not None and is_alive(self._kept)
        if lives or (self._kept is not None and self._took_its_place and self._kept.note != STOPPED):
            self._settle_in(ANSWER_S, self._give_up)
        else:
            self._give_up()

    def _give_up(self) -> None:
        if not self._answer.done():
            self._answer.set_result(False)

    def _settle_in(self, wait_s: float | None, then: Callable[[], None] | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if wait_s is None else loop.call_later(wait_s, then or self._consider)


def _readable(delivery: Delivery) -> Message | None:
    try:
        return decode(delivery.topic, delivery.payload)
    except MalformedMessageError:
        return None
