"""The live shell: joins a core to MQTT, the scaled clock and a store.

An input goes: broker, ``hear``, told apart from duplicates, core, store; and only then is it acknowledged to the broker
and to the peer, and only then is what the core said sent. So whatever is killed, and whenever, it either never happened
and comes again, or is in the store and is taken up from there.
"""

import asyncio
import contextlib
import logging
from datetime import datetime
from typing import Final

import structlog

from hotline_protocol.service import Clock, Health, Presence, Receipt, Resend, Stop
from hotline_protocol.topics import CLOCK, CONTROL, EVERYTHING, HEALTH, OLD_CONTROL, ORDER, RECEIPT
from hotline_services.pacing.scaled_clock import RealTime

from .beginning import Beginning
from .budget import Budget
from .deafness import Deafness
from .dispatch import Dispatch, Publisher, complain
from .guard import QUIET, Guard
from .hearing import ShellMessage, between_shells
from .inbox import Inbox
from .intake import Bug, Intake, Turn
from .logs import write_up
from .mqtt import Connection
from .namesakes import Namesakes
from .notes import Notes, Troubled
from .pace import Pace
from .patience import Patience
from .pulse import Pulse
from .receipts import Receipts
from .recovery import Recovery
from .replay import Past
from .resends import Resends
from .service import Service
from .signs import Signs
from .snapshots import Snapshots
from .store import Store, StoreError
from .tail import Tail
from .timing import Timing
from .watchdog import Unwatched
from .wills import GRACE_S, LOST, STOPPED, Wills
from .wire import BrokerSettings, Delivery, Will
from .writer import Writer

__all__ = ["BUG", "DONE", "LiveActor", "Service"]

DONE: Final = 0
BUG: Final = 70  # EX_SOFTWARE: worth a restart

BATCH: Final = 256
MOST_BACKLOG: Final = 5_000  # publishes waiting for the broker, beyond which nothing more is taken in
TICK_S: Final = 0.5
FAREWELL_S: Final = 1.0

_STATE: Final = (CLOCK.template, HEALTH.template.partition("{")[0])

log = structlog.get_logger(__name__)


