"""Ways on the WGS 84 ellipsoid, for what may lie beyond the theatre's plane (Karney's geodesics, by PROJ)."""

from collections.abc import Sequence
from functools import cache

from pyproj import Geod

from .airspace import Position
from .geometry import METRES_PER_NM


@cache
def _ellipsoid() -> Geod:
    return Geod(ellps="WGS84")


def route_nm(route: Sequence[Position]) -> float:
    """How long a route is in nautical miles, each leg by the shortest way."""
    lons, lats = [position.lon_deg for position in route], [position.lat_deg for position in route]
    return float(_ellipsoid().line_length(lons, lats)) / METRES_PER_NM


def position_at(origin: Position, bearing_deg: float, distance_nm: float) -> Position:
    """Where one comes to from ``origin`` on this true bearing, to six places of a degree (about 10 cm)."""
    lon, lat, _ = _ellipsoid().fwd(origin.lon_deg, origin.lat_deg, bearing_deg, distance_nm * METRES_PER_NM)
    return Position(lon_deg=round(float(lon), 6), lat_deg=round(float(lat), 6))
