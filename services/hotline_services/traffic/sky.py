"""The core of the sky: flies what the centres have cleared and what nobody was told of, and says what comes of it.

It belongs to no side. All that will come of a flight's path is worked out when it takes off, and again whenever
somebody departs from a path; then the sky sleeps until the first of it is due.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Circle
from hotline_protocol.epochs import go_on
from hotline_protocol.events import DeadLettered, InputRejected, LineMoved, PlanStatus
from hotline_protocol.flightplan import PlanState, Problem
from hotline_protocol.geometry import area_problem, expand
from hotline_protocol.injection import Deviate, DeviationKind, FlyUnannounced, Injected, SubmitPlan
from hotline_protocol.intake import check_plan
from hotline_protocol.message import Author, M, Message, PartyName
from hotline_protocol.names import SKY
from hotline_protocol.service import EpochBegun, Unreadable
from hotline_protocol.sky import Tracks
from hotline_protocol.topics import INJECT, ORDER, topic_of
from hotline_services.director import setting
from hotline_services.simulation.chance import Chance

from .agenda import Agenda, Item
from .conforming import Turnover, turnovers
from .deviating import AS_PLANNED, HELD_NM, Turn, ordered
from .flight import Epoch, Flight, Key, Stage, under_one_control
from .foresight import Affair, Entry, Foresight, Passing
from .moving import why_unmoved
from .strips import Strips, why_unflyable
from .telling import Account
from .tracking import track_at

EMERGENCY: Final = Turn(kind=DeviationKind.EMERGENCY, after=0.0)


class Sky:
    """``start`` is when the run begins. With ``tracks_every`` it says so often where everything is that flies."""

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
        self._agreement = agreement
        self._time: Final = Epoch(start)
        self._author: Final = Author(SKY, epoch)
        self._strips: Final = Strips(agreement, sky, chance)
        self._foresight = Foresight(agreement, float("-inf"))
        self._agenda: Final = Agenda()
        self._airborne: Final[dict[Key, Flight]] = {}
        self._tracks_every: Final = tracks_every
        self._tick: Item | None = None
        self._moves: Final[dict[PartyName, LineMoved]] = {}
        self._now = start
        self._said: list[Message] = []
        self._account: Final = Account(agreement, sky, chance, self._time, self._say, self._agenda)

    @property
    def next_deadline(self) -> datetime | None:
        """When the next thing that is foreseen is due."""
        return self._agenda.next

    @property
    def flying(self) -> Sequence[Flight]:
        """What is in the air."""
        return tuple(self._airborne.values())

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        """Hears of plans, of what has become of them, and of what else is to be flown."""
        self._now = now
        match message:
            case PlanStatus():
                self._hear(message)
            case SubmitPlan() if message.to != SKY:
                self._strips.submitted(message)
            case Injected() if message.to == SKY:
                self._obey(message)
            case LineMoved():
                self._move_line(message)
            case Unreadable():
                self._answer(message)
            case EpochBegun():
                self._said.extend(go_on(self._author, message, now))
            case _:
                pass
        return self._acted()

    def lapse(self, now: datetime) -> Sequence[Message]:
        """Everything that is due by now."""
        self._now = now
        return self._acted()

    def _acted(self) -> Sequence[Message]:
        self._agenda.run(self._now)
        said, self._said = self._said, []
        return said

    def _say(self, kind: type[M], cause: str | None = None, /, **fields: Any) -> M:
        message = self._author.say(kind, self._now, cause=cause, **fields)
        self._said.append(message)
        return message

    @property
    def _now_s(self) -> float:
        return self._time.seconds(self._now)

    # What is heard.

    def _hear(self, status: PlanStatus) -> None:
        if status.in_force is not msgspec.UNSET:
            return  # of a version that is not flown: another one stands
        flight = self._strips.heard(status, self._now)
        if flight is None or flight.stage is Stage.OVER:
            return
        match status.state:
            case PlanState.ACCEPTED | PlanState.ACTIVATED | PlanState.NONCONFORMING | PlanState.CONTINGENT:
                self._clear(flight, status)
            case PlanState.ENDED if flight.stage is Stage.FLYING and self._is_late(flight, status.time):
                pass  # its plan is over; it is not, and that is to be seen
            case PlanState.NEGOTIATING if flight.stage is Stage.FLYING:
                pass
            case _:
                self._call_off(flight)

    def _is_late(self, flight: Flight, at: datetime) -> bool:
        return self._time.seconds(at) >= flight.window.end_s

    def _clear(self, flight: Flight, status: PlanStatus) -> None:
        flight.consented = (
            flight.consented if status.state is PlanState.CONTINGENT else (status.state is not PlanState.NONCONFORMING)
        )
        amended = flight.flown_version != flight.version
        news = amended or not flight.volumes or status.volumes != flight.volumes
        if news:
            if reason := why_unflyable(status.volumes, self._now):
                self._reject(status, "unflyable", "volumes", reason)
                return
            flight.take_air(status.volumes, self._time)
        if flight.stage is Stage.AWAITED:
            if news or not flight.is_awaited:
                self._await(flight)
            return
        if amended:
            flight.follow(self._now_s)
        if status.state is PlanState.CONTINGENT and flight.distress_s is None:
            flight.told.add(("distress",))  # its centre knows
            self._turn(flight, EMERGENCY)
        elif news:
            flight.strays = flight.off_its_way = True
            self._foresee(flight)

    def _call_off(self, flight: Flight) -> None:
        if flight.stage is Stage.FLYING:
            flight.break_off(self._now_s)
            self._foresee(flight)
        else:
            flight.revoke()
            flight.volumes = ()

    def _obey(self, order: Injected) -> None:
        match order:
            case FlyUnannounced():
                self._fly_unannounced(order)
            case Deviate():
                self._deviate(order)
            case _:
                self._reject(
                    order, "not-for-the-sky", "type", "the sky flies what centres clear, and obeys nobody else"
                )

    def _fly_unannounced(self, order: FlyUnannounced) -> None:
        parties = self._agreement.parties
        if order.side is not None and order.side not in parties:
            self._reject(order, "unknown-party", "side", f"{order.side!r} is none of {', '.join(parties)}")
        elif problems := check_plan(order.plan, self._now):
            self._reject(order, problems[0].code, f"plan.{problems[0].field}", problems[0].reason)
        elif flight := self._strips.unannounced(order, self._now):
            flight.take_air(expand(order.plan), self._time)
            self._await(flight)

    def _deviate(self, order: Deviate) -> None:
        if order.at is not None and (problem := area_problem(Circle(centre=order.at, radius_nm=HELD_NM))):
            self._reject(order, "bad-place", "at", problem[1])
            return
        flight = self._strips.get((order.side, order.plan_id))
        if flight is None or flight.stage is Stage.AWAITED:
            self._strips.order(order)
            if flight is not None and flight.is_awaited:
                self._await(flight)
        elif flight.stage is Stage.OVER:
            self._reject(order, "flown", "plan_id", f"{order.plan_id} has come down")
        elif turn := ordered(order, flight.dice, self._strips.odds(flight.flyer), after=0.0):
            self._turn(flight, turn)
        else:
            self._reject(order, "in-the-air", "kind", f"{order.plan_id} has taken off: it is neither late nor early")

    def _move_line(self, moved: LineMoved) -> None:
        """The line moves when both parties that hold a side of it have said the same of it."""
        line = self._agreement.line
        if line is None:
            return
        if fault := why_unmoved(self._agreement, line, moved):
            self._reject(moved, "line-not-moved", *fault.split(": ", 1))
            return
        self._moves[moved.source] = moved
        said = [self._moves.get(party) for party in (line.left, line.right) if party is not None]
        if line.trace == moved.trace or not all(one is not None and one.trace == moved.trace for one in said):
            return
        self._agreement = self._agreement.with_trace(moved.trace)
        self._foresight = Foresight(self._agreement, self._now_s)
        for flight in self.flying:
            self._foresee(flight)

    def _answer(self, message: Unreadable) -> None:
        """What was meant for the sky alone, has killed it, or was too large to be sent; the rest is for others."""
        what = {"topic": message.topic, "evidence": message.evidence}
        if message.code == "dead-letter":
            self._say(DeadLettered, message.id, error=message.reason, **what)
        elif self._is_for_us(message):
            problem = Problem(code=message.code, field=message.field, reason=message.reason)
            self._say(InputRejected, message.id, problem=problem, **what)

    def _is_for_us(self, message: Unreadable) -> bool:
        to = (INJECT.match(message.topic) or ORDER.match(message.topic) or {}).get("to")
        return to == SKY or (message.source, message.code) == (SKY, "too-large")

    def _reject(self, message: Message, code: str, field: str, reason: str) -> None:
        problem, topic = Problem(code=code, field=field, reason=reason), topic_of(message)
        self._say(
            InputRejected,
            message.id,
            topic=(INJECT if topic is ORDER else topic).address(message),  # as older journals have it of orders
            problem=problem,
            evidence=message.id,
            sender=message.source,
        )

    # What is flown.

    def _await(self, flight: Flight) -> None:
        """Have it take off at its time, or at once where that has passed."""
        self._strips.decide_departures(flight)
        flight.revoke()
        at_s = max(flight.begins_s, self._now_s)
        flight.foreseen.append(self._agenda.put(self._time.moment(at_s), self._take_off, flight, at_s))

    def _take_off(self, flight: Flight, at_s: float) -> None:
        flight.foreseen = []
        if not flight.take_off(at_s):
            return
        self._account.began(flight)
        self._airborne[flight.key] = flight
        self._foresee(flight)
        if self._tracks_every is not None and self._tick is None:
            self._tick = self._agenda.put(self._now, self._say_tracks, self._now)

    def _turn(self, flight: Flight, turn: Turn) -> None:
        """It departs from its path, now."""
        flight.departures = (flight.departures or AS_PLANNED).with_turn(turn)
        flight.turn(turn, max(self._now_s, flight.flown.start_s))
        self._account.turned(flight, self._now_s)
        self._foresee(flight)

    def _foresee(self, flight: Flight) -> None:
        """Everything that will come of its path from now on, in the place of what was foreseen before."""
        flight.revoke()
        self._foresee_conformance(flight)
        if flight.distress_s is not None:
            self._put(flight, flight.distress_s, self._account.distress, flight, name=("distress",))
        for passing in self._foresight.passings(flight):
            self._put(flight, passing.t_s, self._cross, flight, passing, name=("line", round(passing.t_s, 3)))
        for entry in self._foresight.entries(flight):
            self._put(flight, entry.t_s, self._enter, flight, entry, name=(entry.zone.name, round(entry.t_s, 3)))
        for other in self._airborne.values():
            if other is not flight and not under_one_control(flight.flyer, other.flyer):
                for affair in self._foresight.affairs(flight, other):
                    self._foresee_encounter(flight, other, affair)
        self._put(flight, flight.flown.end_s, self._land, flight, name=("land",))

    def _foresee_conformance(self, flight: Flight) -> None:
        if not flight.strays:
            return
        flight.judge(self._now_s, self._time)
        conforming = True
        for turnover in turnovers(flight.outside, flight.flown.end_s):
            if turnover.t_s > self._now_s:
                self._put(flight, turnover.t_s, self._turn_over, flight, turnover)
            else:
                conforming = turnover.conforming
        if conforming != flight.conforming:
            self._put(flight, self._now_s, self._turn_over, flight, Turnover(self._now_s, conforming, 0.0))

    def _foresee_encounter(self, flight: Flight, other: Flight, affair: Affair) -> None:
        one, two = (flight, other) if flight.key < other.key else (other, flight)
        if not any(affair.began_s <= t_s <= affair.ended_s for t_s in one.met.get(two.key, ())):
            two.foreseen.append(self._put(one, affair.closest_s, self._meet, one, two, affair))

    def _put(
        self, flight: Flight, t_s: float, act: Callable[..., None], *what: Any, name: tuple[object, ...] = ()
    ) -> Item:
        """Put down what comes of this flight; not again what was told, at once what should have been by now."""
        item = self._agenda.put(max(self._time.moment(t_s), self._now), act, *what)
        if name in flight.told:
            item.revoked = True
        flight.foreseen.append(item)
        return item

    # What comes of it.

    def _cross(self, flight: Flight, passing: Passing) -> None:
        flight.told.add(("line", round(passing.t_s, 3)))
        self._account.crossed(flight, passing)

    def _enter(self, flight: Flight, entry: Entry) -> None:
        flight.told.add((entry.zone.name, round(entry.t_s, 3)))
        self._account.entered(flight, entry, self._foresight.concerned(entry.zone, flight.flyer.side))

    def _turn_over(self, flight: Flight, turnover: Turnover) -> None:
        if flight.conforming != turnover.conforming:
            flight.conforming = turnover.conforming
            self._account.turned_over(flight, turnover)

    def _meet(self, one: Flight, two: Flight, affair: Affair) -> None:
        one.met.setdefault(two.key, []).append(affair.closest_s)
        self._account.met(one, two, affair, high=self._foresight.is_high(one, two, affair.closest_s))

    def _land(self, flight: Flight) -> None:
        flight.revoke()
        flight.stage = Stage.OVER
        del self._airborne[flight.key]
        self._account.flown(flight)

    def _say_tracks(self, due: datetime) -> None:
        """Where everything is now. Not numbered: nobody is to ask for what is out of date."""
        tracks = tuple(track_at(flight, self._now_s) for flight in self.flying)
        name = f"{SKY}-tracks-{self._now:%Y%m%dT%H%M%S.%f}"
        self._said.append(Tracks(id=name, source=SKY, seq=0, epoch=self._author.epoch, time=self._now, tracks=tracks))
        self._tick = None
        if tracks and self._tracks_every is not None:
            due += self._tracks_every  # not from now on: being late would add up
            due = due if due > self._now else self._now + self._tracks_every
            self._tick = self._agenda.put(due, self._say_tracks, due)
