"""How close two moving aircraft come, found analytically: no step of time is ever taken.

While each of the two flies one leg, their relative motion is straight and steady. The horizontal distance squared
is then a parabola in time and the height between them a line, so that the time below each minimum is one interval
with a closed form; separation is lost while both are below (the cylinder of ICAO Doc 4444, chapter 5, and of the
well-clear literature: C. Munoz et al., *A Family of Well-Clear Boundary Models*, AIAA 2015). The results are exact
but for rounding.

**The closest.** Height and distance are of different kinds, so each is weighed by its minimum: what is least is
``(horizontal / lateral minimum)^2 + (vertical / vertical minimum)^2``, once more a parabola. Where nothing changes
between the two, the first such time counts.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Final, NamedTuple, Self

from hotline_protocol.agreement import Separation
from hotline_protocol.geometry import METRES_PER_NM

from .path import Bounds, Path

SHORTEST_S: Final = 1e-3
"""A loss shorter than this is a touch, and a gap shorter than this between two losses is none: both are rounding."""

STILL_M: Final = 1e-6
STILL_FT: Final = 1e-6
"""Two that move against each other by less than this over a leg do not: dividing by it would give only noise."""


class Minima(NamedTuple):
    """Separation minima: metres; feet; and feet where either of the two is above ``high_above_ft``."""

    lateral_m: float
    vertical_ft: float
    vertical_high_ft: float
    high_above_ft: float

    @classmethod
    def of(cls, separation: Separation) -> Self:
        """The agreement's."""
        return cls(
            separation.lateral_nm * METRES_PER_NM,
            float(separation.vertical_ft),
            float(separation.vertical_high_ft),
            float(separation.high_above_ft),
        )


class Encounter(NamedTuple):
    """A time below both minima, the closest approach in it, and the distances then; times are the paths' own."""

    began_s: float
    ended_s: float
    closest_s: float
    horizontal_m: float
    vertical_ft: float


class _Loss(NamedTuple):
    """An encounter that is still to be joined with what comes before and after it; ``nearness``: see the module."""

    began_s: float
    ended_s: float
    closest_s: float
    horizontal_m: float
    vertical_ft: float
    nearness: float


class _Motion(NamedTuple):
    """One seen from the other, while both fly straight: where it is at ``start_s``, and how it moves."""

    start_s: float
    end_s: float
    x_m: float
    y_m: float
    z_ft: float
    x_m_s: float
    y_m_s: float
    z_ft_s: float


def encounters(one: Path, other: Path, minima: Minima) -> list[Encounter]:
    """When the two are below both minima at once, in the order of time. One that lasts at a path's end ends there."""
    if one.t_s[-1] <= other.t_s[0] or other.t_s[-1] <= one.t_s[0] or _apart(one.bounds, other.bounds, minima):
        return []
    losses = [loss for m, n in _legs_near(one, other, minima) for loss in _losses(one, m, other, n, minima)]
    return [Encounter(*loss[:5]) for loss in _joined(losses) if loss.ended_s - loss.began_s >= SHORTEST_S]


def _apart(a: Bounds, b: Bounds, minima: Minima) -> bool:
    """Whether boxes alone tell that separation is not lost."""
    a_west, a_south, a_lower, a_east, a_north, a_upper = a
    b_west, b_south, b_lower, b_east, b_north, b_upper = b
    lateral_m, vertical_ft, vertical_high_ft, high_above_ft = minima
    if a_upper > high_above_ft or b_upper > high_above_ft:
        vertical_ft = max(vertical_ft, vertical_high_ft)
    return (
        a_west - b_east >= lateral_m
        or b_west - a_east >= lateral_m
        or a_south - b_north >= lateral_m
        or b_south - a_north >= lateral_m
        or a_lower - b_upper >= vertical_ft
        or b_lower - a_upper >= vertical_ft
    )


def _legs_near(one: Path, other: Path, minima: Minima) -> Iterator[tuple[int, int]]:
    """Pairs of legs that share time and stand in blocks that are not apart, in the order of time."""
    blocks, others = one.blocks, other.blocks
    m = n = 0
    while m < len(blocks) and n < len(others):
        a, b = blocks[m], others[n]
        if a.start_s < b.end_s and b.start_s < a.end_s and not _apart(a.bounds, b.bounds, minima):
            yield from _legs_together(one, a.legs, other, b.legs)
        if a.end_s <= b.end_s:
            m += 1
        else:
            n += 1


def _legs_together(one: Path, legs: range, other: Path, others: range) -> Iterator[tuple[int, int]]:
    m, n = legs.start, others.start
    while m < legs.stop and n < others.stop:
        a_end, b_end = one.t_s[m + 1], other.t_s[n + 1]
        if one.t_s[m] < b_end and other.t_s[n] < a_end:
            yield m, n
        if a_end <= b_end:
            m += 1
        else:
            n += 1


