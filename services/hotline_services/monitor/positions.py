"""Where a flight is at any time of the path that was told of it.

A path is as the sky flies it: between two fixes straight in the protocol's plane (``geometry.to_plane``, close to a
great circle) and steady. What is worked out here is therefore what the sky itself would say at that time, but for the
rounding of the fixes: to a metre, a foot and a millisecond.
"""

import math
from bisect import bisect_right
from datetime import datetime

from hotline_protocol.airspace import Position
from hotline_protocol.flightplan import FlightKind
from hotline_protocol.geometry import KNOT_M_S, Point, course_deg, to_plane, to_position
from hotline_protocol.sky import Fix, FlightPath, Flyer, Motion, Track, track_of

from .latestrows import AirborneRow


def track_at(row: AirborneRow, at: datetime) -> Track | None:
    """Where this flight is at this time, as the sky would say it.

    None before the first fix of its newest path (a row keeps no older one), after its last fix, once it has come
    down, and where no path was told.
    """
    if row.path_at is None or (row.ended_at is not None and row.ended_at < at):
        return None
    motion = motion_at(row.path, (at - row.path_at).total_seconds())
    if motion is None:
        return None
    flyer = Flyer(side=row.side or None, operator=row.operator, plan_id=row.plan_id, callsign=row.callsign)
    return track_of(flyer, row.kind or FlightKind.PATROL, motion, conforming=row.conforming)


def motion_at(path: FlightPath, after_s: float) -> Motion | None:
    """Where one is on this path so long after its first fix; None before that and after the last.

    At a fix it moves as on the leg that begins there, at the last as on the leg that ends there.
    """
    if not path or not path[0].after_s <= after_s <= path[-1].after_s:
        return None
    n = max(0, min(bisect_right(path, after_s, key=lambda fix: fix.after_s) - 1, len(path) - 2))
    return _on_leg(path[n], path[min(n + 1, len(path) - 1)], after_s)


def _on_leg(a: Fix, b: Fix, after_s: float) -> Motion | None:
    """Part of the way from ``a`` to ``b``. None where the fixes lie off the plane: a pole has no place on it."""
    p, q = to_plane((Position(a.lon_deg, a.lat_deg), Position(b.lon_deg, b.lat_deg)))
    if not math.isfinite(sum((*p, *q))):
        return None
    span_s = b.after_s - a.after_s
    east_m, north_m, altitude_ft = part_way(a, p, b, q, (after_s - a.after_s) / span_s if span_s else 0.0)
    position = to_position((east_m, north_m))
    return Motion(
        position=position,
        altitude_ft=altitude_ft,
        speed_kt=math.dist(p, q) / span_s / KNOT_M_S if span_s else 0.0,
        track_deg=course_deg(q[0] - p[0], q[1] - p[1], position.lon_deg),
        climb_fpm=(b.altitude_ft - a.altitude_ft) / span_s * 60 if span_s else 0.0,
    )


def part_way(a: Fix, p: Point, b: Fix, q: Point, share: float) -> tuple[float, float, float]:
    """Metres of the plane and feet so far on the way from ``a`` to ``b``, which lie at ``p`` and ``q`` in the plane."""
    return (
        p[0] + (q[0] - p[0]) * share,
        p[1] + (q[1] - p[1]) * share,
        a.altitude_ft + (b.altitude_ft - a.altitude_ft) * share,
    )
