"""Flight plans as they are injected: what one side means to fly. A plan never crosses the line as it is."""

from functools import cached_property
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from .airspace import Area, Feet
from .message import END, AwareTime, Identifier, PartyName, digest_of
from .words import Ranked, Word

HIGHEST_VERSION: Final = 1_000_000

PlanId = Identifier
Version = Annotated[
    int, Meta(ge=1, le=HIGHEST_VERSION, description="Of a plan: 1 as it is first filed, higher once amended")
]
Callsign = Annotated[
    str, Meta(pattern=rf"^[A-Z0-9]{{2,7}}{END}", description="ICAO field 7: two to seven letters and digits")
]


class FlightKind(Word):
    """What the flight is for, in words that disclose no more than the agreement demands."""

    PATROL = "patrol"
    SURVEILLANCE = "surveillance"
    TANKER = "tanker"
    TRANSPORT = "transport"
    ESCORT = "escort"
    SUPPORT = "support"
    MEDEVAC = "medevac"


class Priority(Ranked):
    """Who gives way: an emergency pre-empts, a priority flight costs the other side more to refuse."""

    ROUTINE = "routine"
    PRIORITY = "priority"
    EMERGENCY = "emergency"


class Flexibility(msgspec.Struct, frozen=True, kw_only=True):
    """How far a plan may be moved before it is of no use; private to its side."""

    max_shift_min: Annotated[int, Meta(ge=0, le=360)] = 30
    max_offset_nm: Annotated[float, Meta(ge=0, le=100)] = 20.0
    other_blocks: bool = True


class FlightPlan(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One flight (or formation) of one side.

    A ``corridor`` area is flown from end to end between ``start`` and ``end`` and is expanded into one
    volume a leg; a ``polygon`` or ``circle`` is held for the whole window. ``operator`` is the partner that flies
    it, for whom the side answers; None is the side itself. A plan of the same id with a higher ``version`` amends it;
    left out, the version is 1. ``icao`` is the ICAO message from which it was read.
    """

    plan_id: PlanId
    callsign: Callsign
    kind: FlightKind = FlightKind.PATROL
    priority: Priority = Priority.ROUTINE
    area: Area
    lower_ft: Feet
    upper_ft: Feet
    start: AwareTime
    end: AwareTime
    flexibility: Flexibility = Flexibility()
    aircraft_type: Annotated[str, Meta(max_length=8)] = ""
    operator: PartyName | None = None
    remarks: Annotated[str, Meta(max_length=500)] = ""
    version: Version | msgspec.UnsetType = msgspec.UNSET
    icao: Annotated[str, Meta(max_length=2_000)] | msgspec.UnsetType = msgspec.UNSET

    @property
    def number(self) -> int:
        """The number of this version."""
        return 1 if self.version is msgspec.UNSET else self.version

    @cached_property
    def digest(self) -> str:
        """Names this plan's contents: the same id and version with another digest is a contradiction.

        A version 1 that is written out is as if it were left out, and so is ``icao``: other messages may say the same.
        """
        version = msgspec.UNSET if self.number == 1 else self.version
        return digest_of(msgspec.structs.replace(self, version=version, icao=msgspec.UNSET))


class PlanState(Word):
    """Life of a plan at its own side; ASTM F3548's states, with the ones before acceptance added."""

    NEGOTIATING = "negotiating"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    ACTIVATED = "activated"
    NONCONFORMING = "nonconforming"
    CONTINGENT = "contingent"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


OVER: Final = frozenset({PlanState.REFUSED, PlanState.ENDED, PlanState.WITHDRAWN})
"""Of a plan in one of these states nothing more comes."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with an input: a stable code, the field it is in, and the reason for a person."""

    code: str
    field: str
    reason: str


Notes = Annotated[tuple[Problem, ...], Meta(max_length=16)]
"""What stood in a plan that is no field, and so was not read."""