def _losses(one: Path, m: int, other: Path, n: int, minima: Minima) -> Iterator[_Loss]:
    """Where separation is lost while one flies its leg ``m`` and the other its leg ``n``."""
    start, end = max(one.t_s[m], other.t_s[n]), min(one.t_s[m + 1], other.t_s[n + 1])
    span = end - start
    ax, ay, az, avx, avy, avz = _leg_from(one, m, start)
    bx, by, bz, bvx, bvy, bvz = _leg_from(other, n, start)
    x, y, vx, vy = bx - ax, by - ay, bvx - avx, bvy - avy
    if math.hypot(x, y) - math.hypot(vx, vy) * span >= minima.lateral_m:
        return  # too far to come near in this time
    motion = _Motion(start, end, x, y, bz - az, vx, vy, bvz - avz)
    marks = [start, *_crossings_of_height(minima.high_above_ft, start, span, (az, avz), (bz, bvz)), end]
    for before, after in itertools.pairwise(marks):
        middle = (before + after) / 2 - start
        high = max(az + avz * middle, bz + bvz * middle) > minima.high_above_ft
        loss = _loss(motion, before, after, minima.lateral_m, minima.vertical_high_ft if high else minima.vertical_ft)
        if loss:
            yield loss


def _leg_from(path: Path, n: int, t_s: float) -> tuple[float, float, float, float, float, float]:
    """Where it is at this time of its leg ``n``, and how it moves."""
    began, x, y, z = path.t_s[n], path.x_m[n], path.y_m[n], path.z_ft[n]
    span, into = path.t_s[n + 1] - began, t_s - began
    vx, vy, vz = (path.x_m[n + 1] - x) / span, (path.y_m[n + 1] - y) / span, (path.z_ft[n + 1] - z) / span
    return x + vx * into, y + vy * into, z + vz * into, vx, vy, vz


def _crossings_of_height(height_ft: float, start: float, span: float, *climbs: tuple[float, float]) -> list[float]:
    """When any of these, each a height at the start and a rate of climb, passes the height."""
    found = []
    for z, vz in climbs:
        if (z > height_ft) != (z + vz * span > height_ft):
            at = start + (height_ft - z) / vz
            if start < at < start + span:
                found.append(at)
    return sorted(found)


def _loss(motion: _Motion, start: float, end: float, lateral_m: float, vertical_ft: float) -> _Loss | None:
    """Where both are below these minima between two times of the motion, which are constant there."""
    origin, _, x, y, z, vx, vy, vz = motion
    low, high = start - origin, end - origin
    for began, ended in (
        _below_lateral(x, y, vx, vy, lateral_m, high),
        _below_vertical(z, vz, vertical_ft, high),
    ):
        low, high = max(low, began), min(high, ended)
    if low >= high:
        return None
    lateral_2, vertical_2 = lateral_m * lateral_m, vertical_ft * vertical_ft
    curve = (vx * vx + vy * vy) / lateral_2 + vz * vz / vertical_2
    slope = (x * vx + y * vy) / lateral_2 + z * vz / vertical_2
    closest = min(max(-slope / curve, low), high) if curve > 0 else low
    across, up = math.hypot(x + vx * closest, y + vy * closest), abs(z + vz * closest)
    nearness = across * across / lateral_2 + up * up / vertical_2
    return _Loss(origin + low, origin + high, origin + closest, across, up, nearness)


_NEVER: Final = (math.inf, -math.inf)
_ALWAYS: Final = (-math.inf, math.inf)


def _below_lateral(x: float, y: float, vx: float, vy: float, lateral_m: float, span: float) -> tuple[float, float]:
    speed_2 = vx * vx + vy * vy
    if speed_2 * span * span < STILL_M * STILL_M:
        return _ALWAYS if x * x + y * y < lateral_m * lateral_m else _NEVER
    # From the distance at which they pass, not from the parabola's coefficients: those are large and nearly cancel.
    passing_m = (x * vy - y * vx) / math.sqrt(speed_2)
    room = lateral_m * lateral_m - passing_m * passing_m
    if room <= 0:
        return _NEVER
    nearest, half = -(x * vx + y * vy) / speed_2, math.sqrt(room / speed_2)
    return nearest - half, nearest + half


def _below_vertical(z: float, vz: float, vertical_ft: float, span: float) -> tuple[float, float]:
    if abs(vz) * span < STILL_FT:
        return _ALWAYS if abs(z) < vertical_ft else _NEVER
    level, half = -z / vz, vertical_ft / abs(vz)
    return level - half, level + half


def _joined(losses: list[_Loss]) -> list[_Loss]:
    """Those that meet end to end made one, with the closest of them."""
    joined: list[_Loss] = []
    for loss in losses:
        if joined and loss.began_s - joined[-1].ended_s < SHORTEST_S:
            before = joined[-1]
            nearer = loss if loss.nearness < before.nearness else before
            joined[-1] = nearer._replace(began_s=before.began_s, ended_s=loss.ended_s)
        else:
            joined.append(loss)
    return joined
