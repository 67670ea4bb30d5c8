"""How flights depart from their plans: by chance, or because a scenario has it so; and what becomes of their paths.

Each kind is drawn for itself, by a purpose that names the flight, so that a scenario in which one kind is made more
frequent keeps all the others as they were. How far is spread evenly from half to one and a half of the average that
the scenario gives.
"""

import math
from collections.abc import Iterator
from typing import Final

import msgspec

from hotline_protocol.geometry import METRES_PER_NM, to_plane
from hotline_protocol.injection import Deviate, DeviationKind
from hotline_services.director.setting import Deviations
from hotline_services.simulation.chance import Chance

from .flying import SHORTEST_LAP_S, SHORTEST_LEG_S, Manner, Racetrack, Window, laps_of, orbit, rectangle
from .laps import Spot
from .path import Path, Point
from .performance import Performance

RETASKED_BETWEEN: Final = (0.2, 0.5)
EMERGENCY_BETWEEN: Final = (0.2, 0.8)
"""In which part of its time a flight is sent elsewhere, or gets into distress."""

MEETING_STEP_S: Final = 15.0
"""How finely it is looked for where the path of an amended plan can first be met."""

HELD_NM: Final = 4.0
HELD_M: Final = HELD_NM * METRES_PER_NM
"""Half the length of the racetrack in which a flight that was sent elsewhere waits."""

FLOOR_FT: Final = 2_000.0
"""Where a flight in distress is down, as far as the sky is concerned: low over most of the theatre's ground."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One departure in flight: ``after`` is the share of its time. By how much (``offset``, metres east and north),
    and off its way or from where it is then; or to which spot (``to``).
    """

    kind: DeviationKind
    after: float
    offset: Spot = (0.0, 0.0)
    to: Spot | None = None


class Departures(msgspec.Struct, frozen=True, kw_only=True):
    """All that is special about one flight: how much later than planned it flies (earlier: negative), and its turns."""

    shift_s: float = 0.0
    turns: tuple[Turn, ...] = ()

    def with_turn(self, turn: Turn) -> "Departures":
        turns = (*(other for other in self.turns if other.kind is not turn.kind), turn)
        return Departures(shift_s=self.shift_s, turns=tuple(sorted(turns, key=lambda each: each.after)))

    def shifted_by(self, order: Deviate) -> "Departures":
        """Later, or earlier, than planned by as much as this order says."""
        sign = -1 if order.kind is DeviationKind.EARLY else 1
        return Departures(shift_s=sign * 60 * order.minutes, turns=self.turns)

    @property
    def kinds(self) -> tuple[DeviationKind, ...]:
        shift = DeviationKind.LATE if self.shift_s > 0 else DeviationKind.EARLY if self.shift_s < 0 else None
        return (*((shift,) if shift else ()), *(turn.kind for turn in self.turns))


AS_PLANNED: Final = Departures()

_PLACE: Final = {
    DeviationKind.LATE: 0,
    DeviationKind.EARLY: 1,
    DeviationKind.RETASKED: 2,
    DeviationKind.OFF_ROUTE: 3,
    DeviationKind.EMERGENCY: 4,
}


class Dice:
    """The chance of one flight: ``name`` tells it from all others, whatever else flies.

    What every flight is asked has a place of its own in one drawing; what few are asked is drawn when it is.
    """

    def __init__(self, chance: Chance, name: str) -> None:
        self._chance: Final = chance
        self._name: Final = name
        lap, level, *self._places = chance.shares(f"flight/{name}")
        self.manner: Final = Manner(lap, level)
        """How it flies where its plan leaves that open."""

    def happens(self, kind: DeviationKind, share: float) -> bool:
        """Whether this is one of the flights to which it happens."""
        return self._places[_PLACE[kind]] < share

    def share(self, what: str) -> float:
        return self._chance.share(f"flight/{self._name}/{what}")

    def about(self, average: float, what: str) -> float:
        """Half of the average to one and a half of it."""
        return average * (0.5 + self.share(what))

    def between(self, bounds: tuple[float, float], what: str) -> float:
        return bounds[0] + (bounds[1] - bounds[0]) * self.share(what)

    def bearing(self, what: str, length_m: float) -> Spot:
        """So far into any direction."""
        angle = math.tau * self.share(what)
        return length_m * math.cos(angle), length_m * math.sin(angle)


