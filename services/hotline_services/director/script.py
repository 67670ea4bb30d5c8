"""A scenario as data: who takes part, what is known to have happened, what flies by the way. How to write one is in
docs/scenarios.md.
"""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Feet, NauticalMiles, Position
from hotline_protocol.flightplan import Callsign, Flexibility, FlightKind, FlightPlan, PlanId, Priority
from hotline_protocol.injection import AdviceKind, AnnouncedState, DeviationKind, SightingKind
from hotline_protocol.menu import Block
from hotline_protocol.message import AwareTime, PartyName
from hotline_protocol.theatre import Theatre
from hotline_services.aoc.config import PartyConfig

from .setting import Circuit, Expectation, Fronts, Officers, Sky
from .written import Duration, Gazetteer, Moment, Spot, TrafficArea, WrittenArea

Text = Annotated[str, Meta(max_length=4_000)]
Minutes = Annotated[float, Meta(ge=0, le=1_440)]
Share = Annotated[float, Meta(ge=0, le=1)]
Range = tuple[Minutes, Minutes]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where facts of the scenario come from; ``key`` is what the timeline cites."""

    key: Annotated[str, Meta(min_length=1, max_length=16)]
    what: Text


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="action"):
    """Something that happens at a time. ``source`` cites a source; ``disputed`` says who tells it otherwise.

    ``name`` is what it is called by when it is changed from outside; ``happens`` false takes it out.
    """

    at: Moment
    name: Annotated[str, Meta(max_length=64)] = ""
    happens: bool = True
    source: str = ""
    disputed: Text = ""
    note: Text = ""


class Flight(msgspec.Struct, frozen=True, kw_only=True):
    """A flight plan as it is written in a scenario: ``start`` counts from the filing, ``end`` from the start."""

    callsign: Callsign
    kind: FlightKind = FlightKind.PATROL
    priority: Priority = Priority.ROUTINE
    operator: PartyName | None = None
    area: WrittenArea
    lower_ft: Feet
    upper_ft: Feet
    start: Moment
    end: Moment
    plan_id: PlanId | None = None
    flexibility: Flexibility = Flexibility()
    aircraft_type: Annotated[str, Meta(max_length=8)] = ""
    remarks: Annotated[str, Meta(max_length=500)] = ""

    def plan(self, filed: datetime, places: Gazetteer) -> FlightPlan:
        """The plan that is filed at this time. Raises ValueError when a place is not known."""
        start = self.start.after(filed)
        return FlightPlan(
            plan_id=self.plan_id or self.callsign,
            callsign=self.callsign,
            kind=self.kind,
            priority=self.priority,
            area=self.area.area(places),
            lower_ft=self.lower_ft,
            upper_ft=self.upper_ft,
            start=start,
            end=self.end.after(start),
            flexibility=self.flexibility,
            aircraft_type=self.aircraft_type,
            operator=self.operator,
            remarks=self.remarks,
        )


class Submission(Event, frozen=True, kw_only=True, tag="submit-plan"):
    """A side is given a plan to fly."""

    to: PartyName
    plan: Flight


class Cancellation(Event, frozen=True, kw_only=True, tag="cancel-plan"):
    """A side gives up a plan."""

    to: PartyName
    plan_id: PlanId


class Emergency(Event, frozen=True, kw_only=True, tag="declare-emergency"):
    """A flight is in distress."""

    to: PartyName
    plan_id: PlanId


class Sighting(Event, frozen=True, kw_only=True, tag="report-sighting"):
    """A side learns that the other (or one that the other answers for) has done something."""

    to: PartyName
    kind: SightingKind
    by: PartyName
    where: Spot
    detail: Annotated[str, Meta(max_length=500)] = ""


class Announcement(Event, frozen=True, kw_only=True, tag="announce-line"):
    """A side declares the line open or suspended."""

    to: PartyName
    state: AnnouncedState
    statement: Annotated[str, Meta(max_length=500)] = ""


class BrokerOutage(Event, frozen=True, kw_only=True, tag="outage"):
    """Simulated runs only: the broker is away."""

    minutes: Annotated[float, Meta(gt=0, le=10_080)]


class LinkPartition(Event, frozen=True, kw_only=True, tag="partition"):
    """Simulated runs only: two services cannot reach each other."""

    between: tuple[PartyName, PartyName]
    minutes: Annotated[float, Meta(gt=0, le=10_080)]


class ServiceCrash(Event, frozen=True, kw_only=True, tag="crash"):
    """Simulated runs only: a service dies and comes back."""

    party: PartyName
    minutes: Annotated[float, Meta(gt=0, le=10_080)]


class AdvicePassed(Event, frozen=True, kw_only=True, tag="pass-advice"):
    """A side's officers are to tell the other side something: ``where`` as they say it, right or wrong.

    It is about the time from so long ``ahead`` on, for as long as it ``lasts``.
    """

    to: PartyName
    peer: PartyName
    kind: AdviceKind
    where: Spot
    radius_nm: NauticalMiles = 3.0
    ahead: Duration = Duration(timedelta(0))
    lasts: Duration = Duration(timedelta(hours=1))
    statement: Annotated[str, Meta(max_length=500)] = ""


class UnannouncedFlight(Event, frozen=True, kw_only=True, tag="fly-unannounced"):
    """Something flies of which no centre has been told. ``side`` answers for it, if anybody does."""

    plan: Flight
    side: PartyName | None = None


class Deviation(Event, frozen=True, kw_only=True, tag="deviate"):
    """A flight departs from its plan."""

    side: PartyName
    plan_id: PlanId
    kind: DeviationKind
    delay: Duration = Duration(timedelta(0))
    offset_nm: Annotated[float, Meta(ge=0, le=100)] = 0.0
    where: Spot | None = None


AddressedEvent = (
    Submission | Cancellation | Emergency | Sighting | Announcement | AdvicePassed | UnannouncedFlight | Deviation
)
Trouble = BrokerOutage | LinkPartition | ServiceCrash


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of daily flight of one side: about ``a_day`` of them, spread over ``window`` of the local day.

    Each is drawn from ``areas`` (by ``weights``) and ``blocks`` so that it is clear of its own side's others.
    ``jitter`` is how far it may stand from the even spread: 0 on the minute, 1 anywhere in its slot. It is filed
    ``notice_min`` before it starts, but a share ``short_notice`` of them only ``short_notice_min`` before. With
    ``filed_at`` those with normal notice are handed in together, at the last of these times that leaves the notice.

    ``operator`` is the partner that flies them. Only a share ``announced`` is told to the side that answers for
    them; the others fly unannounced, as does all that third parties fly (``party`` is then left out). ``tempo``
    multiplies ``a_day``.
    """

    party: PartyName | None = None
    operator: PartyName | None = None
    announced: Share = 1.0
    callsign: Annotated[str, Meta(pattern=r"^[A-Z]{2,5}$", description="Two digits are added to it")]
    kind: FlightKind = FlightKind.PATROL
    priority: Priority = Priority.ROUTINE
    a_day: Annotated[float, Meta(gt=0, le=99)]
    tempo: Annotated[float, Meta(ge=0, le=100)] = 1.0
    window: tuple[Moment, Moment]
    jitter: Share = 1.0
    duration_min: Range
    areas: Annotated[tuple[TrafficArea, ...], Meta(min_length=1, max_length=32)]
    weights: tuple[Annotated[float, Meta(gt=0)], ...] = ()
    blocks: Annotated[tuple[str, ...], Meta(min_length=1, max_length=16)]
    notice_min: Range = (90.0, 180.0)
    short_notice: Share = 0.0
    short_notice_min: Range = (15.0, 45.0)
    filed_at: tuple[Moment, ...] = ()
    flexibility: Flexibility = Flexibility()
    aircraft_type: Annotated[str, Meta(max_length=8)] = ""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a run needs but its seed; times without a zone are in the zone of ``start``.

    ``theatre`` is left out where it is the default one.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    description: Text = ""
    disclaimer: Text = ""
    theatre: Theatre | msgspec.UnsetType = msgspec.UNSET
    start: AwareTime
    days: Annotated[int, Meta(ge=1, le=3_660)] = 1
    speed: Annotated[float, Meta(gt=0, le=100_000)] = 60.0
    seed: Annotated[int, Meta(ge=0)] = 0
    agreement: Agreement
    parties: dict[PartyName, PartyConfig]
    sources: tuple[Source, ...] = ()
    places: dict[str, Position] = {}
    timeline: tuple[AddressedEvent | Trouble, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    fronts: Fronts | None = None
    officers: dict[PartyName, Officers] = {}
    circuit: Circuit = Circuit()
    sky: Sky | None = None
    expect: tuple[Expectation, ...] = ()

    @property
    def happening(self) -> tuple[AddressedEvent | Trouble, ...]:
        """The timeline without what does not happen."""
        return tuple(event for event in self.timeline if event.happens)

    def end(self, days: int | None = None) -> datetime:
        """When a run of this many days, or of the scenario's own length, is over."""
        return self.start + timedelta(days=days or self.days)

    def block(self, name: str) -> Block:
        """The agreement's altitude block of this name. Raises KeyError."""
        return {block.name: block for block in self.agreement.altitude_blocks}[name]
