"""The flight strips: every flight that the sky has heard of, and what its centre last said of it.

What centres say comes twice, late, or in another order; of each plan the last word counts, by the time and the number
that its centre gave it.
"""

from datetime import datetime, timedelta
from typing import Final, assert_never

from msgspec.structs import replace

from hotline_protocol.airspace import Area, Circle, Corridor, Polygon, Volume4D
from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.geometry import area_problem
from hotline_protocol.injection import Deviate, FlyUnannounced, SubmitPlan
from hotline_protocol.intake import FURTHEST_AHEAD, LONGEST_FLIGHT
from hotline_protocol.sky import Flyer
from hotline_protocol.theatre import remembered
from hotline_services.director import setting
from hotline_services.simulation.chance import Chance

from .deviating import Dice, drawn, ordered
from .flight import Flight, Stage
from .state import Described, SkyState

KEPT: Final = timedelta(days=2)
MOST_PLANS: Final = 10_000
MOST_ORDERS: Final = 1_000
ORDERS_EACH: Final = 8
"""Bounds on what is remembered of plans that no centre speaks of, and of orders to flights that nobody knows: to so
many flights, and so many to each. A later order replaces an earlier one of its kind, and there are five kinds."""

BARGAINED: Final = LONGEST_FLIGHT
"""By how much bargaining may have put a flight later than the plan that was checked when it was filed."""

NOBODYS: Final = "unknown"

MOST_WORK: Final = 400_000
"""Pairs of a position of the path and one of the air, at most: each is looked at when a flight departs from its path.
A plan of 500 positions, expanded, has a fifth of it; 64 volumes that all last as long as the flight have more."""


class Strips:
    """Keeps the flights of a state by who answers for them and by plan: these are the rules of how."""

    def __init__(self, sky: setting.Sky, chance: Chance) -> None:
        self._deviations: Final = sky.deviations
        self._chance: Final = chance

    def dice(self, flight: Flight) -> Dice:
        """The chance of this flight."""
        return Dice(self._chance, "/".join(flight.key))

    def submitted(self, state: SkyState, message: SubmitPlan) -> None:
        """A side was given this plan: what kind of flight it is stands nowhere else."""
        side, plan_id, digest = message.to, message.plan.plan_id, message.plan.digest
        flight = state.flights.get((side, plan_id))
        if flight is None or flight.digest != digest:
            state.plans[side, plan_id, digest] = _description(message.plan)
            if len(state.plans) > MOST_PLANS:
                del state.plans[next(iter(state.plans))]
        elif flight.stage is Stage.AWAITED:
            state.put(_described(flight, _description(message.plan)))

    def heard(self, state: SkyState, status: PlanStatus, now: datetime) -> Flight | None:
        """The flight of which this is the newest that was heard; None when it is news of yesterday.

        The sender's clock orders what that sender says, and is trusted with nothing else.
        """
        key, stamp = (status.source, status.plan_id), (status.time, status.seq)
        flight = state.flights.get(key)
        if flight is None:
            flyer = Flyer(
                side=status.source,
                operator=status.operator or status.source,
                plan_id=status.plan_id,
                callsign=status.callsign,
            )
            flight = _entered(state, Flight(key=key, flyer=flyer), now)
        elif flight.stamp is not None and stamp <= flight.stamp:
            return None
        plan = state.plans.pop((*key, status.plan), None) if flight.digest != status.plan else None
        flight = replace(flight, stamp=stamp, version=status.number, digest=status.plan)
        return state.put(_described(flight, plan) if plan else flight)

    def unannounced(self, state: SkyState, message: FlyUnannounced, now: datetime) -> Flight | None:
        """A flight of which no centre is told; None when it is on its strip already."""
        plan = message.plan
        operator = plan.operator or message.side or NOBODYS
        key = (message.side or operator, plan.plan_id)
        if key in state.flights:
            return None
        flyer = Flyer(
            side=message.side, operator=operator, plan_id=plan.plan_id, callsign=plan.callsign, announced=False
        )
        flight = _entered(state, Flight(key=key, flyer=flyer), now)
        return state.put(_described(flight, _description(plan)))

    def order(self, state: SkyState, order: Deviate) -> None:
        """For a flight that is not in the air yet, or of which nothing has been heard. The last few count."""
        key = (order.side, order.plan_id)
        state.orders[key] = (*state.orders.get(key, ()), order)[-ORDERS_EACH:]
        if len(state.orders) > MOST_ORDERS:
            del state.orders[next(iter(state.orders))]

    def with_departures(self, state: SkyState, flight: Flight) -> Flight:
        """How it will depart from its plan, by chance and by orders, once its time comes near."""
        orders = state.orders.pop(flight.key, ())
        if flight.departures and not orders:
            return flight
        odds, dice = self.odds(flight.flyer), self.dice(flight)
        departures = flight.departures or drawn(odds, dice)
        for order in orders:
            turn = ordered(order, dice, odds, after=0.0)
            departures = departures.with_turn(turn) if turn else departures.shifted_by(order)
        return state.put(replace(flight, departures=departures, manner=dice.manner))

    def odds(self, flyer: Flyer) -> setting.Deviations | None:
        """How often flights of this operator, or else of its side, depart from their plans."""
        of_side = self._deviations.get(flyer.side) if flyer.side else None
        return self._deviations.get(flyer.operator, of_side)


def _entered(state: SkyState, flight: Flight, now: datetime) -> Flight:
    _forget(state, now)
    state.known.append((now, flight.key))
    return state.put(flight)


def _forget(state: SkyState, now: datetime) -> None:
    """Flights of days ago. One that is still to come, or in the air, is kept for as long again."""
    while state.known and state.known[0][0] < now - KEPT:
        _, key = state.known.pop(0)
        flight = state.flights[key]
        if flight.stage is Stage.FLYING or state.is_awaited(flight):
            state.known.append((now, key))
        else:
            del state.flights[key]


def _description(plan: FlightPlan) -> Described:
    return Described(plan.kind, plan.aircraft_type, plan.operator)


def _described(flight: Flight, plan: Described) -> Flight:
    """With what its plan tells of it."""
    flyer = flight.flyer
    if plan.operator and plan.operator != flyer.operator:
        flyer = replace(flyer, operator=plan.operator)
    return replace(flight, kind=plan.kind, aircraft_type=plan.aircraft_type, flyer=flyer)


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
    if len(volumes) == 1:
        return float(_positions_in(volumes[0].area) ** 2)
    lasts = max(volume.end for volume in volumes) - min(volume.start for volume in volumes)
    counts = [_positions_in(volume.area) for volume in volumes]
    shares = ((volume.end - volume.start) / lasts for volume in volumes)
    return sum(counts) * sum(count * share for count, share in zip(counts, shares, strict=True))


def _untimely(volumes: tuple[Volume4D, ...], now: datetime) -> str | None:
    """Only differences are taken: a sum with a time at the end of the calendar would overflow."""
    start, end = min([volume.start for volume in volumes]), max([volume.end for volume in volumes])
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
