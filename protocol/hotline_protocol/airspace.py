"""Volumes of air as they stand in messages: where, between which heights, from when until when.

Positions are ``[longitude, latitude]`` in degrees WGS 84 (GeoJSON's order); heights are feet above mean sea
level; widths are nautical miles. What these volumes *mean* (expansion, conflict) is in ``geometry`` and
``conflicts``.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from .message import AwareTime

Longitude = Annotated[float, Meta(ge=-180, le=180)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Feet = Annotated[int, Meta(ge=0, le=60_000, description="Feet above mean sea level")]
NauticalMiles = Annotated[float, Meta(gt=0, le=200)]

MAX_VERTICES = 500


class Position(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """``[longitude, latitude]`` in degrees, WGS 84."""

    lon_deg: Longitude
    lat_deg: Latitude


class Polygon(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="polygon", cache_hash=True):
    """A simple polygon; its edges are straight in the theatre's projection. The ring need not be closed."""

    vertices: Annotated[tuple[Position, ...], Meta(min_length=3, max_length=MAX_VERTICES)]


class Corridor(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="corridor", cache_hash=True):
    """A route with a half-width to either side: an air corridor, or a racetrack when it comes back."""

    route: Annotated[tuple[Position, ...], Meta(min_length=2, max_length=MAX_VERTICES)]
    half_width_nm: NauticalMiles


class Circle(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="circle", cache_hash=True):
    """Everything within ``radius_nm`` of ``centre``."""

    centre: Position
    radius_nm: NauticalMiles


Area = Polygon | Corridor | Circle


class Volume4D(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """An area, an altitude block and a window of time (ASTM F3548's Volume4D in feet and UTC)."""

    area: Area
    lower_ft: Feet
    upper_ft: Feet
    start: AwareTime
    end: AwareTime


MAX_VOLUMES = 64

Volumes = Annotated[tuple[Volume4D, ...], Meta(max_length=MAX_VOLUMES)]
"""The air of one flight: as many volumes as a plan is expanded to at most (``geometry.MAX_LEGS``)."""
