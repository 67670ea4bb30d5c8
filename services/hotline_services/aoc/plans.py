"""A side's own flight plans: what has become of each, from filing to landing."""

import heapq
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
from hotline_protocol.lifecycle import PLAN, PlanStep

from .amendments import cannot_amend, filed_as, old_version, refusal, same_air
from .filed import FLYING, Filed, Status, status_of
from .internal import AirReleased, AirReserved
from .menus import gives_way
from .picture import Picture
from .reservations import SPARE_TIMES
from .state import PlansState
from .uses import Standing, Use, plan_of
from .voice import Voice

KEPT: Final = timedelta(days=1)
"""How long a plan that is over is kept whole."""
MOST_OVER: Final = 10_000
MOST_FORGOTTEN: Final = 100_000
NOT_FLOWN: Final = frozenset({PlanState.REFUSED, PlanState.WITHDRAWN})
STRAY: Final = timedelta(hours=1)
"""How early or late a flight may be and still be known for the one that was planned."""


class PlanBook:
    """Plans by id. Says a PlanStatus whenever one changes."""

    def __init__(self, party: str, boundaries: Boundaries, picture: Picture, voice: Voice) -> None:
        self._party = party
        self._boundaries = boundaries
        self._picture = picture
        self._voice = voice
        self.state = PlansState()

    @property
    def plans(self) -> dict[str, Filed]:
        """Our plans by id."""
        return self.state.plans

    @property
    def pending(self) -> dict[str, Filed]:
        """Versions that are being negotiated while an earlier one is in force, by plan id."""
        return self.state.pending

    @property
    def next_deadline(self) -> datetime | None:
        """The next start or end of a plan."""
        return self.state.times[0][0] if self.state.times else None

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
        filed = self.plans[plan.plan_id] = Filed(
            plan=plan,
            digest=plan.digest,
            volumes=volumes,
            state=PlanState.NEGOTIATING,
            priority=plan.priority,
            to_ask=() if problem else self.consents_needed(volumes),
        )
        if problem is not None:
            self.refuse(filed, problem)
            return None
        self._watch(filed)
        if filed.to_ask:
            self._enter(filed, Standing.WISHED)
        else:
            self.accept(filed)
        return self.current(filed)

    def current(self, filed: Filed) -> Filed:
        """This version as it stands now; as it is given, where it stands no more, or not yet."""
        plan_id, digest = filed.plan.plan_id, filed.digest
        known = self.state.pending.get(plan_id)
        if known is None or known.digest != digest:
            known = self.state.plans.get(plan_id)
        return known if known is not None and known.digest == digest else filed

    def change(self, filed: Filed, **changes: Any) -> Filed:
        """Keep this version with these changes, where it stands; returns it."""
        return self._keep(self.current(filed), changes)

    def _step(self, filed: Filed, step: PlanStep, **changes: Any) -> Filed:
        """Take this step of a plan's life, with these changes."""
        filed = self.current(filed)
        return self._keep(filed, changes | {"state": PLAN[filed.state, step]})

    def _keep(self, filed: Filed, changes: dict[str, Any]) -> Filed:
        changed: Filed = msgspec.structs.replace(filed, **changes)
        state, plan_id = self.state, filed.plan.plan_id
        pending = state.pending.get(plan_id)
        is_pending = pending is not None and pending.digest == filed.digest
        (state.pending if is_pending else state.plans)[plan_id] = changed
        return changed

    def knows(self, plan_id: str) -> bool:
        """Whether this id has been used, as far as we remember: another plan cannot have it."""
        return plan_id in self.plans or plan_id in self.state.forgotten

    def _replaces_refused(self, plan: FlightPlan) -> bool:
        """A plan that was refused may be mended and filed again under its id."""
        filed = self.plans.get(plan.plan_id)
        return filed is not None and filed.state is PlanState.REFUSED and filed.digest != plan.digest

    def _repeat(self, plan: FlightPlan) -> None:
        """Tell again where the plan of this id stands, unless this is another."""
        filed = self.plans.get(plan.plan_id)
        known = status_of(filed) if filed is not None else self.state.forgotten[plan.plan_id].said()
        versions = (filed, self.pending.get(plan.plan_id), filed.refused if filed else None)
        said = (known, *(status_of(version) for version in versions if version is not None))
        same = next((status for status in said if plan.digest == status["plan"]), None)
        if same is not None:
            self._voice.say(PlanStatus, **same)
            return
        problem = old_version(plan, known["state"], max(status.get("version", 1) for status in said))
        self._voice.say(PlanStatus, **refusal(plan, filed, problem))

    def is_amendment(self, plan: FlightPlan) -> bool:
        """Whether this is a later version of a plan that is not over, and no version that is known already."""
        filed = self.plans.get(plan.plan_id)
        if filed is None or filed.state in OVER or plan.number <= filed.plan.number:
            return False
        pending = self.pending.get(plan.plan_id)
        if pending is not None and plan.number <= pending.plan.number:
            return False
        return filed.refused is None or filed.refused.digest != plan.digest

    def draft(self, plan: FlightPlan) -> Filed | None:
        """A version of a plan that is not over; None when it is refused. Nothing changes but that this is told."""
        known = self.plans[plan.plan_id]
        problem = cannot_amend(known, plan, self._voice.now) or self._problem(plan)
        keeps_air = same_air(known.plan, plan) or same_air(known.moved or known.plan, plan)
        volumes = () if problem else known.volumes if keeps_air else expand(plan)
        filed = Filed(
            plan=plan,
            digest=plan.digest,
            volumes=volumes,
            state=PlanState.NEGOTIATING,
            priority=plan.priority,
            as_filed=known.as_filed or not keeps_air,
            moved=known.moved if keeps_air else None,
            first=known.first or known.digest,
            in_force=0 if known.state is PlanState.NEGOTIATING else known.plan.number,
        )
        problem = problem or self._own_conflict(volumes, plan.priority, but=plan.plan_id)
        if problem is not None:
            self.refuse_version(filed, problem)
            return None
        return filed

    def find(self, plan_id: str) -> Filed | None:
        """The plan of this id; or the one that has been moved in time, and would have it if it were filed now."""
        filed = self.plans.get(plan_id)
        if filed is not None:
            return filed
        moved = (each for each in self.plans.values() if (each.first or each.moved) and each.state not in OVER)
        return next((each for each in moved if plan_id in {filed_as(each.plan), filed_as(each.moved)}), None)

    def newest(self, filed: Filed) -> FlightPlan:
        """What is wanted of this plan now: a version that is being negotiated, or else as it stands."""
        pending = self.pending.get(filed.plan.plan_id)
        return pending.plan if pending is not None else filed.moved or filed.plan

    def next_version(self, filed: Filed) -> int:
        """A number that no version of this plan has had."""
        versions = (filed, self.pending.get(filed.plan.plan_id), filed.refused)
        return max(version.plan.number for version in versions if version is not None) + 1

    def asked_for(self, plan_id: str, negotiation_id: str) -> Filed:
        """The version of this plan that this negotiation is about."""
        pending = self.pending.get(plan_id)
        return pending if pending is not None and pending.negotiation_id == negotiation_id else self.plans[plan_id]

    def enter_version(self, filed: Filed) -> None:
        """It is going to be negotiated: in the place of a version that has no clearance, or beside one that has."""
        plan_id = filed.plan.plan_id
        if filed.in_force:
            self.pending[plan_id] = filed
        else:
            self.plans[plan_id] = filed
        self._enter(filed, Standing.WISHED)
        self._watch(filed)

    def put_in_force(self, filed: Filed, *, in_distress: bool = False) -> None:
        """This version takes the place of the one that was in force. It is for the caller to tell."""
        plan_id = filed.plan.plan_id
        before = self.plans[plan_id]
        self._drop_pending(plan_id)
        flies = before.state in FLYING or in_distress
        step = PlanStep.REPLACE_IN_FLIGHT if flies else PlanStep.CLEAR
        filed = self.plans[plan_id] = msgspec.structs.replace(
            filed,
            in_force=0,
            kept=(),
            legs=(),
            state=PLAN[filed.state, step],
            negotiation_id=filed.negotiation_id or before.negotiation_id,
        )
        self._enter(filed, Standing.OURS)
        self._watch(filed)

    def tell_superseded(self, before: Filed, by: Filed) -> None:
        """Say that a version without a clearance goes no further: whoever handed it in waits for an answer."""
        problem = Problem(code="superseded", field="version", reason=f"amended by version {by.plan.number}")
        said = status_of(before) | {"state": PLAN[before.state, PlanStep.WITHDRAW], "problem": problem}
        self._voice.say(PlanStatus, **said | {"amends": by.first, "in_force": by.plan.number})

    def refuse_version(self, filed: Filed, problem: Problem, step: PlanStep = PlanStep.REFUSE) -> None:
        """This version will not be flown: the one before it goes on as it stands."""
        plan_id, known = filed.plan.plan_id, self.plans[filed.plan.plan_id]
        pending, filed = self.pending.get(plan_id), self.current(filed)
        if pending is filed:
            self._drop_pending(plan_id)
        refused = msgspec.structs.replace(
            filed, state=PLAN[filed.state, step], problem=problem, in_force=known.plan.number, agreements=()
        )
        known = self.change(known, refused=refused)
        self._voice.say(PlanStatus, **status_of(refused))
        if step is PlanStep.REFUSE:
            self.tell(known)

    def _drop_pending(self, plan_id: str) -> None:
        filed = self.pending.pop(plan_id, None)
        if filed is not None:
            self._voice.tell(AirReleased(filed.ref))

    def _problem(self, plan: FlightPlan) -> Problem | None:
        problems = check_plan(plan, self._voice.now)
        if not problems:
            return None
        if len(problems) == 1:
            return problems[0]
        others = "; ".join(f"{problem.field}: {problem.reason}" for problem in problems[1:])
        return msgspec.structs.replace(problems[0], reason=f"{problems[0].reason} (also {others})")

    def _own_conflict(self, volumes: Sequence[Volume4D], priority: Priority, but: str = "") -> Problem | None:
        for leg, volume in enumerate(volumes):
            for use in self._picture.met([volume], but=but):
                if use.user == self._party and not gives_way(use, priority):
                    return Problem(
                        code="own-conflict",
                        field="area",
                        reason=f"leg {leg + 1} is in conflict with our own {plan_of(use.ref)}",
                    )
        return None

    def consents_needed(self, volumes: Sequence[Volume4D]) -> tuple[str, ...]:
        """Whose consent these volumes need: the agreement's demands, and whoever has been granted that air."""
        needed: dict[str, None] = {}
        for volume in volumes:
            for demand in self._boundaries.demands(volume, self._party):
                needed.update(dict.fromkeys(demand.consent_of))
        needed.update({use.user: None for use in self._picture.met(volumes) if use.standing is Standing.THEIRS})
        # each begins with its successor by name: else all would ring the same one first
        return tuple(sorted(needed, key=lambda party: (party < self._party, party)))

    def reserve(self, filed: Filed, volumes: tuple[Volume4D, ...], *, firm: bool) -> None:
        """While it is bargained about: the air that it wishes for, or that it has said yes to."""
        if filed.state is PlanState.NEGOTIATING:
            self._enter(filed, Standing.OURS if firm else Standing.WISHED, volumes)

    def move(self, filed: Filed, volumes: tuple[Volume4D, ...], moved: FlightPlan) -> Filed:
        """Bargaining has moved it: this is its air, and the plan as it would have been filed so."""
        filed = self.change(filed, volumes=volumes, moved=moved, as_filed=False)
        self._watch(filed)
        return filed

    def accept(self, filed: Filed) -> None:
        """Everything that was needed has been agreed; it will fly. One in distress flies already."""
        if self.current(filed).state is not PlanState.NEGOTIATING:
            return
        filed = self._step(filed, PlanStep.CLEAR, problem=None)
        self._enter(filed, Standing.OURS)
        self._watch(filed)
        self.tell(filed)

    def refuse(self, filed: Filed, problem: Problem) -> None:
        """It will not fly."""
        self._close(filed, PlanStep.REFUSE, problem)

    def withdraw(self, filed: Filed, problem: Problem | None) -> None:
        """It is taken back before its time, or breaks off its flight."""
        self._close(filed, PlanStep.WITHDRAW, problem)

    def fly_without_consent(self, filed: Filed) -> None:
        """It flies though it needed a consent that it has not got."""
        filed = self._step(filed, PlanStep.START_WITHOUT_CONSENT)
        self._enter(filed, Standing.OURS)
        self.tell(filed)

    def make_contingent(self, filed: Filed) -> Filed:
        """In distress: it takes all the air below it, and pre-empts."""
        filed = self.current(filed)
        volumes = tuple(msgspec.structs.replace(volume, lower_ft=0) for volume in filed.volumes)
        filed = self._step(filed, PlanStep.DISTRESS, priority=Priority.EMERGENCY, volumes=volumes)
        self._enter(filed, Standing.OURS)
        self.tell(filed)
        return filed

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
        times = self.state.times
        while times and times[0][0] <= now:
            _, plan_id = heapq.heappop(times)
            filed = self.plans.get(plan_id)
            if filed is None or filed.state in OVER:
                continue
            if filed.state not in FLYING and filed.start <= now:
                if filed.state is PlanState.NEGOTIATING:
                    due.append(filed)
                else:
                    filed = self._step(filed, PlanStep.START)
                    self.tell(filed)
            if filed.state in FLYING and filed.end <= now:
                self._close(filed, PlanStep.END, filed.problem)
                due.append(self.current(filed))
        return due

    def end_past(self, filed: Filed) -> None:
        """End this flight if its time is over: a centre that was away hears of start and end at once."""
        filed = self.current(filed)
        if filed.state in FLYING and filed.end <= self._voice.now:
            self._close(filed, PlanStep.END, filed.problem)

    def forget(self) -> None:
        """Plans that have long been over; of them only the last status is kept, so that their ids stay taken."""
        over, forgotten = self.state.over, self.state.forgotten
        while over and (over[0][0] <= self._voice.now or len(over) > MOST_OVER):
            until, plan_id = over.pop(0)
            filed = self.plans.get(plan_id)
            if filed is None or filed.kept_until != until:
                continue  # mended after a refusal: it is the later one that counts
            forgotten[plan_id] = Status(**status_of(self.plans.pop(plan_id)))
            if len(forgotten) > MOST_FORGOTTEN:
                del forgotten[next(iter(forgotten))]

    def tell(self, filed: Filed) -> None:
        """Say where this plan stands."""
        self._voice.say(PlanStatus, **status_of(self.current(filed)))

    def _close(self, filed: Filed, step: PlanStep, problem: Problem | None) -> None:
        until = self._voice.now + KEPT
        filed = self._step(filed, step, problem=problem, kept_until=until)
        self._voice.tell(AirReleased(filed.plan.plan_id))
        self.tell(filed)
        self.state.over.append((until, filed.plan.plan_id))
        self.forget()

    def _enter(self, filed: Filed, standing: Standing, volumes: tuple[Volume4D, ...] | None = None) -> None:
        use = Use(standing=standing, ref=filed.ref, user=self._party, priority=filed.priority)
        self._voice.tell(AirReserved(use, filed.volumes if volumes is None else volumes))

    def _watch(self, filed: Filed) -> None:
        is_to_start = filed.state is PlanState.NEGOTIATING or filed.state is PlanState.ACCEPTED
        for at in (filed.start, filed.end):
            if is_to_start or at > self._voice.now:
                heapq.heappush(self.state.times, (at, filed.plan.plan_id))
        if len(self.state.times) > SPARE_TIMES + 4 * len(self.plans):  # of versions that have been replaced
            versions = [each for each in (*self.plans.values(), *self.pending.values()) if each.state not in OVER]
            self.state.times = [(at, each.plan.plan_id) for each in versions for at in (each.start, each.end)]
            heapq.heapify(self.state.times)
        self._voice.reschedule(self)
