"""Where a flight is at one moment, as a radar picture has it."""

import math

import numpy as np

from hotline_protocol.geometry import KNOT_M_S, course_deg, to_degrees, to_position
from hotline_protocol.rounding import all_rounded, rounded_again
from hotline_protocol.sky import Fix, Motion, Track, track_of
from hotline_protocol.theatre import remembered

from .flight import Flight
from .path import Path


def track_at(flight: Flight, t_s: float) -> Track:
    """This flight at this time."""
    at, velocity = flight.path.at(t_s), flight.path.velocity(t_s)
    position = to_position((at.x_m, at.y_m))
    motion = Motion(
        position=position,
        altitude_ft=at.z_ft,
        speed_kt=math.hypot(velocity.x_m_s, velocity.y_m_s) / KNOT_M_S,
        track_deg=course_deg(velocity.x_m_s, velocity.y_m_s, position.lon_deg),
        climb_fpm=velocity.z_ft_s * 60,
    )
    return track_of(flight.flyer, flight.kind, motion, conforming=flight.conforming)


def fixes(path: Path) -> tuple[Fix, ...]:
    """This path as it is told: to a millisecond, a metre and a foot."""
    after_s = all_rounded(np.array(path.t_s) - path.t_s[0], 3)
    lon_deg, lat_deg = zip(*map(_degrees, path.x_m, path.y_m), strict=True)
    return tuple(map(Fix, after_s, lon_deg, lat_deg, map(_feet, path.z_ft)))


@remembered(maxsize=4096)
def _feet(z_ft: float) -> float:
    return float(round(z_ft))


@remembered(maxsize=4096)
def _degrees(x_m: float, y_m: float) -> tuple[float, float]:
    """Longitude and latitude, remembered: whoever holds an area comes by the same corners again and again."""
    lon_deg, lat_deg = to_degrees(x_m, y_m)
    return rounded_again(lon_deg, 8, 5), rounded_again(lat_deg, 8, 5)  # as ``to_position`` has it, to five digits
