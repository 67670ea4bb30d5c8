"""Where a measure is: the sets that say so as areas. Each function raises FieldError."""

import math
from collections.abc import Callable, Sequence
from typing import Final, assert_never

from hotline_protocol.airspace import MAX_VERTICES, Area, Circle, Corridor, Polygon, Position
from hotline_protocol.geometry import METRES_PER_NM, area_problem, to_plane, to_position

from .fields import FieldError, Mend, length_field, parted_positions, position_field, read_length, read_position

ALIGNMENTS: Final = {"L": 1.0, "C": 0.0, "R": -1.0}


def read_area(name: str, fields: Sequence[str], mend: Mend) -> Area:
    """The area that this set describes, in which nothing is wrong."""
    area = _READERS[name](_given(fields, mend), mend)
    problem = area_problem(area)
    if problem:
        raise FieldError(problem[1])
    return area


def _given(fields: Sequence[str], mend: Mend) -> list[str]:
    """The fields that are not empty, with each position in a field of its own."""
    return [part for field in fields if field.strip("-") for part in parted_positions(field, mend)]


def _points(fields: Sequence[str], least: int, mend: Mend) -> tuple[Position, ...]:
    if not least <= len(fields) <= MAX_VERTICES:
        raise FieldError(f"has {len(fields)} positions: {least} to {MAX_VERTICES} are needed")
    return tuple(read_position(field, mend) for field in fields)


def read_line(fields: Sequence[str], mend: Mend) -> tuple[Position, ...]:
    """The positions of a line, which encloses no area. They may lie outside the theatre."""
    return _points(_given(fields, mend), 2, mend)


def _polygon(fields: Sequence[str], mend: Mend) -> Area:
    return Polygon(vertices=_points(fields, 3, mend))


def _circle(fields: Sequence[str], mend: Mend) -> Area:
    if len(fields) != 2:
        raise FieldError(f"has {len(fields)} fields: a centre and a radius are needed")
    return Circle(centre=read_position(fields[0], mend), radius_nm=_breadth(read_length(fields[1], mend), "radius"))


def _corridor(fields: Sequence[str], mend: Mend) -> Area:
    if not fields:
        raise FieldError("is empty: a width and positions are needed")
    half = _breadth(read_length(fields[0], mend) / 2, "half width")
    return Corridor(route=_points(fields[1:], 2, mend), half_width_nm=half)


def _orbit(fields: Sequence[str], mend: Mend) -> Area:
    """Two positions, the width, and on which side of the leg from the first to the second it lies: L, C or R."""
    if len(fields) not in {3, 4}:
        raise FieldError(f"has {len(fields)} fields: two positions, a width and an alignment are needed")
    if len(fields) == 3:
        mend("no alignment: C, centred, was assumed")
    side = ALIGNMENTS.get(fields[3] if len(fields) == 4 else "C")
    if side is None:
        raise FieldError(f"{fields[3]} is no alignment: L, C or R")
    half = _breadth(read_length(fields[2], mend) / 2, "half width")
    return Corridor(route=_beside(_points(fields[:2], 2, mend), side * half), half_width_nm=half)


def _breadth(nautical_miles: float, what: str) -> float:
    if not 0 < nautical_miles <= 200:
        raise FieldError(f"a {what} of {nautical_miles:g} NM: more than 0 and no more than 200")
    return nautical_miles


def _beside(leg: tuple[Position, ...], left_nm: float) -> tuple[Position, ...]:
    """The leg so far to its left."""
    if not left_nm:
        return leg
    (ax, ay), (bx, by) = to_plane(leg)
    length = math.hypot(bx - ax, by - ay)
    if length < 1:
        raise FieldError("its two positions are the same")
    east, north = -(by - ay) / length * left_nm * METRES_PER_NM, (bx - ax) / length * left_nm * METRES_PER_NM
    return to_position((ax + east, ay + north)), to_position((bx + east, by + north))


_READERS: Final[dict[str, Callable[[Sequence[str], Mend], Area]]] = {
    "POLYGON": _polygon,
    "CIRCLE": _circle,
    "CORRIDOR": _corridor,
    "AORBIT": _orbit,
}


def area_fields(area: Area) -> tuple[str, ...]:
    """The set that describes this area: its name and its fields."""
    match area:
        case Polygon():
            return "POLYGON", *map(position_field, area.vertices)
        case Circle():
            return "CIRCLE", position_field(area.centre), length_field(area.radius_nm)
        case Corridor():
            return "CORRIDOR", length_field(2 * area.half_width_nm), *map(position_field, area.route)
        case _:
            assert_never(area)
