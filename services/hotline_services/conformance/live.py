"""The examination over a broker: a thin shell that carries letters, and wakes the examiner."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hotline_protocol.agreement import Agreement
from hotline_protocol.authority import may_order
from hotline_protocol.injection import AnnounceLine
from hotline_protocol.names import ANONYMOUS, CONTROL, DIRECTOR
from hotline_protocol.service import Clock, Health, Presence
from hotline_protocol.topics import (
    CLOCK,
    EVENT,
    HEALTH,
    LINE,
    RECEIPT,
    STATUS,
    MalformedMessageError,
    address_of,
    decode,
    encode,
)
from hotline_services.pacing.bounds import STALE_S
from hotline_services.pacing.scaled_clock import ScaledClock
from hotline_services.runtime.client import NoBrokerError
from hotline_services.runtime.clock import wall_clock
from hotline_services.runtime.identity import identity_of
from hotline_services.runtime.mqtt import Connection
from hotline_services.runtime.signing import Signer
from hotline_services.runtime.wire import BrokerSettings, Delivery, PublishRefused, Will

from .examination.examiner import Examiner
from .examination.peer import Brief, Letter
from .examination.seals import Seals
from .examination.verdicts import Report

UP_S: Final = 10.0
RETAINED_S: Final = 1.0
FAREWELL_S: Final = 0.5
MOST_EARLY: Final = 10_000
"""How much that comes before the examination begins is heard then; of a centre that floods the line not all."""
SLACK_S: Final = 2.0
SLACK_REAL_S: Final = 0.3
SHARE: Final = 0.2
"""Of the shortest deadline; where the slack would be more, delays would be judged and not the centre."""


class ExaminationError(Exception):
    """It cannot be held, or not to its end; the message is a sentence for the user."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Who is examined as whom, where and by what. ``exercise`` is who injects and hears events there.

    ``speed`` is for a clock that is set here; where the broker keeps one already, that counts.
    """

    us: str
    them: str
    rules: Agreement
    broker: BrokerSettings
    exercise: BrokerSettings
    speed: float
    chosen: frozenset[str]
    may_stop: bool = False

    @property
    def orders_as(self) -> str:
        """The name under which things are put to the centre from outside: of whoever does so, if they may."""
        user = identity_of(self.exercise)
        if user is None:
            return CONTROL
        return user if may_order(user, AnnounceLine, self.them) else ANONYMOUS


class Ear:
    """One connection: hands on what it hears, and gives up for good when it is lost."""

    def __init__(
        self, settings: BrokerSettings, filters: Sequence[str], hear: Callable[[Delivery], None], will: Will | None
    ) -> None:
        name = f"hotline-conformance-{secrets.token_hex(4)}"
        guest = msgspec.structs.replace(settings, session_s=0)  # the broker need not remember us
        self._hear = hear
        self._will = will
        self.connection: Final = Connection(guest, name, filters, self)
        self.is_up: Final = asyncio.Event()
        self.lost: Final = asyncio.Event()

    def will(self) -> Will | None:
        """What the broker says when we vanish."""
        return self._will

    def on_message(self, delivery: Delivery) -> None:
        """Hand it on; nothing is kept, so it is dealt with."""
        self.connection.acknowledge(delivery)
        self._hear(delivery)

    def on_read(self) -> None:
        """Each message has been dealt with as it came."""

    def on_up(self, *, session_present: bool) -> None:  # noqa: ARG002
        """There."""
        self.is_up.set()

    def on_down(self) -> None:
        """What was said meanwhile is not known: the examination is void."""
        if self.is_up.is_set():
            self.lost.set()


class LiveExamination:
    """Use from one event loop. ``told`` hears what is going on, a line each."""

    def __init__(self, setting: Setting, told: Callable[[str], object]) -> None:
        self._setting = setting
        self._told = told
        self._epoch = secrets.token_hex(4)
        self._clock: ScaledClock | None = None
        self._kept: Clock | None = None
        self._own_clock: Clock | None = None
        self._other: Health | None = None
        self._early: list[Delivery] = []
        self._examiner: Examiner | None = None
        self._playing = ""
        self._timer: asyncio.TimerHandle | None = None
        self._over = asyncio.Event()
        self._refused: set[str] = set()
        stranger = Signer(Ed25519PrivateKey.generate())
        self._seals = Seals(setting.broker.signing, setting.exercise.signing, stranger.sign)
        us, them = setting.us, setting.them
        own = [
            LINE.filter(source=them, to=us),
            RECEIPT.filter(source=them, to=us),
            HEALTH.filter(source=them),
            HEALTH.filter(source=us),
            CLOCK.template,
        ]
        heard = [EVENT.filter(source=them), STATUS.filter(source=them)]
        heard.append(RECEIPT.filter(source=them, to=setting.orders_as))
        one = setting.broker == setting.exercise
        self._party = Ear(setting.broker, [*own, *heard] if one else own, self._hear, self._death())
        self._exercise = self._party if one else Ear(setting.exercise, heard, self._hear, None)
        self._newcomer = Ear(setting.exercise, [HEALTH.filter(source=them)], self._hear_retained, None)
        self._newcomers_run: asyncio.Task[None] | None = None

    def _death(self) -> Will:
        us = self._setting.us
        health = Health(
            id=f"{us}-{self._epoch}-will",
            source=us,
            seq=0,
            time=wall_clock(),
            presence=Presence.DOWN,
            session=f"{us}-{self._epoch}-1",
            note="the examination was broken off",
        )
        return Will(address_of(health), self._setting.broker.signing.encode(address_of(health), health))

    async def run(self) -> Report | None:
        """What has been found, or None when nobody was there.

        Raises ExaminationError; NoBrokerError when there is no connection, or it is lost; Refused by the broker."""
        ears = [self._party] if self._exercise is self._party else [self._party, self._exercise]
        running = [asyncio.create_task(ear.connection.run()) for ear in ears]
        waiting = [asyncio.create_task(self._hold(ears)), *running]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                if task.done():
                    task.result()  # whatever ended it first
            return self._found()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            if not self._over.is_set() and self._examiner is not None:  # or the next one would find us there
                self._post([self._goodbye(self._examiner)])
            self._leave_clock()
            for ear in [*ears, self._newcomer]:
                await ear.connection.close()
            waiting += [self._newcomers_run] if self._newcomers_run else []
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)

    def _found(self) -> Report | None:
        examiner = self._examiner
        if examiner is None or not examiner.there:
            return None
        if examiner.other_agreement is not None:
            raise ExaminationError(
                f"{self._setting.them} has the agreement {examiner.other_agreement}, and not "
                f"{self._setting.rules.digest}: load it with that, or examine it by its own (--scenario, --agreement)"
            )
        return examiner.report()

    async def _hold(self, ears: Sequence[Ear]) -> None:
        try:
            async with asyncio.timeout(UP_S):
                for ear in ears:
                    await ear.is_up.wait()
        except TimeoutError:
            raise NoBrokerError(f"no connection to the broker at {self._setting.broker}") from None
        await asyncio.sleep(RETAINED_S)  # what is retained comes at once, and the clock is part of it
        self._begin()
        over = [asyncio.create_task(event.wait()) for event in (self._over, *(ear.lost for ear in ears))]
        await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
        for task in over:
            task.cancel()
        if not self._over.is_set():
            raise NoBrokerError(f"lost the connection to the broker at {self._setting.broker}: begin again")
        await asyncio.sleep(FAREWELL_S)

    # Beginning -------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        setting = self._setting
        time_set = self._kept or self._new_clock()
        clock = self._clock = ScaledClock(time_set, wall_clock)
        if self._other is not None and self._lives(self._other, clock):
            raise ExaminationError(
                f"there is a centre that speaks as {setting.us} already: stop it first; after an examination that was "
                "broken off, wait for half a minute"
            )
        slack_s = max(SLACK_S, SLACK_REAL_S * clock.speed)
        shortest_s = setting.rules.shortest_deadline_s
        if slack_s > SHARE * shortest_s:
            raise ExaminationError(
                f"the clock runs at {clock.speed:g}x, too fast for deadlines of {shortest_s:g} s: "
                f"{SHARE * shortest_s / SLACK_REAL_S:.0f}x is the most"
            )
        self._take_clock(time_set)
        brief = Brief(
            us=setting.us,
            them=setting.them,
            rules=setting.rules,
            epoch=self._epoch,
            slack_s=slack_s,
            speed=clock.speed,
            may_stop=setting.may_stop and setting.orders_as != ANONYMOUS,
            orders_as=setting.orders_as,
            check=setting.broker.signing.check if setting.broker.signing.public else None,
        )
        self._examiner = Examiner(brief, clock.now(), setting.chosen)
        early, self._early = self._early, []
        for delivery in early:
            self._hear(delivery)
        self._wake()

    def _new_clock(self) -> Clock:
        """As it is where nobody keeps one."""
        now = wall_clock()
        return Clock(
            id=f"{self._setting.us}-{self._epoch}-clock",
            source=DIRECTOR,  # in whose place it is set
            seq=0,
            time=now,
            simulated_start=now,
            real_start=now,
            speed=self._setting.speed,
        )

    def _take_clock(self, clock: Clock) -> None:
        """Set it where nobody keeps one; where one is kept, that counts."""
        if self._kept is None:
            self._told(f"no clock on the broker: setting one that runs {clock.speed:g} times as fast as the wall's")
            self._own_clock = clock
            self._post([Letter(address_of(clock), encode(clock), retain=True)])
        elif clock.speed != self._setting.speed:
            self._told(
                f"the broker keeps a clock that {clock.source} has set and that runs {clock.speed:g} times as fast as "
                f"the wall's: that counts, and not --speed {self._setting.speed:g}"
            )

    def _leave_clock(self) -> None:
        """Ours goes with us, unless the centre has lived by it: by one that is behind, it would stand still."""
        own, examiner, broker = self._own_clock, self._examiner, self._setting.broker
        if own is None or self._kept is None or self._kept.id != own.id:
            return  # it was not taken, or somebody has set another since
        if examiner is None or not examiner.there:
            self._post([Letter(CLOCK.template, b"", retain=True)])
            return
        self._told(
            f"the clock stays on the broker, {own.speed:g} times as fast as the wall's, since {self._setting.them} "
            "goes by it; to take it away once that has been stopped for good: "
            f"mosquitto_pub -h {broker.host} -p {broker.port} {_login(broker)}-t {CLOCK.template} -r -n"
        )

    @staticmethod
    def _lives(health: Health, clock: ScaledClock) -> bool:
        age = abs(clock.now() - health.time)
        return health.presence is Presence.UP and age < timedelta(seconds=STALE_S * clock.speed)

    # Carrying --------------------------------------------------------------------------------------------

    def _hear(self, delivery: Delivery) -> None:
        if delivery.topic == CLOCK.template or delivery.topic == HEALTH.filter(source=self._setting.us):
            self._hear_own(delivery)
        elif self._examiner is None or self._clock is None:
            if len(self._early) < MOST_EARLY:
                self._early.append(delivery)
        else:
            now = self._clock.now()
            self._post(self._examiner.hear(delivery.topic, delivery.payload, now, retained=delivery.retained))
            self._mind()

    def _hear_retained(self, delivery: Delivery) -> None:
        """What somebody finds who comes only now: to those who were there already nothing is said to be retained."""
        if delivery.retained:
            self._hear(delivery)

    def _hear_own(self, delivery: Delivery) -> None:
        try:
            message = decode(delivery.topic, delivery.payload)
        except MalformedMessageError:
            return
        if isinstance(message, Clock):
            self._kept = message
            if self._clock is not None:
                self._clock.set(message)
        elif isinstance(message, Health) and self._epoch not in message.session:
            self._other = message

    def _wake(self) -> None:
        if self._examiner is None or self._clock is None:
            return
        self._post(self._examiner.lapse(self._clock.now()))
        self._mind()

    @staticmethod
    def _goodbye(examiner: Examiner) -> Letter:
        health = examiner.peer.health(Presence.DOWN)
        return Letter(address_of(health), encode(health), retain=True)

    def _mind(self) -> None:
        """Tell what is being played, and have the examiner woken when it wants to be."""
        examiner = self._examiner
        if examiner is None or self._clock is None:
            return
        if examiner.there and self._newcomers_run is None:
            self._newcomers_run = asyncio.create_task(self._newcomer.connection.run())
        if examiner.playing is not None and examiner.playing.name != self._playing:
            self._playing = examiner.playing.name
            self._told(
                f"{examiner.scenes.index(examiner.playing) + 1} of {len(examiner.scenes)}: {examiner.playing.title}"
            )
        if examiner.finished:
            if examiner.gone:
                self._told(f"{self._setting.them} is not there any more: what has not been tested by now is not tested")
            if examiner.peer.line_is_off:
                self._told(
                    f"the line of {self._setting.them} stays 5 m off, so that it has another agreement: begin it anew "
                    "before it is examined again"
                )
            self._over.set()
            return
        if self._timer is not None:
            self._timer.cancel()
        deadline: datetime | None = examiner.next_deadline
        if deadline is not None:
            delay = self._clock.real_delay(deadline)
            self._timer = asyncio.get_running_loop().call_later(delay, self._wake)

    def _post(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            ear = self._exercise if letter.is_injected else self._party
            ear.connection.publish(letter.topic, self._seals.payload(letter), self._settled, retain=letter.retain)

    def _settled(self, error: PublishRefused | None) -> None:
        if error is not None and error.topic not in self._refused:
            self._refused.add(error.topic)
            self._told(f"{error}: what hangs on it cannot be tested; see --exercise")


def _login(broker: BrokerSettings) -> str:
    """The options of mosquitto_pub by which one is let in here; the password is not told."""
    named = f"-u {broker.username} -P PASSWORD " if broker.username else ""
    secured = f"--cafile {broker.ca_file or 'CA.pem'} " if broker.tls else ""
    return named + secured
