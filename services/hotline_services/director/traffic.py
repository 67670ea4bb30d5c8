"""Routine traffic: each side's own daily tasking, drawn so that its flights are clear of one another as filed."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

import msgspec

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Area
from hotline_protocol.conflicts import areas_meet
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.line import Block
from hotline_services.runtime.chance import Chance

from .script import Scenario, Submission, Traffic
from .written import Moment

TRIES: Final = 24
OPENING_MIN: Final = (8.0, 20.0)
A_DAY: Final = timedelta(days=1)


class Sortie(msgspec.Struct, frozen=True, kw_only=True):
    """One plan and when it is filed with its side."""

    party: str | None
    filed: datetime
    plan: FlightPlan


class _Slot(msgspec.Struct, frozen=True):
    """Air that a side has given to one of its flights: the area by number, feet, and the time."""

    area: int
    lower_ft: int
    upper_ft: int
    start: datetime
    end: datetime


class Tasking:
    """One side's use of its areas, over all its kinds of traffic. What its timeline flies comes first."""

    def __init__(self, scenario: Scenario, party: str) -> None:
        self.traffic: Final = tuple(each for each in scenario.traffic if each.party == party)
        self.areas: Final[list[Area]] = []
        self._first_area: list[int] = []
        for traffic in self.traffic:
            self._first_area.append(len(self.areas))
            self.areas.extend(area.area(scenario.places) for area in traffic.areas)
        scripted = list(_scripted(scenario, party))
        first_scripted = len(self.areas)
        self.areas.extend(plan.area for plan in scripted)
        self._meeting = _meeting(self.areas, scenario.agreement.boundary_rule)
        self._slots: list[list[_Slot]] = [[] for _ in self.areas]
        for number, plan in enumerate(scripted, first_scripted):
            self._slots[number].append(_Slot(number, plan.lower_ft, plan.upper_ft, plan.start, plan.end))

    def area_of(self, traffic: int, choice: int) -> int:
        """The number of one of this traffic's areas among all the side's."""
        return self._first_area[traffic] + choice

    def take(self, slot: _Slot) -> bool:
        """Give this air to a flight, unless another flight of the side has some of it."""
        if any(_clash(slot, other) for area in self._meeting[slot.area] for other in self._slots[area]):
            return False
        self._slots[slot.area].append(slot)
        return True

    def forget(self, before: datetime) -> None:
        """Flights that were over by then no longer count."""
        for area, slots in enumerate(self._slots):
            self._slots[area] = [slot for slot in slots if slot.end > before]


def _clash(one: _Slot, other: _Slot) -> bool:
    return (
        one.start < other.end
        and other.start < one.end
        and one.lower_ft < other.upper_ft
        and other.lower_ft < one.upper_ft
    )


def _scripted(scenario: Scenario, party: str) -> Iterator[FlightPlan]:
    for event in scenario.happening:
        if isinstance(event, Submission) and event.to == party:
            yield event.plan.plan(event.at.after(scenario.start), scenario.places)


def _meeting(areas: Sequence[Area], rule: BoundaryRule) -> tuple[tuple[int, ...], ...]:
    """For each area the numbers of those that it meets, itself among them."""
    return tuple(
        tuple(number for number, other in enumerate(areas) if other is area or areas_meet(area, other, rule))
        for area in areas
    )


def sorties(scenario: Scenario, seed: int, days: int) -> Iterator[Sortie]:
    """Every routine flight that is filed within the run, side by side and day by day, not in the order of filing.

    A flight for which no free air is found in 24 tries is not flown that day.
    """
    chance = Chance(seed)
    end = scenario.end(days)
    ahead = max((_longest_notice(traffic) for traffic in scenario.traffic), default=timedelta(0))
    for party in scenario.parties:
        tasking = Tasking(scenario, party)
        midnight = scenario.start.replace(hour=0, minute=0, second=0, microsecond=0)
        while midnight < end + ahead:
            tasking.forget(midnight - A_DAY)
            for number, traffic in enumerate(tasking.traffic):
                draw = chance.stream(f"traffic/{traffic.callsign}/{midnight.date().isoformat()}")
                day = _Day(scenario, tasking, number, midnight, draw)
                for flight in range(round(traffic.a_day * traffic.tempo)):
                    sortie = day.sortie(flight)
                    if sortie and sortie.filed < end:
                        yield sortie
            midnight += A_DAY