class LiveActor:
    """Runs one service until it is stopped. Make it and use it in one event loop."""

    def __init__(
        self,
        service: Service,
        store: Store,
        broker: BrokerSettings,
        patience: Patience | None = None,
        real_now: RealTime | None = None,
        watch: Unwatched | None = None,
    ) -> None:
        self._service, self._store, name = service, store, service.name
        self._core = service.core(store.epochs[0])
        self._guard = Guard(broker.signing.check, name, unproven=broker.signing.unproven)
        self._past = Past(self._guard.contents, Tail(name, store.epochs))
        self._attempts: dict[str, int] = {}
        self._watch = watch or Unwatched()
        self._intake = Intake(service, self._core, self._past, self._attempts, self._watch, self._guard.unproven)
        pace = Pace(service.shortest_deadline_s, lambda: self._timing.clock)
        self._deafness = Deafness(name, hears_all=EVERYTHING in service.subscriptions)
        self._pulse = Pulse(name, service.restarts, pace.judge, self._past.tail, self._deafness)
        self._wake = asyncio.Event()
        self._timing = Timing(
            service,
            self._past,
            publish=lambda clock: self._publish(clock, retain=True),
            on_begun=self._begin,
            on_change=self._wake.set,
            real_now=real_now,
        )
        self._beginning = Beginning(self._timing, service.awaits)
        self._restores = Budget(5, 0.2)
        self._mark_due = False  # whoever sets the clock journals the time that it tells, before it tells it
        self._inbox = Inbox()
        self._in_hand: Turn | None = None
        self._awaited: datetime | None = None  # the deadline that the pump's timer is set for
        self._own_health = HEALTH.filter(source=name)
        self._resends = Resends(store)
        self._stopping = False
        self._ticked = False  # then what has arrived is written: if that is lost it is sent again, no more
        own = [CLOCK.template, HEALTH.filter(), *(to.filter(to=name) for to in (ORDER, CONTROL, OLD_CONTROL, RECEIPT))]
        self._connection = Connection(broker, f"hotline-{name}", [*own, *service.subscriptions], self)
        self._publisher = Publisher(self._connection, self._past.traces, broker.signing.encode)
        self._publish = self._publisher.publish
        self._dispatch = Dispatch(self._connection, self._past.peers, publisher=self._publisher)
        self._patience = patience or Patience()
        self._namesakes = Namesakes(
            name, self._pulse.session, broker, say=self._say_health, publish=self._publish, stop=self.stop
        )
        troubled: list[Troubled] = [self._patience, self._timing, self._namesakes, self._deafness, pace]
        notes = Notes(self._dispatch, self._connection, self._guard, troubled)
        self._signs = Signs(
            self._pulse, notes, self._publisher, self._timing, self._inbox, self._dispatch, self._set_mark
        )
        self._receipts = Receipts(self._signs.send_receipt)
        self._wills = Wills(self._inbox, self._wake, GRACE_S if broker.further else 0.0)
        self._writer = Writer(store, self._patience if service.waits_for_store else None)
        self._recovery = Recovery(service, self._core, self._past, store, self._attempts, self._watch)
        self._snapshots = Snapshots(self._core, self._past, store, self._writer)

    def stop(self) -> None:
        """Finish what is in hand and end."""
        self._stopping = True
        self._patience.stop()
        self._wake.set()

    async def run(self) -> int:
        """DONE when stopped, BUG when the core raised. Raises StoreError, NameTakenError, or Refused by the broker."""
        try:
            await self._recover()
            return await self._serve()
        finally:
            self._watch.close()
            await self._snapshots.finish()
            await self._writer.do(self._store.close)
            self._writer.close()

    # What the connection tells.

    def will(self) -> Will:
        """Our death notice."""
        return self._publisher.will(self._pulse.health(Presence.DOWN, self._timing.now(), note=LOST))

    def on_up(self, *, session_present: bool) -> None:
        """Say that we live, then everything that has not arrived."""
        self._guard.connected()
        self._deafness.connected()
        self._beginning.connected()
        self._timing.say_again()
        if self._timing.clock is None:
            log.info("waiting-for-clock", topic=CLOCK.template)
        self._signs.say(Presence.UP)
        self._namesakes.came_up(cut_short=self._connection.was_cut_short)
        self._dispatch.connected(session_present=session_present)

    def on_down(self) -> None:
        """The dispatch has kept what was not confirmed."""
        self._dispatch.disconnected()
        self._deafness.disconnected()
        self._inbox.disconnected()

    def on_message(self, delivery: Delivery) -> None:
        """Keep it for the turn that follows the read; what is between shells is dealt with here."""
        self._deafness.delivered()
        problem = self._guard.problem(delivery)
        if problem is not None:
            self._restore(delivery.topic)
            if problem in QUIET:
                self._connection.acknowledge(delivery)
                return
            delivery = delivery._replace(problem=problem)
        elif (message := between_shells(delivery)) is None:
            self._restore(delivery.topic)
        else:
            self._hear_shell(message, retained=delivery.retained)
            other = message if isinstance(message, Health) and delivery.topic != self._own_health else None
            if other is None or self._wills.hold(other, delivery):
                self._connection.acknowledge(delivery)
                return
        if not delivery.payload and delivery.topic.startswith(_STATE):
            self._connection.acknowledge(delivery)  # somebody has emptied it: nothing that a core could be told of
            return
        if self._timing.clock is not None:
            self._inbox.offer(delivery)
        elif self._inbox.offer_early(delivery):
            self._connection.acknowledge(delivery)

    def _restore(self, topic: str) -> None:
        """Say our own state again: the broker may have kept what was refused in its place, or nothing."""
        if topic == CLOCK.template:
            self._timing.say_again()
        elif topic == self._own_health and self._restores.take():
            log.warning("health-overwritten", topic=topic)
            self._signs.say(Presence.UP)

    def _hear_shell(self, message: ShellMessage, *, retained: bool) -> None:
        if quoted := self._past.tail.hear(message, self._past.seen):
            self._signs.send_receipt(message.source, (quoted,), complain)
        match message:
            case Clock():
                self._timing.hear_clock(message)
            case Health():
                self._timing.hear_health(message, retained=retained)
                self._beginning.heard(message)
                if self._pulse.is_ours(message):
                    self._beginning.came_back()
                self._pulse.came_back(message, retained=retained)
                self._deafness.hear(message, self._past.seen)
                if message.source == self._service.name and not self._stopping:
                    self._namesakes.hear(message, retained=retained)
                elif self._timing.is_to_answer(message):
                    self._timing.say_again()
                    self._signs.answer(message.id)
            case Receipt() if message.to == self._service.name:
                self._dispatch.received(message.source, message.ids)
            case Resend(is_echo=True) if message.to == self._service.name:
                self._namesakes.hear_question(message)
            case Resend() if message.to == self._service.name:
                self._resends.ask(message)
                self._wake.set()
            case Stop() if message.to == self._service.name:
                log.info("stop-asked", by=message.source)
                self._receipts.owe([message])
                self.stop()

    def _say_health(self, presence: Presence, *, cause: str | None = None) -> None:
        self._signs.say(presence, cause=cause)

    # The pipeline.

    async def _recover(self) -> None:
        recovered = await self._recovery.run(self._writer, lambda: self._stopping)
        if recovered is not None:
            self._dispatch.send(recovered.unconfirmed)
            self._beginning.recovered(has_past=self._past.latest is not None)

    async def _serve(self) -> int:
        connected = asyncio.create_task(self._namesakes.enter(self._connection.run))
        ticking = asyncio.create_task(self._tick())
        pumping = asyncio.create_task(self._pump())
        try:
            await asyncio.wait([connected, ticking, pumping], return_when=asyncio.FIRST_COMPLETED)
            for task in (pumping, connected):  # what the store raises is told as a failure: nobody has stopped us yet
                if task.done() and isinstance(task.exception(), StoreError):
                    task.result()
            self.stop()
            code = await pumping
            if self._namesakes.is_later:
                await self._connection.close()
                raise self._namesakes.is_later
            if code == DONE and self._connection.up:
                await self._farewell()
                await self._connection.close()
            if connected.done():
                connected.result()
            if ticking.done():
                ticking.result()
            return code
        finally:
            for task in (connected, ticking, pumping):
                task.cancel()
            await asyncio.wait([connected, ticking, pumping])

    async def _pump(self) -> int:
        while not self._stopping:
            self._in_hand = self._in_hand or self._turn()
            turn, confirmed = self._in_hand, self._dispatch.take_confirmed() if self._ticked else []
            if turn.heard or confirmed:
                await self._writer.commit(turn.heard, turn.kept, confirmed)
            if self._ticked:
                self._ticked = False
                await self._writer.do(self._store.tidy)
            self._follow_up(turn)
            if turn.bug is not None:
                return await self._die(turn.bug)
            self._snapshots.take_if_due()
            if self._resends.is_due(self._connection.backlog):
                await self._resends.say_some(self._writer, self._publish)
            self._in_hand = None
            await self._something_to_do()
        return DONE

    def on_read(self) -> None:
        """Take a turn at once when none is in hand: waiting for the pump to be scheduled costs an answer 0.05 ms."""
        if self._in_hand is not None or self._stopping or not self._inbox:
            return
        turn = self._turn()
        if turn.bug is None and (not turn.heard or self._writer.commit_at_once(turn.heard, turn.kept, [])):
            self._follow_up(turn)
        else:
            self._in_hand = turn
        if self._in_hand or self._inbox or self._core.next_deadline != self._awaited:
            self._wake.set()

    def _follow_up(self, turn: Turn) -> None:
        """It is in the store: now it may be told."""
        self._past.commit(turn.heard, turn.said)
        if turn.marked is not None:
            self._timing.say_again()
            self._signs.say(Presence.UP, at=turn.marked)
        self._dispatch.send(turn.said)
        self._connection.flush()  # what others wait for goes out before what only the broker wants to know
        for delivery in turn.deliveries:
            self._connection.acknowledge(delivery)
        self._past.traces.settle()
        self._receipts.owe(turn.arrived)
        for birth in turn.births:
            self._dispatch.peer_up(birth.peer, news=birth.news)
        if log.is_enabled_for(logging.INFO):
            write_up(turn.heard, turn.kept, self._past.traces)

    def _turn(self) -> Turn:
        """Take in what is there, up to a bound."""
        turn = Turn()
        clock = self._timing.clock
        if clock is None or self._crowded:
            return turn
        for message, error in self._dispatch.take_undelivered():
            self._intake.undelivered(message, error, clock.now(), turn)
        if self._mark_due:
            self._mark_due = False
            self._intake.mark(clock.now(), turn)
        while turn.bug is None and len(turn.deliveries) < BATCH:
            now = clock.now()
            self._intake.lapse(now, turn)
            if turn.bug is not None or not self._inbox:
                break
            self._intake.take(self._inbox.popleft(), now, turn)
        return turn

    async def _something_to_do(self) -> None:
        """Until a message, a deadline, a tick or a stop."""
        timer = None
        if self._resends.is_due(self._connection.backlog):
            self._wake.set()
        if self._timing.clock is not None and not self._crowded:
            if self._inbox:
                self._wake.set()
            self._awaited = self._core.next_deadline
            if self._awaited is not None:
                delay = self._timing.clock.real_delay(self._awaited)
                timer = asyncio.get_running_loop().call_later(delay, self._wake.set)
        await self._wake.wait()
        self._wake.clear()
        if timer is not None:
            timer.cancel()

    @property
    def _crowded(self) -> bool:
        """Whether the broker is too far behind for us to say more, or we have yet to listen. The next tick looks."""
        return self._connection.backlog >= MOST_BACKLOG or not self._past.tail.is_settled

    async def _die(self, bug: Bug) -> int:
        """Leave the evidence and go: the core may be in any state."""
        deaths = await self._writer.do(self._store.attempted, bug.message, bug.error)
        log.critical("core-failed", id=bug.message.id, deaths=deaths, error=bug.error)
        return BUG

    async def _farewell(self) -> None:
        """Receipts, death notice, and what is still on its way, as far as the broker takes it in time."""
        self._receipts.flush()
        gone = asyncio.Event()
        health = self._pulse.health(Presence.DOWN, self._timing.now(), note=STOPPED)
        self._publish(health, retain=True, done=lambda _: gone.set())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await gone.wait()
        await self._writer.commit([], [], self._dispatch.take_confirmed())

    # Time and signs of life.

    def _begin(self) -> None:
        if self._connection.up:
            self._signs.say(Presence.UP)

    def _set_mark(self) -> bool:
        self._mark_due = not self._crowded and not self._stopping
        self._wake.set()
        return self._mark_due

    async def _tick(self) -> None:
        """Twice a second: what is due again, what is to be written, and at times a sign of life."""
        while True:
            await asyncio.sleep(TICK_S)
            self._watch.alive()
            self._deafness.look(self._connection, idle=not self._inbox)
            self._dispatch.send_due()
            self._ticked = True
            self._signs.say_if_due()
            self._wake.set()
