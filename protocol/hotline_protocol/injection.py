"""Messages by which a side is told what to do, from outside: by a person, a program, or the director."""

import enum
from typing import Annotated

from msgspec import Meta

from .airspace import Position
from .flightplan import FlightPlan, PlanId
from .message import AwareTime, Message, PartyName


class Injected(Message, frozen=True, kw_only=True, tag=False):
    """Addressed to one side's air operations centre."""

    to: PartyName


class SubmitPlan(Injected, frozen=True, kw_only=True, tag="submit-plan"):
    """Fly this, with the other side's consent where the agreement demands it."""

    plan: FlightPlan


class CancelPlan(Injected, frozen=True, kw_only=True, tag="cancel-plan"):
    """Withdraw a plan; what it had reserved is released."""

    plan_id: PlanId


class DeclareEmergency(Injected, frozen=True, kw_only=True, tag="declare-emergency"):
    """The flight of this plan is in distress: it becomes Contingent and pre-empts."""

    plan_id: PlanId


class SightingKind(enum.Enum):
    """What a side can see the other do."""

    LINE_CROSSING = "line-crossing"
    CLOSE_APPROACH = "close-approach"
    SHOW_OF_FORCE = "show-of-force"
    GROUND_INCIDENT = "ground-incident"
    AIRCRAFT_LOST = "aircraft-lost"


class ReportSighting(Injected, frozen=True, kw_only=True, tag="report-sighting"):
    """Something the side has seen; its posture decides what follows."""

    kind: SightingKind
    by: PartyName
    at: Position
    seen_at: AwareTime
    detail: Annotated[str, Meta(max_length=500)] = ""


class AnnouncedState(enum.Enum):
    """What a side says in public about the line, whatever it does in fact."""

    OPEN = "open"
    SUSPENDED = "suspended"


class AnnounceLine(Injected, frozen=True, kw_only=True, tag="announce-line"):
    """Declare the line open or suspended. Declarations have not stopped officers from answering."""

    state: AnnouncedState
    statement: Annotated[str, Meta(max_length=500)] = ""


InjectedMessage = SubmitPlan | CancelPlan | DeclareEmergency | ReportSighting | AnnounceLine
