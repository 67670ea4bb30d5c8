"""Findings of services: who is down, silent, missing, there twice, of another version, or in trouble."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import msgspec

from hotline_protocol.names import RESERVED
from hotline_protocol.service import WAITS, Clock, Health, Presence
from hotline_services.pacing.bounds import STALE_S
from hotline_services.pacing.scaled_clock import ScaledClock

from .clocks import machine_ahead
from .health_notes import of_note
from .kinds import Finding, Kind
from .observations import Observations, Sign

Signs = Mapping[str, Sequence[Sign]]


def of_services(seen: Observations) -> Iterator[Finding]:
    """Findings of single services, missing services, and different versions."""
    signs = seen.signs
    now = seen.until - (machine_ahead(seen) or timedelta())
    for name, heard in signs.items():
        last = heard[-1].health
        if last.presence is Presence.DOWN:
            yield _down(name, last)
            continue
        yield from _silence(name, last, seen.clock, now)
        yield from of_note(name, last.note)
        yield from _double(name, heard)
    yield from _missing(signs)
    yield from _versions(seen, signs)


def _down(name: str, last: Health) -> Finding:
    waits = last.note.startswith(WAITS)
    told = f": {last.note}" if last.note else ""
    remedy = "Start the director, and compare the clocks of both machines." if waits else f"Start {name} again."
    return Finding(kind=Kind.DOWN, about=name, sentence=f"{name} is down{told}.", remedy=f"{remedy} Its log says more.")


def _silence(name: str, last: Health, clock: Clock | None, now: datetime) -> Iterator[Finding]:
    age_s = _age_s(last, clock, now)
    if age_s is not None and age_s > STALE_S:
        yield Finding(
            kind=Kind.SILENT,
            about=name,
            sentence=f"{name} was last heard of {age_s:,.0f} s ago, and says that it lives every 10 s.",
            remedy=f"Look whether the process of {name} still runs and reaches the broker, and start it again.",
        )


def _age_s(last: Health, clock: Clock | None, now: datetime) -> float | None:
    """Real seconds since this was said; None where that cannot be told."""
    if not isinstance(last.sent, msgspec.UnsetType):
        return (now - last.sent).total_seconds()
    if clock is None:
        return None
    scaled = ScaledClock(clock, lambda: now)
    return (scaled.now() - last.time).total_seconds() / scaled.speed


def _double(name: str, heard: Sequence[Sign]) -> Iterator[Finding]:
    """A session that is heard again after another one has never ended: both processes still run."""
    sessions = [session for session, _ in groupby(sign.health.session for sign in heard if _is_up(sign))]
    if len(sessions) > len(set(sessions)):
        yield Finding(
            kind=Kind.TWO_OF_ONE_NAME,
            about=name,
            sentence=f"{len(set(sessions))} processes say that they are {name}, in turn: {', '.join(_each(sessions))}.",
            remedy="Stop all but one of them. The session begins with the number of the process on its machine.",
        )


def _each(sessions: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(sessions))


def _is_up(sign: Sign) -> bool:
    return sign.health.presence is Presence.UP


def _missing(signs: Signs) -> Iterator[Finding]:
    if not signs:
        yield Finding(
            kind=Kind.MISSING,
            about="everybody",
            sentence="No service has been heard of on this broker.",
            remedy="Start the services with this broker's address, or see that you may hear hotline/v1/health/+.",
        )
        return
    centres = [name for name in signs if name not in RESERVED]
    if len(centres) < 2:
        there = f"Only one centre, {centres[0]}, has" if centres else "No centre has"
        yield Finding(
            kind=Kind.MISSING,
            about="centres",
            sentence=f"{there} been heard of on this broker: nobody can ring.",
            remedy="Start the centres, each with this broker's address.",
        )
    for name, effect in (("director", "nobody sets the clock"), ("monitor", "nothing is recorded")):
        if name not in signs:
            yield Finding(
                kind=Kind.MISSING,
                about=name,
                sentence=f"No {name} has been heard of on this broker: {effect}.",
                remedy=f"Start it: hotline run {name}.",
            )


def _versions(seen: Observations, signs: Signs) -> Iterator[Finding]:
    lives = {name: heard[-1].health for name, heard in signs.items() if _is_up(heard[-1])}
    for what, ours in (("protocol", seen.protocol), ("program", seen.program)):
        users: dict[str, list[str]] = {ours: ["this program"]} if ours else {}
        for name, health in lives.items():
            version = getattr(health, what)
            if not isinstance(version, msgspec.UnsetType):
                users.setdefault(version, []).append(name)
        if len(users) > 1:
            told = "; ".join(f"{version}: {', '.join(names)}" for version, names in users.items())
            yield Finding(
                kind=Kind.VERSIONS,
                about=what,
                sentence=f"Not all have the same version of the {what} ({told}).",
                remedy="Install the same version everywhere: what one of them says, another may not understand.",
            )
            return
