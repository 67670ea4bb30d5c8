"""Time in one live service: whose clock it follows, what it does to clocks that are lost, forged or wrong."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from hotline_protocol.service import WAITS, Clock, Health, Presence
from hotline_services.pacing.scaled_clock import RealTime, ScaledClock

from .budget import Budget
from .clock import SteadyClock, wall_clock
from .reference import MOST, Reference
from .replay import Past
from .service import Service
from .timekeeping import Timekeeper

TOO_FAR: Final = f"at most {MOST.total_seconds():g} s is made up for"
AHEAD_S: Final = 60.0
JUMP: Final = timedelta(seconds=60)
JUMP_REAL: Final = timedelta(seconds=10)
"""A running service follows no clock that would move its time by more than the greater of the two, at its speed."""

log = structlog.get_logger(__name__)


class Timing:
    """``clock`` is None until there is one to follow. ``publish`` says the clock, to be retained; ``on_begun`` is told
    when time begins, and ``on_change`` whenever it is set.
    """

    def __init__(
        self,
        service: Service,
        past: Past,
        *,
        publish: Callable[[Clock], None],
        on_begun: Callable[[], None],
        on_change: Callable[[], None],
        real_now: RealTime | None = None,
    ) -> None:
        self._service: Final = service
        self._past: Final = past
        self._publish: Final = publish
        self._on_begun: Final = on_begun
        self._on_change: Final = on_change
        self._reference: Final = Reference(real_now or SteadyClock())
        self._keeper: Final = Timekeeper(service.name)
        self._repeats: Final = Budget(5, 0.2)
        self._is_owed = False
        self._answers: Final = Budget(20, 2.0)
        self._asks: Final = Budget(6, 0.2)
        self._complaints: Final = Budget(3, 0.1)
        self._patience_over = False
        self._setting: Clock | None = None
        self._refused = ""
        self.clock: ScaledClock | None = None

    @property
    def is_setter(self) -> bool:
        """Whether the others follow this service's clock."""
        return self._service.sets_clock is not None

    @property
    def skew_ms(self) -> float:
        """By how much this machine's clock is ahead of that of whoever sets the clock."""
        return self._reference.skew / timedelta(milliseconds=1)

    @property
    def trouble(self) -> str:
        """What is wrong, for the note on health; empty when nothing is."""
        if self._reference.is_off:
            return f"{self._skew_told()}; {TOO_FAR}"
        return f"{self._skew_told()}; that is made up for" if self._reference.skew else self._refused

    def now(self) -> datetime:
        """Simulated time; before there is a clock, the latest that the journal has seen, or else the machine's."""
        return self.clock.now() if self.clock else self._past.latest or wall_clock()

    def real_now(self) -> datetime:
        """Real time by whoever sets the clock."""
        return self._reference.now()

    def waiting_note(self) -> str:
        """What this service waits for."""
        if self.is_setter:
            return f"{WAITS}: it sets it when it has listened, and all are there who are to be"
        return f"{WAITS}: {self._refused or 'none on this broker can be followed'}"

    # What is heard ------------------------------------------------------------------------------------------------

    def hear_clock(self, clock: Clock) -> None:
        """Follow it, offer it to whoever is to set one, or refuse it."""
        if self.is_setter:
            if self._setting is None:
                self._keeper.offer(clock)
            elif clock != self._setting:  # not ours to follow: others are to hear ours again
                self._complain("clock-of-another", source=clock.source, id=clock.id)
                self.say_again()
        elif self.clock is not None:
            self._follow(clock)
        else:
            self._keeper.offer(clock)
            self._consider()

    def hear_health(self, health: Health, *, retained: bool) -> None:
        """Learn who lives, and how this machine's clock goes beside that of whoever sets the clock."""
        self._keeper.sign(health, retained=retained)
        if not retained and health.source == self._service.name:
            self._reference.came_back(health.id)
        elif not retained and isinstance(health.sent, datetime) and self._refers_to(health):
            self._reference.hear(health.session, health.sent, health.cause)
        self._consider()

    def _refers_to(self, health: Health) -> bool:
        if health.source == self._service.name or health.presence is Presence.DOWN:
            return False
        if self.is_setter:  # which has just come back: the others have kept real time as it was before
            return self._setting is None
        setter = self._setting or self._keeper.offered
        return setter is not None and health.source == setter.source

    def spoke(self, health: Health) -> None:
        """This sign of life of ours goes out: whoever sets the clock may answer it."""
        self._reference.spoke(health.id)

    def is_to_answer(self, health: Health) -> bool:
        """Whether this asks for our sign of life: a service that waits asks the clock's setter, and the setter all."""
        asks = health.presence is Presence.DOWN and health.note.startswith(WAITS)
        if not asks or health.source == self._service.name or self._setting is None:
            return False
        return (self.is_setter or health.source == self._setting.source) and self._answers.take()

    def is_to_ask(self) -> bool:
        """Whether to say now that we wait for the clock, so that whoever sets it, or lives by it, answers."""
        return self.clock is None and self._asks.take()

    # What is set --------------------------------------------------------------------------------------------------

    def say_again(self) -> None:
        """Say our clock again, now and then at most: two that set clocks must not shout each other down for ever."""
        if self.is_setter and self._setting is not None:
            self._is_owed = not self._repeats.take()
            if not self._is_owed:
                self._publish(self._setting)

    def say_owed(self) -> None:
        """Say our clock again where that was put off: what the broker keeps may still be another."""
        if self._is_owed:
            self.say_again()

    def begin(self) -> None:
        """Set the clock for all, or go on with one that others live by."""
        if self.clock is None and self._service.sets_clock is not None:
            setting, now = self._service.sets_clock, self._reference.now()
            if self._service.awaits:  # time has not gone on while they were waited for
                setting = msgspec.structs.replace(setting, real_start=max(setting.real_start, now))
            setting = self._keeper.resumed(setting, self._past.latest, now)
            log.info("clock-set", simulated_start=setting.simulated_start.isoformat(), speed=setting.speed)
            # before our sign of life, which would make a clock that the broker still holds seem to be kept
            self._publish(setting)
            self._set(setting)

    def end_patience(self) -> None:
        """Nothing more will be heard of whoever has set the clock that the broker holds."""
        self._patience_over = True
        self._consider()

    def _consider(self) -> None:
        """Follow a clock that the broker holds, if that cannot take us to a time that nobody has lived to see."""
        offered = self._keeper.offered
        if self.clock is not None or offered is None or self.is_setter:
            return
        if not (self._reference.is_known or self._patience_over):
            return
        if self._reference.is_off:
            self._refuse(f"{self._skew_told()}; {TOO_FAR}")
            return
        lives = self._keeper.setter_lives(self._reference.now())
        if self._past.latest is None or lives or (lives is None and self._patience_over):
            self._set(offered)
        elif lives is False:
            self._refuse(f"{offered.source}, who has set the clock on this broker, does not keep it")

    def _follow(self, clock: Clock) -> None:
        """Go on by another setting, where that moves our time by little."""
        if clock == self._setting or self.clock is None or self._setting is None:
            return
        if self._past.latest is None:  # nothing has happened by the first
            self._set(clock)
            return
        moves = ScaledClock(clock, self._reference.now).reading() - self.clock.now()
        if clock.source != self._setting.source:
            self._refuse(f"a clock of {clock.source} was refused: {self._setting.source} sets it")
        elif clock.speed != self._setting.speed:
            self._refuse(f"a clock at {clock.speed:g}x was refused: this run goes at {self._setting.speed:g}x")
        elif abs(moves) > max(JUMP, JUMP_REAL * clock.speed):
            self._refuse(f"a clock that moves time by {moves.total_seconds():.0f} s was refused")
        else:
            self._refused = ""
            self._setting = clock
            self.clock.set(clock)
            self._on_change()

    def _set(self, setting: Clock) -> None:
        first, self._setting, self._refused = self.clock is None, setting, ""
        self.clock = ScaledClock(setting, self._reference.now)
        self._on_change()
        if not first:
            return
        latest = self._past.latest
        ahead_s = self.clock.not_before(latest).total_seconds() if latest else 0.0
        if ahead_s > AHEAD_S:
            log.warning("store-ahead-of-clock", seconds=ahead_s, hint="is this data folder that of another run?")
        log.info("clock-heard", now=self.clock.now().isoformat(), speed=setting.speed)
        self._on_begun()

    def _refuse(self, why: str) -> None:
        self._refused = why
        self._complain("clock-refused", reason=why)

    def _complain(self, event: str, **what: str) -> None:
        if self._complaints.take():
            log.warning(event, **what, more=self._complaints.told())

    def _skew_told(self) -> str:
        side = "ahead of" if self._reference.skew > timedelta() else "behind"
        setter = self._setting or self._keeper.offered
        whose = f"that of {setter.source}" if setter is not None and not self.is_setter else "that of the others"
        return f"this machine's clock is {abs(self.skew_ms):,.0f} ms {side} {whose}"
