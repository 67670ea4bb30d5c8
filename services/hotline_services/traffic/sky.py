"""The core of the sky: flies what the centres have cleared and what nobody was told of, and says what comes of it.

It belongs to no side. All that will come of a flight's path is worked out when it takes off, and again whenever
somebody departs from a path; then the sky sleeps until the first of it is due.
"""

import copy
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Circle
from hotline_protocol.epochs import go_on
from hotline_protocol.events import DeadLettered, InputRejected, LineMoved, PlanStatus
from hotline_protocol.flightplan import PlanState, Problem
from hotline_protocol.forms import Form, Forms, fingerprint
from hotline_protocol.geometry import area_problem, expand
from hotline_protocol.injection import Deviate, DeviationKind, FlyUnannounced, Injected, SubmitPlan
from hotline_protocol.intake import check_plan
from hotline_protocol.message import Author, Message
from hotline_protocol.names import SKY
from hotline_protocol.service import EpochBegun, Unreadable
from hotline_protocol.slices import read, write
from hotline_protocol.topics import INJECT, ORDER, topic_of
from hotline_services.director import setting
from hotline_services.simulation.chance import Chance

from .deviating import HELD_NM, Turn, ordered
from .flight import Epoch, Flight, Stage
from .flights import HANDLERS, IN_DISTRESS, Flights
from .moving import why_unmoved
from .state import MovedLine, SkyState, Step
from .strips import Strips, why_unflyable

CLEARED: Final = frozenset({PlanState.ACCEPTED, PlanState.ACTIVATED, PlanState.NONCONFORMING, PlanState.CONTINGENT})
EMERGENCY: Final = Turn(kind=DeviationKind.EMERGENCY, after=0.0)


