"""When officers are at their desks, and when the circuit is up: worked out of a roster, with no state of its own."""

import bisect
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Final

from hotline_protocol.events import PresenceChanged
from hotline_protocol.line import Tier

from .config import Away, Roster, Watch
from .state import AttendanceState
from .voice import LONG_AGO, Voice

OFF_SHIFT: Final = "off shift"
A_DAY: Final = timedelta(days=1)


class Windows:
    """Spans of time in order, those that overlap joined; each is from its start until just before its end."""

    def __init__(self, spans: Iterable[Away]) -> None:
        self._spans: list[Away] = []
        for span in sorted(spans, key=lambda span: (span.start, span.end)):
            last = self._spans[-1] if self._spans else None
            if last is not None and span.start <= last.end:
                self._spans[-1] = Away(start=last.start, end=max(last.end, span.end), reason=last.reason)
            elif span.start < span.end:
                self._spans.append(span)
        self._starts = [span.start for span in self._spans]

    def __bool__(self) -> bool:
        return bool(self._spans)

    @property
    def last_end(self) -> datetime:
        """When the last of them is over."""
        return self._spans[-1].end if self._spans else LONG_AGO

    def at(self, now: datetime) -> Away | None:
        """The one in which this instant lies."""
        number = bisect.bisect_right(self._starts, now) - 1
        return self._spans[number] if number >= 0 and now < self._spans[number].end else None

    def next_start(self, after: datetime) -> datetime | None:
        """When the next of them begins."""
        number = bisect.bisect_right(self._starts, after)
        return self._starts[number] if number < len(self._starts) else None

    def next_edge(self, after: datetime) -> datetime | None:
        """When one of them next begins or ends."""
        inside = self.at(after)
        return inside.end if inside is not None else self.next_start(after)


class Hours:
    """When the officers of one tier are there."""

    def __init__(self, watch: Watch) -> None:
        self._shifts = watch.shifts
        self._edges = sorted({edge for shift in watch.shifts for edge in shift})
        self._away = Windows(watch.away)

    @property
    def vary(self) -> bool:
        """They are not always there."""
        return bool(self._shifts or self._away)

    def absent(self, now: datetime) -> str | None:
        """Why nobody is there, or None when somebody is."""
        away = self._away.at(now)
        if away is not None:
            return away.reason or "absent"
        return None if not self._shifts or self._on_shift(now.astimezone(UTC).time()) else OFF_SHIFT

    def _on_shift(self, clock: time) -> bool:
        return any(
            begin <= clock < end if begin < end else clock >= begin or clock < end for begin, end in self._shifts
        )

    def next_change(self, after: datetime) -> datetime | None:
        """When they next come or go; None when they never will."""
        there = self.absent(after) is None
        # Two days after the last absence the shifts have shown all that they do.
        horizon = max(after, self._away.last_end) + 2 * A_DAY
        at = self._next_chance(after)
        while at is not None and at <= horizon:
            if (self.absent(at) is None) is not there:
                return at
            at = self._next_chance(at)
        return None

    def _next_chance(self, after: datetime) -> datetime | None:
        """When they might next come or go: shifts that begin and end during an absence change nothing."""
        away = self._away.at(after)
        return away.end if away is not None else self._next_edge(after)

    def _next_edge(self, after: datetime) -> datetime | None:
        midnight = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        clocks = (
            day.replace(hour=edge.hour, minute=edge.minute, second=edge.second)
            for day in (midnight, midnight + A_DAY)
            for edge in self._edges
        )
        edges = (self._away.next_edge(after), next((clock for clock in clocks if clock > after), None))
        return min((edge for edge in edges if edge is not None), default=None)


class Presence:
    """Who of one side is there, tier by tier, and whether the circuit is. Pure: it only reads the roster."""

    def __init__(self, roster: Roster) -> None:
        hours = {tier: Hours(watch) for tier, watch in roster.watches.items()}
        self._hours = {tier: each for tier, each in hours.items() if each.vary}
        self._down = Windows(roster.circuit_down)
        self.tiers: Final = tuple(sorted(self._hours, key=lambda tier: tier.rank))
        """Those that are not always there."""

    def present(self, tier: Tier, now: datetime) -> bool:
        """Whether somebody of this tier is at the desk."""
        return self.absent(tier, now) is None

    def absent(self, tier: Tier, now: datetime) -> str | None:
        """Why nobody of this tier is there, or None when somebody is."""
        hours = self._hours.get(tier) if self._hours else None
        return None if hours is None else hours.absent(now)

    def back_at(self, tier: Tier, now: datetime) -> datetime | None:
        """When somebody of this tier is next there: ``now`` if somebody is, None if nobody ever will be."""
        return now if self.present(tier, now) else self._hours[tier].next_change(now)

    def next_change(self, after: datetime) -> datetime | None:
        """When the officers of any tier next come or go."""
        changes = (hours.next_change(after) for hours in self._hours.values())
        return min((at for at in changes if at is not None), default=None)

    def circuit_up(self, now: datetime) -> bool:
        """Whether there is a tone on the line."""
        return not self._down or self._down.at(now) is None

    def next_break(self, after: datetime) -> datetime | None:
        """When the circuit next goes down."""
        return self._down.next_start(after) if self._down else None


class Attendance:
    """Says who comes and who goes. A tier is taken to be there until it is found not to be."""

    def __init__(self, presence: Presence, voice: Voice) -> None:
        self._presence = presence
        self._voice = voice
        self.state = AttendanceState(
            there=dict.fromkeys(presence.tiers, True), next_look=LONG_AGO if presence.tiers else None
        )

    @property
    def next_deadline(self) -> datetime | None:
        """When somebody next comes or goes."""
        return self.state.next_look

    def lapse(self) -> None:
        """Say which officers have come or gone."""
        now = self._voice.now
        for tier, there in self.state.there.items():
            absent = self._presence.absent(tier, now)
            if there is not (absent is None):
                self.state.there[tier] = not there
                self._voice.say(PresenceChanged, tier=tier, present=not there, reason=absent or "")
        self.state.next_look = self._presence.next_change(now)
