"""How an aircraft moves: from point to point, straight and at a steady speed between two of them.

Numbers are plain floats, not arrays: a path has some ten points, and asking it for one position is what is done
most often.
"""

import itertools
import math
import operator
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property
from typing import Final, NamedTuple, Self

import msgspec

BLOCK_LEGS: Final = 6
JOIN_TOLERANCE_S: Final = 1e-6
JOIN_TOLERANCE_M: Final = 1.0
JOIN_TOLERANCE_FT: Final = 1.0


class Point(NamedTuple):
    """East and north in metres of the protocol's plane (``geometry.to_plane``); feet above mean sea level."""

    x_m: float
    y_m: float
    z_ft: float


class Velocity(NamedTuple):
    """Metres a second to the east and to the north of the plane; feet a second upwards."""

    x_m_s: float
    y_m_s: float
    z_ft_s: float


class Bounds(NamedTuple):
    """The box in which a path lies, edges included."""

    west_m: float
    south_m: float
    lower_ft: float
    east_m: float
    north_m: float
    upper_ft: float


class Block(NamedTuple):
    """Some legs on end, by their numbers, with the time and the box that they keep to."""

    start_s: float
    end_s: float
    bounds: Bounds
    legs: range


class Path(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Where something is at which time: ``t_s`` are seconds since an epoch of the caller's choice, always rising.

    Raises ValueError if the columns have not the same length, fewer than two points, a time that is not later than
    the one before it, or a number that is not finite.
    """

    t_s: tuple[float, ...]
    x_m: tuple[float, ...]
    y_m: tuple[float, ...]
    z_ft: tuple[float, ...]

    def __post_init__(self) -> None:
        t_s, x_m, y_m, z_ft = self.t_s, self.x_m, self.y_m, self.z_ft
        if (  # all of it at once, which is what most paths are asked
            len(t_s) == len(x_m) == len(y_m) == len(z_ft) >= 2
            and math.isfinite(sum(t_s) + sum(x_m) + sum(y_m) + sum(z_ft))
            and all(map(operator.lt, t_s, t_s[1:]))
        ):
            return
        self._check_each()

    def _check_each(self) -> None:
        """Raise ValueError for the first column that is wrong."""
        columns = {"t_s": self.t_s, "x_m": self.x_m, "y_m": self.y_m, "z_ft": self.z_ft}
        for name, column in columns.items():
            if len(column) != len(self.t_s):
                raise ValueError(f"{name}: {len(column)} numbers for {len(self.t_s)} times")
            if not math.isfinite(sum(column)):
                raise ValueError(f"{name}: holds a number that is not finite")
        if len(self.t_s) < 2:
            raise ValueError(f"t_s: a path has at least 2 points, not {len(self.t_s)}")
        if not all(map(operator.lt, self.t_s, self.t_s[1:])):
            n = next(n for n, (before, after) in enumerate(itertools.pairwise(self.t_s), start=1) if not before < after)
            raise ValueError(f"t_s[{n}]: {self.t_s[n]!r} is not later than the time before it, {self.t_s[n - 1]!r}")

    @classmethod
    def through(cls, points: Iterable[tuple[float, float, float, float]]) -> Self:
        """The path through these points, each ``(t_s, x_m, y_m, z_ft)``. Raises ValueError as the class does."""
        t_s, x_m, y_m, z_ft = tuple(zip(*points, strict=True)) or ((), (), (), ())
        return cls(t_s=t_s, x_m=x_m, y_m=y_m, z_ft=z_ft)

    @property
    def start_s(self) -> float:
        return self.t_s[0]

    @property
    def end_s(self) -> float:
        return self.t_s[-1]

    @cached_property
    def bounds(self) -> Bounds:
        x_m, y_m, z_ft = self.x_m, self.y_m, self.z_ft
        return Bounds(min(x_m), min(y_m), min(z_ft), max(x_m), max(y_m), max(z_ft))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The path by six legs at a time: what is far from one of them need not be compared with each leg."""
        last = len(self.t_s) - 1
        return tuple(self._block(first, min(first + BLOCK_LEGS, last)) for first in range(0, last, BLOCK_LEGS))

    def _block(self, first: int, last: int) -> Block:
        x_m, y_m, z_ft = self.x_m[first : last + 1], self.y_m[first : last + 1], self.z_ft[first : last + 1]
        bounds = Bounds(min(x_m), min(y_m), min(z_ft), max(x_m), max(y_m), max(z_ft))
        return Block(self.t_s[first], self.t_s[last], bounds, range(first, last))

    def at(self, t_s: float) -> Point:
        """Where it is: before its start at its first point, after its end at its last."""
        if t_s <= self.t_s[0]:
            return Point(self.x_m[0], self.y_m[0], self.z_ft[0])
        if t_s >= self.t_s[-1]:
            return Point(self.x_m[-1], self.y_m[-1], self.z_ft[-1])
        n = self._leg(t_s)
        before, after = self.t_s[n], self.t_s[n + 1]
        share = (t_s - before) / (after - before)
        x, y, z = self.x_m[n], self.y_m[n], self.z_ft[n]
        return Point(
            x + (self.x_m[n + 1] - x) * share, y + (self.y_m[n + 1] - y) * share, z + (self.z_ft[n + 1] - z) * share
        )

    def velocity(self, t_s: float) -> Velocity:
        """How it moves: at a point, as on the leg that begins there; out of its time, as on its nearest leg."""
        n = self._leg(t_s)
        span = self.t_s[n + 1] - self.t_s[n]
        return Velocity(
            (self.x_m[n + 1] - self.x_m[n]) / span,
            (self.y_m[n + 1] - self.y_m[n]) / span,
            (self.z_ft[n + 1] - self.z_ft[n]) / span,
        )

    def _leg(self, t_s: float) -> int:
        return max(0, min(bisect_right(self.t_s, t_s) - 1, len(self.t_s) - 2))

    def until(self, t_s: float) -> Self:
        """The part up to this time. Raises ValueError if nothing would be left of it, or if it has ended by then."""
        if not self.t_s[0] < t_s <= self.t_s[-1]:
            raise ValueError(f"t_s: {t_s!r} is not after {self.start_s!r} and up to {self.end_s!r}")
        n = bisect_left(self.t_s, t_s)
        x, y, z = self.at(t_s)
        return type(self)(
            t_s=(*self.t_s[:n], t_s), x_m=(*self.x_m[:n], x), y_m=(*self.y_m[:n], y), z_ft=(*self.z_ft[:n], z)
        )

    def since(self, t_s: float) -> Self:
        """The part from this time on. Raises ValueError if nothing would be left of it, or if it begins later."""
        if not self.t_s[0] <= t_s < self.t_s[-1]:
            raise ValueError(f"t_s: {t_s!r} is not from {self.start_s!r} and before {self.end_s!r}")
        n = bisect_right(self.t_s, t_s)
        x, y, z = self.at(t_s)
        return type(self)(
            t_s=(t_s, *self.t_s[n:]), x_m=(x, *self.x_m[n:]), y_m=(y, *self.y_m[n:]), z_ft=(z, *self.z_ft[n:])
        )

    def joined(self, other: "Path") -> Self:
        """This path, then the other one.

        Raises ValueError unless the other begins when and where this one ends, to a microsecond, a metre and a foot.
        """
        late = other.start_s - self.end_s
        if abs(late) > JOIN_TOLERANCE_S:
            raise ValueError(f"t_s: the path to be joined begins {late:g} s after the end of this one")
        dx, dy = other.x_m[0] - self.x_m[-1], other.y_m[0] - self.y_m[-1]
        if math.hypot(dx, dy) > JOIN_TOLERANCE_M or abs(other.z_ft[0] - self.z_ft[-1]) > JOIN_TOLERANCE_FT:
            here, there = self.at(self.end_s), other.at(other.start_s)
            raise ValueError(f"x_m, y_m, z_ft: the path to be joined begins at {there}, this one ends at {here}")
        return type(self)(
            t_s=self.t_s + other.t_s[1:],
            x_m=self.x_m + other.x_m[1:],
            y_m=self.y_m + other.y_m[1:],
            z_ft=self.z_ft + other.z_ft[1:],
        )
