"""Where a flight is at one moment, as a radar picture has it."""

import math
from functools import lru_cache

from hotline_protocol.geometry import course_deg, to_position
from hotline_protocol.sky import Fix, Track

from .flight import Flight
from .path import Path
from .performance import KNOT_M_S


def track_of(flight: Flight, t_s: float) -> Track:
    """This flight at this time."""
    at, velocity = flight.path.at(t_s), flight.path.velocity(t_s)
    position = to_position((at.x_m, at.y_m))
    flyer = flight.flyer
    return Track(
        side=flyer.side,
        operator=flyer.operator,
        plan_id=flyer.plan_id,
        callsign=flyer.callsign,
        kind=flight.kind,
        lon_deg=round(position.lon_deg, 6),
        lat_deg=round(position.lat_deg, 6),
        altitude_ft=round(at.z_ft, 0),
        speed_kt=round(math.hypot(velocity.x_m_s, velocity.y_m_s) / KNOT_M_S, 1),
        track_deg=round(course_deg(velocity.x_m_s, velocity.y_m_s, position.lon_deg), 1) % 360,
        climb_fpm=round(velocity.z_ft_s * 60, 0),
        conforming=flight.conforming,
    )


def fixes(path: Path) -> tuple[Fix, ...]:
    """This path as it is told: to a millisecond, a metre and a foot."""
    start_s = path.t_s[0]
    after_s = [round(t_s - start_s, 3) for t_s in path.t_s]
    lon_deg, lat_deg = zip(*map(_degrees, path.x_m, path.y_m), strict=True)
    return tuple(map(Fix, after_s, lon_deg, lat_deg, map(_feet, path.z_ft)))


@lru_cache(maxsize=4096)
def _feet(z_ft: float) -> float:
    return float(round(z_ft))


@lru_cache(maxsize=4096)
def _degrees(x_m: float, y_m: float) -> tuple[float, float]:
    """Longitude and latitude, remembered: whoever holds an area comes by the same corners again and again."""
    at = to_position((x_m, y_m))
    return round(at.lon_deg, 5), round(at.lat_deg, 5)