def drawn(odds: Deviations | None, dice: Dice) -> Departures:
    """What chance has in store for a flight."""
    if odds is None:
        return AS_PLANNED
    shift_s = 0.0
    if dice.happens(DeviationKind.LATE, odds.late):
        shift_s = 60 * dice.about(odds.timing_min, "late-by")
    elif dice.happens(DeviationKind.EARLY, odds.early):
        shift_s = -60 * dice.about(odds.timing_min, "early-by")
    turns = []
    if dice.happens(DeviationKind.RETASKED, odds.retasked):
        turns.append(retasked(dice, odds.retasked_nm))
    elif dice.happens(DeviationKind.OFF_ROUTE, odds.off_route):
        turns.append(off_route(dice, dice.about(odds.offset_nm, "off-route-by")))
    if dice.happens(DeviationKind.EMERGENCY, odds.emergency):
        turns.append(Turn(kind=DeviationKind.EMERGENCY, after=dice.between(EMERGENCY_BETWEEN, "emergency-after")))
    return Departures(shift_s=shift_s, turns=tuple(turns)) if turns or shift_s else AS_PLANNED


def off_route(dice: Dice, by_nm: float) -> Turn:
    """Beside its way from its beginning on, so far to any side."""
    offset = dice.bearing("off-route-to", by_nm * METRES_PER_NM)
    return Turn(kind=DeviationKind.OFF_ROUTE, after=0.0, offset=offset)


def retasked(dice: Dice, average_nm: float) -> Turn:
    """To another place at some time, of which nobody is told."""
    away_m = dice.about(average_nm, "retasked-by") * METRES_PER_NM
    after = dice.between(RETASKED_BETWEEN, "retasked-after")
    return Turn(kind=DeviationKind.RETASKED, after=after, offset=dice.bearing("retasked-to", away_m))


def ordered(order: Deviate, dice: Dice, odds: Deviations | None, after: float) -> Turn | None:
    """What this order makes of a flight from this share of its time on; None where it is one of timing only.

    What it does not say is as chance, or the average of its side, has it.
    """
    odds = odds or Deviations()
    match order.kind:
        case DeviationKind.OFF_ROUTE:
            return msgspec.structs.replace(off_route(dice, order.offset_nm or odds.offset_nm), after=after)
        case DeviationKind.RETASKED if order.at is not None:
            return Turn(kind=order.kind, after=after, to=to_plane([order.at])[0])
        case DeviationKind.RETASKED:
            return msgspec.structs.replace(retasked(dice, order.offset_nm or odds.retasked_nm), after=after)
        case DeviationKind.EMERGENCY:
            return Turn(kind=order.kind, after=after)
        case DeviationKind.LATE | DeviationKind.EARLY:
            return None


def turned(path: Path, turn: Turn, aircraft: Performance, at_s: float) -> Path:
    """The path with this departure from this time on, which is before its end."""
    match turn.kind:
        case DeviationKind.OFF_ROUTE:
            return _displaced(path, at_s, turn.offset, aircraft.fastest_m_s)
        case DeviationKind.RETASKED:
            here = path.at(at_s)
            to = turn.to or (here.x_m + turn.offset[0], here.y_m + turn.offset[1])
            return _diverted(path, at_s, to, aircraft)
        case DeviationKind.EMERGENCY:
            return _descending(path, at_s, aircraft.descent_fpm / 60)
        case DeviationKind.LATE | DeviationKind.EARLY:
            return path


def joining(path: Path, planned: Path, aircraft: Performance, at_s: float) -> Path:
    """The path until this time, then straight to where the planned one can first be met, and along that to its end.

    Where it cannot be met before its end, it is flown to the end, and that is reached late.
    """
    here = path.at(at_s)
    for meet_s in _meeting_times(planned, at_s):
        there = planned.at(meet_s)
        if _way_s(here, there, aircraft) <= meet_s - at_s:
            leg = Path.through([(at_s, *here), (meet_s, *there)])
            return _before(path, at_s, leg.joined(planned.since(meet_s)) if meet_s < planned.end_s else leg)
    there = planned.at(planned.end_s)
    there_s = at_s + max(_way_s(here, there, aircraft), SHORTEST_LEG_S)
    return _before(path, at_s, Path.through([(at_s, *here), (there_s, *there)]))