def _longest_notice(traffic: Traffic) -> timedelta:
    notice = timedelta(minutes=max(*traffic.notice_min, *traffic.short_notice_min))
    return notice + (A_DAY if traffic.filed_at else timedelta(0))


class _Day:
    """One day of one kind of traffic."""

    def __init__(self, scenario: Scenario, tasking: Tasking, number: int, midnight: datetime, draw: Random) -> None:
        self._scenario = scenario
        self._tasking = tasking
        self._number = number
        self._traffic = tasking.traffic[number]
        self._draw = draw
        self._midnight = midnight
        self._opens = self._traffic.window[0].after(midnight)
        self._length = self._traffic.window[1].after(self._opens + timedelta(minutes=1)) - self._opens
        self._weights = list(accumulate(self._traffic.weights or (1.0,) * len(self._traffic.areas)))

    def sortie(self, flight: int) -> Sortie | None:
        """The flight of this number, or None when it is not flown, or was filed before the run began."""
        for _ in range(TRIES):
            slot, block = self._slot(flight)
            if self._tasking.take(slot):
                filed = self._filed(slot.start)
                return self._filled_in(flight, slot, block, filed) if filed else None
        return None

    def _slot(self, flight: int) -> tuple[_Slot, Block]:
        """Air for this flight, drawn near its place in the even spread over the day."""
        traffic = self._traffic
        share = (flight + 0.5 + traffic.jitter * (self._draw.random() - 0.5)) / traffic.a_day
        start = self._opens + timedelta(minutes=round(share * self._length.total_seconds() / 60))
        end = start + timedelta(minutes=round(self._between(traffic.duration_min)))
        choice = bisect_right(self._weights, self._draw.random() * self._weights[-1], hi=len(self._weights) - 1)
        block = self._scenario.block(traffic.blocks[int(self._draw.random() * len(traffic.blocks))])
        return _Slot(self._tasking.area_of(self._number, choice), block.lower_ft, block.upper_ft, start, end), block

    def _filed(self, start: datetime) -> datetime | None:
        """When the plan is handed in. None when it was before the run began, and the start is near now."""
        traffic = self._traffic
        short = self._draw.random() < traffic.short_notice
        filed = start - timedelta(minutes=self._between(traffic.short_notice_min if short else traffic.notice_min))
        if traffic.filed_at and not short:
            filed = max(_last_before(moment, filed) for moment in traffic.filed_at)
        opening = self._scenario.start + timedelta(seconds=round(60 * self._between(OPENING_MIN)))
        if filed >= self._scenario.start:
            return filed.replace(microsecond=0)
        # What stands on the desk when a run begins is handed in by and by, after the timeline has had the word.
        routine = timedelta(minutes=self._scenario.agreement.notice.routine_min)
        return opening if start - opening >= routine else None

    def _filled_in(self, flight: int, slot: _Slot, block: Block, filed: datetime) -> Sortie:
        traffic = self._traffic
        callsign = f"{traffic.callsign}{flight + 1:02d}"
        plan = FlightPlan(
            plan_id=f"{traffic.party}-{self._midnight:%Y%m%d}-{callsign}",
            callsign=callsign,
            kind=traffic.kind,
            priority=traffic.priority,
            area=self._tasking.areas[slot.area],
            lower_ft=block.lower_ft,
            upper_ft=block.upper_ft,
            start=slot.start.astimezone(UTC),
            end=slot.end.astimezone(UTC),
            flexibility=traffic.flexibility,
            aircraft_type=traffic.aircraft_type,
        )
        return Sortie(party=traffic.party, filed=filed.astimezone(UTC), plan=plan)

    def _between(self, least_and_most: tuple[float, float]) -> float:
        least, most = least_and_most
        return least + (most - least) * self._draw.random()


def _last_before(clock: Moment, instant: datetime) -> datetime:
    """The last time up to this instant that the clock showed this."""
    return clock.after(instant) - (A_DAY if clock.after(instant) > instant else timedelta(0))
