"""A plan of our own side as it was filed, and what has become of it."""

from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import OVER, FlightPlan, PlanState, Priority, Problem

from .uses import amendment_ref

FLYING: Final = frozenset({PlanState.ACTIVATED, PlanState.NONCONFORMING, PlanState.CONTINGENT})

Held = tuple[str, str, tuple[Volume4D, ...]]
"""An agreement that we rely on: its id, who has granted it, and the air."""


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """A plan and its standing. ``agreements`` are those that its clearance rests on.

    Of an amended plan this is one version: ``first`` is the digest of version 1. While an earlier version is in force,
    ``in_force`` is the number of that, and ``kept`` are its agreements that cover air of this one too; ``legs`` are the
    legs about which each party is asked, where it is not about all. ``refused`` is the last version that was refused,
    and ``moved`` the plan as bargaining has moved it. ``kept_until`` is when one that is over is forgotten.
    """

    plan: FlightPlan
    digest: str
    volumes: tuple[Volume4D, ...]
    state: PlanState
    priority: Priority
    to_ask: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    agreements: tuple[Held, ...] = ()
    negotiation_id: str | None = None
    problem: Problem | None = None
    as_filed: bool = True
    first: str = ""
    in_force: int = 0
    kept: tuple[Held, ...] = ()
    legs: tuple[tuple[str, tuple[int, ...]], ...] = ()
    refused: "Filed | None" = None
    moved: FlightPlan | None = None
    kept_until: datetime | None = None

    @property
    def ref(self) -> str:
        """What its air is called in the picture."""
        return amendment_ref(self.plan.plan_id, self.plan.number) if self.in_force else self.plan.plan_id

    @property
    def is_fixed(self) -> bool:
        """Whether its air cannot be moved: a party has agreed to this air, or the flight is in it."""
        return bool(self.agreements or self.kept)

    @property
    def start(self) -> datetime:
        return min([volume.start for volume in self.volumes]) if self.volumes else self.plan.start

    @property
    def end(self) -> datetime:
        return max([volume.end for volume in self.volumes]) if self.volumes else self.plan.end


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Where a plan stood last: fields of a :class:`~hotline_protocol.events.PlanStatus`."""

    plan_id: str
    callsign: str
    plan: str
    state: PlanState
    problem: Problem | None
    negotiation_id: str | None
    as_filed: bool
    volumes: tuple[Volume4D, ...]
    operator: str | None
    version: int | UnsetType = UNSET
    amends: str | UnsetType = UNSET
    in_force: int | UnsetType = UNSET

    def said(self) -> dict[str, Any]:
        """What a PlanStatus says of it."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


def status_of(filed: Filed) -> dict[str, Any]:
    """What a PlanStatus says of it."""
    settled = filed.state not in OVER and filed.state is not PlanState.NEGOTIATING
    version: dict[str, Any] = {} if filed.plan.number == 1 else {"version": filed.plan.number}
    if filed.first:
        version["amends"] = filed.first
    if filed.in_force:
        version["in_force"] = filed.in_force
    return {
        "plan_id": filed.plan.plan_id,
        "callsign": filed.plan.callsign,
        "plan": filed.digest,
        "state": filed.state,
        "problem": filed.problem,
        "negotiation_id": filed.negotiation_id,
        "as_filed": filed.as_filed,
        "volumes": filed.volumes if settled else (),
        "operator": filed.plan.operator,
        **version,
    }
