"""An order's measures as flight plans, so that they are put to a side as any other plan is (``hotline inject``).

A measure is held for its whole window. A plan's corridor is flown from end to end, so what is reserved along a route
becomes its outline; a plan lasts 24 hours at most, so a longer window becomes several plans.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import shapely
from msgspec.structs import replace

from hotline_protocol.airspace import MAX_VERTICES, Area, Corridor, Polygon
from hotline_protocol.flightplan import FlightKind, FlightPlan
from hotline_protocol.geometry import shape_of, to_position
from hotline_protocol.intake import LONGEST_FLIGHT

from .order import Measure, Order

COARSE_M: Final = 30.0
"""How far the outline of a corridor may lie outside it, for fewer corners: never inside. More where it has too many."""
KINDS: Final = {
    "CAP": FlightKind.PATROL,
    "AAR": FlightKind.TANKER,
    "TANKER": FlightKind.TANKER,
    "AEW": FlightKind.SURVEILLANCE,
    "RECCE": FlightKind.SURVEILLANCE,
    "UAV": FlightKind.SURVEILLANCE,
    "MEDEVAC": FlightKind.MEDEVAC,
    "AIRCOR": FlightKind.TRANSPORT,
}
"""By the use or the kind of a measure; others are support."""
LONGEST_REMARKS: Final = 500


def plans_of(order: Order, prefix: str = "aco") -> Iterator[FlightPlan]:
    """A plan for each volume and day of each measure, which may be very many: one after the other.

    Ids are the same whenever the same order is read.
    """
    taken: dict[str, int] = {}
    for measure in order.measures:
        for plan in _plans(measure, prefix):
            yield _renamed(plan, taken)


def _plans(measure: Measure, prefix: str) -> Iterator[FlightPlan]:
    kind = next((KINDS[word] for word in (measure.use, measure.kind) if word in KINDS), FlightKind.SUPPORT)
    first, last = measure.lines
    told = f"EXERCISE. ACO {measure.kind} {measure.name}, lines {first}-{last}. {measure.remarks}"
    for volume in measure.volumes:
        for start, end in _days(volume.start, volume.end):
            yield FlightPlan(
                plan_id=f"{prefix}-{_id(measure.name)}-{start:%Y%m%d-%H%M}",
                callsign=callsign(measure.name),
                kind=kind,
                area=held(volume.area),
                lower_ft=volume.lower_ft,
                upper_ft=volume.upper_ft,
                start=start,
                end=end,
                remarks=told[:LONGEST_REMARKS].strip(),
            )


def _days(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        until = end if end - start <= LONGEST_FLIGHT else start + LONGEST_FLIGHT
        yield start, until
        start = until


def _id(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.:-]+", "-", name)[:40].strip("-") or "measure"


def callsign(name: str) -> str:
    """Two to seven letters and digits of this name."""
    fit = re.sub(r"[^A-Z0-9]", "", name.upper())[:7]
    return fit if len(fit) >= 2 else f"ACM{fit}"


def held(area: Area) -> Area:
    """An area that is held as a whole: a corridor's outline, without its holes and never smaller than it."""
    if not isinstance(area, Corridor):
        return area
    shape, coarse_m = shape_of(area), COARSE_M
    while True:
        around = shapely.buffer(shape, coarse_m / 2, quad_segs=4)
        corners = shapely.simplify(around, coarse_m / 2).exterior.coords[:-1]
        if len(corners) <= MAX_VERTICES:
            return Polygon(vertices=tuple(map(to_position, corners)))
        coarse_m *= 2


def _renamed(plan: FlightPlan, taken: dict[str, int]) -> FlightPlan:
    taken[plan.plan_id] = number = taken.get(plan.plan_id, 0) + 1
    return plan if number == 1 else replace(plan, plan_id=f"{plan.plan_id}-{number}")
