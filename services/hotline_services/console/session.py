"""A console's connection: what is heard is folded into the view, what is ordered is said until the centre has it."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import aiomqtt

from hotline_protocol.agreement import Agreement
from hotline_protocol.events import InputRejected
from hotline_protocol.hearing import ear
from hotline_protocol.injection import Injected
from hotline_protocol.message import Message
from hotline_protocol.orders import DeskTaken
from hotline_protocol.service import Clock, Health, Presence, Receipt, Unreadable
from hotline_protocol.sky import Tracks
from hotline_protocol.topics import (
    CLOCK,
    EVENT,
    HEALTH,
    INJECT,
    LINE,
    ORDER,
    RECEIPT,
    STATUS,
    TRACK,
    address_of,
    is_state,
)
from hotline_services.delivery.payloads import Encode, unsigned
from hotline_services.export.memorandum import shipped_agreement
from hotline_services.injecting import NO_PARTIES
from hotline_services.monitor.wording import words
from hotline_services.pacing.scaled_clock import ScaledClock
from hotline_services.runtime.client import NoBrokerError, connected, subscribe
from hotline_services.runtime.clock import NO_CLOCK, wall_clock
from hotline_services.runtime.wire import BrokerSettings

from .desk.debrief import Debrief
from .desk.desk_view import DeskView, Matter, Notice
from .desk.sitting import RENEWED_EVERY_REAL_S, Draft, SittingAt, lease
from .desk.unconfirmed import Unconfirmed

QUIET_S: Final = 1.0  # what is retained comes at once: what has not come after so long is not there
ANSWER_S: Final = 10.0
AGAIN_S: Final = 2.0
LEAVE_S: Final = 3.0
AWAY_REAL_S: Final = 60.0
"""For so long the broker may be away before the person is sent home."""

GOES_BACK: Final = "The line to the broker is lost: the automatic officer goes on when the lease is over."
NOT_AGAIN: Final = "It is not said again; the centre is asked what is on the desk."


class DeskError(Exception):
    """This desk cannot be taken, or is lost; the message is a sentence for the user."""


class Session:
    """A person at the desk of a party, from the beginning of :meth:`seated` to its end. Made in a running event loop.

    ``on_news`` is called with what the person is to be told whenever there is something new.
    """

    def __init__(self, party: str, operator: str, terms: Agreement | None = None) -> None:
        """``terms`` is the memorandum that is played by, where it is not a shipped one."""
        self.sitting: Final = SittingAt(party, f"console-{party}-{secrets.token_hex(3)}"[:32], operator)
        self.view: Final = DeskView(party, self.sitting.name)
        self.debrief: Final = Debrief(party, self.sitting.name)
        self.on_news: Callable[[list[Notice]], None] = lambda _: None
        self.terms = terms
        self.peers: tuple[str, ...] = ()
        self._clock: ScaledClock | None = None
        self._present: dict[str, Presence] = {}
        self._unconfirmed: Final = Unconfirmed()
        self._answer: asyncio.Future[Message] | None = None
        self._asked = ""
        """By which order the desk is asked for, or held; empty when it is not."""
        self._line: aiomqtt.Client | None = None
        self._encode: Encode = unsigned
        self._cut_at = 0.0
        self._unsure = False
        self._news = asyncio.Event()
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lost.add_done_callback(lambda lost: lost.cancelled() or lost.exception())  # perhaps nobody waits for it

    def now(self) -> datetime:
        """Simulated time. Raises DeskError before a clock has been heard."""
        if self._clock is None:
            raise DeskError("No clock has been heard: nothing runs here. Start it with hotline demo.")
        return self._clock.now()

    @property
    def speed(self) -> float:
        """Simulated seconds in a real one."""
        return self._clock.speed if self._clock is not None else 1.0

    @asynccontextmanager
    async def seated(self, settings: BrokerSettings) -> AsyncIterator[None]:
        """At the desk, for as long as this lasts; the desk is left in the end, whatever happens.

        Raises NoBrokerError and DeskError; what is lost later is told by :meth:`lost`.
        """
        self._encode = settings.signing.encode
        tasks = [self._minded(self._stay_connected(settings))]
        try:
            await self._unless_lost(self._sit_down())
            tasks.append(self._minded(self._hold()))
            yield
        finally:
            await self._stand_up()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def lost(self) -> None:
        """Wait until the desk or the connection is lost, which may be never. Raises NoBrokerError or DeskError then,
        or what :meth:`end` was given."""
        await asyncio.shield(self._lost)

    def end(self, error: BaseException) -> None:
        """Have whoever sits there leave, for this reason."""
        if not self._lost.done():
            self._lost.set_exception(error)

    def _minded(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Have this done, and whoever waits for a loss told when it fails."""

        def pass_on(done: asyncio.Task[None]) -> None:
            error = None if done.cancelled() else done.exception()
            if error is not None:
                self.end(error)

        task = asyncio.create_task(work)
        task.add_done_callback(pass_on)
        return task

    async def _unless_lost(self, work: Coroutine[None, None, None]) -> None:
        """Do this. Raises what :meth:`lost` would meanwhile."""
        task = asyncio.create_task(work)
        try:
            await asyncio.wait({task, self._lost}, return_when=asyncio.FIRST_COMPLETED)
            await (task if task.done() else self._lost)
        finally:
            task.cancel()

    async def send(self, draft: Draft) -> None:
        """Order this. It is said again until the centre has it."""
        order = self.sitting.write(draft, self.now())
        self.debrief.hear(order, order.time)
        self.view.hear(order)
        await self._publish(order)

    async def look(self) -> None:
        """Have the centre tell what is on the desk."""
        await self._renew(tell=True)

    # Sitting ---------------------------------------------------------------------------------------------

    async def _sit_down(self) -> None:
        await self.until(lambda: self._line is not None)
        await self._gather_what_is_retained()
        party = self.view.party
        there = sorted(name for name in self._present if name not in NO_PARTIES)
        if party not in there:
            raise DeskError(f"No centre called {party} has been heard of; there are: {', '.join(there) or 'none'}.")
        if self._present[party] is Presence.DOWN:
            raise DeskError(f"The centre of {party} is down.")
        if self._clock is None:
            raise DeskError(f"There is {NO_CLOCK}")
        self.peers = tuple(name for name in there if name != party)
        await self._take_desk(ANSWER_S)
        self.terms = self.terms or shipped_agreement(self.view.agreement)
        if self.terms is not None:
            self.view.timing = self.terms.timing
            self.view.offer_s = min((rule.offer_s for rule in self.terms.tiers), default=self.view.offer_s)

    async def _gather_what_is_retained(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_S):
                await self.until(lambda: self._clock is not None and len(self._present.keys() - NO_PARTIES) > 1)

    async def _take_desk(self, within_s: float) -> None:
        """Take the desk, or take it again, and have told what is on it. Raises DeskError when it cannot be had."""
        party, answered = self.view.party, asyncio.get_running_loop().create_future()
        self._answer = answered
        taking = self.sitting.take(self.now(), self.speed, tell=True)
        self._asked = taking.id
        await self._publish(taking)
        try:
            async with asyncio.timeout(within_s):
                while not (await asyncio.wait({answered}, timeout=AGAIN_S))[0]:
                    await self._say_again()
        except TimeoutError as error:
            raise DeskError(
                f"The centre of {party} has not answered in {within_s:g} s. Where the broker asks who you are, its "
                f"desk is for the user {self.sitting.identity}."
            ) from error
        answer = answered.result()
        if isinstance(answer, InputRejected):
            self._asked = ""
            raise DeskError(f"The desk of {party} is not free: {answer.problem.reason}.")

    async def _hold(self) -> None:
        """Renew the lease, and say again what has not been confirmed. Raises DeskError when the desk is lost."""
        waited = 0.0
        while True:
            await asyncio.sleep(AGAIN_S)
            waited += AGAIN_S
            if self._unsure:
                await self.until(lambda: self._line is not None and not self.view.absent)
                self._unsure = False
                await self._take_desk(AWAY_REAL_S)
            if not self.view.is_ours:
                self._asked, holder = "", self.view.holder
                raise DeskError(f"The desk is lost: {holder.operator if holder else 'the automatic officer'} has it.")
            await self._say_again()
            if waited >= RENEWED_EVERY_REAL_S:
                waited = 0.0
                await self._renew(tell=self._unconfirmed.asks_what_is_there)

    async def _stand_up(self) -> None:
        """Leave the desk; also one that is asked for and not yet had, or the centre would wait for us in vain."""
        if not self._asked:
            return
        if self._line is None:
            self._tell([Notice(Matter.DESK, GOES_BACK)])
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await self._publish(self.sitting.leave(self.now()))
                await self.until(lambda: not self.view.is_ours)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until what is heard makes this true."""
        while not true():
            self._news.clear()
            await self._news.wait()

    # Saying ----------------------------------------------------------------------------------------------

    async def _renew(self, *, tell: bool) -> None:
        """Go on holding the desk."""
        await self._publish(self.sitting.take(self.now(), self.speed, tell=tell))

    async def _publish(self, order: Injected) -> None:
        self._unconfirmed.add(order, until=order.time + lease(self.speed))
        await self._say(order)

    async def _say_again(self) -> None:
        """Say what is not confirmed; what is of no use any more is told to the person instead, and asked after."""
        late = self._unconfirmed.give_up(self.now())
        if late:
            orders = ", ".join(words(str(order.__struct_config__.tag)) for order in late)
            self._tell([Notice(Matter.REFUSED, f"The centre has not confirmed in time: {orders}. {NOT_AGAIN}")])
            await self.look()
        for order in self._unconfirmed.orders:
            await self._say(order)

    async def _say(self, order: Injected) -> None:
        """Say it, if there is a line: it is said again until it is confirmed anyway."""
        if self._line is not None:
            with contextlib.suppress(aiomqtt.MqttError):
                address = address_of(order)
                await self._line.publish(address, self._encode(address, order), qos=ORDER.qos)

    # Hearing ---------------------------------------------------------------------------------------------

    async def _stay_connected(self, settings: BrokerSettings) -> None:
        """Hear what the broker says, connecting again whenever the line to it is lost.

        Raises NoBrokerError when it cannot be reached at first, or for too long later. What has come is not bounded
        in number: a full queue would throw away the latest, such as the answer to an order.
        """
        silent = logging.Logger("hotline.console", logging.CRITICAL + 1)  # it would write over the desk
        while True:
            try:
                async with connected(settings, logger=silent) as connection:
                    await self._listen_to(connection)
                    self._have_line(connection)
                    async for heard in connection.messages:
                        if not heard.retain or is_state(str(heard.topic)):
                            self._take(str(heard.topic), bytes(heard.payload))
            except NoBrokerError as error:
                if not self._asked:
                    raise
                self._have_no_line(error)
            await asyncio.sleep(AGAIN_S)

    async def _listen_to(self, connection: aiomqtt.Client) -> None:
        party = self.view.party
        await subscribe(
            connection,
            CLOCK.template,
            HEALTH.filter(),
            LINE.filter(to=party),
            LINE.filter(source=party),
            STATUS.filter(source=party),
            EVENT.filter(source=party),
            INJECT.filter(to=party),
            ORDER.filter(to=party),
            RECEIPT.filter(source=party, to=self.sitting.identity),
        )
        with contextlib.suppress(NoBrokerError):  # who may not see the sky can sit there all the same
            await subscribe(connection, TRACK.filter())

    def _have_line(self, connection: aiomqtt.Client) -> None:
        self._line = connection
        self._tell(self.view.mended(self.now(), lease(self.speed)) if self.view.cut_since is not None else [])

    def _have_no_line(self, error: NoBrokerError) -> None:
        real_now = asyncio.get_running_loop().time()
        if self._line is not None:
            self._line, self._unsure, self._cut_at = None, True, real_now
            self.debrief.lose_line()
            self._tell(self.view.cut(self.now()))
        elif real_now - self._cut_at > AWAY_REAL_S:
            raise NoBrokerError(f"the line to the broker was lost for {AWAY_REAL_S:g} s: {error}") from error

    def _take(self, topic: str, payload: bytes) -> None:
        moment = self._clock.now() if self._clock is not None else wall_clock()
        notices = [
            notice for message in ear(topic, payload, moment, self._present) for notice in self._understand(message)
        ]
        self._tell(notices)

    def _tell(self, notices: list[Notice]) -> None:
        self._news.set()
        if notices:
            self.on_news(notices)

    def _understand(self, message: Message) -> list[Notice]:
        match message:
            case Unreadable():
                return []
            case Clock():
                self._clock = ScaledClock(message, wall_clock)
                return []
            case Receipt():
                self._unconfirmed.confirm(message.ids)
                return []
            case Tracks():
                self.view.oversee(message)
                return []
            case Health():
                self._present[message.source] = message.presence
                self.view.oversee(message)
            case _:
                pass
        if self.view.is_new(message):
            self.debrief.hear(message, self._clock.now() if self._clock is not None else message.time)
        notices = self.view.hear(message)
        self._unsure = self._unsure or self.view.absent
        self._notice_answer(message)
        return notices

    def _notice_answer(self, message: Message) -> None:
        if self._answer is None or self._answer.done():
            return
        ours = isinstance(message, DeskTaken) and self.view.is_ours
        refused = isinstance(message, InputRejected) and message.evidence == self._asked
        if message.source == self.view.party and (ours or refused):
            self._answer.set_result(message)
