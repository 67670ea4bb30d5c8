"""Routine traffic: each side's own daily tasking, drawn so that its flights are clear of one another as filed.

Everything about a flight is drawn under a name of its own: the kind of traffic, the day, the number of the flight,
what is decided. So another tempo, or fronts further apart, leave what other kinds of traffic draw as it was. They
meet in one place alone: a flight gives way to those of its side that come before it in the file and in the day, and
then takes its next draw. Only flights whose air another has taken are moved by it, and none that stands before it.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Final

import msgspec

from hotline_protocol.airspace import Area
from hotline_protocol.conflicts import ruled_footprint
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.geometry import Footprint
from hotline_protocol.message import PartyName
from hotline_services.simulation.chance import Chance

from .fronts import FrontLines
from .script import Scenario, Submission, Traffic
from .written import FrontAlong, Moment

TRIES: Final = 24
OPENING_MIN: Final = (8.0, 20.0)
LONGEST_CALLSIGN: Final = 7
AN_HOUR: Final = timedelta(hours=1)
A_DAY: Final = timedelta(days=1)


class Sortie(msgspec.Struct, frozen=True, kw_only=True):
    """One flight, and when it is filed: with ``party``, or with nobody if it is not ``announced``."""

    party: PartyName | None
    filed: datetime
    plan: FlightPlan
    announced: bool = True


class _Slot(msgspec.Struct, frozen=True):
    """Air that is given to one flight."""

    area: Area
    lower_ft: int
    upper_ft: int
    start: datetime
    end: datetime


class _Ground(msgspec.Struct, frozen=True):
    """An area made ready to be compared: what it looks like in the plane, and its bounds in metres."""

    footprint: Footprint
    west: float
    south: float
    east: float
    north: float

    def meets(self, other: "_Ground") -> bool:
        """Whether the two share a point; the bounds alone settle it for most."""
        return (
            self.west <= other.east
            and other.west <= self.east
            and self.south <= other.north
            and other.south <= self.north
            and self.footprint.meets(other.footprint)
        )


class _Tasking:
    """The air that one side has given to its flights, hour by hour. What its timeline flies comes first."""

    def __init__(self, scenario: Scenario, party: str) -> None:
        self._rule: Final = scenario.agreement.boundary_rule
        self._start: Final = scenario.start
        self._hours: Final[dict[int, list[tuple[_Slot, _Ground]]]] = {}
        self._grounds: Final[dict[Area, _Ground]] = {}
        for event in scenario.happening:
            if isinstance(event, Submission) and event.to == party:
                plan = event.plan.plan(event.at.after(scenario.start), scenario.places)
                slot = _Slot(plan.area, plan.lower_ft, plan.upper_ft, plan.start, plan.end)
                self._put(slot, self._ground(slot.area))

    def take(self, slot: _Slot) -> bool:
        """Give this air to a flight, unless another flight of the side has some of it."""
        ground = self._ground(slot.area)
        for hour in self._hours_of(slot):
            for other, its_ground in self._hours.get(hour, ()):
                if _at_once(slot, other) and ground.meets(its_ground):
                    return False
        self._put(slot, ground)
        return True

    def forget(self, before: datetime) -> None:
        """Flights that were over by then no longer count."""
        first = (before - self._start) // AN_HOUR
        for hour in [hour for hour in self._hours if hour < first]:
            del self._hours[hour]

    def _put(self, slot: _Slot, ground: _Ground) -> None:
        for hour in self._hours_of(slot):
            self._hours.setdefault(hour, []).append((slot, ground))

    def _hours_of(self, slot: _Slot) -> range:
        return range((slot.start - self._start) // AN_HOUR, (slot.end - self._start) // AN_HOUR + 1)

    def _ground(self, area: Area) -> _Ground:
        ground = self._grounds.get(area)
        if ground is None:
            footprint = ruled_footprint(area, self._rule)
            ground = self._grounds[area] = _Ground(footprint, *footprint.bounds)
        return ground


def _at_once(one: _Slot, other: _Slot) -> bool:
    """At the same height at the same time."""
    return (
        one.lower_ft < other.upper_ft
        and other.lower_ft < one.upper_ft
        and one.start < other.end
        and other.start < one.end
    )


def sorties(scenario: Scenario, seed: int, days: int) -> Iterator[Sortie]:
    """Every routine flight that is filed within the run, side by side and day by day, not in the order of filing.

    A flight for which no free air is found in 24 tries is not flown that day. Unannounced ones take air like others
    of their side, so that how many are announced changes nothing but who is told.
    """
    end = scenario.end(days)
    ahead = max(map(_longest_notice, scenario.traffic), default=timedelta(0))
    first = scenario.start.replace(hour=0, minute=0, second=0, microsecond=0)
    groups: dict[str, list[_Kind]] = {}
    world = _World(scenario, seed)
    for traffic in scenario.traffic:
        groups.setdefault(traffic.party or f"third party {traffic.operator}", []).append(_Kind(world, traffic))
    for group, kinds in groups.items():
        tasking, midnight = _Tasking(scenario, group), first
        while midnight < end + ahead:
            tasking.forget(midnight - A_DAY)
            for kind in kinds:
                yield from (sortie for sortie in kind.day(midnight, tasking) if sortie.filed < end)
            midnight += A_DAY


def _longest_notice(traffic: Traffic) -> timedelta:
    notice = timedelta(minutes=max(*traffic.notice_min, *traffic.short_notice_min))
    return notice + (A_DAY if traffic.filed_at else timedelta(0))


class _World:
    """What all kinds of traffic have in common."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario: Final = scenario
        self.chance: Final = Chance(seed)
        fronts = scenario.fronts
        self.fronts: Final = FrontLines(fronts, scenario.start, scenario.places) if fronts else None
        self.routine: Final = timedelta(minutes=scenario.agreement.notice.routine_min)


