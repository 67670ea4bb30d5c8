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

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Area
from hotline_protocol.conflicts import areas_meet
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.line import Block
from hotline_protocol.message import PartyName
from hotline_services.runtime.chance import Chance

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


class _Tasking:
    """The air that one side has given to its flights, hour by hour. What its timeline flies comes first."""

    def __init__(self, scenario: Scenario, party: str) -> None:
        self._rule: Final[BoundaryRule] = scenario.agreement.boundary_rule
        self._start: Final = scenario.start
        self._hours: Final[dict[int, list[_Slot]]] = {}
        self._meet: Final[dict[tuple[Area, Area], bool]] = {}
        for event in scenario.happening:
            if isinstance(event, Submission) and event.to == party:
                plan = event.plan.plan(event.at.after(scenario.start), scenario.places)
                self._put(_Slot(plan.area, plan.lower_ft, plan.upper_ft, plan.start, plan.end))

    def take(self, slot: _Slot) -> bool:
        """Give this air to a flight, unless another flight of the side has some of it."""
        for hour in self._hours_of(slot):
            if any(_at_once(slot, other) and self._meets(slot, other) for other in self._hours.get(hour, ())):
                return False
        self._put(slot)
        return True

    def forget(self, before: datetime) -> None:
        """Flights that were over by then no longer count."""
        first = (before - self._start) // AN_HOUR
        for hour in [hour for hour in self._hours if hour < first]:
            del self._hours[hour]

    def _put(self, slot: _Slot) -> None:
        for hour in self._hours_of(slot):
            self._hours.setdefault(hour, []).append(slot)

    def _hours_of(self, slot: _Slot) -> range:
        return range((slot.start - self._start) // AN_HOUR, (slot.end - self._start) // AN_HOUR + 1)

    def _meets(self, one: _Slot, other: _Slot) -> bool:
        pair = one.area, other.area
        met = self._meet.get(pair)
        if met is None:
            met = self._meet[pair] = areas_meet(*pair, self._rule)
        return met


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
        self.share: Final = Chance(seed).share
        fronts = scenario.fronts
        self.fronts: Final = FrontLines(fronts, scenario.start, scenario.places) if fronts else None
        self.routine: Final = timedelta(minutes=scenario.agreement.notice.routine_min)


class _Kind:
    """One kind of traffic, day by day."""

    def __init__(self, world: _World, traffic: Traffic) -> None:
        self._world = world
        self._traffic = traffic
        self._share = world.share
        places = world.scenario.places
        self._areas = [area if isinstance(area, FrontAlong) else area.area(places) for area in traffic.areas]
        self._weights = list(accumulate(traffic.weights or (1.0,) * len(traffic.areas)))
        self._blocks = [world.scenario.block(name) for name in traffic.blocks]

    def day(self, midnight: datetime, tasking: _Tasking) -> Iterator[Sortie]:
        """The flights of one day, in turn."""
        purpose = f"traffic/{self._traffic.callsign}/{midnight.date().isoformat()}"
        opens = self._traffic.window[0].after(midnight)
        length = self._traffic.window[1].after(opens + timedelta(minutes=1)) - opens
        count = self._count(purpose)
        for flight in range(count):
            named = f"{purpose}/{flight + 1}"
            for attempt in range(TRIES):
                slot = self._slot(f"{named}/{attempt}", opens, length, flight / count, 1 / count)
                if tasking.take(slot):
                    filed = self._filed(named, slot.start)
                    if filed:
                        yield self._sortie(named, midnight, flight, slot, filed)
                    break

    def _count(self, purpose: str) -> int:
        """How many today: what is left over of whole flights is one more on so many days."""
        whole, rest = divmod(self._traffic.a_day * self._traffic.tempo, 1)
        return int(whole) + (rest > 0 and self._share(f"{purpose}/number") < rest)

    def _slot(self, named: str, opens: datetime, length: timedelta, turn: float, spread: float) -> _Slot:
        """Air for a flight, drawn about its place in the even spread over the day."""
        traffic = self._traffic
        share = turn + spread * (0.5 + traffic.jitter * (self._share(f"{named}/start") - 0.5))
        start = opens + timedelta(minutes=round(share * length.total_seconds() / 60))
        minutes = self._between(traffic.duration_min, f"{named}/duration")
        block = self._block(named)
        area = self._area(named, start)
        return _Slot(area, block.lower_ft, block.upper_ft, start, start + timedelta(minutes=round(minutes)))

    def _block(self, named: str) -> Block:
        return self._blocks[int(self._share(f"{named}/block") * len(self._blocks))]

    def _area(self, named: str, start: datetime) -> Area:
        weight = self._share(f"{named}/area") * self._weights[-1] if len(self._areas) > 1 else 0.0
        area = self._areas[bisect_right(self._weights, weight, hi=len(self._weights) - 1)]
        if not isinstance(area, FrontAlong):
            return area
        # Both checked when the scenario was read: who flies along a front has one.
        assert self._world.fronts is not None  # noqa: S101
        assert self._traffic.party is not None  # noqa: S101
        along, depth = self._share(f"{named}/along"), self._share(f"{named}/depth")
        return self._world.fronts.area(area, self._traffic.party, along, depth, start)

    def _filed(self, named: str, start: datetime) -> datetime | None:
        """When the plan is handed in. None when it was before the run began, and the start is near now."""
        traffic = self._traffic
        short = traffic.short_notice > 0 and self._share(f"{named}/short") < traffic.short_notice
        notice = self._between(traffic.short_notice_min if short else traffic.notice_min, f"{named}/notice")
        filed = start - timedelta(minutes=notice)
        if traffic.filed_at and not short:
            filed = max(_last_before(moment, filed) for moment in traffic.filed_at)
        began = self._world.scenario.start
        if filed >= began:
            return filed.replace(microsecond=0)
        # What stands on the desk when a run begins is handed in by and by, after the timeline has had the word.
        opening = began + timedelta(seconds=round(60 * self._between(OPENING_MIN, f"{named}/opening")))
        return opening if start - opening >= self._world.routine else None

    def _sortie(self, named: str, midnight: datetime, flight: int, slot: _Slot, filed: datetime) -> Sortie:
        traffic = self._traffic
        number = f"{flight + 1:02d}"
        plan = FlightPlan(
            plan_id=f"{traffic.party or traffic.operator}-{midnight:%Y%m%d}-{traffic.callsign}{number}",
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
        announced = traffic.party is not None and (
            traffic.announced >= 1 or self._share(f"{named}/announced") < traffic.announced
        )
        return Sortie(party=traffic.party, filed=filed.astimezone(UTC), plan=plan, announced=announced)

    def _between(self, least_and_most: tuple[float, float], purpose: str) -> float:
        least, most = least_and_most
        return least + (most - least) * self._share(purpose)


def _last_before(clock: Moment, instant: datetime) -> datetime:
    """The last time up to this instant that the clock showed this."""
    return clock.after(instant) - (A_DAY if clock.after(instant) > instant else timedelta(0))
