"""The flight strips: every flight that the sky has heard of, and what its centre last said of it.

What centres say comes twice, late, or in another order; of each plan the last word counts, by the time and the number
that its centre gave it.
"""

from collections import deque
from datetime import datetime, timedelta
from typing import Final, assert_never

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Area, Circle, Corridor, Polygon, Volume4D
from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import FlightKind, FlightPlan
from hotline_protocol.geometry import area_problem
from hotline_protocol.injection import Deviate, FlyUnannounced, SubmitPlan
from hotline_protocol.intake import FURTHEST_AHEAD, LONGEST_FLIGHT
from hotline_protocol.sky import Flyer
from hotline_protocol.theatre import remembered
from hotline_services.director import setting
from hotline_services.simulation.chance import Chance

from .deviating import Dice, drawn, ordered
from .flight import Flight, Key, Stage
from .performance import performance

KEPT: Final = timedelta(days=2)
MOST_PLANS: Final = 10_000
MOST_ORDERS: Final = 1_000
ORDERS_EACH: Final = 8
"""Bounds on what is remembered of plans that no centre speaks of, and of orders to flights that nobody knows: to so
many flights, and so many to each. A later order replaces an earlier one of its kind, and there are five kinds."""

BARGAINED: Final = LONGEST_FLIGHT
"""By how much bargaining may have put a flight later than the plan that was checked when it was filed."""

UNKNOWN: Final = performance(FlightKind.PATROL)
NOBODYS: Final = "unknown"

MOST_WORK: Final = 400_000
"""Pairs of a position of the path and one of the air, at most: each is looked at when a flight departs from its path.
A plan of 500 positions, expanded, has a fifth of it; 64 volumes that all last as long as the flight have more."""


class Strips:
    """Flights by who answers for them and by plan."""

    def __init__(self, agreement: Agreement, sky: setting.Sky, chance: Chance) -> None:
        self._separation: Final = agreement.separation
        self._deviations: Final = sky.deviations
        self._chance: Final = chance
        self._flights: Final[dict[Key, Flight]] = {}
        self._known_since: Final[deque[tuple[datetime, Key]]] = deque()
        self._plans: Final[dict[tuple[Key, str], FlightPlan]] = {}
        self._orders: Final[dict[Key, deque[Deviate]]] = {}

    def get(self, key: Key) -> Flight | None:
        return self._flights.get(key)

    def submitted(self, message: SubmitPlan) -> None:
        """A side was given this plan: what kind of flight it is stands nowhere else."""
        key, digest = (message.to, message.plan.plan_id), message.plan.digest
        flight = self._flights.get(key)
        if flight is None or flight.digest != digest:
            self._plans[key, digest] = message.plan
            if len(self._plans) > MOST_PLANS:
                del self._plans[next(iter(self._plans))]
        elif flight.stage is Stage.AWAITED:
            self._describe(flight, message.plan)

    def heard(self, status: PlanStatus, now: datetime) -> Flight | None:
        """The flight of which this is the newest that was heard; None when it is news of yesterday.

        The sender's clock orders what that sender says, and is trusted with nothing else.
        """
        key, stamp = (status.source, status.plan_id), (status.time, status.seq)
        flight = self._flights.get(key)
        if flight is None:
            flyer = Flyer(
                side=status.source,
                operator=status.operator or status.source,
                plan_id=status.plan_id,
                callsign=status.callsign,
            )
            flight = self._enter(key, flyer, now)
        elif flight.stamp is not None and stamp <= flight.stamp:
            return None
        flight.stamp = stamp
        flight.version = status.number
        if flight.digest != status.plan:
            flight.digest = status.plan
            if plan := self._plans.pop((key, status.plan), None):
                self._describe(flight, plan)
        return flight

    def unannounced(self, message: FlyUnannounced, now: datetime) -> Flight | None:
        """A flight of which no centre is told; None when it is on its strip already."""
        plan = message.plan
        operator = plan.operator or message.side or NOBODYS
        key = (message.side or operator, plan.plan_id)
        if key in self._flights:
            return None
        flyer = Flyer(
            side=message.side, operator=operator, plan_id=plan.plan_id, callsign=plan.callsign, announced=False
        )
        flight = self._enter(key, flyer, now)
        self._describe(flight, plan)
        return flight

    def order(self, order: Deviate) -> None:
        """For a flight that is not in the air yet, or of which nothing has been heard. The last few count."""
        waiting = self._orders.setdefault((order.side, order.plan_id), deque(maxlen=ORDERS_EACH))
        waiting.append(order)
        if len(self._orders) > MOST_ORDERS:
            del self._orders[next(iter(self._orders))]

    def decide_departures(self, flight: Flight) -> None:
        """How it will depart from its plan, by chance and by orders, once its time comes near."""
        flight.departures = flight.departures or drawn(self.odds(flight.flyer), flight.dice)
        for order in self._orders.pop(flight.key, ()):
            turn = ordered(order, flight.dice, self.odds(flight.flyer), after=0.0)
            flight.departures = flight.departures.with_turn(turn) if turn else flight.departures.shifted_by(order)

    def odds(self, flyer: Flyer) -> setting.Deviations | None:
        """How often flights of this operator, or else of its side, depart from their plans."""
        of_side = self._deviations.get(flyer.side) if flyer.side else None
        return self._deviations.get(flyer.operator, of_side)

    def _enter(self, key: Key, flyer: Flyer, now: datetime) -> Flight:
        self._forget(now)
        flight = self._flights[key] = Flight(
            key=key,
            flyer=flyer,
            aircraft=UNKNOWN,
            dice=Dice(self._chance, f"{key[0]}/{key[1]}"),
            separation=self._separation,
        )
        self._known_since.append((now, key))
        return flight

    def _describe(self, flight: Flight, plan: FlightPlan) -> None:
        flight.kind = plan.kind
        flight.aircraft = performance(plan.kind, plan.aircraft_type)
        if plan.operator and plan.operator != flight.flyer.operator:
            flight.flyer = Flyer(
                side=flight.flyer.side,
                operator=plan.operator,
                plan_id=plan.plan_id,
                callsign=flight.flyer.callsign,
                announced=flight.flyer.announced,
            )

    def _forget(self, now: datetime) -> None:
        """Flights of days ago. One that is still to come, or in the air, is kept for as long again."""
        while self._known_since and self._known_since[0][0] < now - KEPT:
            _, key = self._known_since.popleft()
            flight = self._flights[key]
            if flight.stage is Stage.FLYING or flight.is_awaited:
                self._known_since.append((now, key))
            else:
                del self._flights[key]


