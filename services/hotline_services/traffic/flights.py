"""From the runway to the landing: flights take off, depart from their paths, and meet what was foreseen.

All that will come of a flight's path is worked out when it takes off, and again whenever it departs from its path.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace

from hotline_protocol.agreement import Agreement
from hotline_protocol.injection import ReportSighting
from hotline_protocol.names import SKY
from hotline_protocol.sky import Tracks
from hotline_services.director import setting
from hotline_services.simulation.chance import Chance

from .agenda import (
    DistressDue,
    EntryDue,
    Event,
    FlightDue,
    LandingDue,
    MeetingDue,
    PassingDue,
    ReportDue,
    TakeOffDue,
    TracksDue,
    TurnoverDue,
)
from .conforming import Turnover, turnovers
from .deviating import AS_PLANNED, Turn
from .flight import Epoch, Flight, Told, under_one_control
from .foresight import Affair, Foresight
from .state import MovedLine, SkyState, Step
from .strips import Strips
from .telling import Account
from .tracking import track_at

MOST_FORESIGHTS: Final = 32
"""For so many places of the line, boundaries are kept ready."""

IN_DISTRESS: Final[Told] = ("distress", 0.0)


class Flights:
    """The rules by which flights of a state fly: it has none of its own but the agreement that holds by now."""

    def __init__(
        self,
        agreement: Agreement,
        sky: setting.Sky,
        chance: Chance,
        time: Epoch,
        strips: Strips,
        tracks_every: timedelta | None,
    ) -> None:
        self._agreement: Final = agreement
        self._strips: Final = strips
        self._account: Final = Account(agreement, sky, chance, time)
        self._time: Final = time
        self._tracks_every: Final = tracks_every
        self._foresights: Final[dict[MovedLine | None, Foresight]] = {}

    def rules(self, state: SkyState) -> Agreement:
        """The agreement, with the line where it has been moved to."""
        return self._agreement.with_trace(state.line.trace) if state.line else self._agreement

    def await_time(self, step: Step, flight: Flight) -> None:
        """It takes off at its time, or at once where that has passed."""
        flight = self._strips.with_departures(step.state, flight)
        step.state.agenda.revoke(flight.key)
        at_s = max(flight.begins_s, step.now_s)
        step.state.agenda.put(self._time.moment(at_s), TakeOffDue(flight.key, at_s), flight.key)

    def depart(self, step: Step, flight: Flight, turn: Turn) -> None:
        """It departs from its path, now."""
        departures = (flight.departures or AS_PLANNED).with_turn(turn)
        flight = replace(flight, departures=departures)
        flight = step.put(flight.departing(turn, max(step.now_s, flight.flown.start_s)))
        self._account.departed(step, flight)
        self.foresee(step, flight)

    def follow(self, step: Step, flight: Flight) -> Flight:
        """It goes over to the path of its amended plan."""
        return step.put(flight.following(step.now_s, self._agreement.separation))

    def foresee(self, step: Step, flight: Flight) -> None:
        """Everything that will come of its path from now on, in the place of what was foreseen before."""
        state, foresight = step.state, self._foresight(step.state)
        state.agenda.revoke(flight.key)
        flight = self._foresee_conformance(step, flight)
        if flight.distress_s is not None:
            self._foresee_once(step, flight, flight.distress_s, DistressDue(flight.key), IN_DISTRESS)
        for passing in foresight.passings(flight):
            self._foresee_once(step, flight, passing.t_s, PassingDue(flight.key, passing), _at_line(passing.t_s))
        for entry in foresight.entries(flight):
            self._foresee_once(step, flight, entry.t_s, EntryDue(flight.key, entry), _in_zone(entry.zone, entry.t_s))
        for key in state.airborne:
            if key != flight.key and not under_one_control(flight.flyer, (other := state.flights[key]).flyer):
                for affair in foresight.affairs(flight, other):
                    self._foresee_encounter(step, flight, other, affair)
        self._put(step, flight.flown.end_s, LandingDue(flight.key))

    def _foresight(self, state: SkyState) -> Foresight:
        known = self._foresights.get(state.line)
        if known is None:
            if len(self._foresights) >= MOST_FORESIGHTS:
                self._foresights.clear()
            since_s = state.line.since_s if state.line else float("-inf")
            known = self._foresights[state.line] = Foresight(self.rules(state), since_s)
        return known

    def _foresee_conformance(self, step: Step, flight: Flight) -> Flight:
        if not flight.strays:
            return flight
        flight = step.put(flight.judged(step.now_s, self._time))
        conforming = True
        for turnover in turnovers(flight.outside, flight.flown.end_s):
            if turnover.t_s > step.now_s:
                self._put(step, turnover.t_s, TurnoverDue(flight.key, turnover))
            else:
                conforming = turnover.conforming
        if conforming != flight.conforming:
            self._put(step, step.now_s, TurnoverDue(flight.key, Turnover(step.now_s, conforming, 0.0)))
        return flight

    def _foresee_encounter(self, step: Step, flight: Flight, other: Flight, affair: Affair) -> None:
        one, two = (flight, other) if flight.key < other.key else (other, flight)
        if not any(key == two.key and affair.began_s <= t_s <= affair.ended_s for key, t_s in one.met):
            self._put(step, affair.closest_s, MeetingDue(one.key, two.key, affair))

    def _foresee_once(self, step: Step, flight: Flight, t_s: float, event: FlightDue, told: Told) -> None:
        """Put down what comes of this flight; not again what was told."""
        if told not in flight.told:
            self._put(step, t_s, event)

    def _put(self, step: Step, t_s: float, event: FlightDue) -> None:
        """Put this down, at once when it should have happened by now."""
        flights = (event.key, event.other) if isinstance(event, MeetingDue) else (event.key,)
        step.state.agenda.put(max(self._time.moment(t_s), step.now), event, *flights)

    # What comes of it.

    def take_off(self, step: Step, event: TakeOffDue) -> None:
        """It flies from now on, unless nothing is left of its time."""
        state = step.state
        state.agenda.revoke(event.key)
        flight = state.flights[event.key]
        flying = flight.taken_off(event.at_s, self._agreement.separation)
        if flying is None:
            return
        state.put(flying)
        self._account.began(step, flying)
        state.airborne[flying.key] = None
        self.foresee(step, flying)
        if self._tracks_every is not None and not state.says_tracks:
            state.says_tracks = True
            state.agenda.put(step.now, TracksDue(step.now))

    def call_for_help(self, step: Step, event: DistressDue) -> None:
        """Its crew calls its centre."""
        self._account.distress(step, step.put(step.state.flights[event.key].having_told(IN_DISTRESS)))

    def pass_line(self, step: Step, event: PassingDue) -> None:
        """It goes over the line."""
        flight = step.put(step.state.flights[event.key].having_told(_at_line(event.passing.t_s)))
        self._account.crossed(step, flight, event.passing)

    def enter_zone(self, step: Step, event: EntryDue) -> None:
        """It enters a zone."""
        entry = event.entry
        flight = step.put(step.state.flights[event.key].having_told(_in_zone(entry.zone, entry.t_s)))
        concerned = self._foresight(step.state).concerned(entry.zone, flight.flyer.side)
        self._account.entered(step, flight, entry, concerned)

    def turn_over(self, step: Step, event: TurnoverDue) -> None:
        """It is told to be out of its air, or back in it."""
        flight = step.state.flights[event.key]
        if flight.conforming != event.turnover.conforming:
            flight = step.put(replace(flight, conforming=event.turnover.conforming))
            self._account.turned_over(step, flight, event.turnover)

    def meet(self, step: Step, event: MeetingDue) -> None:
        """Two flights are closest to each other."""
        one, two = step.state.flights[event.key], step.state.flights[event.other]
        t_s = event.affair.closest_s
        step.put(replace(one, met=(*one.met, (two.key, t_s))))
        self._account.met(step, one, two, event.affair, high=self._foresight(step.state).is_high(one, two, t_s))

    def land(self, step: Step, event: LandingDue) -> None:
        """It comes down."""
        state = step.state
        flight = state.flights[event.key]
        state.agenda.revoke(flight.key)
        del state.airborne[flight.key]
        state.put(flight.landed())
        self._account.flown(step, flight)

    def say_tracks(self, step: Step, event: TracksDue) -> None:
        """Where everything is now. Not numbered: nobody is to ask for what is out of date."""
        state = step.state
        tracks = tuple(track_at(flight, step.now_s) for flight in state.flying)
        name, epoch = f"{SKY}-tracks-{step.now:%Y%m%dT%H%M%S.%f}", state.author.epoch
        step.said.append(Tracks(id=name, source=SKY, seq=0, epoch=epoch, time=step.now, tracks=tracks))
        state.says_tracks = bool(tracks) and self._tracks_every is not None
        if tracks and self._tracks_every is not None:
            due = event.at + self._tracks_every  # not from now on: being late would add up
            due = due if due > step.now else step.now + self._tracks_every
            state.agenda.put(due, TracksDue(due))

    def report(self, step: Step, event: ReportDue) -> None:
        """A desk is told of what was seen."""
        seen = event.report
        step.say(
            ReportSighting,
            event.cause,
            to=event.to,
            seen_at=event.seen_at,
            kind=seen.kind,
            at=seen.at,
            detail=seen.detail,
            by=seen.by,
            operator=seen.operator,
            callsign=seen.callsign,
        )


def _at_line(t_s: float) -> Told:
    return "line", round(t_s, 3)


def _in_zone(name: str, t_s: float) -> Told:
    return f"zone {name}", round(t_s, 3)


HANDLERS: Final[Mapping[type[Event], Callable[[Flights, Step, Any], None]]] = {
    TakeOffDue: Flights.take_off,
    DistressDue: Flights.call_for_help,
    PassingDue: Flights.pass_line,
    EntryDue: Flights.enter_zone,
    TurnoverDue: Flights.turn_over,
    MeetingDue: Flights.meet,
    LandingDue: Flights.land,
    TracksDue: Flights.say_tracks,
    ReportDue: Flights.report,
}
"""What each event does when it is due."""
