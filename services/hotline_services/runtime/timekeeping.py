"""Whose clock counts: what a broker still holds of an earlier life must not make time jump.

A retained clock is good as long as somebody lives by it. When a whole stack was stopped and comes back, its time goes
on from where it was; when only the director died, the others' time has gone on meanwhile and stays what it is.
"""

from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.service import Clock, Health, Presence
from hotline_services.pacing.bounds import STALE_S
from hotline_services.pacing.scaled_clock import ScaledClock

from .wills import LOST


class Timekeeper:
    """What is known of the clock that the broker holds, and of who has lived by it. Times handed in are real ones."""

    def __init__(self, name: str) -> None:
        self._name: Final = name
        self._signs: dict[str, Health] = {}
        self._heard_live: dict[str, Health] = {}
        self.offered: Clock | None = None

    def sign(self, health: Health, *, retained: bool = True) -> None:
        """The last that was heard of a service, retained or not, unless it comes late."""
        if _is_late(health, self._signs.get(health.source)):
            return
        self._signs[health.source] = health
        if not retained and health.presence is Presence.UP:
            self._heard_live[health.source] = health

    def offer(self, clock: Clock) -> None:
        """The broker holds this clock."""
        self.offered = clock

    def setter_lives(self, real_now: datetime) -> bool | None:
        """Whether whoever has set the offered clock still keeps it; None when nothing has been heard of it."""
        if self.offered is None or self.offered.source not in self._signs:
            return None
        return self._lives(self._signs[self.offered.source], real_now)

    def _others_live(self, real_now: datetime) -> bool:
        return any(self._lives(sign, real_now) for name, sign in self._signs.items() if name != self._name)

    def _lives(self, sign: Health, real_now: datetime) -> bool:
        if self.offered is None or sign.presence is Presence.DOWN:
            return False
        age_s = (ScaledClock(self.offered, lambda: real_now).now() - sign.time).total_seconds()
        return abs(age_s) <= STALE_S * self.offered.speed

    def resumed(self, setting: Clock, latest: datetime | None, real_now: datetime) -> Clock:
        """The clock for whoever sets it and begins (again); ``latest`` is how far its journal has come.

        The offered one, while others live by it; else ``setting``, from the latest time that anybody has seen. What is
        later than the offered clock says was no time of this run: a will bears the machine's time when it was left with
        the broker before there was a clock. Where the broker holds no clock, most of those who are heard now tell it.
        """
        if latest is None:
            return setting
        if self.offered is not None and self._others_live(real_now):
            return self.offered
        seen = [latest, setting.simulated_start]
        if self.offered is not None:
            beginning, now = self.offered.simulated_start, ScaledClock(self.offered, lambda: real_now).now()
            seen += [sign.time for sign in self._signs.values() if beginning <= sign.time <= now]
        else:
            heard = sorted(_now_of(sign, setting.speed, real_now) for sign in self._heard_live.values())
            seen += heard[(len(heard) - 1) // 2 :][:1]  # whoever is alone with a time does not move that of all
        return msgspec.structs.replace(setting, simulated_start=max(seen), real_start=max(setting.real_start, real_now))


def _is_late(health: Health, known: Health | None) -> bool:
    """Whether this is the will of a process that another one has followed since."""
    is_will = health.presence is Presence.DOWN and health.note == LOST
    return is_will and known is not None and known.presence is Presence.UP and known.session != health.session


def _now_of(sign: Health, speed: float, real_now: datetime) -> datetime:
    """What time it is now for the service that has given this sign of life."""
    if isinstance(sign.sent, msgspec.UnsetType) or sign.sent > real_now:
        return sign.time
    try:
        return sign.time + (real_now - sign.sent) * speed
    except OverflowError:
        return sign.time
