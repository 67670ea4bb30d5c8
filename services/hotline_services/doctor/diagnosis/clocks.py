"""Findings of time: the clock, machines that disagree, and a broker that is too slow for the speed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median
from typing import Final

import msgspec

from hotline_protocol.service import Presence
from hotline_protocol.topics import CLOCK
from hotline_services.pacing.bounds import SHARE, fitting_speed, told_speed
from hotline_services.pacing.scaled_clock import EARLIEST, LATEST
from hotline_services.runtime.reference import PLAIN

from .kinds import Finding, Kind
from .observations import Observations, Sign

SHORTEST_DEADLINE_S: Final = 60.0
"""Simulated seconds: the shortest deadline of the shipped agreements that are played. Services know that of their own,
and tell on their health when the broker is too slow for it.
"""
_NTP: Final = "Set the clocks of both machines, by NTP for example."


def of_times(seen: Observations) -> Iterator[Finding]:
    """Findings of the simulated clock, of clock skew, and of the broker's delay."""
    yield from _clock(seen)
    yield from _skew(seen)
    yield from _slowness(seen)


def _clock(seen: Observations) -> Iterator[Finding]:
    if seen.clock is not None:
        return
    kept = any(heard.topic == CLOCK.template and heard.payload for heard in seen.heard)
    yield Finding(
        kind=Kind.NO_CLOCK,
        about=CLOCK.template,
        sentence="The clock that the broker keeps cannot be used, so no service begins."
        if kept
        else "There is no clock on this broker, so no service begins.",
        remedy="Start the director, which sets the clock; if it runs, see that it may publish there, and you may hear.",
    )


def machine_ahead(seen: Observations) -> timedelta | None:
    """By how much our machine's clock is ahead of the services' real time; None where no fresh sign of life tells.

    A sign of life takes time to arrive: of each service the quickest counts, of the services the one in the middle.
    """
    ahead = [
        min(fresh)
        for signs in seen.signs.values()
        if (fresh := [sign.at - sent for sign in signs if not sign.retained and (sent := sent_at(sign)) is not None])
    ]
    return sorted(ahead)[len(ahead) // 2] if ahead else None


def sent_at(sign: Sign) -> datetime | None:
    """The real time at which this was sent, if it tells, and it may be one. A will bears the time of its connect."""
    up, sent = sign.health.presence is Presence.UP, sign.health.sent
    return sent if up and not isinstance(sent, msgspec.UnsetType) and EARLIEST < sent < LATEST else None


def _skew(seen: Observations) -> Iterator[Finding]:
    ahead = machine_ahead(seen)
    if ahead is None or abs(ahead) <= PLAIN:
        return
    side = "ahead of" if ahead > timedelta() else "behind"
    yield Finding(
        kind=Kind.CLOCK_SKEW,
        about="this machine",
        sentence=f"This machine's clock is {abs(ahead).total_seconds():,.1f} s {side} that of the services.",
        remedy=_NTP,
    )


def _slowness(seen: Observations) -> Iterator[Finding]:
    clock, delays = seen.clock, _delays(seen)
    if clock is None or not delays:
        return
    who, delay_s = max(delays.items(), key=lambda found: found[1])
    if delay_s * clock.speed > SHARE * SHORTEST_DEADLINE_S:
        yield Finding(
            kind=Kind.TOO_SLOW,
            about=who,
            sentence=f"For {who} a message takes {delay_s:.3g} s through the broker: at {clock.speed:g}x that is "
            f"{delay_s * clock.speed:.1f} simulated seconds, more than a tenth of the shortest deadline "
            f"({SHORTEST_DEADLINE_S:g} s).",
            remedy=f"Play at {told_speed(fitting_speed(delay_s, SHORTEST_DEADLINE_S))} at most (--speed), "
            "or use a faster or nearer broker.",
        )


def _delays(seen: Observations) -> dict[str, float]:
    """Seconds there and back: as services tell, and our own. One late message may be chance; two are not."""
    delays = {"this machine": median(seen.echoes_s)} if seen.echoes_s else {}
    for name, signs in seen.signs.items():
        told = [sign.health.lag_ms / 1_000 for sign in signs[-2:] if sign.health.presence is Presence.UP]
        if len(told) == 2:
            delays[name] = min(told)
    return delays