class _Kind:
    """One kind of traffic, day by day."""

    def __init__(self, world: _World, traffic: Traffic) -> None:
        self._world = world
        self._traffic = traffic
        self._chance = world.chance
        places = world.scenario.places
        self._areas = [area if isinstance(area, FrontAlong) else area.area(places) for area in traffic.areas]
        self._weights = list(accumulate(traffic.weights or (1.0,) * len(traffic.areas)))
        self._blocks = [world.scenario.block(name) for name in traffic.blocks]

    def day(self, midnight: datetime, tasking: _Tasking) -> Iterator[Sortie]:
        """The flights of one day, in turn."""
        opens = self._traffic.window[0].after(midnight)
        length = self._traffic.window[1].after(opens + timedelta(minutes=1)) - opens
        day = f"{midnight:%Y%m%d}"
        purpose = f"traffic/{self._traffic.callsign}/{day}"
        count = self._count(purpose)
        for flight in range(count):
            named = f"{purpose}/{flight + 1}"
            for attempt in range(TRIES):
                slot = self._slot(self._chance.shares(f"{named}/air/{attempt}"), opens, length, flight / count, count)
                if tasking.take(slot):
                    sortie = self._sortie(self._chance.shares(f"{named}/filing"), slot, day, f"{flight + 1:02d}")
                    if sortie:
                        yield sortie
                    break

    def _count(self, purpose: str) -> int:
        """How many today: what is left over of whole flights is one more on so many days."""
        whole, rest = divmod(self._traffic.a_day * self._traffic.tempo, 1)
        return int(whole) + (rest > 0 and self._chance.share(f"{purpose}/number") < rest)

    def _slot(self, drawn: tuple[float, ...], opens: datetime, length: timedelta, turn: float, count: int) -> _Slot:
        """Air for a flight, drawn about its place in the even spread over the day."""
        traffic = self._traffic
        in_turn, minutes, height, where, along, depth, *_ = drawn
        share = turn + (0.5 + traffic.jitter * (in_turn - 0.5)) / count
        start = opens + timedelta(minutes=round(share * length.total_seconds() / 60))
        end = start + timedelta(minutes=round(_between(traffic.duration_min, minutes)))
        block = self._blocks[int(height * len(self._blocks))]
        area = self._areas[bisect_right(self._weights, where * self._weights[-1], hi=len(self._weights) - 1)]
        if isinstance(area, FrontAlong):
            area = self._along_front(area, along, depth, start)
        return _Slot(area, block.lower_ft, block.upper_ft, start, end)

    def _along_front(self, written: FrontAlong, along: float, depth: float, at: datetime) -> Area:
        fronts, party = self._world.fronts, self._traffic.party
        if fronts is None or party is None:  # refused when the scenario was read
            raise ValueError(f"{self._traffic.callsign}: there is no front to fly along")
        return fronts.area(written, party, along, depth, at)

    def _sortie(self, drawn: tuple[float, ...], slot: _Slot, day: str, number: str) -> Sortie | None:
        """The flight as it is filed, or None when that was before the run began and its start is near."""
        traffic = self._traffic
        short, notice, opening, announced, *_ = drawn
        filed = self._filed(slot.start, notice, opening, is_short=short < traffic.short_notice)
        if filed is None:
            return None
        plan = FlightPlan(
            plan_id=f"{traffic.party or traffic.operator}-{day}-{traffic.callsign}{number}",
            callsign=traffic.callsign[: LONGEST_CALLSIGN - len(number)] + number,
            kind=traffic.kind,
            priority=traffic.priority,
            area=slot.area,
            lower_ft=slot.lower_ft,
            upper_ft=slot.upper_ft,
            start=slot.start.astimezone(UTC),
            end=slot.end.astimezone(UTC),
            flexibility=traffic.flexibility,
            aircraft_type=traffic.aircraft_type,
            operator=traffic.operator,
        )
        told = traffic.party is not None and announced < traffic.announced
        return Sortie(party=traffic.party, filed=filed.astimezone(UTC), plan=plan, announced=told)

    def _filed(self, start: datetime, notice: float, opening: float, *, is_short: bool) -> datetime | None:
        traffic, began = self._traffic, self._world.scenario.start
        filed = start - timedelta(
            minutes=_between(traffic.short_notice_min if is_short else traffic.notice_min, notice)
        )
        if traffic.filed_at and not is_short:
            filed = max(_last_before(moment, filed) for moment in traffic.filed_at)
        if filed >= began:
            return filed.replace(microsecond=0)
        # What stands on the desk when a run begins is handed in by and by, after the timeline has had the word.
        filed = began + timedelta(seconds=round(60 * _between(OPENING_MIN, opening)))
        return filed if start - filed >= self._world.routine else None


def _between(least_and_most: tuple[float, float], share: float) -> float:
    least, most = least_and_most
    return least + (most - least) * share


def _last_before(clock: Moment, instant: datetime) -> datetime:
    """The last time up to this instant that the clock showed this."""
    return clock.after(instant) - (A_DAY if clock.after(instant) > instant else timedelta(0))
