"""What is well written about traffic, operators, officers and fronts, but contradicts something else in the file."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Corridor
from hotline_protocol.geometry import area_problem
from hotline_protocol.message import PartyName

from .fronts import FrontLines
from .script import Scenario, Submission, Traffic, UnannouncedFlight
from .setting import Fronts
from .written import FrontAlong

Faults = Iterator[tuple[str, str]]

CORNERS: Final = tuple((along, depth) for along in (0.0, 0.5, 1.0) for depth in (0.0, 1.0))


def setting_faults(scenario: Scenario) -> Faults:
    """Every contradiction in it: the field, and what would be right there."""
    yield from _partner_faults(scenario)
    yield from _gathering_faults(scenario)
    broken = list(_front_faults(scenario, scenario.fronts)) if scenario.fronts else []
    yield from broken
    lines = FrontLines(scenario.fronts, scenario.start, scenario.places) if scenario.fronts and not broken else None
    prefixes = [traffic.callsign for traffic in scenario.traffic]
    for number, traffic in enumerate(scenario.traffic):
        path = f"traffic[{number}]"
        if prefixes.index(traffic.callsign) != number:
            yield f"{path}.callsign", f"{traffic.callsign} has traffic already: each prefix is used once"
        yield from _traffic_faults(scenario, traffic, path)
        yield from _operator_faults(scenario.agreement, traffic.operator, traffic.party, f"{path}.operator")
        yield from _area_faults(scenario, traffic, path, lines)


def _gathering_faults(scenario: Scenario) -> Faults:
    """A negotiation begins when its plan is filed, and is not spoken of until it has been gathered."""
    most_s = scenario.agreement.timing.negotiation_s
    for party, config in scenario.parties.items():
        if config.officer.gather_s >= most_s:
            reason = f"less than the agreement's negotiation_s, {most_s:g}, or what is gathered expires unspoken"
            yield f"parties.{party}.officer.gather_s", reason


def _traffic_faults(scenario: Scenario, traffic: Traffic, path: str) -> Faults:
    if traffic.party is not None and traffic.party not in scenario.parties:
        yield f"{path}.party", f"{traffic.party!r} does not take part; there are: {', '.join(scenario.parties)}"
    if traffic.party is None and traffic.operator is None:
        yield f"{path}.party", "whose side it is, or leave it out and name a third party as the operator"
    blocks = [block.name for block in scenario.agreement.altitude_blocks]
    for name in traffic.blocks:
        if name not in blocks:
            yield f"{path}.blocks", f"{name!r} is no altitude block of the agreement; there are: {', '.join(blocks)}"
    if traffic.weights and len(traffic.weights) != len(traffic.areas):
        yield f"{path}.weights", f"one for each of the {len(traffic.areas)} areas, or none at all"
    for name in ("window", "filed_at"):
        if not all(moment.is_clock for moment in getattr(traffic, name)):
            yield f"{path}.{name}", 'times of day, such as "05:00"'
    for name in ("duration_min", "notice_min", "short_notice_min"):
        yield from _order_faults(getattr(traffic, name), f"{path}.{name}")
    if traffic.duration_min[0] < 1:
        yield f"{path}.duration_min", "at least one minute"


def _order_faults(least_and_most: tuple[float, float], path: str) -> Faults:
    least, most = least_and_most
    if least > most:
        yield path, f"the least first, then the most: [{most:g}, {least:g}]"


# Operators ------------------------------------------------------------------------------------------------------------


def _partner_faults(scenario: Scenario) -> Faults:
    for number, event in enumerate(scenario.timeline):
        match event:
            case Submission(to=side, plan=plan) | UnannouncedFlight(side=side, plan=plan):
                path = f"timeline[{number}].plan.operator"
                yield from _operator_faults(scenario.agreement, plan.operator, side, path)
            case _:
                pass


def _operator_faults(agreement: Agreement, operator: PartyName | None, side: PartyName | None, path: str) -> Faults:
    if operator is None or operator == side:
        return
    partners = [partner.name for partner in agreement.partners if partner.side == side]
    if operator not in partners:
        whose = f"partners of {side}" if side is not None else "third parties"
        yield path, f"{operator!r} is none of the agreement's {whose}; there are: {', '.join(partners) or 'none'}"


# Areas and fronts -----------------------------------------------------------------------------------------------------


def _area_faults(scenario: Scenario, traffic: Traffic, path: str, lines: FrontLines | None) -> Faults:
    for number, area in enumerate(traffic.areas):
        where = f"{path}.areas[{number}]"
        if isinstance(area, FrontAlong):
            yield from _along_faults(scenario, traffic, area, where)
            if lines is not None:
                yield from _reach_faults(lines, traffic, area, where)
            continue
        try:
            problem = area_problem(area.area(scenario.places))
        except ValueError as error:
            yield where, str(error)
            continue
        if problem:
            yield problem[0].replace("area", where, 1), problem[1]


def _along_faults(scenario: Scenario, traffic: Traffic, area: FrontAlong, path: str) -> Faults:
    if scenario.fronts is None:
        yield path, "there is no front to fly along: add [fronts], or use a circle, a corridor or a polygon"
    elif traffic.party not in (scenario.fronts.left, scenario.fronts.right):
        yield path, f"only {scenario.fronts.left} and {scenario.fronts.right} have fronts"
    yield from _order_faults(area.along, f"{path}.along")
    yield from _order_faults(area.depth_nm, f"{path}.depth_nm")


def _reach_faults(lines: FrontLines, traffic: Traffic, area: FrontAlong, path: str) -> Faults:
    """Whether some of it would lie outside the theatre, at the distances that are written down."""
    if traffic.party not in lines.sides:
        return
    for at in lines.times:
        for along, depth in CORNERS:
            problem = area_problem(lines.area(area, traffic.party, along, depth, at))
            if problem:
                yield path, f"at {at.isoformat()} some of it cannot be flown: {problem[1]}"
                return


def _front_faults(scenario: Scenario, fronts: Fronts) -> Faults:
    for name in ("left", "right"):
        side = getattr(fronts, name)
        if side not in scenario.parties:
            yield f"fronts.{name}", f"{side!r} does not take part; there are: {', '.join(scenario.parties)}"
    if fronts.left == fronts.right:
        yield "fronts.right", "must be another side than the one on the left"
    yield from _axis_faults(scenario, fronts)
    clocks = [number for number, point in enumerate(fronts.distance) if point.at.is_clock]
    for number in clocks:
        yield f"fronts.distance[{number}].at", 'a time from the start, such as "+48:00", or a date with its offset'
    if not clocks:
        yield from _time_faults([point.at.after(scenario.start) for point in fronts.distance])


def _axis_faults(scenario: Scenario, fronts: Fronts) -> Faults:
    try:
        axis = tuple(spot.position(scenario.places) for spot in fronts.axis)
    except ValueError as error:
        yield "fronts.axis", str(error)
        return
    problem = area_problem(Corridor(route=axis, half_width_nm=1.0))
    if problem:
        yield problem[0].replace("area.route", "fronts.axis"), problem[1]


def _time_faults(times: list[datetime]) -> Faults:
    for number, (one, other) in enumerate(pairwise(times), start=1):
        if one >= other:
            yield f"fronts.distance[{number}].at", "must be later than that of the one before it"
