"""Plans as filed flight plan messages (FPL) in the ICAO format of 2012, which ``icao_fpl`` of the protocol reads back.

A message holds less than a plan. Times are written to the minute and levels to the hundred feet, both outwards;
positions of a route to the minute of arc, as the format has it. A corridor comes back 5 NM wide to either side, and at
least 1,000 ft high. An area that is held comes back as it was. What a plan allows to be changed, its own id and its
partner are left out.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from hotline_protocol.airspace import Circle, Corridor, Polygon, Position
from hotline_protocol.flightplan import FlightKind, FlightPlan, Priority
from hotline_protocol.geometry import centre, length_nm
from hotline_protocol.icao_fpl import HALF_BLOCK_FT, LONGEST, TYPE_NOT_GIVEN, read_fpl
from hotline_protocol.icao_held import held_words
from hotline_protocol.icao_route import HIGHEST_FT
from hotline_protocol.icao_types import kind_of_type

MINUTE: Final = timedelta(minutes=1)
SLOWEST_KT: Final = 30
FASTEST_KT: Final = 9_999
HOLDING_KT: Final = 300
TRANSITION: Final = 100
"""In hundreds of feet: below it levels are written as altitudes."""

_TYPE: Final = re.compile(r"([1-9][0-9]?)?([A-Z][A-Z0-9]{1,3})")
_UNFIT: Final = re.compile(r"[^A-Z0-9 .,+?:'=]+")
"""What no remark is written with: a hyphen begins a field for other programs, and a slash ends an indicator."""


class LeftOut(NamedTuple):
    """A plan that no message can hold, and why."""

    plan_id: str
    reason: str


def write_fpl(plans: Iterable[FlightPlan]) -> Iterator[str | LeftOut]:
    """A message for each plan, or why there is none."""
    for plan in plans:
        try:
            yield fpl(plan)
        except (ValueError, OverflowError) as error:
            yield LeftOut(plan.plan_id, str(error))


def fpl(plan: FlightPlan) -> str:
    """The message of this plan, on several lines. Raises ValueError where it does not fit into one."""
    start = _floor(plan.start)
    elapsed_min = round((_ceiling(plan.end) - start) / MINUTE)
    speed, route, items = _route(plan, elapsed_min)
    first, last = route[0], route[-1]
    low, high = _levels(plan)
    change = f"/{speed}{high}" if high != low else ""
    way = [f"{first}{change}", *route[1:]]
    stay = [f"STAY1/{_hours(elapsed_min)}"] if items else []
    other = [*_status(plan), f"DEP/{first} DEST/{last} DOF/{start:%y%m%d}", *_named_type(plan)]
    lines = (
        f"(FPL-{plan.callsign}-IM",
        f"-{_type(plan)}/M-S/C",
        f"-ZZZZ{start:%H%M}",
        f"-{speed}{low} {' '.join([*way, *stay])}",
        f"-ZZZZ{_hours(elapsed_min)}",
        f"-{' '.join(other)}",
        *_remarks(plan),
        *items,  # ICAO does not name it: a program that does not know it takes it for remarks, and not for the day
    )
    text = "\n".join(lines)
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text):,} characters as a message; {LONGEST:,} are the most")
    return _checked(plan, f"{text})")


def _checked(plan: FlightPlan, text: str) -> str:
    """The message, if it is read back as a plan of the same kind, priority and callsign at the same time."""
    (filed,) = read_fpl(text, plan.start)
    read = filed.plan
    if read is None:
        raise ValueError("; ".join(f"{problem.field}: {problem.reason}" for problem in filed.problems))
    same = (plan.callsign, plan.kind, plan.priority, _floor(plan.start), _ceiling(plan.end))
    if (read.callsign, read.kind, read.priority, read.start, read.end) != same:
        raise ValueError("would be read as another flight")
    return text


def _route(plan: FlightPlan, elapsed_min: int) -> tuple[str, list[str], list[str]]:
    """The speed, the points, and what field 18 says of an area that is held."""
    match plan.area:
        case Corridor():
            points = [point for point, _ in groupby(map(_point, plan.area.route))]
            if len(points) < 2:
                raise ValueError("its route has only one point to the minute of arc")
            knots = round(length_nm(plan.area) / (elapsed_min / 60))
            return f"N{min(max(knots, SLOWEST_KT), FASTEST_KT):04d}", points, []
        case Circle() | Polygon():
            return f"N{HOLDING_KT:04d}", [_point(centre(plan.area))], [f"STAYINFO1/{held_words(plan.area)}"]


def _point(at: Position) -> str:
    """Degrees and minutes: to 0.9 km from north to south at most."""
    return f"{_minutes(at.lat_deg, 2)}{'NS'[at.lat_deg < 0]}{_minutes(at.lon_deg, 3)}{'EW'[at.lon_deg < 0]}"


def _minutes(degrees: float, digits: int) -> str:
    minutes = round(abs(degrees) * 60)
    return f"{minutes // 60:0{digits}d}{minutes % 60:02d}"


def _levels(plan: FlightPlan) -> tuple[str, str]:
    """The lowest and the highest level flown, so that 500 ft either way cover the block."""
    low = max((plan.lower_ft + HALF_BLOCK_FT) // 100, 0)
    high = max(-(-(plan.upper_ft - HALF_BLOCK_FT) // 100), 0)
    if high < low:  # a block lower than 1,000 ft, or cut off at an end of the scale: any level between would do
        low = high = low if plan.upper_ft == HIGHEST_FT else high
    return _level(low), _level(high)


def _level(hundreds: int) -> str:
    return f"{'F' if hundreds >= TRANSITION else 'A'}{hundreds:03d}"


def _floor(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def _ceiling(at: datetime) -> datetime:
    return _floor(at) + (MINUTE if _floor(at) < at else timedelta())


def _hours(minutes: int) -> str:
    return f"{minutes // 60:02d}{minutes % 60:02d}"


def _type(plan: FlightPlan) -> str:
    """Number and type where they are such as ICAO has them, else ZZZZ and TYP of field 18."""
    return plan.aircraft_type if _TYPE.fullmatch(plan.aircraft_type) else "ZZZZ"


def _named_type(plan: FlightPlan) -> list[str]:
    """TYP of field 18, which ZZZZ demands."""
    return [f"TYP/{_letters(plan) or TYPE_NOT_GIVEN}"] if _type(plan) == "ZZZZ" else []


def _letters(plan: FlightPlan) -> str:
    return re.sub(r"[^A-Z0-9]", "", plan.aircraft_type.upper())


def _status(plan: FlightPlan) -> list[str]:
    urgent = plan.priority is not Priority.ROUTINE
    words = ["MEDEVAC"] if plan.kind is FlightKind.MEDEVAC and urgent else []
    if plan.priority is Priority.EMERGENCY:
        words.append("EMER")
    elif urgent and not words:
        words.append("ATFMX")
    return [f"STS/{' '.join(words)}"] if words else []


def _remarks(plan: FlightPlan) -> list[str]:
    """The remarks in capitals, with the kind of flight before them where nothing else says it."""
    said = " ".join(_UNFIT.sub(" ", plan.remarks.upper()).split())
    first = re.match("[A-Z]*", said)
    names_other = first is not None and first[0].lower() in {kind.value for kind in FlightKind} - {plan.kind.value}
    known = kind_of_type(_letters(plan)) or FlightKind.PATROL
    names_it = first is not None and first[0].lower() == plan.kind.value
    if not names_it and (names_other or known is not plan.kind):
        said = f"{plan.kind.value.upper()} {said}".strip()
    return [f"RMK/{said}"] if said else []
