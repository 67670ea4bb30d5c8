"""A side's own flight plans: what has become of each, from filing to landing."""

import heapq
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from hotline_protocol.airspace import Volume4D
from hotline_protocol.boundaries import Boundaries
from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import OVER, FlightPlan, PlanState, Priority, Problem
from hotline_protocol.geometry import expand
from hotline_protocol.intake import check_plan

from .menus import gives_way
from .picture import Picture, Standing, Use
from .voice import Voice

KEPT: Final = timedelta(days=1)
"""How long a plan that is over is kept whole."""
MOST_OVER: Final = 10_000
MOST_FORGOTTEN: Final = 100_000
NOT_FLOWN: Final = frozenset({PlanState.REFUSED, PlanState.WITHDRAWN})
STRAY: Final = timedelta(hours=1)
"""How early or late a flight may be and still be known for the one that was planned."""
FLYING: Final = frozenset({PlanState.ACTIVATED, PlanState.NONCONFORMING, PlanState.CONTINGENT})


class Filed(msgspec.Struct, kw_only=True):
    """One plan and what has become of it. ``agreements`` are (id, granter, volumes) that it relies on."""

    plan: FlightPlan
    digest: str
    volumes: tuple[Volume4D, ...]
    state: PlanState
    priority: Priority
    to_ask: list[str] = msgspec.field(default_factory=list)
    asked: list[str] = msgspec.field(default_factory=list)
    agreements: list[tuple[str, str, tuple[Volume4D, ...]]] = msgspec.field(default_factory=list)
    negotiation_id: str | None = None
    problem: Problem | None = None
    as_filed: bool = True

    @property
    def start(self) -> datetime:
        return min(volume.start for volume in self.volumes) if self.volumes else self.plan.start

    @property
    def end(self) -> datetime:
        return max(volume.end for volume in self.volumes) if self.volumes else self.plan.end


