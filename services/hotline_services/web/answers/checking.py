"""What would become of plans that nobody has handed in yet: what is wrong, whose consent each needs, what it meets.

It is said of what is on record. What a side keeps to itself, such as how far it would give way, is not known here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement, AgreementError, BoundaryRule
from hotline_protocol.airspace import Volume4D
from hotline_protocol.boundaries import Boundaries, Demand, DemandKind, boundaries_of
from hotline_protocol.conflicts import VolumeIndex
from hotline_protocol.flightplan import OVER, FlightPlan, Problem
from hotline_protocol.geometry import expand
from hotline_protocol.intake import check_plan
from hotline_protocol.message import PartyName
from hotline_services.injecting import read_texts
from hotline_services.monitor.history import History
from hotline_services.monitor.latestrows import TraceRow
from hotline_services.monitor.offers import OfferRow
from hotline_services.monitor.rows import AgreementRow, NegotiationRow, PlanRow
from hotline_services.monitor.wording import printable, words

from .schema import Checked, CheckedPlan, Consent, Meeting

PLANS_AT_MOST: Final = 100
AIR_AT_MOST: Final = 5_000

Air = Sequence[Meeting]


def air_in_use(history: History, now: datetime) -> Air:
    """All air that somebody flies in, has been granted, or has on the table, from ``now`` on."""
    used = [*_plans(history, now), *_agreements(history, now), *_offers(history, now)]
    return used[-AIR_AT_MOST:]


def _plans(history: History, now: datetime) -> Iterable[Meeting]:
    for row in history.rows(PlanRow):
        if row.state not in OVER and any(volume.end > now for volume in row.volumes):
            state = words(row.state.value) if row.state else "known"
            title = printable(f"{row.callsign or row.plan_id} of {row.party}, {state}")
            yield Meeting(kind="plan", id=row.key, party=row.party, title=title, volumes=row.volumes)


def _agreements(history: History, now: datetime) -> Iterable[Meeting]:
    """Those but of plans that are on record, which stand for their own air."""
    flown = {(row.party, row.plan_id) for row in history.rows(PlanRow) if row.state not in OVER and row.volumes}
    for row in history.rows(AgreementRow):
        talk = history.row(NegotiationRow, row.agreement_id.rpartition(".")[0])
        if row.is_in_force(now) and (talk is None or (row.user, talk.plan_id) not in flown):
            title = f"granted to {row.user.upper()} by {row.granter.upper()}"
            yield Meeting(kind="agreement", id=row.key, party=row.user, title=title, volumes=row.volumes)


def _offers(history: History, now: datetime) -> Iterable[Meeting]:
    for row in history.rows(OfferRow):
        stands = not row.closed and row.expires_at is not None and row.expires_at > now
        if stands and any(volume.end > now for volume in row.volumes):
            title = f"offered by {row.by.upper()} to {row.to.upper()}"
            yield Meeting(kind="offer", id=row.key, party=row.by, title=title, volumes=row.volumes)


def agreement_now(history: History, agreement: Agreement | None, party: PartyName) -> Agreement | None:
    """The agreement with the line where this party holds it to run."""
    moved = history.row(TraceRow, party)
    if agreement is None or agreement.line is None or moved is None or len(moved.trace) < 2:
        return agreement
    return agreement.with_trace(moved.trace)


def check(text: bytes, to: PartyName, now: datetime, agreement: Agreement | None, air: Air) -> Checked:
    """What would become of the plans in this text, were they handed to ``to`` at ``now``."""
    reading = read_texts([("", text)], now)
    refused = [complaint.as_problem for complaint in reading.complaints]
    if len(reading.plans) > PLANS_AT_MOST:
        reason = f"holds {len(reading.plans):,} plans; {PLANS_AT_MOST} are checked at once, the others are left out"
        refused.append(Problem(code="too-many-plans", field="payload", reason=reason))
    checker = _Checker(to, now, agreement, air)
    plans = (
        msgspec.structs.replace(checker.check(plan), notes=reading.notes_on(plan.plan_id))
        for plan in reading.plans[:PLANS_AT_MOST]
    )
    return Checked(plans=tuple(plans), refused=tuple(refused))


class _Checker:
    """All that plans of one party are checked against."""

    def __init__(self, party: PartyName, now: datetime, agreement: Agreement | None, air: Air) -> None:
        self._party: Final = party
        self._now: Final = now
        self._agreement: Final = agreement
        self._boundaries: Final = _boundaries(agreement)
        self._air: Final = air
        self._index: Final[VolumeIndex[tuple[int, int]]] = VolumeIndex(
            agreement.boundary_rule if agreement else BoundaryRule.TOUCHING_IS_CLEAR
        )
        for number, one in enumerate(air):
            for leg, volume in enumerate(one.volumes):
                self._index.insert((number, leg), volume)

    def check(self, plan: FlightPlan) -> CheckedPlan:
        """One plan against all of it. A plan that makes no sense needs no air."""
        problems = check_plan(plan, self._now)
        volumes = () if problems else expand(plan)
        return CheckedPlan(
            plan_id=plan.plan_id,
            callsign=plan.callsign,
            problems=tuple(problems),
            volumes=volumes,
            consents=self._consents(volumes),
            meets=self._meets(plan, volumes),
        )

    def _consents(self, volumes: Iterable[Volume4D]) -> tuple[Consent, ...]:
        if self._boundaries is None:
            return ()
        demands = (demand for volume in volumes for demand in self._boundaries.demands(volume, self._party))
        found = (Consent(party=party, reason=self._reason(one)) for one in demands for party in one.consent_of)
        return tuple(dict.fromkeys(found))

    def _reason(self, demand: Demand) -> str:
        match demand.kind:
            case DemandKind.CROSSES_LINE:
                return f"crosses {demand.name}"
            case DemandKind.NEAR_LINE:
                line = self._agreement.line if self._agreement else None
                return f"comes within {line.near_nm if line else 0:g} NM of {demand.name}"
            case DemandKind.FAR_SIDE:
                return f"lies beyond {demand.name}"
            case DemandKind.ZONE:
                return f"enters {demand.name}, which they hold"
            case DemandKind.SHARED_ZONE:
                return f"enters {demand.name}, which is shared"

    def _meets(self, plan: FlightPlan, volumes: Iterable[Volume4D]) -> tuple[Meeting, ...]:
        """Whose air it shares, with the volumes that are shared; its own, were it handed in before, does not count."""
        met: dict[int, dict[int, Volume4D]] = {}
        for volume in volumes:
            for number, leg in self._index.conflicts(volume):
                met.setdefault(number, {})[leg] = self._air[number].volumes[leg]
        own = f"{self._party}/{plan.plan_id}/"
        return tuple(
            msgspec.structs.replace(self._air[number], volumes=tuple(shared.values()))
            for number, shared in sorted(met.items())
            if not self._air[number].id.startswith(own)
        )


def _boundaries(agreement: Agreement | None) -> Boundaries | None:
    try:
        return boundaries_of(agreement) if agreement else None
    except AgreementError:  # a line that was moved to where it cannot be drawn: its sides have said so
        return None