class Sky:
    """``start`` is when the run begins. With ``tracks_every`` it says so often where everything is that flies.

    ``state`` is all that changes; everything else is configuration.
    """

    def __init__(
        self,
        agreement: Agreement,
        sky: setting.Sky,
        start: datetime,
        chance: Chance,
        *,
        epoch: str = "0",
        tracks_every: timedelta | None = None,
    ) -> None:
        self._agreement: Final = agreement
        self._time: Final = Epoch(start)
        self._strips: Final = Strips(sky, chance)
        self._flights: Final = Flights(agreement, sky, chance, self._time, self._strips, tracks_every)
        self.state = SkyState(author=Author(SKY, epoch))
        self.forms_cache = Forms()

    @property
    def next_deadline(self) -> datetime | None:
        """When the next thing that is foreseen is due."""
        return self.state.agenda.next_at()

    @property
    def flying(self) -> Sequence[Flight]:
        """What is in the air."""
        return self.state.flying

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        """Hears of plans, of what has become of them, and of what else is to be flown."""
        step = self._step(now)
        match message:
            case PlanStatus():
                self._hear(step, message)
            case SubmitPlan() if message.to != SKY:
                self._strips.submitted(self.state, message)
            case Injected() if message.to == SKY:
                self._obey(step, message)
            case LineMoved():
                self._move_line(step, message)
            case Unreadable():
                self._answer(step, message)
            case EpochBegun():
                step.said.extend(go_on(self.state.author, message, now))
            case _:
                pass
        return self._acted(step)

    def lapse(self, now: datetime) -> Sequence[Message]:
        """Everything that is due by now."""
        return self._acted(self._step(now))

    def _step(self, now: datetime) -> Step:
        return Step(self.state, now, self._time)

    def _acted(self, step: Step) -> Sequence[Message]:
        agenda = step.state.agenda
        while event := agenda.take(step.now):
            HANDLERS[type(event)](self._flights, step, event)
        return step.said

    # A value: see hotline_protocol.core.Value.

    def clone(self) -> "Sky":
        """An equal sky that shares nothing that changes."""
        twin = copy.copy(self)
        twin.state, twin.forms_cache = self.state.copy(), self.forms_cache.copy()
        return twin

    def forms(self) -> Sequence[Form]:
        """Paths count from the start of the run, so a canonical form holds for one time since then only."""
        state = self.state
        parts = (
            ("author", state.author),
            ("flights", state.flights),
            ("known", state.known),
            ("airborne", tuple(state.airborne)),
            ("plans", state.plans),
            ("orders", state.orders),
            ("agenda", state.agenda.coming()),
            ("moves", state.moves),
            ("line", state.line),
        )
        return [*self.forms_cache.of(parts), Form(state.says_tracks), Form(self._time.moment(0.0))]

    def fingerprint(self, since: datetime | None = None) -> bytes:
        """A digest of the state."""
        return fingerprint(self.forms(), since)

    def save(self) -> bytes:
        """The state, written down."""
        return write(self.state)

    def load(self, saved: bytes) -> None:
        """Go on from a state that was saved."""
        self.state = read(saved, SkyState)

    # What is heard.

    def _hear(self, step: Step, status: PlanStatus) -> None:
        if status.in_force is not msgspec.UNSET:
            return  # of a version that is not flown: another one stands
        flight = self._strips.heard(self.state, status, step.now)
        if flight is None or flight.stage is Stage.OVER:
            return
        if status.state in CLEARED:
            self._clear(step, flight, status)
            return
        match status.state:
            case PlanState.ENDED if flight.stage is Stage.FLYING and self._is_late(flight, status.time):
                pass  # its plan is over; it is not, and that is to be seen
            case PlanState.NEGOTIATING if flight.stage is Stage.FLYING:
                pass
            case _:
                self._call_off(step, flight)

    def _is_late(self, flight: Flight, at: datetime) -> bool:
        return self._time.seconds(at) >= flight.window.end_s

    def _clear(self, step: Step, flight: Flight, status: PlanStatus) -> None:
        consented = status.state is not PlanState.NONCONFORMING
        if consented is not flight.consented and status.state is not PlanState.CONTINGENT:
            flight = step.put(replace(flight, consented=consented))
        amended = flight.flown_version != flight.version
        news = amended or not flight.volumes or status.volumes != flight.volumes
        if news:
            if reason := why_unflyable(status.volumes, step.now):
                _reject(step, status, "unflyable", "volumes", reason)
                return
            flight = step.put(flight.with_air(status.volumes, self._time))
        if flight.stage is Stage.AWAITED:
            if news or not step.state.is_awaited(flight):
                self._flights.await_time(step, flight)
            return
        if amended:
            flight = self._flights.follow(step, flight)
        if status.state is PlanState.CONTINGENT and flight.distress_s is None:
            self._flights.depart(step, flight.having_told(IN_DISTRESS), EMERGENCY)  # its centre knows
        elif news:
            self._flights.foresee(step, step.put(replace(flight, strays=True, off_its_way=True)))

    def _call_off(self, step: Step, flight: Flight) -> None:
        if flight.stage is Stage.FLYING:
            self._flights.foresee(step, step.put(flight.broken_off(step.now_s)))
        else:
            step.state.agenda.revoke(flight.key)
            step.put(replace(flight, volumes=()))

    def _obey(self, step: Step, order: Injected) -> None:
        match order:
            case FlyUnannounced():
                self._fly_unannounced(step, order)
            case Deviate():
                self._deviate(step, order)
            case _:
                reason = "the sky flies what centres clear, and obeys nobody else"
                _reject(step, order, "not-for-the-sky", "type", reason)

    def _fly_unannounced(self, step: Step, order: FlyUnannounced) -> None:
        parties = self._agreement.parties
        if order.side is not None and order.side not in parties:
            _reject(step, order, "unknown-party", "side", f"{order.side!r} is none of {', '.join(parties)}")
        elif problems := check_plan(order.plan, step.now):
            _reject(step, order, problems[0].code, f"plan.{problems[0].field}", problems[0].reason)
        elif flight := self._strips.unannounced(self.state, order, step.now):
            self._flights.await_time(step, step.put(flight.with_air(expand(order.plan), self._time)))

    def _deviate(self, step: Step, order: Deviate) -> None:
        if order.at is not None and (problem := area_problem(Circle(centre=order.at, radius_nm=HELD_NM))):
            _reject(step, order, "bad-place", "at", problem[1])
            return
        flight = self.state.flights.get((order.side, order.plan_id))
        if flight is None or flight.stage is Stage.AWAITED:
            self._strips.order(self.state, order)
            if flight is not None and self.state.is_awaited(flight):
                self._flights.await_time(step, flight)
        elif flight.stage is Stage.OVER:
            _reject(step, order, "flown", "plan_id", f"{order.plan_id} has come down")
        elif turn := ordered(order, self._strips.dice(flight), self._strips.odds(flight.flyer), after=0.0):
            self._flights.depart(step, flight, turn)
        else:
            reason = f"{order.plan_id} has taken off: it is neither late nor early"
            _reject(step, order, "in-the-air", "kind", reason)

    def _move_line(self, step: Step, moved: LineMoved) -> None:
        """The line moves when both parties that hold a side of it have said the same of it."""
        state, agreement = self.state, self._flights.rules(self.state)
        line = agreement.line
        if line is None:
            return
        if fault := why_unmoved(agreement, line, moved):
            _reject(step, moved, "line-not-moved", *fault.split(": ", 1))
            return
        state.moves[moved.source] = moved.trace
        said = [state.moves.get(party) for party in (line.left, line.right) if party is not None]
        if line.trace == moved.trace or not all(trace == moved.trace for trace in said):
            return
        state.line = MovedLine(moved.trace, step.now_s)
        for flight in state.flying:
            self._flights.foresee(step, flight)

    def _answer(self, step: Step, message: Unreadable) -> None:
        """What was meant for the sky alone, has killed it, or was too large to be sent; the rest is for others."""
        what = {"topic": message.topic, "evidence": message.evidence}
        if message.code == "dead-letter":
            step.say(DeadLettered, message.id, error=message.reason, **what)
        elif _is_for_us(message):
            problem = Problem(code=message.code, field=message.field, reason=message.reason)
            step.say(InputRejected, message.id, problem=problem, **what)


def _is_for_us(message: Unreadable) -> bool:
    to = (INJECT.match(message.topic) or ORDER.match(message.topic) or {}).get("to")
    return to == SKY or (message.source, message.code) == (SKY, "too-large")


def _reject(step: Step, message: Message, code: str, field: str, reason: str) -> None:
    problem, topic = Problem(code=code, field=field, reason=reason), topic_of(message)
    step.say(
        InputRejected,
        message.id,
        topic=(INJECT if topic is ORDER else topic).address(message),  # as older journals have it of orders
        problem=problem,
        evidence=message.id,
        sender=message.source,
    )