class PlanBook:
    """Plans by id. Says a PlanStatus whenever one changes."""

    def __init__(self, party: str, boundaries: Boundaries, picture: Picture, voice: Voice) -> None:
        self._party = party
        self._boundaries = boundaries
        self._picture = picture
        self._voice = voice
        self._times: list[tuple[datetime, str]] = []
        self._over: deque[tuple[datetime, Filed]] = deque()
        self._forgotten: dict[str, dict[str, Any]] = {}
        self.plans: dict[str, Filed] = {}

    @property
    def next_deadline(self) -> datetime | None:
        """The next start or end of a plan."""
        return self._times[0][0] if self._times else None

    def redraw(self, boundaries: Boundaries) -> None:
        """From now on the line and the zones lie so. Whose consent a plan needs is decided when it is filed."""
        self._boundaries = boundaries

    def submit(self, plan: FlightPlan) -> Filed | None:
        """Take a plan in; None when it is refused or was here before.

        Whose consent is to be asked stands in ``to_ask``; its status is then told by whoever asks.
        """
        if self.knows(plan.plan_id) and not self._replaces_refused(plan):
            self._repeat(plan)
            return None
        problem = self._problem(plan)
        volumes = () if problem else expand(plan)
        problem = problem or self._own_conflict(volumes, plan.priority)
        filed = Filed(
            plan=plan,
            digest=plan.digest,
            volumes=volumes,
            state=PlanState.REFUSED if problem else PlanState.NEGOTIATING,
            priority=plan.priority,
            problem=problem,
        )
        self.plans[plan.plan_id] = filed
        if problem is not None:
            self._close(filed, PlanState.REFUSED, problem)
            return None
        filed.to_ask = self.consents_needed(volumes)
        self._watch(filed)
        if filed.to_ask:
            self._enter(filed, Standing.WISHED)
        else:
            self.accept(filed)
        return filed

    def knows(self, plan_id: str) -> bool:
        """Whether this id has been used, as far as we remember: another plan cannot have it."""
        return plan_id in self.plans or plan_id in self._forgotten

    def _replaces_refused(self, plan: FlightPlan) -> bool:
        """A plan that was refused may be mended and filed again under its id."""
        filed = self.plans.get(plan.plan_id)
        return filed is not None and filed.state is PlanState.REFUSED and filed.digest != plan.digest

    def _repeat(self, plan: FlightPlan) -> None:
        """Tell again where the plan of this id stands, unless this is another."""
        filed = self.plans.get(plan.plan_id)
        known = _status(filed) if filed is not None else self._forgotten[plan.plan_id]
        if plan.digest == known["plan"]:
            self._voice.say(PlanStatus, **known)
            return
        self._voice.say(
            PlanStatus,
            plan_id=plan.plan_id,
            callsign=plan.callsign,
            plan=plan.digest,
            state=PlanState.REFUSED,
            operator=plan.operator,
            problem=Problem(
                code="duplicate-id",
                field="plan_id",
                reason=f"{plan.plan_id} is already the id of another plan ({known['state'].value}); that one stands",
            ),
        )

    def _problem(self, plan: FlightPlan) -> Problem | None:
        problems = check_plan(plan, self._voice.now)
        if not problems:
            return None
        if len(problems) == 1:
            return problems[0]
        others = "; ".join(f"{problem.field}: {problem.reason}" for problem in problems[1:])
        return msgspec.structs.replace(problems[0], reason=f"{problems[0].reason} (also {others})")

    def _own_conflict(self, volumes: Sequence[Volume4D], priority: Priority) -> Problem | None:
        for leg, volume in enumerate(volumes):
            for use in self._picture.met([volume]):
                if use.user == self._party and not gives_way(use, priority):
                    return Problem(
                        code="own-conflict",
                        field="area",
                        reason=f"leg {leg + 1} is in conflict with our own {use.ref}",
                    )
        return None

    def consents_needed(self, volumes: Sequence[Volume4D]) -> list[str]:
        """Whose consent these volumes need: the agreement's demands, and whoever has been granted that air."""
        needed: dict[str, None] = {}
        for volume in volumes:
            for demand in self._boundaries.demands(volume, self._party):
                needed.update(dict.fromkeys(demand.consent_of))
        needed.update({use.user: None for use in self._picture.met(volumes) if use.standing is Standing.THEIRS})
        # each begins with its successor by name: else all would ring the same one first
        return sorted(needed, key=lambda party: (party < self._party, party))

    def reserve(self, filed: Filed, volumes: tuple[Volume4D, ...], *, firm: bool) -> None:
        """While it is bargained about: the air that it wishes for, or that it has said yes to."""
        if filed.state is PlanState.NEGOTIATING:
            self._enter(filed, Standing.OURS if firm else Standing.WISHED, volumes)

    def move(self, filed: Filed, volumes: tuple[Volume4D, ...]) -> None:
        """Bargaining has moved it."""
        filed.volumes = volumes
        filed.as_filed = False
        self._watch(filed)

    def accept(self, filed: Filed) -> None:
        """Everything that was needed has been agreed; it will fly. One in distress flies already."""
        if filed.state is not PlanState.NEGOTIATING:
            return
        filed.state = PlanState.ACCEPTED
        filed.problem = None
        self._enter(filed, Standing.OURS)
        self._watch(filed)
        self.tell(filed)

    def refuse(self, filed: Filed, problem: Problem) -> None:
        """It will not fly."""
        self._close(filed, PlanState.REFUSED, problem)

    def withdraw(self, filed: Filed, problem: Problem | None) -> None:
        """It is taken back before its time, or breaks off its flight."""
        self._close(filed, PlanState.ENDED if filed.state in FLYING else PlanState.WITHDRAWN, problem)

    def fly_without_consent(self, filed: Filed) -> None:
        """It flies though it needed a consent that it has not got."""
        filed.state = PlanState.NONCONFORMING
        self._enter(filed, Standing.OURS)
        self.tell(filed)

    def make_contingent(self, filed: Filed) -> None:
        """In distress: it takes all the air below it, and pre-empts."""
        filed.state = PlanState.CONTINGENT
        filed.priority = Priority.EMERGENCY
        filed.volumes = tuple(msgspec.structs.replace(volume, lower_ft=0) for volume in filed.volumes)
        self._enter(filed, Standing.OURS)
        self.tell(filed)

    def has_flight_of(self, operator: str, callsign: str, when: datetime) -> bool:
        """Whether a plan of this partner, of this callsign if there is one, is for that time, wherever it flew."""
        return any(
            filed.plan.operator == operator
            and callsign in {"", filed.plan.callsign}
            and filed.state not in NOT_FLOWN
            and filed.start - STRAY <= when <= filed.end + STRAY
            for filed in self.plans.values()
        )

    def lapse(self) -> list[Filed]:
        """Start and end what is due; returns what has ended, and what is due to start and still lacks a consent."""
        due: list[Filed] = []
        now = self._voice.now
        while self._times and self._times[0][0] <= now:
            _, plan_id = heapq.heappop(self._times)
            filed = self.plans.get(plan_id)
            if filed is None or filed.state in OVER:
                continue
            if filed.state is PlanState.ACCEPTED and filed.start <= now:
                filed.state = PlanState.ACTIVATED
                self.tell(filed)
            if filed.state is PlanState.NEGOTIATING and filed.start <= now:
                due.append(filed)
            if filed.state in FLYING and filed.end <= now:
                self._close(filed, PlanState.ENDED, filed.problem)
                due.append(filed)
        self._forget()
        return due

    def end_past(self, filed: Filed) -> None:
        """End this flight if its time is over: a centre that was away hears of start and end at once."""
        if filed.state in FLYING and filed.end <= self._voice.now:
            self._close(filed, PlanState.ENDED, filed.problem)

    def _forget(self) -> None:
        """Plans that have long been over; of them only the last status is kept, so that their ids stay taken."""
        while self._over and (self._over[0][0] <= self._voice.now or len(self._over) > MOST_OVER):
            _, filed = self._over.popleft()
            plan_id = filed.plan.plan_id
            if self.plans.get(plan_id) is not filed:
                continue  # mended after a refusal: it is the later one that counts
            self._forgotten[plan_id] = _status(self.plans.pop(plan_id))
            if len(self._forgotten) > MOST_FORGOTTEN:
                del self._forgotten[next(iter(self._forgotten))]

    def tell(self, filed: Filed) -> None:
        """Say where this plan stands."""
        self._voice.say(PlanStatus, **_status(filed))

    def _close(self, filed: Filed, state: PlanState, problem: Problem | None) -> None:
        filed.state = state
        filed.problem = problem
        self._picture.drop(filed.plan.plan_id)
        self.tell(filed)
        self._over.append((self._voice.now + KEPT, filed))
        self._forget()

    def _enter(self, filed: Filed, standing: Standing, volumes: tuple[Volume4D, ...] | None = None) -> None:
        use = Use(standing=standing, ref=filed.plan.plan_id, user=self._party, priority=filed.priority)
        self._picture.put(use, filed.volumes if volumes is None else volumes)

    def _watch(self, filed: Filed) -> None:
        for at in (filed.start, filed.end):
            heapq.heappush(self._times, (at, filed.plan.plan_id))


def _status(filed: Filed) -> dict[str, Any]:
    """What a PlanStatus says of it."""
    settled = filed.state not in OVER and filed.state is not PlanState.NEGOTIATING
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
    }