def _meeting_times(planned: Path, at_s: float) -> Iterator[float]:
    """When the planned path is tried to be met: every so often from its start on."""
    meet_s = max(at_s + SHORTEST_LEG_S, planned.start_s)
    while meet_s < planned.end_s - SHORTEST_LEG_S:
        yield meet_s
        meet_s += MEETING_STEP_S
    if planned.end_s > at_s + SHORTEST_LEG_S:
        yield planned.end_s


def _way_s(here: Point, there: Point, aircraft: Performance) -> float:
    """How long the aircraft needs at least from one point to the other."""
    rate_fpm = aircraft.climb_fpm if there.z_ft > here.z_ft else aircraft.descent_fpm
    climb_s = abs(there.z_ft - here.z_ft) / rate_fpm * 60
    return max(math.dist(here[:2], there[:2]) / aircraft.fastest_m_s, climb_s)


def _displaced(path: Path, at_s: float, offset: Spot, speed_m_s: float) -> Path:
    """Beside its way, once it has got there."""
    if at_s <= path.start_s:
        return _moved(path, offset)
    back_s = at_s + max(math.hypot(*offset) / speed_m_s, SHORTEST_LEG_S)
    if back_s >= path.end_s - SHORTEST_LEG_S:
        x, y, _ = path.at(path.end_s)
        return _before(path, at_s, _direct(path, at_s, (x + offset[0], y + offset[1]), path.end_s))
    rest = _level(_moved(path.since(back_s), offset), path.at(at_s).z_ft)
    return _before(path, at_s, _direct(path, at_s, (rest.x_m[0], rest.y_m[0]), back_s).joined(rest))


def _diverted(path: Path, at_s: float, to: Spot, aircraft: Performance) -> Path:
    """Straight to another place at the height that it has, and there until its time is over, if only for a lap."""
    x, y, z_ft = path.at(at_s)
    track = Racetrack.round(rectangle(to, (1.0, 0.0), HELD_M, min(aircraft.turn_radius_m, HELD_M / 2)))
    there_s = at_s + max(math.dist((x, y), track.corners[0]) / aircraft.fastest_m_s, SHORTEST_LEG_S)
    window = Window(there_s, max(path.end_s, there_s + SHORTEST_LAP_S))
    stay = orbit(track, laps_of(track, aircraft.working_m_s, window, 0.0), window).level(z_ft)
    return _before(path, at_s, _direct(path, at_s, track.corners[0], there_s).joined(stay))


def _descending(path: Path, at_s: float, descent_ft_s: float) -> Path:
    """Downwards on its way until it is down: that is its end."""
    from_ft = path.at(at_s).z_ft
    floor_ft = min(FLOOR_FT, from_ft)
    down_s = at_s + max((from_ft - floor_ft) / descent_ft_s, 1.0)
    rest = _lasting(path, down_s).since(at_s).until(down_s)
    heights = tuple(from_ft + (floor_ft - from_ft) * (t_s - at_s) / (down_s - at_s) for t_s in rest.t_s)
    return _before(path, at_s, msgspec.structs.replace(rest, z_ft=heights))


def _lasting(path: Path, until_s: float) -> Path:
    """The path; if it is over before this time, going on as on its last leg."""
    more_s = until_s - path.end_s
    if more_s <= 0:
        return path
    x, y, z_ft = path.at(path.end_s)
    velocity = path.velocity(path.end_s)
    beyond = (until_s, x + velocity.x_m_s * more_s, y + velocity.y_m_s * more_s, z_ft)
    return path.joined(Path.through([(path.end_s, x, y, z_ft), beyond]))


def _before(path: Path, at_s: float, then: Path) -> Path:
    return then if at_s <= path.start_s else path.until(at_s).joined(then)


def _direct(path: Path, at_s: float, to: Spot, there_s: float) -> Path:
    """From where it is at a time straight to a spot, at the height of then."""
    x, y, z_ft = path.at(at_s)
    return Path.through([(at_s, x, y, z_ft), (there_s, *to, z_ft)])


def _level(path: Path, z_ft: float) -> Path:
    return msgspec.structs.replace(path, z_ft=(z_ft,) * len(path.t_s))


def _moved(path: Path, offset: Spot) -> Path:
    return msgspec.structs.replace(
        path, x_m=tuple([x + offset[0] for x in path.x_m]), y_m=tuple([y + offset[1] for y in path.y_m])
    )
