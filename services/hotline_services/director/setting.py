"""What a scenario says of the world about the sides: fronts, officers, the circuit, the sky; and what is expected."""

from datetime import timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hotline_protocol.message import PartyName

from .written import Duration, Moment, Spot

Text = Annotated[str, Meta(max_length=4_000)]
Share = Annotated[float, Meta(ge=0, le=1)]


class FrontPoint(msgspec.Struct, frozen=True, kw_only=True):
    """How far apart the two sides' fronts are at a time, in nautical miles; between two of them it changes evenly."""

    at: Moment
    distance_nm: Annotated[float, Meta(ge=0, le=200)]


class Fronts(msgspec.Struct, frozen=True, kw_only=True):
    """Where the two sides' troops stand, and so where both air forces fly.

    Both fronts run along ``axis``, half of ``distance`` to either side of it: that of ``left`` on the left as it is
    drawn. An area of the shape ``front`` is drawn along the front of its side.
    """

    axis: Annotated[tuple[Spot, ...], Meta(min_length=2, max_length=100)]
    left: PartyName
    right: PartyName
    distance: Annotated[tuple[FrontPoint, ...], Meta(min_length=1, max_length=1_000)]


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """When the officers of one tier are at their desk: in ``shifts`` (clock times; none: always), but not for
    ``absent`` from ``absent_from`` on (each day, where that is a time of day and it is ``daily``).

    ``answer`` is how long they take to pick up; ``authority`` how far they may concede by themselves.
    """

    shifts: tuple[tuple[Moment, Moment], ...] = ()
    absent: Duration = Duration(timedelta(0))
    absent_from: Moment = Moment(timedelta(0))
    daily: bool = False
    answer: Duration | None = None
    authority: Share = 1.0


class Officers(msgspec.Struct, frozen=True, kw_only=True):
    """The people at one end of the line, tier by tier."""

    duty: Duty = Duty()
    deputy: Duty = Duty()
    commander: Duty = Duty()
    chiefs: Duty = Duty()


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """The circuit is down."""

    start: Moment
    lasts: Duration


class Circuit(msgspec.Struct, frozen=True, kw_only=True):
    """The line itself: not ``available`` means that there is none for the whole run."""

    available: bool = True
    down: Annotated[tuple[Break, ...], Meta(max_length=100)] = ()


class Deviations(msgspec.Struct, frozen=True, kw_only=True):
    """How often flights depart from their plans: shares of all flights, and how far on average."""

    late: Share = 0.0
    early: Share = 0.0
    timing_min: Annotated[float, Meta(ge=0, le=120)] = 10.0
    off_route: Share = 0.0
    offset_nm: Annotated[float, Meta(ge=0, le=100)] = 6.0
    retasked: Share = 0.0
    retasked_nm: Annotated[float, Meta(ge=0, le=200)] = 20.0
    emergency: Share = 0.0


class Sky(msgspec.Struct, frozen=True, kw_only=True):
    """How the sky is flown and seen. A scenario without it has none: nothing flies but on paper.

    ``sees`` is the probability that a side notices a crossing, an entry or an encounter that concerns it,
    ``sees_after_s`` how long its radar picture takes on average to reach the desk.
    """

    deviations: dict[PartyName, Deviations] = {}
    sees: Share = 0.9
    sees_after_s: Annotated[float, Meta(ge=0, le=3_600)] = 60.0


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody tells something that is disputed."""

    who: Text
    what: Text
    source: str = ""


GIVE_OR_TAKE: Final = Duration(timedelta(minutes=1))


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """A sourced fact that a run of this scenario is held against: the first message of the type ``message``, said
    ``by`` this source and with these fields (dotted names), comes at this time, give or take ``within``.

    With ``after`` (the name of another expectation) it comes so long (``lasts``) after what that one found. ``none``
    expects that no such message comes at all, or none after that; it has no time of its own.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    what: Text
    message: str
    by: PartyName | None = None
    where: dict[str, str | int | float | bool] = {}
    at: Moment | None = None
    after: str = ""
    lasts: Duration | None = None
    within: Duration = GIVE_OR_TAKE
    none: bool = False
    source: str = ""
    disputed: tuple[Version, ...] = ()
