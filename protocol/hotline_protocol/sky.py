"""What is true of the sky, whatever the sides know of it: where aircraft are, and how close they come.

Said by the sky, which belongs to no side. Heights are feet above mean sea level, distances nautical miles.
"""

import enum
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from .airspace import Latitude, Longitude, Position
from .flightplan import FlightKind, PlanId
from .message import AwareTime, Message, PartyName


class Flyer(msgspec.Struct, frozen=True, kw_only=True):
    """Who flies: ``side`` answers for it (None: nobody, it is a third party's); ``operator`` is whose aircraft it is.

    ``announced`` is false when no centre has been told of the flight.
    """

    side: PartyName | None
    operator: PartyName
    plan_id: PlanId
    callsign: str
    announced: bool = True


class Grade(enum.Enum):
    """How close two aircraft came, worst first: what each means in figures is in the traffic package's ``grading``."""

    NMAC = "nmac"
    AIRPROX_A = "airprox-a"
    AIRPROX_B = "airprox-b"
    AIRPROX_C = "airprox-c"
    AIRPROX_D = "airprox-d"
    BELOW_SEPARATION = "below-separation"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Grade).index(self)


CLOSE: Final = frozenset({Grade.NMAC, Grade.AIRPROX_A, Grade.AIRPROX_B})
"""Grades at which safety was not assured."""


class Track(msgspec.Struct, frozen=True, array_like=True):
    """One aircraft at one time: degrees, feet, knots, degrees true, feet a minute."""

    side: PartyName | None
    operator: PartyName
    plan_id: PlanId
    callsign: str
    kind: FlightKind
    lon_deg: Longitude
    lat_deg: Latitude
    altitude_ft: float
    speed_kt: float
    track_deg: float
    climb_fpm: float
    conforming: bool


class Motion(NamedTuple):
    """Where something is and how it moves: degrees, feet, knots, degrees true, feet a minute."""

    position: Position
    altitude_ft: float
    speed_kt: float
    track_deg: float
    climb_fpm: float


def track_of(flyer: Flyer, kind: FlightKind, motion: Motion, *, conforming: bool) -> Track:
    """This flight as a radar picture has it: to 10 cm, a foot, a tenth of a knot and of a degree, a foot a minute."""
    return Track(
        side=flyer.side,
        operator=flyer.operator,
        plan_id=flyer.plan_id,
        callsign=flyer.callsign,
        kind=kind,
        lon_deg=round(motion.position.lon_deg, 6),
        lat_deg=round(motion.position.lat_deg, 6),
        altitude_ft=round(motion.altitude_ft, 0),
        speed_kt=round(motion.speed_kt, 1),
        track_deg=round(motion.track_deg, 1) % 360,
        climb_fpm=round(motion.climb_fpm, 0),
        conforming=conforming,
    )


class Tracks(Message, frozen=True, kw_only=True, tag="tracks"):
    """Where everything that flies is now. Not numbered, not kept: what is missed is out of date."""

    tracks: tuple[Track, ...]


class Fix(msgspec.Struct, frozen=True, array_like=True):
    """A point of a path: seconds since its first, degrees, feet. Between two of them it is straight and steady."""

    after_s: Annotated[float, Meta(ge=0)]
    lon_deg: Longitude
    lat_deg: Latitude
    altitude_ft: float


FlightPath = Annotated[tuple[Fix, ...], Meta(max_length=5_000)]
"""Where it will be when, unless it departs from it again. Empty: not told."""


class FlightBegan(Message, frozen=True, kw_only=True, tag="flight-began"):
    """It is in the air, and flies this path: the time of this message is that of its first fix."""

    flyer: Flyer
    kind: FlightKind | None = None
    path: FlightPath = ()


class PathChanged(Message, frozen=True, kw_only=True, tag="path-changed"):
    """It flies another path than was told. The time of this message is that of its first fix."""

    flyer: Flyer
    path: FlightPath


class FlightFlown(Message, frozen=True, kw_only=True, tag="flight-flown"):
    """It has come down or left: how long it flew, and what share of that inside the air it was to use.

    ``longest_excursion_s`` is the longest time without a break outside; ASTM F3548 wants 95 % and 10 s.
    """

    flyer: Flyer
    began_at: AwareTime
    ended_at: AwareTime
    conforming_share: Annotated[float, Meta(ge=0, le=1)]
    longest_excursion_s: Annotated[float, Meta(ge=0)]
    deviation: str = ""


class ConformanceChanged(Message, frozen=True, kw_only=True, tag="conformance-changed"):
    """A flight has left the air that it was to use, or has come back to it."""

    flyer: Flyer
    conforming: bool
    at: Position
    altitude_ft: float
    detail: str = ""


class LineCrossed(Message, frozen=True, kw_only=True, tag="line-crossed"):
    """A flight has crossed the deconfliction line; ``outbound`` is to the other side's.

    ``conforming``: where and when its plan has it, and with the consent that it needed.
    """

    flyer: Flyer
    at: Position
    altitude_ft: float
    outbound: bool
    conforming: bool


class ZoneEntered(Message, frozen=True, kw_only=True, tag="zone-entered"):
    """A flight has entered a zone of the agreement that its side needs consent for."""

    flyer: Flyer
    zone: str
    at: Position
    altitude_ft: float
    conforming: bool


class Encountered(Message, frozen=True, kw_only=True, tag="encountered"):
    """Two aircraft that are not under one control have lost separation; said when they are closest.

    ``began_at`` and ``ended_at`` bound the time below the minima. The closest is where the distance, each of its
    two parts weighed by its minimum, is least.
    """

    one: Flyer
    other: Flyer
    grade: Grade
    began_at: AwareTime
    ended_at: AwareTime
    horizontal_nm: Annotated[float, Meta(ge=0)]
    vertical_ft: Annotated[float, Meta(ge=0)]
    at: Position
    altitude_ft: float


SkyEvent = FlightBegan | PathChanged | FlightFlown | ConformanceChanged | LineCrossed | ZoneEntered | Encountered
