"""Messages by which a side is told what to do, from outside: by a person, a program, or the director."""

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from .airspace import Area, Feet, NauticalMiles, Position
from .flightplan import FlightPlan, Notes, PlanId, Priority
from .message import AwareTime, Message, PartyName
from .words import Word


class Injected(Message, frozen=True, kw_only=True, tag=False):
    """Addressed to one side's air operations centre."""

    to: PartyName


class SubmitPlan(Injected, frozen=True, kw_only=True, tag="submit-plan"):
    """Fly this, with the other side's consent where the agreement demands it.

    ``notes`` are of whoever has read the plan: what stood in it that is no field.
    """

    plan: FlightPlan
    notes: Notes | msgspec.UnsetType = msgspec.UNSET


class CancelPlan(Injected, frozen=True, kw_only=True, tag="cancel-plan"):
    """Withdraw a plan; what it had reserved is released. ``notes`` are as in :class:`SubmitPlan`."""

    plan_id: PlanId
    notes: Notes | msgspec.UnsetType = msgspec.UNSET


class ChangePlan(Injected, frozen=True, kw_only=True, tag="change-plan"):
    """Make a new version of this plan: what is named here becomes so, everything else stays.

    ``shift_min`` moves it in time; ``start`` and ``end`` set its times. ``notes`` are as in :class:`SubmitPlan`.
    """

    plan_id: PlanId
    shift_min: Annotated[int, Meta(ge=-1_440, le=1_440)] = 0
    start: AwareTime | None = None
    end: AwareTime | None = None
    area: Area | None = None
    lower_ft: Feet | None = None
    upper_ft: Feet | None = None
    priority: Priority | None = None
    remarks: Annotated[str, Meta(max_length=500)] | None = None
    notes: Notes | msgspec.UnsetType = msgspec.UNSET


class FileMessage(Injected, frozen=True, kw_only=True, tag="file-message"):
    """An ICAO message about a plan that was filed as one: CHG, DLA, DEP or ARR."""

    text: Annotated[str, Meta(max_length=10_000)]


class DeclareEmergency(Injected, frozen=True, kw_only=True, tag="declare-emergency"):
    """The flight of this plan is in distress: it becomes Contingent and pre-empts. ``notes`` are as in
    :class:`SubmitPlan`."""

    plan_id: PlanId
    notes: Notes | msgspec.UnsetType = msgspec.UNSET


class SightingKind(Word):
    """What a side can see the other do."""

    LINE_CROSSING = "line-crossing"
    CLOSE_APPROACH = "close-approach"
    SHOW_OF_FORCE = "show-of-force"
    GROUND_INCIDENT = "ground-incident"
    AIRCRAFT_LOST = "aircraft-lost"
    UNANNOUNCED_FLIGHT = "unannounced-flight"


class ReportSighting(Injected, frozen=True, kw_only=True, tag="report-sighting"):
    """Something the side has seen; its posture decides what follows.

    ``by`` is the side that answers for it, or a third party with whom there is no line; ``operator`` is who flew
    where that is not the side itself, and ``callsign`` what it called itself, where that is known.
    """

    kind: SightingKind
    by: PartyName
    at: Position
    seen_at: AwareTime
    operator: PartyName | None = None
    callsign: Annotated[str, Meta(max_length=16)] = ""
    detail: Annotated[str, Meta(max_length=500)] = ""


class AnnouncedState(enum.Enum):
    """What a side says in public about the line, whatever it does in fact."""

    OPEN = "open"
    SUSPENDED = "suspended"


class AnnounceLine(Injected, frozen=True, kw_only=True, tag="announce-line"):
    """Declare the line open or suspended. Declarations have not stopped officers from answering."""

    state: AnnouncedState
    statement: Annotated[str, Meta(max_length=500)] = ""


class AdviceKind(enum.Enum):
    """What one side tells the other that is no request for air."""

    OPERATION = "operation"
    WARNING = "warning"
    STOP_REQUEST = "stop-request"
    INQUIRY = "inquiry"


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What is told: of what kind, where (``at``, as it is said, right or wrong, and how far about it), from when until
    when it holds, and in words."""

    kind: AdviceKind
    at: Position
    radius_nm: NauticalMiles = 3.0
    start: AwareTime
    end: AwareTime
    statement: Annotated[str, Meta(max_length=500)] = ""


class PassAdvice(Injected, frozen=True, kw_only=True, tag="pass-advice"):
    """Have the officers tell ``peer`` this over the line. A stop request that is understood ends what the peer flies
    there."""

    peer: PartyName
    advice: Advice


class FlyUnannounced(Injected, frozen=True, kw_only=True, tag="fly-unannounced"):
    """To the sky alone: this flies, and no centre has been told. ``side`` answers for it; None where nobody does."""

    plan: FlightPlan
    side: PartyName | None = None


class DeviationKind(Word):
    """How a flight departs from its plan."""

    LATE = "late"
    EARLY = "early"
    OFF_ROUTE = "off-route"
    RETASKED = "retasked"
    EMERGENCY = "emergency"


class Deviate(Injected, frozen=True, kw_only=True, tag="deviate"):
    """To the sky alone: this flight departs from its plan. ``minutes`` of delay, or ``offset_nm`` off its route, or
    where it goes instead (``at``)."""

    side: PartyName
    plan_id: PlanId
    kind: DeviationKind
    minutes: Annotated[float, Meta(ge=0, le=360)] = 0.0
    offset_nm: Annotated[float, Meta(ge=0, le=100)] = 0.0
    at: Position | None = None


InjectedMessage = (
    SubmitPlan
    | CancelPlan
    | ChangePlan
    | FileMessage
    | DeclareEmergency
    | ReportSighting
    | AnnounceLine
    | PassAdvice
    | FlyUnannounced
    | Deviate
)