def why_unflyable(volumes: tuple[Volume4D, ...], now: datetime) -> str | None:
    """Why nobody can fly in this air, by the sky's own clock; None when one can."""
    if not volumes:
        return "there is none"
    if reason := _untimely(volumes, now):
        return reason
    for volume in volumes:
        if volume.start >= volume.end or volume.lower_ft >= volume.upper_ft:
            return "it ends before it begins, or its floor is above its ceiling"
        if problem := _area_problem(volume.area):
            return f"{problem[0]}: {problem[1]}"
    return "there are too many positions in it" if _work(volumes) > MOST_WORK else None


def _work(volumes: tuple[Volume4D, ...]) -> float:
    """Pairs of a position of the whole air and one of a volume, as far as the volume's share of the time goes."""
    lasts = max(volume.end for volume in volumes) - min(volume.start for volume in volumes)
    counts = [_positions_in(volume.area) for volume in volumes]
    shares = ((volume.end - volume.start) / lasts for volume in volumes)
    return sum(counts) * sum(count * share for count, share in zip(counts, shares, strict=True))


def _untimely(volumes: tuple[Volume4D, ...], now: datetime) -> str | None:
    """Only differences are taken: a sum with a time at the end of the calendar would overflow."""
    start, end = min(volume.start for volume in volumes), max(volume.end for volume in volumes)
    if end - start > LONGEST_FLIGHT:
        return "it lasts longer than any flight"
    if start - now > FURTHEST_AHEAD + BARGAINED:
        return f"it is {(start - now).days} days ahead; {FURTHEST_AHEAD.days} is the most"
    if now - end > FURTHEST_AHEAD:
        return f"it was over {(now - end).days} days ago; {FURTHEST_AHEAD.days} is the most"
    return None


def _positions_in(area: Area) -> int:
    match area:
        case Polygon():
            return len(area.vertices)
        case Corridor():
            return len(area.route)
        case Circle():
            return 1
        case _:
            assert_never(area)


@remembered(maxsize=4096)
def _area_problem(area: Area) -> tuple[str, str] | None:
    return area_problem(area)
